package core

import (
	"fmt"
	"time"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/refusal"
)

// Config is what a vault is made with.
type Config struct {
	Self       vaultnet.PublicKey  // the vault's identity
	Parameters vaultnet.Parameters // of the network; the zero value stands for [vaultnet.DefaultParameters]
	Verifier   vaultnet.Verifier   // the protocol's one verifier
	Capacity   int64               // bytes of data it is willing to hold; 0: any amount. Beyond it: NetworkFull
	Memory     int64               // bytes of data of idle objects kept loaded; 0: 1 GiB
	Idle       time.Duration       // how long an object is kept loaded that nothing is heard of, at least 10 s; 0: a minute
	Eager      bool                // it votes at once and never stands by, see [agreement.StandbyLeast]
	Observer   Observer            // may be zero
}

// DefaultMemory is the memory budget where [Config.Memory] is 0.
const DefaultMemory = 1 << 30

// DefaultIdle is how long an object that is not used is kept loaded where [Config.Idle] is 0: whoever missed its last block
// has been sent it by then ([agreement.RepairCap]); who asks later takes the state.
const DefaultIdle = agreement.RepairCap

// Observer is told of what happens, for logs, metrics, checkers and a live view. All fields are optional. A callback must
// not change what it is given, keep it, or call back.
type Observer struct {
	Agreement agreement.Observer
	Refused   func(a vaultnet.Address, e *refusal.Error)             // a request or question was refused
	Ignored   func(from vaultnet.PublicKey, why string)              // a message had no effect, because of what it was
	Members   func(a vaultnet.Address, before, after *agreement.Set) // an object's set changed here; nil: none
	Evicted   func(a vaultnet.Address)
	Loaded    func(a vaultnet.Address)
	Damaged   func(a vaultnet.Address, err error) // the store holds something else than what was put there
}

// withDefaults fills in what is zero.
func (c Config) withDefaults() Config {
	if c.Parameters == (vaultnet.Parameters{}) {
		c.Parameters = vaultnet.DefaultParameters()
	}
	if c.Memory == 0 {
		c.Memory = DefaultMemory
	}
	if c.Idle == 0 {
		c.Idle = DefaultIdle
	}
	return c
}

// Validate names the first field that is out of bounds.
func (c Config) Validate() error {
	c = c.withDefaults()
	switch {
	case c.Self.IsNobody():
		return fmt.Errorf("core: Self is nobody")
	case c.Verifier == nil:
		return fmt.Errorf("core: no Verifier")
	case c.Capacity < 0:
		return fmt.Errorf("core: Capacity %d, want at least 0", c.Capacity)
	case c.Memory < 0:
		return fmt.Errorf("core: Memory %d, want at least 0", c.Memory)
	case c.Idle < followsFor:
		return fmt.Errorf("core: Idle %v, want at least %v", c.Idle, followsFor)
	}
	return c.Parameters.Validate()
}
