package keyring_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"vaultnet"
	"vaultnet/client/keyring"
	"vaultnet/network"
)

func TestLabels(t *testing.T) {
	for label, good := range map[string]bool{
		"a": true, "alice-2": true, "-": true, strings.Repeat("a", 63): true,
		"": false, strings.Repeat("a", 64): false, "Alice": false, "a b": false, "anyone": false, "ä": false, "a/b": false, "a.b": false,
	} {
		if err := keyring.CheckLabel(label); (err == nil) != good {
			t.Errorf("label %q: %v", label, err)
		}
	}
}

// A key made once is the same ever after, is nobody else's to read, and is never overwritten.
func TestAKeyIsKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	r, err := keyring.Open(dir, keyring.MakeMissing)
	if err != nil {
		t.Fatal(err)
	}
	a, err := r.Key("alice")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "alice.key")
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v %v", info, err)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Fatalf("%v %v", info, err)
	}
	if _, err := r.New("alice"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("made twice: %v", err)
	}
	again, err := keyring.Open(dir, keyring.RefuseMissing)
	if err != nil {
		t.Fatal(err)
	}
	if label, ok := again.Label(a.Public()); !ok || label != "alice" {
		t.Errorf("label %q %v", label, ok)
	}
	for _, name := range []string{"alice", path} {
		if b, err := again.Key(name); err != nil || b.Public() != a.Public() {
			t.Errorf("%s: %v %v", name, b, err)
		}
	}
	if _, err := again.Key("bob"); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "safe key new bob") {
		t.Errorf("missing key: %v", err)
	}
	if leftovers, _ := filepath.Glob(filepath.Join(dir, ".*")); len(leftovers) > 0 {
		t.Errorf("left behind: %v", leftovers)
	}
}

// Many at once agree on one key for one label, within a process and among rings.
func TestOneLabelOneKey(t *testing.T) {
	dir := t.TempDir()
	found := make([]vaultnet.PublicKey, 16)
	var group sync.WaitGroup
	for i := range found {
		group.Go(func() {
			r, err := keyring.Open(dir, keyring.MakeMissing)
			if err != nil {
				t.Error(err)
				return
			}
			k, err := r.Key("same")
			if err != nil {
				t.Error(err)
				return
			}
			found[i] = k.Public()
		})
	}
	group.Wait()
	for _, k := range found {
		if k != found[0] || k.IsNobody() {
			t.Fatalf("keys differ: %v", found)
		}
	}
}

// What cannot be used is refused when it is asked for, not made anew.
func TestKeysThatAreRefused(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "open.key"), []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "damaged.key"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := keyring.Open(dir, keyring.MakeMissing)
	if err != nil {
		t.Fatal(err)
	}
	for name, says := range map[string]string{"open": "chmod 600", "damaged": "not a key file", "./none": "no key file", "Capital": "want only", "anyone": "everybody"} {
		if _, err := r.Key(name); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := r.Labels(); len(got) != 0 {
		t.Errorf("labels %v", got)
	}
	if _, err := keyring.Open(filepath.Join(dir, "open.key"), keyring.MakeMissing); err == nil {
		t.Error("a file is a folder")
	}
}

// Labels of a network's samples stand for their files where the folder has no such key.
func TestSamples(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "elsewhere")
	if err := network.WriteKey(path, network.Seed{9}, "for testing only"); err != nil {
		t.Fatal(err)
	}
	r, err := keyring.Open(filepath.Join(dir, "keys"), keyring.RefuseMissing)
	if err != nil {
		t.Fatal(err)
	}
	r.Also(map[string]string{"sample-1": path, "NO": path})
	k, err := r.Key("sample-1")
	if err != nil || k.Public() != (network.Seed{9}).Public() {
		t.Fatal(k, err)
	}
	r.Name("known", vaultnet.PublicKey{1})
	if got := r.Labels(); !slices.Equal(got, []string{"known", "sample-1"}) {
		t.Errorf("labels %v", got)
	}
}

func Example() {
	ring, err := keyring.Open("", keyring.MakeMissing) // in memory
	if err != nil {
		panic(err)
	}
	alice, _ := ring.Key("alice")
	again, _ := ring.Key("alice")
	label, _ := ring.Label(alice.Public())
	fmt.Println(alice.Public() == again.Public(), label)
	// Output: true alice
}
