package agreement

import (
	"testing"

	"vaultnet"
)

// Rule 8: time (design §4.8). The skew is 2 s.

func TestRule08TimelinessAtArrival(t *testing.T) {
	for _, x := range []struct {
		behind vaultnet.Time
		vote   string
	}{{2_000, "prevote 0 X"}, {2_001, "prevote 0 nil"}, {-2_000, "prevote 0 X"}, {60_000, "prevote 0 nil"}} {
		s := alone(t, 8, 7)
		s.proposes(0, s.blockAt("X", s.now-x.behind, s.request("1=a", 1)))
		s.casts(x.vote)
	}
}

func TestRule08AnEarlyTimeIsWaitedFor(t *testing.T) {
	s := alone(t, 8, 7)
	s.proposes(0, s.blockAt("X", s.now+2_300, s.request("1=a", 1)))
	s.casts()
	s.waits(299)
	s.casts()
	s.waits(1)
	s.casts("prevote 0 X")
}

func TestRule08ATimeTooEarlyIsNotWaitedForBeyondTheTimeout(t *testing.T) {
	s := alone(t, 8, 7)
	s.proposes(0, s.blockAt("X", s.now+9_000, s.request("1=a", 1)))
	s.waits(500)
	s.casts("prevote 0 nil")
}

// Judged when the header arrives: waiting for bodies does not make it stale.
func TestRule08JudgedWhenTheHeaderArrives(t *testing.T) {
	s := alone(t, 8, 7)
	r := s.request("1=a", 1)
	x := s.block("X", r)
	s.submit(s.request("5=z", 1))
	s.now += 1_900
	s.says(s.at(0), &Bundle{Proposal: s.fresh(0, x)})
	s.m.object.attempt.proposeAt = s.now + 5_000 // a slow round
	s.m.events = nil
	s.m.object.attempt.phase = proposing
	s.now += 3_000
	s.says(s.at(0), &Bundle{Requests: []*Request{r}})
	if e := s.m.events; len(e) != 1 || e[0] != "prevote 0 X" {
		t.Fatalf("%q", e)
	}
}

// While a height stays undecided timeliness stretches by half the time the member has been active, at most 10 s.
func TestRule08TimelinessStretches(t *testing.T) {
	for _, x := range []struct {
		active, behind vaultnet.Time
		vote           string
	}{
		{0, 2_001, "prevote 1 nil"},
		{4_000, 4_000, "prevote 1 X"},
		{4_000, 4_001, "prevote 1 nil"},
		{60_000, 12_000, "prevote 1 X"},
		{60_000, 12_001, "prevote 1 nil"},
	} {
		s := alone(t, 8, 7)
		first := s.now
		z := s.lasting(100_000, "5=z", 1)
		s.submit(z)
		s.m.object.attempt.since = first - x.active
		r := s.lasting(100_000, "1=a", 1)
		s.prevotes(1, nil, 1, 3)
		s.m.events = nil
		s.proposes(1, s.blockAt("X", s.now-x.behind, r))
		s.casts(x.vote)
	}
}

// The stretch revives nothing: a deadline over by more than the skew on the voter's clock is over.
func TestRule08TheStretchRevivesNothing(t *testing.T) {
	for _, late := range []vaultnet.Time{2_000, 2_001} {
		s := alone(t, 8, 7)
		z := s.lasting(100_000, "5=z", 1)
		s.submit(z)
		r := s.request("1=a", 1)
		s.m.object.attempt.since -= 100_000
		s.prevotes(1, nil, 1, 3)
		s.now = r.Deadline + late
		s.m.events = nil
		x := s.blockAt("X", r.Deadline, r)
		s.proposes(1, x)
		if late > 2_000 {
			s.casts("prevote 1 nil")
		} else {
			s.casts("prevote 1 X")
		}
	}
}

func TestRule08TimesIncreaseFromBlockToBlock(t *testing.T) {
	s := alone(t, 8, 0)
	s.now = s.m.object.State().Time - 500 // this member's clock is a little behind
	s.submit(s.request("1=a", 1))
	s.casts("propose 0 own0", "prevote 0 own0")
	p := s.sends(proposal)[0].Bundle.Proposal
	if p.Header.Time != s.m.object.State().Time+1 {
		t.Fatalf("time %d after %d", p.Header.Time, s.m.object.State().Time)
	}
	tr := &turn{Object: s.m.object}
	for _, at := range []vaultnet.Time{-1, 0, s.m.object.State().Time} {
		if _, err := tr.execute(&Header{Height: 2, Time: at}, nil); err == nil {
			t.Errorf("a block at %d is good", at)
		}
	}
}

// A member whose clock is so far behind that it would not vote for its own block yet proposes nothing: what is proposed
// is voted for, and so durable, in the same turn.
func TestRule08ProposesNothingItWouldNotVoteForYet(t *testing.T) {
	s := alone(t, 8, 0)
	s.now = s.m.object.State().Time - 2_500
	s.submit(s.request("1=a", 1))
	if len(s.sends(proposal)) > 0 {
		t.Fatal("proposed a block that it does not vote for, and forgets when it restarts")
	}
	s.casts()
	s.waits(501)
	if e := s.m.events; len(e) == 0 {
		t.Fatal("waits for ever")
	}
}

// What a request shows may have been issued by clocks ahead of this member's: its block is not before that, as long as no
// clock within the skew objects.
func TestRule08ABlockIsNotBeforeWhatItsRequestsShow(t *testing.T) {
	for ahead, want := range map[vaultnet.Time]vaultnet.Time{-5: 0, 1_500: 1_500, 2_000: 2_000, 2_001: 0} {
		s := alone(t, 8, 0)
		r := s.request("1=a", 1)
		r.NotBefore = s.now + ahead
		s.submit(r)
		s.casts("propose 0 own0", "prevote 0 own0")
		if got := s.sends(proposal)[0].Bundle.Proposal.Header.Time - s.now; got != want {
			t.Errorf("%d ms ahead: block %d ms ahead", ahead, got)
		}
	}
}

func TestRule08NoBlockLaterThanADeadline(t *testing.T) {
	s := alone(t, 8, 7)
	r := s.request("1=a", 1)
	tr := &turn{Object: s.m.object}
	for _, x := range []struct {
		at vaultnet.Time
		ok bool
	}{{r.Deadline, true}, {r.Deadline + 1, false}} {
		if _, err := tr.execute(&Header{Height: 2, Time: x.at}, []*Request{r}); (err == nil) != x.ok {
			t.Errorf("at %d after the deadline: %v", x.at-r.Deadline, err)
		}
	}
}
