package core

import (
	"time"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/merkle"
	"vaultnet/internal/wire"
)

// A vault that wants to go says so to all it knows, and goes on: it serves, votes, and holds what it holds. Members take
// the word of one of them as a reason to wish for a set without it, under the rules by which any set changes (design §6),
// so a leaver is replaced while a quorum can do without it. It is asked into no set any more, neither as a newcomer nor
// at a free address. Its chunks are for the vaults that come to be among the nearest without it.
//
// What a vault says counts until it says otherwise, or its connection ends: a vault that starts anew stays.

const (
	leavingAge    = time.Minute      // how old a vault's word may be, beside the skew
	compareAllGap = 10 * time.Second // between two full comparisons of chunks that vaults' words lead to
)

// Departure is how far a vault that leaves has come.
type Departure struct {
	Going   bool
	Objects int  // of whose sets it is a member still, or may come to be: it voted there for a first block
	Stuck   int  // of those: sets that may lose no member, and for which no other vault is known
	Chunks  int  // not confirmed yet by all who are to hold them
	Viewed  bool // an object may be founded still on a view that it signed, of a set with itself
}

// Left reports whether nothing is left to hand over.
func (d Departure) Left() bool { return d.Objects == 0 && d.Chunks == 0 && !d.Viewed }

// Departure looks at every object: it is not for every turn.
func (v *Vault) Departure() Departure {
	d := Departure{Going: v.peers.self.leaving, Chunks: v.chunks.count(), Viewed: v.viewed.open(v)}
	for _, s := range v.objects.space().spots {
		e := s.thing
		if !v.seated(e) {
			if l := e.live; l != nil && l.Height() == 0 && l.Member() && l.HalfOpen() {
				d.Objects++
			}
			continue
		}
		d.Objects++
		if d.Going && v.wanted(e.address(), v.setOf(e)) == (agreement.Change{}) {
			d.Stuck++
		}
	}
	return d
}

// seated reports whether this vault is a member of an object's set.
func (v *Vault) seated(e *object) bool { return e.holds() && v.setOf(e).Index(v.cfg.Self) >= 0 }

// isStaying accepts the vaults that are present and do not leave.
func isStaying(q *peer) bool { return isPresent(q) && !q.leaving }

// leaves reports whether a member wants to go.
func (v *Vault) leaves(k vaultnet.PublicKey) bool {
	q := v.peers.get(k)
	return q != nil && q.leaving
}

// leave begins to leave, or ends it.
func (v *Vault) leave(going bool) {
	me := v.peers.self
	if me.leaving == going {
		return
	}
	me.leaving = going
	v.term++
	var all []vaultnet.PublicKey
	for _, s := range v.peers.space.spots {
		if isUp(s.thing) {
			all = append(all, s.thing.key)
		}
	}
	v.sayLeaving(all)
	v.reviewMember(v.cfg.Self)
	v.compareAll()
	if going {
		v.leaveOn(v.term)
		v.offerOn(v.term, compareAllGap)
	}
}

// viewed is the free addresses of which this vault signed a view.
type viewed struct {
	at   map[vaultnet.Address]vaultnet.Time
	many vaultnet.Time // when there were too many to remember; 0: never
}

// add notes a view.
func (x *viewed) add(v *Vault, a vaultnet.Address) {
	if len(x.at) >= maxFree {
		if x.open(v); len(x.at) >= maxFree {
			x.at, x.many = nil, v.now
		}
	}
	if x.at == nil {
		x.at = make(map[vaultnet.Address]vaultnet.Time)
	}
	x.at[a] = v.now
}

// open reports whether an object may be founded still on any of the views; it forgets the others.
func (x *viewed) open(v *Vault) bool {
	const extra = 2 // the founder's clock and the voters' are apart from this one by the skew at most
	age := agreement.ProofAge + extra*v.cfg.Parameters.Skew
	for a, at := range x.at { // in any order
		if e := v.objects.get(a); at.Add(age) < v.now || e != nil && e.holds() {
			delete(x.at, a)
		}
	}
	return len(x.at) > 0 || x.many > 0 && v.now <= x.many.Add(age)
}

// sayLeaving tells vaults what this one wants.
func (v *Vault) sayLeaving(to []vaultnet.PublicKey) {
	if len(to) == 0 {
		return
	}
	m := &wire.Leaving{Time: v.now, Going: v.peers.self.leaving, By: &merkle.Attestation{Signer: v.cfg.Self}}
	m.By = v.out.state(m.Leaf(v.network), v.cfg.Self)
	for _, k := range to {
		v.send(k, m)
	}
}

// wishedAway tells a vault that wishes this one out of a set that it stays, every T_leave: it may have wanted to go once, in
// this life or the one before, and that it does not any more may not have arrived, or what it said then have come later.
func (v *Vault) wishedAway(from vaultnet.PublicKey, wishes []*agreement.Wish) {
	q := v.peers.get(from)
	if v.peers.self.leaving || q == nil || q.assured > 0 && v.now < q.assured.Add(v.cfg.Parameters.LeaveAfter) {
		return
	}
	for _, w := range wishes {
		if w.Drop == v.cfg.Self && w.By.Signer == from {
			q.assured = v.now
			v.sayLeaving([]vaultnet.PublicKey{from})
			return
		}
	}
}

// leaveOn looks every T_leave how far leaving has come: the members of what is left are told again, as long as the rules
// let them do anything.
func (v *Vault) leaveOn(term uint64) {
	v.schedule.at(v.now.Add(v.cfg.Parameters.LeaveAfter), func() {
		if v.term != term {
			return
		}
		v.leaveOn(term)
		var fellows []vaultnet.PublicKey
		told := make(map[vaultnet.PublicKey]bool)
		for _, s := range v.objects.space().spots {
			e := s.thing
			if !v.seated(e) || v.wanted(e.address(), v.setOf(e)) == (agreement.Change{}) {
				continue
			}
			for _, k := range v.setOf(e).Members {
				if !told[k] && k != v.cfg.Self {
					told[k] = true
					fellows = append(fellows, k)
				}
			}
		}
		v.sayLeaving(fellows)
	})
}

// offerOn has a vault that leaves offer its chunks again after a gap that doubles up to T_leave: who was to hold one may have
// been busy, or away, or have got it from another vault, and says so only when asked.
func (v *Vault) offerOn(term uint64, gap time.Duration) {
	gap = min(gap, v.cfg.Parameters.LeaveAfter)
	v.schedule.at(v.now.Add(gap), func() {
		if v.term != term {
			return
		}
		v.compareAll()
		v.offerOn(term, 2*gap)
	})
}

// hearLeaving takes a vault's word that it wants to go, or that it stays.
func (v *Vault) hearLeaving(from vaultnet.PublicKey, m *wire.Leaving) {
	q := v.peers.get(from)
	age := v.now.Sub(m.Time)
	switch skew := v.cfg.Parameters.Skew; {
	case q == nil || q == v.peers.self || !q.up:
		v.ignore(from, "leaving of a stranger")
	case m.By.Signer != from:
		v.ignore(from, "leaving of somebody else")
	case age < -skew || age > leavingAge+skew:
		v.ignore(from, "leaving at another time")
	case m.Time <= q.said:
		v.ignore(from, "leaving said before")
	default:
		q.said = m.Time
		v.setLeaving(q, m.Going)
	}
}

// setLeaving notes whether a vault wants to go, and looks at all that this concerns.
func (v *Vault) setLeaving(q *peer, going bool) {
	if q.leaving == going {
		return
	}
	q.leaving = going
	v.reviewMember(q.key)
	if going {
		v.reviewAsked(q.key)
	} else {
		v.reviewNear(q)
	}
	v.compareAll()
}

// compareAll plans a comparison of all chunks, for whose they are has changed everywhere.
func (v *Vault) compareAll() {
	c := &v.chunks
	if c.all || v.started == 0 || c.count() == 0 {
		return
	}
	c.all = true
	at := max(v.now.Add(compareAfter), c.compared.Add(compareAllGap))
	v.schedule.at(at, func() {
		c.all, c.compared = false, v.now
		v.compare(0)
	})
	v.compareHourly()
}
