package merkle

import (
	"crypto/sha256"
	"encoding/binary"

	"vaultnet"
)

// Map is an immutable ordered map from byte-string keys to values, with a digest over keys and values. The zero Map is
// empty. Its shape, and so its digest, depends on what it holds and not on the order of changes.
//
// It is a compressed binary radix (crit-bit) trie: an inner node splits its keys at the first bit in which they differ.
// Get, Put and Delete walk one path: about log2 of the number of keys where these are digests, at most one step per key,
// or per bit of the longest key, whatever they are. Keys may be of any length (the protocol's are at most
// [vaultnet.MaxKeySize]) and one may begin another.
type Map[V any] struct {
	root *node[V]
}

type node[V any] struct {
	digest vaultnet.Digest
	bit    uint32 // where the children differ; equal for a leaf
	count  int32  // keys beneath
	kids   [2]*node[V]
	least  *entry[V] // the first entry beneath; a leaf's own
}

type entry[V any] struct {
	key   string
	value V
}

func newLeaf[V any](key string, v V, leaf vaultnet.Digest) *node[V] {
	l := &struct {
		node  node[V]
		entry entry[V]
	}{node[V]{digest: entryDigest(key, leaf), bit: equal, count: 1}, entry[V]{key, v}}
	l.node.least = &l.entry
	return &l.node
}

func newInner[V any](bit uint32, left, right *node[V]) *node[V] {
	return &node[V]{
		digest: innerDigest(bit, &left.digest, &right.digest),
		bit:    bit,
		count:  left.count + right.count,
		kids:   [2]*node[V]{left, right},
		least:  left.least,
	}
}

// entryDigest is SHA-256(0x00 ‖ length of the key ‖ key ‖ digest of the value).
func entryDigest(key string, value vaultnet.Digest) vaultnet.Digest {
	var small [256]byte
	b := small[:0]
	if n := 5 + len(key) + len(value); n > len(small) {
		b = make([]byte, 0, n)
	}
	b = append(b, 0)
	b = binary.BigEndian.AppendUint32(b, uint32(len(key)))
	b = append(b, key...)
	b = append(b, value[:]...)
	return sha256.Sum256(b)
}

// innerDigest is SHA-256(0x01 ‖ bit ‖ left ‖ right).
func innerDigest(bit uint32, left, right *vaultnet.Digest) vaultnet.Digest {
	var b [1 + 4 + 32 + 32]byte
	b[0] = 1
	binary.BigEndian.PutUint32(b[1:], bit)
	copy(b[5:], left[:])
	copy(b[37:], right[:])
	return sha256.Sum256(b[:])
}

// Len is the number of keys.
func (m Map[V]) Len() int {
	if m.root == nil {
		return 0
	}
	return int(m.root.count)
}

// Digest is over all keys and the digests of their values; zero for the empty map. Two maps of one kind are equal when
// their digests are.
func (m Map[V]) Digest() vaultnet.Digest {
	if m.root == nil {
		return vaultnet.Digest{}
	}
	return m.root.digest
}

// Get returns the value under key.
func (m Map[V]) Get(key string) (V, bool) {
	if n := m.nearest(key); n != nil && n.least.key == key {
		return n.least.value, true
	}
	var none V
	return none, false
}

// Find is Get for a key in a buffer.
func (m Map[V]) Find(key []byte) (V, bool) {
	if n := nearest(m.root, key); n != nil && n.least.key == string(key) {
		return n.least.value, true
	}
	var none V
	return none, false
}

// nearest is the leaf that shares the most bits with key, or nil.
func (m Map[V]) nearest(key string) *node[V] { return nearest(m.root, key) }

func nearest[V any, K ~string | ~[]byte](n *node[V], key K) *node[V] {
	if n == nil {
		return nil
	}
	for n.bit != equal {
		n = n.kids[bitAt(key, n.bit)]
	}
	return n
}

// Min returns the first key and its value.
func (m Map[V]) Min() (string, V, bool) {
	if m.root == nil {
		var none V
		return "", none, false
	}
	return m.root.least.key, m.root.least.value, true
}

// Put returns the map with v under key, in place of what was there. The digest of v is leaf: it has to cover all of v
// that counts, for two values with one digest are one value to [Diff] and to whoever compares digests.
func (m Map[V]) Put(key string, v V, leaf vaultnet.Digest) Map[V] {
	fresh := newLeaf(key, v, leaf)
	near := m.nearest(key)
	if near == nil {
		return Map[V]{fresh}
	}
	split := diffBit(key, near.least.key)
	var buf [48]*node[V]
	path := buf[:0]
	n := m.root
	for n.bit < split {
		path = append(path, n)
		n = n.kids[bitAt(key, n.bit)]
	}
	switch {
	case split == equal:
		n = fresh
	case bitAt(key, split) == 0:
		n = newInner(split, fresh, n)
	default:
		n = newInner(split, n, fresh)
	}
	return Map[V]{rebuild(path, key, n)}
}

// Delete returns the map without key.
func (m Map[V]) Delete(key string) Map[V] {
	near := m.nearest(key)
	if near == nil || near.least.key != key {
		return m
	}
	var buf [48]*node[V]
	path := buf[:0]
	for n := m.root; n.bit != equal; n = n.kids[bitAt(key, n.bit)] {
		path = append(path, n)
	}
	if len(path) == 0 {
		return Map[V]{}
	}
	last := path[len(path)-1]
	return Map[V]{rebuild(path[:len(path)-1], key, last.kids[1-bitAt(key, last.bit)])}
}

// rebuild replaces what path, from the root down along key, leads to.
func rebuild[V any](path []*node[V], key string, n *node[V]) *node[V] {
	for i := len(path) - 1; i >= 0; i-- {
		up := path[i]
		if bitAt(key, up.bit) == 0 {
			n = newInner(up.bit, n, up.kids[1])
		} else {
			n = newInner(up.bit, up.kids[0], n)
		}
	}
	return n
}
