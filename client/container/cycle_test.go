package container

import (
	"context"
	"io/fs"
	"testing"

	"vaultnet/mutabledata"
)

// TestRecordsThatLeadBack: whoever may write can put a record that leads to a directory above. Nothing goes in circles, and
// what is above is not removed.
func TestRecordsThatLeadBack(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	f := newFS(t, w, true, false)
	if err := f.MkdirAll(ctx, "a/b"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a/keep", "keep"} {
		if _, err := f.WriteFile(ctx, name, nil); err != nil {
			t.Fatal(err)
		}
	}
	i, err := f.Stat(ctx, "a")
	if err != nil {
		t.Fatal(err)
	}
	above, _ := i.Target()
	b, err := f.find(ctx, "find", "a/b/x")
	if err != nil {
		t.Fatal(err)
	}
	for name, ref := range map[string]Ref{"up": above, "top": f.Top().Ref()} {
		if _, err := b.c.Insert(ctx, name, (&record{Type: Directory, Target: []Ref{ref}}).encode()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := f.Link(ctx, "a/b/link", f.Top().Ref()); err != nil {
		t.Fatal(err)
	}
	if err := f.Permit(ctx, ".", mutabledata.Anyone, 0, true); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Check(ctx, ".", true, true); err != nil {
		t.Fatal(err)
	}
	if err := f.Rekey(ctx, "a"); err != nil {
		t.Fatal(err)
	}
	if n, err := f.RemoveAll(ctx, "a/b"); err != nil || n != 4 {
		t.Fatal(n, err)
	}
	if _, err := f.Link(ctx, "a/link", f.Top().Ref()); err != nil {
		t.Fatal(err)
	}
	n := 0
	err = f.Walk(ctx, ".", func(name string, d fs.DirEntry, err error) error {
		n++
		return err
	})
	if err != nil || n != 5 { // . a a/keep a/link keep
		t.Fatal(n, err)
	}
}
