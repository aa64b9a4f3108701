package agreement

import (
	"errors"
	"slices"

	"vaultnet"
	"vaultnet/refusal"
)

// submit takes a client's request: applied already, refused, or pending from now on. A member that is behind does
// neither; the client asks again.
func (t *turn) submit(from vaultnet.PublicKey, r *Request, seenHeight vaultnet.Height) {
	if r.Address != t.address {
		return
	}
	if t.height == 0 {
		t.adopt(r.Proof)
	}
	if a, ok := t.Applied(r.Deadline, r.ID); ok {
		t.reply(Reply{ID: r.ID, To: from, Outcome: Applied, Height: a.Height, Result: a.Result, Request: r})
		return
	}
	if seenHeight > t.height {
		t.suppose(seenHeight, vaultnet.PublicKey{})
	}
	switch {
	case t.set == nil || t.me < 0:
		t.reply(Reply{ID: r.ID, To: from, Outcome: Stranger, Set: t.set, Request: r})
		return
	case r.Set < t.set.Number:
		t.reply(Reply{ID: r.ID, To: from, Outcome: Moved, Set: t.set, Request: r})
		return
	case r.Set > t.set.Number, t.fetch != nil:
		return
	case t.isWithdrawn(r.ID):
		t.confirmTo(from, withdrawal{r.ID, r.Deadline})
		return
	}
	t.fill(r)
	if err := t.admit(r); err != nil {
		t.reply(Reply{ID: r.ID, To: from, Outcome: Refused, Err: err, Request: r})
	}
}

// admit puts a request among the pending ones, or says why not.
func (t *turn) admit(r *Request) error {
	p := t.cfg.pad()
	undecided := t.AppendUndecided(p.undecided[:0])
	defer p.decided(undecided)
	if slices.ContainsFunc(undecided, func(q *Request) bool { return q.ID == r.ID }) {
		if i := slices.IndexFunc(t.pool, func(q *Request) bool { return q.ID == r.ID }); i >= 0 && t.pool[i].Ref != r.Ref {
			others := slices.DeleteFunc(undecided, func(q *Request) bool { return q.ID == r.ID })
			if t.admissible(others, r) == nil && t.host.Fresh(r, t.now) == Yes {
				t.pool[i] = r // with another permit, or fresher views; anybody could have sent a copy that is no good
			}
		}
		return nil
	}
	if err := t.admissible(undecided, r); err != nil {
		return err
	}
	t.pool = append(t.pool, r)
	if a := t.attempt; a != nil && a.awake {
		// Others that it wakes may be in an earlier round, and this member's next repair far off.
		a.repairAt = min(a.repairAt, t.now.Add(t.repairFirst()))
	}
	t.wake()
	return nil
}

// admissible is what a request pending at this height must fulfil.
func (t *turn) admissible(undecided []*Request, r *Request) error {
	switch {
	case r.Deadline > t.now.Add(vaultnet.MaxDeadline):
		return refusal.Invalid("the deadline is more than %v ahead", vaultnet.MaxDeadline)
	case r.Deadline < t.now:
		return refusal.New(refusal.DeadlinePassed)
	}
	at := t.blockTime(r)
	if err := t.mayApply(t.state, r, at); err != nil {
		return err
	}
	if err := t.state.Machine.Check(undecided, r, at); err != nil {
		return err
	}
	if len(undecided) >= vaultnet.MaxInFlight {
		return refusal.New(refusal.TooManyMutations)
	}
	return nil
}

// blockTime is the time of a block that this member would propose now with the given requests: its clock's, later where
// the block before or what the requests show demands it, as long as no clock within the skew objects.
func (t *turn) blockTime(rs ...*Request) vaultnet.Time {
	at := max(t.now, t.state.Time+1)
	for _, r := range rs {
		if r.NotBefore <= t.now.Add(t.cfg.Parameters.Skew) {
			at = max(at, r.NotBefore)
		}
	}
	return at
}

// cutPool drops from the pool what does not fit beside the block this member now votes for; what is cut gets a
// provisional refusal (design §4.4).
func (t *turn) cutPool() {
	p := t.cfg.pad()
	undecided := append(p.undecided[:0], t.attempt.voted.bodies...)
	keep := t.pool[:0]
	for _, r := range t.pool {
		if slices.ContainsFunc(t.attempt.voted.bodies, func(q *Request) bool { return q.ID == r.ID }) {
			keep = append(keep, r)
			continue
		}
		err := t.admissible(undecided, r)
		if err == nil {
			undecided, keep = append(undecided, r), append(keep, r)
			continue
		}
		if t.attempt.voted.header.SetBlock() || !errors.Is(err, refusal.TooManyMutations) && !errors.Is(err, refusal.MutationInProgress) {
			err = refusal.New(refusal.TooManyMutations) // its time has not come to be judged: the block may fail
		}
		t.reply(Reply{ID: r.ID, Outcome: Refused, Err: err, Request: r})
	}
	clear(t.pool[len(keep):])
	t.pool = keep
	p.decided(undecided)
}

// recheck judges every pending request again after a block.
func (t *turn) recheck() {
	pool := t.pool
	t.pool = pool[:0]
	for _, r := range pool {
		if r.Set != t.set.Number {
			t.reply(Reply{ID: r.ID, Outcome: Moved, Set: t.set, Request: r})
			continue
		}
		if err := t.admissible(t.pool, r); err != nil {
			t.reply(Reply{ID: r.ID, Outcome: Refused, Err: err, Request: r})
			continue
		}
		t.pool = append(t.pool, r)
	}
	clear(pool[len(t.pool):])
}

// expirePool drops requests past their deadlines: they wake nobody.
func (t *turn) expirePool() {
	if !slices.ContainsFunc(t.pool, func(r *Request) bool { return r.Deadline < t.now }) {
		return
	}
	t.pool = slices.DeleteFunc(t.pool, func(r *Request) bool {
		if r.Deadline >= t.now {
			return false
		}
		t.reply(Reply{ID: r.ID, Outcome: Refused, Err: refusal.New(refusal.DeadlinePassed), Request: r})
		return true
	})
}
