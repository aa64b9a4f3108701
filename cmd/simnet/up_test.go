package main

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// A name keeps its ports; another gets others; ports that are in use are passed over.
func TestPortsOfNames(t *testing.T) {
	folder := t.TempDir()
	port := func(name string) int {
		p, err := portOf(folder, name, 1)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	if p := port("local"); p != 47000 {
		t.Errorf("local: %d", p)
	}
	a, b := port("a"), port("b")
	if a <= 47000 || a%100 != 0 || b <= a || port("a") != a || port("b") != b {
		t.Errorf("a %d, b %d, again %d and %d", a, b, port("a"), port("b"))
	}
	l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(b+100))
	if err != nil {
		t.Skip("the next hundred is in use")
	}
	defer l.Close()
	if c := port("c"); c <= b+100 {
		t.Errorf("c: %d, which is in use", c)
	}
}

func FuzzRecord(f *testing.F) {
	f.Add([]byte(`{"format":1,"name":"local","seed":1,"vaults":16,"port":47000,"account-ops":1000}`))
	f.Add([]byte(`{"format":2}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, err := decodeRecord("x", b); (r == nil) == (err == nil) {
			t.Errorf("%v, %v", r, err)
		}
	})
}

// A data folder that is damaged is said to be.
func TestDamagedRecords(t *testing.T) {
	for text, says := range map[string]string{
		"": "damaged", "{": "damaged", `{"format":2}`: "format 2", `{"format":1,"name":"/","vaults":4,"account-ops":1}`: `name "/"`,
		`{"format":1,"name":"a","vaults":-4,"port":20000,"account-ops":1}`: "Vaults -4",
	} {
		data := t.TempDir()
		if err := os.WriteFile(filepath.Join(data, recordInsides), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		code, stdout, stderr := simnet(t, "-data", data, "-out", filepath.Join(t.TempDir(), "net.json"))
		if code != 1 || !strings.Contains(stderr, says) {
			t.Errorf("%s: exit code %d, %s%s", text, code, stdout, stderr)
		}
	}
}

// Exit codes tell a network that is not there, and a port in use, from other failures.
func TestExitCodes(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	for _, args := range []string{"status", "stop 3", "start 3", "down", "status -name other", "down -network nowhere.json"} {
		if code, _, stderr := simnet(t, strings.Fields(args)...); code != 3 {
			t.Errorf("simnet %s: exit code %d, %s", args, code, stderr)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := l.Addr().(*net.TCPAddr).Port
	code, _, stderr := simnet(t, "-vaults", "2", "-port", strconv.Itoa(min(port, 65000)))
	if port <= 65000 && (code != 4 || !strings.Contains(stderr, "choose another -port or -name")) {
		t.Errorf("a port in use: exit code %d, %s", code, stderr)
	}
	bad := filepath.Join(t.TempDir(), "bad.json")
	if err := os.WriteFile(bad, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := simnet(t, "status", "-network", bad); code != 1 || !strings.Contains(stderr, "not a network file") {
		t.Errorf("a damaged file: exit code %d, %s", code, stderr)
	}
}

// A network that is stopped while it starts leaves nothing behind.
func TestStoppedWhileStarting(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, errs bytes.Buffer
	if code := run(ctx, []string{"-vaults", "4", "-port", strconv.Itoa(freePort(4))}, &out, &errs); code != 1 || out.Len() > 0 || !strings.Contains(errs.String(), "while it was starting") {
		t.Errorf("exit code %d, %s%s", code, &out, &errs)
	}
	left, err := filepath.Glob(filepath.Join(cache, "vaultnet", "local*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left: %v %v", left, err)
	}
}
