package permit

import (
	"encoding/binary"

	"vaultnet"
	"vaultnet/internal/merkle"
)

// Allowance is how often a permit may be used at one address.
type Allowance struct {
	Address vaultnet.Address // of a MutableData, or of the chunk that may be put
	Count   uint16           // 1…[vaultnet.MaxPermitCount]
}

// Valid reports whether the count is within its bounds and the address is one that mutations are paid at: operations on
// accounts cost nothing.
func (a Allowance) Valid() bool {
	return 1 <= a.Count && a.Count <= vaultnet.MaxPermitCount &&
		(a.Address.Kind == vaultnet.KindMutableData || a.Address.Kind == vaultnet.KindImmutableData)
}

// Leaf is the allowance's leaf in the permit's tree.
func (a Allowance) Leaf() vaultnet.Digest {
	var buf [vaultnet.AddressSize + 2]byte
	b := a.Address.Append(buf[:0])
	b = binary.BigEndian.AppendUint16(b, a.Count)
	return vaultnet.DomainAllowance.Hash(b)
}

// Tree is the tree over a permit's allowances, which are in strictly ascending order of address. Its root and width are
// in the body; its paths travel with the permits.
func Tree(allowances []Allowance) *merkle.Tree {
	var few [8]vaultnet.Digest
	leaves := few[:0]
	for i := range allowances {
		leaves = append(leaves, allowances[i].Leaf())
	}
	return merkle.NewTree(leaves)
}
