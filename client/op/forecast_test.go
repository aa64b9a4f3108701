package op

import (
	"fmt"
	"testing"

	"vaultnet"
	"vaultnet/mutabledata"
)

// Who goes through many objects in the order in which they were made needs a permit for each at first, and soon one for dozens.
func TestObjectsInTurnShareAPermit(t *testing.T) {
	const objects = 120
	w := newWorld(t, 8)
	alice := w.owner("alice")
	var at []vaultnet.Address
	for i := range objects {
		at = append(at, w.address(fmt.Sprintf("object %d", i)))
	}
	n := w.issues()
	for i, a := range at {
		w.must(Mutate{As: alice, Address: a, Mutation: put(alice)})
		if len(*n) != i+1 {
			t.Fatalf("%d permits for %d new objects, which nobody foresees", len(*n), i+1)
		}
	}
	w.now = w.now.Add(w.params.PermitLifetime) // those are over
	*n = nil
	for _, a := range at {
		w.must(Mutate{As: alice, Address: a, Mutation: insert("k", "v")})
	}
	if len(*n) > 12 {
		t.Errorf("%d permits for %d objects in turn", len(*n), objects)
	}
}

// Where nothing repeats, nothing is asked for that was not needed; where it ceases to, little is.
func TestForecastSaysNoMoreThanItWasRight(t *testing.T) {
	a := func(i int) vaultnet.Address {
		return vaultnet.Address{Kind: vaultnet.KindMutableData, Name: vaultnet.Name{byte(i), byte(i >> 8), byte(i >> 16)}, Tag: 1}
	}
	var f forecast
	for i := range 100 {
		f.note(a(i))
	}
	if f.right != 0 {
		t.Fatalf("right %d times about what came for the first time", f.right)
	}
	for i := range 20 {
		f.note(a(i))
		f.note(a(i)) // again: no step
	}
	if f.right != 19 {
		t.Fatalf("right %d times, want 19", f.right)
	}
	for i := 90; i > 70; i-- {
		f.note(a(i))
	}
	if f.right != 0 {
		t.Errorf("right %d times, and was wrong 20 times since", f.right)
	}
	for i := range 3 * maxForecast {
		f.note(a(i))
	}
	if len(f.after) > maxForecast {
		t.Errorf("%d are remembered, at most %d are to be", len(f.after), maxForecast)
	}
}

// An object that is changed now and then gets a permit for as many changes as come in its lifetime, not for eight times as
// many each time: what is left over would have to be settled.
func TestCountsFollowTheRateOfUse(t *testing.T) {
	w, alice, a := heldObject(t)
	life := w.params.PermitLifetime
	n := w.issues()
	gap := life / 3
	for i := range 12 {
		w.now = w.now.Add(gap)
		w.must(Mutate{As: alice, Address: a, Mutation: insert(fmt.Sprint(i), "v")})
	}
	b := w.c.book(alice, alice.Public())
	for _, h := range b.held {
		for _, u := range h.uses {
			if u.allowance.Count > 3 {
				t.Errorf("%d uses were asked for, and two or three come in the lifetime of a permit", u.allowance.Count)
			}
		}
	}
	if len(*n) > 10 {
		t.Errorf("%d mutations of the account for 12 changes", len(*n))
	}
	*n = nil
	for i := range 100 { // without a pause
		w.must(Mutate{As: alice, Address: a, Mutation: update("0", "v", mutabledata.Version(i+1))})
	}
	if len(*n) > 12 {
		t.Errorf("%d mutations of the account for 100 changes in a row", len(*n))
	}
}
