package vault

import (
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"vaultnet"
	"vaultnet/internal/signature"
	"vaultnet/routing"
	"vaultnet/vault/core"
	"vaultnet/vault/store"
)

// Store is what a vault keeps its records and chunks in.
type Store interface {
	store.Store
	store.Chunks
}

// Bounds of what waits for a vault's loop.
const (
	maxInputs  = 4096      // inputs of one peer
	maxBytes   = 16 << 20  // bytes of frames of one peer, but for the last
	maxWaiting = 128 << 20 // bytes of frames of all vaults, and of all clients: of each so many
	turnInputs = 8192      // inputs taken in one turn, but for the last frame's
	turnBytes  = 32 << 20  // bytes of frames taken in one turn, but for the last
)

// Config says what a vault is and where. Seed and Store are needed; zero stands for the default elsewhere.
type Config struct {
	Seed       [32]byte            // RFC 8032 seed of the vault's identity
	Parameters vaultnet.Parameters // of the network; zero: vaultnet.DefaultParameters
	Listen     []string            // multiaddrs to listen on
	Bootstrap  []string            // multiaddrs, with /p2p/, of vaults that know the network; none but its own: the first vault
	Peers      int                 // connections above which the least useful are closed; 0: routing.DefaultPeers
	Latency    time.Duration       // one-way delay added to everything sent, for experiments
	Fabric     *routing.Memory     // where /memory/N addresses are; nil: one that the whole process shares
	Shortcut   bool                // other vaults and clients of Fabric that have this set, too, are reached without TCP

	Store    Store
	Sync     bool  // one sync each turn before anything leaves; false: never, which survives a kill but no loss of power
	Capacity int64 // bytes of data the vault is willing to hold; 0: any amount
	Memory   int64 // bytes of idle objects kept loaded; 0: core.DefaultMemory
	Workers  int   // frames of vaults verified at once, and of clients; 0: GOMAXPROCS

	Verifier vaultnet.Verifier               // shared where many vaults run in one process; nil: one of its own
	Wrap     func(core.Stepper) core.Stepper // the one seam for adversaries; nil: none
	Observer Observer                        // the one seam for logs, metrics and a live view; may be zero
	Metrics  prometheus.Registerer           // receives libp2p's metrics; nil: none are kept. The vault's own: Vault.Collector
}

// verified is how many good signatures a vault remembers that has a verifier of its own.
const verified = 100_000

func (c Config) withDefaults() Config {
	if c.Parameters == (vaultnet.Parameters{}) {
		c.Parameters = vaultnet.DefaultParameters()
	}
	if c.Memory == 0 {
		c.Memory = core.DefaultMemory
	}
	if c.Workers == 0 {
		c.Workers = runtime.GOMAXPROCS(0)
	}
	if c.Verifier == nil {
		c.Verifier = signature.NewVerifier(verified)
	}
	return c
}

// Validate names the first field that is missing or out of bounds.
func (c Config) Validate() error {
	switch {
	case c.Seed == [32]byte{}:
		return errors.New("vault: no Seed")
	case c.Store == nil:
		return errors.New("vault: no Store")
	case c.Capacity < 0:
		return fmt.Errorf("vault: Capacity %d, want at least 0", c.Capacity)
	case c.Memory < 0:
		return fmt.Errorf("vault: Memory %d, want at least 0", c.Memory)
	case c.Workers < 0 || c.Workers > 1024:
		return fmt.Errorf("vault: Workers %d, want 0 to 1024", c.Workers)
	}
	c = c.withDefaults()
	if err := c.Parameters.Validate(); err != nil {
		return fmt.Errorf("vault: %w", err)
	}
	return c.routing().Validate()
}

// routing is what of it concerns the network.
func (c Config) routing() routing.Config {
	return routing.Config{Seed: c.Seed, Network: c.Parameters.ID(), Parameters: c.Parameters, Vault: true, Listen: c.Listen, Bootstrap: c.Bootstrap,
		Peers: c.Peers, Latency: c.Latency, Memory: c.Fabric, Shortcut: c.Shortcut, Metrics: c.Metrics}
}
