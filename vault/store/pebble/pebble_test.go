package pebble_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"go.uber.org/goleak"

	"vaultnet"
	"vaultnet/vault/store"
	"vaultnet/vault/store/pebble"
	"vaultnet/vault/store/storetest"
)

func TestMain(m *testing.M) {
	if folder := os.Getenv("PEBBLE_TEST_WRITER"); folder != "" {
		writeForEver(folder)
	}
	goleak.VerifyTestMain(m)
}

// place is a folder of a file system.
type place struct {
	fs     vfs.FS
	folder string
	cfg    pebble.Config
}

func (p place) Open() (storetest.Implementation, error) { return pebble.On(p.fs, p.folder, p.cfg) }

func TestStoreOnDisk(t *testing.T) {
	cache := pebble.NewCache(0)
	defer cache.Close()
	storetest.Test(t, func(t *testing.T) storetest.Disk {
		return place{vfs.Default, t.TempDir(), pebble.Config{Cache: cache}}
	})
}

func TestStoreInMemory(t *testing.T) {
	storetest.Test(t, func(t *testing.T) storetest.Disk { return place{vfs.NewMem(), "/vault", pebble.Config{}} })
}

func open(t *testing.T, folder string, cfg pebble.Config) *pebble.Store {
	t.Helper()
	s, err := pebble.Open(folder, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func write(key, value string) []vaultnet.Write {
	return []vaultnet.Write{{Key: []byte(key), Value: []byte(value)}}
}

func put(t *testing.T, s *pebble.Store, content string, sync bool) vaultnet.Name {
	t.Helper()
	name := vaultnet.Name(sha256.Sum256([]byte(content)))
	if err := s.PutChunk(name, []byte(content), sync); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestAFolderIsOpenOnce(t *testing.T) {
	parent := filepath.Join(t.TempDir(), "link")
	folder := filepath.Join(t.TempDir(), "data")
	if err := os.Symlink(filepath.Dir(folder), parent); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(parent, "data")
	s := open(t, link, pebble.Config{}) // not there yet
	for _, cfg := range []pebble.Config{{}, {ReadOnly: true}} {
		for _, path := range []string{folder, link} {
			_, err := pebble.Open(path, cfg)
			var locked *store.LockedError
			if !errors.As(err, &locked) || locked.Folder != s.Folder() {
				t.Errorf("opened again as %s: %v", path, err)
			}
		}
	}
	if err := s.Apply(write("still", "there"), true); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, link, pebble.Config{})
}

func TestFoldersAreTheOwnersOnly(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "data")
	open(t, folder, pebble.Config{})
	if i, err := os.Stat(folder); err != nil || i.Mode().Perm() != 0o700 {
		t.Errorf("mode %v, %v", i.Mode(), err)
	}
}

func TestReadingOnly(t *testing.T) {
	folder := t.TempDir()
	if _, err := pebble.Open(folder, pebble.Config{ReadOnly: true}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nothing there: %v", err)
	}
	s := open(t, folder, pebble.Config{})
	if err := s.Apply(write("a", "1"), false); err != nil {
		t.Fatal(err)
	}
	name := put(t, s, "chunk", false)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	before := files(t, folder)
	r := open(t, folder, pebble.Config{ReadOnly: true})
	if v, err := r.Get([]byte("a")); err != nil || string(v) != "1" {
		t.Errorf("%q, %v", v, err)
	}
	if c, err := r.Chunk(name); err != nil || string(c) != "chunk" {
		t.Errorf("%q, %v", c, err)
	}
	for _, err := range []error{r.Apply(write("a", "2"), true), r.Apply(nil, true), r.PutChunk(name, nil, true), r.DeleteChunk(name)} {
		if !errors.Is(err, store.ErrReadOnly) {
			t.Errorf("a change: %v", err)
		}
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if after := files(t, folder); after != before {
		t.Errorf("reading changed the folder:\n%s\nwas\n%s", after, before)
	}
}

// files lists names and sizes.
func files(t *testing.T, folder string) string {
	t.Helper()
	list := ""
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			i, _ := d.Info()
			list += fmt.Sprintln(path, i.Size())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestWhatACrashLeftInTheMakingIsRemoved(t *testing.T) {
	folder := t.TempDir()
	s := open(t, folder, pebble.Config{})
	name := put(t, s, "whole", true)
	s.Close()
	left := filepath.Join(folder, "chunks", "new", "17")
	strange := filepath.Join(folder, "chunks", hex.EncodeToString(name[:1]), "README")
	for _, f := range []string{left, strange} {
		if err := os.WriteFile(f, []byte("hal"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s = open(t, folder, pebble.Config{})
	if _, err := os.Stat(left); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("still there: %v", err)
	}
	n := 0
	for got, err := range s.ChunkNames() {
		if err != nil || got != name {
			t.Errorf("%v, %v", got, err)
		}
		n++
	}
	if n != 1 {
		t.Errorf("%d chunks", n)
	}
}

func TestChunksPutWithoutSyncDoNotPileUp(t *testing.T) {
	s, err := pebble.On(vfs.NewMem(), "/vault", pebble.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for i := range pebble.MaxUnsynced + 100 {
		put(t, s, fmt.Sprint(i), false)
	}
	if n := s.Unsynced(); n != pebble.MaxUnsynced {
		t.Errorf("%d chunks wait to be synced, at most %d", n, pebble.MaxUnsynced)
	}
}

func TestAChunkIsBounded(t *testing.T) {
	s, err := pebble.On(vfs.NewMem(), "/vault", pebble.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.PutChunk(vaultnet.Name{}, make([]byte, vaultnet.MaxFrame+1), false); err == nil {
		t.Error("a chunk larger than a frame is stored")
	}
}

// Closing waits for loops, whose calls fail from then on.
func TestClosingWaitsForALoop(t *testing.T) {
	s := open(t, t.TempDir(), pebble.Config{})
	if err := s.Apply(append(write("a", "1"), write("b", "2")...), false); err != nil {
		t.Fatal(err)
	}
	closed := make(chan error)
	n := 0
	for _, err := range s.Scan(nil) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 1 {
			go func() { closed <- s.Close() }()
			for !errors.Is(s.Apply(nil, false), store.ErrClosed) {
			}
		}
	}
	if err := <-closed; err != nil || n != 2 {
		t.Errorf("%d records, Close: %v", n, err)
	}
}
