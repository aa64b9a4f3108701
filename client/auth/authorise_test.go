package auth

import (
	"errors"
	"io/fs"
	"testing"
	"time"

	"vaultnet"
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
