package container

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"vaultnet/mutabledata"
)

// fill puts names into a node to its last place, as something would that knows nothing of seals.
func fill(t *testing.T, w *world, c *Container, readable bool) (names []string) {
	t.Helper()
	m := &mutabledata.MutateEntries{}
	for i := range 100 {
		name := fmt.Sprint("filled ", i)
		p := c.ref.place(name)
		stored, err := c.box.seal(c.cfg.Random, p, name, []byte(name))
		if err != nil {
			t.Fatal(err)
		}
		if i == 50 && !readable {
			stored = []byte("what nobody opens")
		} else {
			names = append(names, name)
		}
		m.Actions = append(m.Actions, mutabledata.EntryAction{Key: p.key(), Do: mutabledata.InsertEntry, Content: stored})
	}
	mutabledata.Sort(m)
	if a := w.actor("owner", "owner").Do(context.Background(), []Step{c.mutate(site{}, m)})[0]; a.Err != nil {
		t.Fatal(a.Err)
	}
	return names
}

func TestNodeFilledToItsLastPlace(t *testing.T) {
	ctx := context.Background()
	for _, readable := range []bool{false, true} {
		w := newWorld(t)
		c, _ := open(t, w, true)
		names := append(fill(t, w, c, readable), "one more")
		if _, err := c.Insert(ctx, "one more", []byte("one more")); err != nil {
			t.Fatal(err)
		}
		all := audit(t, w, c)
		if len(all) != len(names) {
			t.Fatal(len(all), "of", len(names))
		}
		for _, name := range names {
			e, err := c.Get(ctx, name)
			if err != nil || string(e.Content) != name {
				t.Fatal(name, err)
			}
			if err := c.Delete(ctx, name, e.Version); err != nil {
				t.Fatal(name, err)
			}
			if _, err := c.Get(ctx, name); !errors.Is(err, NotExist) {
				t.Fatal(name, err)
			}
			if v, err := c.Insert(ctx, name, nil); err != nil || v <= e.Version {
				t.Fatal(name, v, err)
			}
		}
	}
}

// TestNodeFilledWithWhatAreNoNames: whoever may insert may choose keys of any length.
func TestNodeFilledWithWhatAreNoNames(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	c, _ := open(t, w, true)
	m := &mutabledata.MutateEntries{}
	for i := range 100 {
		m.Actions = append(m.Actions, mutabledata.EntryAction{Key: mutabledata.Key(fmt.Sprint("try ", i)), Do: mutabledata.InsertEntry})
	}
	mutabledata.Sort(m)
	if a := w.actor("owner", "owner").Do(ctx, []Step{c.mutate(site{}, m)})[0]; a.Err != nil {
		t.Fatal(a.Err)
	}
	if _, err := c.Insert(ctx, "one more", []byte("content")); err != nil {
		t.Fatal(err)
	}
	if e, err := c.Get(ctx, "one more"); err != nil || string(e.Content) != "content" {
		t.Fatal(err)
	}
}

// TestCrashWhileRelieving: a copy that went down and is not named by the seal never counts.
func TestCrashWhileRelieving(t *testing.T) {
	ctx := context.Background()
	for crashAt := range 8 {
		w := newWorld(t)
		c, ref := open(t, w, true)
		names := fill(t, w, c, true)
		a := w.actor("owner", "owner")
		s := newScheduler(uint64(crashAt))
		left := crashAt
		a.deny = func(st Step) error {
			if _, ok := st.(Mutate); ok {
				if left == 0 {
					panic(crashed{})
				}
				left--
			}
			return nil
		}
		s.start(a, func() { Open(a.config(7), ref).Insert(ctx, "one more", nil) }, func(bool) {})
		s.run()
		// Another seals in its own way: one name goes, and with it its place is free.
		own := Open(w.actor("owner", "owner").config(8), ref)
		last := ""
		for _, name := range names {
			if last == "" || own.ref.place(name).key() > own.ref.place(last).key() {
				last = name
			}
		}
		e, err := own.Get(ctx, last)
		if err != nil || string(e.Content) != last {
			t.Fatal(crashAt, err)
		}
		if err := own.Delete(ctx, last, e.Version); err != nil {
			t.Fatal(err)
		}
		for i := range 50 {
			if _, err := own.Insert(ctx, fmt.Sprint("more ", i), nil); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := own.Get(ctx, last); !errors.Is(err, NotExist) {
			t.Fatal(crashAt, "a deleted name is there again", err)
		}
		if _, ok := audit(t, w, own)[last]; ok {
			t.Fatal(crashAt, "a deleted name is listed")
		}
		v, err := own.Insert(ctx, last, []byte("new"))
		if err != nil || v <= e.Version {
			t.Fatal(crashAt, v, err)
		}
		if e, err = own.Get(ctx, last); err != nil || string(e.Content) != "new" {
			t.Fatal(crashAt, err)
		}
		audit(t, w, own)
	}
}

func TestOutsidersNeedTheOwnerToGrow(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	ref, _ := NewRef(newRandom(1), false, false)
	own, err := Create(ctx, w.actor("owner", "owner").config(2), ref,
		map[mutabledata.User]mutabledata.PermissionSet{mutabledata.Anyone: mutabledata.PermissionSet(0).Allow(mutabledata.Insert)})
	if err != nil {
		t.Fatal(err)
	}
	guest := Open(w.actor("guest", "guest").config(3), ref)
	var i int
	for i = 0; err == nil; i++ {
		_, err = guest.Insert(ctx, fmt.Sprint(i), nil)
	}
	if !errors.Is(err, ContainerFull) || i != maxNames+1 {
		t.Fatal(i, err)
	}
	if made, err := own.Grow(ctx, 0); err != nil || made != fanOut {
		t.Fatal(made, err)
	}
	for i := range 500 {
		if _, err := guest.Insert(ctx, fmt.Sprint("more ", i), nil); err != nil {
			t.Fatal(i, err)
		}
	}
	if err := guest.Delete(ctx, "1", 0); !errors.Is(err, Permission) {
		t.Fatal(err)
	}
}
