package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"vaultnet/client"
	"vaultnet/client/batch"
	"vaultnet/client/keyring"
	"vaultnet/network"
)

// common are the flags of every subcommand that talks to a network.
type common struct {
	streams
	network string
	keys    string
	json    bool
}

// connectTime is how long connecting may take.
const connectTime = 15 * time.Second

func (c *common) flags(f *flag.FlagSet) {
	c.networkFlag(f)
	c.keyFlags(f)
}

func (c *common) networkFlag(f *flag.FlagSet) {
	f.StringVar(&c.network, "network", "", "network `FILE`, or the name of a network that simnet runs on this machine (default: the one called local)")
}

func (c *common) keyFlags(f *flag.FlagSet) {
	f.StringVar(&c.keys, "keys", "", "`DIR` of the key files (default: vaultnet/keys in the user's configuration folder)")
	f.BoolVar(&c.json, "json", false, "answer in JSON, as safe batch does")
}

// networkPath is where the network file is.
func (c *common) networkPath() (string, error) {
	if c.network == "" || network.ValidName(c.network) {
		if _, err := os.Stat(c.network); c.network != "" && err == nil {
			return c.network, nil // a file that is called like a name
		}
		path, err := network.LocalPath(c.network)
		if err != nil {
			return "", exit{code: exitNoNetwork, err: err}
		}
		return path, nil
	}
	return c.network, nil
}

// readNetwork reads the network file. Where there is none it says how to get one.
func (c *common) readNetwork() (*network.File, error) {
	path, err := c.networkPath()
	if err != nil {
		return nil, err
	}
	f, err := network.Read(path)
	if errors.Is(err, fs.ErrNotExist) {
		remedy := "start one: go run ./cmd/simnet"
		if c.network != "" {
			remedy = "is the name right? simnet -name NAME starts one, and -network takes its name or any network file"
		}
		return nil, exit{code: exitNoNetwork, err: fmt.Errorf("no network: %s is not there\n%s", path, remedy)}
	}
	if err != nil {
		return nil, exit{code: exitNoNetwork, err: err}
	}
	return f, nil
}

// connect connects to the network. The client is the caller's to close.
func (c *common) connect(ctx context.Context, f *network.File) (*client.Client, error) {
	ctx, stop := context.WithTimeout(ctx, connectTime)
	defer stop()
	err := nobodyListens(ctx, f.Bootstrap)
	var n *client.Client
	if err == nil {
		n, err = client.Connect(ctx, client.ConfigOf(f))
	}
	if err == nil {
		return n, nil
	}
	remedy := "Is it running? On this machine: go run ./cmd/simnet status tells, go run ./cmd/simnet starts one."
	return nil, exit{code: exitNoNetwork, err: fmt.Errorf("no network %q: %w\n%s", f.Name(), err, remedy)}
}

// keyDir is the folder of the key files.
func (c *common) keyDir() (string, error) {
	if c.keys != "" {
		return c.keys, nil
	}
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", usageError("no folder for keys: %w; name one with -keys DIR", err)
	}
	return filepath.Join(dir, "vaultnet", "keys"), nil
}

// ring opens the folder of the key files.
func (c *common) ring() (*keyring.Ring, error) {
	dir, err := c.keyDir()
	if err != nil {
		return nil, err
	}
	ring, err := keyring.Open(dir, keyring.RefuseMissing)
	if err != nil {
		return nil, exit{code: exitUsage, err: err}
	}
	return ring, nil
}

// open opens keys and network. The client is the caller's to close.
func (c *common) open(ctx context.Context) (*client.Client, *keyring.Ring, error) {
	ring, err := c.ring()
	if err != nil {
		return nil, nil, err
	}
	f, err := c.readNetwork()
	if err != nil {
		return nil, nil, err
	}
	addSamples(ring, f)
	n, err := c.connect(ctx, f)
	return n, ring, err
}

// perform carries out one operation and tells its answer.
func (c *common) perform(ctx context.Context, o *batch.Operation, tell func(*batch.Answer) error) error {
	n, ring, err := c.open(ctx)
	if err != nil {
		return c.failed(err)
	}
	defer n.Close()
	runner := batch.Runner{Network: n, Keys: ring}
	answer := runner.Do(ctx, o)
	if c.json {
		fmt.Fprintf(c.out, "%s\n", answer.JSON())
	}
	if answer.Refusal != nil {
		return c.refused(&answer)
	}
	if !c.json {
		return tell(&answer)
	}
	return nil
}

// addSamples has the ready accounts and apps of a local network be found under their labels, where nobody else is called
// so. A batch does without: its labels are its own.
func addSamples(ring *keyring.Ring, f *network.File) {
	if f.Sample == nil {
		return
	}
	files := map[string]string{}
	for _, p := range slices.Concat(f.Sample.Accounts, f.Sample.Apps) {
		if p.KeyFile != "" {
			ring.Name(p.Label, p.Key)
			files[p.Label] = p.KeyFile
		}
	}
	ring.Also(files)
}
