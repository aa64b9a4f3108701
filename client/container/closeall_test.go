package container

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"testing"
)

// Many small files are stored in few mutations, and each of them has its own answer.
func TestCloseAll(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	f := newFS(t, w, true, false)
	if err := f.MkdirAll(ctx, "a/b"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteFile(ctx, "a/old", []byte("old")); err != nil {
		t.Fatal(err)
	}
	open := func(name string) *File {
		t.Helper()
		file, err := f.OpenFile(ctx, name, Write|MayCreate|Truncate)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.Write([]byte("content of " + name)); err != nil {
			t.Fatal(err)
		}
		return file
	}
	var files []*File
	var names []string
	add := func(name string) { files, names = append(files, open(name)), append(names, name) }
	for i := range 60 {
		add(fmt.Sprintf("a/%d", i))
		add(fmt.Sprintf("a/b/%d", i))
	}
	add("a/old")
	add("a/late") // somebody else makes it meanwhile
	add("a/0")    // twice
	add("a/closed")
	files[len(files)-1].Discard()
	if _, err := f.WriteFile(ctx, "a/late", []byte("theirs")); err != nil {
		t.Fatal(err)
	}
	before := w.mutations
	errs := f.CloseAll(ctx, files...)
	if n := w.mutations - before; n > 4 {
		t.Errorf("%d mutations for %d files in two directories", n, len(files))
	}
	for i, name := range names {
		want := "content of " + name
		switch {
		case name == "a/late":
			if !errors.Is(errs[i], Exist) {
				t.Error(name, errs[i])
			}
			want = "theirs"
		case i == len(names)-2:
			if !errors.Is(errs[i], Invalid) {
				t.Error("twice:", errs[i])
			}
		case name == "a/closed":
			if !errors.Is(errs[i], fs.ErrClosed) {
				t.Error(errs[i])
			}
			continue
		case errs[i] != nil:
			t.Error(name, errs[i])
		}
		if got, _, err := f.ReadFile(ctx, name); err != nil || string(got) != want {
			t.Errorf("%s is %q, %v", name, got, err)
		}
		if _, err := files[i].Write([]byte("x")); !errors.Is(err, fs.ErrClosed) {
			t.Error("it is open still:", err)
		}
	}
}
