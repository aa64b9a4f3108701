package client

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"vaultnet"
	"vaultnet/mutabledata"
	"vaultnet/routing"
	"vaultnet/vault"
	"vaultnet/vault/store/memory"
)

// settlement is real vaults over package routing, with its transport in memory.
type fabric struct {
	vaults []*vault.Vault
	cfg    Config // of a client
}

func newFabric(t testing.TB, vaults int, params vaultnet.Parameters) *fabric {
	t.Helper()
	f := &fabric{vaults: make([]*vault.Vault, vaults)}
	shared := routing.NewMemory()
	f.cfg = Config{Parameters: params, Fabric: shared}
	start := func(i int) {
		v, err := vault.Start(within(t), vault.Config{
			Seed: vaultnet.DomainBody.Hash([]byte(fmt.Sprint(t.Name(), i))), Parameters: params, Store: memory.New(memory.NewShelf()),
			Listen: []string{fmt.Sprint("/memory/", i+1)}, Bootstrap: f.cfg.Bootstrap, Fabric: shared,
		})
		if err != nil {
			t.Error(err)
			return
		}
		t.Cleanup(func() { v.Close() })
		f.vaults[i] = v
	}
	start(0)
	f.cfg.Bootstrap = f.vaults[0].Addresses()
	var group sync.WaitGroup
	for i := 1; i < vaults; i++ {
		group.Go(func() { start(i) })
	}
	group.Wait()
	if t.Failed() {
		t.FailNow()
	}
	return f
}

func TestRealVaults(t *testing.T) {
	f := newFabric(t, 10, vaultnet.LocalParameters())
	ctx := within(t)
	began := time.Now()
	c, err := Connect(ctx, f.cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	t.Log("connected", time.Since(began))
	alice := actor(t, c)
	t.Log("account", time.Since(began))
	notes := Address("notes", 15000)
	r, err := c.Put(ctx, alice, notes, Object{Entries: map[mutabledata.Key][]byte{"first": []byte("hello")}})
	if err != nil || r.Height == 0 {
		t.Fatalf("%+v %v", r, err)
	}
	t.Log("put", time.Since(began))
	m, err := c.Mutate(ctx, alice, notes, Insert("second", []byte("hi")), Update("first", []byte("hello again"), 1))
	if err != nil || m.Height <= r.Height || m.Versions["first"] != 1 {
		t.Fatalf("%+v %v", m, err)
	}
	t.Log("mutate", time.Since(began))
	v, height, err := c.GetValue(ctx, notes, "first")
	if err != nil || string(v.Content) != "hello again" || height < m.Height {
		t.Fatalf("%q at %d: %v", v.Content, height, err)
	}
	t.Log("read", time.Since(began), c.Vaults())
	c.Close()
	t.Log("closed", time.Since(began))
}

func TestNobodyThere(t *testing.T) {
	f := newFabric(t, 1, vaultnet.LocalParameters())
	f.vaults[0].Close()
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Second)
	defer stop()
	_, err := Connect(ctx, f.cfg)
	if err == nil || !strings.Contains(err.Error(), f.cfg.Bootstrap[0]) {
		t.Error(err)
	}
	t.Log(err)
}

func TestAnotherNetwork(t *testing.T) {
	f := newFabric(t, 1, vaultnet.LocalParameters())
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Second)
	defer stop()
	cfg := f.cfg
	cfg.Parameters.Skew = 3 * time.Second
	_, err := Connect(ctx, cfg)
	t.Log(err)
}
