package container

import (
	"context"
	"errors"
	"path"
	"slices"
	"strings"

	"vaultnet/mutabledata"
)

// Mkdir makes a directory: a container of its own, private as the one that it is in, with the permissions that others have
// there. In a flat container there is nothing to make: directories are implied.
func (f *FileSystem) Mkdir(ctx context.Context, name string) (*Info, error) {
	return f.MkdirWith(ctx, name, Attributes{})
}

// MkdirWith is Mkdir of a directory with attributes, at no further cost.
func (f *FileSystem) MkdirWith(ctx context.Context, name string, a Attributes) (*Info, error) {
	if err := a.check("mkdir", name); err != nil {
		return nil, err
	}
	s, err := f.vacant(ctx, "mkdir", name)
	if err != nil {
		return nil, err
	}
	shell, err := answer[mutabledata.Shell](s.c.do(ctx, s.c.read(site{}, mutabledata.GetShell{}))[0])
	if err != nil {
		return nil, at("mkdir", name, err)
	}
	if shell.Owner != f.cfg.Payer {
		return nil, refuse("mkdir", name, ContainerFull) // it would belong to somebody else
	}
	ref, err := NewRef(f.cfg.Random, s.c.ref.Private(), false)
	if err != nil {
		return nil, at("mkdir", name, err)
	}
	permissions := map[mutabledata.User]mutabledata.PermissionSet{}
	for _, p := range shell.Permissions {
		permissions[p.User] = p.Set
	}
	if _, err := Create(ctx, f.cfg, ref, permissions); err != nil {
		return nil, at("mkdir", name, err)
	}
	return f.lead(ctx, "mkdir", s, Directory, ref, a)
}

// MkdirAll makes a directory and those above it. That they are there is no error.
func (f *FileSystem) MkdirAll(ctx context.Context, name string) error {
	if name == "." {
		return nil
	}
	info, err := f.Stat(ctx, name)
	switch {
	case err == nil && info.IsDir():
		return nil
	case err == nil:
		return refuse("mkdir", name, NotDirectory)
	case !errors.Is(err, NotExist):
		return err
	}
	if err := f.MkdirAll(ctx, path.Dir(name)); err != nil {
		return err
	}
	if _, err = f.Mkdir(ctx, name); errors.Is(err, Exist) {
		err = nil
	}
	return err
}

// Link makes a name that leads to another container, anybody's. Paths go through it.
func (f *FileSystem) Link(ctx context.Context, name string, target Ref) (*Info, error) {
	s, err := f.vacant(ctx, "link", name)
	if err != nil {
		return nil, err
	}
	return f.lead(ctx, "link", s, Link, target, Attributes{})
}

// vacant finds a place in a tree where nothing is yet.
func (f *FileSystem) vacant(ctx context.Context, op, name string) (*spot, error) {
	s, err := f.findToWrite(ctx, op, name)
	switch {
	case err != nil:
		return nil, err
	case s.name == "" || s.record != nil:
		return nil, &Error{Op: op, Name: name, Kind: Exist, Version: s.version}
	case s.c.ref.Flat && op == "mkdir":
		return nil, invalid(op, name, "in a flat container directories are implied by the names of files")
	}
	return s, nil
}

func (f *FileSystem) lead(ctx context.Context, op string, s *spot, t Type, target Ref, a Attributes) (*Info, error) {
	r, err := f.newRecord(t)
	if err != nil {
		return nil, fail(op, s.path, err)
	}
	r = a.of(r)
	r.Target, s.fresh = []Ref{target}, true
	if err := f.keep(ctx, op, s, r); err != nil {
		return nil, err
	}
	return s.info(), nil
}

// Remove removes a file, a link (what it leads to stays) or an empty directory: NotEmpty for others. A directory is first
// closed to writers, so that nothing comes into it while it goes; removing it again completes what was interrupted.
func (f *FileSystem) Remove(ctx context.Context, name string) error {
	s, err := f.findToWrite(ctx, "remove", name)
	switch {
	case err != nil:
		return err
	case s.name == "":
		return invalid("remove", name, "the top of a file system stays")
	case s.record == nil:
		return refuse("remove", name, NotExist)
	}
	return f.remove(ctx, s)
}

// RemoveVersion removes a file or link that has still a version: Conflict where it has another.
func (f *FileSystem) RemoveVersion(ctx context.Context, name string, version mutabledata.Version) error {
	s, err := f.findToWrite(ctx, "remove", name)
	switch {
	case err != nil:
		return err
	case s.record == nil:
		return refuse("remove", name, NotExist)
	case s.version != version:
		return &Error{Op: "remove", Name: name, Kind: Conflict, Version: s.version}
	}
	return f.remove(ctx, s)
}

func (f *FileSystem) remove(ctx context.Context, s *spot) error {
	f.forgetWays()
	if s.record.Type == Directory && !slices.Contains(s.way, s.record.Target[0].ID) {
		if err := f.settleRekeyed(ctx, s); err != nil {
			return at("remove", s.path, err)
		}
		c := f.container(s.record.Target[0])
		err := c.close(ctx)
		if errors.Is(err, NotEmpty) { // perhaps of what other names have already
			if err = f.settleAll(ctx, c); err == nil {
				err = c.close(ctx)
			}
		}
		if err != nil && !errors.Is(err, NotExist) {
			return at("remove", s.path, err)
		}
	}
	return at("remove", s.path, s.c.Delete(ctx, s.name, s.version))
}

// RemoveAll removes a file or a directory with everything in it; names that fall into one node go together. That nothing
// is there is no error. It returns how many names went.
func (f *FileSystem) RemoveAll(ctx context.Context, name string) (removed int, err error) {
	s, err := f.findToWrite(ctx, "remove", name)
	if errors.Is(err, NotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	been := map[ID]bool{} // a record can lead anywhere, also back: what is above stays
	for _, id := range s.way {
		been[id] = true
	}
	if s.record == nil && s.c.ref.Flat {
		return f.empty(ctx, s.c, s.name+"/", been)
	}
	if s.record == nil {
		return 0, nil
	}
	if s.record.Type == Directory && !been[s.record.Target[0].ID] {
		been[s.record.Target[0].ID] = true
		if removed, err = f.empty(ctx, f.below(s), "", been); err != nil {
			return removed, at("remove", name, err)
		}
	}
	if err := f.remove(ctx, s); err != nil {
		return removed, err
	}
	return removed + 1, nil
}

// empty removes all names of a container that begin with a prefix, and what is below them.
func (f *FileSystem) empty(ctx context.Context, c *Container, prefix string, been map[ID]bool) (removed int, err error) {
	var batch []Change
	flush := func() error {
		for _, r := range c.Apply(ctx, batch...) {
			switch {
			case r.Err == nil:
				removed++
			case !errors.Is(r.Err, NotExist):
				return r.Err
			}
		}
		batch = batch[:0]
		return nil
	}
	for e, err := range c.List(ctx) {
		if err != nil {
			return removed, err
		}
		if !strings.HasPrefix(e.Name, prefix) {
			continue
		}
		r, ok := decodeRecord(e.Content)
		if ok && r.Type == gone {
			if err := f.settle(ctx, &spot{path: e.Name, c: c, name: e.Name, gone: r, version: e.Version}); err != nil {
				return removed, err
			}
			continue
		}
		if ok && r.Type == Directory && !been[r.Target[0].ID] {
			below := f.container(r.Target[0])
			been[below.ref.ID] = true
			n, err := f.empty(ctx, below, "", been)
			removed += n
			if err == nil {
				err = below.close(ctx)
			}
			if err != nil && !errors.Is(err, NotExist) && !errors.Is(err, Moved) { // Moved: what it was is elsewhere
				return removed, err
			}
		}
		if batch = append(batch, Change{Name: e.Name, Do: Delete, Version: e.Version}); len(batch) >= 1000 {
			if err := flush(); err != nil {
				return removed, err
			}
		}
	}
	return removed, flush()
}
