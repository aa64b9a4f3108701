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
	level  int
	floor  mutabledata.Version // greatest Floor of the nodes above: a version that the name never had
	reads  int                 // of node states, for it alone
	shells bool                // floors are wanted

	// What the last survey found. With none of these set it has to go on.
	found *mutabledata.Value // on this level
	open  bool               // absent here, and here it may be inserted
	free  bool               // no node here: absent
	stale *mutabledata.Value // beside open: a copy that does not count, see relieve
	err   error

	view  *view // of the level
	named bool  // the seal above names it: a copy counts
}

func (w *walk) settled() bool { return w.found != nil || w.open || w.free || w.err != nil }

// view is what one read told of a node, at one height, and its shell where that was read.
type view struct {
	at     prefix
	values map[mutabledata.Key]*mutabledata.Value
	height vaultnet.Height
	none   bool // there is no node
	err    error

	shell       *mutabledata.Shell
	shellHeight vaultnet.Height
}

// maxViewKeys is how many names one read may ask for, beside the marks.
const maxViewKeys = vaultnet.MaxReadKeys - 2

// look is what to read of a node: some keys of it, and its shell.
type look struct {
	at    prefix
	keys  []mutabledata.Key
	walks []*walk
}

// survey takes each walk as far down as is known to be needed, in one batch; one more where a shell came too early.
func (c *Container) survey(ctx context.Context, walks []*walk) {
	looks := c.looks(walks)
	views := c.view(ctx, looks, slices.ContainsFunc(walks, func(w *walk) bool { return w.shells }))
	of := map[*walk]map[int]*view{}
	for i, l := range looks {
		for _, w := range l.walks {
			if of[w] == nil {
				of[w] = map[int]*view{}
			}
			of[w][len(l.at)] = views[i]
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
	last := map[prefix]*look{}
	for _, w := range walks {
		*w = walk{at: w.at, level: w.level, floor: w.floor, reads: w.reads, shells: w.shells, named: w.named}
		for level := w.level; level <= maxLevel; level++ {
			p := w.at.prefix(level)
			l := last[p]
			if l == nil || len(l.keys) >= maxViewKeys {
				l = &look{at: p}
				last[p] = l
				all = append(all, l)
			}
			l.keys, l.walks = append(l.keys, w.at.key()), append(l.walks, w)
			if !c.knows(p).sealed {
				break
			}
		}
	}
	return all
}

// view reads nodes. The shell of one comes along where floors are wanted, or where it is not yet known whose it is.
func (c *Container) view(ctx context.Context, looks []*look, shells bool) []*view {
	steps := make([]Step, 0, 2*len(looks))
	shellOf := map[prefix]int{}
	c.mu.Lock()
	rooted := c.root != nil
	c.mu.Unlock()
	for _, l := range looks {
		keys := append([]mutabledata.Key{sealMark, movedMark}, l.keys...)
		slices.Sort(keys)
		steps = append(steps, c.read(l.at, mutabledata.GetValuesOf{Keys: slices.Compact(keys)}))
	}
	addShell := func(p prefix) {
		if _, ok := shellOf[p]; !ok {
			shellOf[p] = len(steps)
			steps = append(steps, c.read(p, mutabledata.GetShell{}))
		}
	}
	for _, l := range looks {
		if shells || !c.knows(l.at).owned {
			addShell(l.at)
		}
	}
	if len(shellOf) > 0 && !rooted {
		addShell("")
	}
	answers := c.do(ctx, steps...)
	views := make([]*view, len(looks))
	for i, l := range looks {
		views[i] = newView(l.at, steps[i], answers[i])
	}
	var again []Step
	var early []*view
	for _, v := range views {
		n, ok := shellOf[v.at]
		if !ok || v.none || v.err != nil {
			continue
		}
		v.takeShell(answers[n])
		if errors.Is(v.err, refusal.NoSuchData) || v.err == nil && v.shellHeight < v.height { // read before the values were
			early, again = append(early, v), append(again, c.read(v.at, mutabledata.GetShell{}))
		}
	}
	if len(again) > 0 {
		for i, a := range c.do(ctx, again...) {
			early[i].takeShell(a)
		}
	}
	if n, ok := shellOf[""]; ok {
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

func newView(p prefix, s Step, a Answer) *view {
	v := &view{at: p, height: a.Height, values: map[mutabledata.Key]*mutabledata.Value{}}
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
	if v.none || v.err != nil {
		return
	}
	k := knowledge{sealed: v.values[sealMark] != nil}
	if v.shell != nil {
		c.mu.Lock()
		foreign := c.root == nil || v.shell.Owner != c.root.Owner
		c.mu.Unlock()
		if foreign {
			v.err = refuse("read", c.ref.String(), Foreign)
			return
		}
		k.owned = true
	}
	c.learn(v.at, k)
}

// advance moves a walk down through what was read.
func (c *Container) advance(w *walk, views map[int]*view) {
	for ; w.level <= maxLevel; w.level++ {
		v := views[w.level]
		if v == nil {
			return
		}
		w.view = v
		switch {
		case v.err != nil:
			w.err = v.err
		case v.none && w.level == 0:
			w.err = refusal.New(refusal.NoSuchData)
		case v.none:
			w.free = true
		default:
			w.here(c, v)
		}
		if w.settled() {
			return
		}
		if v.shell != nil {
			w.floor = max(w.floor, v.shell.Floor)
		}
		w.named = string(v.values[sealMark].Content) == string(w.at[:])
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
func (w *walk) here(c *Container, v *view) {
	got, sealed := v.values[w.at.key()], v.values[sealMark] != nil
	if got != nil && w.level > 0 && !w.named {
		if opened, ok := c.box.open(&c.ref, w.at, got.Content); ok && opened.Spilled {
			w.stale, got = got, nil
		}
	}
	w.found = got
	w.open = got == nil && (!sealed || w.stale != nil)
}
