package sim

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

// queue is a 4-ary heap of events over (at, seq). The zero value is empty.
type queue struct {
	heap []event
	made uint64
}

func (q *queue) push(e event) {
	q.made++
	e.seq = q.made
	h := append(q.heap, e)
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
	q.heap = h
}

// pop removes the earliest event; false when there is none.
func (q *queue) pop() (event, bool) {
	h := q.heap
	if len(h) == 0 {
		return event{}, false
	}
	first := h[0]
	last := h[len(h)-1]
	h[len(h)-1] = event{} // drop what it refers to
	h = h[:len(h)-1]
	q.heap = h
	if len(h) == 0 {
		return first, true
	}
	i := 0
	for {
		c := 4*i + 1
		if c >= len(h) {
			break
		}
		best := c
		for j := c + 1; j < min(c+4, len(h)); j++ {
			if h[j].before(&h[best]) {
				best = j
			}
		}
		if !h[best].before(&last) {
			break
		}
		h[i] = h[best]
		i = best
	}
	h[i] = last
	return first, true
}

// peek is the time of the earliest event; false when there is none.
func (q *queue) peek() (int64, bool) {
	if len(q.heap) == 0 {
		return 0, false
	}
	return q.heap[0].at, true
}

func (q *queue) len() int { return len(q.heap) }
