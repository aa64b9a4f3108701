package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"vaultnet/client"
	"vaultnet/network"
	"vaultnet/sim/localnet"
	"vaultnet/vault"
)

// subject is a network under load.
type subject interface {
	// config is how a client connects.
	config() client.Config
	// measure takes readings of the vaults, and what their own processes have used; nil readings: nobody tells.
	measure() (readings, Spent, error)
	// profile begins and ends a profile of the vaults' own processes.
	profile(begin bool) samples
	close() error
}

// inProcess is a network in this process.
type inProcess struct {
	net    *localnet.Network
	folder string // of its stores, removed when it is closed; "": in memory
}

func startInProcess(ctx context.Context, s Settings, progress func(string)) (subject, error) {
	n := &inProcess{}
	cfg := localnet.Config{Vaults: s.Vaults, Seed: 1, Parameters: s.parameters(), TCP: true, Apart: s.TCP, Latency: s.Latency, Sync: s.Sync,
		Progress: func(up, of int) { progress(fmt.Sprintf("starting: %d of %d vaults", up, of)) }}
	if s.Sync {
		var err error
		if n.folder, err = os.MkdirTemp("", "vaultnet-bench-"); err != nil {
			return nil, err
		}
		cfg.Data = n.folder
		if cfg.Port, err = freePorts(s.Vaults); err != nil {
			return nil, errors.Join(err, os.RemoveAll(n.folder))
		}
	}
	var err error
	if n.net, err = localnet.New(ctx, cfg); err != nil {
		return nil, errors.Join(err, n.clear())
	}
	return n, nil
}

func (n *inProcess) clear() error {
	if n.folder == "" {
		return nil
	}
	return os.RemoveAll(n.folder)
}

func (n *inProcess) config() client.Config {
	c := n.net.Config()
	return client.Config{Parameters: c.Parameters, Bootstrap: n.net.Bootstrap(), Latency: c.Latency, Fabric: c.Fabric, Shortcut: !c.Apart, Settle: -1}
}

func (n *inProcess) measure() (readings, Spent, error) {
	all := make([]*vault.Vault, n.net.Config().Vaults)
	for i := range all {
		if all[i] = n.net.Vault(i); all[i] == nil {
			return nil, Spent{}, fmt.Errorf("vault %d does not run any more", i)
		}
	}
	t, err := TellingOf(all)
	return t.Readings, Spent{}, err // this process's own is counted anyway
}

func (n *inProcess) profile(bool) samples { return nil } // this process's is enough
func (n *inProcess) close() error         { return errors.Join(n.net.Close(), n.clear()) }

// remote is a network that runs elsewhere.
type remote struct {
	file    *network.File
	latency time.Duration
	ask     func() (Telling, error) // may be nil
}

func (n *remote) config() client.Config {
	c := client.ConfigOf(n.file)
	c.Latency = n.latency
	return c
}
func (n *remote) measure() (readings, Spent, error) {
	if n.ask == nil {
		return nil, Spent{}, nil
	}
	t, err := n.ask()
	return t.Readings, t.Spent, err
}

func (n *remote) profile(bool) samples { return nil }
func (n *remote) close() error         { return nil }

// describe is the network in words.
func describe(s Settings, file *network.File) string {
	if file != nil {
		return fmt.Sprintf("network %q (%v), which ran already", file.Name(), file.ID())
	}
	where := "in one process"
	if s.Processes {
		where = "each a process"
	}
	kept := "stores in memory"
	switch {
	case s.Sync:
		kept = "Pebble, sync always"
	case s.Processes:
		kept = "Pebble, no sync"
	}
	carrier := "pipes"
	if s.TCP || s.Processes {
		carrier = "TCP"
	}
	text := fmt.Sprintf("%d vaults, groups of %d, %s, %s, %s", s.Vaults, s.Group, where, carrier, kept)
	if s.Latency > 0 {
		text += fmt.Sprintf(", %v added one way", s.Latency)
	}
	return text
}

// start starts what the settings describe.
func start(ctx context.Context, s Settings, o Options, progress func(string)) (subject, error) {
	switch {
	case o.Network != nil:
		return &remote{o.Network, s.Latency, o.Ask}, nil
	case s.Processes:
		return startProcesses(ctx, s, progress)
	}
	return startInProcess(ctx, s, progress)
}
