package core

import (
	"iter"

	"vaultnet"
	"vaultnet/account"
	"vaultnet/agreement"
	"vaultnet/mutabledata"
)

// DataIn is the MutableData in a state's machine; nil where the machine is an account's or holds none. For observers
// and checkers: nothing decides by it.
func DataIn(m agreement.Machine) *mutabledata.Object {
	if d, ok := m.(*dataMachine); ok {
		return d.object
	}
	return nil
}

// AccountIn is the account in a state's machine; nil where the machine is a MutableData's or holds none.
func AccountIn(m agreement.Machine) *account.Account {
	if a, ok := m.(*accountMachine); ok {
		return a.account
	}
	return nil
}

// Object is the object at an address, nil where none is loaded. It is not to be stepped. For observers and checkers.
func (v *Vault) Object(a vaultnet.Address) *agreement.Object {
	if e := v.objects.get(a); e != nil && e.live != nil {
		return e.live.Object
	}
	return nil
}

// Summary is what a vault holds, in numbers.
type Summary struct {
	Objects  int   // addresses at which it holds a certified state, as a member or former member
	Loaded   int64 // bytes of those that are in memory
	Chunks   int
	Bytes    int64           // of all data that is held, chunks included
	Peers    int             // vaults that are up, without this one
	Contacts int             // vaults it knows of
	Height   vaultnet.Height // the greatest of an object held
}

// Summary counts what the vault holds. It costs a look at every address and vault.
func (v *Vault) Summary() Summary {
	s := Summary{Loaded: v.loaded.bytes, Chunks: v.chunks.count(), Bytes: v.bytes, Contacts: len(v.peers.all) - 1}
	for _, e := range v.objects.at { // in any order: only counted
		for ; e != nil; e = e.next {
			if !e.holds() {
				continue
			}
			s.Objects++
			if e.live != nil {
				s.Height = max(s.Height, e.live.Height())
			} else {
				s.Height = max(s.Height, e.height)
			}
		}
	}
	for _, p := range v.peers.space.spots {
		if p.thing != v.peers.self && isUp(p.thing) {
			s.Peers++
		}
	}
	return s
}

// Settled reports whether the vault is settled at its own place: whether it would say of an address that lies right
// there, and holds nothing, that it holds nothing.
func (v *Vault) Settled() bool { return v.settledAt(v.peers.self.location) }

// Holding is an object as a vault holds it.
type Holding struct {
	Address vaultnet.Address
	Height  vaultnet.Height
	Header  vaultnet.Digest // of the block at Height
	Set     *agreement.Set
	Bytes   int64
	Member  bool // of Set; false: it was one
}

// Holdings goes through the objects at which the vault holds a certified state, by location.
func (v *Vault) Holdings() iter.Seq[Holding] {
	return func(yield func(Holding) bool) {
		for _, s := range v.objects.space().spots {
			e := s.thing
			if !e.holds() {
				continue
			}
			h := Holding{Address: e.address(), Height: e.height, Header: e.digest, Set: v.setOf(e), Bytes: int64(e.bytes)}
			if e.live != nil {
				h.Height, h.Header = e.live.Height(), e.live.HeaderDigest()
			}
			h.Member = h.Set.Index(v.cfg.Self) >= 0
			if !yield(h) {
				return
			}
		}
	}
}

// RecordKind says what a record of the store belongs to.
type RecordKind uint8

// The kinds of record.
const (
	UnknownRecord RecordKind = iota
	ObjectRecord             // of the object at an address
	ChunkRecord              // that a chunk is held: its length
)

// ParseKey says what the record with a key belongs to. For whoever checks a store.
func ParseKey(key []byte) (a vaultnet.Address, chunk vaultnet.Name, what RecordKind) {
	switch {
	case len(key) > 1+vaultnet.AddressSize && key[0] == sectionObject:
		if a, ok := vaultnet.ParseAddress(key[1 : 1+vaultnet.AddressSize]); ok && a.Kind != vaultnet.KindImmutableData {
			return a, chunk, ObjectRecord
		}
	case len(key) == 1+len(chunk) && key[0] == sectionChunk:
		return a, vaultnet.Name(key[1:]), ChunkRecord
	}
	return a, chunk, UnknownRecord
}
