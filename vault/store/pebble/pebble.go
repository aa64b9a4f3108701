// Package pebble is a vault's store on disk: records in a Pebble database, chunks as files beside it.
//
//	cache := pebble.NewCache(0) // shared by every store of the process; may be nil
//	defer cache.Close()
//	s, err := pebble.Open(folder, pebble.Config{Cache: cache})
//	if err == nil {
//		err = store.CheckFormat(s)
//	}
//
// [Store] implements store.Store and store.Chunks and is safe for concurrent use. A folder is open once at a time: a
// second instance is refused with a [*store.LockedError].
//
// # When the disk fails
//
// After a write or sync of the database failed, nothing more reaches the disk, as if power had failed at that moment, and
// every later call returns that failure ([*store.FullError] where the disk is full): close the store, make room, open it
// again. A chunk that does not fit is refused and the store goes on. What cannot be what was written is a
// [*store.DamagedError].
//
// # In the folder
//
//	records/          the database, and the lock
//	chunks/ab/abcd…   a chunk: its content and 4 bytes of checksum (CRC-32C); the file's name is the chunk's, in hex
//	chunks/new/       chunks being written; what a crash leaves there is removed when the store is opened
//
// It does not check that a chunk's content hashes to its name, nor the format of what is stored (store.CheckFormat).
package pebble

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"vaultnet/vault/store"
)

// Config is how a store is opened. The zero value is usable.
type Config struct {
	Cache    *Cache // of blocks read, shared; nil: a small one of its own
	ReadOnly bool   // the folder's records and chunks are not changed, and must be there; for checking off line

	// Buffer is how many bytes of writes are collected in memory before they are sorted into a file (they are in the log at
	// once); up to four times as many are held while files are written. Most of what a vault writes is overwritten soon: what
	// is overwritten within a buffer costs nothing later. 0: [DefaultBuffer].
	Buffer uint64

	fs vfs.FS // nil: the operating system's
}

// DefaultBuffer is a buffer in bytes where none is given: for a process of one vault. It takes memory as it fills.
const DefaultBuffer = 32 << 20

// Store is a store on disk.
type Store struct {
	folder   string
	readOnly bool
	disk     *disk
	db       *pebble.DB
	lock     *pebble.Lock
	cache    *Cache // to be closed with the store; nil where it is the caller's
	chunks   *chunks

	mu     sync.Mutex
	idle   sync.Cond // signalled when active falls to 0
	active int       // calls and loops under way
	closed bool
	done   chan struct{} // closed when Close is through
	err    error         // what the first Close returned
}

// Open opens the store in folder, making it where there is none (unless cfg.ReadOnly: fs.ErrNotExist). Its errors are
// [*store.LockedError], [*store.FullError], [*store.DamagedError] or the operating system's.
func Open(folder string, cfg Config) (*Store, error) {
	real := cfg.fs == nil
	if real {
		cfg.fs = vfs.Default
		absolute, err := filepath.Abs(folder)
		if err != nil {
			return nil, fmt.Errorf("store: %w", err)
		}
		folder = absolute
	}
	if cfg.ReadOnly {
		if _, err := cfg.fs.Stat(cfg.fs.PathJoin(folder, "records")); err != nil {
			return nil, fmt.Errorf("store: no vault's store in %s: %w", folder, err)
		}
	} else if err := makeFolders(cfg.fs, folder); err != nil {
		return nil, wrapDisk(folder, err)
	}
	if real { // locks go by path: it has to be the same for all
		path, err := filepath.EvalSymlinks(folder)
		if err != nil {
			return nil, fmt.Errorf("store: %w", err)
		}
		folder = path
	}
	s := &Store{folder: folder, readOnly: cfg.ReadOnly, disk: &disk{FS: cfg.fs, folder: folder}, done: make(chan struct{})}
	s.idle.L = &s.mu
	records := cfg.fs.PathJoin(folder, "records")
	var err error
	if s.lock, err = pebble.LockDirectory(records, cfg.fs); err != nil {
		return nil, lockError(folder, err)
	}
	cache := cfg.Cache
	if cache == nil {
		cache = NewCache(4 << 20)
		s.cache = cache
	}
	if err = checkRecords(cfg.fs, records); err == nil {
		s.db, err = s.open(records, cache, cmp.Or(cfg.Buffer, DefaultBuffer))
	}
	if err == nil {
		err = s.disk.failure()
	}
	if err == nil {
		s.chunks, err = openChunks(cfg.fs, folder, cfg.ReadOnly)
	}
	if err != nil {
		s.release()
		return nil, s.openError(err)
	}
	return s, nil
}

// open opens the database. Whatever damaged files make of it is an error.
func (s *Store) open(records string, cache *Cache, buffer uint64) (db *pebble.DB, err error) {
	defer func() {
		if r := recover(); r != nil {
			db, err = nil, &store.DamagedError{What: s.folder, Cause: fmt.Errorf("%v", r)}
		}
	}()
	return pebble.Open(records, &pebble.Options{
		FS:                          s.disk,
		Lock:                        s.lock,
		ReadOnly:                    s.readOnly,
		Cache:                       cache.blocks,
		FileCache:                   cache.files,
		FormatMajorVersion:          pebble.FormatColumnarBlocks, // later ones write into logs what was synced; see disk
		MemTableSize:                buffer,
		MemTableStopWritesThreshold: 4,
		LBaseMaxBytes:               int64(max(16<<20, buffer)),
		CompactionConcurrencyRange:  func() (int, int) { return 1, 1 },
		Logger:                      logger{s.disk},
		EventListener: &pebble.EventListener{
			BackgroundError: func(error) {},
			DataCorruption:  func(pebble.DataCorruptionInfo) {}, // whoever reads it is told
		},
	})
}

// openError says what kind of failure kept the database from opening.
func (s *Store) openError(err error) error {
	if f := s.disk.failure(); f != nil {
		return f
	}
	var damaged *store.DamagedError
	if errors.As(err, &damaged) {
		return err
	}
	var number syscall.Errno
	if !pebble.IsCorruptionError(err) && errors.As(err, &number) && number != syscall.ENOENT {
		return s.wrap(err)
	}
	return &store.DamagedError{What: s.folder, Cause: err}
}

// release lets go of whatever is open.
func (s *Store) release() error {
	var err error
	if s.db != nil {
		err = s.db.Close()
	}
	if s.cache != nil {
		s.cache.Close()
	}
	return errors.Join(err, s.lock.Close())
}

// Folder is where the store is, as an absolute path.
func (s *Store) Folder() string { return s.folder }

// begin counts a call under way, unless the store is closed.
func (s *Store) begin() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return store.ErrClosed
	}
	s.active++
	return nil
}

func (s *Store) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.active--; s.active == 0 {
		s.idle.Broadcast()
	}
}

// Close implements store.Store: it waits for calls and loops under way (so it is not for a loop's body), syncs, and lets
// go of the folder.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		<-s.done
		return s.err
	}
	s.closed = true
	for s.active > 0 {
		s.idle.Wait()
	}
	s.mu.Unlock()
	defer close(s.done)
	s.err = s.finish()
	return s.err
}

// finish syncs and releases. After a failure of the disk there is nothing to sync, and it is known already.
func (s *Store) finish() error {
	if s.readOnly || s.disk.failure() != nil {
		s.release()
		return nil
	}
	err := s.write(nil, true)
	err = errors.Join(err, s.wrap(s.chunks.settle()))
	return errors.Join(err, s.wrap(s.release()))
}

// wrap makes err one of the store's errors where it is one.
func (s *Store) wrap(err error) error {
	var damaged *store.DamagedError
	switch {
	case err == nil, errors.As(err, &damaged):
		return err
	case pebble.IsCorruptionError(err):
		return &store.DamagedError{What: s.folder, Cause: err}
	}
	return wrapDisk(s.folder, err)
}

// wrapDisk tells a full disk from other failures.
func wrapDisk(folder string, err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return &store.FullError{Folder: folder, Cause: err}
	}
	return fmt.Errorf("store: %w", err)
}

// lockError tells a folder in use from one that cannot be locked: only what opens the lock's file names a path.
func lockError(folder string, err error) error {
	var path *fs.PathError
	var number syscall.Errno
	switch {
	case errors.As(err, &path):
		return wrapDisk(folder, err)
	case errors.As(err, &number) && number != syscall.EAGAIN && number != syscall.EACCES:
		return wrapDisk(folder, err)
	}
	return &store.LockedError{Folder: folder}
}

// makeFolders makes folder and what is in it, durably. Only the vault's owner may look into it.
func makeFolders(disk vfs.FS, folder string) error {
	_, err := disk.Stat(folder)
	fresh := errors.Is(err, fs.ErrNotExist)
	for _, f := range []string{disk.PathJoin(folder, "records"), disk.PathJoin(folder, "chunks", "new")} {
		if err := disk.MkdirAll(f, 0o700); err != nil {
			return err
		}
	}
	if err := syncFolder(disk, folder); err != nil || !fresh {
		return err
	}
	return syncFolder(disk, disk.PathDir(folder))
}

func syncFolder(disk vfs.FS, folder string) error {
	d, err := disk.OpenDir(folder)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

var (
	_ store.Store  = (*Store)(nil)
	_ store.Chunks = (*Store)(nil)
)
