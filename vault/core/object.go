package core

import (
	"bytes"
	"slices"

	"vaultnet"
	"vaultnet/agreement"
)

// object is an address at which the vault knows something: an object that it holds, loaded or not, or only who holds it.
type object struct {
	address vaultnet.Address
	live    *live // nil: nothing is held, or it is in the store alone
	stored  bool  // the store has records of it
	damaged bool  // what the store has of it is not what was put there
	free    bool  // nothing was decided yet: counted in Vault.free

	// As of when it was last loaded, or as pointers said:
	height vaultnet.Height
	digest vaultnet.Digest // of the header at height
	set    *agreement.Set  // nil: none is known
	bytes  int64           // of data
}

// live is an object that is loaded, with what is going on around it.
type live struct {
	*agreement.Object
	entry *object

	inbox []agreement.Input // of this turn
	dirty bool              // on the list of objects to step
	alarm vaultnet.Time
	place int // in the heap of alarms, from 1; 0: not there

	asking []asking         // who waits for which request
	held   []heldSubmit     // requests from the future: the member is behind
	change *change          // of the set, that this vault wants
	wish   agreement.Change // that was told to agreement
	record bool             // [agreement.Object.Record] is to be asked at seal
	forgot vaultnet.Time    // results of requests with an earlier deadline may have been forgotten

	following bool // at invitation
	tidying   bool // looked at again in a while, for it may never come to be

	older, younger *live // by last use
}

// ObjectPrefix is what the keys of an object's records in the store begin with.
func ObjectPrefix(a vaultnet.Address) []byte { return a.Append([]byte{sectionObject}) }

// Sections of the store: the first byte of a key.
const (
	sectionChunk  = 'c' // + name: its length (8 bytes, big endian)
	sectionObject = 'o' // + address + the object's own key
)

// objects is everything the vault knows of addresses.
type objects struct {
	at    map[vaultnet.Address]*object
	atlas *space[*object] // by location, made when a turn needs it
}

func (s *objects) get(a vaultnet.Address) *object { return s.at[a] }

// add returns what is known of an address, a new entry where that is nothing.
func (s *objects) add(a vaultnet.Address) *object {
	if e := s.at[a]; e != nil {
		return e
	}
	e := &object{address: a}
	s.at[a] = e
	s.atlas = nil
	return e
}

// remove forgets an address.
func (s *objects) remove(e *object) {
	delete(s.at, e.address)
	s.atlas = nil
}

// space is all objects by location, those of one name in order of their addresses. It costs a hash for each object, and
// is kept until one comes or goes, or the turn ends.
func (s *objects) space() *space[*object] {
	if s.atlas == nil {
		spots := make([]spot[*object], 0, len(s.at))
		for _, e := range s.at { // in any order: sorted below
			spots = append(spots, spot[*object]{e.address.Location(), e})
		}
		slices.SortFunc(spots, func(a, b spot[*object]) int {
			if c := bytes.Compare(a.location[:], b.location[:]); c != 0 {
				return c
			}
			return a.thing.address.Compare(b.thing.address)
		})
		s.atlas = &space[*object]{spots}
	}
	return s.atlas
}

// holds reports whether the vault has anything to say of the address as a member or former member: a certified state.
func (e *object) holds() bool {
	return e != nil && (e.live != nil && e.live.Height() > 0 || e.live == nil && e.height > 0)
}

// knownSet is the newest set known to hold the address; nil where none is.
func (e *object) knownSet() *agreement.Set {
	if e == nil {
		return nil
	}
	s := e.set
	if l := e.live; l != nil && l.Height() > 0 {
		if own := l.Set(); own != nil && (s == nil || own.Number >= s.Number) {
			s = own
		}
	}
	return s
}

// exists reports whether the vault knows that the address is taken: it holds a decided block, or believes a pointer.
func (e *object) exists() bool { return e.knownSet() != nil }
