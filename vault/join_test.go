package vault

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"vaultnet"
	"vaultnet/routing"
	"vaultnet/vault/store"
	"vaultnet/vault/store/memory"
)

// Addresses are a help that is kept and bounded; without it a vault starts all the same.
func TestContacts(t *testing.T) {
	s := memory.New(nil)
	if got := contacts(s); got != nil {
		t.Error(got)
	}
	many := slices.Repeat([]string{"/ip4/127.0.0.1/tcp/1"}, 2*maxRemembered)
	if err := remember(s, many, true); err != nil {
		t.Fatal(err)
	}
	if err := remember(s, nil, true); err != nil {
		t.Fatal(err)
	}
	if got := contacts(s); len(got) != maxRemembered {
		t.Errorf("%d addresses are remembered", len(got))
	}
	s.Apply([]vaultnet.Write{{Key: contactsKey, Value: []byte("no list")}}, true)
	if got := contacts(s); got != nil {
		t.Error(got)
	}
}

// unfound is a network that is not found.
type unfound struct {
	*line
	tries atomic.Int64
	found atomic.Bool
}

func (u *unfound) Join(ctx context.Context) error {
	u.tries.Add(1)
	if u.found.Load() {
		return u.line.Join(ctx)
	}
	return errors.New("nobody answers")
}

func (u *unfound) Met() []string {
	return []string{"/ip4/127.0.0.1/tcp/1/p2p/12D3KooWGRUkCzXqFDYLPGwdd4dJbkyGfpqqXyxcqr6LFp4uEXqZ"}
}

// A vault tries to find its network until it has, and says so meanwhile; it remembers whom it met.
func TestJoiningTakesAsLongAsItTakes(t *testing.T) {
	f := newFabric()
	u := &unfound{}
	var told atomic.Int64
	s := memory.New(nil)
	cfg := Config{Seed: seedOf("vault", 0), Store: s, Listen: []string{"/memory/1"}}
	cfg.Observer.Join = func(error) {
		if told.Add(1) == 2 {
			u.found.Store(true)
		}
	}
	connect := func(c routing.Config, h routing.Handler) (network, error) {
		n, err := f.connect(c, h)
		u.line = n.(*line)
		return u, err
	}
	v, err := start(t.Context(), cfg, connect)
	if err != nil {
		t.Fatal(err)
	}
	if told.Load() != 2 || u.tries.Load() != 3 {
		t.Errorf("%d attempts, %d failures told", u.tries.Load(), told.Load())
	}
	if err := v.Close(); err != nil {
		t.Error(err)
	}
	if got := contacts(s); !slices.Equal(got, u.Met()) {
		t.Errorf("it remembers %q", got)
	}

	u.found.Store(false)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	cfg.Bootstrap = u.Met() // somebody else is named: it waits
	if _, err := start(ctx, cfg, connect); err == nil {
		t.Error("it joined nobody")
	}
}

// A vault to which nobody else is named, and which finds nobody of those it once met, is the first of its network again.
func TestTheLastVaultIsTheFirst(t *testing.T) {
	t.Parallel()
	u := &unfound{}
	s := memory.New(nil)
	if err := errors.Join(store.CheckFormat(s), remember(s, u.Met(), true)); err != nil {
		t.Fatal(err)
	}
	params := vaultnet.LocalParameters()
	params.LeaveAfter = time.Second
	var known atomic.Int64
	cfg := Config{Seed: seedOf("vault", 0), Store: s, Listen: []string{"/memory/1"}, Parameters: params}
	cfg.Observer.Known = func(all []vaultnet.PublicKey) {
		if len(all) == 0 {
			known.Add(1)
		}
	}
	var bootstrap []string
	v, err := start(t.Context(), cfg, func(c routing.Config, h routing.Handler) (network, error) {
		n, err := newFabric().connect(c, h)
		u.line, bootstrap = n.(*line), c.Bootstrap
		return u, err
	})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	if known.Load() != 1 || !slices.Equal(bootstrap, u.Met()) {
		t.Errorf("told %d times that nobody is there, after trying %q", known.Load(), bootstrap)
	}
	if s, err := v.Status(); err != nil || !s.Settled || !s.Joined {
		t.Errorf("%+v %v", s, err)
	}
}
