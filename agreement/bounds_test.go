package agreement

import (
	"fmt"
	"testing"

	"vaultnet"
	"vaultnet/internal/merkle"
)

// Rule 13: bounds everywhere (design §4.13).

func TestRule13FutureRoundsTheHighestOfEachSender(t *testing.T) {
	s := alone(t, 8, 7)
	s.submit(s.request("5=z", 1))
	for r := uint32(1); r < 2_000; r++ {
		s.prevotes(r, nil, 1, 2)
		s.precommits(r, nil, 1, 2)
	}
	s.casts()
	a := s.m.object.attempt
	if len(a.tallies) > 1 || a.future[s.set.Index(s.crew[1].key)].round != 1_999 {
		t.Fatalf("%d rounds are kept", len(a.tallies))
	}
	s.prevotes(5, nil, 1, 2) // older than what it said last
	s.prevotes(1<<30, nil, 1, 2)
	s.prevotes(3, nil, 3, 3)
	s.casts("round 3")
}

func TestRule13RoundsPastAreForgotten(t *testing.T) {
	s := alone(t, 8, 7)
	z := s.lasting(110_000, "5=z", 1)
	s.submit(z)
	for r := uint32(1); r < 30; r++ {
		s.precommits(r-1, nil, 1, 6)
		s.prevotes(r, nil, 1, 3)
		if n := len(s.m.object.attempt.tallies); n > roundsKept+1 {
			t.Fatalf("%d rounds are kept", n)
		}
	}
}

// Liars propose in every round they lead, past and to come, whatever they like.
func TestRule13ProposalsHeld(t *testing.T) {
	for _, asleep := range []bool{true, false} {
		s := alone(t, 8, 7)
		if !asleep {
			s.submit(s.request("5=z", 1))
		}
		limit := 4
		for i := range 400 {
			if s.m.object.attempt != nil && s.m.object.attempt.awake {
				limit = maxProposals
			}
			round := uint32(i*7) % 200
			if s.at(round) == 0 {
				continue
			}
			x := s.block("", s.request(fmt.Sprintf("1=x%d", i), 1))
			s.says(s.at(round), &Bundle{Proposal: s.fresh(round, x)})
			if i%3 == 0 {
				s.proposes(round, s.block("", s.request(fmt.Sprintf("2=x%d", i), 1)))
			}
			if n := len(s.m.object.attempt.proposals); n > max(limit, maxProposals) {
				t.Fatalf("%d blocks held", n)
			}
		}
		s.m.events = nil
		y := s.block("Y", s.request("3=y", 1)) // room for an honest one all the same
		s.prevotes(500, nil, 1, 3)
		s.m.events = nil
		s.proposes(500, y)
		s.casts("prevote 500 Y")
	}
}

// Of an equivocating proposer two blocks a round are held, a third only when w members or a certificate name it.
func TestRule13AThirdBlockOfARound(t *testing.T) {
	s := alone(t, 8, 7)
	var x []*held
	for i := range 6 {
		x = append(x, s.block("", s.request(fmt.Sprintf("1=x%d", i), 1)))
	}
	holds := func(h *held) bool { return s.m.object.attempt.find(h.digest) != nil }
	s.proposes(0, x[0])
	s.proposes(0, x[1])
	s.proposes(0, x[2])
	if !holds(x[0]) || !holds(x[1]) || holds(x[2]) {
		t.Fatal("not the first two")
	}
	s.prevotes(0, x[2], 1, 2)
	s.proposes(0, x[2])
	if holds(x[2]) {
		t.Fatal("two liars name it")
	}
	s.prevotes(0, x[2], 3, 3)
	s.proposes(0, x[2])
	s.says(1, &Bundle{Polka: s.polka(0, x[3])})
	s.proposes(0, x[3])
	s.says(1, &Bundle{Commit: s.proves(0, x[4])})
	if !holds(x[2]) || !holds(x[3]) {
		t.Fatal("named, and not held")
	}
	s.proposes(0, x[4])
	if s.m.object.Height() != 2 {
		t.Fatal("certified, and not held")
	}
}

// A polka of a block that is lacking is kept at its newest.
func TestRule13OnePolkaForEachBlock(t *testing.T) {
	s := alone(t, 8, 7)
	s.submit(s.request("5=z", 1))
	x := s.block("X", s.request("1=a", 1))
	for _, r := range []uint32{0, 3, 1} {
		s.says(1, &Bundle{Polka: s.polka(r, x)})
	}
	if p := s.m.object.attempt.polkas; len(p) != 1 || p[0].Ballot.Round != 3 {
		t.Fatalf("%d polkas", len(p))
	}
}

// A sleeping member holds little of what it cannot judge.
func TestRule13ASleepingMemberHoldsLittle(t *testing.T) {
	s := alone(t, 8, 7)
	for i := range 100 {
		x := s.block("", s.request(fmt.Sprintf("1=x%d", i), 1))
		s.says(s.at(uint32(i)), &Bundle{Proposal: s.fresh(uint32(i), x)})
	}
	if n := len(s.m.object.attempt.proposals); n > 4 {
		t.Fatalf("%d blocks held", n)
	}
	s.waits(10_000)
	s.asleep()
}

func TestRule13TheHeightAfterTheNext(t *testing.T) {
	s := alone(t, 8, 7)
	for i := range 50 {
		v := &Vote{Ballot: Ballot{Height: 3, Type: Prevote}, By: s.by(4)}
		s.says(1+i%2, &Bundle{Height: 1, Votes: []*Vote{v}, Requests: []*Request{s.request(fmt.Sprintf("%d=a", i%10), 1)}})
		s.in(Input{From: vault(300), Bundle: &Bundle{Address: s.address, Height: 1, Votes: []*Vote{v}}})
	}
	n := len(s.m.object.ahead)
	for _, k := range s.m.object.ahead {
		if len(k.bundle.Requests) > 0 {
			t.Error("bodies are kept")
		}
		if s.set.Index(k.from) < 0 {
			t.Error("of a stranger")
		}
	}
	if n != 2*maxAhead {
		t.Fatalf("%d bundles kept", n)
	}
}

func TestRule13HelpPolkasFollowersBelieved(t *testing.T) {
	s := alone(t, 8, 7)
	v := s.voteOf(3, Prevote, 0, nil)
	s.decidedNext(s.request("1=a", 1))
	s.sends(anything)
	for i := range 200 {
		s.in(Input{From: vault(300 + i), Bundle: &Bundle{Address: s.address, Height: 1, Votes: []*Vote{v}, Following: 1}})
	}
	o := s.m.object
	if n := len(s.sends(givesBlock)); n > 2*maxMembers || len(o.helped) > 2*maxMembers || len(o.followers) > maxMembers {
		t.Fatalf("%d helped, %d followers", n, len(o.followers))
	}
	s.now += 100
	s.submit(s.request("5=z", 1))
	for i := range 50 {
		c := s.polka(uint32(i), s.block("", s.request("1=x", 1)))
		c.Ballot.Block[0] ^= byte(i)
		s.says(1, &Bundle{Polka: c})
	}
	if n := len(o.attempt.polkas); n > maxOffers {
		t.Fatalf("%d polkas", n)
	}
	for i := range 20 {
		s.in(Input{Believe: &Set{Number: uint64(i + 5), Members: s.set.Members}})
	}
	if len(o.believed) > 4 || o.believed[len(o.believed)-1].Number != 24 {
		t.Fatalf("%d believed sets", len(o.believed))
	}
	for i := range 300 {
		o.attempt.fail(s.block("", s.request(fmt.Sprintf("1=%d", i), 1)))
	}
	if n := len(o.attempt.failed); n > 64 {
		t.Fatalf("%d failed", n)
	}
}

// A height that stays undecided for thousands of rounds costs no more memory and no more store than one of a few.
func TestRule13AHeightUndecidedForVeryLong(t *testing.T) {
	s := alone(t, 8, 7)
	for r := uint32(0); r < 300; r++ {
		if s.at(r) != 0 {
			q := s.request(fmt.Sprintf("%d=x%d", r%10, r), 1)
			s.submit(s.request(fmt.Sprintf("%d=z%d", (r+1)%10, r), 1))
			s.proposes(r, s.block("", q))
		}
		s.precommits(r, nil, 1, 6)
		for s.m.object.Round() == r {
			s.now = s.m.alarm
			s.in()
		}
		s.m.events, s.names = nil, map[vaultnet.Digest]string{}
		a := s.m.object.attempt
		blocks := 0
		for k := range s.m.store {
			if k[0] == sectionProposal {
				blocks++
			}
		}
		if len(a.proposals) > maxProposals || blocks > maxProposals || len(s.m.object.savedProposals) != blocks || len(a.relayed) > 64 || len(a.promised) > maxPromised {
			t.Fatalf("round %d: %d blocks held, %d stored, %d relayed, %d promised", r, len(a.proposals), blocks, len(a.relayed), len(a.promised))
		}
		if r%50 == 49 {
			s.restarts()
			s.in()
			if s.m.object.Round() != r+1 || !s.m.object.HalfOpen() {
				t.Fatal("forgot")
			}
			durable(t, s.m)
		}
	}
	// What was voted for beyond what is remembered counts as voted for: no withdrawal is confirmed too early.
	w := s.request("1=x", 1)
	s.m.replies = nil
	s.withdraw(w)
	s.replied()
}

// A liar that serves a state without end is left.
func TestRule13AStateWithoutEnd(t *testing.T) {
	c := newCluster(t, 8)
	m := c.join(vault(100))
	c.step(m, Input{Believe: c.set})
	d, _ := c.forged(7, c.set, c.set, vaultnet.PublicKey{}, vaultnet.PublicKey{})
	liar := c.set.Members[0]
	c.step(m, Input{From: liar, Bundle: &Bundle{Address: c.address, Height: 7, Decided: d}})
	part := func(from uint32, value []byte) {
		c.step(m, Input{From: liar, Bundle: &Bundle{Address: c.address, Height: 7, State: &StatePart{Decided: d, From: from, Total: 1 << 20,
			Records: []Record{{Key: []byte(fmt.Sprintf("m%06d", from)), Value: value}}}}})
	}
	part(0, []byte("a"))
	if m.object.fetch == nil || len(m.object.fetch.records) != 1 {
		t.Fatal("not gathered")
	}
	m.object.fetch.size = maxStateSize
	part(1, []byte("b"))
	if m.object.fetch != nil || !m.object.behind.pending {
		t.Fatal("gathers for ever, or asks nobody else")
	}
}

// A part that is not the next one, of another giver, or that contradicts what came before, is nothing.
func TestRule13StatePartsThatDoNotFit(t *testing.T) {
	c := newCluster(t, 8)
	m := c.join(vault(100))
	c.step(m, Input{Believe: c.set})
	d, _ := c.forged(7, c.set, c.set, vaultnet.PublicKey{}, vaultnet.PublicKey{})
	liar := c.set.Members[0]
	c.step(m, Input{From: liar, Bundle: &Bundle{Address: c.address, Height: 7, Decided: d}})
	rs := []Record{{Key: []byte("m1"), Value: []byte("x")}}
	for i, p := range []struct {
		from vaultnet.PublicKey
		part StatePart
	}{
		{c.set.Members[1], StatePart{Decided: d, Total: 5, Records: rs}},
		{liar, StatePart{Decided: d, From: 1, Total: 5, Records: rs}},
		{liar, StatePart{Decided: d, Total: 5}},
		{liar, StatePart{Decided: d, Total: maxRecords + 1, Records: rs}},
		{liar, StatePart{Decided: d, Total: 1, Records: append(rs, rs...)}},
	} {
		c.step(m, Input{From: p.from, Bundle: &Bundle{Address: c.address, Height: 7, State: &p.part}})
		if m.object.fetch == nil || len(m.object.fetch.records) != 0 {
			t.Fatalf("part %d was taken", i)
		}
	}
}

// Questions are answered, whatever they ask; parts only of what is there.
func TestRule13QuestionsOutOfRange(t *testing.T) {
	s := alone(t, 8, 7)
	for _, w := range []Want{{Have: 1}, {Have: 9}, {At: 9, From: 1}, {At: 1, From: 1 << 20}, {Have: 1 << 62, At: 1 << 62, From: 1 << 20}} {
		s.says(1, &Bundle{Want: &w})
		if n := len(s.sends(anything)); n != 0 {
			t.Errorf("%+v: %d answers", w, n)
		}
	}
	s.says(1, &Bundle{Want: &Want{At: 1}})
	if n := len(s.sends(givesState)); n != 1 {
		t.Fatal("no part")
	}
	s.says(1, &Bundle{Want: &Want{At: 1, From: 1 << 20}})
	s.says(1, &Bundle{Want: &Want{At: 2, From: 1}})
	if n := len(s.sends(givesState)); n != 0 {
		t.Fatal("parts that are not there")
	}
	v := unborn(t, 8, 3)
	v.in(Input{From: vault(1), Bundle: &Bundle{Address: v.address, Want: &Want{}}}, Input{From: vault(1), Bundle: &Bundle{Address: v.address, Want: &Want{At: 1}}},
		Input{From: vault(1), Bundle: &Bundle{Address: v.address, Votes: []*Vote{{Ballot: Ballot{Height: 1, Type: Prevote}, By: &merkle.Attestation{}}}}})
	if len(v.sends(anything)) != 0 {
		t.Fatal("an empty address answers")
	}
}
