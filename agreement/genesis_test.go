package agreement

import (
	"slices"
	"testing"

	"vaultnet"
	"vaultnet/internal/merkle"
)

// Genesis and its proof of set (design §6).

func TestGenesisNeedsAProofOfSet(t *testing.T) {
	s := unborn(t, 8, 3)
	r := s.request("0=g", 1)
	bare := *r
	bare.Proof = nil
	s.submit(&bare)
	s.replied("stranger")
	s.asleep()
	s.submit(r)
	s.replied()
	s.awake()
}

func TestGenesisAProofIsAQuorumOfEqualViews(t *testing.T) {
	c := newCluster(t, 8)
	for name, spoil := range map[string]func(p *SetProof){
		"too few views":     func(p *SetProof) { p.Views = p.Views[1:] },
		"a signer twice":    func(p *SetProof) { p.Views[1] = p.Views[0] },
		"out of order":      func(p *SetProof) { p.Views[0], p.Views[1] = p.Views[1], p.Views[0] },
		"a stranger's":      func(p *SetProof) { p.Views[0].By = &merkle.Attestation{Signer: vault(99)} },
		"members unordered": func(p *SetProof) { p.Members[0], p.Members[1] = p.Members[1], p.Members[0] },
		"a member twice":    func(p *SetProof) { p.Members[1] = p.Members[0] },
		"no members":        func(p *SetProof) { p.Members = nil },
		"more than allowed": func(p *SetProof) { p.Members = append(p.Members, vault(99)) },
		"members left out":  func(p *SetProof) { p.Members = p.Members[:7]; p.Views = p.Views[:4] },
	} {
		p := c.proof()
		p.Members, p.Views = slices.Clone(p.Members), slices.Clone(p.Views)
		spoil(p)
		if _, ok := p.Set(c.address, 8); ok {
			t.Errorf("%s: proves a set", name)
		}
	}
	if set, ok := c.proof().Set(c.address, 8); !ok || set.Digest() != c.set.Digest() || set.Number != 1 {
		t.Error("a good proof proves nothing")
	}
	if _, ok := (*SetProof)(nil).Set(c.address, 8); ok {
		t.Error("nothing proves a set")
	}
}

func TestGenesisByRequest(t *testing.T) {
	s := unborn(t, 8, 0)
	s.submit(s.request("0=g", 1))
	s.casts("propose 0 own0", "prevote 0 own0")
	if p := s.sends(proposal)[0].Bundle.Proposal; p.Proof == nil {
		t.Fatal("proposed without proof")
	}
	x := s.m.object.attempt.voted
	s.prevotes(0, x, 1, 5)
	s.precommits(0, x, 1, 5)
	s.casts("lock 0 own0", "precommit 0 own0", "decide 1 own0")
	s.replied("applied 1")
	if s.m.object.Decided().Proof == nil {
		t.Fatal("the first block lost its proof of set")
	}
	s.asleep()
}

// A proposal brings the proof to a member that knew of nothing.
func TestGenesisByProposal(t *testing.T) {
	a, b := unborn(t, 8, 0), unborn(t, 8, 3)
	r := a.request("0=g", 1)
	a.submit(r)
	p := a.sends(proposal)[0].Bundle.Proposal
	b.in(Input{From: p.By.Signer, Bundle: &Bundle{Address: b.address, Proposal: p, Requests: []*Request{r}}})
	if len(b.m.votes) != 1 || b.m.votes[0].Block != p.Header.Digest(b.cfg.Network, b.address) {
		t.Fatal("no vote")
	}
}

// The views are at most 10 s from the block's time, and that is judged alike by all: by the proof that a request of the
// block itself carries, whatever other proof a member has seen before.
func TestGenesisStaleViews(t *testing.T) {
	for _, x := range []struct {
		age  vaultnet.Time
		vote string
	}{{10_000, "prevote 0 X"}, {10_001, "prevote 0 nil"}} {
		s := unborn(t, 8, 3)
		r := s.lasting(70_000, "0=g", 1)
		s.submit(r)
		x1 := s.block("X", r) // while its views are fresh
		_ = x1
		s.restartEmpty()
		s.now += x.age
		s.submit(r)
		h := *x1.header
		h.Time = s.now
		tr := &turn{Object: s.m.object, now: s.now, host: &opinion{}, out: &Output{}}
		o, err := tr.execute(&h, []*Request{r})
		if err == nil {
			h.State = o.next.Digest()
		}
		k := &held{header: &h, digest: h.Digest(s.cfg.Network, s.address), bodies: []*Request{r}}
		s.names[k.digest] = "X"
		s.proposes(0, k)
		s.casts(x.vote)
	}
}

// restartEmpty is a member that forgot everything, as a vault does that never voted.
func (s *solo) restartEmpty() {
	s.m.object, s.m.store = New(s.config(s.m), s.address), map[string][]byte{}
	s.m.events, s.m.votes, s.m.replies = nil, nil, nil
}

// Members that saw different proofs of one set judge a block alike, or a block with a polka could be refused for ever.
func TestGenesisMembersWithDifferentProofsJudgeAlike(t *testing.T) {
	early := unborn(t, 8, 3)
	old := early.lasting(70_000, "1=old", 1)
	early.submit(old) // this member knows the set by views that are stale when the block comes
	early.now += 30_000
	late := unborn(t, 8, 3)
	late.now, late.nonce = early.now, 7
	r := late.request("0=g", 1)
	late.submit(r)
	x := late.block("X", r)
	early.names[x.digest] = "X"
	early.m.events = nil
	for _, s := range []*solo{early, late} {
		s.proposes(0, x)
		if h := s.m.object.attempt.find(x.digest); h == nil || !h.sound {
			t.Fatalf("judged unsound by the one that knew older views: %v", s == early)
		}
	}
}

// From round 1 on an empty genesis is legal, whatever the views' age: the address is agreed to hold nothing.
func TestGenesisMayBeEmpty(t *testing.T) {
	c := newCluster(t, 8)
	c.vacant()
	c.silent()
	for _, m := range c.members {
		if !m.object.Decided().Header.Empty() {
			t.Fatal("not empty")
		}
	}
	c.all(c.request("0=g", 1)) // an ordinary mutation now
	c.run(3_000)
	c.height(2)
}

func TestGenesisAMembersOwnViewSpeaksAgainstAFreshOne(t *testing.T) {
	s := unborn(t, 8, 3)
	s.m.host.genesis = func(*Set) Verdict { return No }
	r := s.request("0=g", 1)
	s.submit(r)
	x := s.block("X", r)
	s.proposes(0, x)
	s.casts("prevote 0 nil")
	s.reach(1)
	s.reproposes(1, x, s.polka(0, x))
	s.casts("prevote 1 X")
}

func TestGenesisNoSetBlock(t *testing.T) {
	s := unborn(t, 8, 3)
	s.submit(s.request("0=g", 1))
	h := Header{Height: 1, Time: s.now, Drop: s.crew[5].key}
	tr := &turn{Object: s.m.object, now: s.now, host: &opinion{}, out: &Output{}}
	k := tr.block(h, nil)
	s.says(s.at(0), &Bundle{Proposal: s.fresh(0, k)})
	s.casts()
	if len(s.m.object.attempt.proposals) != 0 {
		t.Fatal("held")
	}
}

// A member that has voted in one first set stays with it; until then it follows a newer proof.
func TestGenesisOneVoteRecordForEachAddress(t *testing.T) {
	s := unborn(t, 8, 3)
	other := newCluster(t, 8)
	other.now, other.nonce = s.now, 50
	other.set = NewSet(1, s.address, append(slices.Clone(s.set.Members[:7]), vault(99)))
	q := other.request("0=h", 1)
	r := s.request("0=g", 1)
	s.submit(q)
	if s.m.object.Set().Digest() != other.set.Digest() {
		t.Fatal("the first proof is not taken")
	}
	s.submit(r)
	if s.m.object.Set().Digest() != s.set.Digest() {
		t.Fatal("a newer proof is not taken")
	}
	s.replied()
	s.proposes(0, s.block("X", r))
	s.casts("prevote 0 X")
	s.submit(q)
	if s.m.object.Set().Digest() != s.set.Digest() {
		t.Fatal("it voted in one first set, and goes over to another")
	}
	s.restarts()
	s.submit(q)
	if s.m.object.Set().Digest() != s.set.Digest() {
		t.Fatal("forgotten with a restart")
	}
}

// Two Puts at once: one object.
func TestGenesisTwoAtOnce(t *testing.T) {
	for n := 1; n <= 8; n++ {
		c := newCluster(t, n)
		a, b := c.request("0=once", 1), c.request("0=once", 1)
		for i, m := range c.members {
			if i%2 == 0 {
				a, b = b, a
			}
			c.step(m, Input{From: client, Submit: a}, Input{From: client, Submit: b})
		}
		c.run(20_000)
		for _, m := range c.members {
			if l := m.object.State().Ledger.Len(); m.object.Height() == 0 || l > 1 {
				t.Fatalf("n = %d: height %d, %d applied", n, m.object.Height(), l)
			}
		}
		c.silent()
	}
}
