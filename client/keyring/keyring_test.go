package keyring_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"vaultnet"
	"vaultnet/client/keyring"
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
	if err := keyring.Write(path, [32]byte{1}, ""); !errors.Is(err, fs.ErrExist) {
		t.Errorf("overwritten: %v", err)
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

func TestFilesThatAreRefused(t *testing.T) {
	dir := t.TempDir()
	good := filepath.Join(dir, "good.key")
	if err := keyring.Write(good, [32]byte{7}, "for testing only"); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	secret := strings.Repeat("0", 62)
	for name, c := range map[string]struct {
		content string
		mode    fs.FileMode
		says    string
	}{
		"public":    {string(content), 0o644, "chmod 600"},
		"truncated": {string(content[:40]), 0o600, "no key file"},
		"trailing":  {string(content) + "{}", 0o600, "no key file"},
		"empty":     {"", 0o600, "no key file"},
		"huge":      {string(content) + strings.Repeat(" ", 5000), 0o600, "no key file"},
		"mismatch":  {strings.Replace(string(content), `"seed": "07`, `"seed": "08`, 1), 0o600, "no key file"},
		"unknown":   {strings.Replace(string(content), `"note"`, `"nota"`, 1), 0o600, "no key file"},
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(c.content), c.mode); err != nil {
			t.Fatal(err)
		}
		_, err := keyring.Read(path)
		if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := keyring.Read(dir); err == nil {
		t.Error("a folder is a key")
	}
	if _, err := keyring.Read(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
}

func FuzzKeyFile(f *testing.F) {
	path := filepath.Join(f.TempDir(), "k")
	if err := keyring.Write(path, [32]byte{1}, ""); err != nil {
		f.Fatal(err)
	}
	b, _ := os.ReadFile(path)
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(t.TempDir(), "k")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Skip()
		}
		if k, err := keyring.Read(path); err == nil && k.Public().IsNobody() {
			t.Error("nobody's key")
		}
	})
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
