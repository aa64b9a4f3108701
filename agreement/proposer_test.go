package agreement

import (
	"slices"
	"testing"

	"vaultnet"
)

// Rule 3: the proposer, and blocks that name their mutations (design §4.3).

func TestRule03TheProposerRotatesWithHeightAndRound(t *testing.T) {
	c := newCluster(t, 8)
	c.create()
	o := &turn{Object: c.members[0].object}
	for r := range uint32(20) {
		if got, want := o.proposer(r), c.set.Members[(2+r)%8]; got != want {
			t.Fatalf("round %d: proposer %d", r, c.set.Index(got))
		}
	}
}

func TestRule03OnlyTheProposersProposalCounts(t *testing.T) {
	s := alone(t, 8, 3)
	x := s.block("X", s.request("1=a", 1))
	p := s.fresh(0, x)
	p.By = s.by(s.at(1))
	s.says(s.at(1), &Bundle{Proposal: p, Requests: nil})
	s.casts()
	s.asleep()
}

func TestRule03WaitsLessForASuspectedProposer(t *testing.T) {
	s := alone(t, 8, 3)
	s.m.host.suspect = map[vaultnet.PublicKey]bool{s.crew[s.at(0)].key: true}
	s.submit(s.request("1=a", 1))
	s.waits(24)
	s.casts()
	s.waits(1)
	s.casts("prevote 0 nil")
	s.reach(1)
	s.waits(749)
	s.casts()
	s.waits(1)
	s.casts("prevote 1 nil")
}

// A block does not wait for a suspected member to be missed first: 25 ms for its proposal, none once the round is barren.
func TestRule03ASuspectedProposerCostsLittle(t *testing.T) {
	c := newCluster(t, 8)
	c.create()
	absent := c.find(c.set.Members[2]) // proposer of height 2
	absent.down = true
	for _, m := range c.members {
		m.host.suspect = map[vaultnet.PublicKey]bool{absent.key: true}
	}
	c.delay = func(parcel) vaultnet.Time { return 2 }
	for h := vaultnet.Height(2); h <= 10; h++ { // it is the first proposer twice
		c.all(c.request("1=a", 1))
		c.run(45)
		c.height(h)
	}
	c.run(2_000)
	c.silent()
}

// Where some do not suspect it, these wait for line 47's timeout; and where there was a polka, everybody does.
func TestRule03ARoundThatIsNotBarrenIsWaitedFor(t *testing.T) {
	s := alone(t, 8, 3)
	s.m.host.suspect = map[vaultnet.PublicKey]bool{s.crew[s.at(0)].key: true}
	s.submit(s.request("1=a", 1))
	s.prevotes(0, nil, 1, 4)
	s.precommits(0, nil, 2, 7)
	s.waits(30)
	if r := s.m.object.Round(); r != 0 {
		t.Fatalf("round %d: who knows what was locked?", r)
	}
	s.prevotes(0, nil, 5, 5)
	if r := s.m.object.Round(); r != 1 {
		t.Fatalf("round %d after a barren one", r)
	}
}

func TestRule03ASuspectedProposerIsHeardAllTheSame(t *testing.T) {
	s := alone(t, 8, 3)
	s.m.host.suspect = map[vaultnet.PublicKey]bool{s.crew[s.at(0)].key: true}
	s.proposes(0, s.block("X", s.request("1=a", 1)))
	s.casts("prevote 0 X")
}

// Missing bodies are asked for, of whoever brought the proposal, and again with the repair; digests prove them.
func TestRule03MissingBodiesAreFetched(t *testing.T) {
	s := alone(t, 8, 3)
	a, b := s.request("1=a", 1), s.request("2=b", 1)
	x := s.block("X", a, b)
	s.submit(a)
	s.says(6, &Bundle{Proposal: s.fresh(0, x)}) // not from its proposer
	s.casts()
	need := s.sends(asksBodies)
	if len(need) != 1 || need[0].To != s.crew[6].key || !slices.Equal(need[0].Bundle.Need, []Ref{b.Ref}) {
		t.Fatalf("asked %+v", need)
	}
	other := s.request("2=c", 1)
	s.says(6, &Bundle{Requests: []*Request{other}})
	s.casts()
	s.waits(200)
	if need := s.sends(asksBodies); len(need) != 1 || !need[0].To.IsNobody() {
		t.Fatalf("repaired with %+v", need)
	}
	s.says(6, &Bundle{Requests: []*Request{b}})
	s.casts("prevote 0 X")
}

func TestRule03TheSameRequestWithAnotherPermitIsAnotherBody(t *testing.T) {
	s := alone(t, 8, 3)
	a := s.request("1=a", 1)
	x := s.block("X", a)
	twin := *a
	twin.Attached = []byte("another permit")
	twin.Ref.Attached[0] = 1
	s.submit(&twin)
	s.says(s.at(0), &Bundle{Proposal: s.fresh(0, x)})
	s.casts()
	s.says(s.at(0), &Bundle{Requests: []*Request{a}})
	s.casts("prevote 0 X")
}

func TestRule03BodiesAreGivenToWhoeverAsks(t *testing.T) {
	s := alone(t, 8, 3)
	pooled, voted := s.request("1=a", 1), s.request("2=b", 1)
	s.submit(pooled)
	s.proposes(0, s.block("X", voted))
	s.sends(anything)
	s.says(4, &Bundle{Need: []Ref{voted.Ref, pooled.Ref, {}}})
	got := s.sends(givesBodies)
	if len(got) != 1 || got[0].To != s.crew[4].key || !slices.Equal(got[0].Bundle.Requests, []*Request{voted, pooled}) {
		t.Fatalf("gave %+v", got)
	}
	s.precommits(0, s.m.object.attempt.voted, 1, 6)
	s.sends(anything)
	s.says(4, &Bundle{Need: []Ref{voted.Ref}}) // of the last block, too
	if got := s.sends(givesBodies); len(got) != 1 {
		t.Fatal("the last block's bodies are not given")
	}
}

// An idle member that cannot get the bodies of a proposal forgets it.
func TestRule03AnIncompleteProposalIsForgotten(t *testing.T) {
	s := alone(t, 8, 3)
	s.says(s.at(0), &Bundle{Proposal: s.fresh(0, s.block("X", s.request("1=a", 1)))})
	if s.m.object.HalfOpen() {
		t.Fatal("half-open by what it cannot judge")
	}
	s.alarmIn(10_000)
	s.waits(10_000)
	s.asleep()
	if s.m.object.attempt != nil {
		t.Fatal("kept")
	}
}
