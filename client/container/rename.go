package container

import (
	"context"
	"errors"
	"slices"
	"strings"

	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

// A rename between two nodes:
//
//  1. The new name is inserted; its record says where from, and at which version.
//  2. The old record is replaced, by that version, by one that says where to, and at which version. This decides it: of two
//     renames of one file one gets here.
//  3. The mark is taken from the new record.
//  4. The old record is deleted.
//
// Whoever meets a record of either kind and may write completes it. A marked new record whose old one does not say that it
// went there, and is not as it was either, never will be the file: it is deleted, by version. That the old one is absent is
// no exception, for it is deleted only after the mark.

// Rename gives a file, directory or link another name, in its directory or another; Exist where there is one. Where both
// names share a node it is one mutation, else four. A crash on the way leaves the file under both names or under the new
// one, never under none; who next writes either completes it. Conflict: the old name was changed or renamed meanwhile by
// somebody else.
func (f *FileSystem) Rename(ctx context.Context, from, to string) error {
	old, err := f.findToWrite(ctx, "rename", from)
	switch {
	case err != nil:
		return err
	case old.name == "":
		return invalid("rename", from, "the top of a file system has no name")
	case old.record == nil:
		return refuse("rename", from, NotExist)
	}
	next, err := f.findToWrite(ctx, "rename", to)
	switch {
	case err != nil:
		return err
	case next.name == "" || next.record != nil:
		return &Error{Op: "rename", Name: to, Kind: Exist, Version: next.version}
	case strings.HasPrefix(to, from+"/") || old.record.Type == Directory && slices.Contains(next.way, old.record.Target[0].ID):
		return invalid("rename", from, "a directory cannot move into itself")
	case next.c.ref.Flat && old.record.Type == Directory:
		return invalid("rename", from, "a flat container holds no directories")
	}
	f.forgetWays()
	r := *old.record
	r.From = nil
	if old.c.ref == next.c.ref {
		done, err := old.c.swap(ctx, old.name, next.name, r.encode(), old.version)
		if done || err != nil {
			return at("rename", from, err)
		}
	}
	r.From = []mark{{Container: old.c.ref.ID, Place: old.c.ref.place(old.name), Version: old.version}}
	next.fresh = true
	if err := f.keep(ctx, "rename", next, &r); err != nil {
		return err
	}
	return f.finish(ctx, next, old.c)
}

// findToWrite is find, and completes the rename of which it meets one end.
func (f *FileSystem) findToWrite(ctx context.Context, op, name string) (*spot, error) {
	for range maxRounds {
		s, err := f.find(ctx, op, name)
		switch {
		case err != nil:
			return nil, err
		case s.gone != nil:
			err = f.settle(ctx, s)
		case s.record != nil && len(s.record.From) > 0:
			err = f.finish(ctx, s, f.known(ctx, s.record.From[0].Container))
			if errors.Is(err, Permission) || errors.Is(err, Moved) && !errors.Is(err, errArriving) || errors.Is(err, errUnjudged) {
				return s, nil // whoever changes it without the mark has both stay
			}
		default:
			return s, nil
		}
		if err != nil && !errors.Is(err, Conflict) { // Conflict: it is settled, in the other way
			return nil, at(op, name, err)
		}
	}
	return nil, refuse(op, name, Conflict)
}

var errArriving = errors.New("the directory at the other end of an unfinished rename is being re-keyed")

var errUnjudged = errors.New("the other end of an unfinished rename cannot be read")

// verdict is what a marked new name is, judged by what is at the old one.
type verdict int

const (
	undecided verdict = iota // the old record is as it was: the rename may still be decided, or given up
	decided                  // the old record says that it went here
	undone                   // it did not, and cannot any more
	unknown                  // what is there does not open for this client
)

// judge looks at the old name.
func (f *FileSystem) judge(ctx context.Context, s *spot, from *Container) (verdict, *walk, value, error) {
	m := s.record.From[0]
	w := &walk{at: m.Place}
	from.settle(ctx, []*walk{w})
	switch {
	case errors.Is(w.err, refusal.NoSuchData), w.err == nil && w.found == nil:
		return undone, w, value{}, nil
	case w.err != nil:
		return undecided, w, value{}, at("rename", s.path, w.err)
	case w.found.Version == m.Version && w.rekeyed():
		return undone, w, value{}, nil // nothing changes there any more
	}
	opened, ok := from.box.open(&from.ref, m.Place, w.found.Content)
	switch {
	case !ok:
		return unknown, w, value{}, nil
	case w.found.Version == m.Version:
		return undecided, w, opened, nil
	}
	if r, ok := decodeRecord(opened.Content); ok && r.Type == gone && r.To[0] == s.mark() {
		return decided, w, opened, nil
	}
	return undone, w, opened, nil
}

// mark is the spot as the other end of a rename names it.
func (s *spot) mark() mark {
	return mark{Container: s.c.ref.ID, Place: s.c.ref.place(s.name), Version: s.version}
}

// decide replaces the old record, if it is as it was.
func (f *FileSystem) decide(ctx context.Context, s *spot, from *Container, old string) error {
	trace := &record{Type: gone, ID: s.record.ID, Created: s.record.Created, Modified: s.record.Modified, To: []mark{s.mark()}}
	err := from.Apply(ctx, Change{Name: old, Do: Update, Content: trace.encode(), Version: s.record.From[0].Version})[0].Err
	if errors.Is(err, Conflict) || errors.Is(err, NotExist) {
		return nil // judge again
	}
	return at("rename", s.path, err)
}

// finish completes a rename from its new name, or undoes it: Conflict.
func (f *FileSystem) finish(ctx context.Context, s *spot, from *Container) error {
	for range maxRounds {
		v, w, opened, err := f.judge(ctx, s, from)
		switch {
		case err != nil:
			return err
		case v == undone:
			return f.undo(ctx, s)
		case v == unknown:
			return &Error{Op: "rename", Name: s.path, Kind: Corrupt, Cause: errUnjudged}
		case v == decided:
			if err := f.unmark(ctx, s); err != nil {
				return err
			}
			return f.sweep(ctx, from, opened.Name, w.found.Version)
		}
		if err := f.decide(ctx, s, from, opened.Name); errors.Is(err, Moved) {
			v, w, _, again := f.judge(ctx, s, from)
			if again != nil {
				return err
			}
			if mark := w.view.values[movedMark]; v == undecided && mark != nil {
				if closedFor(mark, arriving) { // for a moment
					return &Error{Op: "rename", Name: s.path, Kind: Moved, Cause: errArriving}
				}
				return err
			}
		} else if err != nil {
			return err
		}
	}
	return refuse("rename", s.path, Conflict)
}

// settle completes a rename from its old name.
func (f *FileSystem) settle(ctx context.Context, s *spot) error {
	m := s.gone.To[0]
	to := f.known(ctx, m.Container)
	v, err := to.at(ctx, m.Place)
	if err != nil && !errors.Is(err, refusal.NoSuchData) {
		return at("rename", s.path, err)
	}
	if err == nil && v != nil && v.Version == m.Version {
		opened, ok := to.box.open(&to.ref, m.Place, v.Content)
		if !ok {
			return &Error{Op: "rename", Name: s.path, Kind: Corrupt, Cause: errUnjudged}
		}
		r, ok := decodeRecord(opened.Content)
		if !ok {
			return refuse("rename", s.path, Corrupt)
		}
		if err := f.unmark(ctx, &spot{path: s.path, c: to, name: opened.Name, record: r, version: v.Version}); err != nil {
			return err
		}
	}
	return f.sweep(ctx, s.c, s.name, s.version)
}

// settleAll does so for all names in a container.
func (f *FileSystem) settleAll(ctx context.Context, c *Container) error {
	for e, err := range c.List(ctx) {
		if err != nil {
			return err
		}
		if r, ok := decodeRecord(e.Content); ok && r.Type == gone {
			if err := f.settle(ctx, &spot{path: e.Name, c: c, name: e.Name, gone: r, version: e.Version}); err != nil {
				return err
			}
		}
	}
	return nil
}

// sweep deletes the old record. That somebody else did is as good, and so is that nothing changes there any more.
func (f *FileSystem) sweep(ctx context.Context, c *Container, name string, version mutabledata.Version) error {
	err := c.Delete(ctx, name, version)
	if errors.Is(err, Conflict) || errors.Is(err, NotExist) || errors.Is(err, Moved) {
		return nil
	}
	return at("rename", name, err)
}

// undo deletes a new name that never will be the file: Conflict. If it is not marked any more, it was the file, for somebody
// else completed the rename.
func (f *FileSystem) undo(ctx context.Context, s *spot) error {
	err := s.c.Delete(ctx, s.name, s.version)
	switch {
	case errors.Is(err, Conflict):
		return nil
	case err == nil || errors.Is(err, NotExist):
		return refuse("rename", s.path, Conflict)
	}
	return at("rename", s.path, err)
}

// unmark takes the mark away. That somebody else did, or changed the record in another way, is as good.
func (f *FileSystem) unmark(ctx context.Context, s *spot) error {
	r := *s.record
	r.From = nil
	err := f.keep(ctx, "rename", s, &r)
	if errors.Is(err, Conflict) || errors.Is(err, NotExist) {
		return nil
	}
	return err
}

// at reads what is at a place, sealed as it is; nil for nothing.
func (c *Container) at(ctx context.Context, p place) (*mutabledata.Value, error) {
	w := &walk{at: p}
	c.settle(ctx, []*walk{w})
	return w.found, w.err
}

// rekeyed reports whether the node where the walk ended is closed for good.
func (w *walk) rekeyed() bool {
	moved := w.view.values[movedMark]
	return moved != nil && !closedFor(moved, removing) && !closedFor(moved, arriving)
}

// swap renames within a node, in one mutation; false where the two names do not share one, or no longer.
func (c *Container) swap(ctx context.Context, from, to string, content []byte, version mutabledata.Version) (done bool, err error) {
	if len(to)+len(content) > MaxContent {
		return false, refuse("rename", from, TooLarge)
	}
	old, next := &walk{at: c.ref.place(from), shells: true}, &walk{at: c.ref.place(to), shells: true}
	c.settle(ctx, []*walk{old, next})
	if old.found == nil || !next.open || old.site != next.site || old.found.Version != version {
		return false, nil
	}
	stored, err := c.box.seal(c.cfg.Random, next.at, to, content)
	if err != nil {
		return false, err
	}
	err = c.do(ctx, c.mutate(old.site, &mutabledata.MutateEntries{MaxEntries: maxNames, Actions: []mutabledata.EntryAction{
		{Key: next.at.key(), Do: mutabledata.InsertEntry, Content: stored, Version: next.floor},
		{Key: old.at.key(), Do: mutabledata.DeleteEntry, Version: version + 1},
		{Key: sealMark, Do: mutabledata.ExpectAbsent},
		{Key: fullMark, Do: mutabledata.ExpectAbsent},
		c.guard(),
	}}))[0].Err
	if errors.Is(err, refusal.InvalidEntryActions) || errors.Is(err, refusal.TooManyEntries) {
		return false, nil // the long way finds out why
	}
	return err == nil, err
}
