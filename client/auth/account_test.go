package auth

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"testing"

	"vaultnet"
	"vaultnet/client/container"
	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

var ctx = context.Background()

func (w *world) create(t testing.TB) *Account {
	t.Helper()
	a, err := Create(ctx, w.config(), "Daily", "correct horse", "my account")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// whole checks that an account is complete.
func whole(t *testing.T, w *world, a *Account) {
	t.Helper()
	if !a.now().Made {
		t.Error("half-made")
	}
	for _, name := range Defaults {
		ref, err := a.find(ctx, name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if ref.Private() != (name != Public) {
			t.Errorf("%s is private: %v", name, ref.Private())
		}
		c := w.open(a.Actor(), ref)
		if _, err := c.Insert(ctx, "a name "+t.Name(), nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAccountIsFoundByLocatorAndPassword(t *testing.T) {
	w := newWorld(t)
	a := w.create(t)
	whole(t, w, a)
	b, err := Login(ctx, w.config(), "Daily", "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	if b.Owner() != a.Owner() || b.Label() != "my account" || b.Root() != a.Root() {
		t.Errorf("another account: %v, want %v", b, a)
	}
	_, wrong := Login(ctx, w.config(), "Daily", "correct Horse")
	_, unknown := Login(ctx, w.config(), "daily", "correct horse")
	if !errors.Is(wrong, WrongCredentials) || !errors.Is(wrong, fs.ErrPermission) || wrong.Error() != unknown.Error() {
		t.Errorf("wrong password: %v; unknown name: %v", wrong, unknown)
	}
	if _, err := Create(ctx, w.config(), "Daily", "correct horse", ""); !errors.Is(err, Exists) || !errors.Is(err, fs.ErrExist) {
		t.Errorf("created twice: %v", err)
	}
	// Two people may both be called Daily.
	c, err := Create(ctx, w.config(), "Daily", "battery staple", "")
	if err != nil || c.Owner() == a.Owner() {
		t.Errorf("another Daily: %v %v", c, err)
	}
}

func TestSessionOpensWithoutThePassword(t *testing.T) {
	w := newWorld(t)
	a := w.create(t)
	s, err := ParseSession(a.Session().Secret())
	if err != nil {
		t.Fatal(err)
	}
	if b, err := Resume(ctx, w.config(), s); err != nil || b.Owner() != a.Owner() {
		t.Errorf("%v %v", b, err)
	}
	if err := a.ChangePassword(ctx, "Daily", "another"); err != nil {
		t.Fatal(err)
	}
	if _, err := Resume(ctx, w.config(), s); !errors.Is(err, WrongCredentials) {
		t.Errorf("after a change of the password: %v", err)
	}
	for _, bad := range []string{"", "x", s.Secret() + "A", s.Secret()[1:], s.Secret() + "\n", s.Secret()[:20] + "\r\n" + s.Secret()[20:], strings.Repeat("=", 43)} {
		if _, err := ParseSession(bad); !errors.Is(err, Invalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// The cost is that of the design, once.
func TestDefaultCost(t *testing.T) {
	network := vaultnet.DefaultParameters().ID()
	a := derive(network, "Daily", "correct horse", DefaultCost)
	seen := map[secret]string{a: "the first"}
	for _, c := range []struct {
		what, locator, password string
		network                 vaultnet.NetworkID
		cost                    Cost
	}{
		{"another password", "Daily", "correct Horse", network, quick},
		{"another locator", "daily", "correct horse", network, quick},
		{"the border moved", "Dailyc", "orrect horse", network, quick},
		{"another network", "Daily", "correct horse", vaultnet.LocalParameters().ID(), quick},
		{"another cost", "Daily", "correct horse", network, quick},
		{"another time", "Daily", "correct horse", network, Cost{2, 8, 1}},
	} {
		s := derive(c.network, c.locator, c.password, c.cost)
		if other, ok := seen[s]; ok {
			t.Errorf("%s is %s", c.what, other)
		}
		seen[s] = c.what
	}
	p := a.place()
	if p.seed == p.seal || [32]byte(p.address.Name) == p.seal || [32]byte(p.address.Name) == p.seed {
		t.Error("keys of two uses are alike")
	}
}

func TestPacketIsSealedAnewEachTime(t *testing.T) {
	w := newWorld(t)
	a := w.create(t)
	nonces := map[string]bool{}
	sealed := func() []byte {
		v, _ := w.objects[a.at.address].Entry("")
		return v.Content
	}
	for range 10 {
		nonces[string(sealed()[:24])] = true
		for _, label := range []string{"one", "other"} {
			if err := a.SetLabel(ctx, label); err != nil {
				t.Fatal(err)
			}
			nonces[string(sealed()[:24])] = true
		}
	}
	if len(nonces) != 21 {
		t.Errorf("%d nonces for 21 packets", len(nonces))
	}
	owner := a.now().Owner
	for at, o := range w.objects {
		for _, v := range o.Entries() {
			if bytes.Contains(v.Content, owner[:]) {
				t.Errorf("%v holds the owner's key", at)
			}
		}
		if at == a.at.address && o.Owner() == a.Owner() {
			t.Error("the packet shows whose it is")
		}
	}
}

func TestCreationIsRepeatable(t *testing.T) {
	create := func(w *world) error {
		_, err := Create(ctx, w.config(), "Daily", "correct horse", "mine")
		return err
	}
	objects := -1
	crashes(t, func(*world) {}, create, func(t *testing.T, w *world) {
		a, err := Login(ctx, w.config(), "Daily", "correct horse")
		switch {
		case errors.Is(err, WrongCredentials):
			if a, err = Create(ctx, w.config(), "Daily", "correct horse", "mine"); err != nil {
				t.Fatal(err)
			}
		case err != nil:
			t.Fatal(err)
		}
		whole(t, w, a)
		if objects < 0 {
			objects = len(w.objects)
		}
		if len(w.objects) != objects || len(w.accounts) != 2 {
			t.Errorf("%d objects and %d accounts, want %d and 2: something was left behind", len(w.objects), len(w.accounts), objects)
		}
	})
	// By repeating the creation itself.
	crashes(t, func(*world) {}, create, func(t *testing.T, w *world) {
		a, err := Create(ctx, w.config(), "Daily", "correct horse", "mine")
		if errors.Is(err, Exists) {
			a, err = Login(ctx, w.config(), "Daily", "correct horse")
		}
		if err != nil {
			t.Fatal(err)
		}
		whole(t, w, a)
	})
}

func TestChangeOfPasswordIsRepeatable(t *testing.T) {
	crashes(t, func(w *world) {
		w.create(t)
	}, func(w *world) error {
		a, err := Login(ctx, w.config(), "Daily", "correct horse")
		if err != nil {
			return err
		}
		return a.ChangePassword(ctx, "Weekly", "new")
	}, func(t *testing.T, w *world) {
		old, err := Login(ctx, w.config(), "Daily", "correct horse")
		if err == nil {
			err = old.SetLabel(ctx, "later")
		}
		if err == nil {
			err = old.ChangePassword(ctx, "Weekly", "new")
		}
		if err != nil && !errors.Is(err, WrongCredentials) {
			t.Fatal(err)
		}
		a, err := Login(ctx, w.config(), "Weekly", "new")
		if err != nil {
			t.Fatal(err)
		}
		if old != nil && a.Label() != "later" {
			t.Errorf("label %q: what was changed after the crash is lost", a.Label())
		}
		whole(t, w, a)
		if _, err := Login(ctx, w.config(), "Daily", "correct horse"); !errors.Is(err, WrongCredentials) {
			t.Errorf("the old password: %v", err)
		}
	})
}

func TestChangeOfPassword(t *testing.T) {
	w := newWorld(t)
	a := w.create(t)
	other, err := Create(ctx, w.config(), "Daily", "taken", "")
	if err != nil {
		t.Fatal(err)
	}
	if err := a.ChangePassword(ctx, "Daily", "taken"); !errors.Is(err, Exists) {
		t.Errorf("somebody else's: %v", err)
	}
	if err := a.ChangePassword(ctx, "Daily", "correct horse"); !errors.Is(err, Invalid) {
		t.Errorf("the present one: %v", err)
	}
	// Back and forth: places are used again.
	for range 2 {
		for _, p := range []string{"second", "correct horse"} {
			if err := a.ChangePassword(ctx, "Daily", p); err != nil {
				t.Fatal(err)
			}
		}
	}
	if b, err := Login(ctx, w.config(), "Daily", "correct horse"); err != nil || b.Owner() != a.Owner() {
		t.Errorf("%v %v", b, err)
	}
	if b, err := Login(ctx, w.config(), "Daily", "taken"); err != nil || b.Owner() != other.Owner() {
		t.Errorf("%v %v", b, err)
	}
}

func TestTwoDevices(t *testing.T) {
	w := newWorld(t)
	a := w.create(t)
	b, err := Login(ctx, w.config(), "Daily", "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	// b writes just before a does: a's write fails, and is done again on top of b's.
	w.before[w.changes] = func() {
		if err := b.SetLabel(ctx, "by b"); err != nil {
			t.Error(err)
		}
	}
	before := a.now().Changes
	if err := a.SetLabel(ctx, "by a"); err != nil {
		t.Fatal(err)
	}
	if err := b.Refresh(ctx); err != nil || b.Label() != "by a" || b.now().Changes != before+2 {
		t.Errorf("label %q after %d changes, %v", b.Label(), b.now().Changes-before, err)
	}

	// b changes the label while a changes the password: nothing is lost. The label comes between copying and removing.
	w.before[w.changes+2] = func() {
		if err := b.SetLabel(ctx, "meanwhile"); err != nil {
			t.Error(err)
		}
	}
	if err := a.ChangePassword(ctx, "Daily", "new"); err != nil {
		t.Fatal(err)
	}
	if a.Label() != "meanwhile" {
		t.Errorf("label %q", a.Label())
	}
	if err := b.SetLabel(ctx, "too late"); !errors.Is(err, Changed) {
		t.Errorf("by a device with the old password: %v", err)
	}

	// Both change the password: one does.
	b, err = Login(ctx, w.config(), "Daily", "new")
	if err != nil {
		t.Fatal(err)
	}
	w.before[w.changes+2] = func() {
		if err := b.ChangePassword(ctx, "Daily", "b's"); err != nil {
			t.Error(err)
		}
	}
	if err := a.ChangePassword(ctx, "Daily", "a's"); !errors.Is(err, Changed) {
		t.Errorf("the slower: %v", err)
	}
	for password, want := range map[string]bool{"new": false, "a's": false, "b's": true} {
		if _, err := Login(ctx, w.config(), "Daily", password); (err == nil) != want {
			t.Errorf("%s: %v", password, err)
		}
	}
}

// One account, used by many goroutines at once.
func TestConcurrentUse(t *testing.T) {
	w := newWorld(t)
	a := w.create(t)
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			app := App{ID: fmt.Sprint("app", i%4), Scope: fmt.Sprint(i / 4)}
			_, err := a.Authorise(ctx, app, writing())
			err = errors.Join(err, a.SetLabel(ctx, app.ID))
			if i%2 == 0 {
				_, revoked := a.Revoke(ctx, app)
				err = errors.Join(err, revoked)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if n := w.grants(a.Owner()); n != 4 {
		t.Errorf("%d grants", n)
	}
}

func TestBadArguments(t *testing.T) {
	w := newWorld(t)
	for what, try := range map[string]func() error{
		"no locator":   func() error { _, err := Create(ctx, w.config(), "", "x", ""); return err },
		"not UTF-8":    func() error { _, err := Create(ctx, w.config(), "\xff", "x", ""); return err },
		"long locator": func() error { _, err := Login(ctx, w.config(), strings.Repeat("x", MaxLocator+1), "x"); return err },
		"no password":  func() error { _, err := Login(ctx, w.config(), "x", ""); return err },
		"long label":   func() error { _, err := Create(ctx, w.config(), "x", "x", strings.Repeat("x", MaxLabel+1)); return err },
		"control":      func() error { _, err := Create(ctx, w.config(), "x", "x", "a\x1bb"); return err },
		"nothing":      func() error { _, err := Create(ctx, Config{}, "x", "x", ""); return err },
		"cost": func() error {
			c := w.config()
			c.Cost = Cost{Time: 1, Memory: 1 << 30, Threads: 1}
			_, err := Login(ctx, c, "x", "x")
			return err
		},
	} {
		if err := try(); !errors.Is(err, Invalid) || !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if w.changes != 0 {
		t.Error("something was stored")
	}
}

func TestDamagedPacketSaysSo(t *testing.T) {
	w := newWorld(t)
	a := w.create(t)
	o := w.objects[a.at.address]
	v, _ := o.Entry("")
	damaged := bytes.Clone(v.Content)
	damaged[40] ^= 1
	by := a.at.actor(&a.cfg)
	m := &mutabledata.MutateEntries{Actions: []mutabledata.EntryAction{{Do: mutabledata.UpdateEntry, Content: damaged, Version: v.Version + 1}}}
	if err := w.Data(by).Do(ctx, []container.Step{container.Mutate{Address: a.at.address, Mutation: m}})[0].Err; err != nil {
		t.Fatal(err)
	}
	if _, err := Login(ctx, w.config(), "Daily", "correct horse"); !errors.Is(err, Corrupt) {
		t.Errorf("%v", err)
	}
}

func TestNetworkErrorsComeThrough(t *testing.T) {
	w := newWorld(t)
	w.crash = 0
	_, err := Login(ctx, w.config(), "Daily", "correct horse")
	var r *refusal.Error
	if !errors.Is(err, Failed) || !errors.As(err, &r) || r.Kind != refusal.Unavailable || !strings.Contains(err.Error(), "log in") {
		t.Errorf("%v", err)
	}
}

func FuzzPacket(f *testing.F) {
	p := packet{Format: packetFormat, Label: "mine", Changes: 7}
	p.Root, p.Apps = p.ref(rootName, true), p.ref(recordsName, true)
	f.Add(p.encode())
	f.Add([]byte{})
	at := secret{1}.place()
	f.Fuzz(func(t *testing.T, b []byte) {
		if p, err := decodePacket(b); err == nil && !bytes.Equal(p.encode(), b) {
			t.Errorf("%x decodes, but encodes to %x", b, p.encode())
		}
		if _, err := openPacket(&at, b); err == nil {
			t.Error("what was not sealed opens")
		}
	})
}
