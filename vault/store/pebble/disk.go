package pebble

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// disk is the file system as the database sees it. After the first write that fails, none reaches the files any more, yet
// all seem to succeed: the database, which would end the process or never answer, goes on for nothing, and the store
// reports the failure. What is on the disk is then what a power failure at that moment would have left.
//
// The database is always told to wait until a batch is in its log, and it syncs the log then. Where nobody asked for that,
// the sync is put off until somebody does or the log is closed: the batch is with the operating system, and outlives the
// process but not a loss of power.
type disk struct {
	vfs.FS
	folder string
	failed atomic.Pointer[failure]
	syncs  atomic.Int64 // how many wait for a batch to be durable
}

type failure struct{ error }

// fail remembers the first failure.
func (d *disk) fail(err error) { d.failed.CompareAndSwap(nil, &failure{wrapDisk(d.folder, err)}) }

// failure is the first failure of a write, nil for none.
func (d *disk) failure() error {
	if f := d.failed.Load(); f != nil {
		return f.error
	}
	return nil
}

// log is how the names of the files end that batches are written to.
const log = ".log"

func (d *disk) dead() bool { return d.failed.Load() != nil }

// change does what changes the files, unless they are not to be changed any more.
func (d *disk) change(do func() error) error {
	if d.dead() {
		return nil
	}
	if err := do(); err != nil {
		d.fail(err)
	}
	return nil
}

// make makes a file to write to.
func (d *disk) make(name string, do func() (vfs.File, error)) (vfs.File, error) {
	if !d.dead() {
		f, err := do()
		if err == nil {
			return &file{File: f, d: d, log: strings.HasSuffix(name, log)}, nil
		}
		d.fail(err)
	}
	return &file{File: vfs.NewMemFile(nil), d: d}, nil
}

func (d *disk) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return d.make(name, func() (vfs.File, error) { return d.FS.Create(name, c) })
}

func (d *disk) OpenReadWrite(name string, c vfs.DiskWriteCategory, o ...vfs.OpenOption) (vfs.File, error) {
	return d.make(name, func() (vfs.File, error) { return d.FS.OpenReadWrite(name, c, o...) })
}

func (d *disk) ReuseForWrite(old, name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return d.make(name, func() (vfs.File, error) { return d.FS.ReuseForWrite(old, name, c) })
}

func (d *disk) OpenDir(name string) (vfs.File, error) {
	f, err := d.FS.OpenDir(name)
	if err != nil {
		return nil, err
	}
	return &file{File: f, d: d}, nil
}

func (d *disk) Link(old, name string) error {
	return d.change(func() error { return d.FS.Link(old, name) })
}

func (d *disk) Rename(old, name string) error {
	return d.change(func() error { return d.FS.Rename(old, name) })
}

func (d *disk) MkdirAll(name string, mode fs.FileMode) error {
	return d.change(func() error { return d.FS.MkdirAll(name, mode) })
}

func (d *disk) Remove(name string) error {
	if d.dead() {
		return nil
	}
	err := d.FS.Remove(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // what is gone is told, as ever
		d.fail(err)
		return nil
	}
	return err
}

func (d *disk) RemoveAll(name string) error {
	return d.change(func() error { return d.FS.RemoveAll(name) })
}

func (d *disk) Unwrap() vfs.FS { return d.FS }

// file is a file, or folder, that is written or synced.
type file struct {
	vfs.File
	d   *disk
	log bool
	due atomic.Bool // a sync was put off
}

func (f *file) Write(p []byte) (int, error) {
	return len(p), f.d.change(func() error { _, err := f.File.Write(p); return err })
}

func (f *file) WriteAt(p []byte, at int64) (int, error) {
	return len(p), f.d.change(func() error { _, err := f.File.WriteAt(p, at); return err })
}

func (f *file) Sync() error     { return f.sync(f.File.Sync) }
func (f *file) SyncData() error { return f.sync(f.File.SyncData) }

// sync syncs the file, unless it is a log and nobody waits for that. Who does says so before the database hears of the
// batch.
func (f *file) sync(do func() error) error {
	if f.log && f.d.syncs.Load() == 0 {
		f.due.Store(true)
		return nil
	}
	f.due.Store(false)
	return f.d.change(do)
}

func (f *file) SyncTo(length int64) (full bool, err error) {
	err = f.d.change(func() error { full, err = f.File.SyncTo(length); return err })
	return full, err
}

// Preallocate is a help that not every file system gives: its failure is none.
func (f *file) Preallocate(offset, length int64) error {
	if f.d.dead() {
		return nil
	}
	return f.File.Preallocate(offset, length)
}

func (f *file) Close() error {
	if f.due.Load() { // before a later log is begun
		_ = f.d.change(f.File.SyncData)
	}
	if err := f.File.Close(); err != nil && !f.d.dead() {
		f.d.fail(err)
	}
	return nil
}

// logger takes what the database would end the process for.
type logger struct{ d *disk }

var _ pebble.Logger = logger{}

func (logger) Infof(string, ...any)  {}
func (logger) Errorf(string, ...any) {}

func (l logger) Fatalf(format string, args ...any) { l.d.fail(fmt.Errorf(format, args...)) }
