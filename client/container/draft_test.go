package container

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"vaultnet"
)

// An upload goes on in another process, over an old file that everybody sees until it is whole; and not over another's.
func TestDraft(t *testing.T) {
	ctx := context.Background()
	content := make([]byte, 10_000)
	rand.NewChaCha8([32]byte{4}).Read(content)
	for _, private := range []bool{true, false} {
		w := newWorld(t)
		ref, err := NewRef(newRandom(1), private, false)
		if err != nil {
			t.Fatal(err)
		}
		cfg := w.actor("me", "me").config(2)
		cfg.ChunkSize, cfg.Parallel = 100, 4
		if _, err := Create(ctx, cfg, ref, nil); err != nil {
			t.Fatal(err)
		}
		files := func() *FileSystem { return NewFileSystem(cfg, ref) } // a process
		for _, name := range []string{"new", "old"} {
			if name == "old" {
				if _, err := files().WriteFile(ctx, name, []byte("before")); err != nil {
					t.Fatal(err)
				}
			}
			var draft []byte
			for at := 0; at < 9_000; at += 3_000 {
				f, err := files().OpenFile(ctx, name, Write|MayCreate|Truncate)
				if draft != nil {
					f, err = files().OpenDraft(ctx, name, draft)
				}
				if err != nil || f.Info().Size() != int64(at) {
					t.Fatal(at, err)
				}
				if _, err := f.WriteAt(content[at:at+3_000], int64(at)); err != nil {
					t.Fatal(err)
				}
				if draft, err = f.Draft(); err != nil {
					t.Fatal(err)
				}
				if _, err := f.WriteAt([]byte("lost when the process is killed"), int64(at)); err != nil {
					t.Fatal(err)
				}
			}
			before, _, err := files().ReadFile(ctx, name)
			if name == "new" && !errors.Is(err, NotExist) || name == "old" && string(before) != "before" {
				t.Fatalf("%s is %q, %v while it is written", name, before, err)
			}
			puts := w.puts
			f, err := files().OpenDraft(ctx, name, draft)
			if err != nil {
				t.Fatal(err)
			}
			other, err := files().OpenDraft(ctx, name, draft)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.Seek(0, io.SeekEnd); err != nil {
				t.Fatal(err)
			}
			if _, err := f.Write(content[9_000:]); err != nil {
				t.Fatal(err)
			}
			const modified = vaultnet.Time(1_600_000_000_123)
			if err := f.SetModified(modified); err != nil {
				t.Fatal(err)
			}
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
			if n := w.puts - puts; n > 30 {
				t.Errorf("%s: %d chunks for the last 10 and the lists above them", name, n)
			}
			got, info, err := files().ReadFile(ctx, name)
			if err != nil || !bytes.Equal(got, content) || info.ModTime().UnixMilli() != int64(modified) {
				t.Errorf("%s: %d bytes of %v, %v", name, len(got), info.ModTime(), err)
			}
			if err := other.Close(); !errors.Is(err, Conflict) && !errors.Is(err, Exist) {
				t.Errorf("%s: another who went on from the same draft: %v", name, err)
			}
		}
		if _, err := files().OpenDraft(ctx, "new", []byte("nonsense")); !errors.Is(err, Corrupt) {
			t.Error(err)
		}
		if f, err := files().Open(ctx, "new"); err != nil {
			t.Error(err)
		} else if _, err := f.Draft(); !errors.Is(err, Invalid) {
			t.Error(err)
		}
	}
}
