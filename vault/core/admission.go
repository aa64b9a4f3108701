package core

import (
	"slices"

	"vaultnet"
	"vaultnet/account"
	"vaultnet/agreement"
	"vaultnet/internal/wire"
	"vaultnet/mutabledata"
	"vaultnet/permit"
	"vaultnet/refusal"
)

// submit takes a request (semantics §1). It was decoded and its signatures verified when it was opened. What follows:
// who holds the address, and is it this vault; is the member up to date; are the permit's signers the account's managers;
// the rest, from the deadline on, is agreement's and the machine's.
func (v *Vault) submit(from vaultnet.PublicKey, m *wire.Submit) {
	v.submitted(from, m, false)
}

// submitted does it; vouched says that the signers of what the request shows are known to be the right ones.
func (v *Vault) submitted(from vaultnet.PublicKey, m *wire.Submit, vouched bool) {
	r := m.Request
	e := v.objects.get(r.Address)
	if v.load(e, from, m) {
		return
	}
	if e != nil && e.damaged && e.live == nil {
		v.refuse(from, e, r, refusal.New(refusal.Unavailable))
		return
	}
	if e == nil || e.live == nil || e.live.Height() == 0 {
		if !v.found(from, e, r) || !vouched && !v.vouched(from, e, m) {
			return
		}
		if !v.room(r) {
			v.refuse(from, e, r, refusal.New(refusal.NetworkFull))
			return
		}
		if e == nil || e.live == nil {
			e = v.create(r.Address).entry
		}
	} else if _, ok := e.live.Applied(r.Deadline, r.ID); !ok && e.live.Member() {
		if v.early(e.live, from, m) || !vouched && !v.vouched(from, e, m) {
			return
		}
	}
	l := e.live
	if !v.wait(l, from, r) {
		v.refuse(from, e, r, refusal.New(refusal.TooManyMutations))
		return
	}
	v.give(l, agreement.Input{From: from, Submit: r, Seen: min(m.Seen, l.Height())})
}

// found judges a first request at an address at which nothing was decided as far as this vault knows, and answers it
// where it cannot go on. The request has to prove the set that is to decide it.
func (v *Vault) found(from vaultnet.PublicKey, e *object, r *agreement.Request) bool {
	at := r.Address.Location()
	if s := v.setOf(e); s != nil {
		if s.Index(v.cfg.Self) < 0 {
			v.refer(from, r, s)
			return false
		}
		v.recover(e)
		v.refuse(from, e, r, refusal.New(refusal.NotSettled)) // a member that has nothing yet neither admits nor refuses
		return false
	}
	if !v.responsible(at) && (r.Proof == nil || !slices.Contains(r.Proof.Members, v.cfg.Self)) {
		v.refer(from, r, nil)
		return false
	}
	if !v.settled(r.Address) {
		v.refuse(from, e, r, refusal.New(refusal.NotSettled))
		return false
	}
	absent, err := v.Machine(r.Address, nil)
	if err == nil {
		err = v.deadline(r)
	}
	if err == nil {
		err = absent.Check(nil, r, v.blockTime(r, 0))
	}
	if err != nil {
		v.refuse(from, e, r, asRefusal(err))
		return false
	}
	if e != nil && e.live != nil && e.live.Set() != nil && r.Proof == nil {
		return true // members are known already: from another's proof
	}
	var room [near]vaultnet.PublicKey
	group := v.appendCloseGroup(room[:0], at)
	set, ok := r.Proof.SetOf(group, r.Address, v.cfg.Parameters.GroupSize)
	switch {
	case !ok:
		v.refuse(from, e, r, refusal.Invalid("no proof of the first set"))
	case set.Index(v.cfg.Self) < 0:
		v.refer(from, r, set)
	case !r.Proof.Near(v.now), !slices.Equal(set.Members, group):
		v.refuse(from, e, r, refusal.New(refusal.NotSettled)) // the views have moved: fresh ones are needed
	case e == nil && v.free >= maxFree:
		v.refuse(from, e, r, refusal.New(refusal.TooManyMutations))
	default:
		return true
	}
	return false
}

// deadline makes step 2 of semantics §1.
func (v *Vault) deadline(r *agreement.Request) error {
	switch {
	case r.Deadline > v.now.Add(vaultnet.MaxDeadline):
		return refusal.Invalid("the deadline is more than %v ahead", vaultnet.MaxDeadline)
	case r.Deadline < v.now:
		return refusal.New(refusal.DeadlinePassed)
	}
	return nil
}

// vouched judges the signers of what a request shows. Where it takes a question to know, the request waits for the
// answer, and is answered in any case: at once where who sent it may have more to show.
func (v *Vault) vouched(from vaultnet.PublicKey, e *object, m *wire.Submit) bool {
	r := m.Request
	n := v.needs(r)
	if n.none() || v.deadline(r) != nil {
		return true
	}
	at := v.blockTime(r, 0)
	if e != nil && e.live != nil && e.live.Height() > 0 {
		at = v.blockTime(r, e.live.State().Time)
		if r.Set != e.live.Set().Number {
			return true // agreement sends it elsewhere
		}
	}
	if p := permitOf(r); p != nil && p.Check(at, p.Body.Requester, r.Address) != nil {
		return true // the machine says what is wrong with it
	}
	switch v.vouches(&n) {
	case agreement.Yes:
		return true
	case agreement.No:
		v.refuse(from, e, r, refusal.Permit(refusal.Signers))
		return false
	}
	answered := v.bare(permitOf(r))
	if answered {
		v.refuse(from, e, r, refusal.Permit(refusal.Signers))
	}
	if !v.park(parked{n, func(good bool) {
		if good {
			v.submitted(from, m, true)
		} else if !answered {
			v.refuse(from, v.objects.get(r.Address), r, refusal.Permit(refusal.Signers))
		}
	}}) && !answered {
		v.refuse(from, e, r, refusal.New(refusal.TooManyMutations))
	}
	return false
}

// bare reports whether a permit of which too few signers are known shows no more of them than it needs, as clients do
// until somebody asks for more: the set that this vault knows may be an older or a newer one, and has most members in common
// with the one that issued it. Below four managers there need not be more signatures.
func (v *Vault) bare(p *permit.Permit) bool {
	if p == nil {
		return false
	}
	w := vaultnet.Weak(len(v.holdersOf(vaultnet.AccountAddress(p.Body.Account))))
	return w > 1 && len(p.Signatures) <= w
}

// blockTime is the time of a block with r, after a block of the given time, that this vault would propose now: by its own
// clock, later where what r shows was issued later by clocks within the skew. A permit is fresh from the managers most
// often, and half of their clocks are ahead of this one.
func (v *Vault) blockTime(r *agreement.Request, after vaultnet.Time) vaultnet.Time {
	at := max(v.now, after+1)
	if r.NotBefore <= v.now.Add(v.cfg.Parameters.Skew) {
		at = max(at, r.NotBefore)
	}
	return at
}

// founding reports whether a request makes an object.
func founding(r *agreement.Request) bool {
	switch d := r.Decoded.(type) {
	case *wire.Mutation:
		_, ok := d.Mutation.(*mutabledata.Put)
		return ok
	case *wire.Operation:
		_, ok := d.Operation.(*account.CreateAccount)
		return ok
	}
	return false
}

// withdraw takes a requester's word that a request is not to be applied any more (design §5). At a free address it is
// remembered, too: the request may still come.
func (v *Vault) withdraw(from vaultnet.PublicKey, m *wire.Withdraw) {
	w := &m.Withdraw
	e := v.objects.get(w.Address)
	if v.load(e, from, m) {
		return
	}
	id := w.Identity(v.network)
	if e == nil || e.live == nil || e.live.Height() == 0 {
		answer := &wire.Reply{Address: w.Address, ID: id}
		switch s := v.setOf(e); {
		case s != nil && s.Index(v.cfg.Self) < 0, s == nil && !v.responsible(w.Address.Location()) && (e == nil || e.live == nil):
			answer.Outcome, answer.Members, answer.Nearer = agreement.Stranger, s, v.nearer(w.Address.Location())
			v.send(from, answer)
			return
		case s != nil && (e == nil || e.live == nil), s == nil && !v.settled(w.Address):
			if s != nil {
				v.recover(e)
			}
			answer.Outcome, answer.Err = agreement.Refused, v.refused(w.Address, refusal.New(refusal.NotSettled))
			v.send(from, answer)
			return
		case (e == nil || e.live == nil) && v.free >= maxFree:
			answer.Outcome, answer.Err = agreement.Refused, v.refused(w.Address, refusal.New(refusal.TooManyMutations))
			v.send(from, answer)
			return
		}
		if e == nil || e.live == nil {
			v.create(w.Address)
			e = v.objects.get(w.Address)
		}
	}
	v.give(e.live, agreement.Input{From: from, Withdraw: w})
}

// refuse answers a request with a refusal.
func (v *Vault) refuse(to vaultnet.PublicKey, e *object, r *agreement.Request, err *refusal.Error) {
	answer := &wire.Reply{Address: r.Address, ID: r.ID, Outcome: agreement.Refused, Err: v.refused(r.Address, err)}
	if e != nil && e.live != nil {
		answer.Height, answer.Set = e.live.Height(), v.refOf(e.live)
	}
	v.send(to, answer)
}

// refer answers a request that is for others.
func (v *Vault) refer(to vaultnet.PublicKey, r *agreement.Request, s *agreement.Set) {
	v.send(to, &wire.Reply{Address: r.Address, ID: r.ID, Outcome: agreement.Stranger, Members: s,
		Nearer: v.nearer(r.Address.Location())})
}
