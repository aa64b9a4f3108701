package container

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"slices"

	"vaultnet"
)

// Mode says how a file is opened. Modes are added: Write|Create|Truncate.
type Mode uint8

// The modes. Without Write a file is only read.
const (
	Write     Mode = 1 << iota // it may be changed
	MayCreate                  // it is made where it is not there
	Exclusive                  // with MayCreate: Exist where it is there
	Truncate                   // its old content does not matter
	Append                     // with Write: whatever is written comes at the end
)

// File is an open file. It reads, seeks and writes like an os.File, with the context it was opened with. What is written
// is gathered, at most a third of Config.Parallel chunks of it, and stored while the next is written: as chunks, of which
// nobody knows until Sync or Close puts the file's record, in one step and only over the version that was opened: Conflict
// where somebody else was faster, and then nothing of the other's is lost. A chunk that cannot be stored is told by a later
// Write, or by Sync or Close; it is kept, and tried again with the next. Not safe for concurrent use.
type File struct {
	fs      *FileSystem
	ctx     context.Context
	spot    *spot
	blob    *blob
	pos     int64
	write   bool
	append  bool
	changed bool
	closed  bool

	modified vaultnet.Time // what the record is to say; 0: when it is stored
}

// Open opens a file for reading.
func (f *FileSystem) Open(ctx context.Context, name string) (*File, error) {
	return f.OpenFile(ctx, name, 0)
}

// Create opens a file for writing that is not there yet: Exist where it is, then or when it is closed.
func (f *FileSystem) Create(ctx context.Context, name string) (*File, error) {
	return f.OpenFile(ctx, name, Write|MayCreate|Exclusive)
}

// OpenFile opens a file. NotExist where it is not there and may not be made; IsDirectory for what is no file.
func (f *FileSystem) OpenFile(ctx context.Context, name string, mode Mode) (*File, error) {
	find := f.find
	if mode&Write != 0 {
		find = f.findToWrite
	}
	s, err := find(ctx, "open", name)
	switch {
	case err != nil:
		return nil, err
	case s.isDir():
		return nil, refuse("open", name, IsDirectory)
	case s.record == nil && mode&(Write|MayCreate) != Write|MayCreate:
		return nil, refuse("open", name, NotExist)
	case s.record != nil && mode&Exclusive != 0:
		return nil, &Error{Op: "open", Name: name, Kind: Exist, Version: s.version}
	}
	file := &File{fs: f, ctx: ctx, spot: s, write: mode&Write != 0, append: mode&Append != 0}
	if s.record == nil {
		file.changed = true
		if s.record, err = f.newRecord(RegularFile); err != nil {
			return nil, fail("open", name, err)
		}
		s.fresh = true
	}
	from := s.record
	if mode&Truncate != 0 && mode&Write != 0 {
		from, file.changed = &record{Type: RegularFile}, true
	}
	key, err := f.contentKey(s.c, from)
	if err != nil {
		return nil, fail("open", name, err)
	}
	file.blob = newBlob(f.cfg, from, key)
	return file, nil
}

func (f *FileSystem) newRecord(t Type) (*record, error) {
	id, err := newFileID(f.cfg.Random)
	now := f.cfg.Clock()
	return &record{Type: t, ID: id, Created: now, Modified: now}, err
}

// contentKey is the key for a file's chunks: its own; a new one where it has none and is private.
func (f *FileSystem) contentKey(c *Container, r *record) (k Key, err error) {
	if len(r.Content) == 0 && c.ref.Private() {
		_, err = io.ReadFull(f.cfg.Random, k[:])
	}
	return k, err
}

// Read implements io.Reader. Who reads on reads ahead: Config.Parallel chunks at once.
func (f *File) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, f.ready()
	}
	n, err := f.ReadAt(p, f.pos)
	f.pos += int64(n)
	if n > 0 && err == io.EOF {
		err = nil
	}
	return n, err
}

// ReadAt implements io.ReaderAt, but for concurrent use.
func (f *File) ReadAt(p []byte, off int64) (int, error) {
	if err := f.ready(); err != nil {
		return 0, err
	}
	if off < 0 {
		return 0, invalid("read", f.spot.path, "a negative offset")
	}
	n, err := f.blob.readAt(f.ctx, p, off)
	if err != io.EOF {
		err = at("read", f.spot.path, err)
	}
	return n, err
}

// Seek implements io.Seeker.
func (f *File) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += f.pos
	case io.SeekEnd:
		offset += f.blob.size
	}
	if offset < 0 || whence < 0 || whence > io.SeekEnd {
		return 0, invalid("seek", f.spot.path, "a position before the beginning")
	}
	f.pos = offset
	return offset, f.ready()
}

// Write implements io.Writer, at the file's position; of a file opened with Append, at its end.
func (f *File) Write(p []byte) (int, error) {
	if f.append {
		f.pos = f.blob.size
	}
	n, err := f.writeAt(p, f.pos)
	f.pos += int64(n)
	return n, err
}

// WriteAt implements io.WriterAt, but for concurrent use. What lies between the end and the offset reads as zeros and takes
// no room. Invalid of a file opened with Append.
func (f *File) WriteAt(p []byte, off int64) (int, error) {
	if f.append && !f.closed {
		return 0, invalid("write", f.spot.path, "it was opened for writing at its end alone")
	}
	return f.writeAt(p, off)
}

func (f *File) writeAt(p []byte, off int64) (int, error) {
	if err := f.writable(); err != nil {
		return 0, err
	}
	if off < 0 || off > MaxFile-int64(len(p)) {
		return 0, invalid("write", f.spot.path, "an offset that no file has")
	}
	if len(p) == 0 {
		return 0, nil
	}
	f.changed = true
	n, err := f.blob.writeAt(f.ctx, p, off)
	return n, at("write", f.spot.path, err)
}

// Truncate makes the content that long: what is cut off is gone, what is new are zeros and take no room.
func (f *File) Truncate(size int64) error {
	if err := f.writable(); err != nil {
		return err
	}
	if size < 0 || size > MaxFile {
		return invalid("truncate", f.spot.path, "a size that no file has")
	}
	f.changed = true
	return at("truncate", f.spot.path, f.blob.resize(f.ctx, size))
}

// SetMetadata replaces the file's metadata: at most MaxMetadata bytes.
func (f *File) SetMetadata(m map[string]string) error {
	if err := f.writable(); err != nil {
		return err
	}
	a := Attributes{Metadata: m}
	if err := a.check("write", f.spot.path); err != nil {
		return err
	}
	r := *f.spot.record
	r.Metadata = m
	f.spot.record, f.changed = &r, true
	return nil
}

// Stat describes the file as it is here: not all of it is stored before Sync.
func (f *File) Stat() (fs.FileInfo, error) { return f.Info(), nil }

// Info is Stat, with more to ask.
func (f *File) Info() *Info {
	r := *f.spot.record
	r.Inline, r.Content = nil, nil
	i := f.spot.info()
	i.record = &r
	if f.blob.isInline() {
		r.Inline = make([]byte, f.blob.size)
	} else {
		r.Content = []content{{Size: f.blob.size, Roots: f.blob.roots}}
	}
	return i
}

// Sync stores what was written, and the file's record over the version that was opened or stored last. What was stored
// that way stays when the program ends: an upload goes on where Info says it is.
func (f *File) Sync() error {
	if err := f.ready(); err != nil || !f.changed {
		return err
	}
	r, err := f.finished()
	if err == nil {
		err = f.fs.keep(f.ctx, "write", f.spot, r)
	}
	if err == nil {
		f.changed = false
	}
	return err
}

// finished stores what was written, and is the record that leads to it.
func (f *File) finished() (*record, error) {
	r := *f.spot.record
	r.Modified, r.From = f.fs.cfg.Clock(), nil
	if f.modified != 0 {
		r.Modified = f.modified
	}
	return &r, at("write", f.spot.path, f.blob.store(f.ctx, &r))
}

// Close syncs and ends the file. After an error the file is closed all the same.
func (f *File) Close() error {
	if f.closed {
		return fs.ErrClosed
	}
	err := f.Sync()
	f.Discard()
	return err
}

// CloseAll closes many files as [File.Close] does each, and answers in their order. Those whose names fall into one node are
// stored there together, in about a mutation for each 96: for who writes many small files. Each path may be there once.
func (f *FileSystem) CloseAll(ctx context.Context, files ...*File) []error {
	errs := make([]error, len(files))
	records := make([]*record, len(files))
	var where []*Container
	in := map[*Container][]int{}
	for i, file := range files {
		if errs[i] = file.ready(); errs[i] != nil || !file.changed {
			continue
		}
		if records[i], errs[i] = file.finished(); errs[i] != nil {
			continue
		}
		c := file.spot.c
		if in[c] == nil {
			where = append(where, c)
		}
		in[c] = append(in[c], i)
	}
	for _, c := range where {
		changes := make([]Change, len(in[c]))
		for k, i := range in[c] {
			changes[k] = files[i].spot.change(records[i])
		}
		for k, done := range c.Apply(ctx, changes...) {
			i := in[c][k]
			errs[i] = f.kept("write", files[i].spot, records[i], done)
		}
	}
	for _, file := range files {
		if !file.closed {
			file.Discard()
		}
	}
	return errs
}

// Discard ends the file without storing what was not synced.
func (f *File) Discard() {
	f.closed = true
	f.blob.forget()
}

func (f *File) ready() error {
	if f.closed {
		return fs.ErrClosed
	}
	return nil
}

func (f *File) writable() error {
	if !f.closed && !f.write {
		return &Error{Op: "write", Name: f.spot.path, Kind: Invalid, Cause: errors.New("the file was opened for reading")}
	}
	return f.ready()
}

// keep stores a spot's record: a new one where there was none, else over the version that was read.
func (f *FileSystem) keep(ctx context.Context, op string, s *spot, r *record) error {
	return f.kept(op, s, r, s.c.Apply(ctx, s.change(r))[0])
}

func (s *spot) change(r *record) Change {
	ch := Change{Name: s.name, Do: Update, Content: r.encode(), Version: s.version}
	if s.fresh {
		ch.Do = Insert
	}
	return ch
}

// kept is what became of it.
func (f *FileSystem) kept(op string, s *spot, r *record, done Changed) error {
	if done.Err != nil {
		return at(op, s.path, done.Err)
	}
	s.record, s.version, s.fresh = r, done.Version, false
	if r.Type != RegularFile {
		f.forgetWays()
	}
	return nil
}

// ReadFile reads a whole file.
func (f *FileSystem) ReadFile(ctx context.Context, name string) ([]byte, *Info, error) {
	file, err := f.Open(ctx, name)
	if err != nil {
		return nil, nil, err
	}
	defer file.Discard()
	info := file.Info()
	var all []byte
	for int64(len(all)) < info.Size() {
		n := len(all)
		k := int(min(info.Size()-int64(n), int64(f.cfg.Parallel)<<20)) // grown by what is there, not by what a record says
		all = slices.Grow(all, k)[:n+k]
		if _, err := file.ReadAt(all[n:], int64(n)); err != nil && err != io.EOF {
			return nil, nil, err
		}
	}
	return all, info, nil
}

// WriteFile makes a file or replaces its content. Of those who do so at once one comes last and the others get Conflict
// or Exist.
func (f *FileSystem) WriteFile(ctx context.Context, name string, content []byte) (*Info, error) {
	file, err := f.OpenFile(ctx, name, Write|MayCreate|Truncate)
	if err != nil {
		return nil, err
	}
	if _, err := file.Write(content); err != nil {
		file.Discard()
		return nil, err
	}
	err = file.Close()
	return file.Info(), err
}

// AppendFile adds to a file's end, and makes it where it is not there. Of those who do so at once each is there, in some
// order: one whom another was before reads and writes anew, which costs an operation for a chunk, so it is for some lines
// of a log rather than for much by many.
func (f *FileSystem) AppendFile(ctx context.Context, name string, content []byte) (*Info, error) {
	for range maxRounds {
		file, err := f.OpenFile(ctx, name, Write|MayCreate|Append)
		if err != nil {
			return nil, err
		}
		if _, err := file.Write(content); err != nil {
			file.Discard()
			return nil, err
		}
		err = file.Close()
		if err == nil || !errors.Is(err, Conflict) && !errors.Is(err, Exist) && !errors.Is(err, NotExist) {
			return file.Info(), err
		}
		if err := ctx.Err(); err != nil {
			return nil, fail("write", name, err)
		}
	}
	return nil, refuse("write", name, Conflict)
}
