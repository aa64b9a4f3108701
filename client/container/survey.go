package container

import (
	"context"
	"errors"
	"slices"

	"vaultnet"
	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

// walk is one name on its way down the trie. All levels above its own are sealed and do not hold the name; since a sealed
// node takes no new names, they never will.
type walk struct {
	at     place
	site   site                // of the node where it has come to
	floor  mutabledata.Version // greatest Floor of the nodes above: a version that the name never had
	reads  int                 // of node states, for it alone
	shells bool                // floors are wanted
	away   bool                // the container was re-keyed: what is here, is elsewhere

	// What the last survey found. With none of these set it has to go on.
	found *mutabledata.Value // in this node
	open  bool               // absent here, and here it may be inserted
	full  bool               // absent here, and here it cannot be inserted; there is nothing below yet
	free  bool               // no node here, though the one above is sealed: absent
	err   error

	view *view // of the node
}

func (w *walk) settled() bool { return w.found != nil || w.open || w.full || w.free || w.err != nil }

// view is what one read told of a node, at one height, and its shell where that was read.
type view struct {
	site   site
	values map[mutabledata.Key]*mutabledata.Value
	height vaultnet.Height
	none   bool // there is no node
	err    error

	shell       *mutabledata.Shell
	shellHeight vaultnet.Height
}

// marks are the marks that every read of a node asks for.
var marks = []mutabledata.Key{fullMark, movedMark, sealMark}

// maxViewKeys is how many names one read may ask for, beside the marks.
var maxViewKeys = vaultnet.MaxReadKeys - len(marks)

// look is what to read of a node: some keys of it, and its shell.
type look struct {
	site  site
	keys  []mutabledata.Key
	walks []*walk
}

// survey takes each walk as far down as is known to be needed, in one batch; one more where a shell came too early.
func (c *Container) survey(ctx context.Context, walks []*walk) {
	looks := c.looks(walks)
	views := c.view(ctx, looks, slices.ContainsFunc(walks, func(w *walk) bool { return w.shells }))
	of := map[*walk]map[site]*view{}
	for i, l := range looks {
		for _, w := range l.walks {
			if of[w] == nil {
				of[w] = map[site]*view{}
			}
			of[w][l.site] = views[i]
			w.reads++
		}
	}
	for _, w := range walks {
		c.advance(w, of[w])
	}
}

// looks lists what has to be read: for each walk the levels from its own through those known to be sealed to the first
// that is not. Walks that meet in a node share a read of it.
func (c *Container) looks(walks []*walk) []*look {
	var all []*look
	last := map[site]*look{}
	for _, w := range walks {
		*w = walk{at: w.at, site: w.site, floor: w.floor, reads: w.reads, shells: w.shells, away: w.away}
		for s := w.site; s.level() <= maxLevel; {
			l := last[s]
			if l == nil || len(l.keys) >= maxViewKeys {
				l = &look{site: s}
				last[s] = l
				all = append(all, l)
			}
			l.keys, l.walks = append(l.keys, w.at.key()), append(l.walks, w)
			k := c.knows(s)
			if !k.sealed {
				break
			}
			s = s.toward(w.at, k.salt)
		}
	}
	return all
}

// view reads nodes. The shell of one comes along where floors are wanted, or where it is not yet known whose it is.
func (c *Container) view(ctx context.Context, looks []*look, shells bool) []*view {
	steps := make([]Step, 0, 2*len(looks))
	shellOf := map[site]int{}
	c.mu.Lock()
	rooted := c.root != nil
	c.mu.Unlock()
	for _, l := range looks {
		keys := append(slices.Clone(marks), l.keys...)
		slices.Sort(keys)
		steps = append(steps, c.read(l.site, mutabledata.GetValuesOf{Keys: slices.Compact(keys)}))
	}
	addShell := func(p site) {
		if _, ok := shellOf[p]; !ok {
			shellOf[p] = len(steps)
			steps = append(steps, c.read(p, mutabledata.GetShell{}))
		}
	}
	for _, l := range looks {
		if shells || !c.knows(l.site).owned {
			addShell(l.site)
		}
	}
	if len(shellOf) > 0 && !rooted {
		addShell(site{})
	}
	answers := c.do(ctx, steps...)
	views := make([]*view, len(looks))
	for i, l := range looks {
		views[i] = newView(l.site, steps[i], answers[i])
	}
	var again []Step
	var early []*view
	for _, v := range views {
		n, ok := shellOf[v.site]
		if !ok || v.none || v.err != nil {
			continue
		}
		v.takeShell(answers[n])
		if errors.Is(v.err, refusal.NoSuchData) || v.err == nil && v.shellHeight < v.height { // read before the values were
			early, again = append(early, v), append(again, c.read(v.site, mutabledata.GetShell{}))
		}
	}
	if len(again) > 0 {
		for i, a := range c.do(ctx, again...) {
			early[i].takeShell(a)
		}
	}
	if n, ok := shellOf[site{}]; ok {
		if s, err := answer[mutabledata.Shell](answers[n]); err == nil {
			c.mu.Lock()
			c.root = &s
			c.mu.Unlock()
		}
	}
	for _, v := range views {
		c.judge(v)
	}
	return views
}

func newView(at site, s Step, a Answer) *view {
	v := &view{site: at, height: a.Height, values: map[mutabledata.Key]*mutabledata.Value{}}
	list, err := answer[[]*mutabledata.Value](a)
	if errors.Is(err, refusal.NoSuchData) {
		v.none = true
		return v
	}
	keys := s.(Read).Query.(mutabledata.GetValuesOf).Keys
	if err == nil && len(list) != len(keys) {
		err = refusal.New(refusal.CorruptData)
	}
	if v.err = err; err != nil {
		return v
	}
	for i, k := range keys {
		if list[i] != nil {
			v.values[k] = list[i]
		}
	}
	return v
}

func (v *view) takeShell(a Answer) {
	s, err := answer[mutabledata.Shell](a)
	if err != nil {
		v.err = err
		return
	}
	v.shell, v.shellHeight, v.err = &s, a.Height, nil
}

// judge keeps what will always be true of the node, and refuses one that is not the owner's.
func (c *Container) judge(v *view) {
	if v.none && v.site != (site{}) {
		c.doubtAll()
	}
	if v.none || v.err != nil {
		return
	}
	var k knowledge
	if seal := v.values[sealMark]; seal != nil {
		k.sealed, k.salt = true, string(seal.Content)
	}
	if v.shell != nil {
		c.mu.Lock()
		foreign := c.root == nil || v.shell.Owner != c.root.Owner
		c.mu.Unlock()
		if foreign {
			c.doubtAll()
			v.err = refuse("read", c.ref.String(), Foreign)
			return
		}
		k.owned = true
	}
	c.learn(v.site, k)
}

// advance moves a walk down through what was read.
func (c *Container) advance(w *walk, views map[site]*view) {
	for w.site.level() <= maxLevel {
		v := views[w.site]
		if v == nil {
			return
		}
		w.view = v
		switch {
		case v.err != nil:
			w.err = v.err
		case v.none && w.site.level() == 0:
			w.err = refusal.New(refusal.NoSuchData)
		case v.none:
			w.free = true
		default:
			w.here(v)
		}
		if w.settled() {
			return
		}
		if v.shell != nil {
			w.floor = max(w.floor, v.shell.Floor)
		}
		w.site = w.site.toward(w.at, string(v.values[sealMark].Content))
	}
	w.err = refuse("read", c.ref.String(), ContainerFull)
}

// settle surveys until every walk is settled: at most maxLevel times.
func (c *Container) settle(ctx context.Context, walks []*walk) {
	for range maxLevel + 1 {
		var left []*walk
		for _, w := range walks {
			if !w.settled() {
				left = append(left, w)
			}
		}
		if len(left) == 0 {
			return
		}
		c.survey(ctx, left)
	}
}

// here looks whether the name is in the node, or could be.
func (w *walk) here(v *view) {
	w.found = v.values[w.at.key()]
	sealed, full := v.values[sealMark] != nil, v.values[fullMark] != nil
	w.open = w.found == nil && !sealed && !full
	w.full = w.found == nil && !sealed && full
	w.away = w.away || v.isAway()
}

// isAway reports whether the node is the root of a container that was re-keyed.
func (v *view) isAway() bool { return closedFor(v.values[movedMark], away) }
