package container

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"vaultnet/mutabledata"
)

// TestRekeyWhileWriting re-keys, grants and revokes while eight clients insert, update and delete, and everybody may
// crash. Whatever was told done before the container closed is in the new one; versions go on.
func TestRekeyWhileWriting(t *testing.T) {
	seeds := 20
	if testing.Short() {
		seeds = 4
	}
	ctx := context.Background()
	for seed := range seeds {
		w := newWorld(t)
		c, ref := open(t, w, true)
		to, _ := NewRef(newRandom(uint64(1000+seed)), true, false)
		app := mutabledata.UserOf(person("app"))
		if err := c.Permit(ctx, app, mutabledata.PermissionSet(0).Allow(mutabledata.Insert, mutabledata.Update, mutabledata.Delete)); err != nil {
			t.Fatal(err)
		}
		s := newScheduler(uint64(seed))
		s.crash = 0.0003
		type told struct {
			version mutabledata.Version
			content string
			gone    bool
		}
		last := map[string]told{}
		doubt := map[string]bool{}
		for k := range 8 {
			a := w.actor("owner", "owner")
			if k%2 == 1 {
				a.key = person("app")
			}
			own := Open(a.config(uint64(seed*1000+k)), ref)
			rng := rand.New(rand.NewPCG(uint64(seed), uint64(k)))
			var batch []Change
			s.start(a, func() {
				for range 10 {
					batch = batch[:0]
					for range 30 {
						name := fmt.Sprint(k, " ", rng.IntN(100)) // names of its own, so that the order is known
						if l, ok := last[name]; ok && !l.gone {
							batch = append(batch, Change{Name: name, Do: Update + Do(rng.IntN(2)), Version: l.version})
						} else {
							batch = append(batch, Change{Name: name, Do: Insert})
						}
					}
					for i := range batch {
						if batch[i].Do != Delete {
							batch[i].Content = fmt.Append(nil, rng.Uint64())
						}
					}
					for i, r := range own.Apply(ctx, batch...) {
						b := batch[i]
						switch {
						case r.Err == nil && b.Do == Delete:
							last[b.Name] = told{b.Version + 1, "", true}
						case r.Err == nil:
							if l, ok := last[b.Name]; ok && r.Version <= l.version {
								t.Fatalf("seed %d: %s has version %d after %d", seed, b.Name, r.Version, l.version)
							}
							last[b.Name] = told{r.Version, string(b.Content), false}
						case !errors.Is(r.Err, Moved) && !errors.Is(r.Err, Invalid) && !errors.Is(r.Err, Permission): // twice in a batch; forbidden
							t.Errorf("seed %d: %v", seed, r.Err)
						}
					}
				}
				batch = nil
			}, func(bool) {
				for _, b := range batch {
					doubt[b.Name] = true
				}
			})
		}
		var begin func(life int)
		begin = func(life int) {
			a := w.actor("owner", "owner")
			s.start(a, func() {
				own := Open(a.config(uint64(seed*1000+100+life)), ref)
				for i := range 20 { // let the others get somewhere
					own.Get(ctx, fmt.Sprint("wait ", i))
				}
				if err := own.Forbid(ctx, app); err != nil {
					t.Error(err)
				}
				if _, _, err := own.Rekey(ctx, to); err != nil {
					t.Errorf("seed %d: %v", seed, err)
				}
			}, func(crash bool) {
				if crash {
					begin(life + 1)
				}
			})
		}
		begin(0)
		s.run()
		own := Open(w.actor("owner", "owner").config(8), ref)
		next, _, err := own.Rekey(ctx, to) // again, when no permit is out
		if err != nil {
			t.Fatal(err)
		}
		all := audit(t, w, next)
		for name, l := range last {
			e, ok := all[name]
			if ok != !l.gone && !doubt[name] {
				t.Fatalf("seed %d: %s: told %+v, copied %v", seed, name, l, ok)
			}
			if ok && (e.Version < l.version || string(e.Content) != l.content) && !doubt[name] {
				t.Fatalf("seed %d: %s: told %+v, copied %+v", seed, name, l, e)
			}
		}
		for _, n := range []*Container{next} {
			for node, err := range n.nodes(ctx) {
				if err != nil {
					t.Fatal(err)
				}
				if _, ok := node.object.UserPermissions(app); ok {
					t.Fatal("the app may still write the new container")
				}
			}
		}
		for name, l := range last {
			if l.gone && !doubt[name] {
				if v, err := next.Insert(ctx, name, nil); err != nil || v <= l.version {
					t.Fatalf("seed %d: %s made again at version %d after %d: %v", seed, name, v, l.version, err)
				}
			}
		}
		if _, err := own.Insert(ctx, "late", nil); !errors.Is(err, Moved) {
			t.Fatal(err)
		}
	}
}

// TestRekeyDirectories: what the old keys read is what was there before, and not a reference to what comes.
func TestRekeyDirectories(t *testing.T) {
	ctx := context.Background()
	for crashAt := -1; crashAt < 60; crashAt += 7 {
		w := newWorld(t)
		f := newFS(t, w, true, false)
		if err := f.MkdirAll(ctx, "shared/deep/deeper"); err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteFile(ctx, "shared/deep/deeper/old", make([]byte, 10_000)); err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteFile(ctx, "shared/unfinished", nil); err != nil {
			t.Fatal(err)
		}
		// A rename out of the directory that stops after its first half.
		s, _ := f.find(ctx, "find", "shared/unfinished")
		r := *s.record
		r.From = []mark{{Container: s.c.ref.ID, Place: s.c.ref.place(s.name), Version: s.version}}
		half := &spot{path: "half", c: f.top, name: "half", fresh: true}
		if err := f.keep(ctx, "rename", half, &r); err != nil {
			t.Fatal(err)
		}
		i, _ := f.Stat(ctx, "shared")
		old, _ := i.Target()
		a := w.actor("owner", "owner")
		if left := crashAt; crashAt >= 0 {
			a.deny = func(st Step) error {
				if _, ok := st.(Mutate); ok {
					if left == 0 {
						panic(crashed{})
					}
					left--
				}
				return nil
			}
		}
		sched := newScheduler(1)
		sched.start(a, func() { NewFileSystem(a.config(5), f.Top().Ref()).Rekey(ctx, "shared") }, func(bool) {})
		sched.run()
		if crashAt >= 0 {
			if err := NewFileSystem(w.actor("owner", "owner").config(6), f.Top().Ref()).Rekey(ctx, "shared"); err != nil {
				t.Fatal(crashAt, err)
			}
		}
		if _, err := f.WriteFile(ctx, "shared/deep/deeper/new", []byte("secret")); err != nil {
			t.Fatal(err)
		}
		if b, _, err := f.ReadFile(ctx, "shared/deep/deeper/old"); err != nil || len(b) != 10_000 {
			t.Fatal(crashAt, err)
		}
		if _, err := f.Stat(ctx, "shared/unfinished"); err != nil {
			t.Fatal(crashAt, err)
		}
		revoked := NewFileSystem(w.actor("app", "owner").config(7), old)
		if _, _, err := revoked.ReadFile(ctx, "deep/deeper/old"); !errors.Is(err, Moved) {
			t.Fatal(crashAt, "what was re-keyed answers still", err)
		}
		// A program that does not care reads what was there, and no reference to what came.
		for c, below := revoked.top, []string{"deep", "deeper", "old"}; len(below) > 0; below = below[1:] {
			v, err := c.at(ctx, c.ref.place(below[0]))
			if err != nil || v == nil {
				t.Fatal(crashAt, below[0], err)
			}
			opened, _ := c.box.open(&c.ref, c.ref.place(below[0]), v.Content)
			r, ok := decodeRecord(opened.Content)
			if !ok {
				t.Fatal(crashAt, below[0])
			}
			if r.Type == Directory {
				c = Open(c.cfg, r.Target[0])
				if v, err := c.at(ctx, c.ref.place("new")); err != nil || v != nil {
					t.Fatal(crashAt, "who was revoked reads what was written later", err)
				}
			}
		}
	}
}

// TestRemoveWhatIsBeingRekeyed: a removal that finds names does not open what re-keying has closed.
func TestRemoveWhatIsBeingRekeyed(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	f := newFS(t, w, true, false)
	if err := f.MkdirAll(ctx, "d"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteFile(ctx, "d/file", nil); err != nil {
		t.Fatal(err)
	}
	s, _ := f.find(ctx, "find", "d/file")
	if err := s.c.freeze(ctx, rekeying); err != nil {
		t.Fatal(err)
	}
	if err := f.Remove(ctx, "d"); !errors.Is(err, Moved) {
		t.Fatal(err)
	}
	if _, err := f.WriteFile(ctx, "d/late", nil); !errors.Is(err, Moved) {
		t.Fatal(err)
	}
	if err := f.Rekey(ctx, "d"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteFile(ctx, "d/late", nil); err != nil {
		t.Fatal(err)
	}
	if list, err := f.ReadDir(ctx, "d"); err != nil || len(list) != 2 {
		t.Fatal(list, err)
	}
}

func TestCheckFindsAndRepairs(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	f := newFS(t, w, true, false)
	var batch []Change
	for i := range 300 {
		r, _ := f.newRecord(RegularFile)
		batch = append(batch, Change{Name: fmt.Sprint(i), Do: Insert, Content: r.encode()})
	}
	f.top.Apply(ctx, batch...)
	if r, err := f.Check(ctx, ".", true, false); err != nil || len(r.Findings) > 0 || r.Names != 300 || r.Nodes < 10 {
		t.Fatal(r, err)
	}
	// Somebody else's hand: permissions of one node, a name in a wrong one, junk, a rename's first half.
	var some site
	for n := range f.top.nodes(ctx) {
		some = n.site
	}
	p := f.top.ref.place("lost")
	for p.in(some.at) {
		t.Skip("the name happens to belong there")
	}
	stored, _ := f.top.box.seal(f.cfg.Random, p, "lost", (&record{Type: RegularFile}).encode())
	s, _ := f.find(ctx, "find", "7")
	half := *s.record
	half.From = []mark{{Container: f.top.ref.ID, Place: f.top.ref.place("7"), Version: s.version}}
	for _, a := range f.top.do(ctx,
		f.top.mutate(some, &mutabledata.SetUserPermissions{User: mutabledata.Anyone, Set: mutabledata.PermissionSet(0).Allow(mutabledata.Insert), Version: 1}),
		f.top.mutate(some, &mutabledata.MutateEntries{Actions: []mutabledata.EntryAction{
			{Key: p.key(), Do: mutabledata.InsertEntry, Content: stored},
			{Key: mutabledata.Key(make([]byte, 32)), Do: mutabledata.InsertEntry, Content: []byte("junk")}}})) {
		if a.Err != nil {
			t.Fatal(a.Err)
		}
	}
	if _, err := f.top.Insert(ctx, "half", half.encode()); err != nil {
		t.Fatal(err)
	}
	for _, repair := range []bool{false, true} {
		r, err := f.Check(ctx, ".", true, repair)
		if err != nil || len(r.Findings) != 4 {
			t.Fatal(r, err)
		}
	}
	r, err := f.Check(ctx, ".", true, true)
	if err != nil || len(r.Findings) != 1 { // the junk stays
		t.Fatal(r, err)
	}
	if _, err := f.Stat(ctx, "lost"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Stat(ctx, "half"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Stat(ctx, "7"); !errors.Is(err, NotExist) {
		t.Fatal(err)
	}
}

// Of what was re-keyed nobody is told anything: not that a name is there, nor that it is not, nor in which version.
func TestChangesOfWhatWasRekeyed(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	c, _ := open(t, w, true)
	c.Apply(ctx, Change{Name: "there", Do: Insert, Content: []byte("x")})
	to, _ := NewRef(newRandom(7), true, false)
	if _, _, err := c.Rekey(ctx, to); err != nil {
		t.Fatal(err)
	}
	for _, change := range []Change{
		{Name: "there", Do: Insert}, {Name: "there", Do: Update, Version: 0}, {Name: "there", Do: Update, Version: 7},
		{Name: "there", Do: Delete}, {Name: "not", Do: Insert}, {Name: "not", Do: Update}, {Name: "not", Do: Delete},
	} {
		if r := c.Apply(ctx, change)[0]; !errors.Is(r.Err, Moved) {
			t.Errorf("%v of %q: %v, want %v", change.Do, change.Name, r.Err, Moved)
		}
	}
}
