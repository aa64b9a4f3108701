package agreement

import (
	"bytes"
	"slices"
	"testing"

	"vaultnet"
)

// Rule 11: durable before sent; a restart is "my unread inbox was lost", nothing more (design §4.11).

// A trap: restart between persist and send, after every turn of a height and at height 1, too: whatever the member
// stored it stands by, and nothing it cast is cast again.
func TestTrapRestartBetweenPersistAndSend(t *testing.T) {
	s := alone(t, 8, 7)
	x, y := s.block("X", s.request("1=a", 1)), s.block("Y", s.request("2=b", 1))
	s.crashes = true
	s.proposes(0, x)
	s.casts("prevote 0 X")
	s.restarts()
	s.proposes(0, y)
	s.waits(700)
	s.casts()
	s.crashes = true
	s.prevotes(0, x, 1, 5)
	s.casts("lock 0 X", "precommit 0 X")
	s.restarts()
	s.prevotes(0, nil, 1, 7)
	s.waits(700)
	s.casts()
	s.crashes = true
	s.precommits(0, nil, 1, 6)
	s.until("round 1")
	s.restarts()
	if o := s.m.object; o.Round() != 1 || o.attempt.lock == nil || o.attempt.lock.held.digest != x.digest {
		t.Fatal("the lock or the round is forgotten")
	}
	s.m.events = nil
	s.proposes(1, y)
	s.casts("prevote 1 nil")
	s.restarts()
	s.reproposes(2, x, s.polka(0, x))
	s.precommits(1, nil, 1, 6)
	s.until("prevote 2 X")
	s.m.events = nil
	if !slices.Contains(s.m.object.attempt.voted.header.Mutations, x.header.Mutations[0]) {
		t.Fatal("voted for another block")
	}
	s.crashes = true
	s.precommits(2, x, 1, 6)
	s.casts("decide 2 X")
	s.restarts()
	s.in()
	if s.m.object.Height() != 2 {
		t.Fatal("the block is forgotten")
	}
	s.asleep()
}

// What was signed is sent again byte for byte, never signed again.
func TestRule11StoredVotesAreResentNotSignedAgain(t *testing.T) {
	s := alone(t, 8, 7)
	x := s.block("X", s.request("1=a", 1))
	s.proposes(0, x)
	s.m.store[string([]byte{sectionVote})] = resigned(t, s) // the signature that the turn made
	s.restarts()
	s.in()
	s.waits(300)
	sent := s.sends(hasVotes)
	last := sent[len(sent)-1].Bundle.Votes
	if len(last) != 1 || last[0].By.Signature != (vaultnet.Signature{1, 2, 3}) {
		t.Fatalf("sent %+v", last)
	}
	if len(s.out.Sign) > 0 {
		t.Fatal("signed again")
	}
}

func resigned(t *testing.T, s *solo) []byte {
	s.m.object.attempt.prevote.By.Signature = vaultnet.Signature{1, 2, 3}
	s.m.object.unsaved.vote = true
	for _, w := range s.m.object.Record() {
		if w.Key[0] == sectionVote {
			return w.Value
		}
	}
	t.Fatal("no record")
	return nil
}

// Every turn that casts or locks or decides asks for its record; what is cast is in it when it is sent.
func TestRule11EverySentVoteIsDurable(t *testing.T) {
	c := newCluster(t, 8)
	c.check = func(m *member) { durable(t, m) }
	c.create()
	n := 0
	c.drop = func(parcel) bool { n++; return n%7 == 0 }
	for i := range 10 {
		c.all(c.request("1=a", 1), c.request("2=b", 1))
		c.run(3_000)
		_ = i
	}
}

// durable demands that what the member holds of the height being decided is what its store holds.
func durable(t testing.TB, m *member) {
	if value, ok := m.store[string([]byte{sectionVote})]; ok {
		covers(t, m, unmarshalVotes(t, value))
	} else {
		covers(t, m, nil)
	}
}

// covers compares a vote record, nil for none, with what the member holds.
func covers(t testing.TB, m *member, r *voteRecord) {
	a := m.object.attempt
	if !m.object.Voted() {
		if r != nil {
			t.Fatal("a vote record is left from an older height")
		}
		return
	}
	if r == nil {
		t.Fatal("no vote record")
	}
	if a == nil {
		a = newAttempt()
	}
	same := func(stored []*Vote, held *Vote) bool {
		return len(stored) == 0 && held == nil || len(stored) == 1 && held != nil && stored[0].Ballot == held.Ballot
	}
	lock := func(stored []*Certificate, p *polka) bool {
		return len(stored) == 0 && p == nil || len(stored) == 1 && p != nil && stored[0].Ballot == p.cert.Ballot
	}
	switch {
	case r.Height != m.object.height+1, r.Round != a.round:
		t.Fatalf("stored height %d round %d, held %d and %d", r.Height, r.Round, m.object.height+1, a.round)
	case !same(r.Prevote, a.prevote), !same(r.Precommit, a.precommit):
		t.Fatal("the votes stored are not those held")
	case !lock(r.Lock, a.lock), a.valid == a.lock && len(r.Valid) > 0, a.valid != a.lock && !lock(r.Valid, a.valid):
		t.Fatal("the lock or valid value stored is not the one held")
	case len(r.Promised) != len(a.promised):
		t.Fatal("what was voted for in other first sets is not stored")
	case !slices.EqualFunc(r.Parted, m.object.parted, func(s partedRecord, p parted) bool {
		return bytes.Equal(s.First, packed(p.from)) && s.Round == p.round && (p.voted == nil && s.Voted.IsZero() || p.voted != nil && s.Voted == p.voted.digest &&
			m.store[string(proposalKey(s.Voted))] != nil) && same(s.Prevote, p.prevote) && same(s.Precommit, p.precommit)
	}):
		t.Fatal("the votes in first sets that were left are not stored")
	case len(r.Proof) != len(a.proof):
		t.Fatal("the proof of the round is not stored")
	case a.voted != nil && (r.Voted != a.voted.digest || m.store[string(proposalKey(a.voted.digest))] == nil):
		t.Fatal("the block voted for is not stored")
	case a.lock != nil && m.store[string(proposalKey(a.lock.held.digest))] == nil,
		a.valid != nil && m.store[string(proposalKey(a.valid.held.digest))] == nil:
		t.Fatal("the block locked on or valid is not stored")
	}
}

// The record proves the round: what a restarted member repairs with takes others there.
func TestRule11TheRecordProvesTheRound(t *testing.T) {
	s := alone(t, 8, 7)
	x := s.block("X", s.request("1=a", 1))
	s.proposes(0, x)
	s.reach(1)
	s.restarts()
	s.in()
	s.sends(anything)
	s.waits(200)
	sent := s.sends(hasVotes)
	if len(sent) != 1 {
		t.Fatalf("%d bundles", len(sent))
	}
	y := &tally{}
	for _, v := range sent[0].Bundle.Votes {
		if v.Ballot.Type == Precommit && v.Ballot.Round == 0 {
			y.add(s.set.Index(v.By.Signer), v)
		}
	}
	if y.total(Precommit) < s.set.Quorum() {
		t.Fatalf("the round is proven by %d votes", y.total(Precommit))
	}
}

func TestRule11ASkippedRoundIsProvenByWVotes(t *testing.T) {
	s := alone(t, 8, 7)
	s.submit(s.request("5=z", 1))
	s.prevotes(6, nil, 1, 3)
	s.casts("round 6")
	if n := len(s.stored().Proof); n != 3 {
		t.Fatalf("proven by %d votes", n)
	}
}

// At height 1 the record holds where the set comes from.
func TestRule11RestartAtGenesis(t *testing.T) {
	s := unborn(t, 8, 3)
	r := s.request("0=g", 1)
	s.submit(r)
	x := s.block("X", r)
	s.proposes(0, x)
	s.casts("prevote 0 X")
	s.restarts()
	s.in()
	s.awake()
	s.prevotes(0, x, 1, 5)
	s.casts("lock 0 X", "precommit 0 X")
	s.restarts()
	s.in()
	s.precommits(0, x, 1, 5)
	s.casts("decide 1 X")
	s.restarts()
	s.in()
	s.asleep()
	if s.m.object.Height() != 1 {
		t.Fatal("forgot the first block")
	}
}

// A block re-proposed with its polka survives, too.
func TestRule11RestartAfterAReproposal(t *testing.T) {
	s := alone(t, 8, 7)
	x := s.block("X", s.request("1=a", 1))
	s.submit(s.request("5=z", 1))
	s.reach(1)
	s.reproposes(1, x, s.polka(0, x))
	s.casts("prevote 1 X")
	s.restarts()
	s.in()
	if o := s.m.object.attempt.voted.offers; len(o) != 1 || o[0].PolkaRound != 0 || !o[0].Polka.Proves(Prevote, s.set, s.m.object.setDigest) {
		t.Fatal("the re-proposal lost its polka")
	}
}

// A block's result, the state, certificate, set and the removal of the vote record are one batch.
func TestRule11ABlockIsOneBatch(t *testing.T) {
	s := alone(t, 8, 3)
	x := s.block("X", s.request("1=a", 1))
	s.proposes(0, x)
	s.prevotes(0, x, 1, 5)
	s.out = s.m.object.Step(s.now, s.m.host, Input{From: s.crew[1].key, Bundle: &Bundle{Address: s.address, Height: 1, Commit: s.proves(0, x)}})
	if !s.out.Record {
		t.Fatal("no record is asked for")
	}
	kinds := map[byte]int{}
	for _, w := range s.m.object.Record() {
		if w.Value == nil {
			kinds[w.Key[0]-'a'+'A']++
		} else {
			kinds[w.Key[0]]++
		}
	}
	if kinds[sectionHead] != 1 || kinds[sectionMachine] == 0 || kinds[sectionLedger] != 1 || kinds['V'] != 1 || kinds['P'] != 1 {
		t.Fatalf("%v", kinds)
	}
	if len(s.m.object.Record()) != 0 {
		t.Fatal("recorded twice")
	}
}

// Equal inputs leave equal records: nothing depends on the order of a map.
func TestRule11RecordsAreDeterministic(t *testing.T) {
	run := func() []string {
		c := newCluster(t, 8)
		c.create()
		for i := range 5 {
			c.all(c.request("1=a", 1), c.request("2=b", 1), c.request("3=c", 1))
			c.run(vaultnet.Time(100 * i))
		}
		var all []string
		for _, m := range c.members {
			for _, w := range c.stores(m) {
				all = append(all, string(w.Key)+"="+string(w.Value))
			}
		}
		return all
	}
	if !slices.Equal(run(), run()) {
		t.Fatal("two runs differ")
	}
}

// Everything an object stores is erased by Erase.
func TestEraseLeavesNothing(t *testing.T) {
	s := alone(t, 8, 7)
	w := s.request("7=w", 1).Withdrawal()
	s.in(Input{From: client, Withdraw: &w})
	x := s.block("X", s.request("1=a", 1))
	s.proposes(0, x)
	s.reach(1)
	s.reproposes(1, s.block("Y", s.request("2=b", 1)), s.polka(0, s.block("Y", s.request("2=b", 1))))
	for range 2 {
		left := map[string]bool{}
		for k := range s.m.store {
			left[k] = true
		}
		for _, w := range s.m.object.Erase() {
			delete(left, string(w.Key))
		}
		if len(left) > 0 {
			t.Fatalf("%d records left", len(left))
		}
		s.restarts()
	}
}

// A polka seen before anything was cast: its block is stored with it, or a later record could not be read back.
func TestRule11AValidValueSeenBeforeAnyVote(t *testing.T) {
	s := alone(t, 8, 7)
	s.submit(s.request("5=z", 1))
	x := s.block("X", s.request("1=a", 1))
	s.says(1, &Bundle{Polka: s.polka(0, x), Requests: x.bodies, Proposal: s.fresh(3, x)})
	if a := s.m.object.attempt; a.valid == nil || a.prevote != nil {
		t.Fatal("no valid value, or a vote: the test says nothing")
	}
	durable(t, s.m)
	s.prevotes(6, nil, 1, 3) // on to a round, and no vote yet
	s.casts("round 6")
	durable(t, s.m)
	s.restarts()
	if a := s.m.object.attempt; a.valid == nil || a.valid.held.digest != x.digest {
		t.Fatal("the valid value is lost")
	}
}
