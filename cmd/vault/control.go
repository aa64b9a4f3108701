package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"vaultnet/vault"
)

// control answers status and leave, over a socket that only the user who runs the vault can reach.
type control struct {
	path   string
	server http.Server
	leave  chan struct{} // closed: the vault has left
	once   sync.Once
	done   sync.WaitGroup
}

// openControl takes the socket of a data folder whose store is open: what a killed vault left of one is replaced.
func openControl(f folder, v *vault.Vault, leave chan struct{}) (*control, error) {
	path, err := f.control(true)
	if err != nil {
		return nil, err
	}
	c := &control{path: path, leave: leave}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("listening for commands at %s: %w", path, err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		l.Close()
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, r *http.Request) {
		s, err := statusOf(v, r.URL.Query().Has("objects"))
		answer(w, s, err)
	})
	mux.HandleFunc("POST /leave", func(w http.ResponseWriter, r *http.Request) {
		wait, err := time.ParseDuration(r.URL.Query().Get("wait"))
		if err != nil {
			answer(w, nil, err)
			return
		}
		w.Header().Set("Content-Type", "application/x-ndjson")
		if leaveVault(r.Context(), v, wait, lines{w}) {
			c.once.Do(func() { close(leave) })
		}
	})
	c.server = http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 16 << 10}
	c.done.Go(func() { _ = c.server.Serve(l) })
	return c, nil
}

// close answers what was asked, and no more.
func (c *control) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if c.server.Shutdown(ctx) != nil {
		c.server.Close()
	}
	c.done.Wait()
	if err := os.Remove(c.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// failure is an answer that is an error.
type failure struct {
	Error string `json:"error"`
}

func answer(w http.ResponseWriter, value any, err error) {
	w.Header().Set("Content-Type", "application/json")
	if err != nil {
		w.WriteHeader(http.StatusConflict)
		value = failure{err.Error()}
	}
	_ = json.NewEncoder(w).Encode(value)
}

// lines writes one JSON value a line, each at once.
type lines struct{ to http.ResponseWriter }

func (l lines) write(value any) {
	_ = json.NewEncoder(l.to).Encode(value)
	_ = http.NewResponseController(l.to).Flush()
}

// maxAnswer bounds what is read of an answer.
const maxAnswer = 256 << 20

// ask asks the vault that runs on a data folder.
func ask(ctx context.Context, f folder, method, path string, into any) error {
	return call(ctx, f, method, path, func(d *json.Decoder) error { return d.Decode(into) })
}

// call calls the vault that runs on a data folder and has what it answers read.
func call(ctx context.Context, f folder, method, path string, read func(*json.Decoder) error) error {
	socket, err := f.control(false)
	if err != nil {
		return err
	}
	absent := codedError{exitAbsent, fmt.Errorf("no vault runs on %s: start it with vault run -data %[1]s", string(f))}
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", socket)
	}}
	defer transport.CloseIdleConnections()
	r, err := http.NewRequestWithContext(ctx, method, "http://vault"+path, nil)
	if err != nil {
		return err
	}
	reply, err := (&http.Client{Transport: transport}).Do(r)
	var dial *net.OpError
	if errors.As(err, &dial) && dial.Op == "dial" {
		return absent
	}
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	d := json.NewDecoder(io.LimitReader(reply.Body, maxAnswer))
	if reply.StatusCode != http.StatusOK {
		var f failure
		if d.Decode(&f) != nil || f.Error == "" {
			f.Error = reply.Status
		}
		return errors.New(f.Error)
	}
	return read(d)
}
