package container

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"testing"

	"vaultnet"
)

func TestAttributes(t *testing.T) {
	ctx := context.Background()
	f := newFS(t, newWorld(t), true, false)
	note := map[string]string{"colour": "blue"}
	const when = vaultnet.Time(1_234_567_890_123)
	made, err := f.MkdirWith(ctx, "dir", Attributes{Metadata: note, Modified: when})
	if err != nil || made.Created().IsZero() {
		t.Fatal(made, err)
	}
	if _, err := f.Mkdir(ctx, "dir/below"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteFile(ctx, "file", []byte("content")); err != nil {
		t.Fatal(err)
	}
	ref, _ := made.Target()
	if _, err := f.Link(ctx, "link", ref); err != nil {
		t.Fatal(err)
	}
	expect := func(name, colour string, when vaultnet.Time) {
		t.Helper()
		i, err := f.Stat(ctx, name)
		if err != nil || i.Metadata()["colour"] != colour || vaultnet.Time(i.ModTime().UnixMilli()) != when || i.Created().IsZero() {
			t.Errorf("%s: %v %v %v", name, i, i.Metadata(), err)
		}
	}
	expect("dir", "blue", when)
	for _, name := range []string{"dir", "dir/below", "file", "link"} {
		if _, err := f.SetAttributes(ctx, name, Attributes{Metadata: map[string]string{"colour": "red"}}); err != nil {
			t.Fatal(name, err)
		}
		if _, err := f.SetAttributes(ctx, name, Attributes{Modified: when + 1}); err != nil {
			t.Fatal(name, err)
		}
		expect(name, "red", when+1)
	}
	// They go with what they are of.
	if err := f.Rename(ctx, "dir", "file2"); err != nil {
		t.Fatal(err)
	}
	expect("file2", "red", when+1)
	if err := f.Rekey(ctx, "file2"); err != nil {
		t.Fatal(err)
	}
	expect("file2", "red", when+1)
	expect("file2/below", "red", when+1)
	if content, _, err := f.ReadFile(ctx, "file"); err != nil || string(content) != "content" {
		t.Error(content, err)
	}
	if i, err := f.SetAttributes(ctx, "file", Attributes{Metadata: map[string]string{}}); err != nil || len(i.Metadata()) != 0 {
		t.Error(i.Metadata(), err)
	}
	for name, c := range map[string]struct {
		a    Attributes
		want error
	}{
		".":    {Attributes{Modified: 1}, Invalid},
		"none": {Attributes{Modified: 1}, fs.ErrNotExist},
		"file": {Attributes{Modified: -1}, Invalid},
		"link": {Attributes{Metadata: map[string]string{"a": strings.Repeat("b", MaxMetadata)}}, TooLarge},
	} {
		if _, err := f.SetAttributes(ctx, name, c.a); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := f.MkdirWith(ctx, "other", Attributes{Modified: -1}); !errors.Is(err, Invalid) {
		t.Error(err)
	}
}

// Two set different attributes of one directory at once: both are set.
func TestAttributesByTwo(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	f := newFS(t, w, true, false)
	if _, err := f.Mkdir(ctx, "dir"); err != nil {
		t.Fatal(err)
	}
	other := NewFileSystem(w.actor("owner", "owner").config(50), f.Top().Ref())
	done := make(chan error)
	go func() {
		var err error
		for i := range 50 {
			_, e := other.SetAttributes(ctx, "dir", Attributes{Modified: vaultnet.Time(1 + i)})
			err = errors.Join(err, e)
		}
		done <- err
	}()
	for range 50 {
		if _, err := f.SetAttributes(ctx, "dir", Attributes{Metadata: map[string]string{"by": "me"}}); err != nil {
			t.Error(err)
		}
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if i, err := f.Stat(ctx, "dir"); err != nil || i.Metadata()["by"] != "me" || i.ModTime().UnixMilli() != 50 {
		t.Error(i, i.Metadata(), err)
	}
}
