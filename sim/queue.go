package sim

import "math/bits"

// An event is something that is due at a moment of virtual time. It is a value: the queue allocates nothing per event.
type event struct {
	at   int64  // µs of virtual time since the run began
	seq  uint64 // order of making; breaks ties, so that a run is deterministic
	node int32  // whom it concerns
	life uint32 // of that node, when the event was made: an event of an earlier life is void
	from int32  // deliver: the sender
	kind eventKind
	load any // deliver: *parcel; call: func()
}

type eventKind uint8

const (
	deliver eventKind = iota // a parcel reaches a node
	turn                     // a node takes its turn
	call                     // load is a func()
)

// queue gives events in the order of (at, seq). Each stays where it was put; what is ordered are their places. Most are due
// within seconds: they wait, unordered, in the slot of their millisecond, and only the slot that is due is a heap. What lies
// beyond the slots waits in a heap of its own. The zero value is empty.
type queue struct {
	made  uint64
	n     int
	now   int64 // slot that is due: near holds what is due in it, or before
	near  heap
	slots [slots]int32 // slot s, from now+1 to now+slots−1, at s modulo slots: number of the first place, from which next leads on
	used  [slots / 64]uint64
	far   heap    // from slot now+slots
	all   []place // place 0 is nobody's
	free  int32   // first place that may be used again
}

// place holds an event, or none.
type place struct {
	event
	next int32 // of those of one slot, or of those that are free; 0: none
}

const (
	slots    = 4096 // a power of two; of about a millisecond each
	slotBits = 10   // of µs
)

func (q *queue) push(e event) {
	q.made++
	e.seq = q.made
	q.n++
	i := q.free
	if i == 0 {
		if len(q.all) == 0 {
			q.all = append(q.all, place{})
		}
		i = int32(len(q.all))
		q.all = append(q.all, place{event: e})
	} else {
		p := &q.all[i]
		q.free, p.event = p.next, e
	}
	q.put(due{e.at, e.seq, i})
}

// put has an event wait where its time says.
func (q *queue) put(d due) {
	switch s := d.at >> slotBits; {
	case s <= q.now:
		q.near.push(d)
	case s < q.now+slots:
		i := s & (slots - 1)
		q.all[d.place].next = q.slots[i]
		q.slots[i] = d.place
		q.used[i/64] |= 1 << (i % 64)
	default:
		q.far.push(d)
	}
}

// pop removes the earliest event; false when there is none.
func (q *queue) pop() (event, bool) {
	if !q.advance() {
		return event{}, false
	}
	q.n--
	i := q.near.pop().place
	p := &q.all[i]
	e := p.event
	p.load = nil // drop what it refers to
	p.next, q.free = q.free, i
	return e, true
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
	for p := q.slots[i]; p != 0; p = q.all[p].next {
		q.near.push(due{q.all[p].at, q.all[p].seq, p})
	}
	q.slots[i] = 0
	q.used[i/64] &^= 1 << (i % 64)
	for len(q.far) > 0 && q.far[0].at>>slotBits < next+slots {
		q.put(q.far.pop())
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

// due says when the event of a place is due.
type due struct {
	at    int64
	seq   uint64
	place int32
}

func (d *due) before(e *due) bool { return d.at < e.at || d.at == e.at && d.seq < e.seq }

// heap is a 4-ary heap of places over (at, seq). The zero value is empty.
type heap []due

func (q *heap) push(d due) {
	h := append(*q, d)
	i := len(h) - 1
	for i > 0 {
		p := (i - 1) / 4
		if !d.before(&h[p]) {
			break
		}
		h[i] = h[p]
		i = p
	}
	h[i] = d
	*q = h
}

// pop removes the earliest of a heap that is not empty.
func (q *heap) pop() due {
	h := *q
	first := h[0]
	last := h[len(h)-1]
	h = h[:len(h)-1]
	*q = h
	if len(h) > 0 {
		h.sink(last)
	}
	return first
}

// sink puts one in the first place, or below where that holds a later one than those below.
func (q heap) sink(d due) {
	i := 0
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
		if !q[best].before(&d) {
			break
		}
		q[i] = q[best]
		i = best
	}
	q[i] = d
}
