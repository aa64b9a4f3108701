package sim

import "math/bits"

// An event is something that is due at a moment of virtual time. It is a value: the queue allocates nothing per event.
type event struct {
	at   int64  // µs of virtual time since the run began
	seq  uint64 // order of making; breaks ties, so that a run is deterministic
	kind eventKind
	node int32  // whom it concerns
	life uint32 // of that node, when the event was made: an event of an earlier life is void
	from int32  // deliver: the sender
	load any    // deliver: *parcel; call: func()
}

type eventKind uint8

const (
	deliver eventKind = iota // a parcel reaches a node
	turn                     // a node takes its turn
	call                     // load is a func()
)

func (e *event) before(f *event) bool { return e.at < f.at || e.at == f.at && e.seq < f.seq }

// queue gives events in the order of (at, seq). Most are due within seconds: they wait, unsorted, in the slot of their
// millisecond, and only the slot that is due is a heap. What lies beyond the slots waits in a heap of its own. The zero
// value is empty.
type queue struct {
	made  uint64
	n     int
	now   int64 // slot that is due: near holds what is due in it, or before
	near  heap
	slots [slots]heap // slot s, from now+1 to now+slots−1, at s modulo slots; not in order
	used  [slots / 64]uint64
	far   heap   // from slot now+slots
	spare []heap // empty, to be used again
}

const (
	slots    = 4096 // a power of two; of about a millisecond each
	slotBits = 10   // of µs
)

func (q *queue) push(e event) {
	q.made++
	e.seq = q.made
	q.n++
	q.place(e)
}

func (q *queue) place(e event) {
	switch s := e.at >> slotBits; {
	case s <= q.now:
		q.near.push(e)
	case s < q.now+slots:
		i := s & (slots - 1)
		if n := len(q.spare); q.slots[i] == nil && n > 0 {
			q.slots[i], q.spare = q.spare[n-1], q.spare[:n-1]
		}
		q.slots[i] = append(q.slots[i], e)
		q.used[i/64] |= 1 << (i % 64)
	default:
		q.far.push(e)
	}
}

// pop removes the earliest event; false when there is none.
func (q *queue) pop() (event, bool) {
	if !q.advance() {
		return event{}, false
	}
	q.n--
	return q.near.pop(), true
}

// peek is the time of the earliest event; false when there is none.
func (q *queue) peek() (int64, bool) {
	if !q.advance() {
		return 0, false
	}
	return q.near[0].at, true
}

func (q *queue) len() int { return q.n }

// advance makes the next slot that holds anything the one that is due, if nothing is due; false where the queue is empty.
func (q *queue) advance() bool {
	if len(q.near) > 0 {
		return true
	}
	if q.n == 0 {
		return false
	}
	next, ok := q.next()
	if !ok {
		next = q.far[0].at >> slotBits
	}
	q.now = next
	i := next & (slots - 1)
	if cap(q.near) > 0 {
		q.spare = append(q.spare, q.near)
	}
	q.near, q.slots[i] = q.slots[i], nil
	q.used[i/64] &^= 1 << (i % 64)
	q.near.order()
	for len(q.far) > 0 && q.far[0].at>>slotBits < next+slots {
		q.place(q.far.pop())
	}
	return true
}

// next is the nearest slot in use.
func (q *queue) next() (int64, bool) {
	first := (q.now + 1) & (slots - 1)
	word := q.used[first/64] &^ (1<<(first%64) - 1)
	for i := range int64(slots/64 + 1) {
		at := (first/64 + i) % (slots / 64)
		if i > 0 {
			word = q.used[at]
		}
		if word != 0 {
			found := at*64 + int64(bits.TrailingZeros64(word))
			return q.now + 1 + (found-first)&(slots-1), true
		}
	}
	return 0, false
}

// heap is a 4-ary heap of events over (at, seq). The zero value is empty.
type heap []event

func (q *heap) push(e event) {
	h := append(*q, e)
	i := len(h) - 1
	for i > 0 {
		p := (i - 1) / 4
		if !e.before(&h[p]) {
			break
		}
		h[i] = h[p]
		i = p
	}
	h[i] = e
	*q = h
}

// pop removes the earliest event of a heap that is not empty.
func (q *heap) pop() event {
	h := *q
	first := h[0]
	last := h[len(h)-1]
	h[len(h)-1] = event{} // drop what it refers to
	h = h[:len(h)-1]
	*q = h
	if len(h) > 0 {
		h.sink(0, last)
	}
	return first
}

// order makes a heap of events in any order.
func (q heap) order() {
	for i := (len(q)+2)/4 - 1; i >= 0; i-- { // those with any below
		q.sink(i, q[i])
	}
}

// sink puts an event at a place, or below where that holds a later one than those below.
func (q heap) sink(i int, e event) {
	for {
		c := 4*i + 1
		if c >= len(q) {
			break
		}
		best := c
		for j := c + 1; j < min(c+4, len(q)); j++ {
			if q[j].before(&q[best]) {
				best = j
			}
		}
		if !q[best].before(&e) {
			break
		}
		q[i] = q[best]
		i = best
	}
	q[i] = e
}
