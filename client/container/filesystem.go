package container

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"strings"
	"sync"
	"unicode/utf8"

	"vaultnet/mutabledata"
)

// FileSystem is a container seen as a directory, with all that hangs from it: paths, files, directories, links. Paths are
// those of io/fs: "." is the top, "a/b" a name below a directory. Safe for concurrent use.
type FileSystem struct {
	cfg Config
	top *Container

	mu   sync.Mutex
	open map[Ref]*Container // whose nodes are known
	ways ways
}

// maxOpen is of how many containers a file system remembers what is true for ever; then it begins anew.
const maxOpen = 1024

// NewFileSystem returns the file system whose top is the container of a reference.
func NewFileSystem(cfg Config, top Ref) *FileSystem {
	c := Open(cfg, top)
	return &FileSystem{cfg: c.cfg, top: c, open: map[Ref]*Container{}}
}

// Top returns the container at the top.
func (f *FileSystem) Top() *Container { return f.top }

func (f *FileSystem) container(r Ref) *Container {
	if r == f.top.ref {
		return f.top
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	c := f.open[r]
	if c == nil {
		if len(f.open) >= maxOpen {
			clear(f.open)
		}
		c = Open(f.cfg, r)
		f.open[r] = c
	}
	return c
}

// known is the container with an id: one that a path went to lately, else one that is found among all directories. Where
// there is none, it is a container without a key, of which only the versions can be read.
func (f *FileSystem) known(ctx context.Context, id ID) *Container {
	find := func() *Container {
		if f.top.ref.ID == id {
			return f.top
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		for r, c := range f.open {
			if r.ID == id {
				return c
			}
		}
		return nil
	}
	c := find()
	if c == nil {
		_ = f.each(ctx, "find", ".", true, func(d *Container) error {
			if d.ref.ID == id {
				c = d
				return errFound
			}
			return nil
		})
	}
	if c == nil {
		c = Open(f.cfg, Ref{ID: id})
	}
	return c
}

var errFound = errors.New("found")

// spot is where a path leads: a name in a container, and its record if there is one.
type spot struct {
	path    string
	c       *Container
	name    string // "": the container itself, at the top
	record  *record
	version mutabledata.Version
	gone    *record // beside no record: what was here has another name, and a trace of that is left
	fresh   bool    // there is no record yet
	way     []ID    // of the containers on the way, the last being c's
}

func (s *spot) info() *Info {
	return &Info{name: path.Base(s.path), record: s.record, version: s.version}
}

func (s *spot) isDir() bool { return s.name == "" || s.record != nil && s.record.Type != RegularFile }

// enter goes on in another container.
func (s *spot) enter(c *Container) { s.c, s.way = c, append(s.way, c.ref.ID) }

// below is the container that a directory or link leads to.
func (f *FileSystem) below(s *spot) *Container {
	if s.name == "" {
		return s.c
	}
	return f.container(s.record.Target[0])
}

// find follows a path, through directories and links. That the last name is not there is no error: a spot without record.
func (f *FileSystem) find(ctx context.Context, op, name string) (*spot, error) {
	if !fs.ValidPath(name) {
		return nil, invalid(op, quote(name), "not a path: parts between slashes, none of them empty, '.' or '..', in UTF-8")
	}
	s := &spot{path: name, c: f.top, way: []ID{f.top.ref.ID}}
	if name == "." {
		return s, nil
	}
	for rest := strings.Split(name, "/"); ; {
		if next, ok := f.remembered(s.c.ref.ID, rest[0]); ok && len(rest) > 1 {
			s.enter(f.container(next))
			rest = rest[1:]
			continue
		}
		taken, err := f.step(ctx, op, s, rest)
		if err != nil || taken == 0 {
			return s, err
		}
		rest = rest[taken:]
	}
}

// step looks for the first parts of the rest of a path in the spot's container. It returns how many of them lead to another
// container, where the spot then is; 0: the path ends here.
func (f *FileSystem) step(ctx context.Context, op string, s *spot, rest []string) (taken int, err error) {
	names := rest[:1]
	if s.c.ref.Flat {
		names = make([]string, len(rest))
		for i := range rest {
			names[i] = strings.Join(rest[:i+1], "/")
		}
	}
	for i, got := range s.c.GetAll(ctx, names...) {
		end := i == len(rest)-1
		if end {
			s.name = got.Name
		}
		if errors.Is(got.Err, NotExist) && !isContainer(got.Err) {
			if !end && !s.c.ref.Flat {
				return 0, refuse(op, s.path, NotExist)
			}
			continue
		}
		if got.Err != nil {
			return 0, at(op, s.path, got.Err)
		}
		r, ok := decodeRecord(got.Content)
		switch {
		case !ok:
			return 0, &Error{Op: op, Name: s.path, Kind: Corrupt, Version: got.Version}
		case r.Type == gone && !end && !s.c.ref.Flat:
			return 0, refuse(op, s.path, NotExist)
		case r.Type == gone && end:
			s.gone, s.version = r, got.Version
		case r.Type == gone:
		case end:
			s.record, s.version = r, got.Version
		case r.Type == RegularFile:
			return 0, refuse(op, s.path, NotDirectory)
		default:
			f.remember(s.c.ref.ID, got.Name, r.Target[0])
			s.enter(f.container(r.Target[0]))
			return i + 1, nil
		}
	}
	return 0, nil
}

// isContainer reports whether it is the container that is not there, rather than a name in it.
func isContainer(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == NotExist && e.Cause != nil
}

// at makes an error speak of a path.
func at(op, name string, err error) error {
	var e *Error
	if err == nil || !errors.As(fail(op, name, err), &e) {
		return err
	}
	return &Error{Op: op, Name: name, Kind: e.Kind, Version: e.Version, Cause: e.Cause}
}

func quote(name string) string {
	if name == "" {
		return "the empty path"
	}
	if len(name) > 64 {
		name = name[:64] + "…"
	}
	return strings.ToValidUTF8(name, string(utf8.RuneError))
}

// Stat describes what a path leads to. A link is described by what it leads to: a directory.
func (f *FileSystem) Stat(ctx context.Context, name string) (*Info, error) {
	s, err := f.find(ctx, "stat", name)
	if err != nil {
		return nil, err
	}
	if s.record != nil || s.name == "" {
		return s.info(), nil
	}
	if s.c.ref.Flat {
		if list, err := f.listFlat(ctx, s.c, s.name+"/"); err != nil {
			return nil, at("stat", name, err)
		} else if len(list) > 0 {
			return s.info(), nil
		}
	}
	return nil, refuse("stat", name, NotExist)
}
