package agreement

import (
	"fmt"
	"testing"

	"vaultnet"
	"vaultnet/refusal"
)

// Rule 4: admission is never a validity check (design §4.4).

func TestRule04FiveUndecidedAtMost(t *testing.T) {
	s := alone(t, 8, 3)
	for i := range 6 {
		s.submit(s.request(fmt.Sprintf("%d=a", i), 1))
	}
	s.replied("refused TooManyMutations")
	s.submit(s.request("4=b", 1))
	s.replied(`refused MutationInProgress (keys ["4"])`)
	if n := len(s.m.object.Undecided()); n != 5 {
		t.Fatalf("%d undecided", n)
	}
}

// The block voted for counts; the pool is cut to what fits beside it, with a provisional refusal.
func TestRule04ThePoolIsCutBesideTheBlockVotedFor(t *testing.T) {
	s := alone(t, 8, 3)
	var mine []*Request
	for i := range 5 {
		mine = append(mine, s.request(fmt.Sprintf("%d=a", i), 1))
	}
	s.submit(mine...)
	s.proposes(0, s.block("X", s.request("0=x", 1), mine[1], s.request("7=x", 1)))
	s.casts("prevote 0 X")
	s.replied(`refused MutationInProgress (keys ["0"])`, "refused TooManyMutations")
	if n := len(s.m.object.Undecided()); n != 5 {
		t.Fatalf("%d undecided", n)
	}
	s.submit(mine[1])
	s.replied() // pending still
}

// A member that cannot admit a request votes for a valid block with it.
func TestRule04VotesForWhatItRefused(t *testing.T) {
	s := alone(t, 8, 3)
	for i := range 5 {
		s.submit(s.request(fmt.Sprintf("%d=a", i), 1))
	}
	r := s.request("6=x", 1)
	s.submit(r)
	s.replied("refused TooManyMutations")
	s.proposes(0, s.block("X", r))
	s.casts("prevote 0 X")
}

// A proposal it does not vote for is held, not counted.
func TestRule04AHeldProposalIsNotCounted(t *testing.T) {
	s := alone(t, 8, 3)
	s.m.host.fresh = func(r *Request) Verdict {
		if string(r.Body)[2] == 'x' {
			return No
		}
		return Yes
	}
	s.proposes(0, s.block("X", s.request("0=x", 1), s.request("1=x", 1), s.request("2=x", 1)))
	s.casts("prevote 0 nil")
	for i := range 5 {
		s.submit(s.request(fmt.Sprintf("%d=a", i), 1))
	}
	s.replied()
}

// After each block every pending mutation is checked again.
func TestRule04PendingIsCheckedAgainAfterABlock(t *testing.T) {
	s := alone(t, 8, 3)
	once := s.request("1=once", 1)
	fine := s.request("2=b", 1)
	s.submit(once, fine)
	x := s.block("X", s.request("1=a", 1))
	s.says(1, &Bundle{Proposal: s.fresh(0, x), Commit: s.proves(0, x), Requests: x.bodies})
	s.casts("decide 2 X")
	s.replied("applied 2", "refused AccessDenied")
	if u := s.m.object.Undecided(); len(u) != 1 || u[0] != fine {
		t.Fatalf("%d undecided", len(u))
	}
	s.awake()
}

// A refusal binds nobody: the same request may be admitted later.
func TestRule04ARefusalIsProvisional(t *testing.T) {
	s := alone(t, 8, 3)
	a, b := s.request("1=a", 1), s.request("1=b", 1)
	s.submit(a)
	s.submit(b)
	x := s.block("X", a)
	s.proposes(0, x)
	s.precommits(0, x, 1, 6)
	s.m.replies = nil
	s.submit(b)
	s.replied()
	s.awake()
}

// A copy of a pending request with other attachments takes its place only if it would do as well.
func TestRule04ABadCopyDoesNotReplaceAGoodOne(t *testing.T) {
	s := alone(t, 8, 0)
	s.m.host.fresh = func(r *Request) Verdict {
		if len(r.Attached) > 0 {
			return No
		}
		return Yes
	}
	s.prevotes(1, nil, 1, 1)
	r := s.request("1=a", 1)
	bad := *r
	bad.Attached, bad.Ref.Attached = []byte("nonsense"), vaultnet.Digest{1}
	o := s.m.object
	s.in(Input{From: client, Submit: r}, Input{From: client, Submit: &bad})
	s.casts("propose 0 own0", "prevote 0 own0")
	if o.pool[0] != r {
		t.Fatal("a stranger replaced the request")
	}
}

func TestRule04TheLedgerIsBounded(t *testing.T) {
	s := alone(t, 1, 0)
	l := s.m.object.state.Ledger
	for i := range vaultnet.MaxApplied {
		l = l.Put(s.now+100_000, vaultnet.Digest{byte(i), byte(i >> 8), byte(i >> 16)}, &AppliedRequest{})
	}
	s.m.object.state = &State{Machine: s.m.object.state.Machine, Ledger: l, Set: s.set, Time: s.now}
	s.submit(s.request("1=a", 1))
	s.replied("refused TooManyMutations")
	s.m.object.state.Machine = reserving{s.m.object.state.Machine}
	s.m.object.state.Ledger = l.Prune(1, nil)
	if got := ledgerRoom(s.m.object.state.Machine, s.request("1=a", 1)); got != vaultnet.MaxApplied-vaultnet.OwnerReserve {
		t.Fatalf("room for %d", got)
	}
}

type reserving struct{ Machine }

func (reserving) Reserved(r *Request) bool { return false }

func TestRule04DeadlinesTooFarAheadAreInvalid(t *testing.T) {
	s := alone(t, 8, 3)
	r := s.request("1=a", 1)
	r.Deadline = s.now.Add(vaultnet.MaxDeadline)
	s.submit(r)
	s.replied()
	r = s.request("2=a", 1)
	r.Deadline = s.now.Add(vaultnet.MaxDeadline) + 1
	s.submit(r)
	if len(s.m.replies) != 1 || refusalKind(s.m.replies[0].Err) != refusal.InvalidRequest {
		t.Fatalf("%+v", s.m.replies)
	}
}

func refusalKind(err error) refusal.Kind {
	if e, ok := err.(*refusal.Error); ok {
		return e.Kind
	}
	return 0
}
