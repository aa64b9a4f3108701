package auth

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"testing"

	"vaultnet/mutabledata"
)

// end is what a world looks like to an app and to its owner.
func end(t *testing.T, w *world, a *Account) (State, []mutabledata.PermissionSet, int) {
	t.Helper()
	list, err := a.List(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) == 0 {
		return Never, nil, w.grants(a.Owner())
	}
	var sets []mutabledata.PermissionSet
	for _, path := range Defaults {
		sets = append(sets, w.holds(w.ref(t, a, path), list[0].Key))
	}
	return list[0].State, sets, w.grants(a.Owner())
}

func TestEveryStepIsRepeatable(t *testing.T) {
	other := Access{Containers: []ContainerAccess{{"_documents", Read | Delete}, {"_music", Read | Insert}}, Terms: Terms{Temporary: true}}
	given := func(access Access) func(*world, *Account) error {
		return func(_ *world, a *Account) error {
			_, err := a.Authorise(ctx, notes, access)
			return err
		}
	}
	revoke := func(_ *world, a *Account) error { _, err := a.Revoke(ctx, notes); return err }
	for _, c := range []struct {
		what   string
		before func(*world, *Account) error
		do     func(*world, *Account) error
	}{
		{"authorise", nil, given(writing())},
		{"re-authorise", given(writing()), given(other)},
		{"revoke", given(writing()), revoke},
		{"authorise after a revocation", func(w *world, a *Account) error { return errors.Join(given(writing())(w, a), revoke(w, a)) }, given(other)},
		{"revoke a container", given(writing()), func(_ *world, a *Account) error {
			err := a.RevokeContainer(ctx, notes, "_documents")
			if errors.Is(err, NoContainer) { // done by the first attempt
				err = nil
			}
			return err
		}},
		{"revoke temporary", given(other), func(_ *world, a *Account) error { _, err := a.RevokeTemporary(ctx); return err }},
		{"revoke all", given(writing()), func(_ *world, a *Account) error { _, err := a.RevokeAll(ctx); return err }},
		{"remove", given(writing()), func(_ *world, a *Account) error {
			_, err := a.Remove(ctx, notes)
			if errors.Is(err, NoApp) {
				err = nil
			}
			return err
		}},
	} {
		t.Run(c.what, func(t *testing.T) {
			prepare := func(w *world) {
				a := w.create(t)
				if c.before != nil {
					if err := c.before(w, a); err != nil {
						t.Fatal(err)
					}
				}
			}
			w := newWorld(t)
			prepare(w)
			a := device(t, w)
			if err := c.do(w, a); err != nil {
				t.Fatal(err)
			}
			state, sets, grants := end(t, w, a)
			objects := len(w.objects)

			do := func(w *world) error {
				a, err := Login(ctx, w.config(), "Daily", "correct horse")
				if err != nil {
					return err
				}
				return c.do(w, a)
			}
			crashes(t, prepare, do, func(t *testing.T, w *world) {
				if err := do(w); err != nil {
					t.Fatal(err)
				}
				s, p, g := end(t, w, device(t, w))
				if s != state || !reflect.DeepEqual(p, sets) || g != grants || len(w.objects) != objects {
					t.Errorf("%v %v, %d grants, %d objects; without a crash %v %v, %d grants, %d objects", s, p, g, len(w.objects), state, sets, grants, objects)
				}
			})
			// Without repeating it, tidying leaves nothing half-done that anybody could use.
			crashes(t, prepare, do, func(t *testing.T, w *world) {
				a := device(t, w)
				for range 2 {
					if _, err := a.Tidy(ctx); err != nil {
						t.Fatal(err)
					}
				}
				state, _, grants := end(t, w, a)
				half := state == Changing && c.what == "re-authorise" // other terms were given, which only the person can give
				if state == Revoking || grants > 1 || (state == Granted) != (grants == 1) && !half {
					t.Errorf("%v, %d grants", state, grants)
				}
			})
			// Whatever was left, a revocation takes it back.
			if c.what != "remove" && c.what != "revoke" {
				crashes(t, prepare, do, func(t *testing.T, w *world) {
					a := device(t, w)
					if _, err := a.Revoke(ctx, notes); err != nil && !errors.Is(err, NoApp) {
						t.Fatal(err)
					}
					if _, p, g := end(t, w, a); g != 0 || slices.ContainsFunc(p, func(s mutabledata.PermissionSet) bool { return s != 0 }) {
						t.Errorf("%v, %d grants", p, g)
					}
				})
			}
		})
	}
}

// A device that authorises while another revokes: in whatever order their steps fall, in the end the app has nothing, or
// what the one says who was last.
func TestAuthoriseWhileRevoking(t *testing.T) {
	for n := range 12 {
		w := newWorld(t)
		a := w.create(t)
		b := device(t, w)
		w.before[w.changes+n] = func() {
			if _, err := b.Revoke(ctx, notes); err != nil && !errors.Is(err, NoApp) {
				t.Errorf("%d: %v", n, err)
			}
		}
		_, err := a.Authorise(ctx, notes, writing())
		w.before = map[int]func(){}
		if err != nil && !errors.Is(err, Revoked) {
			t.Errorf("%d: %v", n, err)
		}
		state, sets, grants := end(t, w, a)
		some := slices.ContainsFunc(sets, func(s mutabledata.PermissionSet) bool { return s != 0 })
		if has := state == Granted; has != (err == nil) || has != (grants == 1) || has != some {
			t.Errorf("%d: %v %v, %d grants, %v", n, state, sets, grants, err)
		}
	}
}

// A device that authorises, and is gone after its next step once another has revoked, leaves no grant.
func TestRevokedWhileAuthorisingAndGone(t *testing.T) {
	for n := range 12 {
		w := newWorld(t)
		a := w.create(t)
		b := device(t, w)
		revoked := false
		w.before[w.changes+n] = func() {
			_, err := b.Revoke(ctx, notes)
			revoked = err == nil
			w.crash = w.changes + 1
		}
		a.Authorise(ctx, notes, writing())
		w.crash = -1
		if grants := w.grants(a.Owner()); revoked && grants != 0 {
			t.Errorf("%d: %d grants", n, grants)
		}
	}
}

// Two devices that give the same app different access: it has what one of them says, everywhere.
func TestTwoDevicesAuthorise(t *testing.T) {
	other := Access{Containers: []ContainerAccess{{"_music", Read | Insert}}}
	for n := range 12 {
		w := newWorld(t)
		a := w.create(t)
		b := device(t, w)
		var last error
		w.before[w.changes+n] = func() { _, last = b.Authorise(ctx, notes, other) }
		_, err := a.Authorise(ctx, notes, writing())
		if err != nil || last != nil {
			t.Fatalf("%d: %v %v", n, err, last)
		}
		list, err := a.List(ctx)
		if err != nil || len(list) != 1 || list[0].State != Granted {
			t.Fatalf("%d: %+v %v", n, list, err)
		}
		for path, want := range map[string]Rights{"_documents": Insert | Update, "_music": Insert} {
			if !slices.ContainsFunc(list[0].Access.Containers, func(c ContainerAccess) bool { return c.Path == path }) {
				want = 0
			}
			if got := w.holds(w.ref(t, a, path), list[0].Key); got != want.set() {
				t.Errorf("%d: %s: %v", n, path, got)
			}
		}
	}
}

func TestCancelled(t *testing.T) {
	w := newWorld(t)
	a := w.create(t)
	w.authorise(t, a, writing())
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := a.Revoke(gone, notes); !errors.Is(err, Failed) {
		t.Errorf("%v", err)
	}
}
