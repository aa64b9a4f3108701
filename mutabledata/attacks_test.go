package mutabledata

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"vaultnet"
	"vaultnet/internal/signature"
	"vaultnet/refusal"
)

func TestAttack20UpdateDecidedBeforeItsInsert(t *testing.T) {
	o := owned(t)
	late := mutate(update("k", "second", 1))
	refused(t, o, late, byAlice, refusal.InvalidEntryActions)
	o = applied(t, o, mutate(insert("k", "first")), byAlice)
	o = applied(t, o, late, byAlice)
	refused(t, o, mutate(insert("k", "first")), byAlice, refusal.InvalidEntryActions) // the late Insert overwrites nothing
	wantEntry(t, o, "k", "second", 1)
}

func TestAttack20InsertDeleteInsert(t *testing.T) {
	o := applied(t, owned(t), mutate(insert("k", "first")), byAlice)
	o = applied(t, o, mutate(remove("k", 1)), byAlice)
	o = applied(t, o, mutate(insert("k", "second")), byAlice)
	wantEntry(t, o, "k", "second", 2)
	refused(t, o, mutate(remove("k", 1)), byAlice, refusal.InvalidEntryActions) // the first delete again
}

func TestAttack20DeleteAndInsertOfAKeyFamilyInOneMutation(t *testing.T) {
	// A rename within one object: the new name gets the Floor of before; a key taken away and made again later never
	// repeats a version, though the rename's own insert did not see the Floor it raised.
	o := owned(t, entry("old", "text", 5))
	rename := mutate(remove("old", 6), insert("old.renamed", "text"))
	o = applied(t, o, rename, byAlice)
	wantEntry(t, o, "old.renamed", "text", 0)
	o = applied(t, o, mutate(remove("old.renamed", 1), insert("old", "text")), byAlice)
	wantEntry(t, o, "old", "text", 7)
	if o.Floor() != 7 {
		t.Fatalf("floor %d", o.Floor())
	}
	// One key twice in one mutation is no mutation at all.
	if err := Validate(&MutateEntries{Actions: []EntryAction{remove("k", 1), insert("k", "")}}); err == nil {
		t.Fatal("delete and insert of one key in one mutation")
	}
}

func TestAttack20StaleUpdateAfterDeleteAndReinsert(t *testing.T) {
	for versions := Version(0); versions < 4; versions++ {
		o := owned(t, entry("k", "mine", versions))
		stale := mutate(update("k", "stale", versions+1))
		o = applied(t, o, mutate(remove("k", versions+1)), byAlice)
		o = applied(t, o, mutate(insert("k", "theirs")), byAlice)
		refused(t, o, stale, byAlice, refusal.InvalidEntryActions)
		wantEntry(t, o, "k", "theirs", versions+2)
	}
}

func TestAttack21InsertWithAHugeVersionThenDelete(t *testing.T) {
	o := owned(t)
	for _, v := range []Version{1<<63 - 2, 1<<20 + 1, math.MaxUint64} {
		d := refused(t, o, mutate(EntryAction{Key: "k", Do: InsertEntry, Version: v}), byAlice, refusal.InvalidEntryActions)
		if got := problems(d); got != "k InvalidVersion(1048576)" {
			t.Fatalf("version %d: %s", v, got)
		}
		refused(t, nil, &Put{Owner: alice, Entries: []Entry{entry("k", "", v)}}, byAlice, refusal.InvalidVersion)
	}
	for range 8 { // the fastest that Floor can be driven up
		o = applied(t, o, mutate(EntryAction{Key: "k", Do: InsertEntry, Version: o.Floor() + 1<<20}), byAlice)
		before := o.Floor()
		o = applied(t, o, mutate(remove("k", before+1<<20+1)), byAlice)
		if o.Floor() != before+1<<20+2 {
			t.Fatalf("floor went from %d to %d", before, o.Floor())
		}
	}
}

func TestAttack22ExactlyFullOneByteMoreAndARaceForPlaces(t *testing.T) {
	o := full(t)
	v, _ := o.Entry("k0000")
	more := string(v.Content) + "!"
	if d := refused(t, o, mutate(update("k0000", more, 1)), byAlice, refusal.DataTooLarge); d.Size != vaultnet.MaxSize+1 || d.Limit != vaultnet.MaxSize {
		t.Fatalf("size %d, limit %d", d.Size, d.Limit)
	}
	es := slices.Collect(func(yield func(Entry) bool) {
		for k, v := range o.Entries() {
			if !yield(Entry{Key: k, Value: v}) {
				return
			}
		}
	})
	applied(t, nil, &Put{Owner: alice, Entries: es}, byAlice)
	es[0].Value.Content = []byte(more)
	refused(t, nil, &Put{Owner: alice, Entries: es}, byAlice, refusal.DataTooLarge)

	race, won := owned(t), 0
	for i := range 130 {
		m := mutate(insert(Key(fmt.Sprintf("writer %d", i*37%130)), "x"))
		if next, _, err := race.Apply(m, byAlice); err == nil {
			race, won = next, won+1
		} else {
			refused(t, race, m, byAlice, refusal.TooManyEntries)
		}
		if race.Len() > vaultnet.MaxEntries {
			t.Fatalf("%d entries", race.Len())
		}
	}
	if won != vaultnet.MaxEntries || race.Len() != won {
		t.Fatalf("%d inserts won, %d entries", won, race.Len())
	}
}

func TestAttack23PermissionRemovedAndUsedInOneBlock(t *testing.T) {
	o := applied(t, nil, &Put{Owner: alice, Permissions: []Permission{permission(UserOf(bob), PermissionSet(0).Allow(Insert))}}, byAlice)
	use, take := mutate(insert("k", "")), &DelUserPermissions{User: UserOf(bob), Version: 1}
	if err := InFlight([]Mutation{take}, use); err != nil {
		t.Fatalf("they may be in one block: %v", err)
	}
	usedFirst := applied(t, applied(t, o, use, byBob), take, byAlice)
	wantEntry(t, usedFirst, "k", "", 0)
	takenFirst := applied(t, o, take, byAlice)
	refused(t, takenFirst, use, byBob, refusal.AccessDenied)
	if usedFirst.Digest() == takenFirst.Digest() {
		t.Fatal("the order left no trace")
	}
}

func TestAttack24SmallOrderAndAllZeroKeys(t *testing.T) {
	verifier := signature.NewVerifier(16)
	good := signature.NewKey([32]byte{1}).Public()
	smallOrder := vaultnet.PublicKey{1} // the neutral element
	for _, bad := range []vaultnet.PublicKey{{}, smallOrder, {0: 1, 31: 0x80}} {
		for name, m := range map[string]Mutation{
			"owner of a put":   &Put{Owner: bad},
			"user of a put":    &Put{Owner: good, Permissions: []Permission{permission(UserOf(bad), 0)}},
			"user who is set":  &SetUserPermissions{User: UserOf(bad), Version: 1},
			"user who is gone": &DelUserPermissions{User: UserOf(bad), Version: 1},
			"new owner":        &ChangeOwner{Owner: bad, Version: 1},
		} {
			named := Keys(m)
			invalid := Validate(m) != nil || slices.ContainsFunc(named, func(k vaultnet.PublicKey) bool { return !verifier.ValidKey(k) })
			nobody := name == "new owner" && bad.IsNobody() // given away for ever: allowed, and not among the keys
			if invalid == nobody {
				t.Errorf("%s %v: refused %v", name, bad.Short(), invalid)
			}
		}
	}
	if ks := Keys(&Put{Owner: good, Permissions: []Permission{permission(Anyone, 0), permission(UserOf(good), 0)}}); len(ks) != 1 {
		t.Errorf("keys of a put: %v", ks)
	}
	o := applied(t, owned(t), &ChangeOwner{Version: 1}, byAlice)
	for a := Insert; a <= ManagePermissions; a++ {
		if o.Allowed(vaultnet.PublicKey{}, a) {
			t.Errorf("nobody may %v", a)
		}
	}
}
