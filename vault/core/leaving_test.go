package core

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"vaultnet"
	"vaultnet/internal/merkle"
	"vaultnet/internal/wire"
	"vaultnet/mutabledata"
)

// A vault that leaves serves and votes until others have taken its place everywhere, and its chunks.
func TestAVaultThatLeavesIsReplacedWhileItServes(t *testing.T) {
	w := newTown(t, 12)
	w.run(20 * time.Second)
	c := w.citizen("Alice")
	leaver := w.members(address("object 0"))[2]
	var objects []vaultnet.Address
	for i := range 80 { // more than may change at once
		a := address(fmt.Sprint("object ", i))
		c.put(a, mutabledata.Entry{Key: "k", Value: mutabledata.Value{Content: []byte("v")}})
		objects = append(objects, a)
	}
	var chunks []vaultnet.Name
	for i := range 20 {
		content := []byte(fmt.Sprint("chunk ", i))
		c.store(content, nil)
		chunks = append(chunks, vaultnet.ChunkAddress(content).Name)
	}
	w.run(20 * time.Second)
	before := leaver.core.Departure()
	if before.Going || before.Objects < 40 || before.Chunks == 0 {
		t.Fatalf("%+v", before)
	}
	leaver.tell(Leave(true))
	w.run(50 * time.Millisecond)
	if d := leaver.core.Departure(); !d.Going || d.Objects != before.Objects || d.Stuck != 0 {
		t.Fatalf("%+v at once, of %+v", d, before)
	}
	if len(leaver.core.changes.active) > maxChanging {
		t.Fatalf("%d changes at once", len(leaver.core.changes.active))
	}
	for _, a := range objects[:5] { // on the way
		c.applied(c.mutate(a, c.permit(c.key, a, 1), insert("on the way", "x")), 5)
	}
	w.until(time.Minute, "all is handed over", func() bool { return leaver.core.Departure().Left() })
	for _, h := range w.houses {
		for holding := range h.core.Holdings() {
			if h != leaver && holding.Member && holding.Set.Index(leaver.id) >= 0 {
				t.Fatalf("%v has the leaver still", holding.Address)
			}
		}
	}
	w.stop(leaver)
	w.run(time.Minute)
	for _, a := range objects {
		s := w.set(a)
		if len(s.Members) != 8 {
			t.Fatalf("%v has %d members", a, len(s.Members))
		}
		got := 0
		for _, r := range c.read(a, mutabledata.GetValue{Key: "k"}) {
			if r.Err == nil && r.Member {
				got++
			}
		}
		if got != 8 {
			t.Fatalf("%d members of %v have the value", got, a)
		}
	}
	for _, n := range chunks {
		if got := w.holders(n); got < 8 {
			t.Fatalf("%d hold a chunk", got)
		}
	}
	if !w.quiet() {
		t.Fatal("the town does not sleep")
	}
}

// While a vault leaves it is asked into no new set, nor as a newcomer; it is again when it stays.
func TestALeaverIsAskedIntoNoSet(t *testing.T) {
	w := newTown(t, 10)
	w.run(20 * time.Second)
	c := w.citizen("Alice")
	a := address("new")
	leaver := w.group(a)[0]
	leaver.tell(Leave(true))
	w.run(time.Second)
	for _, h := range w.houses {
		if slices.Contains(h.core.closeGroup(a.Location()), leaver.id) {
			t.Fatal("it is of the close group of a free address")
		}
	}
	w.until(time.Minute, "it has left the account", func() bool { return leaver.core.Departure().Left() })
	w.run(time.Minute)
	if !w.quiet() {
		t.Fatal("the town does not sleep while a vault that has left is there")
	}
	leaver.tell(Leave(false))
	w.until(time.Minute, "it is a member again", func() bool { return w.set(c.account).Index(leaver.id) >= 0 || !w.nearest(c.account, leaver) })
	if !slices.Contains(w.houses[len(w.houses)-1].core.closeGroup(a.Location()), leaver.id) {
		t.Fatal("it stays, and is not of the close group")
	}
}

// nearest reports whether a vault is among the eight nearest to an address.
func (w *town) nearest(a vaultnet.Address, h *house) bool { return slices.Contains(w.group(a), h) }

// Where a set may lose no member and nobody else is there, a leaver waits, says so, and goes on serving.
func TestALeaverWaitsWhereNoneMayBeMissed(t *testing.T) {
	w := newTown(t, 4)
	w.run(20 * time.Second)
	c := w.citizen("Alice")
	a := address("notes")
	c.put(a)
	leaver := w.houses[1]
	leaver.tell(Leave(true))
	w.run(2 * time.Minute)
	if d := leaver.core.Departure(); d.Objects != 2 || d.Stuck != 2 {
		t.Fatalf("%+v", d)
	}
	if n := w.set(a).Number; n != 1 {
		t.Fatalf("the set of four changed: %d", n)
	}
	if !w.quiet() {
		t.Fatal("the town does not sleep")
	}
	c.applied(c.mutate(a, c.permit(c.key, a, 1), insert("k", "v")), 3)
	w.introduce(w.build("a newcomer")) // that nobody has known for T_join
	w.until(time.Minute, "the newcomer takes its place", func() bool { return leaver.core.Departure().Left() })
	if s := w.set(a); len(s.Members) != 4 || s.Index(leaver.id) >= 0 {
		t.Fatalf("%d members", len(s.Members))
	}
}

// A vault's word is its own, in time, and counts once.
func TestAttackLeavingIsSaidByNobodyElse(t *testing.T) {
	w := newTown(t, 12)
	w.run(20 * time.Second)
	c := w.citizen("Alice")
	a := address("notes")
	c.put(a)
	members := w.members(a)
	victim, hearer := members[0], members[1]
	say := func(signer, sender *house, at vaultnet.Time, going bool) {
		m := &wire.Leaving{Time: at, Going: going, By: &merkle.Attestation{Signer: signer.id}}
		m.By = attest(w, signer, m.Leaf(w.network))
		w.post(sender.id, hearer.id, m)
		w.run(100 * time.Millisecond)
	}
	says := func(what string, want bool) {
		t.Helper()
		if got := hearer.core.leaves(victim.id); got != want {
			t.Errorf("%s: leaving %v", what, got)
		}
	}
	say(members[2], victim, w.now, true)
	says("signed by another", false)
	say(victim, members[2], w.now, true)
	says("passed on by another", false)
	forged := &wire.Leaving{Time: w.now, Going: true, By: &merkle.Attestation{Signer: victim.id}}
	forged.By = attest(w, members[2], forged.Leaf(w.network))
	forged.By.Signer = victim.id
	w.post(victim.id, hearer.id, forged)
	w.run(100 * time.Millisecond)
	says("forged", false)
	say(victim, victim, w.now.Add(-2*time.Minute), true)
	says("of two minutes ago", false)
	say(victim, victim, w.now.Add(10*time.Second), true)
	says("of a time to come", false)
	stranger := &house{signer: w.person("stranger")}
	stranger.id = stranger.signer.Public()
	say(stranger, stranger, w.now, true)
	first := w.now
	say(victim, victim, first, true)
	says("its own", true)
	say(victim, victim, first+1, false)
	says("taken back", false)
	say(victim, victim, first, true)
	says("the first once more", false)
}

// A vault whose connection ended, or that starts anew, does not leave any more.
func TestWhoStartsAnewStays(t *testing.T) {
	w := newTown(t, 4) // which nobody can leave
	w.run(20 * time.Second)
	w.citizen("Alice")
	leaver := w.houses[0]
	leaver.tell(Leave(true))
	w.run(time.Second)
	if !w.houses[1].core.leaves(leaver.id) {
		t.Fatal("not heard")
	}
	w.stop(leaver)
	w.restart(leaver)
	w.run(time.Second)
	for _, h := range w.houses {
		if h.core.leaves(leaver.id) {
			t.Fatal("still leaving")
		}
	}
	if leaver.core.Departure().Going {
		t.Fatal("it goes on leaving")
	}
}

// A vault that wanted to go and stays says so again to whoever has not heard of it and wishes it out of a set.
func TestThatAVaultStaysIsSaidAgain(t *testing.T) {
	w := newTown(t, 8)
	w.run(20 * time.Second)
	c := w.citizen("Alice")
	a := address("notes")
	c.put(a)
	leaver, deaf := w.houses[1], w.houses[5]
	leaver.tell(Leave(true))
	w.run(time.Second)
	w.drop = func(from, to vaultnet.PublicKey, m wire.Message) bool {
		l, ok := m.(*wire.Leaving)
		return ok && !l.Going && to == deaf.id
	}
	leaver.tell(Leave(false))
	w.run(time.Second)
	w.drop = nil
	if !deaf.core.leaves(leaver.id) {
		t.Fatal("it heard of it")
	}
	w.run(3 * time.Minute)
	if deaf.core.leaves(leaver.id) {
		t.Error("it still takes the vault for one that leaves")
	}
	if !w.quiet() {
		t.Error("the town does not sleep")
	}
}

// What a vault said before it started anew, and that comes after that, is taken back when somebody acts upon it.
func TestThatAVaultLeavesIsHeardLate(t *testing.T) {
	w := newTown(t, 8)
	w.run(20 * time.Second)
	c := w.citizen("Alice")
	c.put(address("notes"))
	leaver, late := w.houses[1], w.houses[5]
	var said *wire.Leaving
	w.drop = func(from, to vaultnet.PublicKey, m wire.Message) bool {
		l, ok := m.(*wire.Leaving)
		if ok && to == late.id {
			said = l
		}
		return ok && to == late.id
	}
	leaver.tell(Leave(true))
	w.run(100 * time.Millisecond)
	w.drop = nil
	w.stop(leaver)
	w.restart(leaver)
	w.run(time.Second)
	late.tell(Verified(said, leaver.id))
	late.turn()
	if !late.core.leaves(leaver.id) {
		t.Fatal("it was not taken for one that leaves")
	}
	w.run(3 * time.Minute)
	if late.core.leaves(leaver.id) {
		t.Error("it is still taken for one that leaves")
	}
	if !w.quiet() {
		t.Error("the town does not sleep")
	}
}
