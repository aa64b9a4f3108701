package vault

import (
	"errors"
	"time"

	"vaultnet"
	"vaultnet/routing"
	"vaultnet/vault/core"
)

// Status is a vault at a moment.
type Status struct {
	Key       vaultnet.PublicKey
	Network   vaultnet.NetworkID
	Name      string   // of the network
	Addresses []string // where it listens
	Started   time.Time
	Joined    bool // it has found the network, or that it is the first
	Settled   bool // it knows who holds what in its neighbourhood
	Sync      bool // one sync each turn; false: never

	Peers    int             // vaults it is connected with
	Contacts int             // vaults it knows of
	Objects  int             // held: MutableData and accounts
	Chunks   int             // held
	Bytes    int64           // of all data held
	Capacity int64           // bytes; 0: any amount
	Loaded   int64           // bytes of objects in memory
	Memory   int64           // at most so many
	Blocks   uint64          // decided here since it started
	Height   vaultnet.Height // the greatest of an object held
	Queue    Queue
	Routing  routing.Statistics
}

// Queue is what waits for a vault's loop.
type Queue struct {
	Inputs, Bytes int
	Held          int // peers whose frames are not read at the moment
	Walks, Loads  int // of the DHT and of the store
}

// ErrStopped is returned by what is asked of a vault that has stopped.
var ErrStopped = errors.New("vault: it has stopped")

// Status asks the loop how things are; it waits for the turn under way.
func (v *Vault) Status() (Status, error) {
	s := Status{Key: v.Key(), Network: v.networkID, Name: v.cfg.Parameters.Name, Addresses: v.Addresses(), Started: v.started,
		Joined: v.joined.Load(), Sync: v.cfg.Sync, Capacity: v.cfg.Capacity, Memory: v.cfg.Memory, Blocks: v.metrics.decided.Load(),
		Queue: v.queue(), Routing: v.net.Statistics()}
	if !v.ask(func() {
		c := v.inner.Summary()
		s.Settled, s.Peers, s.Contacts = v.inner.Settled(), c.Peers, c.Contacts
		s.Objects, s.Chunks, s.Bytes, s.Loaded = c.Objects, c.Chunks, c.Bytes, c.Loaded
		s.Height = c.Height
	}) {
		return s, ErrStopped
	}
	return s, nil
}

func (v *Vault) queue() Queue {
	var q Queue
	q.Inputs, q.Bytes, q.Held = v.inbox.waits()
	q.Walks, q.Loads = v.errands.waits()
	return q
}

// Holdings lists the objects that the vault holds, by location.
func (v *Vault) Holdings() ([]core.Holding, error) {
	var all []core.Holding
	if !v.ask(func() {
		for h := range v.inner.Holdings() {
			all = append(all, h)
		}
	}) {
		return nil, ErrStopped
	}
	return all, nil
}
