package localnet

import (
	"errors"
	"fmt"
	"math"
	"time"

	"vaultnet"
	"vaultnet/network"
	"vaultnet/routing"
	"vaultnet/sim/adversary"
	"vaultnet/vault"
	"vaultnet/vault/core"
)

// Bounds and defaults of a [Config].
const (
	DefaultVaults     = 16
	MaxVaults         = 1000
	DefaultOperations = 1_000_000 // that each sample account may do
	DefaultMemory     = 1 << 30   // bytes of idle objects that all vaults together keep loaded
	MaxSamples        = 100       // accounts, and apps
)

// DefaultActs is what liars do: they serve corrupted data and contradict themselves.
func DefaultActs() []adversary.Act {
	return []adversary.Act{adversary.FalseBooks, adversary.Equivocate, adversary.Forge}
}

// Config says what network to run. The zero value is 16 vaults in memory, within the process.
type Config struct {
	Vaults     int                 // default [DefaultVaults], at most [MaxVaults]
	Seed       uint64              // of all identities and keys
	Parameters vaultnet.Parameters // zero: vaultnet.LocalParameters

	TCP     bool            // listen on loopback TCP; false: on an in-memory transport
	Apart   bool            // with TCP: vaults and clients of the network speak TCP with one another, too; false: only others do
	QUIC    bool            // with TCP: QUIC over loopback UDP instead, among all
	Port    int             // TCP: vault i listens at 127.0.0.1:Port+i; 0: wherever there is room
	Fabric  *routing.Memory // where the network is, in this process; nil: one of its own
	Latency time.Duration   // one-way delay added to everything that vaults and clients of the network send

	Data     string // folder of the vaults' stores, each in its own below; "": stores in memory
	Sync     bool   // one sync each turn before anything is sent; false: never
	Capacity int64  // bytes of data that each vault is willing to hold; 0: any amount
	Memory   int64  // bytes of idle objects that all vaults together keep loaded; 0: [DefaultMemory]

	Liars int             // how many of the vaults lie: the last ones
	Acts  []adversary.Act // what liars do; nil: [DefaultActs]

	Accounts   int   // sample accounts to make
	Apps       int   // sample apps, each granted by the account of its number, counted around
	Operations int64 // allowance of each sample account, in local networks; 0: [DefaultOperations]

	Observer func(vault int) vault.Observer                                        // of each; nil: none
	Wrap     func(vault int, self vaultnet.PublicKey, s core.Stepper) core.Stepper // stands around each vault's core, or liar; nil: nothing
	Progress func(vaults, of int)                                                  // so many vaults run; called while starting, by one goroutine at a time
}

func (c Config) withDefaults() Config {
	if c.Vaults == 0 {
		c.Vaults = DefaultVaults
	}
	if c.Parameters == (vaultnet.Parameters{}) {
		c.Parameters = vaultnet.LocalParameters()
	}
	if c.Fabric == nil {
		c.Fabric = routing.NewMemory()
	}
	if c.Memory == 0 {
		c.Memory = DefaultMemory
	}
	if c.Acts == nil {
		c.Acts = DefaultActs()
	}
	if c.Operations == 0 {
		c.Operations = DefaultOperations
	}
	return c
}

// Validate names the first field that is out of bounds.
func (c Config) Validate() error {
	c = c.withDefaults()
	switch {
	case c.Vaults < 1 || c.Vaults > MaxVaults:
		return fmt.Errorf("localnet: Vaults %d, want 1 to %d", c.Vaults, MaxVaults)
	case c.Port < 0 || c.Port != 0 && c.Port+c.Vaults > math.MaxUint16+1:
		return fmt.Errorf("localnet: Port %d, want 1 to %d", c.Port, math.MaxUint16+1-c.Vaults)
	case c.QUIC && !c.TCP:
		return errors.New("localnet: QUIC without TCP: QUIC is instead of TCP, not of the in-memory transport")
	case c.TCP && c.Data != "" && c.Port == 0:
		return errors.New("localnet: Data without Port: vaults that come back need their addresses back")
	case c.Latency < 0 || c.Latency > routing.MaxLatency:
		return fmt.Errorf("localnet: Latency %v, want 0 to %v", c.Latency, routing.MaxLatency)
	case c.Capacity < 0:
		return fmt.Errorf("localnet: Capacity %d, want at least 0", c.Capacity)
	case c.Memory < 0:
		return fmt.Errorf("localnet: Memory %d, want at least 0", c.Memory)
	case c.Liars < 0 || c.Liars > c.Vaults:
		return fmt.Errorf("localnet: Liars %d, want 0 to %d", c.Liars, c.Vaults)
	case c.Accounts < 0 || c.Accounts > MaxSamples:
		return fmt.Errorf("localnet: Accounts %d, want 0 to %d", c.Accounts, MaxSamples)
	case c.Apps < 0 || c.Apps > MaxSamples || c.Apps > 0 && c.Accounts == 0:
		return fmt.Errorf("localnet: Apps %d with %d accounts, want 0 to %d and an account that grants them", c.Apps, c.Accounts, MaxSamples)
	case c.Operations < 1:
		return fmt.Errorf("localnet: Operations %d, want at least 1", c.Operations)
	}
	if err := c.Parameters.Validate(); err != nil {
		return fmt.Errorf("localnet: %w", err)
	}
	return nil
}

// PortError says that a port is taken.
type PortError struct {
	Vault, Port int
	Cause       error
}

// Error names the port.
func (e *PortError) Error() string {
	return fmt.Sprintf("localnet: vault %d cannot listen at 127.0.0.1:%d: %v", e.Vault, e.Port, e.Cause)
}

// Unwrap returns the cause.
func (e *PortError) Unwrap() error { return e.Cause }

// bootstraps is how many vaults a network file names.
const bootstraps = 5

// File is the network file of the network as it is: parameters, some of the vaults that run, the samples.
func (n *Network) File() *network.File {
	f := &network.File{Parameters: n.cfg.Parameters, Bootstrap: n.Bootstrap()}
	if len(n.accounts) > 0 {
		f.Sample = &network.Sample{Accounts: filePeople(n.accounts), Apps: filePeople(n.apps)}
	}
	return f
}

func filePeople(list []Person) []network.Person {
	var all []network.Person
	for _, p := range list {
		all = append(all, network.Person{Label: p.Label, Key: p.Seed.Public(), Owner: p.Owner})
	}
	return all
}
