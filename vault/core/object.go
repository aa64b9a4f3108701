package core

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"math"
	"slices"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/wire"
)

// object is an address at which the vault knows something: an object that it holds, loaded or not, or only who holds it.
// It is kept small: see TestIdleObjectCosts.
type object struct {
	name vaultnet.Name
	tag  vaultnet.Tag
	next *object // with the same key in objects
	live *live   // nil: nothing is held, or it is in the store alone

	// As of when it was last loaded, or as pointers said:
	height  vaultnet.Height
	digest  vaultnet.Digest // of the header at height
	members string          // of the newest set known, in roster's numbers: 4 bytes each
	number  uint32          // of that set; 0: none is known
	bytes   uint32          // of data

	kind    vaultnet.Kind
	stored  bool // the store has records of it
	damaged bool // what the store has of it is not what was put there
	free    bool // nothing was decided yet: counted in Vault.free
}

func (e *object) address() vaultnet.Address {
	return vaultnet.Address{Kind: e.kind, Name: e.name, Tag: e.tag}
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

	following   bool // at invitation
	followUntil vaultnet.Time
	keepUntil   vaultnet.Time // no member, and does not follow: what it holds is kept until then; 0: no such time

	sweeping bool        // those who wait for requests are looked at again when these are over
	ref      wire.SetRef // of refSet
	refSet   *agreement.Set

	mending *mending // its records are damaged; nil: they are not

	tidying bool // looked at again in a while, for it may never come to be

	size           int64 // bytes it counts in the memory budget
	older, younger *live // by last use
	used           vaultnet.Time
}

// ObjectPrefix is what the keys of an object's records in the store begin with.
func ObjectPrefix(a vaultnet.Address) []byte { return a.Append([]byte{sectionObject}) }

// recordKey is the key of one of an object's records in the store.
func recordKey(a vaultnet.Address, own []byte) []byte {
	k := make([]byte, 0, 1+vaultnet.AddressSize+len(own))
	return append(a.Append(append(k, sectionObject)), own...)
}

// Sections of the store: the first byte of a key.
const (
	sectionChunk  = 'c' // + name: its length (8 bytes, big endian)
	sectionObject = 'o' // + address + the object's own key
)

// objects is everything the vault knows of addresses.
type objects struct {
	at     map[uint64]*object // by [objectKey], several in a chain
	count  int
	roster roster
	atlas  *space[*object] // by location, made when a turn needs it
	recent [1024]recent    // what was looked for lately, by [recentPlace]: it saves a hash
}

// recent is an entry that was looked for lately.
type recent struct {
	*object
	set *agreement.Set // that is noted there, unpacked; nil: it was not asked for
}

func newObjects() objects {
	return objects{at: make(map[uint64]*object), roster: roster{number: make(map[vaultnet.PublicKey]uint32)}}
}

// objectKey is a hash that nobody can aim at.
func objectKey(a *vaultnet.Address) uint64 {
	var buf [vaultnet.AddressSize]byte
	h := sha256.Sum256(a.Append(buf[:0]))
	return binary.BigEndian.Uint64(h[:])
}

func (s *objects) recentPlace(a *vaultnet.Address) *recent {
	i := binary.LittleEndian.Uint16(a.Name[:]) ^ binary.LittleEndian.Uint16(a.Name[30:]) ^ uint16(a.Tag)
	return &s.recent[int(i)%len(s.recent)]
}

// is reports whether e is of the address.
func (e *object) is(a *vaultnet.Address) bool {
	return e.name == a.Name && e.tag == a.Tag && e.kind == a.Kind
}

func (s *objects) get(a vaultnet.Address) *object {
	place := s.recentPlace(&a)
	if e := place.object; e != nil && e.is(&a) {
		return e
	}
	e := s.at[objectKey(&a)]
	for e != nil && !e.is(&a) {
		e = e.next
	}
	if e != nil {
		*place = recent{object: e}
	}
	return e
}

// add returns what is known of an address, a new entry where that is nothing.
func (s *objects) add(a vaultnet.Address) *object {
	if e := s.get(a); e != nil {
		return e
	}
	k := objectKey(&a)
	e := &object{kind: a.Kind, name: a.Name, tag: a.Tag, next: s.at[k]}
	s.at[k] = e
	s.count++
	s.atlas = nil
	return e
}

// remove forgets an address.
func (s *objects) remove(e *object) {
	a := e.address()
	k := objectKey(&a)
	for at := s.at[k]; at != nil; at = at.next {
		if at.next == e {
			at.next = e.next
		}
	}
	if s.at[k] == e {
		s.at[k] = e.next
	}
	if s.at[k] == nil {
		delete(s.at, k)
	}
	if place := s.recentPlace(&a); place.object == e {
		*place = recent{}
	}
	s.count--
	s.atlas = nil
}

// space is all objects by location, those of one name in order of their addresses. It costs a hash for each object, and
// is kept until one comes or goes, or the turn ends.
func (s *objects) space() *space[*object] {
	if s.atlas == nil {
		spots := make([]spot[*object], 0, s.count)
		for _, e := range s.at { // in any order: sorted below
			for ; e != nil; e = e.next {
				spots = append(spots, spot[*object]{e.address().Location(), e})
			}
		}
		slices.SortFunc(spots, func(a, b spot[*object]) int {
			if c := bytes.Compare(a.location[:], b.location[:]); c != 0 {
				return c
			}
			return a.thing.address().Compare(b.thing.address())
		})
		heads := make([]uint64, len(spots))
		for i := range spots {
			heads[i] = headOf(&spots[i].location)
		}
		s.atlas = &space[*object]{spots, heads}
	}
	return s.atlas
}

// holds reports whether the vault has anything to say of the address as a member or former member: a certified state.
func (e *object) holds() bool {
	return e != nil && (e.live != nil && e.live.Height() > 0 || e.live == nil && e.height > 0)
}

// roster numbers the vaults that are or were members of objects, so that a set takes a few bytes.
type roster struct {
	vaults []vaultnet.PublicKey
	number map[vaultnet.PublicKey]uint32
}

// pack writes members as numbers.
func (r *roster) pack(members []vaultnet.PublicKey) string {
	b := make([]byte, 0, 4*len(members))
	for _, k := range members {
		n, ok := r.number[k]
		if !ok {
			n = uint32(len(r.vaults))
			r.vaults = append(r.vaults, k)
			r.number[k] = n
		}
		b = binary.BigEndian.AppendUint32(b, n)
	}
	return string(b)
}

func (r *roster) unpack(s string) []vaultnet.PublicKey {
	members := make([]vaultnet.PublicKey, 0, len(s)/4)
	for ; len(s) >= 4; s = s[4:] {
		members = append(members, r.vaults[binary.BigEndian.Uint32([]byte(s[:4]))])
	}
	return members
}

// noted is the set that is noted at an entry; nil where none is.
func (s *objects) noted(e *object) *agreement.Set {
	if e == nil || e.number == 0 {
		return nil
	}
	a := e.address()
	place := s.recentPlace(&a)
	if place.object != e {
		*place = recent{object: e}
	}
	if place.set == nil {
		place.set = &agreement.Set{Number: uint64(e.number), Members: s.roster.unpack(e.members)}
	}
	return place.set
}

// note writes down a set; nil for none.
func (s *objects) note(e *object, set *agreement.Set) {
	e.number, e.members = 0, ""
	a := e.address()
	if place := s.recentPlace(&a); place.object == e {
		place.set = nil
	}
	if set != nil && set.Number <= math.MaxUint32 {
		e.number, e.members = uint32(set.Number), s.roster.pack(set.Members)
	}
}

// numberOf is the number of the newest set known to hold an address, 0 where none is.
func (v *Vault) numberOf(e *object) uint64 {
	if e == nil {
		return 0
	}
	if l := e.live; l != nil && l.Height() > 0 {
		if own := l.Set(); own != nil {
			return max(own.Number, uint64(e.number))
		}
	}
	return uint64(e.number)
}

// setOf is the newest set known to hold an address; nil where none is. Then the address may be free.
func (v *Vault) setOf(e *object) *agreement.Set {
	if e == nil {
		return nil
	}
	if l := e.live; l != nil && l.Height() > 0 {
		if own := l.Set(); own != nil && own.Number >= uint64(e.number) {
			return own
		}
	}
	return v.objects.noted(e)
}
