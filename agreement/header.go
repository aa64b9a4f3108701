package agreement

import (
	"encoding/binary"

	"vaultnet"
)

// Ref names a request in a block by its full bytes, signatures included, so that all members judge the same copy.
type Ref struct {
	_        struct{}        `cbor:",toarray"`
	Request  vaultnet.Digest // of the request's bytes
	Attached vaultnet.Digest // of what travels with it (permit, proof of set); zero for nothing
}

// Header is what is decided: the fixed-size summary of a block that votes name by its digest (design §4).
type Header struct {
	_           struct{} `cbor:",toarray"`
	Incarnation uint32   // 0 unless an operator restarted the object
	Height      vaultnet.Height
	Previous    vaultnet.Digest    // header digest at Height−1; zero at genesis
	Time        vaultnet.Time      // later than the previous block's
	Mutations   []Ref              // at most 5, in the order they are applied
	Add, Drop   vaultnet.PublicKey // a set block's change; zero keys otherwise
	Set         vaultnet.Digest    // of the set for Height+1
	State       vaultnet.Digest    // of the state after this block
}

// SetBlock reports whether the block changes the set; it then carries no mutations.
func (h *Header) SetBlock() bool { return !h.Add.IsNobody() || !h.Drop.IsNobody() }

// Empty reports whether the block changes nothing but height and time.
func (h *Header) Empty() bool { return len(h.Mutations) == 0 && !h.SetBlock() }

// Digest is how votes name the block.
func (h *Header) Digest(network vaultnet.NetworkID, a vaultnet.Address) vaultnet.Digest {
	var buf [640]byte
	b := append(buf[:0], network[:]...)
	b = a.Append(b)
	b = binary.BigEndian.AppendUint32(b, h.Incarnation)
	b = binary.BigEndian.AppendUint64(b, uint64(h.Height))
	b = append(b, h.Previous[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(h.Time))
	b = append(b, byte(len(h.Mutations)))
	for i := range h.Mutations {
		b = append(b, h.Mutations[i].Request[:]...)
		b = append(b, h.Mutations[i].Attached[:]...)
	}
	b = append(b, h.Add[:]...)
	b = append(b, h.Drop[:]...)
	b = append(b, h.Set[:]...)
	b = append(b, h.State[:]...)
	return vaultnet.DomainHeader.Hash(b)
}
