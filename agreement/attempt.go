package agreement

import (
	"slices"
	"time"

	"vaultnet"
	"vaultnet/internal/merkle"
)

// phase is how far a member has come in its round.
type phase uint8

const (
	proposing    phase = 0 // waits for a proposal
	prevoted     phase = 1
	precommitted phase = 2
)

// attempt is a member's side of deciding one height: the variables of arXiv 1807.04938 algorithm 1, and what this
// protocol adds. It survives sleep: a member that goes idle keeps what it voted.
type attempt struct {
	awake    bool
	since    vaultnet.Time // active since
	round    uint32
	phase    phase
	cause    uint32 // round in which it last had a reason of others' to be awake; see drowsy
	summoned bool   // woken by others' votes or wishes, not by something of its own

	tallies   []*tally           // of rounds round−roundsKept … round, by round
	blank     *tally             // of the first round that is counted; nil: it is in use
	future    *[maxMembers]later // of each member, its votes of the highest round above round; nil: none came
	proposals []*held
	lock      *polka            // lockedRound, lockedValue
	valid     *polka            // validRound, validValue
	polkas    []*Certificate    // polka certificates whose block this member lacks, newest of each block
	commit    *Certificate      // a certificate whose block this member lacks
	voted     *held             // block it last voted for
	called    []*Wish           // for the set block that it voted for, when it did
	promised  []vaultnet.Digest // requests in blocks it voted for at this height
	failed    []Ref             // requests seen in fresh proposals that failed at this height
	noChange  bool              // a fresh set block failed at this height

	prevote, precommit *Vote   // its own of the round
	proof              []*Vote // of the round: how it came to be entered

	proposeAt, prevoteAt, precommitAt vaultnet.Time // timeouts running; Never
	earlyAt                           vaultnet.Time // when to judge a proposal again; Never
	standbyAt                         vaultnet.Time // until when it stands by; Never: it does not
	forgetAt                          vaultnet.Time // asleep: when proposals that stayed incomplete are dropped
	repairAt                          vaultnet.Time
	repairGap                         time.Duration
	unrepaired                        vaultnet.Time     // first news since the last repair; 0: none
	relayed                           []vaultnet.Digest // requests relayed to the others

	voters, standbys uint16 // see [turn.standbys]
	standbysKnown    bool
	stoodBy          bool   // it does so once
	late             bool   // it voted when it had stood by for as long as it does
	spared           uint16 // who was not sent its prevote, by rank

	room *attemptRoom // that it is in
}

// polka is a block with the proof that a quorum prevoted for it.
type polka struct {
	round uint32
	held  *held
	cert  *Certificate
}

// later is a member's votes of a round that has not been entered.
type later struct {
	round uint32
	votes [2]*Vote
}

// tally is the votes of one round, by member: each counts once for each type, the first it cast.
type tally struct {
	round uint32
	cast  [2]uint8 // how many votes there are of each type
	lead  [2]lead
	votes [2][maxMembers]*Vote
}

// later is the votes of rounds that have not been entered, by member.
func (a *attempt) later() []later {
	if a.future == nil {
		return nil
	}
	return a.future[:]
}

// lead is what most members voted for, of votes of one type: a vote for it, and how many there are.
type lead struct {
	vote *Vote // nil: none is cast
	n    uint8
}

// add counts a vote of member i. It reports false if the member has voted already.
func (y *tally) add(i int, v *Vote) bool {
	kind := v.Ballot.Type - 1
	slot := &y.votes[kind][i]
	if *slot != nil {
		return false
	}
	*slot = v
	y.cast[kind]++
	switch l := &y.lead[kind]; {
	case l.vote == nil:
		*l = lead{v, 1}
	case l.vote.Ballot.Block == v.Ballot.Block:
		l.n++
	default:
		if n := y.scan(v.Ballot.Type, &v.Ballot.Block); n > int(l.n) {
			*l = lead{v, uint8(n)}
		}
	}
	return true
}

// total is how many members cast a vote of type t, for whatever.
func (y *tally) total(t VoteType) int { return int(y.cast[t-1]) }

// count is how many members voted for block.
func (y *tally) count(t VoteType, block vaultnet.Digest) int {
	switch l := &y.lead[t-1]; {
	case l.vote != nil && l.vote.Ballot.Block == block:
		return int(l.n)
	case l.n == y.cast[t-1]:
		return 0
	}
	return y.scan(t, &block)
}

func (y *tally) scan(t VoteType, block *vaultnet.Digest) int {
	n := 0
	for _, v := range y.votes[t-1] {
		if v != nil && v.Ballot.Block == *block {
			n++
		}
	}
	return n
}

// voices is how many senders two votes of one member stand for.
func voices(prevote, precommit *Vote) int {
	if prevote != nil || precommit != nil {
		return 1
	}
	return 0
}

// majority is the block (not nil) that q members voted for. Of two values not both can have a quorum.
func (y *tally) majority(t VoteType, q int) (vaultnet.Digest, bool) {
	l := &y.lead[t-1]
	if int(l.n) < q || l.vote.Ballot.Block.IsZero() {
		return vaultnet.Digest{}, false
	}
	return l.vote.Ballot.Block, true
}

// certificate gathers the votes for block, in XOR rank order.
func (y *tally) certificate(t VoteType, block vaultnet.Digest) *Certificate {
	own := new(struct {
		Certificate
		by [maxMembers / 2]*merkle.Attestation
	})
	c := &own.Certificate
	c.By = own.by[:0]
	for _, v := range y.votes[t-1] {
		if v != nil && v.Ballot.Block == block {
			c.Ballot = v.Ballot
			c.By = append(c.By, v.By)
		}
	}
	return c
}

// attemptRoom is an attempt with what every one needs.
type attemptRoom struct {
	attempt
	tally     tally
	tallies   [1]*tally
	proposals [1]*held
	promised  [2]vaultnet.Digest
}

func newAttempt() *attempt { return new(attemptRoom).begin() }

// begin makes it an attempt at a height of which nothing is known. It is zero.
func (r *attemptRoom) begin() *attempt {
	a := &r.attempt
	a.room = r
	a.proposeAt, a.prevoteAt, a.precommitAt = vaultnet.Never, vaultnet.Never, vaultnet.Never
	a.earlyAt, a.standbyAt, a.repairAt = vaultnet.Never, vaultnet.Never, vaultnet.Never
	a.tallies, a.blank = r.tallies[:0], &r.tally
	a.proposals, a.promised = r.proposals[:0], r.promised[:0]
	return a
}

// maxAttempts is how many attempts that are over are kept for heights to come.
const maxAttempts = 8

// newAttempt is an attempt, in the room of one that is over where there is one.
func (c *Config) newAttempt() *attempt {
	p := c.pad()
	last := len(p.attempts) - 1
	if last < 0 {
		return newAttempt()
	}
	r := p.attempts[last]
	p.attempts = p.attempts[:last]
	return r.begin()
}

// over takes the room of an attempt back: its height is decided, and nobody refers to it any more.
func (c *Config) over(a *attempt) {
	if p := c.pad(); len(p.attempts) < maxAttempts {
		r := a.room
		*r = attemptRoom{}
		p.attempts = append(p.attempts, r)
	}
}

// tally returns the tally of a round, nil if that round's votes are not kept.
func (a *attempt) tally(round uint32) *tally {
	if round > a.round || round+roundsKept < a.round {
		return nil
	}
	i := 0
	for i < len(a.tallies) && a.tallies[i].round < round {
		i++
	}
	if i < len(a.tallies) && a.tallies[i].round == round {
		return a.tallies[i]
	}
	y := a.blank
	if a.blank = nil; y == nil {
		y = new(tally)
	}
	y.round = round
	a.tallies = slices.Insert(a.tallies, i, y)
	return y
}

// halfOpen: the member holds a proposal with a mutation that passes the objective checks, or has cast a vote for a
// block, at this height.
func (a *attempt) halfOpen() bool {
	if a.voted != nil {
		return true
	}
	for _, h := range a.proposals {
		if h.sound && len(h.header.Mutations) > 0 {
			return true
		}
	}
	return false
}

// drowsy reports whether nothing keeps the member awake: no request, not half-open, and no call by others that is less
// than a turn of all proposers ago.
func (a *attempt) drowsy(members int) bool {
	if a.halfOpen() {
		return false
	}
	return !a.summoned || a.round >= a.cause+uint32(members) || a.repairGap >= RepairCap
}

// news makes the next repair come soon again: when nothing has happened for a while, for as long as things happen nothing
// is lost; and at [RepairLatest] at the latest.
func (t *turn) news() {
	a := t.attempt
	if a.unrepaired == 0 {
		a.unrepaired = t.now
	}
	a.repairGap = t.repairFirst()
	a.repairAt = min(t.now.Add(a.repairGap), a.unrepaired.Add(RepairLatest))
}

// repairFirst is how long after the last news a repair is due: [RepairFirst] to [RepairLatest].
func (t *turn) repairFirst() time.Duration {
	return min(max(RepairFirst, 2*t.cfg.usual), RepairLatest)
}

// timeout is of each step of the member's round: at least as long as whole heights usually take.
func (t *turn) timeout() time.Duration { return max(roundTimeout(t.attempt.round+t.pace), t.cfg.usual) }

// roundTimeout is of each step of a round, where heights take no longer.
func roundTimeout(round uint32) time.Duration {
	return min(RoundTimeout+time.Duration(min(round, 1000))*RoundTimeoutStep, RoundTimeoutCap)
}

// wake makes the object active at height+1, in the round its record names.
func (t *turn) wake() {
	if t.set == nil || t.me < 0 {
		return
	}
	a := t.attempt
	if a == nil {
		a = t.cfg.newAttempt()
		t.attempt = a
	}
	if a.awake {
		return
	}
	a.awake, a.since, a.cause, a.summoned = true, t.now, a.round, false
	a.unrepaired = 0
	t.news()
	if a.phase == proposing {
		a.proposeAt = t.now.Add(t.patience())
	}
	if called := t.stray; called != nil {
		t.stray = nil
		for i, v := range called {
			if v != nil {
				t.count(i, v)
			}
		}
	}
}

// patience is how long the member waits for the proposal of its round: much less for a proposer it suspects, whatever
// the heights before have needed. It grows with the round all the same, for suspicion may be wrong.
func (t *turn) patience() time.Duration {
	if t.suspected() {
		return roundTimeout(t.attempt.round) / suspectShare
	}
	return t.timeout()
}

// suspected reports whether the member suspects the proposer of its round.
func (t *turn) suspected() bool { return t.host.Suspects(t.proposer(t.attempt.round)) }

// proposer of round r at height+1: the member at XOR rank (height + 1 + r) mod n.
func (t *turn) proposer(r uint32) vaultnet.PublicKey {
	n := uint64(len(t.set.Members))
	return t.set.Members[(uint64(t.height)+1+uint64(r))%n]
}

// sleep stops all timers; votes and locks are kept.
func (t *turn) sleep() {
	a := t.attempt
	a.awake, a.summoned = false, false
	a.proposeAt, a.prevoteAt, a.precommitAt, a.earlyAt, a.repairAt = vaultnet.Never, vaultnet.Never, vaultnet.Never, vaultnet.Never, vaultnet.Never
	a.standbyAt = vaultnet.Never
	if f := t.cfg.Observer.Sleep; f != nil {
		f(t.Object)
	}
	if !a.votedAtAll() && len(a.proposals) == 0 {
		t.attempt = nil
	}
}

// enter starts a round.
func (t *turn) enter(round uint32, proof []*Vote) {
	a := t.attempt
	for _, h := range a.proposals { // what a fresh proposal that failed contained is left out for the rest of the height
		if h.fresh() && h.offers[0].Round < round && (a.valid == nil || a.valid.held != h) {
			a.fail(h)
		}
	}
	a.round, a.phase = round, proposing
	a.prevote, a.precommit, a.proof = nil, nil, proof
	a.proposeAt, a.prevoteAt, a.precommitAt, a.earlyAt = t.now.Add(t.patience()), vaultnet.Never, vaultnet.Never, vaultnet.Never
	a.standbyAt = vaultnet.Never
	keep := a.tallies[:0]
	for _, y := range a.tallies {
		if y.round+roundsKept >= round {
			keep = append(keep, y)
		}
	}
	a.tallies = keep
	for i := range a.later() {
		f := &a.future[i]
		if f.round > round || f.votes == [2]*Vote{} {
			continue
		}
		if y := a.tally(f.round); y != nil {
			for _, v := range f.votes {
				if v != nil {
					y.add(i, v)
				}
			}
		}
		*f = later{}
	}
	t.trimProposals()
	t.news()
	t.unsaved.vote, t.out.Record = true, true
	if f := t.cfg.Observer.Round; f != nil {
		f(t.Object, round)
	}
	if a.valid != nil { // a lock hidden at one member cannot stop the rest
		t.bundle().Polka = t.show(a.valid)
	}
}

// show is the polka certificate a member tells the others of.
func (t *turn) show(p *polka) *Certificate { return p.cert }

// fail notes what a fresh proposal that failed contained.
func (a *attempt) fail(h *held) {
	if h.header.SetBlock() {
		a.noChange = true
	}
	for _, ref := range h.header.Mutations {
		if len(a.failed) < 64 && !a.hasFailed(ref) {
			a.failed = append(a.failed, ref)
		}
	}
}

func (a *attempt) hasFailed(ref Ref) bool {
	for _, f := range a.failed {
		if f == ref {
			return true
		}
	}
	return false
}

// vote casts a vote of the member's own: counted at once, signed with the turn, durable before it is sent.
func (t *turn) vote(kind VoteType, h *held) {
	a := t.attempt
	b := Ballot{Incarnation: t.incarnation(), Height: t.height + 1, Round: a.round, Type: kind, Set: t.setDigest, Previous: t.digest}
	if h != nil {
		b.Block = h.digest
	}
	own := &struct {
		vote Vote
		by   merkle.Attestation
	}{Vote{Ballot: b}, merkle.Attestation{Signer: t.cfg.Self}}
	v := &own.vote
	v.By = &own.by
	if kind == Prevote {
		a.phase, a.prevote, a.proposeAt, a.earlyAt, a.standbyAt = prevoted, v, vaultnet.Never, vaultnet.Never, vaultnet.Never
	} else {
		a.phase, a.precommit, a.prevoteAt = precommitted, v, vaultnet.Never
	}
	if h != nil && a.voted != h {
		a.voted = h
		t.unsaved.proposals = append(t.unsaved.proposals, h)
		if h.header.SetBlock() {
			a.called = t.equalWishes(Change{h.header.Add, h.header.Drop})
		}
		for _, r := range h.bodies {
			if !a.votedFor(r.ID) {
				a.promised = append(a.promised, r.ID)
			}
		}
		t.cutPool()
	}
	t.out.Sign = append(t.out.Sign, Leaf{Digest: b.Leaf(t.cfg.Network, t.address), By: v.By})
	a.tally(a.round).add(t.me, v)
	t.bundle().Votes = append(t.bundle().Votes, v)
	if kind == Precommit && a.round > 0 && a.lock != nil && h == a.lock.held {
		t.bundle().Polka = t.show(a.lock)
	}
	t.news()
	t.unsaved.vote, t.out.Record = true, true
	if f := t.cfg.Observer.Vote; f != nil {
		f(t.Object, &v.Ballot)
	}
}

func (t *turn) incarnation() uint32 {
	if t.last == nil {
		return 0
	}
	return t.last.Header.Incarnation
}
