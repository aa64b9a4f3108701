package container

import (
	"context"
	"errors"
	"testing"
	"time"
)

// TestStaleOnlyWhenAskedTo: without Stale every call sees what was done before it; with it a path may go the old way, for
// so long and no longer.
func TestStaleOnlyWhenAskedTo(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	f := newFS(t, w, true, false)
	if err := f.MkdirAll(ctx, "a/b"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteFile(ctx, "a/b/file", []byte("old")); err != nil {
		t.Fatal(err)
	}
	cfg := w.actor("owner", "owner").config(5)
	fresh := NewFileSystem(cfg, f.Top().Ref())
	cfg.Stale = time.Minute
	stale := NewFileSystem(cfg, f.Top().Ref())
	read := func(f *FileSystem) (string, int) {
		calls := w.calls
		b, _, err := f.ReadFile(ctx, "a/b/file")
		if err != nil {
			return err.Error(), w.calls - calls
		}
		return string(b), w.calls - calls
	}
	for _, f := range []*FileSystem{fresh, stale} {
		if got, calls := read(f); got != "old" || calls != 3 {
			t.Fatal(got, calls)
		}
	}
	if got, calls := read(stale); got != "old" || calls != 1 {
		t.Fatal(got, calls)
	}
	// What a path ends at is never old.
	if _, err := f.WriteFile(ctx, "a/b/file", []byte("new")); err != nil {
		t.Fatal(err)
	}
	for _, f := range []*FileSystem{fresh, stale} {
		if got, _ := read(f); got != "new" {
			t.Fatal(got)
		}
	}
	if err := f.Rename(ctx, "a", "c"); err != nil {
		t.Fatal(err)
	}
	if _, err := fresh.Stat(ctx, "a/b/file"); !errors.Is(err, NotExist) {
		t.Fatal(err)
	}
	if _, err := stale.Stat(ctx, "a/b/file"); err != nil {
		t.Fatal("it was asked to:", err)
	}
	w.now += 61_000
	if _, err := stale.Stat(ctx, "a/b/file"); !errors.Is(err, NotExist) {
		t.Fatal(err)
	}
	// What it changed itself it knows.
	if _, err := stale.Stat(ctx, "c/b/file"); err != nil {
		t.Fatal(err)
	}
	if err := stale.Rename(ctx, "c", "d"); err != nil {
		t.Fatal(err)
	}
	if _, err := stale.Stat(ctx, "c/b/file"); !errors.Is(err, NotExist) {
		t.Fatal(err)
	}
}
