package container

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestRekeyWhileRenaming re-keys a directory while clients rename files within it, out of it and into it, and all may
// crash. Each file is there afterwards, once.
func TestRekeyWhileRenaming(t *testing.T) {
	seeds := 60
	if testing.Short() {
		seeds = 12
	}
	ctx := context.Background()
	for seed := range seeds {
		w := newWorld(t)
		f := newFS(t, w, true, false)
		const files = 5
		var places []string
		ids := map[[16]byte]string{}
		for _, d := range []string{"d", "e"} {
			if _, err := f.Mkdir(ctx, d); err != nil {
				t.Fatal(err)
			}
			for i := range files {
				places = append(places, fmt.Sprintf("%s/%d", d, i))
			}
		}
		if seed%2 == 0 { // so that names of d do not share a node
			for i := range 100 {
				if _, err := f.WriteFile(ctx, fmt.Sprint("d/other ", i), nil); err != nil {
					t.Fatal(err)
				}
			}
		}
		for i := range files {
			info, err := f.WriteFile(ctx, fmt.Sprint("d/", i), []byte{byte(i)})
			if err != nil {
				t.Fatal(err)
			}
			ids[info.ID()] = info.Name()
		}
		s := newScheduler(uint64(seed))
		s.crash = 0.002
		for k := range 4 {
			a := w.actor("owner", "owner")
			own := NewFileSystem(a.config(uint64(seed*100+k)), f.Top().Ref())
			rng := rand.New(rand.NewPCG(uint64(seed), uint64(k)))
			s.start(a, func() {
				for range 25 {
					err := own.Rename(ctx, places[rng.IntN(len(places))], places[rng.IntN(len(places))])
					if err != nil && !errors.Is(err, Exist) && !errors.Is(err, NotExist) && !errors.Is(err, Conflict) && !errors.Is(err, Moved) {
						t.Errorf("seed %d: %v", seed, err)
					}
				}
			}, func(bool) {})
		}
		var begin func(life int)
		begin = func(life int) {
			a := w.actor("owner", "owner")
			s.start(a, func() {
				err := NewFileSystem(a.config(uint64(seed*100+50+life)), f.Top().Ref()).Rekey(ctx, "d")
				if err != nil && !errors.Is(err, Conflict) {
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
		f = NewFileSystem(w.actor("owner", "owner").config(9), f.Top().Ref())
		if err := f.Rekey(ctx, "d"); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		found := map[[16]byte]int{}
		for range 2 {
			clear(found)
			for _, p := range places {
				s, err := f.findToWrite(ctx, "find", p)
				if err != nil {
					t.Fatalf("seed %d: %v", seed, err)
				}
				if s.record != nil {
					found[s.record.ID]++
				}
			}
		}
		for id, name := range ids {
			if found[id] != 1 {
				t.Errorf("seed %d: the file that was d/%s is there %d times", seed, name, found[id])
			}
		}
		if t.Failed() {
			return
		}
	}
}
