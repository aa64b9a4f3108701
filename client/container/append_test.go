package container

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync"
	"testing"
)

func TestAppendMode(t *testing.T) {
	ctx := context.Background()
	f := newFS(t, newWorld(t), true, false)
	if _, err := f.OpenFile(ctx, "log", Write|Append); !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	f.cfg.ChunkSize = 1000
	want := bytes.Repeat([]byte("0123456789"), 1234)
	for part := range 4 { // also over the border between what is in the record and what is in chunks
		file, err := f.OpenFile(ctx, "log", Write|MayCreate|Append)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.WriteAt([]byte("x"), 0); !errors.Is(err, Invalid) {
			t.Fatal(err)
		}
		if part > 0 {
			head := make([]byte, 3)
			if _, err := file.Read(head); err != nil || string(head) != "012" { // from the beginning, until something is written
				t.Fatalf("%q %v", head, err)
			}
			if _, err := file.Seek(1, io.SeekStart); err != nil {
				t.Fatal(err)
			}
		}
		n := len(want) / 4
		if _, err := file.Write(want[part*n:][:n]); err != nil {
			t.Fatal(err)
		}
		if at, err := file.Seek(0, io.SeekCurrent); err != nil || at != int64((part+1)*n) {
			t.Fatal(at, err)
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := file.Write([]byte("x")); !errors.Is(err, fs.ErrClosed) {
			t.Fatal(err)
		}
	}
	if got, _, err := f.ReadFile(ctx, "log"); err != nil || !bytes.Equal(got, want) {
		t.Fatal(len(got), err)
	}
}

// Many add lines to one file at once, which the first of them makes: each line is there, once, and those of each in order.
func TestAppendedByMany(t *testing.T) {
	const writers, lines = 8, 20
	ctx := context.Background()
	w := newWorld(t)
	top := newFS(t, w, true, false).Top().Ref()
	var group sync.WaitGroup
	for i := range writers {
		f := NewFileSystem(w.actor("owner", "owner").config(uint64(100+i)), top)
		group.Go(func() {
			for k := range lines {
				if _, err := f.AppendFile(ctx, "log", []byte(fmt.Sprintf("%d %d\n", i, k))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	got, _, err := NewFileSystem(w.actor("owner", "owner").config(99), top).ReadFile(ctx, "log")
	if err != nil {
		t.Fatal(err)
	}
	next := map[int]int{}
	for line := range strings.Lines(string(got)) {
		var i, k int
		if _, err := fmt.Sscanf(line, "%d %d\n", &i, &k); err != nil || next[i] != k {
			t.Errorf("%q, wanted line %d of that writer: %v", line, next[i], err)
		}
		next[i]++
	}
	for i := range writers {
		if next[i] != lines {
			t.Errorf("writer %d: %d lines", i, next[i])
		}
	}
}
