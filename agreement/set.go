package agreement

import (
	"encoding/binary"
	"slices"

	"vaultnet"
	"vaultnet/xor"
)

// Set is the members of an object at one height. Immutable.
type Set struct {
	_       struct{}             `cbor:",toarray"`
	Number  uint64               // counted from genesis, which has 1; 0 stands for no set
	Members []vaultnet.PublicKey // 1…16, nearest to the address's location first: a member's XOR rank is its index
}

// NewSet returns the set with the given members, put in XOR rank order.
func NewSet(number uint64, a vaultnet.Address, members []vaultnet.PublicKey) *Set {
	m := slices.Clone(members)
	xor.Sort(a.Location(), m)
	return &Set{Number: number, Members: m}
}

// Valid reports whether the members of s are distinct, in XOR rank order, and at least one and at most limit.
func (s *Set) Valid(a vaultnet.Address, limit int) bool {
	if s.Number == 0 || len(s.Members) == 0 || len(s.Members) > limit {
		return false
	}
	at := a.Location()
	var before vaultnet.Location
	for i, m := range s.Members {
		l := m.Location()
		if i > 0 && xor.Compare(at, before, l) >= 0 {
			return false // out of order, or twice the same
		}
		before = l
	}
	return true
}

// Index is the member's XOR rank, −1 for a stranger.
func (s *Set) Index(k vaultnet.PublicKey) int {
	first := binary.LittleEndian.Uint64(k[:8]) // nearly always tells two keys apart
	for i := range s.Members {
		if m := &s.Members[i]; binary.LittleEndian.Uint64(m[:8]) == first && *m == k {
			return i
		}
	}
	return -1
}

// Quorum, Weak and Answers are q, w and A for this set ([vaultnet.Quorum]).
func (s *Set) Quorum() int  { return quorum(len(s.Members)) }
func (s *Set) Weak() int    { return vaultnet.Weak(len(s.Members)) }
func (s *Set) Answers() int { return vaultnet.Answers(len(s.Members)) }

// quorum is how many votes make a polka or a certificate among n.
func quorum(n int) int { return vaultnet.Quorum(n) }

// equal reports whether two sets have the same number and members.
func (s *Set) equal(o *Set) bool {
	return s == o || s.Number == o.Number && slices.Equal(s.Members, o.Members)
}

// Digest covers the number and the members in order.
func (s *Set) Digest() vaultnet.Digest {
	var buf [8 + 32*maxMembers]byte
	b := binary.BigEndian.AppendUint64(buf[:0], s.Number)
	for i := range s.Members {
		b = append(b, s.Members[i][:]...)
	}
	return vaultnet.DomainSet.Hash(b)
}

// Allows reports whether the rules allow a set block to add and drop (zero keys: nobody) (design §6): with limit members
// only a swap, or a drop; below it only an addition or a drop; never a drop after which fewer faults would be survived.
func (s *Set) Allows(add, drop vaultnet.PublicKey, limit int) bool {
	n := len(s.Members)
	adds, drops := !add.IsNobody(), !drop.IsNobody()
	switch {
	case !adds && !drops,
		adds && s.Index(add) >= 0,
		drops && s.Index(drop) < 0,
		adds && drops && n < limit,
		adds && !drops && n >= limit,
		drops && !adds && (n == 1 || vaultnet.Faults(n-1) < vaultnet.Faults(n)):
		return false
	}
	return true
}

// Next is the set after a set block that adds and drops (zero keys: nobody), or false where the rules forbid it
// ([Set.Allows]).
func (s *Set) Next(a vaultnet.Address, add, drop vaultnet.PublicKey, limit int) (*Set, bool) {
	if !s.Allows(add, drop, limit) {
		return nil, false
	}
	m := make([]vaultnet.PublicKey, 0, len(s.Members)+1)
	for _, k := range s.Members {
		if k != drop {
			m = append(m, k)
		}
	}
	if !add.IsNobody() {
		m = append(m, add)
	}
	return NewSet(s.Number+1, a, m), true
}
