package container

import (
	"context"
	"errors"
	"time"

	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

// job is one call of Apply.
type job struct {
	c      *Container
	mine   map[site]bool // full nodes whose children this call is to make, for it said so
	waited map[site]int  // how often it has waited for others to do so
}

// group is what one mutation does to one node.
type group struct {
	site  site
	do    Do
	tasks []*task // what the mutation does
	rest  []*task // what has no room in it
	step  Mutate
}

// patience is how often, and firstWait how long at first, a call waits for another to seal a full node, until it makes the
// nodes below itself: in all for about five seconds, the other one having stopped.
const (
	patience  = 10
	firstWait = 20 * time.Millisecond
	longWait  = time.Second
)

// work does what a survey found possible. What it neither does nor refuses looks again.
func (j *job) work(ctx context.Context, todo []*task) {
	c := j.c
	var steps []Step
	var changing []*group
	var growing []*group
	var missing []*group
	waits := -1 // how often the most patient has waited
	for _, g := range j.groups(todo) {
		t := g.tasks[0]
		switch {
		case t.free:
			missing = append(missing, g)
		case t.full && !j.mine[g.site] && j.waited[g.site] < patience:
			waits = max(waits, j.waited[g.site])
			j.waited[g.site]++
		case t.full:
			growing = append(growing, g)
		default:
			if g.step = c.mutation(g); g.step.Mutation != nil {
				steps, changing = append(steps, g.step), append(changing, g)
			}
		}
	}
	for i, a := range c.do(ctx, steps...) {
		j.wasMutated(ctx, changing[i], a)
	}
	j.grow(ctx, growing)
	if len(missing) > 0 {
		sites := make([]site, len(missing))
		for i, g := range missing {
			sites[i] = g.site
		}
		for i, err := range c.mend(ctx, sites) {
			if err != nil {
				missing[i].fail(err)
			}
		}
	}
	if waits >= 0 && len(changing)+len(growing)+len(missing) == 0 && c.cfg.Wait != nil {
		c.cfg.Wait(ctx, c.cfg.Clock().Add(min(firstWait<<waits, longWait)))
	}
}

// groups decides each settled task, and puts those that have something to do together: by node, and by what is done, for
// the permission for one must not hold up the other.
func (j *job) groups(todo []*task) []*group {
	var all []*group
	type which struct {
		site site
		do   Do
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
		case t.away: // what is found there may not be so any more
			t.refuse(Moved, 0)
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
		case !t.free && j.c.barred(t.view.values[movedMark]):
			t.refuse(Moved, 0)
			continue
		case (t.free || t.full) && !j.c.pays():
			t.refuse(ContainerFull, 0)
			continue
		}
		w := which{t.site, do}
		g := index[w]
		if g == nil || len(g.tasks) == maxNames && do != Insert {
			g = &group{site: w.site, do: do}
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

// mutation is what a group does to a node that is there; no mutation where it does nothing. A node without room for all is
// said to be full with the same mutation, by those who can make the nodes below.
func (c *Container) mutation(g *group) Mutate {
	m := &mutabledata.MutateEntries{Actions: []mutabledata.EntryAction{c.guard()}}
	if g.do == Insert {
		room := max(0, maxNames-g.tasks[0].view.shell.Entries+len(c.birthMarks()))
		full := mutabledata.EntryAction{Key: fullMark, Do: mutabledata.ExpectAbsent}
		m.MaxEntries = maxNames
		if len(g.tasks) > room {
			g.cut(room)
			switch {
			case c.pays() && room == 0: // something may have overfilled it
				full.Do, m.MaxEntries = mutabledata.InsertEntry, 0
			case c.pays():
				full.Do, m.MaxEntries = mutabledata.InsertEntry, maxFull
			default:
				for _, t := range g.rest {
					t.refuse(ContainerFull, 0)
				}
				if g.rest = nil; room == 0 {
					return Mutate{}
				}
			}
		}
		if m.MaxEntries > 0 {
			m.MaxEntries += len(c.birthMarks())
		}
		m.Actions = append(m.Actions, whileOpen(full)...)
	}
	for _, t := range g.tasks {
		a := mutabledata.EntryAction{Key: t.at.key(), Content: t.stored, Version: t.change.Version + 1}
		switch g.do {
		case Delete:
			a.Do, a.Content = mutabledata.DeleteEntry, nil
		case Update:
			a.Do = mutabledata.UpdateEntry
		default:
			a.Do, a.Version = mutabledata.InsertEntry, t.floor
		}
		m.Actions = append(m.Actions, a)
	}
	return c.mutate(g.site, m)
}

// whileOpen is what a mutation carries that inserts names: the node takes them still. full is what it does about its mark.
func whileOpen(full mutabledata.EntryAction) []mutabledata.EntryAction {
	return []mutabledata.EntryAction{full, {Key: sealMark, Do: mutabledata.ExpectAbsent}}
}

// wasMutated tells the tasks of a group what became of them.
func (j *job) wasMutated(ctx context.Context, g *group, a Answer) {
	c := j.c
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
		if _, ok := of[fullMark]; ok {
			j.mine[g.site] = true
		}
		for _, t := range g.tasks {
			t.succeed(of[t.at.key()])
		}
	case errors.Is(err, refusal.InvalidEntryActions) && errors.As(err, &r):
		for _, p := range r.Detail.Entries {
			if p.Kind == refusal.InvalidVersion {
				if err := c.lift(ctx, g.site, mutabledata.Version(p.Version)); err != nil {
					g.fail(err)
				}
				return
			}
		}
	case errors.Is(err, refusal.TooManyEntries) && len(g.tasks) == 0:
		if err := c.relieve(ctx, g.site); err != nil {
			g.fail(err)
		}
	case !errors.Is(err, refusal.TooManyEntries):
		g.fail(err)
	}
}

// grow makes the nodes below full ones, with the names of the groups in them as far as there is room. These were absent, and
// their versions known to be above all that they ever had, when the nodes were full already.
func (j *job) grow(ctx context.Context, groups []*group) {
	c := j.c
	all := make([]*growth, len(groups))
	for i, g := range groups {
		all[i] = &growth{site: g.site}
		var fit []*task
		for _, t := range g.tasks {
			if e, ok := newborn(t.at.key(), t.stored, t.floorHere()); ok && all[i].add(e) {
				fit = append(fit, t)
			} else {
				g.rest = append(g.rest, t)
			}
		}
		g.tasks = fit
	}
	c.grow(ctx, all...)
	for i, g := range groups {
		switch err := all[i].err; {
		case all[i].sealed:
			for _, t := range g.tasks {
				t.succeed(t.floorHere())
			}
		case errors.Is(err, refusal.TooManyEntries):
			if err := c.relieve(ctx, g.site); err != nil {
				g.fail(err)
			}
		case err != nil:
			g.fail(err)
		}
	}
}

// floorHere is a version that the name never had, its own node being counted in.
func (w *walk) floorHere() mutabledata.Version { return max(w.floor, w.view.shell.Floor) }

// lift raises a node's Floor, which is far below that of a node above it: by an entry that is there for a moment. Greatest
// is the version that an insert may ask for at most. That somebody else is at it is as good.
func (c *Container) lift(ctx context.Context, s site, greatest mutabledata.Version) error {
	one := func(a mutabledata.EntryAction) error {
		m := &mutabledata.MutateEntries{Actions: []mutabledata.EntryAction{a, c.guard()}}
		return c.do(ctx, c.mutate(s, m))[0].Err
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
