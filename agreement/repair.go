package agreement

import (
	"slices"

	"vaultnet"
)

// repair resends, on its own timer, what the others may lack: one bundle for all, backing off while there is no news
// (design §4.9). It also relays, once, requests that no proposal took up.
func (t *turn) repair() {
	a := t.attempt
	if a == nil || !a.awake || a.repairAt > t.now {
		return
	}
	b := t.bundle()
	t.defend(b)
	a.spared = 0
	for _, r := range t.pool {
		if len(b.Requests) >= vaultnet.MaxInFlight {
			break
		}
		if !slices.Contains(a.relayed, r.ID) && !a.proposed(r.Ref) {
			a.relay(r.ID)
			b.Requests = append(b.Requests, r)
		}
	}
	for _, h := range a.proposals {
		if h.missing > 0 && len(b.Need) == 0 {
			b.Need = h.need()
		}
	}
	a.repairGap, a.unrepaired = min(2*a.repairGap, RepairCap), 0
	a.repairAt = t.now.Add(a.repairGap)
}

// defend puts into b what keeps the height alive: the proposal, the member's votes of the round, the proof of the
// round, the best certificate, the wishes that woke it.
func (t *turn) defend(b *Bundle) {
	a := t.attempt
	var h *held
	for _, k := range a.proposals {
		if k.offer(a.round) != nil && k.sound {
			h = k
		}
	}
	if h == nil {
		h = a.voted
	}
	for i := len(a.proposals) - 1; h == nil && i >= 0; i-- {
		if k := a.proposals[i]; k.sound && len(k.header.Mutations) > 0 {
			h = k
		}
	}
	if h != nil && len(h.offers) > 0 && b.Proposal == nil {
		b.Proposal = h.offers[len(h.offers)-1]
		if p := h.offer(a.round); p != nil {
			b.Proposal = p
		}
	}
	for _, v := range []*Vote{a.prevote, a.precommit} {
		if v != nil && !slices.Contains(b.Votes, v) {
			b.Votes = append(b.Votes, v)
		}
	}
	b.Votes = append(b.Votes, t.proofOfRound()...)
	if a.valid != nil {
		b.Polka = t.show(a.valid)
	}
	b.Commit = a.commit
	switch c := t.wishing(); {
	case !c.none():
		b.Wishes = append(b.Wishes, t.equalWishes(c)...)
	case a.voted != nil && a.voted.header.SetBlock() && b.Proposal != nil && b.Proposal.Header.SetBlock():
		b.Wishes = append(b.Wishes, a.called...)
	}
}

// proofOfRound is the votes by which the member's round was entered.
func (t *turn) proofOfRound() []*Vote { return t.attempt.proof }

// relay notes that a request was relayed. Of very many at one height the oldest are forgotten.
func (a *attempt) relay(id vaultnet.Digest) {
	if len(a.relayed) >= maxRelayed {
		a.relayed = slices.Delete(a.relayed, 0, 1)
	}
	a.relayed = append(a.relayed, id)
}

// proposed reports whether a block that is held contains the request.
func (a *attempt) proposed(ref Ref) bool {
	for _, h := range a.proposals {
		if slices.Contains(h.header.Mutations, ref) {
			return true
		}
	}
	return false
}

// forget drops proposals that stayed incomplete at a member that sleeps.
func (t *turn) forget() {
	a := t.attempt
	a.forgetAt = 0
	t.trimProposals()
	if len(a.proposals) == 0 && !a.votedAtAll() {
		t.attempt = nil
	}
}

// help answers traffic about an older height with the block that decided it, at most every [RepairFirst]/2 to one vault.
func (t *turn) help(to vaultnet.PublicKey, height vaultnet.Height) {
	if t.last == nil || height >= t.height {
		return
	}
	if t.mayHelp(to) {
		t.send(to, &Bundle{Decided: t.tell(height)})
	}
}

// mayHelp reports whether a vault has not been helped in the last [RepairFirst]/2, and notes that it is now.
func (t *turn) mayHelp(to vaultnet.PublicKey) bool {
	t.helped = slices.DeleteFunc(t.helped, func(s seen) bool { return s.at.Add(RepairFirst/2) <= t.now })
	if len(t.helped) >= 2*maxMembers || slices.ContainsFunc(t.helped, func(s seen) bool { return s.vault == to }) {
		return false
	}
	t.helped = append(t.helped, seen{to, t.now})
	return true
}

// tell is the last block for a vault at the given height: with bodies where they are of use.
func (t *turn) tell(height vaultnet.Height) *Decided {
	d := *t.last
	if height+1 != t.height {
		d.Bodies = nil
	}
	return &d
}
