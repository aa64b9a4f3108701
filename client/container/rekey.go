package container

import (
	"context"
	"errors"

	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

// Re-keying goes in these steps, each of which may be repeated:
//
//  1. The new container is made, closed: its nodes say that it is being copied to.
//  2. The old one is closed to writers, node by node from the root, and its names are copied, by their versions or later ones.
//  3. The link leads to the new one. Both answer readers, and nobody can write.
//  4. The old root says that it is no longer to be read, and the new one gets the permissions that the old one has then.
//  5. The new one is opened.
//
// So nobody reads what is no longer so, whatever reference he has, and only between 2 and 5 nobody writes. Who copies late
// changes nothing in what is open already.

// Rekey makes of this container another one, with an id and a key that who read this one does not know; what is written
// there later stays hidden from him. The keys of files stay, so that those who keep access read their content. Afterwards
// this one answers nobody: they get [Moved]. Rekey can be interrupted and repeated with the same reference, by its owner.
// It returns how many names it copied. Directories below keep their containers: see [FileSystem.Rekey].
func (c *Container) Rekey(ctx context.Context, to Ref) (next *Container, copied int, err error) {
	if err := c.successor(ctx, to); err != nil {
		return nil, 0, err
	}
	if copied, err = c.copyTo(ctx, to, func(e Entry) ([]byte, error) { return e.Content, nil }); err != nil {
		return nil, 0, err
	}
	return Open(c.cfg, to), copied, c.replace(ctx, to)
}

// successor makes the container of a reference, closed, with the permissions of this one: before anybody else can know
// where it is going to be.
func (c *Container) successor(ctx context.Context, to Ref) error {
	_, list, err := c.Permissions(ctx)
	if err != nil {
		return err
	}
	permissions := map[mutabledata.User]mutabledata.PermissionSet{}
	for _, p := range list {
		permissions[p.User] = p.Set
	}
	return copying(c.cfg, to).create(ctx, permissions)
}

// copying opens a container to be copied to.
func copying(cfg Config, to Ref) *Container {
	next := Open(cfg, to)
	next.copying = true
	return next
}

// copyTo closes this container to writers, and copies what revise makes of each entry; nil: the name is left out. Moved
// where the copy is in use by now.
func (c *Container) copyTo(ctx context.Context, to Ref, revise func(Entry) ([]byte, error)) (copied int, err error) {
	next := copying(c.cfg, to)
	if err := c.freeze(ctx, rekeying); err != nil {
		return 0, fail("rekey", c.ref.String(), err)
	}
	if err := c.raiseFloor(ctx, next); err != nil {
		return 0, fail("rekey", c.ref.String(), err)
	}
	var batch []Change
	flush := func() error {
		for _, r := range next.Apply(ctx, batch...) {
			switch {
			case r.Err == nil:
				copied++
			case !errors.Is(r.Err, Exist): // copied before
				return r.Err
			}
		}
		batch = batch[:0]
		return nil
	}
	for n, err := range c.nodesBut(ctx, gaps{foreign: func(site) {}}) {
		if err != nil {
			return copied, fail("rekey", c.ref.String(), err)
		}
		for k, v := range n.object.Entries() {
			e, ok := c.entry(n, k, v)
			if !ok {
				continue
			}
			content, err := revise(e)
			if err != nil {
				return copied, fail("rekey", c.ref.String(), err)
			}
			if content != nil {
				batch = append(batch, Change{Name: e.Name, Do: Insert, Content: content, least: e.Version})
			}
		}
		if len(batch) >= 1000 {
			if err := flush(); err != nil {
				return copied, fail("rekey", c.ref.String(), err)
			}
		}
	}
	return copied, fail("rekey", c.ref.String(), flush())
}

// replace has this container answer nobody any more, and opens the one that it was copied to.
func (c *Container) replace(ctx context.Context, to Ref) error {
	next := Open(c.cfg, to)
	for range maxRounds {
		o, err := answer[*mutabledata.Object](c.do(ctx, c.read(site{}, mutabledata.GetObject{}))[0])
		if err != nil {
			return fail("rekey", c.ref.String(), err)
		}
		old, marked := o.Entry(movedMark)
		if marked && closedFor(&old, away) {
			if err := next.inherit(ctx, o); err != nil {
				return err
			}
			return fail("rekey", to.String(), next.thaw(ctx, arriving))
		}
		m := mutabledata.EntryAction{Key: movedMark, Do: mutabledata.InsertEntry, Content: away}
		if marked {
			m.Do, m.Version = mutabledata.UpdateEntry, old.Version+1
		}
		err = c.do(ctx, c.mutate(site{}, &mutabledata.MutateEntries{Actions: []mutabledata.EntryAction{m}}))[0].Err
		if err != nil && !errors.Is(err, refusal.InvalidEntryActions) {
			return fail("rekey", c.ref.String(), err)
		}
	}
	return fail("rekey", c.ref.String(), refusal.New(refusal.TooManyMutations))
}

// inherit gives a container that is not open yet the permissions that the one before it has: who changes them there from now
// on is told that it moved.
func (c *Container) inherit(ctx context.Context, old *mutabledata.Object) error {
	var want mutabledata.Shell
	for u, s := range old.Permissions() {
		want.Permissions = append(want.Permissions, mutabledata.Permission{User: u, Set: s})
	}
	for range maxRounds {
		a := c.do(ctx, c.read(site{}, mutabledata.GetShell{}), c.read(site{}, mutabledata.GetValuesOf{Keys: []mutabledata.Key{movedMark}}))
		shell, err := answer[mutabledata.Shell](a[0])
		if err != nil {
			return fail("rekey", c.ref.String(), err)
		}
		marks, err := answer[[]*mutabledata.Value](a[1])
		if err != nil || len(marks) != 1 || !closedFor(marks[0], arriving) { // it is open: what it has is its own
			return fail("rekey", c.ref.String(), err)
		}
		m := difference(want, shell)
		if m == nil {
			_, err := c.Sweep(ctx)
			return err
		}
		err = c.do(ctx, c.mutate(site{}, m))[0].Err
		if err != nil && !errors.Is(err, refusal.InvalidSuccessor) && !errors.Is(err, refusal.NoSuchKey) {
			return fail("rekey", c.ref.String(), err)
		}
	}
	return fail("rekey", c.ref.String(), refusal.New(refusal.TooManyMutations))
}

// raiseFloor has no name in the next container get a version that it had here.
func (c *Container) raiseFloor(ctx context.Context, next *Container) error {
	var floor mutabledata.Version
	for n, err := range c.nodesBut(ctx, gaps{foreign: func(site) {}}) {
		if err != nil {
			return err
		}
		floor = max(floor, n.object.Floor())
	}
	for range maxRounds {
		shell, err := answer[mutabledata.Shell](next.do(ctx, next.read(site{}, mutabledata.GetShell{}))[0])
		if err != nil || shell.Floor >= floor {
			return err
		}
		if err := next.lift(ctx, site{}, min(floor-1, shell.Floor+1<<20)); err != nil {
			return err
		}
	}
	return refusal.New(refusal.TooManyMutations)
}

// Rekey gives a directory, and the directories below it, new ids and keys: see [Container.Rekey]. It goes from the top
// down, so that no new key is ever written where the old ones read, and notes in each directory's record what it is about
// to do: interrupted, it can be repeated. The top of a file system has no record: its owner calls Rekey of its container.
func (f *FileSystem) Rekey(ctx context.Context, name string) error {
	s, err := f.findToWrite(ctx, "rekey", name)
	switch {
	case err != nil:
		return err
	case s.name == "":
		return invalid("rekey", name, "the top has no record: rekey its container, and hand out the new reference")
	case s.record == nil:
		return refuse("rekey", name, NotExist)
	case s.record.Type != Directory:
		return refuse("rekey", name, NotDirectory)
	}
	been := map[ID]bool{} // a record can lead anywhere, also back: what is above stays as it is
	for _, id := range s.way {
		been[id] = true
	}
	return f.rekey(ctx, s, been)
}

func (f *FileSystem) rekey(ctx context.Context, s *spot, been map[ID]bool) error {
	if been[s.record.Target[0].ID] {
		return nil
	}
	been[s.record.Target[0].ID] = true
	if err := f.rekeyed(ctx, s); err != nil {
		return at("rekey", s.path, err)
	}
	been[s.record.Target[0].ID] = true
	for e, err := range f.container(s.record.Target[0]).List(ctx) {
		if err != nil {
			return at("rekey", s.path, err)
		}
		if r, ok := decodeRecord(e.Content); ok && r.Type == Directory {
			below := &spot{path: s.path + "/" + e.Name, c: f.container(s.record.Target[0]), name: e.Name, record: r, version: e.Version}
			if err := f.rekey(ctx, below, been); err != nil {
				return err
			}
		}
	}
	return nil
}

// rekeyed re-keys the container of a directory alone, or completes that.
func (f *FileSystem) rekeyed(ctx context.Context, s *spot) error {
	if len(s.record.Former) == 0 {
		if err := f.rekeyOne(ctx, s); err != nil {
			return err
		}
	}
	return f.settleRekeyed(ctx, s)
}

// rekeyOne makes the copy of a directory's container, and has the record lead there.
func (f *FileSystem) rekeyOne(ctx context.Context, s *spot) error {
	old := f.container(s.record.Target[0])
	if len(s.record.Next) == 0 {
		next, err := NewRef(f.cfg.Random, old.ref.Private(), old.ref.Flat)
		if err != nil {
			return err
		}
		if err := old.successor(ctx, next); err != nil {
			return err
		}
		r := *s.record
		r.Next, r.From = []Ref{next}, nil
		if err := f.keep(ctx, "rekey", s, &r); err != nil {
			return err
		}
	}
	var sweeps []func() error // what is left in other containers of renames to here
	_, err := old.copyTo(ctx, s.record.Next[0], func(e Entry) ([]byte, error) {
		content, sweep, err := f.unfinished(ctx, old, e)
		if sweep != nil {
			sweeps = append(sweeps, sweep)
		}
		return content, err
	})
	if err != nil {
		return err
	}
	for _, sweep := range sweeps {
		if err := sweep(); err != nil {
			return err
		}
	}
	r := *s.record
	r.Target, r.Next, r.Former = r.Next, nil, []Ref{old.ref}
	return f.keep(ctx, "rekey", s, &r)
}

// settleRekeyed completes a re-keying when the record leads to the new container.
func (f *FileSystem) settleRekeyed(ctx context.Context, s *spot) error {
	if len(s.record.Former) == 0 {
		return nil
	}
	if err := f.container(s.record.Former[0]).replace(ctx, s.record.Target[0]); err != nil {
		return err
	}
	r := *s.record
	r.Former = nil
	return f.keep(ctx, "rekey", s, &r)
}

// unfinished is what to copy of an entry of a closed container: of renames that are under way, the end that counts; nil:
// nothing. A rename to here is decided now: in the closed container nobody else could complete it. Its trace at the old name
// has to stay until the copy is there, by which it is judged again if this is interrupted; then sweep takes it away.
func (f *FileSystem) unfinished(ctx context.Context, c *Container, e Entry) (content []byte, sweep func() error, err error) {
	r, ok := decodeRecord(e.Content)
	s := &spot{path: e.Name, c: c, name: e.Name, record: r, version: e.Version}
	switch {
	case ok && r.Type == gone:
		if r.To[0].Container != c.ref.ID {
			s.gone, s.record = r, nil
			if err = f.settle(ctx, s); errors.Is(err, Moved) {
				err = nil // closed too: who re-keys it finds the trace here
			}
		}
		return nil, nil, err
	case !ok || len(r.From) == 0:
		return e.Content, nil, nil
	}
	from := f.known(ctx, r.From[0].Container)
	for range maxRounds {
		v, w, opened, err := f.judge(ctx, s, from)
		switch {
		case err != nil:
			return nil, nil, err
		case v == undone:
			return nil, nil, nil
		case v == unknown && !w.rekeyed():
			return nil, nil, &Error{Op: "rekey", Name: e.Name, Kind: Corrupt, Cause: errUnjudged}
		case v == decided || v == unknown: // rather twice than never
			copied := *r
			copied.From = nil
			if v == decided {
				sweep = func() error { return f.sweep(ctx, from, opened.Name, w.found.Version) }
			}
			return copied.encode(), sweep, nil
		case from.ref.ID == c.ref.ID:
			return nil, nil, nil // the old name is copied
		}
		if err := f.decide(ctx, s, from, opened.Name); err != nil && !errors.Is(err, Moved) {
			return nil, nil, err
		}
	}
	return nil, nil, refuse("rekey", e.Name, Moved)
}
