package agreement

import (
	"bytes"
	"slices"

	"vaultnet"
)

// Nobody agreed upon the first set of an address before its first block: the requests bring it with its proof (design
// §6, genesis). While views of the neighbourhood move there may be several proven ones, and members meet them in any
// order. A member takes part in one at a time, keeps what it voted in each, and goes over to another: freely as long as it
// knows of no polka where it is, and else only to a polka, or a certificate, in a later [place]. The rounds of all first
// sets together are so what the rounds of one set are: one order, in which polkas only lead on.
//
// Why that is safe. Within one set nothing is different from a set that never was left: votes and lock are kept, durable,
// and go on where they stopped, so that no two contradict each other for one (height, round, type, set). Between sets the
// argument is that of one set (arXiv 1807.04938, lemma 4), over places: a member locks only in a place that is not before
// any in which it may have voted for a block in another set ([turn.mayLock]), and once locked votes for another block only
// if a polka in a later place allows it ([turn.bond]). So if a block is decided in one place, no polka for another comes
// about in a later one: of the two quorums at least 2q − |both sets together| members are in both, which exceeds the f
// liars where the sets differ in fewer than 2q − n − f members (n = 8: in one); an honest one of those locked there
// before it could have voted later, and would have needed such a polka. And not in an earlier one: whoever voted for the
// block in its place locks in no earlier place.
//
// Why it has to be. Were any vote to bind a member to its first set, so would a timeout; where more than n − q members
// are bound to other sets than the one that is proposed, none has a quorum, for ever. Nor may a lock bind for good: of
// eight members that both sets share, or nearly, four may come to be locked in the one and four in the other.

// place is a round of a first set in the order of all rounds of all first sets of an address: by round, then by set.
type place struct {
	round uint32
	set   vaultnet.Digest
}

func (p place) before(q place) bool {
	return p.round < q.round || p.round == q.round && bytes.Compare(p.set[:], q.set[:]) < 0
}

// parted is what a member voted in a first set that it left, for it may come back: as after a restart.
type parted struct {
	from               *SetProof
	set                vaultnet.Digest
	round              uint32
	prevote, precommit *Vote // of the round
	proof              []*Vote
	bound              bool     // it voted for a block there, in that round or before
	voted              *held    // block it last voted for there; nil also where another first set has decided
	lock               *polka   // its held is nil where voted is
	tallies            []*tally // as it left them; not durable
}

// over reports whether another first set has decided since: what was voted on there is forgotten, and the member keeps
// silent there.
func (p *parted) over() bool { return p.bound && p.voted == nil }

// maxParted bounds the first sets of one address in which a member voted and that it left. Beyond it, it goes back to
// one of them or stays where it is.
const maxParted = 8

// patienceAbroad is how long a member listens in a first set before it goes back to one that it owes a decision, or
// follows whoever calls: all that are awake there have repaired once.
const patienceAbroad = RepairCap + RoundTimeoutCap

// firstSet is [SetProof.Set], for which the present set, most often the same, is not looked at again.
func (t *turn) firstSet(proof *SetProof) (*Set, bool) {
	if s := t.set; s != nil && proof != nil && s.Number == 1 && len(s.Members) <= t.limit() && slices.Equal(s.Members, proof.Members) {
		return s, proof.proves(s)
	}
	return proof.Set(t.address, t.limit())
}

// adopt takes the first set of a free address from its proof, or fresher views of the same set. The certificates that
// came with the proof speak for it if they are a quorum of that set.
func (t *turn) adopt(proof *SetProof, shown ...*Certificate) {
	if proof == nil || proof == t.proof {
		return
	}
	set, ok := t.firstSet(proof)
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
	digest := set.Digest()
	if err != nil || slices.ContainsFunc(t.parted, func(p parted) bool { return p.set == digest && p.over() }) {
		return false
	}
	t.flush()
	t.part(digest)
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
// A polka draws it to where somebody may be locked; where it knows of one already, only one in a later place. With nothing
// to decide where it is it goes with whoever has. Else the set that its own view names holds or draws it, for there others'
// views lead them, too; else, when its view names neither, the newer one. So members that went apart come together once
// views rest: in the set with a polka, of two in that of the later place, in the one that all views name, or in the newest
// of those that somebody keeps awake.
func (t *turn) leaves(proof *SetProof, set *Set, shown []*Certificate) bool {
	a := t.attempt
	digest := set.Digest()
	known := slices.ContainsFunc(t.parted, func(p parted) bool { return p.set == digest })
	if !known && len(t.parted) >= maxParted {
		return false
	}
	if a != nil && a.bound() {
		return a.commit == nil && t.outranked(set, digest, shown)
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

// outranked reports whether one of the certificates of another first set lies in a later place than every polka of its own
// that the member knows, and every lock. A polka is of use to members of that set only.
func (t *turn) outranked(set *Set, digest vaultnet.Digest, shown []*Certificate) bool {
	a := t.attempt
	last, _, _ := t.bond()
	know := func(round uint32) {
		if p := (place{round, t.setDigest}); last.before(p) {
			last = p
		}
	}
	if a.valid != nil {
		know(a.valid.round)
	}
	for _, c := range a.polkas {
		know(c.Ballot.Round)
	}
	return slices.ContainsFunc(shown, func(c *Certificate) bool {
		return c != nil && last.before(place{c.Ballot.Round, digest}) &&
			(c.Proves(Precommit, set, digest) || set.Index(t.cfg.Self) >= 0 && c.Proves(Prevote, set, digest))
	})
}

// bond is the last of the member's locks, here and in the first sets that it left: where it was taken, and on which block.
func (t *turn) bond() (at place, block vaultnet.Digest, locked bool) {
	if l := t.attempt.lock; l != nil {
		at, block, locked = place{l.round, t.setDigest}, l.held.digest, true
	}
	for i := range t.parted {
		p := &t.parted[i]
		if l := p.lock; l != nil && (!locked || at.before(place{l.round, p.set})) {
			at, block, locked = place{l.round, p.set}, l.cert.Ballot.Block, true
		}
	}
	return at, block, locked
}

// mayLock reports whether the member may lock in its present round: it voted for a block in no later place.
func (t *turn) mayLock() bool {
	here := place{t.attempt.round, t.setDigest}
	return !slices.ContainsFunc(t.parted, func(p parted) bool { return p.bound && here.before(place{p.round, p.set}) })
}

// part puts away what the member voted in its present first set, and takes out what it voted in the one with the given
// digest. For which requests it voted holds for the address, whatever the set.
func (t *turn) part(next vaultnet.Digest) {
	if t.attempt == nil && len(t.parted) == 0 {
		if t.savedVote {
			t.unsaved.vote, t.out.Record = true, true
		}
		return
	}
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
		if b.lock, b.valid = p.lock, p.lock; p.lock != nil && p.lock.held != p.voted {
			b.proposals = append(b.proposals, p.lock.held)
		}
	}
	if a := t.attempt; a != nil {
		b.promised = a.promised
		if a.castAny() {
			kept = append(kept, t.leaving(a))
		}
	}
	if len(kept) > 0 || t.savedVote {
		t.unsaved.vote, t.out.Record = true, true
	}
	t.parted, t.attempt = kept, nil
	if back || len(b.promised) > 0 {
		t.attempt = b
	}
}

// leaving is what the member has voted in the first set that it leaves.
func (o *Object) leaving(a *attempt) parted {
	return parted{from: o.proof, set: o.setDigest, round: a.round, prevote: a.prevote, precommit: a.precommit, proof: a.proof,
		bound: a.voted != nil, voted: a.voted, lock: a.lock, tallies: a.tallies}
}

// holds reports whether a block with the digest is one that the member voted for, or is locked on, in a first set that it
// left.
func (o *Object) holds(block vaultnet.Digest) bool {
	return slices.ContainsFunc(o.parted, func(p parted) bool {
		return p.voted != nil && p.voted.digest == block || p.lock != nil && p.lock.held != nil && p.lock.held.digest == block
	})
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
