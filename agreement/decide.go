package agreement

import (
	"slices"

	"vaultnet"
)

// decide makes a certified block the last one.
func (t *turn) decide(h *held, c *Certificate) {
	t.flush()
	t.missed()
	voters := t.set
	d := &Decided{Header: *h.header, Certificate: c, Set: h.next.Set, Voters: voters, Bodies: h.bodies}
	if h.header.Height == 1 {
		d.Proof = t.proof
	}
	for i := range h.bodies {
		t.reply(Reply{ID: h.bodies[i].ID, Outcome: Applied, Height: h.header.Height, Result: h.applied[i].Result, Request: h.bodies[i]})
	}
	t.keep(h.dropped)
	if t.unsaved.step = h; t.stored != t.state {
		t.unsaved.step = nil // more than one block since what the store holds
	}
	t.advance(d, h.digest, h.next)
}

// advance makes a certified block and its state the object's, and begins the next height.
func (t *turn) advance(d *Decided, digest vaultnet.Digest, next *State) {
	before := t.state
	if t.height == 0 {
		before = nil
	}
	t.forgetWishes(d)
	if r := d.Certificate.Ballot.Round; r == 0 {
		t.pace /= 2
		if a := t.attempt; a != nil && a.awake && d.Header.Height == t.height+1 && !t.relieved(d.Certificate) {
			t.cfg.learn(t.now.Sub(a.since))
		}
	} else {
		t.pace = min(t.pace+r, maxPace)
	}
	if t.attempt != nil || len(t.parted) > 0 {
		t.unsaved.vote, t.unsaved.proposals = true, emptied(t.unsaved.proposals)
	}
	t.outvote(d)
	t.height, t.state, t.last, t.digest, t.decidedAt = d.Header.Height, next, d, digest, t.now
	t.proof, t.lacking = nil, t.lacking[:0]
	if d.Header.SetBlock() {
		link := Link{Header: d.Header, Certificate: d.Certificate, Set: next.Set}
		t.links = append(slices.Clone(t.links[max(0, len(t.links)-maxLinks+1):]), link)
	}
	if len(t.links) > 0 {
		d.Links = t.links
	}
	if t.set == nil || t.setDigest != d.Header.Set || d.Header.SetBlock() {
		t.setSet(next.Set)
		t.desire, t.wishGap = Change{}, 0 // it was for the set before, also where a state leads past the block that changed it
	}
	t.believed = slices.DeleteFunc(t.believed, func(s *Set) bool { return s.Number <= t.set.Number })
	if t.attempt != nil {
		t.suspects = append(t.suspects, t.attempt.failed...)
		t.cfg.over(t.attempt)
	}
	t.attempt, t.fetch = nil, nil
	t.stray = nil
	if t.behind.height <= t.height {
		t.behind = behind{}
	}
	t.unsaved.head, t.out.Record = true, true
	if f := t.cfg.Observer.Decided; f != nil {
		f(t.Object, d, before, next)
	}
	t.confirmWithdrawn()
	t.pool = slices.DeleteFunc(t.pool, func(r *Request) bool {
		a, ok := t.Applied(r.Deadline, r.ID)
		if ok && !slices.ContainsFunc(d.Bodies, func(q *Request) bool { return q.ID == r.ID }) {
			t.reply(Reply{ID: r.ID, Outcome: Applied, Height: a.Height, Result: a.Result, Request: r})
		}
		return ok
	})
	t.recheck()
	t.expect(d)
	t.suspects = slices.DeleteFunc(t.suspects, func(ref Ref) bool {
		return !slices.ContainsFunc(t.pool, func(r *Request) bool { return r.Ref == ref })
	})
	if t.following {
		t.followAt = t.now
	}
	kept := t.ahead
	t.ahead = nil
	for _, k := range kept {
		t.votes(k.from, k.bundle)
	}
}

// keep remembers results that the agreed state forgets, for ten minutes after their deadlines.
func (t *turn) keep(dropped []kept) {
	old := t.kept
	for len(old) > 0 && old[0].deadline.Add(vaultnet.ResultsKept) < t.now {
		old = old[1:]
	}
	for len(old) > vaultnet.MaxApplied {
		t.forgotten = max(t.forgotten, old[0].deadline+1)
		old = old[1:]
	}
	t.kept = append(old, dropped...)
	if len(t.kept) == 0 {
		t.kept = nil
	}
}

// leap notes that what was applied with deadlines before at is not all known, since a state of that time is taken over.
// What the member knows itself it goes on telling.
func (t *turn) leap(at vaultnet.Time) {
	var dropped []kept
	if t.state != nil {
		t.state.Ledger.Prune(at, func(deadline vaultnet.Time, id vaultnet.Digest, a *AppliedRequest) {
			dropped = append(dropped, kept{deadline, id, a})
		})
	}
	t.keep(dropped)
	t.forgotten = at
}
