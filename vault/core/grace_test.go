package core

import (
	"strings"
	"testing"
	"time"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/wire"
	"vaultnet/xor"
)

// has reports whether a vault holds a decided state, in memory and store.
func (h *house) has(a vaultnet.Address) bool {
	o := h.object(a)
	if o == nil || o.Height() == 0 {
		return false
	}
	for k := range h.store {
		if strings.HasPrefix(k, string(ObjectPrefix(a))) {
			return true
		}
	}
	return false
}

// cut ends all connections of a vault, which goes on running; mend makes them anew.
func (w *town) cut(h *house) {
	for _, o := range w.houses {
		if o != h {
			o.tell(PeerDown(h.id))
			h.tell(PeerDown(o.id))
		}
	}
	w.drop = func(from, to vaultnet.PublicKey, _ wire.Message) bool { return from == h.id || to == h.id }
}

func (w *town) mend(h *house) {
	w.drop = nil
	for _, o := range w.houses {
		if o != h {
			o.tell(PeerUp(h.id))
			h.tell(PeerUp(o.id))
		}
	}
}

// shun has nobody want a vault as a member of an object.
func (w *town) shun(a vaultnet.Address, h *house) {
	for _, o := range w.houses {
		o.core.changes.passed[passing{a, h.id}] = w.now.Add(time.Hour)
	}
}

// outsider is a vault that is no member of an object, the farthest from it.
func (w *town) outsider(a vaultnet.Address) *house {
	var far *house
	for _, h := range w.houses {
		if w.set(a).Index(h.id) < 0 && (far == nil || xor.Compare(a.Location(), h.id.Location(), far.id.Location()) > 0) {
			far = h
		}
	}
	return far
}

// invite has w members ask a vault to follow.
func (w *town) invite(a vaultnet.Address, h *house) {
	s := w.set(a)
	for _, m := range s.Members[:s.Weak()] {
		w.post(m, h.id, &wire.Invite{Address: a, Set: s})
	}
}

// A vault that followed and was not added keeps what it holds for the grace: a block that adds it may be undecided still.
func TestAFollowerKeepsWhatItHoldsForTheGrace(t *testing.T) {
	w := newTown(t, 12)
	w.run(time.Second)
	a := address("notes")
	w.citizen("Alice").put(a)
	h := w.outsider(a)
	w.invite(a, h)
	w.run(10 * time.Second)
	if !h.has(a) {
		t.Fatal("it does not follow")
	}
	w.run(followFor)
	if l := h.core.objects.get(a).live; l == nil || l.following || h.core.invited.following != 0 {
		t.Fatal("it follows on")
	}
	if !h.has(a) {
		t.Fatal("it gave up and erased a state that members count on")
	}
	w.run(leaverGrace - 15*time.Second)
	if !h.has(a) {
		t.Fatal("erased within the grace")
	}
	w.run(time.Minute)
	if h.has(a) || h.object(a) != nil {
		t.Fatal("kept for ever")
	}
}

// A vault that follows although it left a moment ago, and gives up, is in its grace still.
func TestAFormerMemberThatFollowedKeepsItsGrace(t *testing.T) {
	w := newTown(t, 12)
	w.run(time.Second)
	a := address("notes")
	w.citizen("Alice").put(a)
	h := w.members(a)[7]
	w.shun(a, h)
	w.cut(h)
	w.until(time.Minute, "it is replaced", func() bool { return w.set(a).Index(h.id) < 0 })
	w.mend(h)
	w.until(time.Minute, "it learns so", func() bool { o := h.object(a); return o != nil && !o.Member() })
	w.invite(a, h)
	w.run(followFor + 10*time.Second)
	if !h.has(a) {
		t.Fatal("erased within the grace")
	}
	if w.set(a).Index(h.id) >= 0 || h.core.objects.get(a).live.following {
		t.Fatal("it is to have given up")
	}
}

// The grace of who left, came back and left again begins anew.
func TestTheGraceBeginsAnew(t *testing.T) {
	w := newTown(t, 12)
	w.run(time.Second)
	a := address("notes")
	w.citizen("Alice").put(a)
	h := w.members(a)[0]
	leave := func() {
		t.Helper()
		w.cut(h)
		w.until(time.Minute, "it is replaced", func() bool { return w.set(a).Index(h.id) < 0 })
		w.mend(h)
		w.until(time.Minute, "it learns so", func() bool { o := h.object(a); return o != nil && !o.Member() })
	}
	leave()
	over := w.now.Add(leaverGrace)
	w.until(2*time.Minute, "it is a member again", func() bool { return h.object(a).Member() })
	w.run(over.Sub(w.now) - 20*time.Second)
	w.shun(a, h)
	leave()
	if w.now > over {
		t.Fatalf("left %v too late for this test", w.now.Sub(over))
	}
	for end := over.Add(30 * time.Second); w.step(end); {
		if !h.has(a) {
			t.Fatalf("erased %v after it left for the second time", w.now.Sub(over))
		}
	}
}

// A former member that starts anew within its grace, and then one that cannot reach those that hold the object now.
func TestTheGraceOutlastsARestartAndASplit(t *testing.T) {
	w := newTown(t, 12)
	w.run(time.Second)
	a := address("notes")
	w.citizen("Alice").put(a)
	h := w.members(a)[7]
	w.shun(a, h)
	w.cut(h)
	w.until(time.Minute, "it is replaced", func() bool { return w.set(a).Index(h.id) < 0 })
	w.mend(h)
	w.until(time.Minute, "it learns so", func() bool { o := h.object(a); return o != nil && !o.Member() })
	w.run(time.Minute)
	w.stop(h)
	w.restart(h)
	w.run(time.Minute)
	if !h.has(a) {
		t.Fatal("erased at its start")
	}
	w.cut(h)
	w.run(leaverGrace)
	if !h.has(a) {
		t.Fatal("erased while it could not know whether it is a member again")
	}
	w.mend(h)
	w.shun(a, h)
	w.run(leaverGrace + 30*time.Second)
	if h.has(a) {
		t.Fatal("kept for ever")
	}
}

// The grace ends in the very turn in which something arrives for the object.
func TestTheGraceEndsInABusyTurn(t *testing.T) {
	w := newTown(t, 12)
	w.run(time.Second)
	a := address("notes")
	w.citizen("Alice").put(a)
	h := w.outsider(a)
	w.invite(a, h)
	w.run(followFor + 10*time.Second)
	w.run(h.core.objects.get(a).live.keepUntil.Sub(w.now) - latency*time.Millisecond)
	w.post(w.members(a)[0].id, h.id, &wire.Bundle{Bundle: &agreement.Bundle{Address: a, Height: 1}})
	w.run(time.Second)
	if h.has(a) {
		t.Fatal("kept for ever")
	}
}
