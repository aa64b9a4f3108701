package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A data folder with a path too long for a socket has its socket elsewhere, where nobody else may put one.
func TestLongPaths(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	data := filepath.Join(t.TempDir(), strings.Repeat("long-", 20), "data")
	vaultCommand(t, "init", "-data", data, "-new", "-local", "-listen", fmt.Sprintf("/ip4/127.0.0.1/tcp/%d", freePort(t)))
	p := start(t, data, "always")
	t.Cleanup(p.kill)
	p.wait()
	vaultCommand(t, "status", "-data", data)
	path, err := folder(data).control(false)
	if err != nil || !strings.HasPrefix(path, tmp) {
		t.Fatal(path, err)
	}
	p.stop()

	dir := filepath.Dir(path)
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := folder(data).control(false); err == nil || !strings.Contains(err.Error(), "not yours alone") {
		t.Errorf("a folder that others can write to: %v", err)
	}
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(t.TempDir(), dir); err != nil {
		t.Fatal(err)
	}
	if _, err := folder(data).control(true); err == nil {
		t.Error("a link to elsewhere was taken")
	}
}
