package vault

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"vaultnet"
	"vaultnet/account"
	"vaultnet/client/op"
	"vaultnet/internal/patient"
	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(patient.Tests{M: m}) }

func addressOf(name string) vaultnet.Address {
	return vaultnet.Address{Kind: vaultnet.KindMutableData, Name: vaultnet.Name(seedOf(name, 0)), Tag: 1}
}

func insert(key string, value string) *mutabledata.MutateEntries {
	return &mutabledata.MutateEntries{Actions: []mutabledata.EntryAction{{Key: mutabledata.Key(key), Do: mutabledata.InsertEntry, Content: []byte(value)}}}
}

// account makes the citizen's account.
func (c *citizen) account() {
	c.t.Helper()
	c.must(op.Operate{As: c.signer, Owner: c.signer.Public(), Operation: &account.CreateAccount{}})
}

// put makes an object of the citizen's.
func (c *citizen) put(a vaultnet.Address) op.Completion {
	c.t.Helper()
	return c.must(op.Mutate{As: c.signer, Account: c.signer.Public(), Address: a, Mutation: &mutabledata.Put{Owner: c.signer.Public()}})
}

func (c *citizen) insert(a vaultnet.Address, key, value string) op.Completion {
	c.t.Helper()
	return c.must(op.Mutate{As: c.signer, Account: c.signer.Public(), Address: a, Mutation: insert(key, value)})
}

// value reads one entry.
func (c *citizen) value(a vaultnet.Address, key string) string {
	c.t.Helper()
	d := c.must(op.Read{Address: a, Query: mutabledata.GetValue{Key: mutabledata.Key(key)}})
	return string(d.Result.(mutabledata.Value).Content)
}

// Accounts, objects and chunks are stored and read; a vault that was stopped meanwhile catches up.
func TestANetworkOfVaults(t *testing.T) {
	t.Parallel()
	w := newTown(t, 8, func(_ int, c *Config) { c.Sync = true })
	w.settle()
	alice := w.citizen("Alice")
	alice.account()
	a := addressOf("object")
	if d := alice.put(a); d.Height != 1 {
		t.Errorf("put at height %d, want 1", d.Height)
	}
	alice.insert(a, "k", "v")
	if got := alice.value(a, "k"); got != "v" {
		t.Errorf("read %q, want v", got)
	}
	content := []byte("immutable")
	chunk := alice.must(op.PutChunk{As: alice.signer, Account: alice.signer.Public(), Content: content})
	if d := alice.must(op.GetChunk{Name: chunk.Result.(vaultnet.Name)}); string(d.Result.([]byte)) != string(content) {
		t.Errorf("chunk %q", d.Result)
	}
	if d := alice.do(op.Read{Address: addressOf("nothing"), Query: mutabledata.GetEntries{}}); !errors.Is(d.Err, refusal.NoSuchData) {
		t.Errorf("an address that holds nothing: %v", d.Err)
	}

	stopped := w.houses[3]
	if err := stopped.Close(); err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		alice.insert(a, fmt.Sprint("while away ", i), "v")
	}
	w.start(stopped)
	alice.insert(a, "after", "v")
	eventually(t, "all vaults hold the same", func() bool { return w.agree() })
	s, err := w.houses[0].Status()
	if err != nil || s.Objects != 2 || s.Chunks != 1 || s.Peers != 7 || s.Key != w.houses[0].Key() {
		t.Errorf("status %+v, %v", s, err)
	}
}

// agree reports whether all vaults hold the same objects at the same heights.
func (w *town) agree() bool {
	var first map[vaultnet.Address]vaultnet.Digest
	for _, h := range w.houses {
		held, err := h.Holdings()
		if err != nil {
			w.t.Fatal(err)
		}
		all := map[vaultnet.Address]vaultnet.Digest{}
		for _, o := range held {
			all[o.Address] = o.Header
		}
		if first == nil {
			first = all
		}
		if len(all) != len(first) {
			return false
		}
		for a, d := range all {
			if first[a] != d {
				return false
			}
		}
	}
	return true
}

// What is beyond the memory budget is read from the store when it is needed.
func TestObjectsAreReadFromTheStore(t *testing.T) {
	t.Parallel()
	var loaded atomic.Int64
	w := newTown(t, 4, func(_ int, c *Config) {
		c.Memory = 1
		c.Observer.Core.Loaded = func(vaultnet.Address) { loaded.Add(1) }
	})
	w.settle()
	alice := w.citizen("Alice")
	alice.account()
	for i := range 4 {
		alice.put(addressOf(fmt.Sprint(i)))
		alice.insert(addressOf(fmt.Sprint(i)), "k", fmt.Sprint(i))
	}
	for i := range 4 {
		if got := alice.value(addressOf(fmt.Sprint(i)), "k"); got != fmt.Sprint(i) {
			t.Errorf("object %d holds %q", i, got)
		}
	}
	if loaded.Load() == 0 {
		t.Error("nothing was read from a store")
	}
}

// Members of what is held are protected, also after a restart.
func TestFellowMembersAreProtected(t *testing.T) {
	w := newTown(t, 4, nil)
	w.settle()
	alice := w.citizen("Alice")
	alice.account()
	protected := func(h *house) int {
		w.fabric.mu.Lock()
		defer w.fabric.mu.Unlock()
		return len(h.net.(*line).protected)
	}
	for _, h := range w.houses {
		eventually(t, "three fellow members are protected", func() bool { return protected(h) == 3 })
	}
	again := w.houses[1]
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
	w.start(again)
	eventually(t, "they are after a restart", func() bool { return protected(again) == 3 })
}

func TestClosing(t *testing.T) {
	w := newTown(t, 1, nil)
	h := w.houses[0]
	for range 2 {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := h.Status(); !errors.Is(err, ErrStopped) {
		t.Errorf("status of a stopped vault: %v", err)
	}
	if err := h.Err(); err != nil {
		t.Error(err)
	}
	select {
	case <-h.Done():
	default:
		t.Error("it is not done")
	}
}
