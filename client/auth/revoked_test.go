package auth

import (
	"errors"
	"slices"
	"testing"
	"time"

	"vaultnet/account"
	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

func TestRevokedForCertain(t *testing.T) {
	w := newWorld(t)
	a := w.create(t)
	p := w.authorise(t, a, writing())
	if err := p.insert("_documents", "x"); err != nil {
		t.Fatal(err)
	}
	rev, err := a.Revoke(ctx, notes)
	if err != nil || rev.Until == 0 || rev.Pending {
		t.Fatalf("%+v %v", rev, err)
	}
	if over := rev.Until.Add(2 * w.param.Skew); !slices.Contains(w.waited, over) {
		t.Errorf("waited for %v, not for %d", w.waited, over)
	}
	if err := p.insert("_documents", "y"); !errors.Is(err, Revoked) {
		t.Errorf("the app is told: %v", err)
	}
	if _, err := w.open(p.actor(), w.ref(t, a, "_documents")).Insert(ctx, "z", nil); !errors.Is(err, refusal.GrantInvalid) {
		t.Errorf("the network says: %v", err)
	}
	// Nor with another account that pays.
	other, err := Create(ctx, w.config(), "Other", "password", "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Operate(ctx, other.Actor(), &account.InsertGrant{Key: p.key(), Version: 1}); err != nil {
		t.Fatal(err)
	}
	elsewhere := Actor{Key: p.actor().Key, Account: other.Owner()}
	if _, err := w.open(elsewhere, w.ref(t, a, "_documents")).Insert(ctx, "z", nil); !errors.Is(err, refusal.AccessDenied) {
		t.Errorf("paid by another account: %v", err)
	}
	if again, err := a.Revoke(ctx, notes); err != nil || again.Until != rev.Until {
		t.Errorf("again: %+v %v", again, err)
	}
	// Given again it is another key, and never by itself.
	if j, err := a.Judge(ctx, notes, writing()); err != nil || j.Verdict != Ask || !j.Known || len(j.Difference.More) != 2 {
		t.Errorf("%+v %v", j, err)
	}
	q := w.authorise(t, a, writing())
	if q.key() == p.key() {
		t.Error("the revoked key came back")
	}
	if err := errors.Join(q.insert("_documents", "q"), q.insert("apps/"+notes.ID, "q")); err != nil {
		t.Error(err)
	}
	if err := p.insert("_documents", "p"); !errors.Is(err, Revoked) {
		t.Errorf("the old key: %v", err)
	}
}

func TestLaterSweep(t *testing.T) {
	w := newWorld(t)
	a := w.create(t)
	access := writing()
	access.Terms.Offline = 24 * time.Hour
	p := w.authorise(t, a, access)
	if err := p.insert("_documents", "x"); err != nil {
		t.Fatal(err)
	}
	rev, err := a.Revoke(ctx, notes)
	if err != nil || !rev.Pending || rev.Sweep < rev.Until || rev.Until < w.now.Add(23*time.Hour) {
		t.Fatalf("%+v %v", rev, err)
	}
	// Somebody who knew only the old permissions restores one; so does who gives the app access anew, to another key.
	documents := w.ref(t, a, "_documents")
	if err := a.permit(ctx, documents, mutabledata.UserOf(p.key()), Insert.set()); err != nil {
		t.Fatal(err)
	}
	q := w.authorise(t, a, writing())
	if n, err := a.Tidy(ctx); err != nil || n != 0 {
		t.Errorf("before it is due: %d %v", n, err)
	}
	w.pass(25 * time.Hour)
	q = w.authorise(t, a, writing()) // which sweeps, too
	if n, err := a.Tidy(ctx); err != nil || n != 0 {
		t.Errorf("%d %v", n, err)
	}
	if set := w.holds(documents, p.key()); set != 0 {
		t.Errorf("the old key: %v", set)
	}
	if err := q.insert("_documents", "q"); err != nil {
		t.Error(err)
	}
}

func TestManyAreRevoked(t *testing.T) {
	w := newWorld(t)
	a := w.create(t)
	apps := map[string]app{}
	for _, id := range []string{"one", "two", "three", "four"} {
		access := writing()
		access.Terms.Temporary = id == "one" || id == "two"
		cred, err := a.Authorise(ctx, App{ID: id}, access)
		if err != nil {
			t.Fatal(err)
		}
		apps[id] = app{t, w, cred}
	}
	working := func(want ...string) {
		t.Helper()
		for id, p := range apps {
			if err := p.insert("_documents", id+w.now.Std().String()); (err == nil) != slices.Contains(want, id) {
				t.Errorf("%s: %v", id, err)
			}
		}
	}
	working("one", "two", "three", "four")
	if _, err := a.RevokeTemporary(ctx); err != nil {
		t.Fatal(err)
	}
	working("three", "four")
	// A record that is damaged stands in nobody's way, and its app loses its grant, too.
	at, err := a.apps().Get(ctx, "three/")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.apps().Update(ctx, "three/", []byte("rubbish"), at.Version); err != nil {
		t.Fatal(err)
	}
	if _, err := a.RevokeAll(ctx, App{ID: "four"}); !errors.Is(err, Corrupt) {
		t.Errorf("a damaged record: %v", err)
	}
	if err := apps["three"].insert("_documents", "x"); err == nil {
		t.Error("the app of the damaged record goes on")
	}
	working("four")
	list, err := a.List(ctx)
	if err != nil || len(list) != 4 || !errors.Is(list[2].Err, Corrupt) || list[2].App.ID != "three" {
		t.Errorf("%+v %v", list, err)
	}
	if _, err := a.Remove(ctx, App{ID: "three"}); err != nil {
		t.Error(err)
	}
	if _, err := a.RevokeAll(ctx); err != nil {
		t.Error(err)
	}
	working()
	if n := w.grants(a.Owner()); n != 0 {
		t.Errorf("%d grants", n)
	}
}
