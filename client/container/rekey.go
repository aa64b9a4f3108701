package container

import (
	"context"
	"errors"

	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

// Rekey makes of this container another one, with an id and a key that who read this one does not know; what is written
// there later stays hidden from him. The keys of files stay, so that those who keep access read their content. It closes
// this container to writers (they get [Moved]), node by node from the root, and copies each name, by its version or a
// later one: versions go on. Call Forbid before. Rekey can be interrupted and repeated with the same reference; repeat it
// also once the last permit that was out at the beginning has expired, for what somebody then wrote into a node that he
// made under a sealed one. Only then have the links lead to the new container. It returns how many names it copied.
func (c *Container) Rekey(ctx context.Context, to Ref) (next *Container, copied int, err error) {
	return c.rekey(ctx, to, func(e Entry) ([]byte, error) { return e.Content, nil })
}

// rekey copies what revise makes of each entry; nil: the name is left out.
func (c *Container) rekey(ctx context.Context, to Ref, revise func(Entry) ([]byte, error)) (*Container, int, error) {
	_, list, err := c.Permissions(ctx)
	if err != nil {
		return nil, 0, err
	}
	permissions := map[mutabledata.User]mutabledata.PermissionSet{}
	for _, p := range list {
		permissions[p.User] = p.Set
	}
	next, err := Create(ctx, c.cfg, to, permissions)
	if err != nil {
		return nil, 0, err
	}
	if err := c.freeze(ctx, rekeying); err != nil {
		return nil, 0, fail("rekey", c.ref.String(), err)
	}
	if err := c.raiseFloor(ctx, next); err != nil {
		return nil, 0, fail("rekey", c.ref.String(), err)
	}
	copied, err := c.copyTo(ctx, next, revise)
	return next, copied, fail("rekey", c.ref.String(), err)
}

// raiseFloor has no name in the next container get a version that it had here.
func (c *Container) raiseFloor(ctx context.Context, next *Container) error {
	var floor mutabledata.Version
	for n, err := range c.nodes(ctx) {
		if err != nil {
			return err
		}
		floor = max(floor, n.object.Floor())
	}
	for range maxRounds {
		shell, err := answer[mutabledata.Shell](next.do(ctx, next.read("", mutabledata.GetShell{}))[0])
		if err != nil || shell.Floor >= floor {
			return err
		}
		if err := next.lift(ctx, "", min(floor-1, shell.Floor+1<<20)); err != nil {
			return err
		}
	}
	return refusal.New(refusal.TooManyMutations)
}

func (c *Container) copyTo(ctx context.Context, next *Container, revise func(Entry) ([]byte, error)) (copied int, err error) {
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
	for e, err := range c.List(ctx) {
		if err != nil {
			return copied, err
		}
		content, err := revise(e)
		if err != nil {
			return copied, err
		}
		if content == nil {
			continue
		}
		if batch = append(batch, Change{Name: e.Name, Do: Insert, Content: content, least: e.Version}); len(batch) >= 1000 {
			if err := flush(); err != nil {
				return copied, err
			}
		}
	}
	return copied, flush()
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
	if len(s.record.Next) == 0 {
		old := s.record.Target[0]
		next, err := NewRef(f.cfg.Random, old.Private(), old.Flat)
		if err != nil {
			return at("rekey", s.path, err)
		}
		r := *s.record
		r.Next, r.From = []Ref{next}, nil
		if err := f.keep(ctx, "rekey", s, &r); err != nil {
			return err
		}
	}
	old := f.container(s.record.Target[0])
	var sweeps []func() error // what is left in other containers of renames to here
	next, _, err := old.rekey(ctx, s.record.Next[0], func(e Entry) ([]byte, error) {
		content, sweep, err := f.unfinished(ctx, old, e)
		if sweep != nil {
			sweeps = append(sweeps, sweep)
		}
		return content, err
	})
	if err != nil {
		return at("rekey", s.path, err)
	}
	for _, sweep := range sweeps {
		if err := sweep(); err != nil {
			return err
		}
	}
	r := *s.record
	r.Target, r.Next = r.Next, nil
	if err := f.keep(ctx, "rekey", s, &r); err != nil {
		return err
	}
	for e, err := range next.List(ctx) {
		if err != nil {
			return at("rekey", s.path, err)
		}
		if r, ok := decodeRecord(e.Content); ok && r.Type == Directory {
			below := &spot{path: s.path + "/" + e.Name, c: next, name: e.Name, record: r, version: e.Version}
			if err := f.rekey(ctx, below, been); err != nil {
				return err
			}
		}
	}
	return nil
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
