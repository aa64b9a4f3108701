package container

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"vaultnet/mutabledata"
)

// between has something happen just before an actor's first change of a kind.
func (a *actor) between(is func(mutabledata.Mutation) bool, then func()) {
	a.deny = func(s Step) error {
		if m, ok := s.(Mutate); ok && then != nil && is(m.Mutation) {
			do := then
			then = nil
			do()
		}
		return nil
	}
}

func isPut(m mutabledata.Mutation) bool { _, ok := m.(*mutabledata.Put); return ok }

func isEntries(m mutabledata.Mutation) bool { _, ok := m.(*mutabledata.MutateEntries); return ok }

// TestSealedBetweenReadAndInsert: a node is sealed and gets room again, after it was seen open.
func TestSealedBetweenReadAndInsert(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	other, ref := open(t, w, true)
	for i := range 90 {
		if _, err := other.Insert(ctx, fmt.Sprint(i), nil); err != nil {
			t.Fatal(err)
		}
	}
	a := w.actor("owner", "owner")
	own := Open(a.config(7), ref)
	a.between(isEntries, func() {
		for i := range 50 {
			if _, err := other.Insert(ctx, fmt.Sprint("more ", i), nil); err != nil {
				t.Error(err)
			}
		}
		if _, err := other.Insert(ctx, "name", []byte("theirs")); err != nil {
			t.Error(err)
		}
		for i := range 20 {
			if err := other.Delete(ctx, fmt.Sprint(i), 0); err != nil {
				t.Error(err)
			}
		}
	})
	if _, err := own.Insert(ctx, "name", []byte("mine")); !errors.Is(err, Exist) {
		t.Fatal(err)
	}
	audit(t, w, own)
	if e, err := own.Get(ctx, "name"); err != nil || string(e.Content) != "theirs" {
		t.Fatal(err)
	}
}

// TestRemovedBetweenReadAndPut: a directory goes while somebody makes a node in it.
func TestRemovedBetweenReadAndPut(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	f := newFS(t, w, true, false)
	if _, err := f.Mkdir(ctx, "d"); err != nil {
		t.Fatal(err)
	}
	s, err := f.find(ctx, "find", "d/file")
	if err != nil {
		t.Fatal(err)
	}
	for i := range maxNames { // full; then empty
		if _, err := s.c.Insert(ctx, fmt.Sprint(i), nil); err != nil {
			t.Fatal(err)
		}
	}
	// Somebody says that it is full, and crashes.
	full := &mutabledata.MutateEntries{Actions: []mutabledata.EntryAction{{Key: fullMark, Do: mutabledata.InsertEntry}}}
	if a := s.c.do(ctx, s.c.mutate(site{}, full))[0]; a.Err != nil {
		t.Fatal(a.Err)
	}
	for i := range maxNames {
		if err := s.c.Delete(ctx, fmt.Sprint(i), 0); err != nil {
			t.Fatal(err)
		}
	}
	a := w.actor("owner", "owner")
	a.between(isPut, func() {
		if err := f.Remove(ctx, "d"); err != nil {
			t.Error(err)
		}
	})
	if _, err := NewFileSystem(a.config(8), f.Top().Ref()).WriteFile(ctx, "d/file", []byte("x")); !errors.Is(err, Moved) {
		t.Fatal("a file was told to be in a directory that is gone:", err)
	}
}

// TestForbiddenBetweenReadAndPut: permissions change while a node is made with the old ones.
func TestForbiddenBetweenReadAndPut(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	c, ref := open(t, w, true)
	app := mutabledata.UserOf(person("app"))
	all := mutabledata.PermissionSet(0).Allow(mutabledata.Insert, mutabledata.Update, mutabledata.Delete)
	if err := c.Permit(ctx, app, all); err != nil {
		t.Fatal(err)
	}
	for i := range maxNames {
		if _, err := c.Insert(ctx, fmt.Sprint(i), nil); err != nil {
			t.Fatal(err)
		}
	}
	a := w.actor("owner", "owner")
	a.between(isPut, func() {
		if err := c.Forbid(ctx, app); err != nil {
			t.Error(err)
		}
	})
	if _, err := Open(a.config(8), ref).Insert(ctx, "in a new node", nil); err != nil {
		t.Fatal(err)
	}
	for n, err := range c.nodes(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := n.object.UserPermissions(app); ok {
			t.Fatalf("node %x has what was taken away", string(n.site.at))
		}
	}
	revoked := Open(w.actor("app", "owner").config(9), ref)
	late := ""
	for i := 0; late == ""; i++ { // one that goes into the new node
		if name := fmt.Sprint("late ", i); ref.place(name).prefix(1) == ref.place("in a new node").prefix(1) {
			late = name
		}
	}
	if _, err := revoked.Insert(ctx, late, nil); !errors.Is(err, Permission) {
		t.Fatal(err)
	}
	if changed, err := c.Sweep(ctx); err != nil || changed != 0 {
		t.Fatal(changed, err)
	}
}

// TestFilledBetweenReadAndClosing: a node is filled to its last place after whoever re-keys it saw that it has room for the
// mark that closes it.
func TestFilledBetweenReadAndClosing(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	c, _ := open(t, w, true)
	a := w.actor("owner", "owner")
	own := Open(a.config(7), c.ref)
	var names []string
	closes := func(m mutabledata.Mutation) bool {
		e, ok := m.(*mutabledata.MutateEntries)
		return ok && len(e.Actions) == 1 && e.Actions[0].Key == movedMark && e.Actions[0].Do == mutabledata.InsertEntry
	}
	a.between(closes, func() { names = fill(t, w, c, true) })
	to, err := NewRef(newRandom(3), true, false)
	if err != nil {
		t.Fatal(err)
	}
	next, copied, err := own.Rekey(ctx, to)
	if err != nil || len(names) != 100 || copied != len(names) {
		t.Fatal(copied, "of", len(names), err)
	}
	for _, name := range names {
		if e, err := next.Get(ctx, name); err != nil || string(e.Content) != name {
			t.Error(name, err)
		}
	}
}
