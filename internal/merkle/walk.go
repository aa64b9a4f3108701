package merkle

import "iter"

// All goes through the map in key order.
func (m Map[V]) All() iter.Seq2[string, V] {
	return func(yield func(string, V) bool) { m.root.walk(yield) }
}

// walk reports whether to go on. It recurses once per level.
func (n *node[V]) walk(yield func(string, V) bool) bool {
	for n != nil {
		if n.bit == equal {
			return yield(n.least.key, n.least.value)
		}
		if !n.kids[0].walk(yield) {
			return false
		}
		n = n.kids[1]
	}
	return true
}

// From goes through the keys that are not less than key, in order.
func (m Map[V]) From(key string) iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		near := m.nearest(key)
		if near == nil {
			return
		}
		split := diffBit(key, near.least.key)
		var later []*node[V]
		n := m.root
		for n.bit < split {
			if bitAt(key, n.bit) == 0 {
				later = append(later, n.kids[1])
				n = n.kids[0]
			} else {
				n = n.kids[1]
			}
		}
		// Every key beneath n differs from key in bit split, or n is key's leaf.
		if split == equal || bitAt(key, split) == 0 {
			if !n.walk(yield) {
				return
			}
		}
		for i := len(later) - 1; i >= 0; i-- {
			if !later[i].walk(yield) {
				return
			}
		}
	}
}
