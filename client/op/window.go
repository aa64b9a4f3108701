package op

import (
	"slices"
	"time"

	"vaultnet"
)

// Of the window: how many changes, and how long they may take until that counts as too long.
const (
	windowFirst = 16
	windowLeast = 4
	windowLong  = 400 * time.Millisecond // or
	windowTimes = 4                      // so many times what a change took at the quickest, where that is more
	windowForth = time.Minute            // after which what was the quickest is found anew
)

// window bounds how many changes of a client are under way at once: more wait for their turn here, in order, and ask nobody
// anything meanwhile. What is under way beyond what vaults get done makes nothing quicker, and past a point everything
// slower: members lose patience with one another, clients with them, permits and deadlines pass before they are of use, and
// what is done is mostly done again. So the window grows while changes come back soon and shrinks where they do not, as TCP's
// does (RFC 5681: slow start, additive increase, multiplicative decrease), by delay rather than loss (RFC 6817).
type window struct {
	size    float64
	halved  bool          // it was too large once: from then on it grows slowly
	quick   time.Duration // what a change took at the quickest of late; 0: none is known
	found   vaultnet.Time // when that was
	until   vaultnet.Time // what is slow until then was under way when it was made smaller
	under   int           // changes under way, those included that wait at their place
	queued  int           // those
	waiting []*change     // next first
}

// admit reports whether a change may begin; it is poked when its turn comes. What concerns an account does not wait: changes
// that are under way wait for the permits which that brings.
func (c *Client) admit(m *change) bool {
	w := &c.window
	if m.admitted || m.place.address.Kind == vaultnet.KindAccount {
		return true
	}
	i := slices.Index(w.waiting, m)
	if i < 0 {
		i = len(w.waiting)
		w.waiting = append(w.waiting, m)
	}
	if i < c.vacant() {
		w.waiting = slices.Delete(w.waiting, i, i+1)
		w.under++
		m.admitted = true
		m.phases.began = c.now
	}
	return m.admitted
}

// vacant is how many changes more may begin. Those that wait at their place for others ask nobody anything, either.
func (c *Client) vacant() int { return int(c.window.size) + c.window.queued - c.window.under }

// depart ends a change, or its waiting.
func (c *Client) depart(m *change) {
	w := &c.window
	if m.admitted {
		w.under--
		m.admitted = false
	} else if i := slices.Index(w.waiting, m); i >= 0 {
		w.waiting = slices.Delete(w.waiting, i, i+1)
	}
	c.beckon()
}

// beckon pokes those whose turn it is.
func (c *Client) beckon() {
	for i := range min(max(c.vacant(), 0), len(c.window.waiting)) {
		c.window.waiting[i].poke()
	}
}

// note takes how long the members took for a change, and whether it is over: one that was asked for again is not.
func (w *window) note(now vaultnet.Time, took time.Duration, over bool) {
	if over && (w.quick == 0 || took <= w.quick || now >= w.found.Add(windowForth)) {
		w.quick, w.found = max(took, time.Millisecond), now
	}
	switch {
	case took > max(windowLong, windowTimes*w.quick):
		if now >= w.until {
			w.size = max(w.size*3/4, windowLeast)
			w.until = now.Add(took)
			w.halved = true
		}
	case !over || len(w.waiting) == 0: // it is large enough
	case w.halved:
		w.size = min(w.size+1/w.size, maxOperations)
	default:
		w.size = min(w.size+1, maxOperations)
	}
}
