package merkle

import (
	"sort"

	"vaultnet"
)

// Entry is one entry of a map to be built.
type Entry[V any] struct {
	Key   string
	Value V
	Leaf  vaultnet.Digest // of the value
}

// Build makes the map of entries, which are to be in strictly ascending key order; it reports false where they are not.
// It is the quick way to load a map: each node is hashed once.
func Build[V any](entries []Entry[V]) (Map[V], bool) {
	for i := 1; i < len(entries); i++ {
		if entries[i-1].Key >= entries[i].Key {
			return Map[V]{}, false
		}
	}
	if len(entries) == 0 {
		return Map[V]{}, true
	}
	return Map[V]{build(entries)}, true
}

func build[V any](entries []Entry[V]) *node[V] {
	first := &entries[0]
	if len(entries) == 1 {
		return newLeaf(first.Key, first.Value, first.Leaf)
	}
	bit := diffBit(first.Key, entries[len(entries)-1].Key)
	right := sort.Search(len(entries), func(i int) bool { return bitAt(entries[i].Key, bit) == 1 })
	return newInner(bit, build(entries[:right]), build(entries[right:]))
}
