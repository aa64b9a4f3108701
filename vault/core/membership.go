package core

import (
	"container/heap"
	"slices"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/wire"
	"vaultnet/xor"
)

// change is a change of an object's set that this vault wants (design §6).
type change struct {
	agreement.Change
	danger  int           // how many members were gone when it began
	begun   vaultnet.Time // when this vault began to want it; 0: it is just beginning
	invited vaultnet.Time // when the newcomer was last invited
	asked   int           // members that were asked how far they are, counted around the set from this vault on
}

// changes is what this vault wants changed: at most [maxChanging] objects at once, the most endangered first, and of those
// the first by address. So members that have much to change begin with the same objects, of which w have to want alike.
type changes struct {
	active  []*live
	waiting map[vaultnet.Address]int  // danger: how many members are gone
	queue   queue                     // the same; what is not in waiting any more, or with another danger, is void
	passed  map[passing]vaultnet.Time // candidates that did not come, until when they are passed over
}

// queue orders objects that wait for their turn: greatest danger first, then by address.
type queue []endangered

type endangered struct {
	address vaultnet.Address
	danger  int
}

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].before(q[j]) }

func (e endangered) before(f endangered) bool {
	if e.danger != f.danger {
		return e.danger > f.danger
	}
	return e.address.Compare(f.address) < 0
}

func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(endangered)) }
func (q *queue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}

type passing struct {
	object    vaultnet.Address
	candidate vaultnet.PublicKey
}

func (c *changes) init() {
	c.waiting = make(map[vaultnet.Address]int)
	c.passed = make(map[passing]vaultnet.Time)
}

// wanted is how this vault's own view wants a set changed; the zero Change where it is content.
//
// With all places taken a member that could not be reached for T_leave, or else one that wants to go, is replaced by the
// nearest vault that is up, or just dropped where no other vault is known; else the farthest member by a nearer vault that
// has been up for T_join. With places free they are filled; such a member is dropped where no newcomer is there and not
// too few remain.
func (v *Vault) wanted(a vaultnet.Address, s *agreement.Set) agreement.Change {
	l := a.Location()
	limit := v.cfg.Parameters.GroupSize
	gone := outermost(s, v.gone)
	if gone.IsNobody() {
		gone = outermost(s, v.leaves)
	}
	add := v.candidate(a, s, !gone.IsNobody())
	var c agreement.Change
	switch {
	case !gone.IsNobody() && add == nil:
		c.Drop = gone
	case add == nil:
	case len(s.Members) < limit:
		c.Add = add.key
	case !gone.IsNobody():
		c = agreement.Change{Add: add.key, Drop: gone}
	default:
		if farthest := s.Members[len(s.Members)-1]; xor.Nearer(l, add.key, farthest) {
			c = agreement.Change{Add: add.key, Drop: farthest}
		}
	}
	if !s.Allows(c.Add, c.Drop, limit) {
		return agreement.Change{}
	}
	return c
}

// outermost is the farthest member of a set that is so; nobody where none is.
func outermost(s *agreement.Set, is func(vaultnet.PublicKey) bool) vaultnet.PublicKey {
	for i := len(s.Members) - 1; i >= 0; i-- {
		if is(s.Members[i]) {
			return s.Members[i]
		}
	}
	return vaultnet.PublicKey{}
}

// candidate is the nearest vault that could join a set: up and there to stay, for T_join unless the set is in danger, and
// not passed over.
func (v *Vault) candidate(a vaultnet.Address, s *agreement.Set, danger bool) *peer {
	found := v.peers.nearest(a.Location(), 1, func(q *peer) bool {
		if q == v.peers.self || q.leaving || !isUp(q) || v.suspects(q) || s.Index(q.key) >= 0 {
			return false
		}
		if until, ok := v.changes.passed[passing{a, q.key}]; ok && v.now < until {
			return false
		}
		return danger || q.since.Add(v.cfg.Parameters.JoinAfter) <= v.now
	})
	if len(found) == 0 {
		return nil
	}
	return found[0]
}

// judgeChange judges a set block that somebody proposed (design §6).
func (v *Vault) judgeChange(o *agreement.Object, c agreement.Change) agreement.Verdict {
	s := o.Set()
	if !s.Allows(c.Add, c.Drop, v.cfg.Parameters.GroupSize) {
		return agreement.No
	}
	if !c.Drop.IsNobody() && !v.mayDrop(o.Address(), s, c) {
		return agreement.No
	}
	if c.Add.IsNobody() {
		return agreement.Yes
	}
	q := v.peers.get(c.Add)
	switch height, follows := v.follows(o, c.Add); {
	case q == nil || q.leaving:
		return agreement.No
	case c.Add == v.cfg.Self:
		return agreement.Yes
	case !isUp(q):
		return agreement.No
	case !follows || height+64 < o.Height():
		return agreement.NotYet // it may say so any moment
	}
	return agreement.Yes
}

// follows is the certified height of a newcomer that follows the object. It says so every two seconds; one that has
// fallen silent may have given up and hold nothing any more.
func (v *Vault) follows(o *agreement.Object, k vaultnet.PublicKey) (vaultnet.Height, bool) {
	height, at, ok := o.Follower(k)
	return height, ok && at.Add(followsFor) >= v.now
}

// mayDrop: the member is gone, wants to go, or is displaced by a nearer vault that has been up for T_join.
func (v *Vault) mayDrop(a vaultnet.Address, s *agreement.Set, c agreement.Change) bool {
	if v.gone(c.Drop) || v.leaves(c.Drop) {
		return true
	}
	q := v.peers.get(c.Add)
	return q != nil && isUp(q) && q.since.Add(v.cfg.Parameters.JoinAfter-v.cfg.Parameters.Skew) <= v.now &&
		xor.Nearer(a.Location(), c.Add, c.Drop) && s.Index(c.Drop) == len(s.Members)-1
}

// reviewMember looks at every object of whose set a vault is a member.
func (v *Vault) reviewMember(k vaultnet.PublicKey) {
	for _, s := range v.objects.space().spots {
		if e := s.thing; e.holds() && v.setOf(e).Index(k) >= 0 {
			v.review(e)
		}
	}
}

// reviewNear looks at every object to which a vault is near enough to belong.
func (v *Vault) reviewNear(q *peer) {
	for _, e := range v.nearTo(q, v.cfg.Parameters.GroupSize) {
		v.review(e)
	}
	for _, s := range v.objects.space().spots {
		if e := s.thing; e.holds() && len(v.setOf(e).Members) < v.cfg.Parameters.GroupSize {
			v.review(e) // any newcomer is welcome
		}
	}
}

// reviewAsked looks again at changes that a vault's coming or going may settle.
func (v *Vault) reviewAsked(k vaultnet.PublicKey) {
	if len(v.changes.active) == 0 {
		return
	}
	for _, s := range v.objects.space().spots {
		if l := s.thing.live; l != nil && l.change != nil && (l.change.Add == k || l.change.Drop == k) {
			v.review(s.thing)
		}
	}
}

// review compares an object's set with this vault's view.
func (v *Vault) review(e *object) {
	s := v.setOf(e)
	if !e.holds() || s.Index(v.cfg.Self) < 0 {
		v.content(e)
		return
	}
	c := v.wanted(e.address(), s)
	if c == (agreement.Change{}) {
		v.content(e)
		return
	}
	if l := e.live; l != nil && l.change != nil {
		if l.change.Change != c {
			l.change, l.wish = &change{Change: c, danger: v.danger(s)}, agreement.Change{}
			v.give(l, agreement.Input{Desire: &agreement.Change{}})
		}
		v.touch(l)
		return
	}
	turn := endangered{e.address(), v.danger(s)}
	if !v.makeWay(turn) {
		v.changes.wait(turn)
		return
	}
	delete(v.changes.waiting, e.address())
	begin := func(l *live) {
		switch {
		case l.change != nil:
		case !v.makeWay(turn):
			v.changes.wait(turn)
		default:
			l.change = &change{Change: c, danger: turn.danger}
			v.changes.active = append(v.changes.active, l)
			v.touch(l)
		}
	}
	switch {
	case e.live != nil:
		begin(e.live)
	case e.stored && !e.damaged:
		v.loadFor(e, begin)
	}
}

// wait puts an object among those that wait for their turn.
func (c *changes) wait(turn endangered) {
	if old, ok := c.waiting[turn.address]; !ok || old != turn.danger {
		c.waiting[turn.address] = turn.danger
		heap.Push(&c.queue, turn)
	}
}

// turn is where an object stands that has its turn.
func (l *live) turn() endangered { return endangered{l.entry.address(), l.change.danger} }

// makeWay reports whether there is room for one more change. The last of those that have their turn waits again where it
// comes after the one that there should be room for.
func (v *Vault) makeWay(turn endangered) bool {
	c := &v.changes
	if len(c.active) < maxChanging {
		return true
	}
	last := c.active[0]
	for _, l := range c.active[1:] {
		if last.turn().before(l.turn()) {
			last = l
		}
	}
	if !turn.before(last.turn()) {
		return false
	}
	c.wait(last.turn())
	v.endChange(last)
	v.give(last, agreement.Input{Desire: &agreement.Change{}})
	return true
}

// danger is how many members of a set are gone.
func (v *Vault) danger(s *agreement.Set) int {
	n := 0
	for _, m := range s.Members {
		if v.gone(m) {
			n++
		}
	}
	return n
}

// content ends what this vault wanted of an object.
func (v *Vault) content(e *object) {
	delete(v.changes.waiting, e.address())
	if l := e.live; l != nil && l.change != nil {
		v.endChange(l)
		v.give(l, agreement.Input{Desire: &agreement.Change{}})
	}
}

func (v *Vault) endChange(l *live) {
	l.change, l.wish = nil, agreement.Change{}
	c := &v.changes
	c.active = slices.DeleteFunc(c.active, func(o *live) bool { return o == l })
}

// nextChanges begins, as far as there is room, changes that had to wait.
func (v *Vault) nextChanges() {
	c := &v.changes
	for len(c.active)+len(v.loading) < maxChanging && len(c.queue) > 0 {
		next := heap.Pop(&c.queue).(endangered)
		if danger, ok := c.waiting[next.address]; !ok || danger != next.danger {
			continue
		}
		delete(c.waiting, next.address)
		if e := v.objects.get(next.address); e != nil {
			v.review(e)
		}
	}
}

// pursue goes on, after an object's step, with the change that this vault wants: the newcomer is invited until it holds a
// certified state and follows; then the members are told of the wish. A newcomer that is no member after [inviteTries]
// invitations is passed over, whyever: it may follow some members only, and all are to try the same one at a time.
func (v *Vault) pursue(l *live) {
	c := l.change
	if c == nil || !l.Member() {
		return
	}
	if c.begun == 0 {
		c.begun = v.now
	}
	if !c.Add.IsNobody() {
		if v.now >= c.begun.Add(inviteTries*inviteEvery) {
			v.passOver(l, c)
			return
		}
		v.inviteCandidate(l, c)
		if height, ok := v.follows(l.Object, c.Add); !ok || height+64 < l.Height() {
			return
		}
	}
	if l.wish != c.Change {
		wish := c.Change
		l.wish = wish
		v.give(l, agreement.Input{Desire: &wish})
	}
}

// askHeights asks w members how far they are, others each time: a member that missed the last blocks may want what has
// been done, and would invite in vain. (One that says what it wants learns so from those it says it to.)
func (v *Vault) askHeights(l *live, c *change) {
	v.calls++
	s := l.Set()
	n := len(s.Members)
	for range min(s.Weak(), n-1) {
		if c.asked++; c.asked%n == 0 {
			c.asked++ // itself
		}
		v.send(s.Members[(s.Index(v.cfg.Self)+c.asked)%n], &wire.GetSet{Call: v.calls, Address: l.entry.address()})
	}
}

// heightTold takes a member's word that it is further than this one.
func (v *Vault) heightTold(from vaultnet.PublicKey, m *wire.SetAnswer) bool {
	e := v.objects.get(m.Address)
	if e == nil || e.live == nil || !e.live.Member() || e.live.Set().Index(from) < 0 {
		return false
	}
	if m.Height > e.live.Height() {
		v.give(e.live, agreement.Input{From: from, Bundle: &agreement.Bundle{Address: m.Address, Height: m.Height}})
	}
	return true
}

// inviteCandidate asks the newcomer to fetch the object, and again while it is no member.
func (v *Vault) inviteCandidate(l *live, c *change) {
	if c.invited > 0 && v.now < c.invited.Add(inviteEvery) {
		return
	}
	c.invited = v.now
	v.askHeights(l, c)
	if _, ok := v.follows(l.Object, c.Add); !ok {
		v.send(c.Add, &wire.Invite{Address: l.entry.address(), Set: l.Set()})
	}
	v.schedule.at(v.now.Add(inviteEvery), func() {
		if l.entry.live == l && l.change == c {
			v.touch(l)
		}
	})
}

// declined passes over a candidate that says it is of another set of the address, as after a split of the network: for as
// long as it is, it follows nobody there.
func (v *Vault) declined(from vaultnet.PublicKey, e *object, s *agreement.Set) {
	if e == nil || e.live == nil || e.live.change == nil {
		return
	}
	if c := e.live.change; c.Add == from && c.invited > 0 && s.Index(from) >= 0 && s.Number >= e.live.Set().Number {
		v.passOver(e.live, c)
	}
}

// passOver looks for another newcomer.
func (v *Vault) passOver(l *live, c *change) {
	if len(v.changes.passed) >= maxInvitations {
		clear(v.changes.passed)
	}
	v.changes.passed[passing{l.entry.address(), c.Add}] = v.now.Add(passedOver)
	v.review(l.entry)
}

// setChanged is called when an object has another set here than before its step.
func (v *Vault) setChanged(l *live, before, after *agreement.Set) {
	e := l.entry
	if uint64(e.number) <= after.Number || l.Member() {
		v.objects.note(e, nil) // the object itself knows better
	}
	if f := v.cfg.Observer.Members; f != nil {
		f(e.address(), before, after)
	}
	v.meetMembers(after)
	if l.change != nil {
		v.endChange(l)
	}
	if l.Member() {
		v.unfollow(l)
		v.announce(e)
		v.review(e)
	} else {
		delete(v.changes.waiting, e.address())
	}
}
