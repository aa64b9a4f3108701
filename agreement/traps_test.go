package agreement

import (
	"slices"
	"testing"

	"vaultnet/internal/canonical"
)

// The traps that implementations of this algorithm have fallen into. Quorums and duplicate signers: quorum_test.go;
// restart between persist and send: restart_test.go; a member of a height that is no member of the next: sets_test.go.

// A trap: q precommits of an older round decide, whatever round the member is in.
func TestTrapDecidingFromAnOlderRound(t *testing.T) {
	s := alone(t, 8, 7)
	x := s.block("X", s.request("1=a", 1))
	s.proposes(0, x)
	s.precommits(0, x, 1, 3)
	s.precommits(0, nil, 4, 6)
	s.until("round 1")
	s.reach(2)
	s.reach(3)
	s.precommits(0, x, 7, 7) // too few for X: six others, of whom three said nil
	s.casts()
	s.reproposes(3, x, s.polka(0, x))
	s.casts("prevote 3 X")
	s.precommits(2, x, 7, 7) // 1…6 said nil in round 2
	s.casts()
	s = alone(t, 8, 7)
	x = s.block("X", s.request("1=a", 1))
	s.proposes(0, x)
	s.casts("prevote 0 X")
	s.precommits(0, x, 1, 5)
	s.precommits(3, nil, 1, 3) // takes it to round 3
	s.casts("round 3")
	s.precommits(0, x, 6, 6)
	s.casts("decide 2 X")
}

// A trap: the same by a certificate, from a round whose votes are no longer kept.
func TestTrapDecidingByACertificateOfAnOldRound(t *testing.T) {
	s := alone(t, 8, 7)
	x := s.block("X", s.request("1=a", 1))
	s.proposes(0, x)
	s.casts("prevote 0 X")
	s.prevotes(100, nil, 1, 3)
	s.casts("round 100")
	s.says(1, &Bundle{Commit: s.proves(0, x)})
	s.casts("decide 2 X")
}

// A trap: a polka of the round, seen after the member's precommit, updates the valid value and not the lock.
func TestTrapAPolkaSeenWhileInPrecommit(t *testing.T) {
	s := alone(t, 8, 2)
	x := s.block("X", s.request("1=a", 1))
	s.proposes(0, x)
	s.prevotes(0, x, 1, 4)
	s.prevotes(0, nil, 5, 5)
	s.waits(500)
	s.casts("prevote 0 X", "precommit 0 nil")
	s.prevotes(0, x, 6, 6)
	s.casts()
	a := s.m.object.attempt
	if a.lock != nil || a.valid == nil || a.valid.held.digest != x.digest || a.valid.round != 0 {
		t.Fatalf("lock %v, valid %v", a.lock, a.valid)
	}
	if r := s.stored(); len(r.Lock) != 0 || len(r.Valid) != 1 {
		t.Fatal("the valid value is not durable")
	}
	// Not locked: a fresh proposal of another block gets its vote.
	s.reach(1)
	s.proposes(1, s.block("Y", s.request("2=b", 1)))
	s.casts("prevote 1 Y")
	// But in its own round it proposes the valid value.
	s.precommits(1, nil, 1, 6)
	s.until("prevote 2 X")
	if p := s.sends(proposal); !slices.ContainsFunc(p, func(o Outgoing) bool {
		return o.Bundle.Proposal.Round == 2 && o.Bundle.Proposal.PolkaRound == 0 && o.Bundle.Proposal.Header.Digest(s.cfg.Network, s.address) == x.digest
	}) {
		t.Fatal("the valid value is not proposed")
	}
}

// stored is the member's vote record as its store has it.
func (s *solo) stored() *voteRecord {
	s.t.Helper()
	return unmarshalVotes(s.t, s.m.store[string([]byte{sectionVote})])
}

func unmarshalVotes(t testing.TB, b []byte) *voteRecord {
	t.Helper()
	r := new(voteRecord)
	if err := canonical.Unmarshal(b, r, maxRecordSize); err != nil {
		t.Fatal(err)
	}
	return r
}

// A trap: one request twice in a block, under two copies; a request of another address; the same copy twice.
func TestTrapOneRequestTwiceInABlock(t *testing.T) {
	s := alone(t, 8, 7)
	a := s.request("1=a", 1)
	twin := *a
	twin.Ref.Attached[0], twin.Attached = 1, []byte("x")
	far := *s.request("2=b", 1)
	far.Address.Tag++
	tr := &turn{Object: s.m.object}
	for name, rs := range map[string][]*Request{"two copies": {a, &twin}, "another address": {&far}, "one copy": {a, a}} {
		if _, err := tr.execute(&Header{Height: 2, Time: s.now}, rs); err == nil {
			t.Errorf("%s: good", name)
		}
	}
	x := s.block("X", a)
	x.header.Mutations = append(x.header.Mutations, a.Ref)
	s.says(s.at(0), &Bundle{Proposal: s.fresh(0, x), Requests: []*Request{a, &far}})
	if at := s.m.object.attempt; at != nil && len(at.proposals) > 0 {
		t.Error("a block that names one copy twice is held")
	}
	s.submit(&far)
	for _, r := range s.m.object.Undecided() {
		if r == &far {
			t.Error("a request of another address is pending")
		}
	}
}

// A trap: re-proposals with a wrong round, height or set, of another block, or with no proof, count as nothing.
func TestTrapReproposalsWithoutProof(t *testing.T) {
	for name, spoil := range map[string]func(s *solo, p *Proposal, y *held){
		"no proof":                  func(s *solo, p *Proposal, y *held) { p.Polka = nil },
		"polka of its own round":    func(s *solo, p *Proposal, y *held) { p.PolkaRound, p.Polka = 2, s.polka(2, y) },
		"polka of a later round":    func(s *solo, p *Proposal, y *held) { p.PolkaRound, p.Polka = 3, s.polka(3, y) },
		"polka of another round":    func(s *solo, p *Proposal, y *held) { p.PolkaRound = 0 },
		"a negative round":          func(s *solo, p *Proposal, y *held) { p.PolkaRound = -2 },
		"proof without a round":     func(s *solo, p *Proposal, y *held) { p.PolkaRound = -1 },
		"polka of another height":   func(s *solo, p *Proposal, y *held) { p.Polka.Ballot.Height-- },
		"polka of another set":      func(s *solo, p *Proposal, y *held) { p.Polka.Ballot.Set[0] ^= 1 },
		"polka of another past":     func(s *solo, p *Proposal, y *held) { p.Polka.Ballot.Previous[0] ^= 1 },
		"polka of another block":    func(s *solo, p *Proposal, y *held) { p.Polka.Ballot.Block[0] ^= 1 },
		"precommits for a polka":    func(s *solo, p *Proposal, y *held) { p.Polka.Ballot.Type = Precommit },
		"a polka of too few":        func(s *solo, p *Proposal, y *held) { p.Polka.By = p.Polka.By[1:] },
		"block of another height":   func(s *solo, p *Proposal, y *held) { p.Header.Height++ },
		"block with another past":   func(s *solo, p *Proposal, y *held) { p.Header.Previous[0] ^= 1 },
		"block of another life":     func(s *solo, p *Proposal, y *held) { p.Header.Incarnation++ },
		"proposer of another round": func(s *solo, p *Proposal, y *held) { p.By = s.by(s.at(3)) },
	} {
		t.Run(name, func(t *testing.T) {
			s := alone(t, 8, 7)
			y := s.block("Y", s.request("2=b", 1))
			s.submit(s.request("5=z", 1))
			s.reach(1)
			s.reach(2)
			p := s.anew(2, y, s.polka(1, y))
			spoil(s, p, y)
			s.says(s.at(2), &Bundle{Proposal: p, Requests: y.bodies})
			s.casts()
			s.reproposes(2, y, s.polka(1, y))
			s.casts("prevote 2 Y")
		})
	}
}

// A trap: a polka of a round to come. Its signers are there, so the member goes there, too: it neither waits in a round
// that is over nor proposes, in a round before the polka's, what no other member would take for a proposal.
func TestTrapAPolkaOfALaterRound(t *testing.T) {
	s := alone(t, 8, 1)
	x := s.block("X", s.request("1=a", 1))
	s.m.host.fresh = func(*Request) Verdict { return No }
	s.proposes(0, x)
	s.casts("prevote 0 nil")
	s.says(2, &Bundle{Polka: s.polka(3, x)})
	s.casts("round 3")
	s.waits(2_000)
	s.casts("prevote 3 nil", "lock 3 X", "precommit 3 X")
	for _, o := range s.sends(proposal) {
		if p := o.Bundle.Proposal; p.PolkaRound >= int64(p.Round) {
			t.Fatalf("proposed in round %d by a polka of round %d", p.Round, p.PolkaRound)
		}
	}
}

// A trap: a sender counts once over both types of vote when rounds are skipped.
func TestTrapASenderCountsOnceOverBothTypes(t *testing.T) {
	s := alone(t, 8, 7)
	s.submit(s.request("5=z", 1))
	s.prevotes(4, nil, 1, 2)
	s.precommits(4, nil, 1, 2)
	s.prevotes(5, nil, 1, 2)
	s.casts()
	s.precommits(5, nil, 3, 3)
	s.casts("round 5")
}

// A trap: timers of an older round or an earlier step do nothing when they ring.
func TestTrapOldTimers(t *testing.T) {
	s := alone(t, 8, 7)
	s.submit(s.request("5=z", 1))
	s.waits(400)
	s.precommits(1, nil, 1, 3) // the timeout of round 0 would ring in 100 ms
	s.casts("round 1")
	s.waits(749)
	s.casts()
	s.waits(1)
	s.casts("prevote 1 nil")
	s.prevotes(1, nil, 1, 4)
	s.prevotes(1, s.block("X", s.request("1=a", 1)), 5, 5) // prevote timeout starts
	s.waits(700)
	s.prevotes(1, nil, 6, 6) // a nil-polka ends the step before it rings
	s.casts("precommit 1 nil")
	s.waits(100)
	s.casts()
	s.precommits(1, nil, 1, 5)
	s.waits(700)
	x := s.block("Z", s.request("1=a", 1))
	s.says(s.at(2), &Bundle{Proposal: s.fresh(2, x), Requests: x.bodies})
	s.precommits(2, nil, 1, 3)
	s.casts("round 2", "prevote 2 Z")
	s.waits(100) // the precommit timeout of round 1 would ring here
	s.casts()
}

// A trap: after a decision no timer of the height rings.
func TestTrapNoTimerOutlivesItsHeight(t *testing.T) {
	s := alone(t, 8, 7)
	x := s.block("X", s.request("1=a", 1))
	s.proposes(0, x)
	s.precommits(0, x, 1, 6)
	s.casts("prevote 0 X", "decide 2 X")
	s.asleep()
	s.submit(s.request("5=z", 1))
	s.waits(499)
	s.casts()
	s.waits(1)
	s.casts("prevote 0 nil")
}

// A trap: q prevotes for nil and a block of the same round: nothing is locked.
func TestTrapNilPolka(t *testing.T) {
	s := alone(t, 8, 7)
	x := s.block("X", s.request("1=a", 1))
	s.proposes(0, x)
	s.prevotes(0, nil, 1, 6)
	s.casts("prevote 0 X", "precommit 0 nil")
	if s.m.object.attempt.lock != nil || s.m.object.attempt.valid != nil {
		t.Fatal("locked on nothing")
	}
	s.precommits(0, nil, 1, 6) // and q precommits for nil decide nothing
	s.casts()
	s.waits(500)
	s.casts("round 1")
}

// A trap: the proposal comes after the precommits for it.
func TestTrapProposalAfterItsPrecommits(t *testing.T) {
	s := alone(t, 8, 7)
	x := s.block("X", s.request("1=a", 1))
	s.submit(s.request("5=z", 1))
	s.prevotes(0, x, 1, 6)
	s.precommits(0, x, 1, 6)
	s.casts()
	s.proposes(0, x)
	s.casts("decide 2 X")
}

// The same where the block comes much later, in another round, as somebody's re-proposal.
func TestTrapProposalLongAfterItsPrecommits(t *testing.T) {
	s := alone(t, 8, 7)
	x := s.block("X", s.request("1=a", 1))
	s.submit(s.request("5=z", 1))
	s.precommits(0, x, 1, 6)
	s.prevotes(90, nil, 1, 3)
	s.casts("round 90")
	s.proposes(0, x)
	s.casts("decide 2 X")
}

// A trap: a certificate reaches an idle member. It has the block fetched.
func TestTrapACertificateReceivedWhileIdle(t *testing.T) {
	s := alone(t, 8, 3)
	x := s.block("X", s.request("1=a", 1))
	s.says(4, &Bundle{Commit: s.proves(0, x)})
	s.awake()
	s.waits(200)
	want := s.sends(asksBlocks)
	if len(want) == 0 {
		t.Fatal("the block is not asked for")
	}
	d := &Decided{Header: *x.header, Certificate: s.proves(0, x), Set: s.set, Voters: s.set, Bodies: x.bodies}
	s.says(4, &Bundle{Height: 2, Decided: d})
	s.casts("decide 2 X")
	s.asleep()
}

func TestTrapACertificateWithItsBlockReceivedWhileIdle(t *testing.T) {
	s := alone(t, 8, 3)
	x := s.block("X", s.request("1=a", 1))
	s.says(4, &Bundle{Commit: s.proves(0, x), Proposal: s.fresh(0, x), Requests: x.bodies})
	s.casts("decide 2 X")
	s.asleep()
}

// A trap: three of eight silent. No progress, and traffic that does not grow with time; when one returns, progress.
func TestTrapThreeSilent(t *testing.T) {
	c := newCluster(t, 8)
	c.create()
	for _, m := range c.members[5:] {
		m.down = true
	}
	c.all(c.request("1=a", 1))
	c.run(60_000)
	before := c.sent
	c.run(3_600_000)
	if sent := c.sent - before; sent > 5*7*62 {
		t.Fatalf("%d bundles in an hour", sent)
	}
	for _, m := range c.members[:5] {
		if m.object.Height() != 1 {
			t.Fatal("five of eight decided")
		}
		if m.object.Round() != 0 || !m.object.HalfOpen() || m.object.Idle() {
			t.Fatalf("round %d, half-open %v", m.object.Round(), m.object.HalfOpen())
		}
	}
	c.members[5].down = false
	for _, m := range c.members[:5] {
		c.step(m, Input{Return: c.members[5].key})
	}
	c.run(20_000)
	c.height(2) // an empty block: the mutation's deadline is long over
	if n := len(c.members[0].object.Decided().Header.Mutations); n != 0 {
		t.Fatal("what had expired was revived")
	}
	c.silent()
}

// The same without anything half-open: members that cannot reach a quorum sleep when what they held is over.
func TestTrapThreeSilentTheProposerAmongThem(t *testing.T) {
	c := newCluster(t, 8)
	c.create()
	for _, m := range c.members[:3] { // the third proposes in round 0
		m.down = true
	}
	c.all(c.request("1=a", 1))
	c.run(11_000)
	for _, m := range c.members[3:] {
		if m.object.Height() != 1 || m.object.HalfOpen() {
			t.Fatal("five of eight decided, or voted for nothing")
		}
	}
	c.run(170_000)
	c.silent()
}
