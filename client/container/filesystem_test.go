package container

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"path"
	"strings"
	"testing"
	"testing/fstest"

	"vaultnet/refusal"
)

func newFS(t testing.TB, w *world, private, flat bool) *FileSystem {
	t.Helper()
	ref, err := NewRef(newRandom(1), private, flat)
	if err != nil {
		t.Fatal(err)
	}
	cfg := w.actor("owner", "owner").config(2)
	if _, err := Create(context.Background(), cfg, ref, nil); err != nil {
		t.Fatal(err)
	}
	return NewFileSystem(cfg, ref)
}

func TestFS(t *testing.T) {
	files, folders := 2000, 150
	if testing.Short() {
		files, folders = 200, 20
	}
	ctx := context.Background()
	for _, flat := range []bool{false, true} {
		w := newWorld(t)
		f := newFS(t, w, true, flat)
		f.cfg.ChunkSize = 1000
		var dirs, want []string
		for i := range folders {
			dir := fmt.Sprint("folder ", i)
			if i > 20 {
				dir = path.Join(dirs[i%20], dir)
			}
			dirs = append(dirs, dir)
			if !flat {
				if _, err := f.Mkdir(ctx, dir); err != nil {
					t.Fatal(err)
				}
			}
		}
		if flat {
			files /= 10 // a flat container is listed as a whole for each of its directories
		}
		for i := range files {
			name := path.Join(dirs[i%len(dirs)], fmt.Sprint("file ", i))
			if i%10 == 0 {
				name = fmt.Sprint("file ", i)
			}
			if _, err := f.WriteFile(ctx, name, bytes.Repeat([]byte{byte(i)}, i%7000)); err != nil {
				t.Fatal(err)
			}
			want = append(want, name)
		}
		if err := fstest.TestFS(f.FS(ctx), want...); err != nil {
			t.Fatal(err)
		}
		n := 0
		err := fs.WalkDir(f.FS(ctx), ".", func(_ string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				n++
			}
			return err
		})
		if err != nil || n != files {
			t.Fatal(n, err)
		}
		if removed, err := f.RemoveAll(ctx, dirs[1]); err != nil || removed == 0 {
			t.Fatal(removed, err)
		}
		if _, err := f.Stat(ctx, dirs[1]); !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		t.Logf("flat %v: %d objects, %d mutations, fullest %d, largest %d", flat, len(w.objects), w.mutations, w.fullest, w.largest)
	}
}

func TestFiles(t *testing.T) {
	ctx := context.Background()
	for _, private := range []bool{true, false} {
		w := newWorld(t)
		f := newFS(t, w, private, false)
		// Streams of any size, in and out.
		content := make([]byte, 5_000_000)
		newRandom(9).Read(content)
		file, err := f.Create(ctx, "big")
		if err != nil {
			t.Fatal(err)
		}
		if n, err := io.Copy(file, bytes.NewReader(content)); err != nil || n != int64(len(content)) {
			t.Fatal(n, err)
		}
		if err := file.SetMetadata(map[string]string{"type": "noise"}); err != nil {
			t.Fatal(err)
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
		if err := file.Close(); !errors.Is(err, fs.ErrClosed) {
			t.Fatal(err)
		}
		calls := w.calls
		file, err = f.Open(ctx, "big")
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		if _, err := io.Copy(&got, file); err != nil || !bytes.Equal(got.Bytes(), content) {
			t.Fatal("content differs", err)
		}
		if n := w.calls - calls; n > 4 {
			t.Error("reading 5 chunks took", n, "round trips")
		}
		if i := file.Info(); i.Size() != int64(len(content)) || i.Metadata()["type"] != "noise" || i.ModTime().IsZero() || i.Created().After(i.ModTime()) {
			t.Fatal(i, i.Metadata())
		}
		if _, err := file.Write([]byte("x")); !errors.Is(err, Invalid) {
			t.Fatal(err)
		}
		// At any offset; two writers of one version.
		one, err := f.OpenFile(ctx, "big", Write)
		if err != nil {
			t.Fatal(err)
		}
		two, err := f.OpenFile(ctx, "big", Write)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := one.WriteAt([]byte("hello"), 2_000_000); err != nil {
			t.Fatal(err)
		}
		if _, err := two.WriteAt([]byte("lost"), 0); err != nil {
			t.Fatal(err)
		}
		puts := w.puts
		if err := one.Close(); err != nil {
			t.Fatal(err)
		}
		if n := w.puts - puts; n != 1 {
			t.Error("five bytes changed", n, "chunks")
		}
		var e *Error
		if err := two.Close(); !errors.As(err, &e) || e.Kind != Conflict {
			t.Fatal(err)
		}
		copy(content[2_000_000:], "hello")
		// Append, and stop half way: what was synced is there.
		more, err := f.OpenFile(ctx, "big", Write)
		if err != nil {
			t.Fatal(err)
		}
		more.Seek(0, io.SeekEnd)
		io.WriteString(more, "synced")
		if err := more.Sync(); err != nil {
			t.Fatal(err)
		}
		io.WriteString(more, "never")
		more.Discard()
		content = append(content, "synced"...)
		all, info, err := f.ReadFile(ctx, "big")
		if err != nil || !bytes.Equal(all, content) || info.Metadata()["type"] != "noise" {
			t.Fatal(len(all), err)
		}
		// Short and long again.
		again, err := f.OpenFile(ctx, "big", Write)
		if err != nil {
			t.Fatal(err)
		}
		again.Truncate(10)
		again.Truncate(1 << 40)
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
		tail := make([]byte, 20)
		file, _ = f.Open(ctx, "big")
		if n, err := file.ReadAt(tail, 0); n != 20 || err != nil || !bytes.Equal(tail[:10], content[:10]) || !bytes.Equal(tail[10:], make([]byte, 10)) {
			t.Fatal(n, err, tail)
		}
		if n, err := file.ReadAt(tail, 1<<40-5); n != 5 || err != io.EOF {
			t.Fatal(n, err)
		}
		// Nothing of the content or the names is to be read in what the network holds of a private container.
		if private {
			for _, o := range w.objects {
				for k, v := range o.Entries() {
					if strings.Contains(string(k), "big") || bytes.Contains(v.Content, []byte("noise")) {
						t.Fatal("in the clear")
					}
				}
			}
		}
	}
}

func TestPathsAndErrors(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	f := newFS(t, w, true, false)
	long := strings.Repeat("n", MaxName)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	is := func(err, want error) {
		t.Helper()
		if !errors.Is(err, want) {
			t.Fatalf("%v, not %v", err, want)
		}
	}
	write := func(name string) error { _, err := f.WriteFile(ctx, name, []byte(name)); return err }
	for _, name := range []string{"", "..", "a/../b", "/a", "a//b", "a/", "\xff", "./a"} {
		is(write(name), fs.ErrInvalid)
	}
	is(write(long+"n"), fs.ErrInvalid)
	must(write(long))
	is(write("."), IsDirectory)
	is(write("no/file"), fs.ErrNotExist)
	must(f.MkdirAll(ctx, "a/b/c"))
	must(f.MkdirAll(ctx, "a/b/c"))
	must(write("a/b/c/file"))
	is(write("a/b/c/file/x"), NotDirectory)
	is(f.MkdirAll(ctx, "a/b/c/file/x"), NotDirectory)
	is(write("a/b"), IsDirectory)
	_, err := f.Mkdir(ctx, "a/b")
	is(err, fs.ErrExist)
	is(f.Remove(ctx, "a/b"), NotEmpty)
	must(write("a/still"))
	is(f.Remove(ctx, "nothing"), fs.ErrNotExist)
	is(f.Remove(ctx, "."), Invalid)
	// Renames: a file, a directory, into itself, over another.
	must(f.Rename(ctx, "a/still", "moved"))
	must(f.Rename(ctx, "a/b", "b"))
	_, err = f.Stat(ctx, "a/b")
	is(err, NotExist)
	got, _, err := f.ReadFile(ctx, "b/c/file")
	if err != nil || string(got) != "a/b/c/file" {
		t.Fatal(string(got), err)
	}
	is(f.Rename(ctx, "b", "b/c/d"), Invalid)
	is(f.Rename(ctx, "moved", "a"), Exist)
	is(f.Rename(ctx, "gone", "x"), NotExist)
	// A link to another container, and one that goes in a circle.
	other := newFS(t, newWorld(t), false, true)
	other.cfg.Data = f.cfg.Data
	ref, _ := NewRef(newRandom(77), false, true)
	_, err = Create(ctx, f.cfg, ref, nil)
	must(err)
	_, err = f.Link(ctx, "shared", ref)
	must(err)
	must(write("shared/x/y"))
	got, _, err = NewFileSystem(f.cfg, ref).ReadFile(ctx, "x/y")
	if err != nil || string(got) != "shared/x/y" {
		t.Fatal(err)
	}
	i, err := f.Stat(ctx, "shared/x")
	if err != nil || !i.IsDir() {
		t.Fatal(i, err)
	}
	_, err = f.Link(ctx, "b/up", f.Top().Ref())
	must(err)
	must(write("b/up/b/up/deep"))
	_, err = f.Stat(ctx, "deep")
	must(err)
	must(f.Remove(ctx, "b/up"))
	is(f.Rename(ctx, "b", "shared/b"), Invalid)
	must(f.Remove(ctx, "shared"))
	// A directory that went takes nothing more.
	stale, err := f.find(ctx, "find", "a/new")
	must(err)
	must(f.Remove(ctx, "a"))
	_, err = stale.c.Insert(ctx, "new", nil)
	is(err, Moved)
	// Who may not change anything.
	guest := NewFileSystem(w.actor("guest", "guest").config(5), f.Top().Ref())
	_, err = guest.WriteFile(ctx, "moved", nil)
	is(err, fs.ErrPermission)
	is(err, refusal.AccessDenied)
	v, err := f.Stat(ctx, "moved")
	must(err)
	is(f.RemoveVersion(ctx, "moved", v.Version()+1), Conflict)
	must(f.RemoveVersion(ctx, "moved", v.Version()))
}

// TestRenameInterrupted renames files to and fro, within and across directories, by clients that crash, update and
// complete each other's renames. At the end each file is there under at least one name, and once all is completed under
// exactly one, with the content that was told last.
func TestRenameInterrupted(t *testing.T) {
	seeds := 60
	if testing.Short() {
		seeds = 12
	}
	ctx := context.Background()
	for seed := range seeds {
		w := newWorld(t)
		f := newFS(t, w, true, false)
		const files = 6
		var places []string
		for _, d := range []string{"d", "e"} {
			if _, err := f.Mkdir(ctx, d); err != nil {
				t.Fatal(err)
			}
			for i := range files {
				places = append(places, fmt.Sprintf("%s/%d", d, i))
			}
		}
		for i := range 100 { // so that names of d do not share a node
			if _, err := f.WriteFile(ctx, fmt.Sprint("d/other ", i), nil); err != nil {
				t.Fatal(err)
			}
		}
		ids := map[fileID]string{}
		for i := range files {
			name := fmt.Sprint("d/", i)
			if _, err := f.WriteFile(ctx, name, []byte{byte(i)}); err != nil {
				t.Fatal(err)
			}
			s, _ := f.find(ctx, "find", name)
			ids[s.record.ID] = name
		}
		s := newScheduler(uint64(seed))
		s.crash = 0.004
		for k := range 4 {
			a := w.actor("owner", "owner")
			own := NewFileSystem(a.config(uint64(seed*100+k)), f.Top().Ref())
			rng := rand.New(rand.NewPCG(uint64(seed), uint64(k)))
			s.start(a, func() {
				for range 15 {
					from, to := places[rng.IntN(len(places))], places[rng.IntN(len(places))]
					var err error
					if rng.IntN(3) == 0 {
						var file *File
						if file, err = own.OpenFile(ctx, from, Write); err == nil {
							file.Write([]byte{99})
							err = file.Close()
						}
					} else {
						err = own.Rename(ctx, from, to)
					}
					if err != nil && !errors.Is(err, Exist) && !errors.Is(err, NotExist) && !errors.Is(err, Conflict) {
						t.Errorf("seed %d: %v", seed, err)
					}
				}
			}, func(bool) {})
		}
		s.run()
		for pass := range 2 {
			found := map[fileID]int{}
			for _, p := range places {
				find := f.find
				if pass == 1 {
					find = f.findToWrite
				}
				s, err := find(ctx, "find", p)
				if err != nil {
					t.Fatal(err)
				}
				if s.record != nil {
					found[s.record.ID]++
				}
			}
			for id, name := range ids {
				if found[id] == 0 {
					t.Fatalf("seed %d, pass %d: the file that was %s is lost", seed, pass, name)
				}
			}
		}
		left := 0
		for _, p := range places {
			s, err := f.find(ctx, "find", p)
			if err != nil {
				t.Fatal(err)
			}
			if s.record != nil {
				left++
				if len(s.record.From) > 0 {
					t.Fatalf("seed %d: a mark stays at %s", seed, p)
				}
			} else if s.gone != nil {
				t.Fatalf("seed %d: a trace stays at %s", seed, p)
			}
		}
		if left != files {
			t.Fatalf("seed %d: %d names for %d files", seed, left, files)
		}
	}
}

// TestRemoveWhileWriting: whoever was told that a file is in a directory finds it there, or the directory is still there.
func TestRemoveWhileWriting(t *testing.T) {
	ctx := context.Background()
	for seed := range 40 {
		w := newWorld(t)
		f := newFS(t, w, true, false)
		if _, err := f.Mkdir(ctx, "d"); err != nil {
			t.Fatal(err)
		}
		if seed%2 == 1 { // one that has grown and is empty again
			var batch []Change
			s, _ := f.find(ctx, "find", "d/x")
			for i := range 150 {
				batch = append(batch, Change{Name: fmt.Sprint(i), Do: Insert})
			}
			for i, r := range s.c.Apply(ctx, batch...) {
				batch[i] = Change{Name: batch[i].Name, Do: Delete, Version: r.Version}
			}
			s.c.Apply(ctx, batch...)
		}
		s := newScheduler(uint64(seed))
		s.crash = 0.002
		written, removed := false, false
		a, b := w.actor("owner", "owner"), w.actor("owner", "owner")
		s.start(a, func() {
			_, err := NewFileSystem(a.config(3), f.Top().Ref()).WriteFile(ctx, "d/file", []byte("x"))
			written = err == nil
			if err != nil && !errors.Is(err, Moved) && !errors.Is(err, NotExist) {
				t.Error(err)
			}
		}, func(bool) {})
		s.start(b, func() {
			err := NewFileSystem(b.config(4), f.Top().Ref()).Remove(ctx, "d")
			removed = err == nil
			if err != nil && !errors.Is(err, NotEmpty) {
				t.Error(err)
			}
		}, func(bool) {})
		s.run()
		if written && removed {
			t.Fatalf("seed %d: a file went with its directory", seed)
		}
		if written {
			if _, err := f.Stat(ctx, "d/file"); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
		}
	}
}
