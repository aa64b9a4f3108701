package agreement

import (
	"testing"

	"vaultnet"
)

// Rule 7: a member's own judgement is asked about fresh proposals only (design §4.7).

func TestRule07AMembersOwnReasonsSpeakAgainstAFreshProposal(t *testing.T) {
	s := alone(t, 8, 7)
	s.m.host.fresh = func(*Request) Verdict { return No }
	s.proposes(0, s.block("X", s.request("1=a", 1)))
	s.casts("prevote 0 nil")
}

func TestRule07AndNeverAgainstAPolka(t *testing.T) {
	s := alone(t, 8, 7)
	s.m.host.fresh = func(*Request) Verdict { return No }
	s.m.host.change = func(add, drop vaultnet.PublicKey) Verdict { return No }
	old := s.request("1=a", 1)
	x := s.blockAt("X", s.now, old)
	s.submit(s.request("5=z", 1))
	s.now = old.Deadline.Add(s.cfg.Parameters.Skew) + 60_000 // stale, expired, withdrawn
	w := old.Withdrawal()
	s.in(Input{From: client, Withdraw: &w})
	s.submit(s.request("6=z", 1))
	s.reach(1)
	asked := s.m.host.asked
	s.reproposes(1, x, s.polka(0, x))
	s.casts("prevote 1 X")
	if s.m.host.asked != asked {
		t.Fatal("asked about a block with a polka")
	}
	y := s.swap("Y", vaultnet.PublicKey{}, s.crew[4].key)
	s.reach(2)
	s.reproposes(2, y, s.polka(1, y))
	s.casts("prevote 2 Y")
}

func TestRule07NotYetIsAskedAgain(t *testing.T) {
	s := alone(t, 8, 7)
	verdict := NotYet
	s.m.host.fresh = func(*Request) Verdict { return verdict }
	s.proposes(0, s.block("X", s.request("1=a", 1)))
	s.casts()
	s.waits(300)
	s.casts()
	verdict = Yes
	s.waits(100)
	s.casts("prevote 0 X")
}

func TestRule07NotYetUntilTheTimeoutIsNil(t *testing.T) {
	s := alone(t, 8, 7)
	s.m.host.fresh = func(*Request) Verdict { return NotYet }
	s.proposes(0, s.block("X", s.request("1=a", 1)))
	s.waits(499)
	s.casts()
	s.waits(1)
	s.casts("prevote 0 nil")
}

func TestRule07AWithdrawnMutationGetsNoFreshVote(t *testing.T) {
	s := alone(t, 8, 7)
	r := s.request("1=a", 1)
	w := r.Withdrawal()
	s.in(Input{From: client, Withdraw: &w})
	s.proposes(0, s.block("X", r))
	s.casts("prevote 0 nil")
}

// A member's own fresh proposals leave out, for the rest of the height, what it saw in a fresh proposal that failed.
func TestRule07LeavesOutWhatFailed(t *testing.T) {
	s := alone(t, 8, 1)
	a, b := s.request("1=a", 1), s.request("2=b", 1)
	s.submit(a, b)
	x := s.block("X", a)
	s.proposes(0, x)
	s.precommits(0, nil, 1, 6)
	s.until("prevote 1 own1")
	s.casts("prevote 0 X", "round 1", "propose 1 own1", "prevote 1 own1")
	p := s.sends(proposal)
	m := p[len(p)-1].Bundle.Proposal.Header.Mutations
	if len(m) != 1 || m[0] != b.Ref {
		t.Fatalf("proposed %d mutations", len(m))
	}
	// At the next height it is proposed again.
	e := s.m.object.attempt.voted
	s.precommits(1, e, 1, 6)
	s.m.events = nil
	if !s.m.object.Undecided()[0].Ref.equal(a.Ref) || s.m.object.attempt != nil && s.m.object.attempt.hasFailed(a.Ref) {
		t.Fatal("left out at the next height, too")
	}
}

func (r Ref) equal(q Ref) bool { return r == q }

// What does not apply together is proposed in part: as much as does.
func TestRule07ProposesWhatAppliesTogether(t *testing.T) {
	s := alone(t, 8, 0)
	soon, later := s.lasting(1_000, "1=a", 1), s.request("2=b", 1)
	later.NotBefore = s.now + 1_500 // a block with it comes after the other's deadline
	s.submit(soon, later)
	s.casts("propose 0 own0", "prevote 0 own0")
	if m := s.sends(proposal)[0].Bundle.Proposal.Header.Mutations; len(m) != 1 || m[0] != later.Ref {
		t.Fatalf("proposed %d mutations", len(m))
	}
}

// A first block is proposed by who would vote for it: whose own view names its set.
func TestRule07NoGenesisAgainstItsOwnView(t *testing.T) {
	s := unborn(t, 8, 0)
	s.m.host.genesis = func(*Set) Verdict { return NotYet }
	s.submit(s.request("0=g", 1))
	s.casts()
	s.waits(500)
	s.casts("prevote 0 nil")
}

func TestRule07ProposesOnlyWhatItWouldVoteFor(t *testing.T) {
	s := alone(t, 8, 0)
	a, b := s.request("1=a", 1), s.request("2=b", 1)
	s.m.host.fresh = func(r *Request) Verdict {
		if r.ID == a.ID {
			return No
		}
		return Yes
	}
	s.submit(a, b)
	s.casts("propose 0 own0", "prevote 0 own0")
	if m := s.sends(proposal)[0].Bundle.Proposal.Header.Mutations; len(m) != 1 || m[0] != b.Ref {
		t.Fatalf("proposed %d mutations", len(m))
	}
}
