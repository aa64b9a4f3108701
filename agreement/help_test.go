package agreement

import (
	"fmt"
	"testing"

	"vaultnet"
)

// Rule 12: what is decided is helped; what is lacking is fetched (design §4.12).

// decidedNext makes the member decide a block with the requests.
func (s *solo) decidedNext(rs ...*Request) *held {
	x := s.block("", rs...)
	s.names[x.digest] = fmt.Sprintf("B%d", x.header.Height)
	s.says(1, &Bundle{Proposal: s.fresh(0, x), Commit: s.proves(0, x), Requests: rs})
	if s.m.object.Height() != x.header.Height {
		s.t.Helper()
		s.t.Fatal("not decided")
	}
	return x
}

func TestRule12AMessageOfAnOlderHeightIsAnsweredWithTheBlock(t *testing.T) {
	s := alone(t, 8, 7)
	v := s.voteOf(3, Prevote, 0, nil)
	s.decidedNext(s.request("1=a", 1))
	s.sends(anything)
	s.says(3, &Bundle{Height: 1, Votes: []*Vote{v}})
	got := s.sends(givesBlock)
	if len(got) != 1 || got[0].To != s.crew[3].key || len(got[0].Bundle.Decided.Bodies) != 1 {
		t.Fatalf("%d answers", len(got))
	}
	s.says(3, &Bundle{Height: 1, Votes: []*Vote{v}})
	if len(s.sends(givesBlock)) > 0 {
		t.Fatal("not rate-limited")
	}
	s.says(4, &Bundle{Height: 1, Votes: []*Vote{v}})
	if len(s.sends(givesBlock)) != 1 {
		t.Fatal("one member's messages cost another its help")
	}
	s.now += 100
	s.says(3, &Bundle{Height: 1, Votes: []*Vote{v}})
	if len(s.sends(givesBlock)) != 1 {
		t.Fatal("helped once and never again")
	}
	s.says(5, &Bundle{Height: 1}) // says nothing that needs help
	if len(s.sends(givesBlock)) > 0 {
		t.Fatal("helped for nothing")
	}
	s.asleep()
}

// In an ordinary block the last precommits arrive when most have decided. Who sent them is about to decide, too, and needs
// no help: its repair tells if it does.
func TestRule12NobodyIsHelpedInAnOrdinaryBlock(t *testing.T) {
	c := newCluster(t, 8)
	c.create()
	lost := vaultnet.PublicKey{}
	helped := 0
	c.drop = func(p parcel) bool {
		if p.bundle.Decided != nil {
			helped++
		}
		return p.to == lost && len(p.bundle.Votes) == 1 && p.bundle.Votes[0].Ballot.Type == Precommit
	}
	c.all(c.request("1=a", 1))
	c.run(5_000)
	c.height(2)
	if helped > 0 {
		t.Fatalf("%d were helped", helped)
	}
	lost = c.members[5].key
	c.all(c.request("2=b", 1))
	c.run(100)
	if c.members[5].object.Height() != 2 {
		t.Fatal("decided without precommits")
	}
	c.run(300)
	c.height(3)
	if helped == 0 {
		t.Fatal("nobody helped")
	}
}

func TestRule12FarBehindIsHelpedWithoutBodies(t *testing.T) {
	s := alone(t, 8, 7)
	v := s.voteOf(3, Prevote, 0, nil)
	s.decidedNext(s.request("1=a", 1))
	s.now += 1_000
	s.decidedNext(s.request("2=a", 1))
	s.sends(anything)
	s.says(3, &Bundle{Height: 1, Votes: []*Vote{v}})
	if got := s.sends(givesBlock); len(got) != 1 || len(got[0].Bundle.Decided.Bodies) != 0 {
		t.Fatal("bodies that are of no use")
	}
}

// A member that is behind takes the next block, and fetches the state of a later one.
func TestRule12CatchesUpByBlockAndByState(t *testing.T) {
	for _, missed := range []int{1, 2, 5} {
		c := newCluster(t, 8)
		c.create()
		c.members[0].down = true
		for i := range missed {
			c.all(c.request(fmt.Sprintf("%d=x", i), 1))
			c.run(3_000)
		}
		m := c.members[0]
		m.down = false
		c.restart(m)
		c.step(m, Input{From: client, Submit: c.request("9=bad", 1), Seen: vaultnet.Height(missed + 1)})
		c.run(3_000)
		c.height(vaultnet.Height(missed + 1))
		c.silent()
		if missed > 1 {
			if d := m.decided[len(m.decided)-1]; len(d.Bodies) != 0 {
				t.Fatal("bodies of a block it never applied")
			}
		}
		c.restart(m) // what it fetched is durable
		c.height(vaultnet.Height(missed + 1))
		c.all(c.request("8=y", 1))
		c.run(3_000)
		c.height(vaultnet.Height(missed + 2))
	}
}

// A vault knows how far back it remembers results: what a state that it was given had dropped, it never knew.
func TestRule12KnowsHowFarBackItRemembers(t *testing.T) {
	s := alone(t, 1, 0)
	r := s.request("1=a", 1)
	s.submit(r)
	s.now += 30_000
	s.submit(s.request("2=b", 1))
	o := s.m.object
	if _, ok := o.Applied(r.Deadline, r.ID); !ok || o.Forgotten() > r.Deadline {
		t.Fatal("forgot what it has")
	}
	s.restarts()
	o = s.m.object
	if _, ok := o.Applied(r.Deadline, r.ID); ok || o.Forgotten() <= r.Deadline {
		t.Fatal("claims to remember what it has not")
	}
}

// A state of many parts.
func TestRule12AStateInParts(t *testing.T) {
	s := alone(t, 8, 7)
	m := &toy{entries: map[string]string{}}
	for i := range 40 {
		m.entries[fmt.Sprintf("%02d", i)] = string(make([]byte, 60_000))
	}
	s.m.object.state = &State{Machine: m, Set: s.set, Time: s.m.object.last.Header.Time}
	d := *s.m.object.last
	d.Header.State = s.m.object.state.Digest()
	d.Certificate = &Certificate{Ballot: Ballot{Height: 1, Type: Precommit, Block: d.Header.Digest(s.cfg.Network, s.address), Set: s.m.object.setDigest}}
	for _, k := range s.set.Members {
		d.Certificate.By = append(d.Certificate.By, s.voteBy(k))
	}
	s.m.object.last, s.m.object.digest = &d, d.Header.Digest(s.cfg.Network, s.address)

	c := s.cluster
	joiner := c.join(vault(77))
	c.step(joiner, Input{Believe: s.set})
	parts := 0
	c.drop = func(p parcel) bool {
		if p.bundle.State != nil {
			parts++
		}
		return p.to != joiner.key && p.to != s.m.key
	}
	c.run(60_000)
	if joiner.object.Height() != 1 || joiner.object.State().Digest() != d.Header.State {
		t.Fatal("not caught up")
	}
	if parts < 5 {
		t.Fatalf("%d parts", parts)
	}
}

// An object that holds nothing at all is a state, too.
func TestRule12AnEmptyStateIsFetched(t *testing.T) {
	c := newCluster(t, 4)
	c.vacant()
	for _, m := range c.members {
		c.step(m, Input{Desire: &Change{Add: vault(50)}})
	}
	c.run(30_000)
	c.height(2) // a set block, after which nothing is stored either
	late := c.join(vault(51))
	c.step(late, Input{Believe: c.members[0].object.Set()})
	c.run(30_000)
	if late.object.Height() != 2 {
		t.Fatal("the empty state was not fetched")
	}
}

// vacant makes the object by an empty first block: an address agreed to hold nothing.
func (c *cluster) vacant() {
	for _, m := range c.members {
		m.host.fresh = func(*Request) Verdict { return No }
	}
	r := c.lasting(1_900, "0=x", 1)
	c.all(r)
	c.run(20_000)
	for _, m := range c.members {
		m.host.fresh = nil
	}
	c.height(1)
	if len(c.members[0].object.State().Machine.Records()) != 0 {
		c.t.Fatal("not empty")
	}
}

// Who brings a block it cannot go on with is not relied upon: the state comes from others.
func TestRule12AStateIsFetchedElsewhereIfItsBringerFallsSilent(t *testing.T) {
	c := newCluster(t, 8)
	c.create()
	m := c.members[0]
	m.down = true
	for i := range 4 {
		c.all(c.request(fmt.Sprintf("%d=x", i), 1))
		c.run(3_000)
	}
	m.down = false
	// A client pushes the block and says nothing more.
	c.step(m, Input{From: client, Bundle: &Bundle{Address: c.address, Decided: c.members[1].object.Decided()}})
	c.run(30_000)
	c.height(5)
	c.silent()
}

// A member that is behind serves what it has.
func TestRule12ServesWhatItHas(t *testing.T) {
	s := alone(t, 8, 7)
	s.says(3, &Bundle{Height: 9})
	s.says(4, &Bundle{Height: 0, Want: &Want{Have: 0}})
	if len(s.sends(givesBlock)) != 1 {
		t.Fatal("a member that is behind keeps what it has to itself")
	}
}

// What is said of the height after the next is kept until that comes.
func TestRule12TheHeightAfterTheNextIsKeptALittle(t *testing.T) {
	s := alone(t, 8, 7)
	a, b := s.request("1=a", 1), s.request("2=b", 1)
	x := s.block("X", a)
	o := s.m.object
	// Height 3 as the others see it.
	ahead := &turn{Object: &Object{cfg: o.cfg, address: o.address, height: 2, state: x.next, last: &Decided{Header: *x.header}, digest: x.digest, set: o.set, setDigest: o.setDigest}, now: s.now + 10, host: &opinion{}, out: &Output{}}
	y := ahead.block(Header{Height: 3, Previous: x.digest, Time: s.now + 10}, []*Request{b})
	s.names[y.digest] = "Y"
	p := &Proposal{Header: *y.header, PolkaRound: -1, By: s.voteBy(ahead.proposer(0))}
	for i := 1; i <= 6; i++ {
		v := &Vote{Ballot: Ballot{Height: 3, Type: Prevote, Block: y.digest, Set: o.setDigest, Previous: x.digest}, By: s.by(i)}
		s.says(i, &Bundle{Height: 2, Proposal: p, Votes: []*Vote{v}})
	}
	s.submit(b)
	s.casts()
	s.says(1, &Bundle{Proposal: s.fresh(0, x), Commit: s.proves(0, x), Requests: x.bodies})
	s.casts("decide 2 X", "prevote 0 Y", "lock 0 Y", "precommit 0 Y")
}
