package core

import (
	"time"

	"vaultnet"
)

// peer is another vault (or this one) as the vault knows it.
type peer struct {
	key      vaultnet.PublicKey
	location vaultnet.Location
	up       bool
	lost     bool          // it was up, and is not any more
	heard    bool          // it was up once, or said something
	since    vaultnet.Time // when up last changed, or when the vault was heard of
	waiting  vaultnet.Time // since when an answer is due; 0: none is
	watched  vaultnet.Time // waiting, when a look whether the answer has come was planned; 0: none is
	look     func()        // the look
	missed   bool          // it was not heard of for T_leave, and the sets it is in were looked at
	foreign  bool          // of a network with other parameters
	present  bool          // counted among the nearest: up, or not down for longer than T_leave
	leaving  bool          // it wants to go
	said     vaultnet.Time // when, on its own clock, it last said whether it does
	assured  vaultnet.Time // when it was last told, because it wished otherwise, that this vault stays

	entered uint64 // the epoch in which it became present
	asked   uint64 // the epoch in which it was last asked for its pointers
	done    uint64 // asked, when it last said that it had sent them all; 0: not since it came up
	told    bool   // it was sent all pointers that concern it, and is sent what changes
}

// peers is the vaults that this one knows of, itself included: at most [maxContacts].
type peers struct {
	self  *peer
	all   map[vaultnet.PublicKey]*peer
	space space[*peer]

	recent [128]*peer // what was looked for lately, by [peers.recentPlace]: most messages are of a few
}

func newPeers(self vaultnet.PublicKey) peers {
	me := &peer{key: self, location: self.Location(), up: true, present: true}
	p := peers{self: me, all: map[vaultnet.PublicKey]*peer{self: me}}
	p.space.add(me.location, me)
	return p
}

// get returns what is known of a vault, nil for a stranger.
func (p *peers) get(k vaultnet.PublicKey) *peer {
	place := p.recentPlace(&k)
	if q := *place; q != nil && q.key == k {
		return q
	}
	q := p.all[k]
	if q != nil {
		*place = q
	}
	return q
}

func (p *peers) recentPlace(k *vaultnet.PublicKey) **peer {
	return &p.recent[int(k[0]^k[15])%len(p.recent)]
}

// drop makes a vault unknown.
func (p *peers) drop(q *peer) {
	p.space.remove(q.location)
	delete(p.all, q.key)
	if place := p.recentPlace(&q.key); *place == q {
		*place = nil
	}
}

// add makes a vault known. Where there is no room, one that is not up and far from this vault makes some for one that
// is; reports nil where none does.
func (p *peers) add(k vaultnet.PublicKey, urgent bool) *peer {
	if q := p.all[k]; q != nil {
		return q
	}
	if k.IsNobody() {
		return nil
	}
	if len(p.all) >= maxContacts {
		if !urgent || !p.dropFarthest() {
			return nil
		}
	}
	q := &peer{key: k, location: k.Location()}
	p.all[k] = q
	p.space.add(q.location, q)
	return q
}

// dropFarthest forgets the farthest vault that is neither up nor present.
func (p *peers) dropFarthest() bool {
	opposite := p.self.location
	for i := range opposite {
		opposite[i] = ^opposite[i]
	}
	var far *peer
	p.space.nearest(opposite, func(q *peer) bool {
		if q.up || q.present {
			return true
		}
		far = q
		return false
	})
	if far == nil {
		return false
	}
	p.drop(far)
	return true
}

// nearest lists the n vaults nearest to l of those that ok accepts, nearest first.
func (p *peers) nearest(l vaultnet.Location, n int, ok func(*peer) bool) []*peer {
	return p.appendNearest(make([]*peer, 0, n), l, n, ok)
}

// appendNearest does it into a list that is given, which is empty and may be on the stack.
func (p *peers) appendNearest(list []*peer, l vaultnet.Location, n int, ok func(*peer) bool) []*peer {
	p.space.nearest(l, func(q *peer) bool {
		if ok(q) {
			list = append(list, q)
		}
		return len(list) < n
	})
	return list
}

func isUp(q *peer) bool      { return q.up && !q.foreign }
func isPresent(q *peer) bool { return q.present && !q.foreign }

// isAsked accepts whom to ask about addresses far from here: all but those that are known to be gone.
func isAsked(q *peer) bool { return !q.foreign && (q.present || !q.lost) }

// keys are the identities of vaults.
func keys(list []*peer) []vaultnet.PublicKey {
	return appendKeys(make([]vaultnet.PublicKey, 0, len(list)), list)
}

func appendKeys(ks []vaultnet.PublicKey, list []*peer) []vaultnet.PublicKey {
	for _, q := range list {
		ks = append(ks, q.key)
	}
	return ks
}

// ranks reports whether q is among the n vaults nearest to l that are there to stay, itself counted as one of them.
func (p *peers) ranks(l vaultnet.Location, q *peer, n int) bool {
	found := false
	p.space.nearest(l, func(o *peer) bool {
		if o == q {
			found = true
			return false
		}
		if isStaying(o) {
			n--
		}
		return n > 0
	})
	return found
}

// forget drops a vault that somebody named and nobody has heard of.
func (p *peers) forget(k vaultnet.PublicKey) {
	if q := p.all[k]; q != nil && !q.heard && !q.present && q != p.self {
		p.drop(q)
	}
}

// countUpTo counts the vaults that ok accepts among the spots lo…hi, as far as limit.
func (p *peers) countUpTo(lo, hi, limit int, ok func(*peer) bool) int {
	n := 0
	for ; lo < hi && n < limit; lo++ {
		if ok(p.space.spots[lo].thing) {
			n++
		}
	}
	return n
}

// closeGroup is this vault's view of who holds a free address: the vaults nearest to it that are up and do not leave;
// where those are too few, whoever is up.
func (v *Vault) closeGroup(l vaultnet.Location) []vaultnet.PublicKey {
	return v.appendCloseGroup(make([]vaultnet.PublicKey, 0, v.cfg.Parameters.GroupSize), l)
}

// appendCloseGroup does it into a list that is given, which may be on the stack.
func (v *Vault) appendCloseGroup(list []vaultnet.PublicKey, l vaultnet.Location) []vaultnet.PublicKey {
	size := v.cfg.Parameters.GroupSize
	var room [near]*peer
	group := v.peers.appendNearest(room[:0], l, size, func(q *peer) bool { return isUp(q) && !q.leaving })
	if len(group) < size {
		group = v.peers.appendNearest(room[:0], l, size, isUp)
	}
	return appendKeys(list, group)
}

// responsible reports whether this vault is one of the close group of l.
func (v *Vault) responsible(l vaultnet.Location) bool {
	size := v.cfg.Parameters.GroupSize
	var room [near]*peer
	if v.peers.self.leaving && len(v.peers.appendNearest(room[:0], l, size, isStaying)) >= size {
		return false
	}
	return v.peers.ranks(l, v.peers.self, size)
}

// nearer lists the vaults nearest to l that this vault knows, for those who asked it about what others hold.
func (v *Vault) nearer(l vaultnet.Location) []vaultnet.PublicKey {
	var room [near]*peer
	return keys(v.peers.appendNearest(room[:0], l, near, isPresent))
}

// reachable reports whether a vault can be talked to, as far as is known.
func (v *Vault) reachable(q *peer) bool { return q == v.peers.self || q.up && !v.suspects(q) }

// expect notes that an answer of a vault is due, or a sign of life. If none comes for half of [suspectAfter] the vault is
// asked for one, which every vault gives that can, and again at longer and longer intervals: so that it is suspected takes
// that it cannot. After T_leave it is gone to this vault, connected or not.
func (v *Vault) expect(q *peer) {
	if q == nil || q == v.peers.self || q.waiting != 0 {
		return
	}
	q.waiting = v.now
	if q.watched == 0 {
		v.watch(q, suspectAfter/2)
	}
}

// watch looks, after a while, whether a vault that owes an answer has owed it for so long. One look at a time suffices,
// for most often the answer has come: then it is the last, or is put off until the next answer that is due would be late.
func (v *Vault) watch(q *peer, after time.Duration) {
	q.watched = q.waiting
	if q.look == nil {
		q.look = func() { v.answerDue(q) }
	}
	v.soon(q.waiting.Add(after), q.look)
}

// answerDue is the look.
func (v *Vault) answerDue(q *peer) {
	since := q.watched
	q.watched = 0
	switch {
	case q.waiting == 0 || !q.up:
	case q.waiting != since:
		v.watch(q, suspectAfter/2)
	default:
		v.probe(q)
	}
}

// probe asks a vault that owes an answer for its pointers, which is always answered; again later, if it is not. Once it
// has been silent for T_leave the sets it is in are looked at.
func (v *Vault) probe(q *peer) {
	v.send(q.key, askForPointers)
	gone := q.waiting.Add(v.cfg.Parameters.LeaveAfter)
	silent := v.now.Sub(q.waiting)
	next := min(2*silent, silent+probeCap)
	switch {
	case v.now < gone: // there is some hurry
		next = min(next, silent+max(suspectAfter, v.cfg.Parameters.LeaveAfter/4), max(v.cfg.Parameters.LeaveAfter, silent+suspectAfter))
	case !q.missed:
		q.missed = true
		v.reviewMember(q.key)
	}
	v.watch(q, next)
}

// alive notes that a vault said something.
func (v *Vault) alive(q *peer) {
	since := q.waiting
	q.waiting, q.heard, q.missed = 0, true, false
	if since == 0 || since.Add(suspectAfter) > v.now {
		return
	}
	if q.done < q.asked {
		q.asked, v.asks = 0, true // it was not waited for, and has not said all
	}
	if since.Add(v.cfg.Parameters.LeaveAfter) <= v.now {
		v.reviewAsked(q.key)
	}
}

// suspects reports whether a vault is down or owes an answer for too long.
func (v *Vault) suspects(q *peer) bool {
	return q != v.peers.self && (q.lost || q.waiting > 0 && q.waiting.Add(suspectAfter) <= v.now)
}

// gone reports whether a member could not be reached for T_leave. Members are known from when their set is ([Vault.meetMembers]):
// one that is not any more was forgotten because nobody had heard of it.
func (v *Vault) gone(k vaultnet.PublicKey) bool {
	q := v.peers.get(k)
	if q == nil {
		return v.started > 0 && v.started.Add(v.cfg.Parameters.LeaveAfter) <= v.now
	}
	if q == v.peers.self {
		return false
	}
	return !q.present && !q.up || q.foreign || q.waiting > 0 && q.waiting.Add(v.cfg.Parameters.LeaveAfter) <= v.now
}
