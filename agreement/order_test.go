package agreement

import (
	"testing"
)

// Rule 10: the order of the rules is fixed: decide, skip, polka, nil-polka, proposal, timers (design §4.10).

// all is a bundle with votes of crew numbers from … to.
func (s *solo) bundle(kind VoteType, round uint32, h *held, from, to int) *Bundle {
	b := &Bundle{Address: s.address, Height: s.m.object.Height()}
	for i := from; i <= to; i++ {
		b.Votes = append(b.Votes, s.voteOf(i, kind, round, h))
	}
	return b
}

// together steps the member with several bundles in one turn.
func (s *solo) together(bs ...*Bundle) {
	s.t.Helper()
	var in []Input
	for _, b := range bs {
		b.Address, b.Height = s.address, s.m.object.Height()
		in = append(in, Input{From: s.crew[1].key, Bundle: b})
	}
	s.in(in...)
}

func TestRule10DecidingComesFirst(t *testing.T) {
	s := alone(t, 8, 7)
	s.submit(s.request("5=z", 1))
	x := s.block("X", s.request("1=a", 1))
	s.together(s.bundle(Prevote, 7, nil, 1, 6), s.bundle(Prevote, 0, x, 1, 6), s.bundle(Precommit, 0, x, 1, 6),
		&Bundle{Proposal: s.fresh(0, x), Requests: x.bodies})
	s.casts("decide 2 X")
}

func TestRule10SkippingComesBeforeVoting(t *testing.T) {
	s := alone(t, 8, 7)
	s.submit(s.request("5=z", 1))
	x := s.block("X", s.request("1=a", 1))
	s.together(&Bundle{Proposal: s.fresh(0, x), Requests: x.bodies}, s.bundle(Prevote, 3, nil, 1, 3))
	s.casts("round 3")
}

func TestRule10APolkaComesBeforeTheTimer(t *testing.T) {
	s := alone(t, 8, 7)
	x := s.block("X", s.request("1=a", 1))
	s.proposes(0, x)
	s.prevotes(0, x, 1, 4)
	s.prevotes(0, nil, 5, 5)
	s.casts("prevote 0 X")
	s.now += 5_000
	s.together(s.bundle(Prevote, 0, x, 6, 6)) // with the timeout over
	s.casts("lock 0 X", "precommit 0 X")
}

func TestRule10AProposalComesBeforeItsTimer(t *testing.T) {
	s := alone(t, 8, 7)
	s.submit(s.request("5=z", 1))
	s.now += 1_000
	s.proposes(0, s.block("X", s.request("1=a", 1)))
	s.casts("prevote 0 X")
}

// To a fixpoint: one turn may carry a member through a whole height and into the next.
func TestRule10ToAFixpoint(t *testing.T) {
	s := alone(t, 8, 7)
	a, b := s.request("1=a", 1), s.request("2=b", 1)
	x := s.block("X", a)
	s.together(&Bundle{Proposal: s.fresh(0, x), Requests: x.bodies}, s.bundle(Prevote, 0, x, 1, 6))
	s.casts("prevote 0 X", "lock 0 X", "precommit 0 X")
	s.submit(b)
	s.together(s.bundle(Precommit, 0, x, 1, 6))
	s.casts("decide 2 X")
	s.waits(500)
	s.casts("prevote 0 nil")
}

// Equal inputs, equal outputs, to the byte.
func TestRule10Deterministic(t *testing.T) {
	run := func() (votes []Ballot, sent int) {
		c := newCluster(t, 8)
		c.create()
		n := 0
		c.drop = func(parcel) bool { n++; return n%3 == 0 }
		for i := range 20 {
			c.all(c.request(string(rune('0'+i%5))+"=a", 1), c.request("7=b", 1))
			c.run(700)
		}
		for _, m := range c.members {
			votes = append(votes, m.votes...)
		}
		return votes, c.sent
	}
	a, n := run()
	b, m := run()
	if n != m || len(a) != len(b) {
		t.Fatalf("%d and %d bundles, %d and %d votes", n, m, len(a), len(b))
	}
	for i := range a {
		if a[i] != b[i] {
			t.Fatalf("vote %d differs", i)
		}
	}
}
