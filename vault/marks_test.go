package vault

import (
	"context"
	"errors"
	"strings"
	"testing"

	"vaultnet"
	"vaultnet/vault/store"
	"vaultnet/vault/store/memory"
)

var (
	selfKey   = vaultnet.PublicKey{1}
	someNet   = vaultnet.NetworkID{2}
	otherKey  = vaultnet.PublicKey{3}
	otherNet  = vaultnet.NetworkID{4}
	afterward = "boot 2"
)

// Whether a vault may go on under its identity depends on how the life before ended.
func TestGoingOn(t *testing.T) {
	for _, c := range []struct {
		name       string
		sync       bool
		clean      bool
		boot, next string // of the machine, in this life and the next
		refused    bool
	}{
		{"synced, killed", true, false, "boot 1", "boot 1", false},
		{"synced, power lost", true, false, "boot 1", afterward, false},
		{"synced, stopped", true, true, "boot 1", afterward, false},
		{"not synced, killed", false, false, "boot 1", "boot 1", false},
		{"not synced, power lost", false, false, "boot 1", afterward, true},
		{"not synced, stopped", false, true, "boot 1", afterward, false},
		{"not synced, killed, and nobody can tell what happened", false, false, "", "", true},
		{"not synced, stopped, and nobody can tell what happened", false, true, "", "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := memory.New(nil)
			if err := beginAt(s, selfKey, someNet, c.sync, c.boot); err != nil {
				t.Fatal(err)
			}
			if c.clean {
				if err := finish(s); err != nil {
					t.Fatal(err)
				}
			}
			for _, sync := range []bool{false, true} { // what it does in the next life does not matter
				probe := memory.New(nil)
				for r := range s.Scan(nil) {
					probe.Apply([]vaultnet.Write{r}, true)
				}
				err := beginAt(probe, selfKey, someNet, sync, c.next)
				var lost *PowerLossError
				if errors.As(err, &lost) != c.refused || (err != nil) != c.refused {
					t.Errorf("the next life: %v", err)
				}
				if c.refused && (lost.Vault != selfKey || !strings.Contains(err.Error(), "vault init")) {
					t.Errorf("no remedy: %v", err)
				}
			}
		})
	}
}

// A life is marked as not ended before it does anything.
func TestALifeIsMarkedAtOnce(t *testing.T) {
	s := memory.NewCrashing(nil)
	if err := beginAt(s, selfKey, someNet, false, "boot 1"); err != nil {
		t.Fatal(err)
	}
	if err := finish(s); err != nil {
		t.Fatal(err)
	}
	if err := beginAt(s, selfKey, someNet, false, "boot 1"); err != nil {
		t.Fatal(err)
	}
	s.Crash(0, 0)
	var lost *PowerLossError
	if err := beginAt(s, selfKey, someNet, false, afterward); !errors.As(err, &lost) {
		t.Errorf("the mark of a clean stop outlived the next life's start: %v", err)
	}
}

func TestAStoreBelongsToOneVault(t *testing.T) {
	s := memory.New(nil)
	if err := beginAt(s, selfKey, someNet, true, "boot 1"); err != nil {
		t.Fatal(err)
	}
	var foreign *ForeignStoreError
	if err := beginAt(s, otherKey, someNet, true, "boot 1"); !errors.As(err, &foreign) || foreign.What != "vault" {
		t.Error(err)
	}
	if err := beginAt(s, selfKey, otherNet, true, "boot 1"); !errors.As(err, &foreign) || foreign.What != "network" {
		t.Error(err)
	}
	if err := beginAt(s, selfKey, someNet, true, "boot 1"); err != nil {
		t.Error(err)
	}
}

func TestDamagedMarks(t *testing.T) {
	for _, key := range [][]byte{ownerKey, lifeKey} {
		s := memory.New(nil)
		s.Apply([]vaultnet.Write{{Key: key, Value: []byte("{")}}, true)
		if err := beginAt(s, selfKey, someNet, true, "boot 1"); err == nil || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("%q: %v", key, err)
		}
	}
}

// A clean stop is marked, a store's failure is not a clean stop, and what is damaged is not gone on with.
func TestStarting(t *testing.T) {
	f := newFabric()
	s := memory.New(nil)
	cfg := Config{Seed: seedOf("vault", 0), Store: s, Listen: []string{"/memory/1"}}
	v, err := start(context.Background(), cfg, f.connect)
	if err != nil {
		t.Fatal(err)
	}
	var last life
	if _, err := readMark(s, lifeKey, &last); err != nil || last.Clean || last.Boot != bootID() {
		t.Errorf("while it runs: %+v, %v", last, err)
	}
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := readMark(s, lifeKey, &last); err != nil || !last.Clean {
		t.Errorf("after it stopped: %+v, %v", last, err)
	}
	s.Apply([]vaultnet.Write{{Key: []byte("o"), Value: []byte("no address")}}, true)
	if _, err := start(context.Background(), cfg, f.connect); err == nil || !strings.Contains(err.Error(), "vault check") {
		t.Errorf("on a damaged store: %v", err)
	}
	if _, err := start(context.Background(), Config{Seed: cfg.Seed, Store: memory.New(nil)}, f.connect); err == nil {
		t.Error("it started without an address to listen on")
	}
	foreign := memory.New(nil)
	foreign.Apply([]vaultnet.Write{{Key: []byte("x"), Value: []byte("y")}}, true)
	cfg.Store = foreign
	var format *store.FormatError
	if _, err := start(context.Background(), cfg, f.connect); !errors.As(err, &format) {
		t.Errorf("on a store that is none: %v", err)
	}
}
