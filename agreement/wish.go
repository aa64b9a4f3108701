package agreement

import (
	"math/bits"
	"slices"

	"vaultnet"
	"vaultnet/internal/merkle"
)

// wishWindow is how many heights back a wish may lie: an object may be busy while its members wish.
const wishWindow = 64

// wishPatience is how many wishes are sent at intervals of T_leave before the intervals double, up to sixteen times.
const wishPatience = 4

// wishLapse is for how many T_leave a wish counts that is not repeated: longer than the longest interval between two. A
// member that was not told that another's wish has come true, or was given up, would stay awake for it otherwise.
const wishLapse = 24

// heardWish is a member's wish and when it was first heard here, or last by who wishes it.
type heardWish struct {
	*Wish
	at vaultnet.Time
}

// wish takes this vault's own view of how the set should change, and tells the members: at once, then every T_leave,
// doubling after a while and after set blocks that failed (design §6).
func (t *turn) wish(c Change) {
	if c == t.desire {
		return
	}
	t.desire, t.wishGap, t.wishAt = c, 0, t.now
}

// sendWish sends this member's wish when it is due.
func (t *turn) sendWish() {
	if t.desire.none() || t.wishAt > t.now {
		return
	}
	t.wishAt = t.now.Add(t.cfg.Parameters.LeaveAfter << min(max(0, t.wishGap-wishPatience), 4))
	t.wishGap++
	if t.me < 0 || t.height == 0 {
		return
	}
	c := t.common()
	if !t.set.Allows(c.Add, c.Drop, t.limit()) {
		return
	}
	w := &Wish{Incarnation: t.incarnation(), Height: t.height + 1, Add: c.Add, Drop: c.Drop, By: &merkle.Attestation{Signer: t.cfg.Self}}
	t.out.Sign = append(t.out.Sign, Leaf{Digest: w.Leaf(t.cfg.Network, t.address), By: w.By})
	t.wishedBy(t.me, heardWish{w, t.now})
	t.bundle().Wishes = append(t.bundle().Wishes, w)
}

// common is the change that this member wishes: of its own desire and the others' wishes that it would vote for, the one
// that most members wish; of equals, that of the member of the lowest rank. Members that all want some change, but name
// different newcomers, come together by it.
func (t *turn) common() Change {
	best, most := t.desire, t.wishers(t.desire, t.me)
	rank := t.me
	for i := range maxMembers {
		w := t.wishOf(i)
		if w == nil || i == t.me {
			continue
		}
		c := Change{w.Add, w.Drop}
		n := t.wishers(c, t.me)
		if c == best || n < most || n == most && i > rank || t.host.Change(t.Object, c.Add, c.Drop, t.now) != Yes {
			continue
		}
		best, most, rank = c, n, i
	}
	return best
}

// wishers counts the members that wish a change, this one by its desire.
func (t *turn) wishers(c Change, me int) int {
	n := 0
	for i := range maxMembers {
		w := t.wishOf(i)
		if i == me && c == t.desire || i != me && w != nil && (Change{w.Add, w.Drop}) == c {
			n++
		}
	}
	return n
}

// wishOf is what a member wishes; nil where that is nothing, was too many heights ago, or has not been repeated for long.
func (t *turn) wishOf(i int) *Wish {
	if t.wishes == nil {
		return nil
	}
	w := t.wishes[i]
	if w.Wish == nil || w.Height+wishWindow <= t.height || w.at.Add(wishLapse*t.cfg.Parameters.LeaveAfter) <= t.now {
		return nil
	}
	return w.Wish
}

// Wished reports whether a wish counts here, of this member or another: it is in no record.
func (o *Object) Wished(now vaultnet.Time) bool {
	t := turn{Object: o, now: now}
	for i := range maxMembers {
		if t.wishOf(i) != nil {
			return true
		}
	}
	return false
}

// wished takes in another member's wish, which anybody may pass on: its newest counts.
func (t *turn) wished(from vaultnet.PublicKey, w *Wish) {
	if t.set == nil || t.height == 0 || w.Incarnation != t.incarnation() || w.Height > t.height+1 ||
		w.Height <= t.granted || w.Height+wishWindow <= t.height {
		return
	}
	i := t.set.Index(w.By.Signer)
	if i < 0 || i == t.me {
		return
	}
	at := t.now
	if t.wishes != nil && t.wishes[i].Wish != nil {
		old := &t.wishes[i]
		switch {
		case old.Height > w.Height:
			return
		case old.Height == w.Height && from != w.By.Signer:
			at = old.at
		}
	}
	t.wishedBy(i, heardWish{w, at})
}

func (t *turn) wishedBy(i int, w heardWish) {
	if t.wishes == nil {
		t.wishes = new([maxMembers]heardWish)
	}
	t.wishes[i] = w
}

// equalWishes is the members' wishes for a change, in rank order.
func (t *turn) equalWishes(c Change) []*Wish {
	var equal []*Wish
	for i := range maxMembers {
		if w := t.wishOf(i); w != nil && (Change{w.Add, w.Drop}) == c {
			equal = append(equal, w)
		}
	}
	return equal
}

// calls reports whether a bundle calls a member that sleeps to a set block that somebody voted for: with the block, a vote for
// it, and the equal wishes of w members that it change the set so at this height. They may have changed their minds since, or
// whoever was sent the wishes may have forgotten them: who voted is half-open all the same, and alone would stay so. It takes
// an honest member's wish at this very height, which will be over then.
func (t *turn) calls(b *Bundle) bool {
	p := b.Proposal
	if p == nil || t.set == nil || t.me < 0 || t.height == 0 || p.Header.Height != t.height+1 || !p.Header.SetBlock() ||
		len(b.Wishes) < t.set.Weak() || t.attempt != nil && t.attempt.awake {
		return false
	}
	digest := p.Header.Digest(t.cfg.Network, t.address)
	if !slices.ContainsFunc(b.Votes, func(v *Vote) bool {
		return v.Ballot.Block == digest && t.ours(&v.Ballot) && t.set.Index(v.By.Signer) >= 0
	}) {
		return false
	}
	var callers uint16
	for _, w := range b.Wishes {
		if i := t.set.Index(w.By.Signer); i >= 0 && w.Height == t.height+1 && w.Incarnation == t.incarnation() &&
			w.Add == p.Header.Add && w.Drop == p.Header.Drop {
			callers |= 1 << i
		}
	}
	return bits.OnesCount16(callers) >= t.set.Weak()
}

// wishing is the change that w members wish alike, zero if there is none.
func (t *turn) wishing() Change {
	if t.set == nil || t.wishes == nil {
		return Change{}
	}
	var room [maxMembers]*Wish
	wishes, weak := room[:0], t.set.Weak()
	for i := range t.wishes {
		if w := t.wishOf(i); w != nil {
			wishes = append(wishes, w)
		}
	}
	for ; len(wishes) >= weak; wishes = wishes[1:] {
		first, n := wishes[0], 1
		for _, w := range wishes[1:] {
			if w.Add == first.Add && w.Drop == first.Drop {
				n++
			}
		}
		if n >= weak && t.set.Allows(first.Add, first.Drop, t.limit()) {
			return Change{first.Add, first.Drop}
		}
	}
	return Change{}
}

// forgetWishes ends what was wished, after a block by which it came true or failed: members wish anew, at longer and
// longer intervals, so that a set that cannot agree on a change does not stay awake for it.
func (t *turn) forgetWishes(d *Decided) {
	if d.Header.SetBlock() || d.Header.Empty() || t.attempt != nil && t.attempt.noChange {
		t.wishes, t.granted = nil, d.Header.Height
		if !d.Header.SetBlock() {
			t.wishGap += 2
		}
	}
}
