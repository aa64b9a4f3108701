package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"vaultnet"
	"vaultnet/account"
	"vaultnet/internal/wire"
	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

// within is a context that is generous on a machine with much to do.
func within(t testing.TB) context.Context {
	ctx, stop := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(stop)
	return ctx
}

// actor makes an actor with an account.
func actor(t testing.TB, c *Client) Actor {
	t.Helper()
	a := Actor{Key: NewKey()}
	if _, err := c.CreateAccount(within(t), a); err != nil {
		t.Fatal(err)
	}
	return a
}

// object puts an object that anyone may insert into.
func object(t testing.TB, c *Client, owner Actor, name string, entries ...string) vaultnet.Address {
	t.Helper()
	at := Address(name, 15000)
	o := Object{Entries: map[mutabledata.Key][]byte{}, Permissions: map[mutabledata.User]mutabledata.PermissionSet{mutabledata.Anyone: Allow(mutabledata.Insert)}}
	for _, e := range entries {
		o.Entries[mutabledata.Key(e)] = []byte("content of " + e)
	}
	if _, err := c.Put(within(t), owner, at, o); err != nil {
		t.Fatal(err)
	}
	return at
}

// wants fails the test unless err is of a kind, and a *refusal.Error.
func wants(t testing.TB, err error, kind refusal.Kind) *refusal.Error {
	t.Helper()
	var e *refusal.Error
	if !errors.Is(err, kind) || !errors.As(err, &e) || e.Kind != kind {
		t.Fatalf("%v, want %v", err, kind)
	}
	return e
}

func TestEveryReadAndChange(t *testing.T) {
	w := newTown(t, 10)
	c := w.client()
	ctx := within(t)
	alice, bob := actor(t, c), actor(t, c)
	at := object(t, c, alice, "notes", "a", "b")

	m, err := c.Mutate(ctx, alice, at, Insert("d", []byte("D")), Update("a", []byte("A"), 1), Delete("b", 1), ExpectAbsent("c"))
	if err != nil || !reflect.DeepEqual(m.Versions, map[mutabledata.Key]mutabledata.Version{"a": 1, "d": 0}) {
		t.Fatalf("%+v %v", m, err)
	}
	height := m.Height
	check := func(what string, h vaultnet.Height, err error, good bool) {
		t.Helper()
		if err != nil || h < height || !good {
			t.Errorf("%s: height %d of %d, %v, %v", what, h, height, good, err)
		}
	}
	v, h, err := c.GetValue(ctx, at, "a")
	check("GetValue", h, err, string(v.Content) == "A" && v.Version == 1)
	entries, h, err := c.GetEntries(ctx, at)
	check("GetEntries", h, err, len(entries) == 2 && entries[1].Key == "d" && string(entries[1].Value.Content) == "D")
	keys, h, err := c.GetKeys(ctx, at)
	check("GetKeys", h, err, slices.Equal(keys, []mutabledata.Key{"a", "d"}))
	values, h, err := c.GetValues(ctx, at)
	check("GetValues", h, err, len(values) == 2 && string(values[0].Content) == "A")
	some, h, err := c.GetValuesOf(ctx, at, "d", "c", "d")
	check("GetValuesOf", h, err, len(some) == 1 && string(some["d"].Content) == "D")
	shell, h, err := c.GetShell(ctx, at)
	check("GetShell", h, err, shell.Owner == alice.Key.Public() && shell.Entries == 2 && shell.Floor == 2)
	o, h, err := c.GetObject(ctx, at)
	check("GetObject", h, err, o != nil && o.Len() == 2)
	version, h, err := c.GetVersion(ctx, at)
	check("GetVersion", h, err, version == 0)

	r, err := c.SetPermissions(ctx, alice, at, mutabledata.UserOf(bob.Key.Public()), Allow(mutabledata.Delete).Deny(mutabledata.Insert), 1)
	height = r.Height
	check("SetPermissions", r.Height, err, true)
	set, h, err := c.GetUserPermissions(ctx, at, mutabledata.UserOf(bob.Key.Public()))
	check("GetUserPermissions", h, err, set == Allow(mutabledata.Delete).Deny(mutabledata.Insert))
	all, h, err := c.GetPermissions(ctx, at)
	check("GetPermissions", h, err, len(all) == 2 && all[0].User == mutabledata.Anyone)
	_, err = c.Mutate(ctx, bob, at, Insert("x", nil))
	wants(t, err, refusal.AccessDenied)
	if _, err = c.Mutate(ctx, bob, at, Delete("d", 1)); err != nil {
		t.Error(err)
	}
	if _, err = c.DeletePermissions(ctx, alice, at, mutabledata.UserOf(bob.Key.Public()), 2); err != nil {
		t.Error(err)
	}
	if _, err = c.ChangeOwner(ctx, alice, at, bob.Key.Public(), 3); err != nil {
		t.Error(err)
	}
	_, err = c.ChangeOwner(ctx, alice, at, alice.Key.Public(), 4)
	wants(t, err, refusal.AccessDenied)
	shell, h, err = c.GetShell(ctx, at)
	check("GetShell", h, err, shell.Owner == bob.Key.Public() && shell.Version == 3)
}

func TestRefusalsTellTheirDetails(t *testing.T) {
	w := newTown(t, 8)
	c := w.client()
	ctx := within(t)
	alice := actor(t, c)
	at := object(t, c, alice, "notes", "a")

	_, err := c.CreateAccount(ctx, alice)
	wants(t, err, refusal.AccountExists)
	_, err = c.Put(ctx, alice, at, Object{})
	wants(t, err, refusal.DataExists)
	_, err = c.Mutate(ctx, alice, at, Insert("a", nil), Update("b", nil, 1), Delete("c", 1))
	e := wants(t, err, refusal.InvalidEntryActions)
	if len(e.Detail.Entries) != 3 || e.Detail.Entries[0].Key != "a" || e.Detail.Entries[0].Kind != refusal.EntryExists {
		t.Errorf("%+v", e.Detail)
	}
	_, err = c.SetPermissions(ctx, alice, at, mutabledata.Anyone, 0, 7)
	if e := wants(t, err, refusal.InvalidSuccessor); e.Detail.Current != 0 {
		t.Errorf("%+v", e.Detail)
	}
	_, err = c.DeletePermissions(ctx, alice, at, mutabledata.UserOf(alice.Key.Public()), 1)
	wants(t, err, refusal.NoSuchKey)
	_, err = c.Mutate(ctx, alice, at, ExpectAbsent("z"))
	wants(t, err, refusal.EmptyMutation)
	_, err = c.Mutate(ctx, alice, at, Insert("z", nil), Update("z", nil, 1))
	wants(t, err, refusal.InvalidRequest)
	_, err = c.Mutate(ctx, alice, at, Insert("z", nil), AtMost(1))
	wants(t, err, refusal.TooManyEntries)
	_, err = c.Mutate(ctx, alice, at, Insert("z", make([]byte, vaultnet.MaxSize)))
	wants(t, err, refusal.DataTooLarge)
	_, err = c.Mutate(ctx, Actor{Key: NewKey()}, at, Insert("z", nil))
	wants(t, err, refusal.NoSuchAccount)
	_, err = c.Mutate(ctx, Actor{Key: NewKey(), Account: alice.Key.Public()}, at, Insert("z", nil))
	if e := wants(t, err, refusal.GrantInvalid); e.Detail.Reason != refusal.NeverGranted {
		t.Errorf("%+v", e.Detail)
	}
	unpaid := alice
	unpaid.NoPermit = true
	_, err = c.Mutate(ctx, unpaid, at, Insert("z", nil))
	if e := wants(t, err, refusal.PermitInvalid); e.Detail.Reason != refusal.Missing {
		t.Errorf("%+v", e.Detail)
	}
	_, err = c.Mutate(ctx, alice, Address("elsewhere", 0), Insert("z", nil))
	wants(t, err, refusal.NoSuchData)
	_, _, err = c.GetValue(ctx, at, "z")
	wants(t, err, refusal.NoSuchEntry)
	_, _, err = c.GetShell(ctx, Address("elsewhere", 0))
	wants(t, err, refusal.NoSuchData)
	_, err = c.GetChunk(ctx, vaultnet.Name{1})
	wants(t, err, refusal.NoSuchData)
	_, err = c.Mutate(ctx, Actor{}, at, Insert("z", nil))
	wants(t, err, refusal.InvalidRequest)
	_, _, err = c.Account(ctx, Actor{})
	wants(t, err, refusal.InvalidRequest)
	_, _, err = c.Account(ctx, Actor{Key: alice.Key, Account: NewKey().Public()})
	wants(t, err, refusal.AccessDenied)
}

func TestGrants(t *testing.T) {
	t.Parallel()
	w := newTownOf(t, 8, quick())
	c := w.client()
	ctx := within(t)
	alice := actor(t, c)
	at := object(t, c, alice, "notes")
	app := Actor{Key: NewKey(), Account: alice.Key.Public()}

	_, err := c.InsertGrant(ctx, alice, app.Key.Public(), account.Terms{Label: "app"}, 5)
	if e := wants(t, err, refusal.InvalidSuccessor); e.Detail.Current != 0 {
		t.Errorf("%+v", e.Detail)
	}
	g, err := c.Grant(ctx, alice, app.Key.Public(), account.Terms{Label: "app"})
	if err != nil || g.Version != 1 || g.Height == 0 {
		t.Fatalf("%+v %v", g, err)
	}
	_, err = c.Grant(ctx, app, NewKey().Public(), account.Terms{})
	wants(t, err, refusal.AccessDenied)
	if _, err := c.Verify(ctx, app); err != nil {
		t.Error(err)
	}
	if _, err := c.Mutate(ctx, app, at, Insert("by app", nil)); err != nil {
		t.Fatal(err)
	}
	a, h, err := c.Account(ctx, alice)
	if err != nil || h < g.Height || len(a.Grants) != 1 || a.Grants[0].Terms.Label != "app" || a.Grants[0].LastUsed == 0 {
		t.Fatalf("%+v at %d: %v", a, h, err)
	}
	if a.Done != 2 || a.Done+a.Reserved+a.Available != w.params.AccountOperations {
		t.Errorf("done %d, reserved %d, available %d", a.Done, a.Reserved, a.Available)
	}
	top, err := c.TopUp(ctx, alice, 500)
	if err != nil || top.Available < 500 {
		t.Errorf("%+v %v", top, err)
	}

	// While Revoke waits the app writes as fast as it can; nothing of that is applied after it returned.
	writing, stop := context.WithCancel(ctx)
	last := make(chan error, 1)
	go func() {
		for i := 0; ; i++ {
			_, err := c.Mutate(writing, app, at, Insert(mutabledata.Key(fmt.Sprint("k", i)), nil))
			if err != nil {
				last <- err
				return
			}
		}
	}()
	r, err := c.Revoke(ctx, alice, app.Key.Public())
	if err != nil || r.Version != 2 || clock() < r.Until.Add(2*w.params.Skew) {
		t.Fatalf("%+v %v", r, err)
	}
	before, _, err := c.GetKeys(ctx, at)
	if err != nil {
		t.Fatal(err)
	}
	wants(t, <-last, refusal.GrantInvalid)
	stop()
	after, _, err := c.GetKeys(ctx, at)
	if err != nil || len(after) != len(before) {
		t.Errorf("%d entries, then %d: %v", len(before), len(after), err)
	}
	_, err = c.Revoke(ctx, alice, app.Key.Public())
	wants(t, err, refusal.NoSuchKey)

	var others []vaultnet.PublicKey
	for range 3 {
		k := NewKey().Public()
		others = append(others, k)
		if _, err := c.Grant(ctx, alice, k, account.Terms{Temporary: true}); err != nil {
			t.Fatal(err)
		}
	}
	if r, err := c.RevokeAll(ctx, alice, true, others[2], others[1]); err != nil || r.Version != 6 {
		t.Errorf("%+v %v", r, err)
	}
	if a, _, err = c.Account(ctx, alice); err != nil || len(a.Grants) != 2 {
		t.Errorf("%+v %v", a, err)
	}
}

// quick are parameters with which a revocation does not take long.
func quick() vaultnet.Parameters {
	p := vaultnet.LocalParameters()
	p.PermitLifetime, p.Skew = 2*time.Second, 500*time.Millisecond
	return p
}

func TestChunks(t *testing.T) {
	w := newTown(t, 10)
	c := w.client(func(c *Config) { c.Parallel = 7 })
	ctx := within(t)
	alice := actor(t, c)
	var contents [][]byte
	for i := range 40 {
		contents = append(contents, bytes.Repeat([]byte{byte(i)}, 1000*i))
	}
	names, err := c.PutChunks(ctx, alice, contents)
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.GetChunks(ctx, names)
	if err != nil || len(got) != len(contents) {
		t.Fatal(err)
	}
	for i := range got {
		if !bytes.Equal(got[i], contents[i]) {
			t.Errorf("chunk %d differs", i)
		}
	}
	if again, err := c.PutChunk(ctx, alice, contents[3]); err != nil || again != names[3] {
		t.Errorf("put again: %v", err)
	}
	_, err = c.PutChunk(ctx, alice, make([]byte, vaultnet.MaxSize+1))
	wants(t, err, refusal.DataTooLarge)
	names[17] = vaultnet.Name{17}
	_, err = c.GetChunks(ctx, names)
	wants(t, err, refusal.NoSuchData)
	if none, err := c.GetChunks(ctx, nil); err != nil || len(none) != 0 {
		t.Errorf("%v %v", none, err)
	}
}

func TestNobodyAnswers(t *testing.T) {
	w := newTown(t, 3)
	for _, h := range w.houses {
		h.stop()
	}
	_, err := w.dial(t.Context(), Config{})
	if err == nil || !strings.Contains(err.Error(), "/memory/1/p2p/vault") || !strings.Contains(err.Error(), "is it running") {
		t.Error(err)
	}
	deaf := newTown(t, 1)
	deaf.houses[0].mu.Lock()
	deaf.houses[0].deaf = true
	deaf.houses[0].mu.Unlock()
	ctx, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	if _, err = deaf.dial(ctx, Config{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

func TestOtherParametersAreNamed(t *testing.T) {
	t.Parallel()
	w := newTown(t, 3)
	other := w.params
	other.PermitLifetime = time.Hour
	_, err := w.dial(t.Context(), Config{Parameters: other})
	if err == nil || !strings.Contains(err.Error(), "permit-lifetime") {
		t.Error(err)
	}
}

// One vault that turns a client away decides nothing.
func TestOneVaultTurnsAway(t *testing.T) {
	var r ready
	r.make()
	liar, honest := vaultnet.PublicKey{1}, vaultnet.PublicKey{2}
	answer := &wire.SetAnswer{Call: probeCall}
	if !r.sees(liar, &wire.Goodbye{Err: refusal.Invalid("go away")}) || !r.sees(liar, answer) {
		t.Error("it is left to others")
	}
	select {
	case <-r.answered:
		t.Error("a vault that said goodbye counts")
	default:
	}
	if r.sees(honest, &wire.SetAnswer{Call: 7}) {
		t.Error("an operation's answer is kept from it")
	}
	r.sees(honest, answer)
	<-r.answered
	r.sees(honest, answer) // again: nothing
}

func TestConfigurationsThatAreRefused(t *testing.T) {
	good := Config{Parameters: vaultnet.LocalParameters(), Bootstrap: []string{"/memory/1/p2p/x"}}
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for says, change := range map[string]func(*Config){
		"skew":      func(c *Config) { c.Parameters.Skew = 0 },
		"bootstrap": func(c *Config) { c.Bootstrap = nil },
		"timeout":   func(c *Config) { c.Timeout = -1 },
		"parallel":  func(c *Config) { c.Parallel = 5000 },
	} {
		c := good
		change(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", says, err)
		}
	}
}

func TestLocalSaysHowToStartOne(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	if _, err := Local(t.Context()); err == nil || !strings.Contains(err.Error(), "simnet") {
		t.Error(err)
	}
	if _, err := Local(t.Context(), "no such/name"); err == nil {
		t.Error("any name is good")
	}
}
