package merkle

// Diff calls changed for every key whose value's digest differs between two maps, in key order: before is nil for a key
// that is new, after for one that is gone. It skips what the two share, so it costs as much as what changed. The values
// pointed to belong to the maps and are not to be changed.
func Diff[V any](old, new Map[V], changed func(key string, before, after *V)) {
	diff(old.root, new.root, changed)
}

func diff[V any](a, b *node[V], changed func(string, *V, *V)) {
	switch {
	case a == b:
		return
	case a == nil:
		added(b, changed)
		return
	case b == nil:
		removed(a, changed)
		return
	case a.digest == b.digest:
		return
	}
	split := diffBit(a.least.key, b.least.key)
	switch {
	case split < a.bit && split < b.bit: // no key in common
		if a.least.key < b.least.key {
			removed(a, changed)
			added(b, changed)
		} else {
			added(b, changed)
			removed(a, changed)
		}
	case a.bit == equal && b.bit == equal:
		changed(a.least.key, &a.least.value, &b.least.value)
	case a.bit == b.bit:
		diff(a.kids[0], b.kids[0], changed)
		diff(a.kids[1], b.kids[1], changed)
	case a.bit < b.bit: // all of b belongs beneath one child of a
		if bitAt(b.least.key, a.bit) == 0 {
			diff(a.kids[0], b, changed)
			removed(a.kids[1], changed)
		} else {
			removed(a.kids[0], changed)
			diff(a.kids[1], b, changed)
		}
	default:
		if bitAt(a.least.key, b.bit) == 0 {
			diff(a, b.kids[0], changed)
			added(b.kids[1], changed)
		} else {
			added(b.kids[0], changed)
			diff(a, b.kids[1], changed)
		}
	}
}

func added[V any](n *node[V], changed func(string, *V, *V)) {
	for ; n.bit != equal; n = n.kids[1] {
		added(n.kids[0], changed)
	}
	changed(n.least.key, nil, &n.least.value)
}

func removed[V any](n *node[V], changed func(string, *V, *V)) {
	for ; n.bit != equal; n = n.kids[1] {
		removed(n.kids[0], changed)
	}
	changed(n.least.key, &n.least.value, nil)
}
