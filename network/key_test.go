package network_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"vaultnet/network"
)

func TestAKeyIsReadAsItWasWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys", "alice.key")
	seed := network.NewSeed()
	for range 2 { // writing the same again changes nothing
		if err := network.WriteKey(path, seed, "alice, for testing only"); err != nil {
			t.Fatal(err)
		}
	}
	got, err := network.ReadKey(path)
	if err != nil || got != seed || got.Signer().Public() != seed.Public() {
		t.Fatalf("%v %v", got, err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v %v", info, err)
	}
	if err := network.WriteKey(path, network.NewSeed(), ""); !errors.Is(err, fs.ErrExist) {
		t.Errorf("another key in its place: %v", err)
	}
	if got, err := network.ReadKey(path); err != nil || got != seed {
		t.Errorf("the key is gone: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// Of many that write different keys at once, exactly one succeeds, and its key is there.
func TestOneKeyWins(t *testing.T) {
	path := filepath.Join(t.TempDir(), "one.key")
	won := make(chan network.Seed, 16)
	var group sync.WaitGroup
	for range cap(won) {
		group.Go(func() {
			if seed := network.NewSeed(); network.WriteKey(path, seed, "") == nil {
				won <- seed
			}
		})
	}
	group.Wait()
	if len(won) != 1 {
		t.Fatalf("%d won", len(won))
	}
	if got, err := network.ReadKey(path); err != nil || got != <-won {
		t.Error(err)
	}
}

func TestKeyFilesThatAreRefused(t *testing.T) {
	seed := network.NewSeed()
	secret := fmt.Sprintf("%x", [32]byte(seed))
	good := filepath.Join(t.TempDir(), "good.key")
	if err := network.WriteKey(good, seed, "n"); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	for name, c := range map[string]struct {
		text string
		mode fs.FileMode
		says string
	}{
		"group readable":     {text, 0o640, "chmod 600"},
		"world readable":     {text, 0o604, "chmod 600"},
		"group writable":     {text, 0o620, "chmod 600"},
		"cut off":            {text[:len(text)/2], 0o600, "is not a key file"},
		"empty":              {"", 0o600, "is not a key file"},
		"followed":           {text + text, 0o600, "is not a key file"},
		"another format":     {strings.Replace(text, "key/1", "key/2", 1), 0o600, "is not a key file"},
		"unknown field":      {strings.Replace(text, `"note"`, `"notes"`, 1), 0o600, "is not a key file"},
		"field twice":        {strings.Replace(text, `"note": "n"`, `"note": "n", "note": "n"`, 1), 0o600, "is not a key file"},
		"another public key": {strings.Replace(text, seed.Public().String(), network.NewSeed().Public().String(), 1), 0o600, "public"},
		"upper case":         {strings.Replace(text, secret, strings.ToUpper(secret), 1), 0o600, "is not a key file"},
		"the secret alone":   {secret, 0o600, "is not a key file"},
		"huge":               {text + strings.Repeat(" ", 5000), 0o600, "too large"},
	} {
		path := filepath.Join(t.TempDir(), "k.key")
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, c.mode); err != nil {
			t.Fatal(err)
		}
		_, err := network.ReadKey(path)
		if e := (*network.Error)(nil); !errors.As(err, &e) || e.Path != path || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && strings.Contains(strings.ToLower(err.Error()), secret[:16]) {
			t.Errorf("%s: the error shows the secret", name)
		}
	}
	if _, err := network.ReadKey(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if _, err := network.ReadKey(t.TempDir()); err == nil {
		t.Error("a folder is no key")
	}
	if err := network.WriteKey(filepath.Join(t.TempDir(), "x"), seed, "two\nlines"); err == nil {
		t.Error("a note of two lines")
	}
}

// No verb prints the secret.
func TestASeedIsNotPrinted(t *testing.T) {
	seed := network.NewSeed()
	secret := fmt.Sprintf("%x", [32]byte(seed))
	for _, verb := range []string{"%v", "%+v", "%#v", "%x", "%X", "%s", "%q", "%d"} {
		for _, v := range []any{seed, &seed, struct{ S network.Seed }{seed}, []network.Seed{seed}} {
			if s := fmt.Sprintf(verb, v); strings.Contains(strings.ToLower(s), secret[:16]) {
				t.Errorf("%s prints it", verb)
			}
		}
	}
}
