package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/peterbourgon/ff/v3"
	"github.com/peterbourgon/ff/v3/ffcli"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"vaultnet/internal/commandline"
	"vaultnet/network"
	"vaultnet/vault"
)

// runner is the command run.
type runner struct {
	*settings
	stdout, stderr io.Writer
	log            *slog.Logger
}

func newRun(stdout, stderr io.Writer) *ffcli.Command {
	r := &runner{settings: newSettings(), stdout: stdout, stderr: stderr}
	return &ffcli.Command{
		Name:       "run",
		ShortUsage: "vault run -data FOLDER [flags]",
		ShortHelp:  "Run the vault of a data folder until Ctrl-C or SIGTERM.",
		LongHelp: strings.TrimSpace(`
It prints one line once it has joined its network and serves; until then it tries to. Everything else goes to stderr.`),
		FlagSet:   r.flags,
		UsageFunc: commandline.Usage,
		Options:   []ff.Option{ff.WithEnvVarPrefix("VAULT")},
		Exec:      r.exec,
	}
}

func (r *runner) exec(ctx context.Context, args []string) error {
	if len(args) > 0 {
		return wrongUsage(fmt.Errorf("run: what is %q?", args[0]))
	}
	if err := r.complete(); err != nil {
		return wrongUsage(fmt.Errorf("run: %w", err))
	}
	level := slog.LevelInfo
	if r.verbose {
		level = slog.LevelDebug
	}
	options := &slog.HandlerOptions{Level: level}
	r.log = slog.New(slog.NewTextHandler(r.stderr, options))
	if r.json {
		r.log = slog.New(slog.NewJSONHandler(r.stderr, options))
	}
	f := folder(*r.data)
	file, seed, err := f.open()
	if err != nil {
		return err
	}
	s, err := f.openStore(false)
	if err != nil {
		return err
	}
	err = r.live(ctx, f, file, seed, s)
	if closed := s.Close(); err == nil {
		err = closed
	}
	return err
}

// live runs the vault on its open store.
func (r *runner) live(ctx context.Context, f folder, file *network.File, seed network.Seed, s vault.Store) error {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	page, err := openPage(r.metrics, registry)
	if err != nil {
		return err
	}
	defer page.close()
	begun := time.Now()
	cfg := vault.Config{Seed: seed, Parameters: file.Parameters, Listen: split(r.listen),
		Bootstrap: append(split(r.bootstrap), file.Bootstrap...), Peers: r.peers, Workers: r.workers, Store: s, Sync: r.sync == "always",
		Capacity: int64(r.capacity), Memory: int64(r.memory), Observer: observer(r.log)}
	if r.metrics != "" {
		cfg.Metrics = registry
	}
	if err := cfg.Validate(); err != nil {
		return wrongUsage(err)
	}
	v, err := vault.Start(ctx, cfg)
	switch {
	case isTaken(err):
		return taken("listen", r.listen)
	case err != nil && ctx.Err() != nil:
		r.log.Info("stopped before it found its network")
		return nil
	case err != nil:
		return err
	}
	registry.MustRegister(v.Collector())
	page.serve(v)
	leave := make(chan struct{})
	control, err := openControl(f, v, leave)
	if err != nil {
		return errors.Join(err, v.Close())
	}
	if err := r.ready(f, file, v, time.Since(begun)); err != nil {
		return errors.Join(err, control.close(), v.Close())
	}
	select {
	case <-ctx.Done():
		r.log.Info("stopping")
	case <-leave:
		r.log.Info("left the network")
	case <-v.Done():
		if v.Err() == nil { // it is leaving
			select {
			case <-leave:
				r.log.Info("left the network")
			case <-ctx.Done():
				r.log.Info("stopping")
			}
		}
	}
	err = v.Close()
	return errors.Join(err, control.close())
}

// readiness is what run -json prints when it serves.
type readiness struct {
	Event     string   `json:"event"` // "ready"
	Key       string   `json:"key"`
	Network   string   `json:"network"`
	ID        string   `json:"id"`
	Addresses []string `json:"addresses"`
	Data      string   `json:"data"`
	Sync      string   `json:"sync"`
	PID       int      `json:"pid"`
	Millis    int64    `json:"started-in-ms"`
}

func (r *runner) ready(f folder, file *network.File, v *vault.Vault, took time.Duration) error {
	id := file.ID()
	if r.json {
		return r.print(readiness{Event: "ready", Key: v.Key().String(), Network: file.Name(), ID: fmt.Sprintf("%x", id[:]),
			Addresses: v.Addresses(), Data: string(f), Sync: r.sync, PID: os.Getpid(), Millis: took.Milliseconds()})
	}
	_, err := fmt.Fprintf(r.stdout, "ready: vault %s of network %s, at %s\n", v.Key().Short(), title(file), strings.Join(v.Addresses(), " "))
	return err
}
