package agreement

import (
	"testing"

	"vaultnet"
)

// Rule 1: wake on demand, sleep when it is safe (design §4.1).

func TestRule01IdleMeansNoTimerAndNoMessage(t *testing.T) {
	s := alone(t, 8, 3)
	s.in()
	s.asleep()
	if len(s.out.Send)+len(s.out.Sign)+len(s.out.Replies) > 0 || s.out.Record {
		t.Fatalf("an idle member did %+v", s.out)
	}
}

func TestRule01WakesOnAValidRequest(t *testing.T) {
	s := alone(t, 8, 3)
	s.submit(s.request("1=a", 1))
	s.awake()
}

func TestRule01ARefusedRequestWakesNobody(t *testing.T) {
	s := alone(t, 8, 3)
	late := s.request("1=a", 1)
	late.Deadline = s.now - 1
	s.submit(late, s.request("1=bad", 1))
	s.replied("refused DeadlinePassed", "refused AccessDenied")
	s.asleep()
}

func TestRule01WakesOnAProposalWithAMutation(t *testing.T) {
	s := alone(t, 8, 3)
	x := s.block("X", s.request("1=a", 1))
	s.says(5, &Bundle{Proposal: s.fresh(0, x), Requests: x.bodies}) // from whomever
	s.casts("prevote 0 X")
	s.awake()
}

func TestRule01WakesOnAnOldProposal(t *testing.T) {
	s := alone(t, 8, 7)
	s.submit(s.request("5=z", 1))
	s.reach(5)
	s.waits(20_000) // the request's deadline passes
	s.m.events = nil
	s.asleep()
	x := s.block("X", s.request("1=a", 1))
	s.proposes(0, x) // of a round long past
	if !s.m.object.HalfOpen() {
		t.Fatal("not half-open")
	}
	s.awake()
}

func TestRule01AProposalThatFailsTheObjectiveChecksWakesNobody(t *testing.T) {
	s := alone(t, 8, 3)
	h := s.block("X", s.request("1=a", 1))
	h.header.State[0] ^= 1
	s.proposes(0, h)
	s.casts()
	if s.m.object.HalfOpen() || !s.m.object.Idle() {
		t.Fatal("awake")
	}
}

func TestRule01AnEmptyProposalWakesNobody(t *testing.T) {
	s := alone(t, 8, 3)
	s.proposes(1, s.block("E"))
	s.proposes(0, s.swap("S", vaultnet.PublicKey{}, s.crew[5].key))
	s.casts()
	s.asleep()
	if s.m.object.attempt != nil {
		t.Fatal("it is held")
	}
}

func TestRule01VotesOfWMembersWake(t *testing.T) {
	s := alone(t, 8, 3)
	s.prevotes(0, nil, 1, 2)
	s.asleep()
	s.prevotes(0, nil, 1, 2) // again
	s.precommits(0, nil, 1, 2)
	s.asleep()
	s.prevotes(0, nil, 3, 3)
	s.awake()
}

// A polka certificate is q verified votes.
func TestRule01APolkaWakes(t *testing.T) {
	s := alone(t, 8, 3)
	s.says(1, &Bundle{Polka: s.polka(2, s.block("X", s.request("1=a", 1)))})
	s.awake()
	s.casts("round 2")
}

func TestRule01WishesOfWMembersWake(t *testing.T) {
	s := alone(t, 8, 3)
	s.wishes(s.crew[7].key, 1, 2)
	s.asleep()
	s.wishes(s.crew[7].key, 3, 3)
	s.awake()
}

// wishes of crew numbers to drop a member.
func (s *solo) wishes(drop vaultnet.PublicKey, from, to int) {
	for i := from; i <= to; i++ {
		s.says(i, &Bundle{Wishes: []*Wish{{Height: s.m.object.Height() + 1, Drop: drop, By: s.by(i)}}})
	}
}

func TestRule01AStoredHalfOpenHeightWakes(t *testing.T) {
	s := alone(t, 8, 3)
	x := s.block("X", s.request("1=a", 1))
	s.proposes(0, x)
	s.casts("prevote 0 X")
	s.restarts()
	s.in()
	s.awake()
	s.waits(300)
	p := s.sends(proposal)
	if len(p) == 0 || p[0].Bundle.Proposal.Header.Digest(s.cfg.Network, s.address) != x.digest || len(p[0].Bundle.Votes) != 1 {
		t.Fatal("after a restart it does not forward what it voted for")
	}
	s.casts() // and casts nothing again
}

// A member that voted for a block stays awake for as long as it takes, and forwards the proposal.
func TestRule01HalfOpenStaysAwake(t *testing.T) {
	s := alone(t, 8, 3)
	x := s.block("X", s.request("1=a", 1))
	s.proposes(0, x)
	s.casts("prevote 0 X")
	s.sends(anything)
	s.waits(3_600_000)
	s.awake()
	sent := s.sends(proposal)
	if len(sent) < 55 || len(sent) > 75 {
		t.Fatalf("forwarded the proposal %d times in an hour", len(sent))
	}
	s.casts() // alone it cannot leave its round
}

// So does one that holds a sound proposal but prevoted nil for reasons of its own.
func TestRule01HoldingAProposalIsHalfOpen(t *testing.T) {
	s := alone(t, 8, 3)
	s.m.host.fresh = func(*Request) Verdict { return No }
	s.proposes(0, s.block("X", s.request("1=a", 1)))
	s.casts("prevote 0 nil")
	s.waits(3_600_000)
	s.awake()
	s.restarts() // what it did not vote for is not stored
	s.in()
	s.asleep()
}

// From round 1 on the proposer closes a half-open height with an empty block, and everybody prevotes for that.
func TestRule01AnEmptyBlockEndsAHalfOpenHeight(t *testing.T) {
	s := alone(t, 8, 1)
	s.proposes(0, s.block("X", s.request("1=a", 1)))
	s.precommits(0, nil, 1, 6)
	s.until("prevote 1 own1")
	s.casts("prevote 0 X", "round 1", "propose 1 own1", "prevote 1 own1")
	p := s.sends(proposal)
	if !p[len(p)-1].Bundle.Proposal.Header.Empty() {
		t.Fatal("what it proposes is not empty")
	}
}

func TestRule01AnEmptyBlockInRoundZeroCountsAsNothing(t *testing.T) {
	s := alone(t, 8, 3)
	s.submit(s.request("5=z", 1))
	s.proposes(0, s.block("E"))
	s.casts()
	s.waits(500)
	s.casts("prevote 0 nil")
}

// A member that has nothing pending and is not half-open sleeps, and keeps its record: woken again it is where it was.
func TestRule01SleepsKeepingItsRecord(t *testing.T) {
	s := alone(t, 8, 3)
	r := s.request("5=z", 1)
	s.submit(r)
	s.waits(500)
	s.casts("prevote 0 nil")
	s.waits(r.Deadline - s.now)
	s.awake()
	s.replied()
	s.waits(1)
	s.replied("refused DeadlinePassed")
	s.casts("sleep")
	s.asleep()
	s.proposes(0, s.block("X", s.request("1=a", 1)))
	s.awake()
	s.casts() // it has voted in round 0
	s.restarts()
	s.submit(s.request("2=b", 1))
	s.proposes(0, s.block("Y", s.request("1=c", 1)))
	s.waits(1_000)
	s.casts()
}

// A member that others' votes woke stays for a whole turn of proposers; in its own round it proposes an empty block, to
// end the height. One that was carried past its turn sleeps.
func TestRule01ASummonedMemberStaysForATurnOfProposers(t *testing.T) {
	s := alone(t, 8, 4)
	s.prevotes(0, nil, 1, 3)
	for r := uint32(1); r < 4; r++ {
		s.reach(r)
		s.awake()
	}
	s.precommits(3, nil, 1, 6)
	s.until("prevote 4 own4")
	if !s.m.object.HalfOpen() {
		t.Fatal("it voted for a block and is not half-open")
	}
	s = alone(t, 8, 4)
	s.prevotes(0, nil, 1, 3)
	s.prevotes(7, nil, 1, 3)
	s.casts("round 7")
	s.awake()
	s.prevotes(8, nil, 1, 3)
	s.casts("round 8", "sleep")
	s.asleep()
}

// Or, where nothing at all is heard, when its repair has backed off to the cap.
func TestRule01ASummonedMemberSleepsWhenNothingIsHeard(t *testing.T) {
	s := alone(t, 8, 7)
	s.prevotes(0, nil, 1, 3)
	s.waits(170_000)
	s.asleep()
}

func TestRule01ALoneMemberDecidesAlone(t *testing.T) {
	s := alone(t, 1, 0)
	s.submit(s.request("1=a", 1))
	s.replied("applied 2")
	if n := len(s.m.votes); n != 2 {
		t.Fatalf("%d votes", n)
	}
	s.asleep()
	if len(s.sends(anything)) > 0 {
		t.Fatal("it spoke to nobody's profit")
	}
}
