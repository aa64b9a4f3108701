package op

import (
	"errors"
	"testing"
	"time"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/wire"
	"vaultnet/refusal"
)

// The eight nearest disagree four to four about who they are: there is no proof, and nothing is sent, until they agree.
func TestGenesisSplitViews(t *testing.T) {
	w := newWorld(t, 9)
	alice := w.owner("alice")
	a := w.address("new")
	near := w.near(a)
	ninth := w.vaults[0]
	for _, v := range w.vaults {
		found := false
		for _, n := range near {
			found = found || n == v
		}
		if !found {
			ninth = v
		}
	}
	agree := w.now.Add(3 * time.Second)
	for _, v := range near[:4] {
		v.lie = func(q wire.Message) ([]wire.Message, bool) {
			g, ok := q.(*wire.GetView)
			if !ok || w.now > agree || g.Address != a {
				return nil, false
			}
			var members []vaultnet.PublicKey
			for _, n := range near[:7] {
				members = append(members, n.id)
			}
			members = agreement.NewSet(1, a, append(members, ninth.id)).Members
			return []wire.Message{&wire.ViewAnswer{Call: g.Call, Address: a, Members: members,
				View: &agreement.View{Time: w.now, By: v.attest(agreement.ViewLeaf(w.network, a, members, w.now))}}}, true
		}
	}
	w.watch = func(to *vault, m wire.Message) {
		if s, ok := m.(*wire.Submit); ok && s.Request.Address == a && w.now < agree {
			t.Errorf("a request is sent with a proof of split views")
		}
	}
	d := w.must(Mutate{As: alice, Address: a, Mutation: put(alice)})
	if w.now < agree || d.Height != 1 {
		t.Errorf("done at %d", d.Height)
	}
}

// Views get old: a first request that is not decided gets fresh ones attached, and stays the same request.
func TestGenesisViewsRenewed(t *testing.T) {
	w := newWorld(t, 8)
	alice := w.owner("alice")
	a := w.address("new")
	busy := w.now.Add(8 * time.Second)
	ids, proofs := make(map[vaultnet.Digest]bool), make(map[*agreement.SetProof]bool)
	for _, v := range w.vaults {
		v.lie = func(q wire.Message) ([]wire.Message, bool) {
			s, ok := q.(*wire.Submit)
			if !ok || s.Request.Address != a {
				return nil, false
			}
			if !s.Request.Proof.Near(w.now) {
				t.Error("an old proof is sent")
			}
			ids[s.Request.ID], proofs[s.Request.Proof] = true, true
			if w.now > busy {
				return nil, false
			}
			return []wire.Message{&wire.Reply{Address: a, ID: s.Request.ID, Outcome: agreement.Refused, Err: refusal.New(refusal.NotSettled)}}, true
		}
	}
	w.must(Mutate{As: alice, Address: a, Mutation: put(alice)})
	if len(ids) != 1 || len(proofs) < 2 {
		t.Errorf("%d requests with %d proofs", len(ids), len(proofs))
	}
}

// Two liars prove a first set of the two of them: a proof is signed by a quorum of the set that it names itself. It is
// not taken, for nobody else in the close group names that set.
func TestGenesisForgedSet(t *testing.T) {
	for _, honest := range []bool{true, false} { // whether the others answer, too
		w := newWorld(t, 8)
		alice := w.owner("alice")
		a := w.address("new")
		liars := w.near(a)[3:5]
		forged := agreement.NewSet(1, a, []vaultnet.PublicKey{liars[0].id, liars[1].id})
		for _, v := range w.vaults {
			v.lie = func(q wire.Message) ([]wire.Message, bool) {
				if v != liars[0] && v != liars[1] {
					_, ok := q.(*wire.GetView)
					return nil, ok && !honest
				}
				switch q := q.(type) {
				case *wire.GetView:
					return []wire.Message{&wire.ViewAnswer{Call: q.Call, Address: a, Members: forged.Members,
						View: &agreement.View{Time: w.now, By: v.attest(agreement.ViewLeaf(w.network, a, forged.Members, w.now))}}}, q.Address == a
				case *wire.Submit:
					return []wire.Message{&wire.Reply{Address: a, ID: q.Request.ID, Outcome: agreement.Applied, Height: 1, Set: refOf(forged), Result: []byte{0x81, 0x80}}}, q.Request.Address == a
				}
				return nil, false
			}
		}
		d := w.do(Mutate{As: alice, Address: a, Mutation: put(alice), Options: Options{Timeout: 5 * time.Second}})
		if made := len(w.at(a).states) == 2; made != (d.Err == nil) || made != honest {
			t.Errorf("others answer: %t, made: %t, answered %v", honest, made, d.Err)
		}
	}
}

// Two Puts at once at one address: one makes the object, the other is told that it exists, by its members.
func TestGenesisTwoPuts(t *testing.T) {
	w := newWorld(t, 8)
	alice, bob := w.owner("alice"), w.owner("bob")
	a := w.address("new")
	first := w.c.Start(w.now, Mutate{As: alice, Address: a, Mutation: put(alice)})
	second := w.c.Start(w.now, Mutate{As: bob, Address: a, Mutation: put(bob)})
	w.run(first, time.Minute)
	w.run(second, time.Minute)
	x, y := w.done[first].Err, w.done[second].Err
	if (x == nil) == (y == nil) || x != nil && !errors.Is(x, refusal.DataExists) || y != nil && !errors.Is(y, refusal.DataExists) {
		t.Errorf("%v and %v", x, y)
	}
}

// A Put where a client believes that nothing is, though there is something, goes on at the set that holds it.
func TestGenesisAtTakenAddress(t *testing.T) {
	w, _, a := heldObject(t)
	bob := w.owner("bob")
	w.c = w.client()
	if e := w.refused(Mutate{As: bob, Address: a, Mutation: put(bob)}, refusal.DataExists); e.Subject == "" || e.Op != "mutate" {
		t.Errorf("%+v", e)
	}
}

// A request that was made for a set that has changed is signed anew for the newer one, also while it is under way.
func TestMovedUnderWay(t *testing.T) {
	w := newWorld(t, 9)
	alice := w.owner("alice")
	a := w.address("object")
	w.must(Mutate{As: alice, Address: a, Mutation: put(alice)})
	w.must(Mutate{As: alice, Address: a, Mutation: insert("a", "v")})
	for _, v := range w.members(a)[:3] {
		v.silent = true // so that nothing can be decided
	}
	ticket := w.c.Start(w.now, Mutate{As: alice, Address: a, Mutation: insert("k", "v")})
	w.run(ticket, time.Second)
	for _, v := range w.vaults {
		v.silent = false
	}
	w.swap(a)
	d := w.run(ticket, time.Minute)
	if d.Err != nil || w.value(a, "k") != "v" || d.Height != 4 {
		t.Errorf("%v at %d", d.Err, d.Height)
	}
}
