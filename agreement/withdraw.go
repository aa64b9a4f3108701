package agreement

import (
	"slices"
	"time"

	"vaultnet"
	"vaultnet/refusal"
)

// withdrawal is a request this member will vote for in no fresh block, until its deadline is over everywhere.
type withdrawal struct {
	id       vaultnet.Digest
	deadline vaultnet.Time
}

// confirmation is owed to whoever withdrew a request that this member had voted for: once the height is decided.
type confirmation struct {
	id       vaultnet.Digest
	deadline vaultnet.Time
	to       vaultnet.PublicKey
}

// withdraw takes a requester's word that a request is not to be applied any more (design §5). From a client it is
// relayed to the other members, once: at once by a member that holds the request, for others may, too; else a little later
// and only if no other member has relayed it by then, for most often the client told all. From a member (from is zero)
// nobody is answered.
func (t *turn) withdraw(from vaultnet.PublicKey, w *vaultnet.Withdraw) {
	if w.Address != t.address {
		return
	}
	id := w.Identity(t.cfg.Network)
	answer := func(r Reply) {
		if !from.IsNobody() {
			r.ID, r.To = id, from
			t.reply(r)
		}
	}
	if a, ok := t.Applied(w.Deadline, id); ok {
		answer(Reply{Outcome: Applied, Height: a.Height, Result: a.Result})
		return
	}
	if t.set != nil && t.me < 0 {
		answer(Reply{Outcome: Stranger, Set: t.set})
		return
	}
	if w.Deadline > t.now.Add(vaultnet.MaxDeadline+t.cfg.Parameters.Skew) {
		answer(Reply{Outcome: Refused, Err: refusal.Invalid("the deadline is more than %v ahead", vaultnet.MaxDeadline)})
		return
	}
	if from.IsNobody() {
		t.relays = slices.DeleteFunc(t.relays, func(r relay) bool { return r.id == id })
	}
	if !t.isWithdrawn(id) && w.Deadline.Add(t.cfg.Parameters.Skew) >= t.now {
		if !t.rememberWithdrawn(withdrawal{id, w.Deadline}) {
			answer(Reply{Outcome: Refused, Err: refusal.New(refusal.TooManyMutations)})
			return
		}
		switch {
		case from.IsNobody() || t.me < 0:
		case t.hasRequest(id) || len(t.relays) >= maxRelays:
			b := t.bundle()
			b.Withdraw = append(b.Withdraw, w)
		default:
			n := len(t.set.Members)
			wait := RepairFirst / 2 * time.Duration(1+(t.me+int(id[0]))%n) // one after another
			t.relays = append(t.relays, relay{id, w, t.now.Add(wait)})
		}
	}
	t.pool = slices.DeleteFunc(t.pool, func(r *Request) bool { return r.ID == id })
	if !from.IsNobody() {
		t.confirmTo(from, withdrawal{id, w.Deadline})
	}
}

// confirmTo tells whoever asks that a request was withdrawn: at once, or, where this member has voted for it, when the
// height is decided.
func (t *turn) confirmTo(to vaultnet.PublicKey, w withdrawal) {
	if a := t.attempt; a == nil || !a.votedFor(w.id) {
		t.reply(Reply{ID: w.id, To: to, Outcome: Withdrawn})
		return
	}
	c := confirmation{w.id, w.deadline, to}
	if !slices.Contains(t.confirm, c) && len(t.confirm) < vaultnet.MaxWithdrawals {
		t.confirm = append(t.confirm, c)
	}
}

// relay is a withdrawal that a client told, and that no other member has relayed yet.
type relay struct {
	id       vaultnet.Digest
	withdraw *vaultnet.Withdraw
	at       vaultnet.Time
}

// maxRelays bounds the withdrawals that wait to be relayed.
const maxRelays = 32

// relayWithdrawals relays those that no other member has relayed.
func (t *turn) relayWithdrawals() {
	t.relays = slices.DeleteFunc(t.relays, func(r relay) bool {
		if r.at > t.now {
			return false
		}
		b := t.bundle()
		b.Withdraw = append(b.Withdraw, r.withdraw)
		return true
	})
}

// hasRequest reports whether the request is pending here, or in a block that is held.
func (t *turn) hasRequest(id vaultnet.Digest) bool {
	with := func(r *Request) bool { return r != nil && r.ID == id }
	return slices.ContainsFunc(t.pool, with) || t.attempt != nil &&
		(slices.Contains(t.attempt.promised, id) || slices.ContainsFunc(t.attempt.proposals, func(h *held) bool { return slices.ContainsFunc(h.bodies, with) }))
}

// votedFor reports whether the member voted, at this height, for a block with the request.
func (a *attempt) votedFor(id vaultnet.Digest) bool {
	return len(a.promised) >= maxPromised || slices.Contains(a.promised, id)
}

// maxPromised bounds the requests in blocks voted for at one height; beyond it, all count as voted for.
const maxPromised = 256

func (t *turn) isWithdrawn(id vaultnet.Digest) bool {
	return slices.ContainsFunc(t.withdrawn, func(w withdrawal) bool { return w.id == id })
}

// rememberWithdrawn makes a withdrawal durable with this turn. What is over by more than the skew is forgotten: no
// fresh block with it gets this member's vote anyway.
func (t *turn) rememberWithdrawn(w withdrawal) bool {
	for i := 0; i < len(t.withdrawn); {
		if old := t.withdrawn[i]; old.deadline.Add(t.cfg.Parameters.Skew) < t.now {
			t.unsaved.dropped = append(t.unsaved.dropped, old.id)
			t.withdrawn = slices.Delete(t.withdrawn, i, i+1)
			continue
		}
		i++
	}
	if len(t.withdrawn) >= vaultnet.MaxWithdrawals {
		return false
	}
	t.withdrawn = append(t.withdrawn, w)
	t.unsaved.withdrawn = append(t.unsaved.withdrawn, w)
	t.out.Record = true
	return true
}

// confirmWithdrawn answers, when a height is decided, those who withdrew what this member had voted for.
func (t *turn) confirmWithdrawn() {
	for _, c := range t.confirm {
		if a, ok := t.Applied(c.deadline, c.id); ok {
			t.reply(Reply{ID: c.id, To: c.to, Outcome: Applied, Height: a.Height, Result: a.Result})
		} else {
			t.reply(Reply{ID: c.id, To: c.to, Outcome: Withdrawn})
		}
	}
	t.confirm = nil
}

func withdrawnKey(id vaultnet.Digest) []byte { return append([]byte{sectionWithdrawn}, id[:]...) }
