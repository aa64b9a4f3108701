package container

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"
	"testing"

	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

func open(t testing.TB, w *world, private bool) (*Container, Ref) {
	t.Helper()
	ref, err := NewRef(newRandom(1), private, false)
	if err != nil {
		t.Fatal(err)
	}
	c, err := Create(context.Background(), w.actor("owner", "owner").config(2), ref, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c, ref
}

func TestOneName(t *testing.T) {
	for _, private := range []bool{false, true} {
		w := newWorld(t)
		c, ref := open(t, w, private)
		ctx := context.Background()
		v, err := c.Insert(ctx, "a", []byte("one"))
		if err != nil || v != 0 {
			t.Fatal(v, err)
		}
		if _, err := c.Insert(ctx, "a", nil); !errors.Is(err, fs.ErrExist) || !errors.Is(err, Exist) {
			t.Fatal(err)
		}
		if v, err = c.Update(ctx, "a", []byte("two"), 0); err != nil || v != 1 {
			t.Fatal(v, err)
		}
		var e *Error
		if _, err = c.Update(ctx, "a", []byte("three"), 0); !errors.As(err, &e) || e.Kind != Conflict || e.Version != 1 {
			t.Fatal(err)
		}
		got, err := Open(w.actor("stranger", "stranger").config(3), ref).Get(ctx, "a")
		if err != nil || string(got.Content) != "two" || got.Version != 1 {
			t.Fatal(got, err)
		}
		if err := c.Delete(ctx, "a", 1); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Get(ctx, "a"); !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		if v, err = c.Insert(ctx, "a", nil); err != nil || v <= 2 {
			t.Fatal("a version again", v, err)
		}
		if _, err := c.Insert(ctx, "", nil); !errors.Is(err, fs.ErrInvalid) {
			t.Fatal(err)
		}
		if _, err := c.Insert(ctx, "big", make([]byte, MaxContent)); !errors.Is(err, TooLarge) {
			t.Fatal(err)
		}
		if _, err := Open(w.actor("stranger", "stranger").config(3), ref).Insert(ctx, "x", nil); !errors.Is(err, fs.ErrPermission) || !errors.Is(err, refusal.AccessDenied) {
			t.Fatal(err)
		}
	}
}

// audit checks what must always hold, and returns the names.
func audit(t testing.TB, w *world, c *Container) map[string]Entry {
	t.Helper()
	w.sched = nil
	all := map[string]Entry{}
	for e, err := range c.List(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := all[e.Name]; ok {
			t.Fatalf("%q listed twice", e.Name)
		}
		all[e.Name] = e
	}
	// One place per name, in whatever node.
	places := map[mutabledata.Key]int{}
	for n, err := range c.nodes(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		for k, v := range n.object.Entries() {
			if !isMark(k) {
				if opened, ok := c.box.open(&c.ref, place([]byte(k)), v.Content); ok && opened.Name != "" {
					places[k]++
				}
			}
		}
	}
	for k, n := range places {
		if n != 1 {
			t.Fatalf("a name has %d places: %x", n, k)
		}
	}
	if w.fullest > 100 || w.largest > 1<<20 {
		t.Fatal("above a limit", w.fullest, w.largest)
	}
	return all
}

func TestManyNames(t *testing.T) {
	n := 100_000
	if testing.Short() {
		n = 12_000
	}
	w := newWorld(t)
	c, ref := open(t, w, true)
	_ = c
	ctx := context.Background()
	const clients = 8
	s := newScheduler(1)
	for k := range clients {
		a := w.actor("owner", "owner")
		own := Open(a.config(uint64(10+k)), ref)
		s.start(a, func() {
			var batch []Change
			flush := func() {
				for i, r := range own.Apply(ctx, batch...) {
					if r.Err != nil {
						t.Errorf("%s: %v", batch[i].Name, r.Err)
					}
				}
				batch = batch[:0]
			}
			for i := k; i < n; i += clients {
				batch = append(batch, Change{Name: fmt.Sprint("name ", i), Do: Insert, Content: []byte("content")})
				if len(batch) == 1000 {
					flush()
				}
			}
			flush()
		}, func(bool) {})
	}
	s.run()
	t.Logf("%d names by %d clients: %.3f mutations and %.3f reads a name, %d objects, fullest %d, largest %d bytes",
		n, clients, float64(w.mutations)/float64(n), float64(w.reads)/float64(n), len(w.objects), w.fullest, w.largest)
	all := audit(t, w, Open(w.actor("owner", "owner").config(99), ref))
	if len(all) != n {
		t.Fatal(len(all), "names of", n)
	}
	for _, warm := range []bool{false, true} {
		reader := Open(w.actor("owner", "owner").config(98), ref)
		if warm {
			for range reader.List(ctx) {
			}
			for i := range 2000 {
				reader.Get(ctx, fmt.Sprint("name ", i*5%n))
			}
		}
		reads, calls := w.reads, w.calls
		const lookups = 500
		for i := range lookups {
			if _, err := reader.Get(ctx, fmt.Sprint("name ", i*7%n)); err != nil {
				t.Fatal(err)
			}
		}
		t.Logf("lookup, warm %v: %.2f reads, %.2f round trips", warm, float64(w.reads-reads)/lookups, float64(w.calls-calls)/lookups)
		if warm && w.calls-calls > lookups+lookups/20 {
			t.Error("a warm lookup takes more than a round trip")
		}
	}
	// Empty it again.
	own := Open(w.actor("owner", "owner").config(97), ref)
	var batch []Change
	mutations := w.mutations
	for name, e := range all {
		batch = append(batch, Change{Name: name, Do: Delete, Version: e.Version})
	}
	slices.SortFunc(batch, func(a, b Change) int { return len(a.Name) - len(b.Name) })
	for part := range slices.Chunk(batch, 2000) {
		for _, r := range own.Apply(ctx, part...) {
			if r.Err != nil {
				t.Fatal(r.Err)
			}
		}
	}
	t.Logf("emptied with %.3f mutations a name", float64(w.mutations-mutations)/float64(n))
	if left := audit(t, w, own); len(left) != 0 {
		t.Fatal(len(left), "left")
	}
}

func TestSameNames(t *testing.T) {
	names, writers, seeds := 500, 20, 2
	if testing.Short() {
		writers, seeds = 8, 1
	}
	for seed := range seeds {
		w := newWorld(t)
		_, ref := open(t, w, true)
		ctx := context.Background()
		s := newScheduler(uint64(seed))
		won := map[string]int{}
		lost := map[string]int{}
		for k := range writers {
			a := w.actor("owner", "owner")
			own := Open(a.config(uint64(100*seed+k)), ref)
			rng := rand.New(rand.NewPCG(uint64(seed), uint64(k)))
			s.start(a, func() {
				for part := range slices.Chunk(rng.Perm(names), 50) {
					var batch []Change
					for _, i := range part {
						batch = append(batch, Change{Name: fmt.Sprint(i), Do: Insert, Content: []byte{byte(k)}})
					}
					for i, r := range own.Apply(ctx, batch...) {
						switch {
						case r.Err == nil:
							won[batch[i].Name]++
						case errors.Is(r.Err, Exist):
							lost[batch[i].Name]++
						default:
							t.Error(r.Err)
						}
					}
				}
			}, func(bool) {})
		}
		s.run()
		if all := audit(t, w, Open(w.actor("owner", "owner").config(5), ref)); len(all) != names {
			t.Fatal(len(all), "names")
		}
		for i := range names {
			if name := fmt.Sprint(i); won[name] != 1 || lost[name] != writers-1 {
				t.Fatal(name, won[name], lost[name])
			}
		}
	}
}

// TestInterleavedAndCrashing has clients insert, update and delete the same names while they crash, and compares what each
// was told with what is there: nothing done is lost, no version comes twice.
func TestInterleavedAndCrashing(t *testing.T) {
	seeds := 30
	if testing.Short() {
		seeds = 6
	}
	for seed := range seeds {
		w := newWorld(t)
		_, ref := open(t, w, seed%2 == 0)
		ctx := context.Background()
		s := newScheduler(uint64(seed))
		s.crash = 0.0005
		type told struct {
			version mutabledata.Version
			content string
			gone    bool
		}
		last := map[string]told{}                           // what was told last, of the greatest version
		seen := map[string]map[mutabledata.Version]string{} // every version that anyone was told
		doubt := map[string]bool{}                          // names under way in a crash
		var begin func(id, life int)
		begin = func(id, life int) {
			a := w.actor("owner", "owner")
			own := Open(a.config(uint64(seed*1000+id*10+life)), ref)
			rng := rand.New(rand.NewPCG(uint64(seed), uint64(id*10+life)))
			var batch []Change
			note := func(name string, v mutabledata.Version, content string, gone bool) {
				if !gone {
					if seen[name] == nil {
						seen[name] = map[mutabledata.Version]string{}
					}
					if was, ok := seen[name][v]; ok && was != content {
						t.Fatalf("seed %d: %s has version %d twice: %q, %q", seed, name, v, was, content)
					}
					seen[name][v] = content
				}
				if l, ok := last[name]; !ok || v > l.version {
					last[name] = told{v, content, gone}
				}
			}
			s.start(a, func() {
				for range 12 {
					batch = batch[:0]
					var ask []string
					for _, i := range rng.Perm(400)[:40] {
						ask = append(ask, fmt.Sprint(i))
					}
					for _, f := range own.GetAll(ctx, ask...) {
						switch {
						case errors.Is(f.Err, NotExist):
							batch = append(batch, Change{Name: f.Name, Do: Insert})
						case f.Err != nil:
							t.Error(f.Err)
						case rng.IntN(2) == 0:
							batch = append(batch, Change{Name: f.Name, Do: Delete, Version: f.Version})
						default:
							batch = append(batch, Change{Name: f.Name, Do: Update, Version: f.Version})
						}
						if f.Err == nil {
							note(f.Name, f.Version, string(f.Content), false)
						}
					}
					for i := range batch {
						if batch[i].Do != Delete {
							batch[i].Content = []byte(fmt.Sprintf("%d %d %d", id, life, rng.Uint64()))
						}
					}
					for i, r := range own.Apply(ctx, batch...) {
						b := batch[i]
						switch {
						case r.Err == nil && b.Do == Delete:
							note(b.Name, b.Version+1, "", true)
						case r.Err == nil:
							note(b.Name, r.Version, string(b.Content), false)
						case !errors.Is(r.Err, Exist) && !errors.Is(r.Err, NotExist) && !errors.Is(r.Err, Conflict):
							t.Errorf("seed %d: %v", seed, r.Err)
						}
					}
				}
				batch = nil
			}, func(crash bool) {
				if crash {
					for _, b := range batch {
						doubt[b.Name] = true
					}
					if life < 5 {
						begin(id, life+1)
					}
				}
			})
		}
		for id := range 6 {
			begin(id, 0)
		}
		s.run()
		all := audit(t, w, Open(w.actor("owner", "owner").config(5), ref))
		for name, l := range last {
			e, ok := all[name]
			switch {
			case !ok && l.gone, ok && !l.gone && e.Version == l.version && string(e.Content) == l.content:
			case doubt[name] && (!ok || e.Version > l.version): // a change that crashed was applied
			default:
				t.Fatalf("seed %d: %s: told %+v, there is %v %+v", seed, name, l, ok, e)
			}
		}
		for name := range all {
			if _, ok := last[name]; !ok && !doubt[name] {
				t.Fatalf("seed %d: %s from nowhere", seed, name)
			}
		}
	}
}
