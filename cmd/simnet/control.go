package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"vaultnet/bench"
	"vaultnet/sim/localnet"
	"vaultnet/vault"
)

// report is a running network as "simnet status -json" shows it.
type report struct {
	Name    string        `json:"name"`
	ID      string        `json:"id"`
	PID     int           `json:"pid"`
	Started time.Time     `json:"started"`
	File    string        `json:"network-file"`
	Data    string        `json:"data,omitempty"` // absent: in memory
	Vaults  []vaultReport `json:"vaults"`
}

// vaultReport is one vault of it.
type vaultReport struct {
	Vault   int    `json:"vault"`
	State   string `json:"state"` // running, stopped or failed
	Key     string `json:"key"`
	Address string `json:"address"`
	Liar    bool   `json:"liar,omitempty"`
	Lies    int    `json:"lies,omitempty"`
	Settled bool   `json:"settled"`
	Peers   int    `json:"peers"`
	Objects int    `json:"objects"`
	Chunks  int    `json:"chunks"`
	Bytes   int64  `json:"bytes"`
	Blocks  uint64 `json:"blocks"`
	Error   string `json:"error,omitempty"`
}

func reportOf(s localnet.Status) vaultReport {
	r := vaultReport{Vault: s.Index, State: "stopped", Key: s.Key.String(), Address: s.Address, Liar: s.Liar, Lies: s.Lies}
	if s.Err != nil {
		r.State, r.Error = "failed", s.Err.Error()
	}
	if v := s.Vault; v != nil {
		r.State, r.Settled, r.Peers = "running", v.Settled, v.Peers
		r.Objects, r.Chunks, r.Bytes, r.Blocks = v.Objects, v.Chunks, v.Bytes, v.Blocks
	}
	return r
}

// control answers the other subcommands, over a socket that only the user who started the network can reach.
type control struct {
	path   string
	remove string // a folder made for the socket; "": none
	server http.Server
	done   chan struct{}
	gone   chan struct{} // closed: the network is down
}

// maxSocket is how long a socket's path may be on every system.
const maxSocket = 100

// socketPath is where the network of a name listens for commands.
func socketPath(folder, name string) string { return filepath.Join(folder, name+".sock") }

// answers reports whether something listens at a socket.
func answers(path string) bool {
	c, err := net.DialTimeout("unix", path, time.Second)
	if err != nil {
		return false
	}
	c.Close()
	return true
}

// listen takes the socket. One that a killed process left is replaced.
func listen(path string) (*control, net.Listener, error) {
	c := &control{path: path, done: make(chan struct{}), gone: make(chan struct{})}
	if len(path) > maxSocket {
		dir, err := os.MkdirTemp("", "simnet-")
		if err != nil {
			return nil, nil, err
		}
		c.path, c.remove = filepath.Join(dir, "control.sock"), dir
	} else if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, nil, err
	}
	if !answers(c.path) {
		_ = os.Remove(c.path)
	}
	l, err := net.Listen("unix", c.path)
	if err != nil {
		return nil, nil, fmt.Errorf("listening for commands: %w", err)
	}
	if err := os.Chmod(c.path, 0o600); err != nil {
		l.Close()
		return nil, nil, err
	}
	return c, l, nil
}

// serve answers until close. Down is called at most once.
func (c *control) serve(l net.Listener, status func() report, n *localnet.Network, down func()) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, _ *http.Request) { answer(w, status(), nil) })
	mux.HandleFunc("GET /telling", func(w http.ResponseWriter, _ *http.Request) {
		var running []*vault.Vault
		for i := range n.Config().Vaults {
			if v := n.Vault(i); v != nil {
				running = append(running, v)
			}
		}
		t, err := bench.TellingOf(running)
		answer(w, t, err)
	})
	change := func(do func(context.Context, int) error) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			i, err := strconv.Atoi(r.PathValue("vault"))
			if err == nil {
				err = do(r.Context(), i)
			}
			if err != nil {
				answer(w, nil, err)
				return
			}
			answer(w, status().Vaults[i], nil)
		}
	}
	mux.HandleFunc("POST /vaults/{vault}/stop", change(func(_ context.Context, i int) error { return n.StopVault(i) }))
	mux.HandleFunc("POST /vaults/{vault}/start", change(n.StartVault))
	mux.HandleFunc("POST /down", func(w http.ResponseWriter, r *http.Request) {
		down()
		select {
		case <-c.gone:
			answer(w, struct{}{}, nil)
		case <-r.Context().Done():
		}
	})
	c.server = http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 16 << 10}
	go func() {
		defer close(c.done)
		_ = c.server.Serve(l)
	}()
}

// close tells those who wait that the network is down, and stops answering.
func (c *control) close() {
	close(c.gone)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if c.server.Shutdown(ctx) != nil {
		c.server.Close()
	}
	<-c.done
	c.tidy()
}

func (c *control) tidy() {
	_ = os.Remove(c.path)
	if c.remove != "" {
		_ = os.Remove(c.remove)
	}
}

// refusedAnswer is an answer that is an error.
type refusedAnswer struct {
	Error string `json:"error"`
}

func answer(w http.ResponseWriter, value any, err error) {
	w.Header().Set("Content-Type", "application/json")
	if err != nil {
		w.WriteHeader(http.StatusConflict)
		value = refusedAnswer{err.Error()}
	}
	_ = json.NewEncoder(w).Encode(value)
}

// errGone says that nothing listens at a network's socket.
var errGone = errors.New("nothing answers")

// maxAnswer bounds what is read of an answer.
const maxAnswer = 16 << 20

// ask asks the network that listens at a socket.
func ask(ctx context.Context, socket, method, path string, into any) error {
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		c, err := d.DialContext(ctx, "unix", socket)
		if err != nil {
			return nil, errGone
		}
		return c, nil
	}}
	defer transport.CloseIdleConnections()
	r, err := http.NewRequestWithContext(ctx, method, "http://simnet"+path, nil)
	if err != nil {
		return err
	}
	reply, err := (&http.Client{Transport: transport}).Do(r)
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	b, err := io.ReadAll(io.LimitReader(reply.Body, maxAnswer))
	if err != nil {
		return err
	}
	if reply.StatusCode != http.StatusOK {
		var f refusedAnswer
		if json.Unmarshal(b, &f) != nil || f.Error == "" {
			f.Error = reply.Status
		}
		return errors.New(f.Error)
	}
	return json.Unmarshal(b, into)
}
