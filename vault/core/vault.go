package core

import (
	"fmt"
	"iter"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/wire"
)

// Vault is one vault's decisions. See the package comment.
type Vault struct {
	cfg     Config
	network vaultnet.NetworkID
	agree   agreement.Config

	now     vaultnet.Time
	started vaultnet.Time // time of the first step; 0 before it
	joined  bool          // [Known] was told

	objects  objects
	loaded   lru
	memories memories
	bytes    int64 // of all data that is held, chunks included
	free     int   // objects at height 0

	peers     peers
	epoch     uint64        // counts changes among the vaults present
	leavers   []departed    // vaults that ceased to be present, newest last
	forgotten uint64        // epoch of the last departure that is remembered no more
	lost      vaultnet.Time // when the last of them ceased to be; 0: none has
	term      uint64        // counts how often this vault wanted to go, or to stay
	viewed    viewed
	asks      bool // in this turn neighbours are to be asked for their pointers
	claims    claims

	askers  map[vaultnet.PublicKey]*asker
	holders holders
	changes changes
	invited invitations
	loading map[vaultnet.Address]*loading
	chunks  chunks

	schedule  schedule
	alarms    alarms
	dirty     []*live
	inboxes   [][]agreement.Input // to be used again
	questions []question          // answered once the objects were stepped
	value     []byte              // room for the value of an answer
	out       outbox
	calls     wire.Call
}

var _ Stepper = (*Vault)(nil)

// New makes a vault of what its store holds: records is a scan of everything, in key order, as [store.Store] gives it.
// A vault that starts with an empty store begins empty. It is an error where the store holds anything that the vault did
// not put there as it is: certificates and digests are checked.
func New(cfg Config, records iter.Seq2[[]byte, []byte]) (*Vault, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	v := &Vault{
		cfg:      cfg,
		network:  cfg.Parameters.ID(),
		objects:  newObjects(),
		memories: newMemories(),
		peers:    newPeers(cfg.Self),
		epoch:    1,
		askers:   make(map[vaultnet.PublicKey]*asker),
		loading:  make(map[vaultnet.Address]*loading),
	}
	v.agree = agreement.Config{Network: v.network, Parameters: cfg.Parameters, Self: cfg.Self, Observer: cfg.Observer.Agreement, Standby: !cfg.Eager,
		Open: func(bytes, attached []byte) (*agreement.Request, error) {
			return wire.OpenRequest(v.network, bytes, attached, cfg.Verifier)
		}}
	v.claims.init()
	v.holders.init()
	v.changes.init()
	v.invited.init()
	v.chunks.init()
	if records != nil {
		if err := v.restore(records); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// restore reads a scan of the store.
func (v *Vault) restore(records iter.Seq2[[]byte, []byte]) error {
	var at vaultnet.Address
	var group []vaultnet.Write
	finish := func() error {
		if len(group) == 0 {
			return nil
		}
		err := v.restoreObject(at, group)
		group = nil
		return err
	}
	for k, value := range records {
		switch {
		case len(k) > 1+vaultnet.AddressSize && k[0] == sectionObject:
			a, ok := vaultnet.ParseAddress(k[1 : 1+vaultnet.AddressSize])
			if !ok {
				return fmt.Errorf("core: store: record %x of no address", k)
			}
			if a != at || len(group) == 0 {
				if err := finish(); err != nil {
					return err
				}
				if v.objects.get(a) != nil {
					return fmt.Errorf("core: store: records out of order at %v", a)
				}
				at = a
			}
			group = append(group, vaultnet.Write{Key: k[1+vaultnet.AddressSize:], Value: value})
		case len(k) > 0 && k[0] == sectionChunk:
			if err := v.chunks.restore(v, k[1:], value); err != nil {
				return err
			}
		default:
			return fmt.Errorf("core: store: unknown record %x", k)
		}
	}
	return finish()
}

// restoreObject loads an object from its records, with keys relative to it.
func (v *Vault) restoreObject(a vaultnet.Address, records []vaultnet.Write) error {
	o, err := agreement.Load(&v.agree, v, a, records)
	if err != nil {
		return fmt.Errorf("core: store: %v: %w", a, err)
	}
	e := v.objects.add(a)
	e.stored = true
	l := v.adopt(e, o)
	v.resize(l)
	v.meetMembers(o.Set())
	if o.HalfOpen() || !o.Idle() || !o.Member() {
		v.touch(l) // the first turn steps it
	} else {
		v.shrink()
	}
	return nil
}

// adopt makes an object live.
func (v *Vault) adopt(e *object, o *agreement.Object) *live {
	l := &live{Object: o, entry: e, alarm: vaultnet.Never, used: v.now, size: overhead + int64(e.bytes)}
	e.live = l
	v.count(e, o.Height() == 0)
	v.loaded.add(l)
	if s := v.objects.noted(e); s != nil && o.Height() == 0 { // it may be about another first set than the one that holds the address
		v.give(l, agreement.Input{Believe: s})
	}
	return l
}

// count keeps the number of addresses at which something is undecided and nothing decided.
func (v *Vault) count(e *object, free bool) {
	switch {
	case free && !e.free:
		v.free++
	case !free && e.free:
		v.free--
	}
	e.free = free
}

// create makes a live object of an address at which nothing is held.
func (v *Vault) create(a vaultnet.Address) *live {
	return v.adopt(v.objects.add(a), agreement.New(&v.agree, a))
}

// touch has an object stepped in this turn.
func (v *Vault) touch(l *live) {
	if !l.dirty {
		l.dirty = true
		v.dirty = append(v.dirty, l)
	}
}

// give hands an input to an object.
func (v *Vault) give(l *live, in agreement.Input) {
	if last := len(v.inboxes) - 1; l.inbox == nil && last >= 0 {
		l.inbox, v.inboxes = v.inboxes[last], v.inboxes[:last]
	}
	l.inbox = append(l.inbox, in)
	v.touch(l)
}

// emptied takes back the inbox of an object that was stepped, for another.
func (v *Vault) emptied(in []agreement.Input) {
	clear(in)
	if cap(in) > 0 && cap(in) <= maxHeld*near && len(v.inboxes) < near {
		v.inboxes = append(v.inboxes, in[:0])
	}
}
