package container

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

// TestPermissionsReachEveryNode grants and takes back on a container of many nodes, crashing at every change of one.
func TestPermissionsReachEveryNode(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	c, ref := open(t, w, true)
	var batch []Change
	for i := range 1500 {
		batch = append(batch, Change{Name: fmt.Sprint(i), Do: Insert})
	}
	for _, r := range c.Apply(ctx, batch...) {
		if r.Err != nil {
			t.Fatal(r.Err)
		}
	}
	app := mutabledata.UserOf(person("app"))
	set := mutabledata.PermissionSet(0).Allow(mutabledata.Insert)
	have := func() (with, nodes int) {
		for n, err := range c.nodes(ctx) {
			if err != nil {
				t.Fatal(err)
			}
			nodes++
			if got, ok := n.object.UserPermissions(app); ok && got == set {
				with++
			}
		}
		return with, nodes
	}
	for _, grant := range []bool{true, false, true, false} {
		a := w.actor("owner", "owner")
		left := 5
		a.deny = func(s Step) error {
			if _, ok := s.(Mutate); ok {
				if left--; left < 0 {
					panic(crashed{})
				}
			}
			return nil
		}
		own := Open(a.config(3), ref)
		do := func(c *Container) error { return c.Permit(ctx, app, set) }
		if !grant {
			do = func(c *Container) error { return c.Forbid(ctx, app) }
		}
		s := newScheduler(1)
		s.start(a, func() { do(own) }, func(crash bool) {
			if !crash {
				t.Error("it did not crash")
			}
		})
		s.run()
		if err := do(c); err != nil {
			t.Fatal(err)
		}
		if with, nodes := have(); grant && with != nodes || !grant && with != 0 || nodes < 20 {
			t.Fatal(grant, with, nodes)
		}
		if changed, err := c.Sweep(ctx); err != nil || changed != 0 {
			t.Fatal(changed, err)
		}
	}
	owner, list, err := c.Permissions(ctx)
	if err != nil || owner != person("owner") || len(list) != 0 {
		t.Fatal(owner, list, err)
	}
}

func TestPermissionsOfDirectories(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	f := newFS(t, w, true, false)
	if err := f.MkdirAll(ctx, "docs/trip/photos"); err != nil {
		t.Fatal(err)
	}
	all := mutabledata.PermissionSet(0).Allow(mutabledata.Insert, mutabledata.Update, mutabledata.Delete)
	if err := f.Permit(ctx, "docs/trip", mutabledata.UserOf(person("app")), all, true); err != nil {
		t.Fatal(err)
	}
	i, _ := f.Stat(ctx, "docs/trip")
	trip, _ := i.Target()
	app := NewFileSystem(w.actor("app", "owner").config(4), trip)
	for _, name := range []string{"plan", "photos/sea"} {
		if _, err := app.WriteFile(ctx, name, []byte(name)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := app.Mkdir(ctx, "more"); err != nil { // it belongs to the owner and inherits
		t.Fatal(err)
	}
	if _, err := app.WriteFile(ctx, "more/x", nil); err != nil {
		t.Fatal(err)
	}
	if _, err := NewFileSystem(w.actor("app", "owner").config(5), f.Top().Ref()).WriteFile(ctx, "docs/y", nil); !errors.Is(err, Permission) {
		t.Fatal(err)
	}
	if err := f.Forbid(ctx, "docs/trip", mutabledata.UserOf(person("app")), true); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"plan", "photos/sea", "more/x", "new"} {
		if _, err := app.WriteFile(ctx, name, nil); !errors.Is(err, Permission) || !errors.Is(err, refusal.AccessDenied) {
			t.Fatal(name, err)
		}
	}
}

// TestWhatTheNetworkRefuses: errors keep the network's kind, and nothing of what was there is lost.
func TestWhatTheNetworkRefuses(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	f := newFS(t, w, true, false)
	content := make([]byte, 3_000_000)
	if _, err := f.WriteFile(ctx, "file", content); err != nil {
		t.Fatal(err)
	}
	a := w.actor("owner", "owner")
	poor := NewFileSystem(a.config(4), f.Top().Ref())
	for _, kind := range []refusal.Kind{refusal.LowBalance, refusal.NetworkFull, refusal.Unavailable, refusal.GrantInvalid} {
		a.deny = func(s Step) error {
			switch s.(type) {
			case Mutate, PutChunk:
				return refusal.New(kind)
			}
			return nil
		}
		var r *refusal.Error
		for what, err := range map[string]error{
			"write":  func() error { _, err := poor.WriteFile(ctx, "file", make([]byte, 10_000)); return err }(),
			"short":  func() error { _, err := poor.WriteFile(ctx, "file", nil); return err }(),
			"mkdir":  func() error { _, err := poor.Mkdir(ctx, "d"); return err }(),
			"rename": poor.Rename(ctx, "file", "other"),
			"remove": poor.Remove(ctx, "file"),
		} {
			if !errors.Is(err, kind) || !errors.As(err, &r) {
				t.Errorf("%s: %v, not %v", what, err, kind)
			}
			if errors.Is(err, Permission) != (kind == refusal.GrantInvalid) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if got, _, err := f.ReadFile(ctx, "file"); err != nil || len(got) != len(content) {
			t.Fatal(err)
		}
	}
	// A chunk that is not what was put, and one that is gone.
	file, err := f.Open(ctx, "file")
	if err != nil {
		t.Fatal(err)
	}
	name := file.Info().Chunks()[1]
	good := w.chunks[name]
	w.chunks[name] = append([]byte(nil), good[:len(good)-1]...)
	if _, _, err := f.ReadFile(ctx, "file"); !errors.Is(err, Corrupt) {
		t.Fatal(err)
	}
	delete(w.chunks, name)
	if _, _, err := f.ReadFile(ctx, "file"); !errors.Is(err, refusal.NoSuchData) || !errors.Is(err, Corrupt) || errors.Is(err, NotExist) {
		t.Fatal(err)
	}
	w.chunks[name] = good
	// A record that is none, beside files that are well.
	if _, err := f.Top().Insert(ctx, "damaged", []byte("?")); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Stat(ctx, "damaged"); !errors.Is(err, Corrupt) {
		t.Fatal(err)
	}
	if list, err := f.ReadDir(ctx, "."); err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	ended, stop := context.WithCancel(ctx)
	stop()
	if _, err := f.Stat(ended, "file"); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}
