package agreement

import (
	"vaultnet/internal/merkle"
)

// wishWindow is how many heights back a wish may lie: an object may be busy while its members wish.
const wishWindow = 64

// wishPatience is how many wishes are sent at intervals of T_leave before the intervals double, up to sixteen times.
const wishPatience = 4

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
	if t.desire == (Change{}) || t.wishAt > t.now {
		return
	}
	t.wishAt = t.now.Add(t.cfg.Parameters.LeaveAfter << min(max(0, t.wishGap-wishPatience), 4))
	t.wishGap++
	if t.me < 0 || t.height == 0 {
		return
	}
	c := t.common()
	if _, ok := t.set.Next(t.address, c.Add, c.Drop, t.limit()); !ok {
		return
	}
	w := &Wish{Incarnation: t.incarnation(), Height: t.height + 1, Add: c.Add, Drop: c.Drop, By: &merkle.Attestation{Signer: t.cfg.Self}}
	t.out.Sign = append(t.out.Sign, Leaf{Digest: w.Leaf(t.cfg.Network, t.address), By: w.By})
	t.wishedBy(t.me, w)
	t.bundle().Wishes = append(t.bundle().Wishes, w)
}

// common is the change that this member wishes: of its own desire and the others' wishes that it would vote for, the one
// that most members wish; of equals, that of the member of the lowest rank. Members that all want some change, but name
// different newcomers, come together by it.
func (t *turn) common() Change {
	best, most := t.desire, t.wishers(t.desire, t.me)
	rank := t.me
	for i, w := range t.wishesHeard() {
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
	for i, w := range t.wishesHeard() {
		if i == me && c == t.desire || i != me && w != nil && (Change{w.Add, w.Drop}) == c {
			n++
		}
	}
	return n
}

// wished takes in another member's wish: its newest counts.
func (t *turn) wished(w *Wish) {
	if t.set == nil || t.height == 0 || w.Incarnation != t.incarnation() || w.Height > t.height+1 || w.Height+wishWindow <= t.height {
		return
	}
	i := t.set.Index(w.By.Signer)
	if i < 0 || i == t.me {
		return
	}
	if t.wishes == nil || t.wishes[i] == nil || t.wishes[i].Height <= w.Height {
		t.wishedBy(i, w)
	}
}

func (t *turn) wishedBy(i int, w *Wish) {
	if t.wishes == nil {
		t.wishes = new([maxMembers]*Wish)
	}
	t.wishes[i] = w
}

// wishesHeard is the newest wish of each member, by rank; nothing where nobody wishes.
func (o *Object) wishesHeard() []*Wish {
	if o.wishes == nil {
		return nil
	}
	return o.wishes[:]
}

// wishing is the change that w members wish alike, zero if there is none.
func (t *turn) wishing() Change {
	if t.set == nil || t.wishes == nil {
		return Change{}
	}
	for i, w := range t.wishes {
		if w == nil || w.Height+wishWindow <= t.height {
			continue
		}
		c, n := Change{w.Add, w.Drop}, 0
		for _, v := range t.wishes[i:] {
			if v != nil && (Change{v.Add, v.Drop}) == c && v.Height+wishWindow > t.height {
				n++
			}
		}
		if n >= t.set.Weak() && t.set.Allows(c.Add, c.Drop, t.limit()) {
			return c
		}
	}
	return Change{}
}

// forgetWishes ends what was wished, after a block by which it came true or failed: members wish anew, at longer and
// longer intervals, so that a set that cannot agree on a change does not stay awake for it.
func (t *turn) forgetWishes(d *Decided) {
	if d.Header.SetBlock() || d.Header.Empty() || t.attempt != nil && t.attempt.noChange {
		t.wishes = nil
		if !d.Header.SetBlock() {
			t.wishGap += 2
		}
	}
}
