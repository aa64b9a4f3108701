package agreement

import (
	"slices"
	"time"

	"vaultnet"
	"vaultnet/refusal"
)

// held is a block that was proposed for the height being decided, with every round it was proposed in.
type held struct {
	header  *Header
	digest  vaultnet.Digest
	offers  []*Proposal // ≤ maxOffers, in the order they came; each round once
	arrived vaultnet.Time
	active  time.Duration // how long the member had been active when it arrived

	bodies  []*Request // in the header's order, nil where missing
	missing int

	judged, sound bool // the objective checks were made, and passed
	outcome
}

// outcome is what a block leads to.
type outcome struct {
	next    *State
	applied []AppliedRequest // what the ledger notes of the bodies, in their order
	dropped []kept           // what the ledger forgets with the block
}

const (
	maxOffers    = 8
	maxProposals = 24 // blocks held at one height
)

// newHeld is a block of which no body is there yet, with room for what most have.
func newHeld(header *Header, digest vaultnet.Digest, now vaultnet.Time) *held {
	own := &struct {
		held
		offers [1]*Proposal
		bodies [1]*Request
	}{held: held{header: header, digest: digest, arrived: now, missing: len(header.Mutations)}}
	h := &own.held
	h.offers = own.offers[:0]
	h.bodies = slices.Grow(own.bodies[:0], h.missing)[:h.missing]
	return h
}

// fresh reports whether the block was first proposed without a polka.
func (h *held) fresh() bool { return len(h.offers) > 0 && h.offers[0].PolkaRound < 0 }

// offer is the proposal of a round, nil if the block was not proposed in it.
func (h *held) offer(round uint32) *Proposal {
	for _, p := range h.offers {
		if p.Round == round {
			return p
		}
	}
	return nil
}

// offered adds a proposal of the block. Of more than [maxOffers] the first is kept, which says whether the block was ever
// fresh, and those of the rounds nearest to the present one: a block may be proposed again in every round, and liars may
// propose it in rounds that are far.
func (h *held) offered(p *Proposal, round uint32) {
	if h.offer(p.Round) != nil {
		return
	}
	h.offers = append(h.offers, p)
	if len(h.offers) <= maxOffers {
		return
	}
	far, distance := 0, int64(-1)
	for i, o := range h.offers[1:] {
		d := int64(o.Round) - int64(round)
		if d = max(d, -d); d > distance {
			far, distance = i+1, d
		}
	}
	h.offers = slices.Delete(h.offers, far, far+1)
}

// find returns the held block with a digest.
func (a *attempt) find(digest vaultnet.Digest) *held {
	for _, h := range a.proposals {
		if h.digest == digest {
			return h
		}
	}
	return nil
}

// proposal takes in a proposal that another member made, by way of from.
func (t *turn) proposal(from vaultnet.PublicKey, p *Proposal) {
	if t.set == nil || t.me < 0 || !t.formed(p) {
		return
	}
	a := t.attempt
	if a == nil || !a.awake {
		if len(p.Header.Mutations) == 0 {
			return // empty proposals and set blocks wake nobody
		}
		if a == nil {
			a = t.cfg.newAttempt()
			t.attempt = a
		}
	}
	digest := p.Header.Digest(t.cfg.Network, t.address)
	h := a.find(digest)
	if h == nil {
		if !t.roomFor(p, digest) {
			return
		}
		h = newHeld(&p.Header, digest, t.now)
		if a.awake {
			h.active = t.now.Sub(a.since)
			t.news()
		}
		a.proposals = append(a.proposals, h)
		t.supply(h)
		if h.missing > 0 {
			t.send(from, &Bundle{Need: h.need()})
			a.forgetAt = t.now.Add(RoundTimeoutCap)
		}
	}
	h.offered(p, a.round)
	if p.Polka != nil {
		t.polka(p.Polka)
	}
	t.judge(h)
}

// formed makes the checks of a proposal that need no bodies. A re-proposal without its proof counts as nothing.
func (t *turn) formed(p *Proposal) bool {
	h := &p.Header
	if h.Height != t.height+1 || h.Incarnation != t.incarnation() || h.Previous != t.digest ||
		p.By.Signer != t.proposer(p.Round) || len(h.Mutations) > vaultnet.MaxInFlight ||
		h.SetBlock() && (len(h.Mutations) > 0 || t.height == 0) || p.Round == 0 && h.Empty() {
		return false
	}
	for i := range h.Mutations {
		if slices.Contains(h.Mutations[:i], h.Mutations[i]) {
			return false
		}
	}
	if p.PolkaRound < 0 {
		return p.PolkaRound == -1 && p.Polka == nil
	}
	c := p.Polka
	return p.PolkaRound < int64(p.Round) && c.Proves(Prevote, t.set, t.setDigest) && int64(c.Ballot.Round) == p.PolkaRound &&
		t.ours(&c.Ballot) && c.Ballot.Block == h.Digest(t.cfg.Network, t.address)
}

// ours reports whether a ballot belongs to the height being decided here.
func (t *turn) ours(b *Ballot) bool {
	return b.Height == t.height+1 && b.Incarnation == t.incarnation() && b.Set == t.setDigest && b.Previous == t.digest
}

// roomFor bounds what is held: two blocks a round, more only when some honest member voted for it.
func (t *turn) roomFor(p *Proposal, digest vaultnet.Digest) bool {
	a := t.attempt
	same := 0
	for _, h := range a.proposals {
		if h.offer(p.Round) != nil {
			same++
		}
	}
	if same >= 2 && !a.named(digest, t.set.Weak()) {
		return false
	}
	if p.Round > a.round { // of each member, the block of its highest future round
		for i, h := range a.proposals {
			if len(h.offers) != 1 || h.offers[0].Round <= a.round || h.offers[0].By.Signer != p.By.Signer || a.essential(h) {
				continue
			}
			if h.offers[0].Round > p.Round {
				return false
			}
			a.proposals = slices.Delete(a.proposals, i, i+1)
			break
		}
	}
	limit := maxProposals
	if !a.awake {
		limit = 4
	}
	if len(a.proposals) < limit {
		return true
	}
	t.trimProposals()
	return len(a.proposals) < limit
}

// named reports whether a certificate or w votes of a kept round name the block.
func (a *attempt) named(digest vaultnet.Digest, weak int) bool {
	if a.commit != nil && a.commit.Ballot.Block == digest {
		return true
	}
	for _, c := range a.polkas {
		if c.Ballot.Block == digest {
			return true
		}
	}
	for _, y := range a.tallies {
		if y.count(Prevote, digest) >= weak || y.count(Precommit, digest) >= weak {
			return true
		}
	}
	return false
}

// essential: the member voted for the block, is locked on it, or knows a polka or certificate for it.
func (a *attempt) essential(h *held) bool {
	return h == a.voted || a.lock != nil && a.lock.held == h || a.valid != nil && a.valid.held == h ||
		a.commit != nil && a.commit.Ballot.Block == h.digest
}

// trimProposals drops blocks of rounds long past.
func (t *turn) trimProposals() {
	a := t.attempt
	a.proposals = slices.DeleteFunc(a.proposals, func(h *held) bool {
		last := uint32(0)
		for _, p := range h.offers {
			last = max(last, p.Round)
		}
		return last+roundsKept < a.round && !a.essential(h)
	})
	if !a.awake {
		a.proposals = slices.DeleteFunc(a.proposals, func(h *held) bool { return !h.sound && !a.essential(h) })
	}
}

// supply fills in bodies the member has.
func (t *turn) supply(h *held) {
	for i, ref := range h.header.Mutations {
		if h.bodies[i] == nil {
			if r := t.body(ref); r != nil {
				h.bodies[i] = r
				h.missing--
			}
		}
	}
}

// body finds a request by its full bytes among all that the member holds.
func (t *turn) body(ref Ref) *Request {
	for _, r := range t.pool {
		if r.Ref == ref {
			return r
		}
	}
	if t.attempt != nil {
		for _, h := range t.attempt.proposals {
			for _, r := range h.bodies {
				if r != nil && r.Ref == ref {
					return r
				}
			}
		}
	}
	if t.last != nil {
		for _, r := range t.last.Bodies {
			if r.Ref == ref {
				return r
			}
		}
	}
	return nil
}

func (h *held) need() []Ref {
	var refs []Ref
	for i, r := range h.bodies {
		if r == nil {
			refs = append(refs, h.header.Mutations[i])
		}
	}
	return refs
}

// fill gives a body to the blocks that lack it.
func (t *turn) fill(r *Request) (used bool) {
	if t.attempt == nil {
		return false
	}
	for _, h := range t.attempt.proposals {
		for i, ref := range h.header.Mutations {
			if ref == r.Ref {
				used = true
				if h.bodies[i] == nil {
					h.bodies[i] = r
					h.missing--
				}
			}
		}
		t.judge(h)
	}
	return used
}

// judge makes the objective checks, once all bodies are there: the same at every member.
func (t *turn) judge(h *held) bool {
	if h.judged || h.missing > 0 {
		return h.sound
	}
	h.judged = true
	o, err := t.execute(h.header, h.bodies)
	if err != nil {
		return false
	}
	if set := t.digestOf(o.next.Set); set == h.header.Set && o.next.digest(set) == h.header.State {
		h.sound, h.outcome = true, o
	}
	return h.sound
}

// digestOf is a set's digest; most often it is this height's.
func (t *turn) digestOf(s *Set) vaultnet.Digest {
	if s == t.set {
		return t.setDigest
	}
	return s.Digest()
}

// execute applies a block's requests to the agreed state. It reads of the header what a proposer chose: time and
// change of set.
func (t *turn) execute(header *Header, bodies []*Request) (o outcome, err error) {
	s := t.state
	if header.Time <= s.Time || header.Time < 0 {
		return o, refusal.Invalid("time %d is not after %d", header.Time, s.Time)
	}
	if header.Height == 1 && len(bodies) > 0 && !t.viewed(bodies, header.Time) {
		return o, refusal.Invalid("no request brings a proof of this set with views near the block's time")
	}
	for i, r := range bodies {
		if err := t.mayApply(s, r, header.Time); err != nil {
			return o, err
		}
		for _, q := range bodies[:i] {
			if q.ID == r.ID {
				return o, refusal.Invalid("twice in one block")
			}
		}
	}
	machine, results, err := s.Machine.Apply(bodies, header.Time)
	if err != nil {
		return o, err
	}
	ledger := s.Ledger.Prune(header.Time, func(deadline vaultnet.Time, id vaultnet.Digest, a *AppliedRequest) {
		o.dropped = append(o.dropped, kept{deadline, id, a})
	})
	if len(bodies) > 0 {
		o.applied = make([]AppliedRequest, len(bodies))
	}
	for i, r := range bodies {
		o.applied[i] = AppliedRequest{Requester: r.Requester, Height: header.Height, Result: results[i]}
		ledger = ledger.Put(r.Deadline, r.ID, &o.applied[i])
	}
	set := s.Set
	if header.SetBlock() {
		next, ok := set.Next(t.address, header.Add, header.Drop, t.limit())
		if !ok {
			return o, refusal.Invalid("this change of the set is not allowed")
		}
		set = next
	}
	o.next = &State{Machine: machine, Ledger: ledger, Set: set, Time: header.Time}
	return o, nil
}

// viewed reports whether a request of a first block brings views of the set that decides it, given near the block's time.
// Views that this member has seen elsewhere do not matter, or members would not judge alike.
func (t *turn) viewed(bodies []*Request, at vaultnet.Time) bool {
	for _, r := range bodies {
		if set, ok := t.firstSet(r.Proof); ok && t.digestOf(set) == t.setDigest && r.Proof.Near(at) {
			return true
		}
	}
	return false
}

// mayApply is what agreement itself asks of a request in a block at a given time.
func (t *turn) mayApply(s *State, r *Request, at vaultnet.Time) error {
	switch {
	case r.Address != t.address:
		return refusal.Invalid("a request for another address")
	case r.Deadline < at:
		return refusal.New(refusal.DeadlinePassed)
	case r.Set != s.Set.Number:
		return refusal.Invalid("made for set %d, this is set %d", r.Set, s.Set.Number)
	case t.applies(r):
		return refusal.Invalid("applied already")
	case s.Ledger.Len() >= ledgerRoom(s.Machine, r):
		return refusal.New(refusal.TooManyMutations)
	}
	return nil
}

// repeated reports whether the ledger has the request.
func repeated(l Ledger, r *Request) bool {
	_, ok := l.Get(r.Deadline, r.ID)
	return ok
}

// ledgerRoom is how many applied requests there may be before r.
func ledgerRoom(m Machine, r *Request) int {
	if k, ok := m.(Reserver); ok && !k.Reserved(r) {
		return vaultnet.MaxApplied - vaultnet.OwnerReserve
	}
	return vaultnet.MaxApplied
}

// verdict makes the subjective checks of a fresh proposal (design §4.7, §4.8).
func (t *turn) verdict(h *held) Verdict {
	skew := t.cfg.Parameters.Skew
	at := h.header.Time
	if at < h.arrived.Add(-skew-min(StretchCap, h.active/2)) {
		return No
	}
	verdict := Yes
	if at > t.now.Add(skew) {
		verdict = NotYet
		t.attempt.earlyAt = at.Add(-skew)
	}
	if t.height == 0 && t.attempt.voted == nil {
		g := t.host.Genesis(t.address, t.set, t.now)
		if g == NotYet && h.header.Empty() {
			g = Yes // views have moved since some members voted here: the height must be closed all the same
		}
		verdict = min2(verdict, g)
	}
	if h.header.SetBlock() {
		verdict = min2(verdict, t.host.Change(t.Object, h.header.Add, h.header.Drop, t.now))
	}
	for _, r := range h.bodies {
		if r.Deadline.Add(skew) < t.now || t.isWithdrawn(r.ID) {
			return No
		}
		verdict = min2(verdict, t.host.Fresh(r, t.now))
	}
	if verdict == NotYet && t.attempt.earlyAt <= t.now || verdict == NotYet && t.attempt.earlyAt == vaultnet.Never {
		t.attempt.earlyAt = t.now.Add(RoundTimeout / 5)
	}
	return verdict
}

// min2 combines two verdicts: No over NotYet over Yes.
func min2(a, b Verdict) Verdict {
	switch {
	case a == No || b == No:
		return No
	case a == NotYet || b == NotYet:
		return NotYet
	}
	return Yes
}

// polka takes in a polka certificate that somebody showed.
func (t *turn) polka(c *Certificate) {
	if t.me < 0 || !t.ours(&c.Ballot) || !c.Proves(Prevote, t.set, t.setDigest) {
		return
	}
	if t.attempt == nil {
		t.attempt = newAttempt()
	}
	a := t.attempt
	if !a.awake || c.Ballot.Round > a.round { // its signers are there: a member in an earlier round belongs there, too
		for _, by := range c.By {
			if i := t.set.Index(by.Signer); i != t.me {
				t.count(i, &Vote{Ballot: c.Ballot, By: by})
			}
		}
	}
	if a.valid != nil && a.valid.round >= c.Ballot.Round {
		return
	}
	for i, k := range a.polkas {
		if k.Ballot.Block == c.Ballot.Block {
			if k.Ballot.Round < c.Ballot.Round {
				a.polkas[i] = c
			}
			return
		}
	}
	if len(a.polkas) >= maxOffers { // only as many as there were rounds with a polka; the oldest go
		a.polkas = slices.Delete(a.polkas, 0, 1)
	}
	a.polkas = append(a.polkas, c)
	t.news()
}
