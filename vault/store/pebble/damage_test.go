package pebble_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"vaultnet"
	"vaultnet/vault/store"
	"vaultnet/vault/store/pebble"
)

// The disk is full from the n-th change on, for every n: no call ends the process or hangs, the failure is told, what was
// synced before is there afterwards.
func TestTheDiskIsFull(t *testing.T) {
	for n := int64(1); ; n += 1 + n/8 {
		disk := vfs.NewMem()
		var left atomic.Int64
		left.Store(n)
		full := errorfs.Wrap(disk, errorfs.InjectorFunc(func(op errorfs.Op) error {
			if op.Kind.ReadOrWrite() == errorfs.OpIsRead || op.Kind == errorfs.OpFileClose || op.Kind == errorfs.OpLock {
				return nil
			}
			if left.Add(-1) < 0 {
				return &os.PathError{Op: "write", Path: op.Path, Err: syscall.ENOSPC}
			}
			return nil
		}))
		var failed error
		synced := -1
		s, err := pebble.On(full, "/vault", pebble.Config{})
		if err == nil {
			for i := range 200 {
				if failed = s.Apply(write("last", fmt.Sprintf("%d %30000d", i, i)), i%3 == 0); failed != nil {
					break
				}
				if i%3 == 0 {
					synced = i
				}
				content := fmt.Append(nil, i)
				if err := s.PutChunk(sha256.Sum256(content), content, true); err != nil && !isFull(err) {
					t.Fatalf("after %d changes, a chunk: %v", n, err)
				}
			}
			if failed != nil {
				if _, err := s.Get([]byte("last")); !isFull(err) {
					t.Errorf("after %d changes, reading: %v", n, err)
				}
				for _, err := range s.Scan(nil) {
					if !isFull(err) {
						t.Errorf("after %d changes, scanning: %v", n, err)
					}
				}
			}
			closing := s.Close()
			if failed == nil && closing != nil {
				failed = closing
			}
		} else {
			failed = err
		}
		if failed != nil && !isFull(failed) {
			t.Fatalf("after %d changes: %v", n, failed)
		}
		s, err = pebble.On(disk, "/vault", pebble.Config{}) // there is room again
		if err != nil {
			t.Fatalf("after %d changes, opening again: %v", n, err)
		}
		v, err := s.Get([]byte("last"))
		if err != nil {
			t.Fatal(err)
		}
		var last int
		if _, err := fmt.Sscan(string(v), &last); synced >= 0 && (err != nil || last < synced) {
			t.Errorf("after %d changes: last is %d, %d was synced", n, last, synced)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if failed == nil {
			if n < 100 {
				t.Errorf("only %d changes", n)
			}
			return
		}
	}
}

func isFull(err error) bool {
	var full *store.FullError
	return errors.As(err, &full) && strings.Contains(err.Error(), "/vault")
}

func TestAChunkThatDoesNotFitIsRefused(t *testing.T) {
	var full atomic.Bool
	disk := errorfs.Wrap(vfs.NewMem(), errorfs.InjectorFunc(func(op errorfs.Op) error {
		if full.Load() && op.Kind == errorfs.OpFileWrite && strings.Contains(op.Path, "chunks") {
			return syscall.ENOSPC
		}
		return nil
	}))
	s, err := pebble.On(disk, "/vault", pebble.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	full.Store(true)
	name := vaultnet.Name(sha256.Sum256([]byte("content")))
	if err := s.PutChunk(name, []byte("content"), true); !isFull(err) {
		t.Errorf("a chunk on a full disk: %v", err)
	}
	if c, err := s.Chunk(name); c != nil || err != nil {
		t.Errorf("%q, %v", c, err)
	}
	if left, _ := disk.List("/vault/chunks/new"); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
	full.Store(false)
	put(t, s, "content", true)
	if err := s.Apply(write("a", "1"), true); err != nil {
		t.Error(err)
	}
}

func TestADamagedChunkIsToldAndMended(t *testing.T) {
	folder := t.TempDir()
	s := open(t, folder, pebble.Config{})
	name := put(t, s, "content", true)
	path := filepath.Join(s.Folder(), "chunks", hex.EncodeToString(name[:1]), hex.EncodeToString(name[:]))
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for what, file := range map[string][]byte{
		"a bit":   append([]byte{whole[0] ^ 1}, whole[1:]...),
		"the end": whole[:len(whole)-1],
		"all":     {},
		"zeros":   make([]byte, len(whole)),
		"more":    append(bytes.Clone(whole), 0),
		"huge":    make([]byte, vaultnet.MaxFrame+5),
	} {
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		var damaged *store.DamagedError
		if c, err := s.Chunk(name); !errors.As(err, &damaged) || damaged.What != path || c != nil {
			t.Errorf("%s: %q, %v", what, c, err)
		}
		put(t, s, "content", false)
		if c, err := s.Chunk(name); err != nil || string(c) != "content" {
			t.Errorf("%s, mended: %q, %v", what, c, err)
		}
	}
}

// written is a small store that was used and closed, by file: tables, logs and manifests.
func written(t testing.TB) map[string][]byte {
	folder := t.TempDir()
	for round := range 3 {
		s, err := pebble.Open(folder, pebble.Config{})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 20 {
			if err := s.Apply(write(fmt.Sprint(round, i), strings.Repeat("v", i)), true); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	all := map[string][]byte{}
	records := filepath.Join(folder, "records")
	entries, err := os.ReadDir(records)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(records, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all[e.Name()] = b
	}
	return all
}

// manifest is the name of the newest.
func manifest(files map[string][]byte) string {
	newest := ""
	for name := range files {
		if strings.HasPrefix(name, "MANIFEST") {
			newest = max(newest, name)
		}
	}
	return newest
}

// tryDamaged opens what files make and reads all of it: every record is one that was written, or the error is typed.
func tryDamaged(t *testing.T, files map[string][]byte) (told bool) {
	t.Helper()
	disk := vfs.NewMem()
	if err := disk.MkdirAll("/vault/records", 0o700); err != nil {
		t.Fatal(err)
	}
	for name, b := range files {
		f, err := disk.Create("/vault/records/"+name, "test")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(bytes.Clone(b)); err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	var damaged *store.DamagedError
	s, err := pebble.On(disk, "/vault", pebble.Config{})
	if err != nil {
		if !errors.As(err, &damaged) {
			t.Errorf("opening: %v", err)
		}
		return true
	}
	defer s.Close()
	for w, err := range s.Scan(nil) {
		if err != nil {
			if !errors.As(err, &damaged) {
				t.Errorf("reading: %v", err)
			}
			return true
		}
		var round, i int
		if _, err := fmt.Sscan(string(w.Key), &round, &i); err != nil || string(w.Value) != strings.Repeat("v", i) {
			t.Errorf("%q = %q", w.Key, w.Value)
		}
	}
	return false
}

func TestDamagedRecordsAreTold(t *testing.T) {
	files := written(t)
	tables := 0
	for name, whole := range files {
		if !strings.HasSuffix(name, ".sst") && name != manifest(files) {
			continue
		}
		tables++
		gone := copyOf(files)
		delete(gone, name)
		if !tryDamaged(t, gone) && strings.HasSuffix(name, ".sst") {
			t.Errorf("%s is gone and nobody says so", name)
		}
		cut := copyOf(files)
		cut[name] = whole[:len(whole)/2]
		if !tryDamaged(t, cut) && strings.HasSuffix(name, ".sst") {
			t.Errorf("half of %s is gone and nobody says so", name)
		}
		changed := copyOf(files)
		changed[name] = bytes.Clone(whole)
		changed[name][10] ^= 1
		if !tryDamaged(t, changed) {
			t.Errorf("%s is changed and nobody says so", name)
		}
	}
	if tables == 0 {
		t.Error("no tables")
	}
}

func copyOf(m map[string][]byte) map[string][]byte {
	c := map[string][]byte{}
	for k, v := range m {
		c[k] = v
	}
	return c
}

// FuzzDamaged changes a byte of a file of the database, or cuts the file there.
func FuzzDamaged(f *testing.F) {
	files := written(f)
	var names []string
	for name := range files {
		names = append(names, name)
	}
	f.Add(uint8(0), uint32(3), byte(1), false)
	f.Add(uint8(1), uint32(30), byte(0xff), true)
	f.Fuzz(func(t *testing.T, which uint8, at uint32, change byte, cut bool) {
		damaged := copyOf(files)
		name := names[int(which)%len(names)]
		b := bytes.Clone(files[name])
		if len(b) == 0 {
			return
		}
		i := int(at) % len(b)
		if b[i] ^= change; cut {
			b = b[:i]
		}
		damaged[name] = b
		tryDamaged(t, damaged)
	})
}

// A manifest may end in a record that a crash tore, and nowhere else.
func TestATornManifestIsNoDamage(t *testing.T) {
	files := written(t)
	whole := files[manifest(files)]
	if err := pebble.CheckManifest(whole); err != nil {
		t.Fatal(err)
	}
	bad := 0
	for i := range whole {
		changed := bytes.Clone(whole)
		changed[i] ^= 0x10
		if pebble.CheckManifest(changed) != nil {
			bad++
		}
	}
	if bad < len(whole)/4 || bad == len(whole) {
		t.Errorf("%d of %d changes are damage, want all but those of the last record", bad, len(whole))
	}
	if err := pebble.CheckManifest(whole[:len(whole)-1]); err != nil {
		t.Errorf("the end torn off: %v", err)
	}
	if err := pebble.CheckManifest(append(bytes.Clone(whole), make([]byte, 100)...)); err != nil {
		t.Errorf("zeros behind: %v", err)
	}
}

func FuzzManifest(f *testing.F) {
	for name, b := range written(f) {
		if strings.HasPrefix(name, "MANIFEST") {
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) { _ = pebble.CheckManifest(data) })
}

func FuzzChunk(f *testing.F) {
	f.Add(pebble.EncodeChunk(nil))
	f.Add(pebble.EncodeChunk([]byte("content")))
	f.Fuzz(func(t *testing.T, file []byte) {
		content, err := pebble.DecodeChunk(file)
		if err == nil && !bytes.Equal(pebble.EncodeChunk(content), file) {
			t.Error("two files for one content")
		}
	})
}
