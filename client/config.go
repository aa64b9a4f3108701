package client

import (
	"fmt"
	"time"

	"vaultnet"
	"vaultnet/network"
	"vaultnet/routing"
)

// Defaults of a [Config].
const (
	DefaultTimeout  = 30 * time.Second
	DefaultSettle   = 8 * time.Second // a permit about to expire can only be settled once it is certain that it has
	DefaultParallel = 16
)

// Config says which network to connect to. Parameters and Bootstrap are needed; zero values elsewhere mean the defaults.
type Config struct {
	Parameters vaultnet.Parameters // of the network
	Bootstrap  []string            // multiaddrs of vaults of it, each ending in /p2p/ID; one that answers is enough

	Timeout  time.Duration // of an operation whose context has no deadline; default [DefaultTimeout]
	Settle   time.Duration // how long [Client.Close] spends on giving unused operations back; default [DefaultSettle], < 0: none
	Parallel int           // chunks that PutChunks and GetChunks move at once; default [DefaultParallel], at most 1024
	Peers    int           // connections above which the least useful are closed; default [routing.DefaultPeers]

	Latency  time.Duration   // one-way delay added to what is sent, for experiments
	Fabric   *routing.Memory // where /memory/N addresses are, for tests; nil: one that the whole process shares
	Shortcut bool            // vaults of Fabric that have this set, too, are reached without TCP
	Observer Observer        // told of what happens; may be zero
}

// ConfigOf is the configuration for the network that a network file describes.
func ConfigOf(f *network.File) Config {
	return Config{Parameters: f.Parameters, Bootstrap: f.Bootstrap}
}

func (c Config) withDefaults() Config {
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	if c.Settle == 0 {
		c.Settle = DefaultSettle
	}
	if c.Parallel == 0 {
		c.Parallel = DefaultParallel
	}
	return c
}

// Validate names the first field that is out of bounds.
func (c Config) Validate() error {
	if err := c.Parameters.Validate(); err != nil {
		return fmt.Errorf("client: %w", err)
	}
	c = c.withDefaults()
	switch {
	case len(c.Bootstrap) == 0:
		return fmt.Errorf("client: no bootstrap address: name a vault of the network, as its network file does")
	case c.Timeout < time.Millisecond:
		return fmt.Errorf("client: timeout: %v, want at least 1ms", c.Timeout)
	case c.Parallel < 1 || c.Parallel > 1024:
		return fmt.Errorf("client: parallel: %d, want 1 to 1024", c.Parallel)
	}
	return nil
}
