package auth

import (
	"errors"
	"testing"
	"time"

	"vaultnet/client/container"
)

// files is a container as an actor sees it who has its reference.
func (w *world) files(by Actor, ref container.Ref) *container.FileSystem {
	return container.NewFileSystem(container.Config{Data: w.Data(by), Payer: by.Account, Random: w, Clock: w.clock}, ref)
}

// write puts a file into a container that the app was given.
func (p app) write(path, name string) error {
	return Try(ctx, p.w.Data(p.actor()), &p.cred, func(g *Given) error {
		c, err := g.Container(path)
		if err != nil {
			return err
		}
		_, err = p.w.files(p.actor(), c.Ref).WriteFile(ctx, name, []byte("content of "+name))
		return err
	})
}

// read reads a file of a container that the app was given.
func (p app) read(path, name string) error {
	return Try(ctx, p.w.Data(p.actor()), &p.cred, func(g *Given) error {
		c, err := g.Container(path)
		if err != nil {
			return err
		}
		b, _, err := p.w.files(p.actor(), c.Ref).ReadFile(ctx, name)
		if err == nil && string(b) != "content of "+name {
			err = errors.New("other content")
		}
		return err
	})
}

func TestRekeying(t *testing.T) {
	rekey := func(w *world) error {
		a, err := Login(ctx, w.config(), "Daily", "correct horse")
		if err != nil {
			return err
		}
		return a.Rekey(ctx, "_documents")
	}
	var cred, gone Credentials
	var old container.Ref
	prepare := func(w *world) {
		a := w.create(t)
		stranger := App{ID: "stranger"}
		var err error
		if cred, err = a.Authorise(ctx, notes, writing()); err != nil {
			t.Fatal(err)
		}
		if gone, err = a.Authorise(ctx, stranger, writing()); err != nil {
			t.Fatal(err)
		}
		if err := (app{t, w, cred}).write("_documents", "old"); err != nil {
			t.Fatal(err)
		}
		old = w.ref(t, a, "_documents")
		if _, err := a.Revoke(ctx, stranger); err != nil {
			t.Fatal(err)
		}
	}
	check := func(t *testing.T, w *world) {
		a := device(t, w)
		if _, err := a.Tidy(ctx); err != nil {
			t.Fatal(err)
		}
		p := app{t, w, cred}
		if err := errors.Join(p.write("_documents", "new"), p.read("_documents", "new"), p.read("_documents", "old")); err != nil {
			t.Errorf("who keeps access: %v", err)
		}
		if b, _, err := a.files().ReadFile(ctx, "_documents/new"); err != nil || string(b) != "content of new" {
			t.Errorf("the owner: %q %v", b, err)
		}
		stranger := app{t, w, gone}
		if b, _, err := w.files(stranger.actor(), old).ReadFile(ctx, "new"); err == nil {
			t.Errorf("the old key reads %q", b)
		}
		if now := w.ref(t, a, "_documents"); now.ID == old.ID || now.Key == old.Key {
			t.Error("the same key")
		}
		if _, err := stranger.open(); !errors.Is(err, Revoked) {
			t.Error(err)
		}
	}
	w := newWorld(t)
	prepare(w)
	if err := rekey(w); err != nil {
		t.Fatal(err)
	}
	check(t, w)
	crashes(t, prepare, rekey, func(t *testing.T, w *world) {
		if err := rekey(w); err != nil {
			t.Fatal(err)
		}
		check(t, w)
	})
}

func TestWhatCannotBeRekeyed(t *testing.T) {
	w := newWorld(t)
	a := w.create(t)
	for path, want := range map[string]error{".": Invalid, Public: Invalid, "_nothing": NoContainer, "../x": Invalid} {
		if err := a.Rekey(ctx, path); !errors.Is(err, want) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// A directory is granted like a container, and a container with its directories.
func TestDirectoriesAreGranted(t *testing.T) {
	w := newWorld(t)
	a := w.create(t)
	for _, name := range []string{"_documents/trip", "_documents/other"} {
		if err := a.files().MkdirAll(ctx, name); err != nil {
			t.Fatal(err)
		}
	}
	p := w.authorise(t, a, Access{Containers: []ContainerAccess{{"_documents/trip", allRights}}})
	if err := p.write("_documents/trip", "plan"); err != nil {
		t.Error(err)
	}
	if set := w.holds(w.ref(t, a, "_documents/other"), p.key()); set != 0 {
		t.Errorf("next to it: %v", set)
	}
	both := Access{Containers: []ContainerAccess{{"_documents", Read | Insert}, {"_documents/trip", allRights}}}
	w.authorise(t, a, both)
	expect := func(trip, other Rights) {
		t.Helper()
		if got := w.holds(w.ref(t, a, "_documents/trip"), p.key()); got != trip.set() {
			t.Errorf("trip: %v", got)
		}
		if got := w.holds(w.ref(t, a, "_documents/other"), p.key()); got != other.set() {
			t.Errorf("other: %v", got)
		}
	}
	expect(allRights, Insert)
	// Without the part it has what the whole gives, without the whole what the part does: now, and after the last sweep.
	for _, c := range []struct {
		path        string
		trip, other Rights
	}{{"_documents/trip", Insert, Insert}, {"_documents", allRights, 0}} {
		w.authorise(t, a, both)
		if err := a.RevokeContainer(ctx, notes, c.path); err != nil {
			t.Fatal(err)
		}
		expect(c.trip, c.other)
		w.pass(time.Minute)
		if n, err := a.Tidy(ctx); n != 1 || err != nil {
			t.Errorf("%d %v", n, err)
		}
		expect(c.trip, c.other)
		if n, err := a.Tidy(ctx); n != 0 || err != nil {
			t.Errorf("%d %v", n, err)
		}
	}
}
