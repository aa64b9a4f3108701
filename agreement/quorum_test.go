package agreement

import (
	"slices"
	"testing"

	"vaultnet/internal/merkle"
)

// Rule 5: what counts as a vote, a polka, a certificate (design §4.5).

// A trap: quorum for every n. A member of n decides with exactly q precommits, locks with exactly q prevotes, skips with
// exactly w.
func TestTrapQuorumForEveryN(t *testing.T) {
	q := [...]int{0, 1, 2, 2, 3, 4, 4, 5, 6, 6, 7, 8, 8, 9, 10, 10, 11}
	w := [...]int{0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5, 6}
	for n := 2; n <= 16; n++ {
		s := alone(t, n, n-1)
		x := s.block("X", s.request("1=a", 1))
		if s.set.Quorum() != q[n] || s.set.Weak() != w[n] {
			t.Fatalf("n = %d: q %d, w %d", n, s.set.Quorum(), s.set.Weak())
		}
		s.proposes(0, x)
		s.casts("prevote 0 X")
		s.prevotes(0, x, 1, q[n]-2)
		s.casts()
		s.prevotes(0, x, q[n]-1, q[n]-1)
		s.casts("lock 0 X", "precommit 0 X")
		s.precommits(0, x, 1, q[n]-2)
		s.casts()
		s.precommits(0, x, q[n]-1, q[n]-1)
		s.casts("decide 2 X")
		s.prevotes(5, nil, 1, w[n]-1)
		s.casts()
		s.submit(s.request("6=z", 1))
		s.prevotes(5, nil, w[n], w[n])
		if e := s.m.events; !slices.Contains(e, "round 5") {
			t.Fatalf("n = %d: %q", n, e)
		}
	}
}

func TestRule05AStrangersVoteDoesNotCount(t *testing.T) {
	s := alone(t, 8, 3)
	x := s.block("X", s.request("1=a", 1))
	s.proposes(0, x)
	s.prevotes(0, x, 1, 4)
	for i := range 5 {
		s.says(1, &Bundle{Votes: []*Vote{{Ballot: s.ballot(Prevote, 0, x), By: &merkle.Attestation{Signer: vault(100 + i)}}}})
	}
	s.casts("prevote 0 X")
}

// Its own key's votes come from itself alone: a twin under the same key counts for nothing.
func TestRule05AVoteUnderItsOwnKeyDoesNotCount(t *testing.T) {
	s := alone(t, 8, 3)
	s.submit(s.request("5=z", 1))
	x := s.block("X", s.request("1=a", 1))
	s.prevotes(0, x, 1, 5)
	s.says(1, &Bundle{Votes: []*Vote{s.voteOf(0, Prevote, 0, x)}})
	s.proposes(0, x)
	s.casts("prevote 0 X", "lock 0 X", "precommit 0 X")
	if n := len(s.m.votes); n != 2 {
		t.Fatalf("%d votes", n)
	}
}

func TestRule05AVoteCountsOnceTheFirst(t *testing.T) {
	s := alone(t, 8, 3)
	x, y := s.block("X", s.request("1=a", 1)), s.block("Y", s.request("2=a", 1))
	s.proposes(0, x)
	s.prevotes(0, x, 1, 4)
	s.prevotes(0, y, 5, 5)
	s.prevotes(0, x, 5, 5) // it said something else before
	s.prevotes(0, x, 4, 4)
	s.casts("prevote 0 X")
	s.prevotes(0, x, 6, 6)
	s.casts("lock 0 X", "precommit 0 X")
}

func TestRule05VotesOfAnotherHeightSetOrPastDoNotCount(t *testing.T) {
	s := alone(t, 8, 3)
	x := s.block("X", s.request("1=a", 1))
	s.proposes(0, x)
	for i, spoil := range []func(b *Ballot){
		func(b *Ballot) { b.Height++ },
		func(b *Ballot) { b.Height-- },
		func(b *Ballot) { b.Incarnation++ },
		func(b *Ballot) { b.Set[0] ^= 1 },
		func(b *Ballot) { b.Previous[0] ^= 1 },
		func(b *Ballot) { b.Block[0] ^= 1 },
	} {
		v := s.voteOf(1+i, Prevote, 0, x)
		spoil(&v.Ballot)
		s.says(1+i, &Bundle{Votes: []*Vote{v}})
		c := s.certificate(Precommit, 0, x, s.others(7)...)
		spoil(&c.Ballot)
		s.says(1+i, &Bundle{Commit: c})
	}
	s.casts("prevote 0 X")
	s.prevotes(0, x, 7, 7)
	s.casts()
}

// What one signature covers: everything a member states in a turn is asked for in Sign, and nothing twice.
func TestRule05EveryStatementIsSignedOnce(t *testing.T) {
	s := alone(t, 8, 0)
	s.m.object.desire = Change{Drop: s.crew[3].key}
	s.submit(s.request("1=a", 1))
	if len(s.out.Sign) != 3 { // proposal, prevote, wish
		t.Fatalf("%d statements", len(s.out.Sign))
	}
	s.waits(400)
	for range 4 {
		s.waits(1_000)
		if len(s.out.Sign) != 0 {
			t.Fatal("what was said before is signed again")
		}
	}
}

func TestRule05ACertificateIsAQuorumOfDistinctMembers(t *testing.T) {
	s := alone(t, 8, 3)
	x := s.block("X", s.request("1=a", 1))
	set, digest := s.set, s.m.object.setDigest
	good := s.proves(0, x)
	if !good.Proves(Precommit, set, digest) {
		t.Fatal("a good certificate proves nothing")
	}
	for name, spoil := range map[string]func(c *Certificate){
		"too few":        func(c *Certificate) { c.By = c.By[1:] },
		"a signer twice": func(c *Certificate) { c.By[1] = c.By[0] },
		"out of order":   func(c *Certificate) { c.By[1], c.By[0] = c.By[0], c.By[1] },
		"a stranger":     func(c *Certificate) { c.By[2] = &merkle.Attestation{Signer: vault(99)} },
		"another set":    func(c *Certificate) { c.Ballot.Set[3] ^= 1 },
		"for nil":        func(c *Certificate) { c.Ballot.Block = [32]byte{} },
		"prevotes":       func(c *Certificate) { c.Ballot.Type = Prevote },
	} {
		c := &Certificate{Ballot: good.Ballot, By: slices.Clone(good.By)}
		spoil(c)
		if c.Proves(Precommit, set, digest) {
			t.Errorf("%s: proves", name)
		}
	}
	if (*Certificate)(nil).Proves(Precommit, set, digest) {
		t.Error("nothing proves")
	}
}

// A trap: duplicate signer bits. No certificate in which a signer stands twice decides anything or locks anybody.
func TestTrapDuplicateSigners(t *testing.T) {
	s := alone(t, 8, 3)
	x := s.block("X", s.request("1=a", 1))
	s.proposes(0, x)
	for _, kind := range []VoteType{Prevote, Precommit} {
		c := s.certificate(kind, 0, x, 1, 2, 3)
		c.By = append(c.By, c.By...)
		s.says(1, &Bundle{Polka: c, Commit: c})
		d := s.certificate(kind, 0, x, 1, 1, 2, 2, 3, 3)
		s.says(1, &Bundle{Polka: d, Commit: d})
	}
	s.casts("prevote 0 X")
	if a := s.m.object.attempt; a.valid != nil || a.commit != nil {
		t.Fatal("believed")
	}
}
