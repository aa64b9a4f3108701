package op

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/wire"
)

// Where changes come back soon the window grows by one for each, as long as something waits; what is slow makes it smaller,
// once for all that was under way then, and from then on it grows slowly.
func TestWindowFollowsTheTimeOfChanges(t *testing.T) {
	w := window{size: windowFirst, waiting: make([]*change, 1)}
	now := vaultnet.Time(1000)
	for range 10 {
		w.note(now, 10*time.Millisecond, true)
	}
	if w.size != windowFirst+10 {
		t.Fatalf("%v after 10 quick changes, want %d", w.size, windowFirst+10)
	}
	full := w.size
	for range 20 {
		w.note(now, 500*time.Millisecond, true)
		now = now.Add(20 * time.Millisecond)
	}
	if w.size != full*3/4 {
		t.Fatalf("%v after 400 ms of slow changes, want %v", w.size, full*3/4)
	}
	for range 100 {
		w.note(now, 500*time.Millisecond, false) // asked for again, and again
		now = now.Add(200 * time.Millisecond)
	}
	if w.size != windowLeast {
		t.Fatalf("%v after 20 s of silence, want %d", w.size, windowLeast)
	}
	for range windowLeast {
		w.note(now, 10*time.Millisecond, true)
	}
	if w.size <= windowLeast+0.8 || w.size > windowLeast+1 {
		t.Errorf("%v after as many quick changes as were under way, want about one more than %d", w.size, windowLeast)
	}
	w.waiting = nil
	before := w.size
	w.note(now, 10*time.Millisecond, true)
	if w.size != before {
		t.Error("it grew, though nothing waited")
	}
}

// What is slow is judged by what is quick: far apart, nothing is.
func TestWindowKnowsTheDistance(t *testing.T) {
	w := window{size: windowFirst, waiting: make([]*change, 1)}
	now := vaultnet.Time(1000)
	w.note(now, 300*time.Millisecond, true)
	w.note(now, 900*time.Millisecond, true)
	if w.size != windowFirst+2 {
		t.Errorf("%v, want %d: 900 ms are thrice what the quickest took", w.size, windowFirst+2)
	}
	w.note(now, 1300*time.Millisecond, true)
	if w.size >= windowFirst {
		t.Errorf("%v: 1.3 s are more than four times what the quickest took", w.size)
	}
	now = now.Add(windowForth)
	w.note(now, 2*time.Second, true) // it has become further away
	if w.quick != 2*time.Second {
		t.Errorf("after a minute the quickest still took %v", w.quick)
	}
}

// Of many changes that begin together no more than the window has room for are submitted before one is done, in the order
// in which they began; all of them get through. One that is cancelled while it waits asks nobody anything.
func TestWindowHoldsBackWhatIsTooMuch(t *testing.T) {
	const many = 100
	w := newWorld(t, 8)
	alice := w.owner("alice")
	at := make(map[vaultnet.Address]int)
	var addresses []vaultnet.Address
	for i := range many {
		a := w.address(fmt.Sprintf("object %d", i))
		at[a] = i
		addresses = append(addresses, a)
	}
	seen, atFirst := make(map[vaultnet.Digest]bool), 0 // submitted; so many when the first was done
	var order []int
	w.watch = func(_ *vault, m wire.Message) {
		if s, ok := m.(*wire.Submit); ok && s.Request.Address.Kind == vaultnet.KindMutableData && !seen[s.Request.ID] {
			seen[s.Request.ID] = true
			order = append(order, at[s.Request.Address])
		}
	}
	w.hear = func(_ vaultnet.PublicKey, m wire.Message) {
		if r, ok := m.(*wire.Reply); ok && r.Outcome == agreement.Applied && seen[r.ID] && atFirst == 0 {
			atFirst = len(seen)
		}
	}
	var tickets []Ticket
	for _, a := range addresses {
		tickets = append(tickets, w.c.Start(w.now, Mutate{As: alice, Address: a, Mutation: put(alice), Options: Options{Timeout: time.Minute}}))
	}
	if q := w.c.Queued(); q != many-windowFirst {
		t.Errorf("%d wait, want %d", q, many-windowFirst)
	}
	const cancelled = 70
	w.c.Cancel(w.now, tickets[cancelled])
	w.run(0, time.Minute)
	for i, ticket := range tickets {
		if d, ok := w.done[ticket]; !ok || (d.Err != nil) != (i == cancelled) {
			t.Errorf("change %d: done %t, %v", i, ok, d.Err)
		}
	}
	if slices.Contains(order, cancelled) || len(order) != many-1 {
		t.Errorf("%d were submitted, want all but the one that was cancelled: %v", len(order), order)
	}
	if !slices.IsSorted(order[:windowFirst]) || slices.Max(order[:windowFirst]) != windowFirst-1 {
		t.Errorf("submitted first: %v, want the first %d", order[:windowFirst], windowFirst)
	}
	if atFirst != windowFirst {
		t.Errorf("%d were submitted before one was done, want %d", atFirst, windowFirst)
	}
	if w.c.window.under != 0 || w.c.window.queued != 0 || len(w.c.window.waiting) != 0 || w.c.Queued() != 0 {
		t.Errorf("at the end %d are under way, %d wait", w.c.window.under, len(w.c.window.waiting))
	}
}

// Many changes of one object wait for one another; those of other objects do not wait for them.
func TestOneBusyObjectLeavesRoomForOthers(t *testing.T) {
	w, alice, a := heldObject(t)
	for i := range 100 {
		w.c.Start(w.now, Mutate{As: alice, Address: a, Mutation: insert(fmt.Sprintf("%02d", i), "v"), Options: Options{Timeout: time.Minute}})
	}
	other := w.c.Start(w.now, Mutate{As: alice, Address: w.address("other"), Mutation: put(alice), Options: Options{Timeout: time.Minute}})
	w.run(other, time.Minute)
	if d := w.done[other]; d.Err != nil {
		t.Fatal(d.Err)
	}
	if n := w.at(a).last().object.Len(); n > 45 {
		t.Errorf("%d changes of the busy object were done before the other object's", n)
	}
}
