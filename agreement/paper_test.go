package agreement

import (
	"fmt"
	"testing"
)

// A test per line of algorithm 1 in arXiv 1807.04938, seen from one member of eight. Unless a test says otherwise the
// member is proposer of round 3 only.

// Lines 11–19: in its round the proposer proposes what is pending, and prevotes for it at once.
func TestLine16ProposerProposesWhatIsPending(t *testing.T) {
	s := alone(t, 8, 0)
	s.submit(s.request("1=a", 1))
	s.casts("propose 0 own0", "prevote 0 own0")
	if p := s.sends(proposal); len(p) != 1 || len(p[0].Bundle.Proposal.Header.Mutations) != 1 {
		t.Fatalf("sent %v", p)
	}
}

// Lines 14–15: with a valid value the proposer proposes that, and says by which polka.
func TestLine15ProposerProposesTheValidValue(t *testing.T) {
	s := alone(t, 8, 1)
	r := s.request("1=a", 1)
	x := s.block("X", r)
	s.proposes(0, x)
	s.prevotes(0, x, 1, 5)
	s.casts("prevote 0 X", "lock 0 X", "precommit 0 X")
	s.submit(s.request("2=b", 1)) // pending, and not proposed while there is a valid value
	s.precommits(0, nil, 1, 5)
	s.until("prevote 1 X")
	s.casts("round 1", "propose 1 X by polka 0", "prevote 1 X")
	p := s.sends(proposal)
	if last := p[len(p)-1].Bundle.Proposal; last.PolkaRound != 0 || !last.Polka.Proves(Prevote, s.set, s.m.object.setDigest) {
		t.Fatal("the re-proposal carries no proof")
	}
}

// Line 19: with nothing to propose the proposer says nothing in round 0.
func TestLine19NothingToProposeInRoundZero(t *testing.T) {
	s := alone(t, 8, 0)
	s.prevotes(0, nil, 1, 3) // wakes it
	s.casts()
	s.waits(499)
	s.casts()
	s.waits(1)
	s.casts("prevote 0 nil")
}

// Lines 22–26: a fresh proposal that is valid gets a prevote, one that is not gets nil.
func TestLine22PrevotesForAValidFreshProposal(t *testing.T) {
	s := alone(t, 8, 3)
	s.proposes(0, s.block("X", s.request("1=a", 1)))
	s.casts("prevote 0 X")
}

func TestLine22PrevotesNilForAnInvalidOne(t *testing.T) {
	s := alone(t, 8, 3)
	s.submit(s.request("5=y", 1)) // awake
	h := s.block("X", s.request("1=a", 1))
	h.header.State[0] ^= 1 // the state it leads to is another
	h.digest = h.header.Digest(s.cfg.Network, s.address)
	s.proposes(0, h)
	s.casts("prevote 0 nil")
}

// Line 23: a locked member prevotes nil for a fresh proposal of another block, and for its own block again.
func TestLine23LockedMemberPrevotesOnlyItsLock(t *testing.T) {
	s := alone(t, 8, 7)
	x, y := s.block("X", s.request("1=a", 1)), s.block("Y", s.request("2=b", 1))
	lock(s, x)
	s.reach(1)
	s.proposes(1, y)
	s.casts("prevote 1 nil")
	s.reach(2)
	s.proposes(2, x) // fresh, and the block it is locked on
	s.casts("prevote 2 X")
}

// lock makes the member lock on a block in round 0.
func lock(s *solo, h *held) {
	s.t.Helper()
	s.proposes(0, h)
	s.prevotes(0, h, 1, 5)
	s.casts("prevote 0 "+s.names[h.digest], "lock 0 "+s.names[h.digest], "precommit 0 "+s.names[h.digest])
}

// reach takes the member to a round: the round before fails with precommits for nil.
func (s *solo) reach(round uint32) {
	s.t.Helper()
	s.m.events = nil
	s.precommits(round-1, nil, 1, 6)
	s.until(fmt.Sprintf("round %d", round))
	s.m.events = nil
}

// Line 28: a re-proposal is accepted if its polka is not older than the lock.
func TestLine28AcceptsAReproposalWithAPolkaAsNewAsTheLock(t *testing.T) {
	s := alone(t, 8, 7)
	x, y := s.block("X", s.request("1=a", 1)), s.block("Y", s.request("2=b", 1))
	lock(s, x)
	s.reach(1)
	s.reach(2)
	s.reproposes(2, y, s.polka(1, y))
	s.casts("prevote 2 Y")
}

func TestLine28RefusesAReproposalWithAPolkaOlderThanTheLock(t *testing.T) {
	s := alone(t, 8, 7)
	x, y := s.block("X", s.request("1=a", 1)), s.block("Y", s.request("2=b", 1))
	s.submit(s.request("5=z", 1))
	s.reach(1)
	s.proposes(1, x)
	s.prevotes(1, x, 1, 5)
	s.casts("prevote 1 X", "lock 1 X", "precommit 1 X")
	s.reach(2)
	s.reproposes(2, y, s.polka(0, y))
	s.casts("prevote 2 nil")
}

// Line 28: the re-proposed block is judged objectively all the same.
func TestLine28AnInvalidBlockWithAPolkaGetsNil(t *testing.T) {
	s := alone(t, 8, 7)
	s.submit(s.request("5=z", 1))
	s.reach(1)
	h := s.block("X", s.request("1=a", 1))
	h.header.State[0] ^= 1
	h.digest = h.header.Digest(s.cfg.Network, s.address)
	s.reproposes(1, h, s.polka(0, h)) // only three liars of eight could make it
	s.casts("prevote 1 nil")
}

// Line 34: any q prevotes start the timeout of the prevote step, once; line 61 ends it with a precommit for nil.
func TestLine34AQuorumOfAnyPrevotesStartsTheTimeout(t *testing.T) {
	s := alone(t, 8, 3)
	x := s.block("X", s.request("1=a", 1))
	s.proposes(0, x)
	s.prevotes(0, x, 1, 4)
	s.waits(10_000)
	s.casts("prevote 0 X") // five prevotes: no timer runs
	s.prevotes(0, nil, 5, 5)
	s.waits(250)
	s.prevotes(0, nil, 6, 6) // does not start it anew
	s.waits(249)
	s.casts()
	s.waits(1)
	s.casts("precommit 0 nil")
}

// Line 36: a polka in the member's round, after its prevote, locks it and gets its precommit.
func TestLine36APolkaLocksAndPrecommits(t *testing.T) {
	s := alone(t, 8, 3)
	x := s.block("X", s.request("1=a", 1))
	s.proposes(0, x)
	s.prevotes(0, x, 1, 4)
	s.casts("prevote 0 X")
	s.prevotes(0, x, 5, 5)
	s.casts("lock 0 X", "precommit 0 X")
}

// Line 36: also a member that prevoted nil locks when it sees the polka.
func TestLine36APolkaLocksAMemberThatPrevotedNil(t *testing.T) {
	s := alone(t, 8, 3)
	x := s.block("X", s.request("1=a", 1))
	s.submit(s.request("5=z", 1))
	s.waits(500)
	s.casts("prevote 0 nil")
	s.proposes(0, x)
	s.prevotes(0, x, 1, 6)
	s.casts("lock 0 X", "precommit 0 X")
}

// Line 44: a quorum of prevotes for nil gets a precommit for nil, without waiting.
func TestLine44ANilPolkaPrecommitsNil(t *testing.T) {
	s := alone(t, 8, 3)
	s.submit(s.request("5=z", 1))
	s.waits(500)
	s.prevotes(0, nil, 1, 5)
	s.casts("prevote 0 nil", "precommit 0 nil")
}

// Line 47: any q precommits start the timeout of the round; line 65 ends it with the next round.
func TestLine47AQuorumOfAnyPrecommitsStartsTheTimeout(t *testing.T) {
	s := alone(t, 8, 3)
	x := s.block("X", s.request("1=a", 1))
	s.proposes(0, x)
	s.precommits(0, x, 1, 3)
	s.precommits(0, nil, 4, 5)
	s.waits(10_000)
	s.casts("prevote 0 X")
	s.precommits(0, nil, 6, 6)
	s.waits(499)
	s.casts()
	s.waits(1)
	s.casts("round 1")
}

// Line 49: q precommits for a block decide it.
func TestLine49AQuorumOfPrecommitsDecides(t *testing.T) {
	s := alone(t, 8, 3)
	x := s.block("X", s.request("1=a", 1))
	s.proposes(0, x)
	s.prevotes(0, x, 1, 6)
	s.precommits(0, x, 1, 4)
	s.casts("prevote 0 X", "lock 0 X", "precommit 0 X")
	s.precommits(0, x, 5, 5)
	s.casts("decide 2 X")
	s.asleep()
}

// Line 55: votes of w members of a round above take the member there; fewer do not.
func TestLine55SkipsToARoundOfWMembers(t *testing.T) {
	s := alone(t, 8, 7)
	s.submit(s.request("5=z", 1))
	s.prevotes(4, nil, 1, 2)
	s.casts()
	s.precommits(5, nil, 3, 3) // a round further up counts for the one below
	s.casts("round 4")
}

// Line 57: a proposer that says nothing costs its round's timeout.
func TestLine57NoProposalGetsNil(t *testing.T) {
	s := alone(t, 8, 3)
	s.submit(s.request("5=z", 1))
	s.waits(499)
	s.casts()
	s.waits(1)
	s.casts("prevote 0 nil")
}
