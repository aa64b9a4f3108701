package network_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"vaultnet"
	"vaultnet/network"
)

const bootstrap = "/ip4/127.0.0.1/tcp/47000/p2p/12D3KooWLqPxu3fuceHKgpWwoTfTZYhWMgATtA31xeooWtpB18C4"

// local is a file in which everything there can be is set.
func local() *network.File {
	key := func(b byte) vaultnet.PublicKey { return network.Seed{b}.Public() }
	p := vaultnet.LocalParameters()
	p.AccountOperations = 1<<63 - 1
	p.Skew = 1500 * time.Millisecond
	return &network.File{
		Parameters: p,
		Bootstrap:  []string{bootstrap, "/memory/7/p2p/12D3KooWLqPxu3fuceHKgpWwoTfTZYhWMgATtA31xeooWtpB18C4"},
		Sample: &network.Sample{
			Control:  "127.0.0.1:46999",
			Accounts: []network.Person{{Label: "alice", Key: key(1), KeyFile: "/keys/alice.key"}, {Label: "bob", Key: key(2)}},
			Apps:     []network.Person{{Label: "notes", Key: key(3), KeyFile: "/keys/notes.key", Owner: key(1)}},
		},
	}
}

func TestAFileIsReadAsItWasWritten(t *testing.T) {
	public := &network.File{Parameters: vaultnet.DefaultParameters(), Bootstrap: []string{bootstrap}}
	first := &network.File{Parameters: vaultnet.DefaultParameters()}
	for _, f := range []*network.File{local(), public, first} {
		path := filepath.Join(t.TempDir(), "deep", "er", "network.json")
		for range 2 { // the second replaces the first
			if err := f.Write(path); err != nil {
				t.Fatal(err)
			}
		}
		g, err := network.Read(path)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(f, g) && f.Bootstrap != nil {
			t.Errorf("wrote %+v, read %+v", f, g)
		}
		if f.ID() != g.ID() || f.Name() != g.Name() {
			t.Errorf("%v %q, want %v %q", g.ID(), g.Name(), f.ID(), f.Name())
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		want := fs.FileMode(0o644)
		if f.Sample != nil {
			want = 0o600 // it names key files
		}
		if info.Mode().Perm() != want {
			t.Errorf("mode %04o, want %04o", info.Mode().Perm(), want)
		}
		if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
	if p, ok := local().Person("notes"); !ok || p.Owner != local().Sample.Accounts[0].Key {
		t.Errorf("%+v %v", p, ok)
	}
	if _, ok := (&network.File{}).Person("notes"); ok {
		t.Error("somebody is in an empty file")
	}
}

// Every way in which a file can be other than it was written is named: by its field, and with a remedy where there is one.
func TestWhatIsWrongWithAFileIsNamed(t *testing.T) {
	good, err := local().Encode()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, old, with, field, says string }{
		{"not JSON", "{", "[", "", "is not a network file"},
		{"cut off", "\"join-after\"", "\x00", "", "is not a network file"},
		{"something after", "\n}\n", "\n}\n{}", "", "something follows"},
		{"not UTF-8", "alice", "al\xffice", "", "not UTF-8"},
		{"another format", `"format": 1`, `"format": 2`, "format", "this program reads 1"},
		{"no format", `"format": 1,`, ``, "format", "is missing"},
		{"an unknown field", `"name":`, `"nam": "x", "name":`, "nam", "is not a field"},
		{"case matters", `"bootstrap":`, `"Bootstrap":`, "bootstrap", "is missing"},
		{"an unknown parameter", `"skew":`, `"skew2": 1, "skew":`, "parameters.skew2", "is not a field"},
		{"a field twice", `"name": "local"`, `"name": "local", "name": "local"`, "name", "twice"},
		{"a parameter twice", `"skew": "1.5s"`, `"skew": "1.5s", "skew": "1.5s"`, "parameters.skew", "twice"},
		{"null", `"name": "local"`, `"name": null`, "name", "is null"},
		{"a fraction", `"group-size": 8`, `"group-size": 8.5`, "parameters.group-size", "whole number"},
		{"too great", `"group-size": 8`, `"group-size": 9223372036854775808`, "parameters.group-size", "whole number"},
		{"out of bounds", `"group-size": 8`, `"group-size": 17`, "parameters", "group-size"},
		{"wraps around", `"group-size": 8`, `"group-size": 4294967304`, "parameters", "group-size"},
		{"no duration", `"1.5s"`, `"soon"`, "parameters.skew", "as Go writes them"},
		{"number for a duration", `"1.5s"`, `2`, "parameters.skew", "want a string"},
		{"part of a millisecond", `"1.5s"`, `"1500000001ns"`, "parameters", "milliseconds"},
		{"another parameter", `"1.5s"`, `"1.6s"`, "id", "changed by hand"},
		{"another name", `"name": "local"`, `"name": "locals"`, "id", "changed by hand"},
		{"no hex", `"id": "`, `"id": "x`, "id", "64 lower-case"},
		{"no multiaddr", `"/memory/7`, `"memory/7`, "bootstrap[1]", "is not the multiaddr"},
		{"an address without an identity", "/memory/7/p2p/", "/memory/7/", "bootstrap[1]", "is not the multiaddr"},
		{"bootstrap is no list", `"bootstrap": [`, `"bootstrap": 1, "x": [`, "bootstrap", "want a list"},
		{"not marked", `"testing-only": true`, `"testing-only": false`, "sample.accounts[0].testing-only", "everybody knows"},
		{"no label", `"label": "bob"`, `"label": ""`, "sample.accounts[1]", "label"},
		{"no key", `"label": "bob",`, `"label": "bob", "key": "12",`, "sample.accounts[1].key", "twice"},
		{"an app without an owner", `"owner"`, `"owners"`, "sample.apps[0].owners", "is not a field"},
		{"samples elsewhere than here", `"local": true`, `"local": false`, "sample", "only a local network"},
		{"too deep", `"name":`, `"deep": [[[[[[[[]]]]]]]], "name":`, "", "too deep"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(string(good), c.old, c.with, 1)
			if text == string(good) {
				t.Fatalf("%q is not in the file", c.old)
			}
			path := filepath.Join(t.TempDir(), "n.json")
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := network.Read(path)
			var e *network.Error
			if !errors.As(err, &e) {
				t.Fatalf("%v", err)
			}
			if e.Path != path || e.Field != c.field || !strings.Contains(err.Error(), c.says) {
				t.Errorf("field %q, want %q; want %q in: %v", e.Field, c.field, c.says, err)
			}
		})
	}
}

func TestFilesThatAreNotWritten(t *testing.T) {
	for name, change := range map[string]func(*network.File){
		"parameters.skew":         func(f *network.File) { f.Parameters.Skew = 0 },
		"bootstrap[0]":            func(f *network.File) { f.Bootstrap[0] = "127.0.0.1:47000" },
		"bootstrap":               func(f *network.File) { f.Bootstrap = make([]string, network.MaxBootstrap+1) },
		"sample.accounts[1]":      func(f *network.File) { f.Sample.Accounts[1].Key = vaultnet.PublicKey{} },
		"sample.apps[0]":          func(f *network.File) { f.Sample.Apps[0].Owner = vaultnet.PublicKey{} },
		"sample.control":          func(f *network.File) { f.Sample.Control = "a\nb" },
		"sample.apps":             func(f *network.File) { f.Sample.Apps = make([]network.Person, network.MaxSamples+1) },
		"name":                    func(f *network.File) { f.Parameters.Name = "\x1b[2J" },
		"parameters (fractional)": func(f *network.File) { f.Parameters.LeaveAfter += time.Microsecond },
	} {
		f := local()
		change(f)
		path := filepath.Join(t.TempDir(), "n.json")
		err := f.Write(path)
		var e *network.Error
		if !errors.As(err, &e) || e.Path != path || !strings.HasPrefix(name, e.Field) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: something was written", name)
		}
		if f.Validate() == nil {
			t.Errorf("%s: valid", name)
		}
	}
}

func TestNoFile(t *testing.T) {
	_, err := network.Read(filepath.Join(t.TempDir(), "none.json"))
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "simnet") {
		t.Error(err)
	}
	big := filepath.Join(t.TempDir(), "big.json")
	if err := os.WriteFile(big, bytes.Repeat([]byte(" "), network.MaxFileSize+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := network.Read(big); err == nil || !strings.Contains(err.Error(), "too large") {
		t.Error(err)
	}
}

func TestLocalPath(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", "/cache")
	t.Setenv("HOME", "/home/somebody")
	for name, valid := range map[string]bool{"": true, "a": true, "two-3": true, "-": false, "..": false, "a/b": false, "A": false,
		strings.Repeat("a", 64): false} {
		path, err := network.LocalPath(name)
		if (err == nil) != valid {
			t.Errorf("%q: %v", name, err)
		}
		if want := network.DefaultName; valid {
			if name != "" {
				want = name
			}
			if filepath.Base(path) != want+".json" || filepath.Base(filepath.Dir(path)) != "vaultnet" {
				t.Errorf("%q: %s", name, path)
			}
		}
	}
}

// Whatever is accepted is written back as something that reads alike.
func FuzzDecode(f *testing.F) {
	good, err := local().Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"format":1,"name":"","id":"","parameters":{},"bootstrap":[]}`))
	f.Add([]byte(`[[[[[[[[`))
	f.Fuzz(func(t *testing.T, text []byte) {
		a, err := network.Decode(text)
		if err != nil {
			if e := (*network.Error)(nil); !errors.As(err, &e) || err.Error() == "" {
				t.Fatalf("%v", err)
			}
			return
		}
		again, err := a.Encode()
		if err != nil {
			t.Fatalf("accepted and not written: %v", err)
		}
		b, err := network.Decode(again)
		if err != nil || b.ID() != a.ID() || len(b.Bootstrap) != len(a.Bootstrap) {
			t.Fatalf("%v %+v %+v", err, a, b)
		}
	})
}
