package pebble

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"iter"
	"slices"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"

	"vaultnet"
	"vaultnet/vault/store"
)

const (
	checksumSize = 4
	// maxUnsynced is how many chunks put without sync wait for Close; beyond it the oldest is synced.
	maxUnsynced = 4096
	category    = vfs.DiskWriteCategory("chunks")
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// chunks is the folder of chunks.
type chunks struct {
	fs   vfs.FS
	root string

	mu       sync.Mutex
	made     [256]bool // folders known to be there
	dirty    bool      // root may hold folders that are not durable
	serial   uint64    // of the file written last
	unsynced []vaultnet.Name
}

func openChunks(disk vfs.FS, folder string, readOnly bool) (*chunks, error) {
	c := &chunks{fs: disk, root: disk.PathJoin(folder, "chunks"), dirty: true}
	if readOnly {
		return c, nil
	}
	left, err := disk.List(disk.PathJoin(c.root, "new"))
	if err != nil {
		return nil, err
	}
	for _, name := range left {
		if err := disk.Remove(disk.PathJoin(c.root, "new", name)); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// PutChunk implements store.Chunks. After an error the chunk is not there, or, where it was before, as it was.
func (s *Store) PutChunk(name vaultnet.Name, content []byte, sync bool) error {
	if err := s.begin(); err != nil {
		return err
	}
	defer s.end()
	switch {
	case s.readOnly:
		return store.ErrReadOnly
	case len(content) > vaultnet.MaxFrame:
		return fmt.Errorf("store: a chunk of %d bytes, at most %d", len(content), vaultnet.MaxFrame)
	}
	return s.wrap(s.chunks.put(name, content, sync))
}

// Chunk implements store.Chunks. A file that is not what was written, as power failing soon after a put without sync
// leaves it, is a [*store.DamagedError]; putting the chunk again mends it.
func (s *Store) Chunk(name vaultnet.Name) ([]byte, error) {
	if err := s.begin(); err != nil {
		return nil, err
	}
	defer s.end()
	content, err := s.chunks.get(name)
	return content, s.wrap(err)
}

// DeleteChunk implements store.Chunks.
func (s *Store) DeleteChunk(name vaultnet.Name) error {
	if err := s.begin(); err != nil {
		return err
	}
	defer s.end()
	if s.readOnly {
		return store.ErrReadOnly
	}
	err := s.chunks.fs.Remove(s.chunks.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return s.wrap(err)
}

// ChunkNames implements store.Chunks.
func (s *Store) ChunkNames() iter.Seq2[vaultnet.Name, error] {
	return func(yield func(vaultnet.Name, error) bool) {
		err := s.begin()
		var names []vaultnet.Name
		if err == nil {
			defer s.end()
			names, err = s.chunks.names()
			err = s.wrap(err)
		}
		for _, n := range names {
			if !yield(n, nil) {
				return
			}
		}
		if err != nil {
			yield(vaultnet.Name{}, err)
		}
	}
}

func (c *chunks) folder(first byte) string {
	return c.fs.PathJoin(c.root, hex.EncodeToString([]byte{first}))
}

func (c *chunks) path(name vaultnet.Name) string {
	return c.fs.PathJoin(c.folder(name[0]), hex.EncodeToString(name[:]))
}

func (c *chunks) put(name vaultnet.Name, content []byte, sync bool) error {
	there, err := c.get(name)
	if err != nil {
		there = nil // mend it
	}
	if there == nil || !bytes.Equal(there, content) {
		if err := c.write(name, content, sync); err != nil {
			return err
		}
	} else if sync {
		if err := c.syncFile(name); err != nil {
			return err
		}
	}
	if sync {
		return c.syncFolders(name[0])
	}
	return c.later(name)
}

// write makes the chunk's file: written beside, synced if sync, then named.
func (c *chunks) write(name vaultnet.Name, content []byte, sync bool) error {
	temporary, err := c.prepare(name[0])
	if err != nil {
		return err
	}
	f, err := c.fs.Create(temporary, category)
	if err != nil {
		return err
	}
	_, err = f.Write(encodeChunk(content))
	if err == nil && sync {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = c.fs.Rename(temporary, c.path(name))
	}
	if err != nil {
		_ = c.fs.Remove(temporary) // else at the next opening
	}
	return err
}

// prepare makes the folder of names that begin so, and names a file to write to.
func (c *chunks) prepare(first byte) (temporary string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.made[first] {
		if err := c.fs.MkdirAll(c.folder(first), 0o700); err != nil {
			return "", err
		}
		c.made[first], c.dirty = true, true
	}
	c.serial++
	return c.fs.PathJoin(c.root, "new", fmt.Sprint(c.serial)), nil
}

// later remembers a chunk to be synced, by Close at the latest.
func (c *chunks) later(name vaultnet.Name) error {
	c.mu.Lock()
	c.unsynced = append(c.unsynced, name)
	if len(c.unsynced) <= maxUnsynced {
		c.mu.Unlock()
		return nil
	}
	oldest := c.unsynced[0]
	c.unsynced = slices.Delete(c.unsynced, 0, 1)
	c.mu.Unlock()
	if err := c.syncFile(oldest); err != nil {
		return err
	}
	return c.syncFolders(oldest[0])
}

// settle syncs what is not.
func (c *chunks) settle() error {
	c.mu.Lock()
	names := c.unsynced
	c.unsynced = nil
	c.mu.Unlock()
	var folders [256]bool
	for _, n := range names {
		if err := c.syncFile(n); err != nil {
			return err
		}
		folders[n[0]] = true
	}
	for first, is := range folders {
		if is {
			if err := c.syncFolders(byte(first)); err != nil {
				return err
			}
		}
	}
	return nil
}

// syncFile makes the chunk's bytes durable; one that is gone needs none.
func (c *chunks) syncFile(name vaultnet.Name) error {
	f, err := c.fs.Open(c.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// syncFolders makes the names in a folder durable, and the folder's own.
func (c *chunks) syncFolders(first byte) error {
	if err := syncFolder(c.fs, c.folder(first)); err != nil {
		return err
	}
	c.mu.Lock()
	dirty := c.dirty
	c.dirty = false
	c.mu.Unlock()
	if !dirty {
		return nil
	}
	err := syncFolder(c.fs, c.root)
	if err != nil {
		c.mu.Lock()
		c.dirty = true
		c.mu.Unlock()
	}
	return err
}

func (c *chunks) get(name vaultnet.Name) ([]byte, error) {
	path := c.path(name)
	f, err := c.fs.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() > vaultnet.MaxFrame+checksumSize {
		return nil, &store.DamagedError{What: path, Cause: fmt.Errorf("%d bytes", info.Size())}
	}
	file := make([]byte, info.Size())
	if _, err := io.ReadFull(f, file); err != nil {
		return nil, err
	}
	content, err := decodeChunk(file)
	if err != nil {
		return nil, &store.DamagedError{What: path, Cause: err}
	}
	return content, nil
}

// names lists all chunks, in order.
func (c *chunks) names() ([]vaultnet.Name, error) {
	folders, err := c.fs.List(c.root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	slices.Sort(folders)
	var all []vaultnet.Name
	for _, folder := range folders {
		if len(folder) != 2 {
			continue
		}
		files, err := c.fs.List(c.fs.PathJoin(c.root, folder))
		if err != nil {
			return nil, err
		}
		slices.Sort(files)
		for _, file := range files {
			if name, ok := parseName(file); ok && file[:2] == folder {
				all = append(all, name)
			}
		}
	}
	return all, nil
}

// parseName reads a file's name: lower-case hex only, so that a chunk has one file.
func parseName(file string) (name vaultnet.Name, ok bool) {
	b, err := hex.DecodeString(file)
	if err != nil || len(b) != len(name) || hex.EncodeToString(b) != file {
		return name, false
	}
	return vaultnet.Name(b), true
}

// encodeChunk is what the file of a chunk holds.
func encodeChunk(content []byte) []byte {
	file := make([]byte, 0, len(content)+checksumSize)
	return binary.BigEndian.AppendUint32(append(file, content...), crc32.Checksum(content, castagnoli))
}

// decodeChunk is the content that a chunk's file holds, a part of it.
func decodeChunk(file []byte) ([]byte, error) {
	n := len(file) - checksumSize
	if n < 0 {
		return nil, fmt.Errorf("%d bytes, at least %d", len(file), checksumSize)
	}
	content := file[:n:n]
	if crc32.Checksum(content, castagnoli) != binary.BigEndian.Uint32(file[n:]) {
		return nil, errors.New("the checksum is of something else")
	}
	return content, nil
}
