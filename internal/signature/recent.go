package signature

// recent is a bounded map that forgets what was not used lately: two generations, of which the older is dropped when the
// younger is full. What is found in the older moves to the younger. Not safe for concurrent use.
type recent[K comparable, V any] struct {
	half         int // greatest size of a generation
	young, older map[K]V
}

func newRecent[K comparable, V any](size int) recent[K, V] {
	return recent[K, V]{half: size / 2}
}

func (r *recent[K, V]) get(k K) (V, bool) {
	if v, ok := r.young[k]; ok {
		return v, true
	}
	v, ok := r.older[k]
	if ok {
		r.put(k, v)
	}
	return v, ok
}

func (r *recent[K, V]) put(k K, v V) {
	if r.half <= 0 {
		return
	}
	if len(r.young) >= r.half {
		r.young, r.older = nil, r.young
	}
	if r.young == nil {
		r.young = make(map[K]V)
	}
	r.young[k] = v
}
