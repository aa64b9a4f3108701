package agreement

import (
	"slices"

	"vaultnet"
	"vaultnet/internal/merkle"
)

// run applies the rules in their fixed order until none applies: decide, wake, skip to a round, polka, nil-polka,
// proposal, timers (design §4.10). The numbers name lines of algorithm 1 in arXiv 1807.04938.
func (t *turn) run() {
	t.expirePool()
	t.sendWish()
	t.relayWithdrawals()
	t.rules()
	if t.quiet() && t.goBack() {
		t.rules()
	}
	if a := t.attempt; a != nil {
		switch {
		case a.awake && t.quiet():
			t.sleep()
		case !a.awake && a.forgetAt != 0 && a.forgetAt <= t.now:
			t.forget()
		}
	}
	t.repair()
	t.seek()
	t.catchUp()
}

// rules applies the rules until none applies.
func (t *turn) rules() {
	for range 256 { // every rule that applies moves height, round or phase; the bound is never met
		if !t.rule() {
			return
		}
	}
}

// quiet reports whether nothing keeps the member awake, or would.
func (t *turn) quiet() bool {
	a := t.attempt
	return a == nil || !a.awake || len(t.pool) == 0 && (t.wishes == nil || t.wishing() == Change{}) && a.drowsy(len(t.set.Members))
}

// rule applies the first rule that applies.
func (t *turn) rule() bool {
	if t.attempt != nil && t.decideRule() {
		return true
	}
	if t.attempt == nil || !t.attempt.awake {
		return t.rouse()
	}
	return t.skipRule() || t.polkaRule() || t.nilPolkaRule() || t.proposalRule() || t.timerRule()
}

// rouse wakes the member if it has reason to (design §4.1).
func (t *turn) rouse() bool {
	if t.set == nil || t.me < 0 {
		return false
	}
	voters := t.callers()
	wished := t.wishes != nil && t.wishing() != Change{}
	switch {
	case len(t.pool) > 0, t.attempt != nil && t.attempt.halfOpen():
		t.wake()
	case voters >= t.set.Weak(), wished:
		t.wake()
		t.attempt.summoned = true
	default:
		return false
	}
	return true
}

// callers counts the members whose votes call a sleeping member. If any of them voted for a block, it may be half-open:
// then those that it knows to have voted before count as well, for its bundle shows what they voted.
func (t *turn) callers() int {
	if t.stray == nil {
		return 0
	}
	var voted [maxMembers]bool
	block := false
	for i, v := range t.stray {
		if v != nil {
			voted[i] = true
			block = block || !v.Ballot.Block.IsZero()
		}
	}
	if a := t.attempt; a != nil && block {
		for _, y := range a.tallies {
			for i := range voted {
				voted[i] = voted[i] || i != t.me && voices(y.votes[0][i], y.votes[1][i]) > 0
			}
		}
	}
	n := 0
	for _, v := range voted {
		if v {
			n++
		}
	}
	return n
}

// decideRule (line 49): q precommits of any round for a block that is held.
func (t *turn) decideRule() bool {
	a := t.attempt
	for i := len(a.tallies) - 1; i >= 0; i-- {
		y := a.tallies[i]
		block, ok := y.majority(Precommit, t.set.Quorum())
		if !ok {
			continue
		}
		if a.commit == nil {
			a.commit = y.certificate(Precommit, block)
		}
		break
	}
	if a.commit == nil {
		return false
	}
	h := a.find(a.commit.Ballot.Block)
	if h == nil || !t.judge(h) {
		return false
	}
	t.decide(h, a.commit)
	return true
}

// skipRule (line 55): w members are in rounds above this one.
func (t *turn) skipRule() bool {
	a := t.attempt
	if a.future == nil {
		return false
	}
	var array [2 * maxMembers]uint32
	rounds := array[:0]
	for i := range a.future {
		f := &a.future[i]
		for range voices(f.votes[0], f.votes[1]) {
			rounds = append(rounds, f.round)
		}
	}
	if len(rounds) < t.set.Weak() {
		return false
	}
	slices.Sort(rounds)
	round := rounds[len(rounds)-t.set.Weak()] // w members are there or above
	var proof []*Vote
	for i := range a.future {
		if a.future[i].round < round {
			continue
		}
		for _, v := range a.future[i].votes {
			if v != nil {
				proof = append(proof, v)
				break
			}
		}
	}
	t.enter(round, proof)
	return true
}

// polkaRule (line 36): q prevotes for a block of this round. In phase prevoted the member locks on it; later it only
// remembers it as valid. A polka of an earlier round that somebody showed is remembered as valid, too.
func (t *turn) polkaRule() bool {
	a := t.attempt
	changed := false
	consider := func(c *Certificate) bool {
		if a.valid != nil && a.valid.round >= c.Ballot.Round {
			return true
		}
		h := a.find(c.Ballot.Block)
		if h == nil || !t.judge(h) {
			return false
		}
		a.valid = &polka{round: c.Ballot.Round, held: h, cert: c}
		t.unsaved.vote, t.out.Record, changed = true, true, true
		if a.voted != h {
			t.unsaved.proposals = append(t.unsaved.proposals, h)
		}
		return true
	}
	if y := a.tally(a.round); a.valid == nil || a.valid.round < a.round {
		if block, ok := y.majority(Prevote, t.set.Quorum()); ok {
			consider(y.certificate(Prevote, block))
		}
	}
	a.polkas = slices.DeleteFunc(a.polkas, consider)
	if v := a.valid; v != nil && v.round == a.round && a.phase == prevoted && t.mayLock() {
		a.lock = v
		if f := t.cfg.Observer.Lock; f != nil {
			f(t.Object, v.round, v.held.digest)
		}
		t.vote(Precommit, v.held)
		return true
	}
	return changed
}

// nilPolkaRule (line 44): q prevotes for nil.
func (t *turn) nilPolkaRule() bool {
	a := t.attempt
	if a.phase != prevoted || a.tally(a.round).count(Prevote, vaultnet.Digest{}) < t.set.Quorum() {
		return false
	}
	t.vote(Precommit, nil)
	return true
}

// proposalRule (lines 11–19, 22, 28): proposes when it is this member's turn, and prevotes.
func (t *turn) proposalRule() bool {
	a := t.attempt
	if a.phase != proposing {
		return false
	}
	var h *held
	for _, k := range a.proposals { // of an equivocating proposer, the first
		if k.offer(a.round) != nil {
			h = k
			break
		}
	}
	if h == nil && t.proposer(a.round) == t.cfg.Self {
		h = t.propose()
	}
	if h == nil || h.missing > 0 {
		return false
	}
	sound := t.judge(h)
	p := h.offer(a.round)
	at, block, locked := t.bond()
	mine := locked && block == h.digest
	switch {
	case !sound, locked && !mine && (p.PolkaRound < 0 || place{uint32(p.PolkaRound), t.setDigest}.before(at)):
		t.vote(Prevote, nil)
	case mine, !t.judgedFresh(p):
		t.vote(Prevote, h)
	case a.standing(t.now):
		return false
	default:
		switch t.verdict(h) {
		case Yes:
			if t.standBy(h) {
				return false
			}
			t.vote(Prevote, h)
		case No:
			t.vote(Prevote, nil)
		default:
			return false // soon, or the timeout
		}
	}
	return true
}

// judgedFresh reports whether a proposal is subject to the member's own judgement: only if it comes without a polka.
func (t *turn) judgedFresh(p *Proposal) bool { return p.PolkaRound < 0 }

// timerRule (lines 34, 47, 57–65) starts timeouts and acts on those that are over.
func (t *turn) timerRule() bool {
	a := t.attempt
	y := a.tally(a.round)
	if a.phase == prevoted && a.prevoteAt == vaultnet.Never && y.total(Prevote) >= t.set.Quorum() {
		a.prevoteAt = t.now.Add(t.timeout())
	}
	if a.precommitAt == vaultnet.Never && y.total(Precommit) >= t.set.Quorum() {
		a.precommitAt = t.now.Add(t.timeout())
	}
	switch {
	case a.phase == proposing && a.proposeAt <= t.now:
		t.vote(Prevote, nil)
	case a.phase == prevoted && a.prevoteAt <= t.now:
		t.vote(Precommit, nil)
	case a.precommitAt <= t.now, t.barren(y):
		var proof []*Vote
		for _, v := range y.votes[Precommit-1] {
			if v != nil {
				proof = append(proof, v)
			}
		}
		t.enter(a.round+1, proof)
	default:
		return false
	}
	return true
}

// barren reports whether the round of a suspected proposer has come to nothing: q prevotes and q precommits are for nil.
// Then no block can have been locked or decided in it, and there is nothing that line 47 would have to wait for. With a
// proposer that is not suspected it does wait, so that rounds pass no faster than timeouts.
func (t *turn) barren(y *tally) bool {
	q := t.set.Quorum()
	return y.count(Precommit, vaultnet.Digest{}) >= q && y.count(Prevote, vaultnet.Digest{}) >= q && t.suspected()
}

// propose makes this member's proposal of the round: the valid value with its proof, or what the pool holds. In round
// 0 it proposes nothing rather than an empty block.
func (t *turn) propose() *held {
	a := t.attempt
	var h *held
	p := &Proposal{Round: a.round, PolkaRound: -1, By: &merkle.Attestation{Signer: t.cfg.Self}}
	if a.valid != nil {
		h = a.valid.held
		p.Header, p.PolkaRound, p.Polka = *h.header, int64(a.valid.round), a.valid.cert
	} else {
		if h = t.build(); h == nil {
			return nil
		}
		p.Header = *h.header
		a.proposals = append(a.proposals, h)
	}
	if t.height == 0 {
		p.Proof = t.proof
	}
	h.offered(p, a.round)
	t.out.Sign = append(t.out.Sign, Leaf{Digest: p.Leaf(t.cfg.Network, t.address), By: p.By})
	t.bundle().Proposal = p
	return h
}

// build makes a fresh block of what is pending: a set block where the set asks for one, else as many of the pool's
// requests as apply together.
func (t *turn) build() *held {
	a := t.attempt
	if t.state == nil {
		return nil
	}
	header := Header{Incarnation: t.incarnation(), Height: t.height + 1, Previous: t.digest, Time: t.blockTime()}
	if header.Time > t.now.Add(t.cfg.Parameters.Skew) {
		return nil // it would not vote for this yet, and what is proposed is durable by the vote alone
	}
	if c := t.wishing(); !c.none() && t.height > 0 && !a.noChange && t.host.Change(t.Object, c.Add, c.Drop, t.now) == Yes {
		header.Add, header.Drop = c.Add, c.Drop
		if h := t.block(header, nil); h != nil {
			return h
		}
		header.Add, header.Drop = vaultnet.PublicKey{}, vaultnet.PublicKey{}
	}
	var ready, suspects []*Request
	for _, r := range t.pool {
		if a.hasFailed(r.Ref) || t.isWithdrawn(r.ID) || t.host.Fresh(r, t.now) != Yes {
			continue
		}
		if slices.Contains(t.suspects, r.Ref) {
			suspects = append(suspects, r)
		} else if len(ready) < vaultnet.MaxInFlight {
			ready = append(ready, r)
		}
	}
	if turn := uint64(header.Height) + uint64(a.round); len(suspects) > 0 && (len(ready) == 0 || turn%2 == 0) {
		// one of a block that failed may be what somebody's reasons speak against: each alone, so that the others go on
		ready = suspects[turn/2%uint64(len(suspects)):][:1]
	}
	if t.height == 0 && t.host.Genesis(t.address, t.set, t.now) != Yes {
		ready = nil
	}
	if t.lingering(len(ready)) {
		return nil
	}
	if len(ready) > 0 {
		header.Time = t.blockTime(ready...)
		if h := t.block(header, ready); h != nil {
			return h
		}
		var fit []*Request // some don't apply beside the others: take them one by one
		var best *held
		for _, r := range ready {
			if h := t.block(header, append(fit, r)); h != nil {
				fit, best = append(fit, r), h
			}
		}
		if best != nil {
			return best
		}
	}
	if a.round == 0 {
		return nil
	}
	header.Time = t.blockTime()
	return t.block(header, nil)
}

// block completes the header over bodies, nil if they don't apply.
func (t *turn) block(header Header, bodies []*Request) *held {
	bodies = slices.Clone(bodies)
	header.Mutations = make([]Ref, len(bodies))
	for i, r := range bodies {
		header.Mutations[i] = r.Ref
	}
	o, err := t.execute(&header, bodies)
	if err != nil {
		return nil
	}
	header.Set = t.digestOf(o.next.Set)
	header.State = o.next.digest(header.Set)
	return &held{header: &header, digest: header.Digest(t.cfg.Network, t.address), bodies: bodies, arrived: t.now,
		judged: true, sound: true, outcome: o}
}
