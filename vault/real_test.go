package vault_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"vaultnet"
	"vaultnet/client"
	"vaultnet/internal/signature"
	"vaultnet/mutabledata"
	"vaultnet/refusal"
	"vaultnet/routing"
	"vaultnet/vault"
	"vaultnet/vault/store/memory"
)

// community is vaults on libp2p in this process.
type community struct {
	t      testing.TB
	listen func(i int) string
	base   vault.Config
	vaults []*vault.Vault
	stores []vault.Store
	open   func(i int) vault.Store // nil: in memory
}

func newCommunity(t testing.TB, n int, listen func(i int) string) *community {
	return newCommunityOf(t, n, listen, func(*community) {})
}

func newCommunityOf(t testing.TB, n int, listen func(i int) string, change func(*community)) *community {
	w := &community{t: t, listen: listen, base: vault.Config{Parameters: vaultnet.LocalParameters(), Fabric: routing.NewMemory(),
		Verifier: signature.NewVerifier(100_000)}}
	change(w)
	shelf := memory.NewShelf()
	for i := range n {
		if w.open != nil {
			w.stores = append(w.stores, w.open(i))
		} else {
			w.stores = append(w.stores, memory.New(shelf))
		}
		w.vaults = append(w.vaults, nil)
		w.start(i)
	}
	t.Cleanup(func() {
		for _, v := range w.vaults {
			if err := v.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	return w
}

func (w *community) start(i int) {
	w.t.Helper()
	cfg := w.base
	cfg.Seed, cfg.Store, cfg.Listen = sha256.Sum256(fmt.Append(nil, "vault ", i)), w.stores[i], []string{w.listen(i)}
	if w.vaults[0] != nil {
		cfg.Bootstrap = w.vaults[0].Addresses()
	}
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	v, err := vault.Start(ctx, cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	w.vaults[i] = v
}

func (w *community) wait(what string, good func() bool) {
	w.t.Helper()
	for until := time.Now().Add(time.Minute); !good(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(until) {
			w.t.Fatalf("not within a minute: %s", what)
		}
	}
}

func (w *community) settled() bool {
	for _, v := range w.vaults {
		s, err := v.Status()
		if err != nil {
			w.t.Fatal(err)
		}
		if !s.Settled || s.Peers != len(w.vaults)-1 {
			return false
		}
	}
	return true
}

func (w *community) client() *client.Client {
	w.t.Helper()
	c, err := client.Connect(w.t.Context(), client.Config{Parameters: w.base.Parameters, Bootstrap: w.vaults[0].Addresses(), Fabric: w.base.Fabric})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { c.Close() })
	return c
}

// A network of vaults and a client on libp2p, over each transport: data is stored, changed at once by many, and read;
// a vault that was away catches up.
func TestOnLibp2p(t *testing.T) {
	t.Parallel()
	for name, listen := range map[string]func(i int) string{
		"in memory": func(i int) string { return fmt.Sprintf("/memory/%d", 1+i) },
		"TCP":       func(int) string { return "/ip4/127.0.0.1/tcp/0" },
		"QUIC":      func(int) string { return "/ip4/127.0.0.1/udp/0/quic-v1" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			begun := time.Now()
			done := func(what string) { t.Logf("%6d ms: %s", time.Since(begun).Milliseconds(), what) }
			w := newCommunity(t, 6, listen)
			done("started")
			w.wait("all are settled", w.settled)
			done("settled")
			c := w.client()
			done("connected")
			alice := client.Actor{Key: client.NewKey()}
			ctx := t.Context()
			if _, err := c.CreateAccount(ctx, alice); err != nil {
				t.Fatal(err)
			}
			notes := client.Address("notes", 1)
			if _, err := c.Put(ctx, alice, notes, client.Object{}); err != nil {
				t.Fatal(err)
			}
			done("put")
			if err := w.vaults[4].Close(); err != nil {
				t.Error(err)
			}
			done("one stopped")
			var wait sync.WaitGroup
			for i := range 20 {
				wait.Go(func() {
					if _, err := c.Mutate(ctx, alice, notes, client.Insert(mutabledata.Key(fmt.Sprint(i)), []byte("value"))); err != nil {
						t.Error(err)
					}
				})
			}
			wait.Wait()
			done("20 mutations")
			w.start(4)
			done("started again")
			entries, _, err := c.GetEntries(ctx, notes)
			if err != nil || len(entries) != 20 {
				t.Errorf("%d entries, %v", len(entries), err)
			}
			if _, _, err := c.GetEntries(ctx, client.Address("nothing", 1)); !errors.Is(err, refusal.NoSuchData) {
				t.Error(err)
			}
			if _, err := c.Mutate(ctx, alice, notes, client.Insert("last", nil)); err != nil {
				t.Error(err)
			}
			done("read and written")
			w.wait("all hold the same", func() bool {
				first, err := w.vaults[0].Holdings()
				if err != nil {
					t.Fatal(err)
				}
				for _, v := range w.vaults[1:] {
					held, err := v.Holdings()
					if err != nil {
						t.Fatal(err)
					}
					if len(held) != len(first) {
						return false
					}
					for i := range held {
						if held[i].Header != first[i].Header {
							return false
						}
					}
				}
				return true
			})
			done("all hold the same")
		})
	}
}
