package agreement

import (
	"slices"

	"vaultnet"
)

// Nobody agreed upon the first set of an address before its first block: the requests bring it with its proof (design
// §6, genesis). While views of the neighbourhood move there may be several proven ones, and members meet them in any
// order. A member takes part in one at a time, keeps what it voted in each, and goes over to another as long as it is
// locked in none.
//
// Why that is safe. Within one set nothing is different from a set that never was left: the votes cast in it are kept,
// durable, and go on where they stopped, so that no two contradict each other for one (height, round, type, set); locks
// are never left. Between two sets: a certificate takes q precommits for a block, each by a member that is locked in its
// set from then on and precommits a block in no other. So no honest member is in the certificates of two sets, and with
// b ≤ f liars in both these have at least 2q − b members together: more than there are in two sets that differ in fewer
// than 2q − n − f members (n = 8: in one). Prevotes need not bind: a block is decided by those who are locked on it.
//
// Why it has to be. Were any vote to bind a member to its first set, so would a timeout; where more than n − q members
// are bound to other sets than the one that is proposed, none has a quorum, for ever.

// parted is what a member voted in a first set that it left, for it may come back: as after a restart.
type parted struct {
	from               *SetProof
	set                vaultnet.Digest
	round              uint32
	prevote, precommit *Vote // of the round
	proof              []*Vote
	voted              *held    // block it last voted for there
	tallies            []*tally // as it left them; not durable
}

// maxParted bounds the first sets of one address in which a member voted and that it left. Beyond it, it goes back to
// one of them or stays where it is.
const maxParted = 8

// patienceAbroad is how long a member listens in a first set before it goes back to one that it owes a decision, or
// follows whoever calls: all that are awake there have repaired once.
const patienceAbroad = RepairCap + RoundTimeoutCap

// adopt takes the first set of a free address from its proof, or fresher views of the same set. The certificates that
// came with the proof speak for it if they are a quorum of that set.
func (t *turn) adopt(proof *SetProof, shown ...*Certificate) {
	if proof == nil || proof == t.proof {
		return
	}
	set, ok := proof.Set(t.address, t.limit())
	if !ok {
		return
	}
	if t.set != nil && slices.Equal(t.set.Members, set.Members) {
		if t.proof != nil && t.attempt == nil {
			t.proof = proof
		}
		return
	}
	if t.set == nil || t.leaves(proof, set, shown) {
		t.enterSet(proof, set)
	}
}

// enterSet makes a first set the one that this member takes part in.
func (t *turn) enterSet(proof *SetProof, set *Set) bool {
	machine, err := t.host.Machine(t.address, nil)
	if err != nil {
		return false
	}
	t.flush()
	t.part(set.Digest())
	t.backAt = t.now.Add(patienceAbroad)
	t.proof, t.pool = proof, nil
	t.stray = nil
	t.state = &State{Machine: machine, Set: set, Time: -1}
	t.setSet(set)
	if a := t.attempt; a != nil {
		t.resume(a)
	}
	return true
}

// owing is the last of the first sets left in which this member voted for a block: that has to be decided, there or
// elsewhere. −1 if there is none.
func (o *Object) owing() int {
	for i := len(o.parted) - 1; i >= 0; i-- {
		if o.parted[i].voted != nil {
			return i
		}
	}
	return -1
}

// goBack returns to a first set in which the member voted for a block, when nothing is to be decided where it is.
func (t *turn) goBack() bool {
	i := t.owing()
	if i < 0 || t.fetch != nil || t.now < t.backAt {
		return false
	}
	p := t.parted[i]
	set, ok := p.from.Set(t.address, t.limit())
	return ok && t.enterSet(p.from, set)
}

// leaves reports whether the member goes over from its present first set to another.
//
// It never leaves a lock. A polka draws it to where somebody may be locked. With nothing to decide where it is it goes
// with whoever has. Else the set that its own view names holds or draws it, for there others' views lead them, too; else,
// when its view names neither, the newer one. So members that went apart come together once views rest: in the set with
// a polka, in the one that all views name, or in the newest of those that somebody keeps awake.
func (t *turn) leaves(proof *SetProof, set *Set, shown []*Certificate) bool {
	a := t.attempt
	if a != nil && a.bound() {
		return false
	}
	digest := set.Digest()
	known := slices.ContainsFunc(t.parted, func(p parted) bool { return p.set == digest })
	if !known && len(t.parted) >= maxParted {
		return false
	}
	for _, c := range shown {
		if c.Proves(Precommit, set, digest) {
			return true
		}
	}
	halfOpen := a != nil && a.voted != nil
	if halfOpen && set.Index(t.cfg.Self) < 0 {
		return false // there it could do nothing to have the height decided
	}
	for _, c := range shown {
		if c.Proves(Prevote, set, digest) {
			return true
		}
	}
	if t.now >= t.backAt && len(t.pool) == 0 && (a == nil || !a.halfOpen()) {
		return true // nothing keeps it; who speaks of the other set may need it
	}
	mine, theirs := t.host.Genesis(t.address, t.set, t.now), t.host.Genesis(t.address, set, t.now)
	if mine != theirs {
		return theirs == Yes || theirs == NotYet && mine == No
	}
	was, is := t.proof.given(t.set), proof.given(set)
	return is > was || is == was && !halfOpen
}

// part puts away what the member voted in its present first set, and takes out what it voted in the one with the given
// digest. For which requests it voted holds for the address, whatever the set.
func (t *turn) part(next vaultnet.Digest) {
	b := newAttempt()
	kept := make([]parted, 0, len(t.parted)+1)
	back := false
	for _, p := range t.parted {
		if p.set != next {
			kept = append(kept, p)
			continue
		}
		back = true
		b.round, b.prevote, b.precommit, b.proof = p.round, p.prevote, p.precommit, p.proof
		b.tallies = p.tallies
		if b.voted = p.voted; p.voted != nil {
			b.proposals = append(b.proposals, p.voted)
		}
	}
	if a := t.attempt; a != nil {
		b.promised = a.promised
		if a.castAny() {
			kept = append(kept, parted{t.proof, t.setDigest, a.round, a.prevote, a.precommit, a.proof, a.voted, a.tallies})
		}
	}
	if len(kept) > 0 || len(t.parted) > 0 {
		t.unsaved.vote, t.out.Record = true, true
	}
	t.parted, t.attempt = kept, nil
	if back || len(b.promised) > 0 {
		t.attempt = b
	}
}

// holds reports whether a block with the digest is one that the member voted for in a first set that it left.
func (o *Object) holds(block vaultnet.Digest) bool {
	return slices.ContainsFunc(o.parted, func(p parted) bool { return p.voted != nil && p.voted.digest == block })
}

// resume makes a member go on in the round and with the votes that were kept: after a restart, or back in a first set.
func (t *turn) resume(a *attempt) {
	switch {
	case a.precommit != nil:
		a.phase = precommitted
	case a.prevote != nil:
		a.phase = prevoted
	}
	y := a.tally(a.round)
	for _, v := range []*Vote{a.prevote, a.precommit} {
		if v != nil && t.me >= 0 {
			y.add(t.me, v)
		}
	}
	for _, v := range a.proof {
		if i := t.set.Index(v.By.Signer); i >= 0 && i != t.me && t.ours(&v.Ballot) {
			if y := a.tally(v.Ballot.Round); y != nil {
				y.add(i, v)
			}
		}
	}
}

// given is when a proof's views were given: by the clock of an honest member, or earlier.
func (s *SetProof) given(set *Set) vaultnet.Time {
	if s == nil {
		return 0
	}
	times := make([]vaultnet.Time, 0, maxMembers)
	for i := range s.Views {
		times = append(times, s.Views[i].Time)
	}
	slices.Sort(times)
	return times[len(times)-set.Weak()]
}

// castAny reports whether the member has done anything in its present set that binds it there.
func (a *attempt) castAny() bool {
	return a.voted != nil || a.prevote != nil || a.precommit != nil || a.round > 0
}

// votedAtAll reports whether there is anything at this height, in this set, that the member must not forget.
func (a *attempt) votedAtAll() bool {
	return a.castAny() || a.valid != nil || len(a.promised) > 0
}

// Voted reports whether this member has cast a vote at Height+1, which it must not forget.
func (o *Object) Voted() bool {
	return o.attempt != nil && o.attempt.votedAtAll() || len(o.parted) > 0
}
