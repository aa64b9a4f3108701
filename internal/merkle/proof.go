package merkle

import "vaultnet"

// Proof shows that a [Map] with a known digest holds a value under a key.
type Proof struct {
	_        struct{}          `cbor:",toarray"`
	Bits     []uint32          // of the inner nodes above the entry, bottom up: strictly falling
	Siblings []vaultnet.Digest // as many
}

// Prove returns the proof for key; false where the map has no such key.
func (m Map[V]) Prove(key string) (Proof, bool) {
	near := m.nearest(key)
	if near == nil || near.least.key != key {
		return Proof{}, false
	}
	var path []*node[V]
	for n := m.root; n.bit != equal; n = n.kids[bitAt(key, n.bit)] {
		path = append(path, n)
	}
	var p Proof
	for i := len(path) - 1; i >= 0; i-- {
		n := path[i]
		p.Bits = append(p.Bits, n.bit)
		p.Siblings = append(p.Siblings, n.kids[1-bitAt(key, n.bit)].digest)
	}
	return p, true
}

// Verify reports whether the map with digest root holds, under key, a value with digest leaf.
func (p Proof) Verify(root vaultnet.Digest, key string, leaf vaultnet.Digest) bool {
	if len(p.Bits) != len(p.Siblings) {
		return false
	}
	node := entryDigest(key, leaf)
	below := uint32(len(key))*9 + 1 // keys part from this one at its end at the latest
	for i, bit := range p.Bits {
		if bit >= below {
			return false
		}
		below = bit
		if bitAt(key, bit) == 0 {
			node = innerDigest(bit, &node, &p.Siblings[i])
		} else {
			node = innerDigest(bit, &p.Siblings[i], &node)
		}
	}
	return node == root
}
