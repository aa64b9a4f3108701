package auth

import (
	"context"
	"errors"
	"io/fs"
	"reflect"
	"slices"
	"testing"
	"time"

	"vaultnet"
	"vaultnet/account"
	"vaultnet/client/container"
	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

// writing is an access to _documents, with a container of the app's own.
func writing() Access {
	return Access{Containers: []ContainerAccess{{"_documents", Read | Insert | Update}}, Own: true}
}

func device(t testing.TB, w *world) *Account {
	t.Helper()
	a, err := Login(ctx, w.config(), "Daily", "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// app is an app as it runs with its credentials.
type app struct {
	t    *testing.T
	w    *world
	cred Credentials
}

func (p app) actor() Actor { return Actor{Key: p.w.registry.Signer(p.cred.Key), Account: p.cred.Owner} }

func (p app) key() vaultnet.PublicKey { return p.actor().Key.Public() }

func (p app) open() (*Given, error) { return Open(ctx, p.w.Data(p.actor()), &p.cred) }

// insert puts a name into a container that the app was given, as the app.
func (p app) insert(path, name string) error {
	return Try(ctx, p.w.Data(p.actor()), &p.cred, func(g *Given) error {
		c, err := g.Container(path)
		if err != nil {
			return err
		}
		_, err = p.w.open(p.actor(), c.Ref).Insert(ctx, name, []byte("content"))
		return err
	})
}

// ref is the reference of a container, as the owner finds it.
func (w *world) ref(t *testing.T, a *Account, path string) container.Ref {
	t.Helper()
	ref, err := a.find(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

func (w *world) authorise(t *testing.T, a *Account, access Access) app {
	t.Helper()
	cred, err := a.Authorise(ctx, notes, access)
	if err != nil {
		t.Fatal(err)
	}
	return app{t, w, cred}
}

func (w *world) grants(owner vaultnet.PublicKey) (n int) {
	n, _ = w.accounts[owner].Advance(w.now, w.param).Len()
	return n
}

func TestAppGetsExactlyWhatItWasGiven(t *testing.T) {
	w := newWorld(t)
	a := w.create(t)
	p := w.authorise(t, a, writing())
	for _, path := range []string{"_documents", "apps/" + notes.ID} {
		if err := p.insert(path, "a name"); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	if err := p.insert("_music", "a name"); !errors.Is(err, AskAgain) || !errors.Is(err, fs.ErrPermission) {
		t.Errorf("_music: %v", err)
	}
	// Also where it happens to have a key, the network refuses.
	music := w.ref(t, a, "_music")
	if _, err := w.open(p.actor(), music).Insert(ctx, "a name", nil); !errors.Is(err, refusal.AccessDenied) {
		t.Errorf("_music with its key: %v", err)
	}
	documents := w.open(p.actor(), w.ref(t, a, "_documents"))
	e, err := documents.Get(ctx, "a name")
	if err != nil {
		t.Fatal(err)
	}
	if err := documents.Delete(ctx, e.Name, e.Version); !errors.Is(err, refusal.AccessDenied) {
		t.Errorf("deleted: %v", err)
	}

	list, err := a.List(ctx)
	if err != nil || len(list) != 1 {
		t.Fatalf("%v %v", list, err)
	}
	want := writing()
	if e := list[0]; e.State != Granted || !e.Access.Equal(&want) || e.Key != p.key() || e.LastUsed == 0 || e.Ends != refusal.NoReason {
		t.Errorf("%+v", e)
	}
}

func TestNamesAreCheckedBeforeAnything(t *testing.T) {
	w := newWorld(t)
	a := w.create(t)
	changes := w.changes
	absent := vaultnet.Address{Kind: vaultnet.KindMutableData, Name: vaultnet.Name{1}}
	packets := a.at.address // somebody else's: its owner is a key of its own
	for _, c := range []struct {
		what   string
		access Access
		want   error
	}{
		{"no container", Access{Containers: []ContainerAccess{{"_documents", Read}, {"_nothing", Read}}}, NoContainer},
		{"in what is none", Access{Containers: []ContainerAccess{{"_documents/x", Read}}}, NoContainer},
		{"no object", Access{Objects: []ObjectAccess{{absent, Read, ""}}}, NoObject},
		{"somebody else's", Access{Objects: []ObjectAccess{{packets, Read | Update, ""}}}, NoObject},
		{"twice", Access{Containers: []ContainerAccess{{"_music", Read}, {"_music", Read}}}, Invalid},
		{"the root to write", Access{Containers: []ContainerAccess{{RootPath, Read | Insert}}}, Invalid},
		{"over", Access{Terms: Terms{Expires: 1}}, Invalid},
		{"too many", Access{Containers: make([]ContainerAccess, MaxContainers+1)}, TooLarge},
	} {
		if _, err := a.Authorise(ctx, notes, c.access); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.what, err, c.want)
		}
	}
	if _, err := a.Authorise(ctx, App{ID: "a/b"}, Access{}); !errors.Is(err, Invalid) {
		t.Errorf("app id: %v", err)
	}
	if w.changes != changes {
		t.Errorf("%d changes were made", w.changes-changes)
	}
	for what, try := range map[string]func() error{
		"revoke": func() error { _, err := a.Revoke(ctx, notes); return err },
		"remove": func() error { _, err := a.Remove(ctx, notes); return err },
		"rename": func() error { return a.Rename(ctx, notes, "x") },
		"add":    func() error { return a.Add(ctx, notes, ContainerAccess{"_music", Read}) },
		"lift":   func() error { return a.Lift(ctx, notes) },
	} {
		if err := try(); !errors.Is(err, NoApp) {
			t.Errorf("%s of no app: %v", what, err)
		}
	}
}

func TestTheDifferenceIsApplied(t *testing.T) {
	w := newWorld(t)
	a := w.create(t)
	p := w.authorise(t, a, writing())
	documents, own := w.ref(t, a, "_documents"), w.ref(t, a, "apps/"+notes.ID)
	q := w.authorise(t, a, Access{Containers: []ContainerAccess{{"_documents", Read | Delete}, {"_music", Read | Insert}}})
	if p.cred != q.cred {
		t.Error("another key")
	}
	for _, c := range []struct {
		ref  container.Ref
		want Rights
	}{{documents, Delete}, {own, 0}, {w.ref(t, a, "_music"), Insert}} {
		if got := w.holds(c.ref, p.key()); got != c.want.set() {
			t.Errorf("%v: %v", c.ref, got)
		}
	}
	if err := p.insert("_music", "x"); err != nil {
		t.Error(err)
	}
	if err := p.insert("_documents", "x"); !errors.Is(err, AskAgain) {
		t.Errorf("%v", err)
	}
	// The uses of a grant do not begin again with a change of containers, only with other terms.
	limited := Access{Terms: Terms{Uses: 5}, Containers: []ContainerAccess{{"_music", Read | Insert}}}
	w.authorise(t, a, limited)
	if err := p.insert("_music", "y"); err != nil {
		t.Fatal(err)
	}
	limited.Containers[0].Rights |= Delete
	w.authorise(t, a, limited)
	if list, err := a.List(ctx); err != nil || list[0].UsesLeft != 4 {
		t.Errorf("%+v %v", list, err)
	}
}

func TestPartsAreTakenBack(t *testing.T) {
	w := newWorld(t)
	a := w.create(t)
	by := a.Actor()
	object := vaultnet.Address{Kind: vaultnet.KindMutableData, Name: vaultnet.Name{7}, Tag: 1}
	if err := w.Data(by).Do(ctx, []container.Step{container.Mutate{Address: object, Mutation: &mutabledata.Put{Owner: by.Account}}})[0].Err; err != nil {
		t.Fatal(err)
	}
	p := w.authorise(t, a, writing())
	write := func() error {
		m := &mutabledata.MutateEntries{Actions: []mutabledata.EntryAction{{Key: mutabledata.Key(time.Duration(w.changes).String()), Do: mutabledata.InsertEntry}}}
		return w.Data(p.actor()).Do(ctx, []container.Step{container.Mutate{Address: object, Mutation: m}})[0].Err
	}
	if err := a.Share(ctx, notes, ObjectAccess{object, Read | Insert, "a list"}); err != nil {
		t.Fatal(err)
	}
	if err := a.Add(ctx, notes, ContainerAccess{"_music", Read | Insert}, ContainerAccess{"_documents", Read | Delete}); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(write(), p.insert("_music", "x")); err != nil {
		t.Error(err)
	}
	g, err := p.open()
	if err != nil || len(g.Objects) != 1 || len(g.Containers) != 3 || g.Containers[0].Rights != Read|Insert|Update|Delete {
		t.Errorf("%+v %v", g, err)
	}
	if err := errors.Join(a.Unshare(ctx, notes, object), a.RevokeContainer(ctx, notes, "_music")); err != nil {
		t.Fatal(err)
	}
	if err := write(); !errors.Is(err, refusal.AccessDenied) {
		t.Errorf("object: %v", err)
	}
	if err := p.insert("_music", "y"); !errors.Is(err, AskAgain) {
		t.Errorf("_music: %v", err)
	}
	if err := p.insert("_documents", "y"); err != nil {
		t.Errorf("_documents: %v", err)
	}
	if err := a.RevokeContainer(ctx, notes, "_music"); !errors.Is(err, NoContainer) {
		t.Errorf("twice: %v", err)
	}
	if err := a.Unshare(ctx, notes, object); !errors.Is(err, NoObject) {
		t.Errorf("twice: %v", err)
	}
	if err := a.RevokeContainer(ctx, notes, "apps/"+notes.ID); err != nil {
		t.Error(err)
	}
	if list, err := a.List(ctx); err != nil || list[0].Access.Own || len(list[0].Access.Objects) != 0 {
		t.Errorf("%+v %v", list, err)
	}
}

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

func TestAccessEndsByItself(t *testing.T) {
	for _, c := range []struct {
		what  string
		terms func(vaultnet.Time) Terms
		pass  time.Duration
		uses  int
		want  refusal.Reason
	}{
		{"expires", func(now vaultnet.Time) Terms { return Terms{Expires: now.Add(2 * time.Second)} }, 3 * time.Second, 0, refusal.Expired},
		{"uses", func(vaultnet.Time) Terms { return Terms{Uses: 3} }, 0, 3, refusal.UsedUp},
		{"idle", func(vaultnet.Time) Terms { return Terms{Idle: time.Hour} }, 2 * time.Hour, 1, refusal.Idle},
		{"never used", func(vaultnet.Time) Terms { return Terms{} }, 25 * time.Hour, 0, refusal.Pruned},
	} {
		t.Run(c.what, func(t *testing.T) {
			w := newWorld(t)
			a := w.create(t)
			access := writing()
			access.Terms = c.terms(w.now)
			p := w.authorise(t, a, access)
			for i := range c.uses {
				if err := p.insert("_documents", string(rune('a'+i))); err != nil {
					t.Fatal(err)
				}
			}
			w.pass(c.pass)
			if err := p.insert("_documents", "late"); !errors.Is(err, AskAgain) || !errors.Is(err, refusal.GrantInvalid) {
				t.Errorf("%v", err)
			}
			list, err := a.List(ctx)
			if err != nil || list[0].Ends != c.want {
				t.Errorf("%+v %v", list, err)
			}
			if j, err := a.Judge(ctx, notes, access); err != nil || j.Verdict != Ask {
				t.Errorf("%+v %v", j, err)
			}
			if n, err := a.Tidy(ctx); err != nil || n != 1 {
				t.Errorf("%d %v", n, err)
			}
			if set := w.holds(w.ref(t, a, "_documents"), p.key()); set != 0 {
				t.Errorf("still has %v", set)
			}
		})
	}
}

func TestSeveralGrantsOfOneApp(t *testing.T) {
	w := newWorld(t)
	a := w.create(t)
	phone := w.authorise(t, a, writing())
	laptop := notes
	laptop.Scope = "laptop"
	cred, err := a.Authorise(ctx, laptop, writing())
	if err != nil {
		t.Fatal(err)
	}
	other := app{t, w, cred}
	if err := errors.Join(phone.insert("apps/"+notes.ID, "p"), other.insert("apps/"+notes.ID, "l")); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Revoke(ctx, notes); err != nil {
		t.Fatal(err)
	}
	if err := phone.insert("_documents", "p"); !errors.Is(err, Revoked) {
		t.Error(err)
	}
	if err := other.insert("_documents", "l"); err != nil {
		t.Error(err)
	}
}

func TestRenameAndRemove(t *testing.T) {
	w := newWorld(t)
	a := w.create(t)
	p := w.authorise(t, a, writing())
	if err := a.Rename(ctx, notes, "My notes"); err != nil {
		t.Fatal(err)
	}
	if list, err := a.List(ctx); err != nil || list[0].Title != "My notes" || list[0].App != notes {
		t.Errorf("%+v %v", list, err)
	}
	if _, err := a.Remove(ctx, notes); err != nil {
		t.Fatal(err)
	}
	if err := p.insert("_documents", "x"); !errors.Is(err, Revoked) {
		t.Error(err)
	}
	w.pass(time.Minute)
	if _, err := a.Tidy(ctx); err != nil {
		t.Error(err)
	}
	if list, err := a.List(ctx); err != nil || len(list) != 0 {
		t.Errorf("%+v %v", list, err)
	}
	if r, _, err := a.record(ctx, notes); err != nil || r != nil {
		t.Errorf("%+v %v", r, err)
	}
}

func TestExactlyTheSameIsNotAsked(t *testing.T) {
	w := newWorld(t)
	a := w.create(t)
	p := w.authorise(t, a, writing())
	j, err := a.Judge(ctx, notes, writing())
	if err != nil || j.Verdict != Same || j.Credential != p.cred || !j.Difference.None() {
		t.Errorf("%+v %v", j, err)
	}
	less := writing()
	less.Own = false
	if j, err := a.Judge(ctx, notes, less); err != nil || j.Verdict != Ask || j.Difference.Grows() || len(j.Difference.Less) != 1 {
		t.Errorf("%+v %v", j, err)
	}
	stranger := App{ID: "stranger"}
	for range maxDenied {
		if j, err := a.Judge(ctx, stranger, less); err != nil || j.Verdict != Ask {
			t.Errorf("%+v %v", j, err)
		}
		if err := a.Deny(ctx, stranger); err != nil {
			t.Fatal(err)
		}
	}
	if j, err := a.Judge(ctx, stranger, less); err != nil || j.Verdict != Blocked || j.Known {
		t.Errorf("%+v %v", j, err)
	}
	if err := a.Lift(ctx, stranger); err != nil {
		t.Fatal(err)
	}
	if j, err := a.Judge(ctx, stranger, less); err != nil || j.Verdict != Ask {
		t.Errorf("%+v %v", j, err)
	}
}

// A container that is gone does not keep an app from losing the others.
func TestContainerThatIsGone(t *testing.T) {
	w := newWorld(t)
	a := w.create(t)
	p := w.authorise(t, a, Access{Containers: []ContainerAccess{{"_documents", Read | Insert}, {"_music", Read | Insert}}})
	root := w.open(a.Actor(), a.Root())
	e, err := root.Get(ctx, "_music")
	if err != nil {
		t.Fatal(err)
	}
	music := w.ref(t, a, "_music")
	if err := root.Delete(ctx, e.Name, e.Version); err != nil {
		t.Fatal(err)
	}
	if err := a.Add(ctx, notes, ContainerAccess{"_music/x", Read}); !errors.Is(err, NoContainer) {
		t.Errorf("%v", err)
	}
	if err := a.RevokeContainer(ctx, notes, "_documents"); err != nil {
		t.Fatal(err)
	}
	if err := p.insert("_documents", "x"); !errors.Is(err, AskAgain) {
		t.Errorf("%v", err)
	}
	if set := w.holds(music, p.key()); set != 0 {
		t.Errorf("in the container that is gone: %v", set)
	}
	if _, err := a.Revoke(ctx, notes); err != nil {
		t.Error(err)
	}
}

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

func FuzzRecords(f *testing.F) {
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := decodeRecord(notes.name(), b); err == nil && len(b) < 10 {
			t.Error("a record of nothing")
		}
		if _, err := decodeGiven(b); err == nil && len(b) < 5 {
			t.Error("an access of nothing")
		}
	})
}
