package auth

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

// A device takes a container from an app while another re-keys it, which copies the permissions it has: in whatever order
// their steps fall the app has none in the end, in the container as it is then, and keeps what it has elsewhere; also where
// the one that takes it is gone half way, and repeats it when the other is done.
func TestRevokeContainerBesideRekeying(t *testing.T) {
	both := Access{Containers: []ContainerAccess{{"_documents", Read | Insert | Update}, {"_music", Read | Insert}}}
	revoke := func(a *Account) error {
		err := a.RevokeContainer(ctx, notes, "_documents")
		if errors.Is(err, NoContainer) { // done by an attempt before
			err = nil
		}
		return err
	}
	rekey := func(a *Account) error { return a.Rekey(ctx, "_documents") }
	for _, c := range []struct {
		what          string
		first, second func(*Account) error // second is done whole, between two steps of first
	}{{"re-keyed while revoking", revoke, rekey}, {"revoked while re-keying", rekey, revoke}} {
		for _, gone := range []bool{false, true} {
			for n := 0; ; n++ {
				w := newWorld(t)
				a := w.create(t)
				p := w.authorise(t, a, both)
				if err := p.write("_documents", "old"); err != nil {
					t.Fatal(err)
				}
				b := device(t, w)
				fell := false
				w.before[w.changes+n] = func() {
					fell = true
					if err := c.second(b); err != nil && !errors.Is(err, Busy) {
						t.Errorf("%s, %d: %v", c.what, n, err)
					}
					if gone {
						w.crash = w.changes
					}
				}
				first := c.first(a)
				w.before, w.crash = map[int]func(){}, -1
				if !fell {
					if n < 3 {
						t.Fatalf("%s: only %d steps", c.what, n)
					}
					break
				}
				if first != nil && !gone {
					t.Errorf("%s, %d: %v", c.what, n, first)
				}
				if gone {
					d := device(t, w)
					if err := errors.Join(c.first(d), c.second(d)); err != nil {
						t.Errorf("%s, %d, again: %v", c.what, n, err)
					}
				}
				for range 2 {
					if set := w.holds(w.ref(t, a, "_documents"), p.key()); set != 0 {
						t.Errorf("%s, %d, gone %v: has %v", c.what, n, gone, set)
					}
					if err := p.insert("_documents", fmt.Sprint("x", n)); !errors.Is(err, AskAgain) {
						t.Errorf("%s, %d, gone %v: %v", c.what, n, gone, err)
					}
					if set := w.holds(w.ref(t, a, "_music"), p.key()); set != (Read | Insert).set() {
						t.Errorf("%s, %d, gone %v: %v in another", c.what, n, gone, set)
					}
					w.pass(time.Minute)
					if _, err := a.Tidy(ctx); err != nil {
						t.Errorf("%s, %d, gone %v: %v", c.what, n, gone, err)
					}
				}
			}
		}
	}
}
