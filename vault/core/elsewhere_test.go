package core

import (
	"slices"
	"testing"
	"time"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/wire"
	"vaultnet/mutabledata"
)

// Vaults that take part in another first set of an address than the one that holds it, as after a split, come to hold what
// that holds, and forget it after the grace; but never what they voted.
func TestAFirstSetThatCanDecideNothingYields(t *testing.T) {
	w := newTown(t, 16)
	w.run(time.Second)
	a := address("notes")
	c := w.citizen("Alice")
	proof := &agreement.SetProof{}
	var others []*house
	for _, h := range w.houses { // on the other side of the split, before anything was held
		if !slices.Contains(w.group(a), h) {
			others = append(others, h)
			proof.Members = append(proof.Members, h.id)
		}
	}
	proof.Members = agreement.NewSet(1, a, proof.Members).Members
	for _, k := range proof.Members {
		h := w.nodes[k].(*house)
		proof.Views = append(proof.Views, agreement.View{Time: w.now, By: attest(w, h, agreement.ViewLeaf(w.network, a, proof.Members, w.now))})
	}
	c.put(a)
	w.drop = func(from, to vaultnet.PublicKey, m wire.Message) bool { // until all have voted
		b, ok := m.(*wire.Bundle)
		return ok && b.Want != nil
	}
	put := w.sign(c.key, a, 1, mutabledata.Encode(&mutabledata.Put{Owner: c.key.Public()}), wire.Attached{
		Permit: c.permit(c.key, a, 1), Proof: proof})
	for i, h := range others {
		w.post(others[(i+1)%len(others)].id, h.id, &wire.Bundle{Bundle: &agreement.Bundle{Address: a, Requests: []*agreement.Request{put}}})
	}
	w.until(20*time.Second, "they vote", func() bool {
		return !slices.ContainsFunc(others, func(h *house) bool { o := h.object(a); return o == nil || !o.Voted() })
	})
	w.drop = nil
	w.until(3*time.Minute, "they yield", func() bool {
		return !slices.ContainsFunc(others, func(h *house) bool {
			o := h.object(a)
			return o == nil || o.Height() != 1 || o.Member() || o.HalfOpen() || !o.Outvoted()
		})
	})
	w.run(leaverGrace + time.Minute)
	for _, h := range others {
		left := 0
		for range h.scan(string(ObjectPrefix(a))) {
			left++
		}
		if h.core.Object(a) != nil || left != 1 {
			t.Fatalf("%d records are left, 1 is to be: what it voted", left)
		}
		w.stop(h)
		w.restart(h)
		if o := h.object(a); o == nil || !o.Voted() || o.HalfOpen() {
			t.Fatal("it does not remember that it voted")
		}
	}
	w.run(time.Minute)
	if !w.quiet() {
		t.Fatal("not silent")
	}
}

// Where a split made two objects at one address, the members of each decline to join the other's set, so that a member that is
// gone is dropped without waiting for one after another of them to come.
func TestMembersOfAnotherSetOfTheAddressDecline(t *testing.T) {
	w := newTown(t, 16)
	w.run(time.Second)
	a := address("notes")
	near := w.group(a)
	var far []*house
	for _, h := range w.houses {
		if !slices.Contains(near, h) {
			far = append(far, h)
		}
	}
	side := func(k vaultnet.PublicKey) int {
		switch h, _ := w.nodes[k].(*house); {
		case h == nil:
			return 0
		case slices.Contains(near, h):
			return 1
		}
		return 2
	}
	w.drop = func(from, to vaultnet.PublicKey, _ wire.Message) bool { return side(from)+side(to) == 3 }
	c := w.citizen("Alice")
	c.put(a)
	proof := &agreement.SetProof{}
	for _, h := range far {
		proof.Members = append(proof.Members, h.id)
	}
	proof.Members = agreement.NewSet(1, a, proof.Members).Members
	for _, k := range proof.Members {
		h := w.nodes[k].(*house)
		proof.Views = append(proof.Views, agreement.View{Time: w.now, By: attest(w, h, agreement.ViewLeaf(w.network, a, proof.Members, w.now))})
	}
	put := w.sign(c.key, a, 1, mutabledata.Encode(&mutabledata.Put{Owner: c.key.Public()}), wire.Attached{
		Permit: c.permit(c.key, a, 1), Proof: proof})
	for i, h := range far {
		w.post(far[(i+1)%len(far)].id, h.id, &wire.Bundle{Bundle: &agreement.Bundle{Address: a, Requests: []*agreement.Request{put}}})
	}
	w.until(20*time.Second, "both sides hold an object", func() bool {
		return !slices.ContainsFunc(w.houses, func(h *house) bool { o := h.object(a); return o == nil || o.Height() != 1 })
	})
	w.drop = nil
	gone := near[3]
	w.stop(gone)
	w.until(w.params.LeaveAfter+inviteEvery, "the member that is gone is dropped", func() bool {
		s := near[0].object(a).Set()
		return s.Number == 2 && s.Index(gone.id) < 0 && len(s.Members) == 7
	})
}
