package container

import (
	"context"
	"errors"

	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

// group is what one mutation does to one node.
type group struct {
	at      prefix
	do      Do
	fresh   bool    // the node has to be made
	tasks   []*task // what the mutation does
	rest    []*task // what has no room in it
	step    Mutate
	version mutabledata.Version // fresh: of the root's shell, whose permissions the node gets
}

// work does what a survey found possible. What it neither does nor refuses looks again.
func (c *Container) work(ctx context.Context, todo []*task) {
	groups := c.groups(todo)
	steps := make([]Step, 0, len(groups))
	for _, g := range groups {
		if g.fresh {
			g.step = c.birth(g)
		} else {
			g.step = c.mutation(g)
		}
		steps = append(steps, g.step)
	}
	var born []*group
	for i, a := range c.do(ctx, steps...) {
		g := groups[i]
		switch {
		case !g.fresh:
			c.wasMutated(ctx, g, a)
		case a.Err == nil:
			born = append(born, g)
			c.wasPut(g)
		case errors.Is(a.Err, refusal.InvalidOwners):
			g.fail(refuse("grow", c.ref.String(), ContainerFull))
		case !errors.Is(a.Err, refusal.DataExists):
			g.fail(a.Err)
		}
	}
	if len(born) > 0 {
		c.raise(ctx, born)
	}
}

// groups decides each settled task, and puts those that have something to do together: by node, and by what is done, for
// the permission for one must not hold up the other.
func (c *Container) groups(todo []*task) []*group {
	var all []*group
	type which struct {
		at prefix
		do Do
	}
	index := map[which]*group{}
	for _, t := range todo {
		do, v := t.change.Do, t.found
		switch {
		case !t.settled():
			continue
		case t.err != nil:
			t.fail(t.err)
			continue
		case v != nil && do == Insert:
			t.refuse(Exist, v.Version)
			continue
		case v == nil && do != Insert:
			t.refuse(NotExist, 0)
			continue
		case v != nil && v.Version != t.change.Version:
			t.refuse(Conflict, v.Version)
			continue
		case t.view.values[movedMark] != nil:
			t.refuse(Moved, 0)
			continue
		case t.free && !c.pays():
			t.refuse(ContainerFull, 0)
			continue
		}
		if t.stale != nil {
			do = Update // in its place
		}
		w := which{t.at.prefix(t.level), do}
		g := index[w]
		if g == nil || len(g.tasks) == maxNames && do != Insert {
			g = &group{at: w.at, do: do, fresh: t.free}
			index[w] = g
			all = append(all, g)
		}
		g.tasks = append(g.tasks, t)
	}
	return all
}

func (g *group) fail(err error) {
	for _, t := range append(g.tasks, g.rest...) {
		t.fail(err)
	}
}

// cut leaves only n tasks in the group.
func (g *group) cut(n int) {
	g.rest = append(g.rest, g.tasks[n:]...)
	g.tasks = g.tasks[:n:n]
}

// pays reports whether new nodes can be made: they belong to whose account pays, and that has to be the root's owner.
func (c *Container) pays() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.root != nil && c.root.Owner == c.cfg.Payer
}

// mutation is what a group does to a node that is there. A node without room for all is sealed with the same mutation.
func (c *Container) mutation(g *group) Mutate {
	m := &mutabledata.MutateEntries{Actions: []mutabledata.EntryAction{{Key: movedMark, Do: mutabledata.ExpectAbsent}}}
	if g.do == Insert {
		room := max(0, maxNames-g.tasks[0].view.shell.Entries)
		if len(g.tasks) > room {
			g.cut(room)
			m.Actions = append(m.Actions, mutabledata.EntryAction{Key: sealMark, Do: mutabledata.InsertEntry})
			if room > 0 {
				m.MaxEntries = maxSealed
			}
		} else {
			m.Actions = append(m.Actions, mutabledata.EntryAction{Key: sealMark, Do: mutabledata.ExpectAbsent})
			m.MaxEntries = maxNames
		}
	}
	for _, t := range g.tasks {
		a := mutabledata.EntryAction{Key: t.at.key(), Content: t.stored, Version: t.change.Version + 1}
		switch {
		case g.do == Delete:
			a.Do, a.Content = mutabledata.DeleteEntry, nil
		case t.stale != nil:
			a.Do, a.Version = mutabledata.UpdateEntry, t.stale.Version+1
		case g.do == Update:
			a.Do = mutabledata.UpdateEntry
		default:
			a.Do, a.Version = mutabledata.InsertEntry, t.floor
		}
		m.Actions = append(m.Actions, a)
	}
	return c.mutate(g.at, m)
}

// wasMutated tells the tasks of a group what became of them.
func (c *Container) wasMutated(ctx context.Context, g *group, a Answer) {
	result, err := answer[mutabledata.Result](a)
	var r *refusal.Error
	switch {
	case err == nil:
		versions := result.Versions
		of := map[mutabledata.Key]mutabledata.Version{}
		for _, act := range g.step.Mutation.(*mutabledata.MutateEntries).Actions {
			if (act.Do == mutabledata.InsertEntry || act.Do == mutabledata.UpdateEntry) && len(versions) > 0 {
				of[act.Key], versions = versions[0], versions[1:]
			}
		}
		if _, ok := of[sealMark]; ok {
			c.learn(g.at, knowledge{sealed: true})
		}
		for _, t := range g.tasks {
			t.succeed(of[t.at.key()])
		}
	case errors.Is(err, refusal.InvalidEntryActions) && errors.As(err, &r):
		for _, p := range r.Detail.Entries {
			if p.Kind == refusal.InvalidVersion {
				if err := c.lift(ctx, g.at, mutabledata.Version(p.Version)); err != nil {
					g.fail(err)
				}
				return
			}
		}
	case errors.Is(err, refusal.TooManyEntries) && len(g.tasks) == 0:
		if err := c.relieve(ctx, g.at); err != nil {
			g.fail(err)
		}
	case !errors.Is(err, refusal.TooManyEntries):
		g.fail(err)
	}
}

// lift raises a node's Floor, which is far below that of a node above it: by an entry that is there for a moment. Greatest
// is the version that an insert may ask for at most. That somebody else is at it is as good.
func (c *Container) lift(ctx context.Context, at prefix, greatest mutabledata.Version) error {
	one := func(a mutabledata.EntryAction) error {
		m := &mutabledata.MutateEntries{Actions: []mutabledata.EntryAction{a, {Key: movedMark, Do: mutabledata.ExpectAbsent}}}
		return c.do(ctx, c.mutate(at, m))[0].Err
	}
	err := one(mutabledata.EntryAction{Key: floorMark, Do: mutabledata.InsertEntry, Version: greatest})
	var r *refusal.Error
	switch {
	case errors.Is(err, refusal.InvalidEntryActions) && errors.As(err, &r):
		for _, p := range r.Detail.Entries {
			if p.Key == string(floorMark) && p.Kind == refusal.EntryExists { // left by a crash
				greatest = mutabledata.Version(p.Version)
			}
		}
	case err != nil:
		return err
	}
	err = one(mutabledata.EntryAction{Key: floorMark, Do: mutabledata.DeleteEntry, Version: greatest + 1})
	if errors.Is(err, refusal.InvalidEntryActions) {
		return nil
	}
	return err
}
