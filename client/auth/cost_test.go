package auth

import (
	"testing"

	"vaultnet"
)

// BenchmarkDerive is what each creation, login and change of password costs in time.
func BenchmarkDerive(b *testing.B) {
	network := vaultnet.DefaultParameters().ID()
	for b.Loop() {
		derive(network, "Daily", "correct horse", DefaultCost)
	}
}

// Operations that each step costs the account: they are a quota (semantics §3).
func TestOperations(t *testing.T) {
	w := newWorld(t)
	charged := func(a *Account) int64 {
		view, err := w.Account(ctx, a.Actor())
		if err != nil {
			t.Fatal(err)
		}
		return view.Done + view.Reserved
	}
	a := w.create(t)
	before := int64(0)
	step := func(what string, most int64) {
		t.Helper()
		now := charged(a)
		if t.Logf("%s: %d operations", what, now-before); now-before > most {
			t.Errorf("%s: %d operations, want at most %d", what, now-before, most)
		}
		before = now
	}
	step("a new account", 20)
	w.authorise(t, a, writing())
	step("an app with a container of its own", 12)
	w.authorise(t, a, writing())
	step("the same again", 4)
	if err := a.Add(ctx, notes, ContainerAccess{"_music", Read | Insert}); err != nil {
		t.Fatal(err)
	}
	step("one container more", 8)
	if _, err := a.Revoke(ctx, notes); err != nil {
		t.Fatal(err)
	}
	step("revoked", 8)
}
