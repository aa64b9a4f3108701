package agreement

import (
	"fmt"
	"testing"

	"vaultnet"
	"vaultnet/internal/merkle"
)

// Which decided blocks a vault believes that did not decide them (design §5, §6): those of its own set, of a set that w
// vaults named alike, or of one to which a chain of set blocks leads.

// forged is a block with a state of a liar's making, certified by the given set as if it were the object's.
func (c *cluster) forged(height vaultnet.Height, voters, after *Set, add, drop vaultnet.PublicKey) (*Decided, *State) {
	s := &State{Machine: &toy{entries: map[string]string{"0": "forged"}}, Set: after, Time: c.now}
	h := Header{Height: height, Time: c.now, Add: add, Drop: drop, Set: after.Digest(), State: s.Digest()}
	d := &Decided{Header: h, Set: after, Voters: voters,
		Certificate: &Certificate{Ballot: Ballot{Height: height, Type: Precommit, Block: h.Digest(c.cfg.Network, c.address), Set: voters.Digest()}}}
	for _, k := range voters.Members {
		d.Certificate.By = append(d.Certificate.By, &merkle.Attestation{Signer: k})
	}
	return d, s
}

// serve gives a vault a forged block and its state, as a liar does that answers whatever it is asked.
func (c *cluster) serve(m *member, liar vaultnet.PublicKey, d *Decided, s *State) {
	c.step(m, Input{From: liar, Bundle: &Bundle{Address: c.address, Height: d.Header.Height, Decided: d}})
	var rs []Record
	for _, w := range records(s) {
		rs = append(rs, Record{Key: w.Key, Value: w.Value})
	}
	c.step(m, Input{From: liar, Bundle: &Bundle{Address: c.address, Height: d.Header.Height, State: &StatePart{Decided: d, Total: uint32(len(rs)), Records: rs}}})
}

func (c *cluster) believes(m *member, liar vaultnet.PublicKey, d *Decided, s *State) bool {
	c.serve(m, liar, d, s)
	return m.object.Height() == d.Header.Height && m.object.State().Digest() == s.Digest()
}

func TestTrustTheBelievedSetsCertificate(t *testing.T) {
	c := newCluster(t, 8)
	m := c.join(vault(100))
	d, s := c.forged(7, c.set, c.set, vaultnet.PublicKey{}, vaultnet.PublicKey{})
	if c.believes(m, c.set.Members[0], d, s) {
		t.Fatal("believed a set that nobody named")
	}
	c.step(m, Input{Believe: c.set})
	if !c.believes(m, c.set.Members[0], d, s) {
		t.Fatal("did not believe a set that w vaults named")
	}
}

// The set block that made a believed set is believed when the set before it differs by that change alone: then five of
// the six that signed are members of the believed one.
func TestTrustTheBlockThatMadeABelievedSet(t *testing.T) {
	c := newCluster(t, 8)
	out := c.set.Members[3]
	after, _ := c.set.Next(c.address, vault(90), out, 8)
	m := c.join(vault(100))
	c.step(m, Input{Believe: after})
	d, s := c.forged(7, c.set, after, vault(90), out)
	if !c.believes(m, c.set.Members[0], d, s) {
		t.Fatal("did not believe the set before")
	}
}

// A joiner that believes a set is not to be had by a set block whose voters are puppets.
func TestTrustNoPuppetsThatClaimToHaveMadeTheSet(t *testing.T) {
	c := newCluster(t, 8)
	after := &Set{Number: 2, Members: c.set.Members}
	var keys []vaultnet.PublicKey
	for i := range 8 {
		keys = append(keys, vault(200+i))
	}
	for _, puppets := range []*Set{NewSet(1, c.address, keys), NewSet(1, c.address, keys[:1]), NewSet(1, c.address, append(keys[:1:1], c.set.Members[:2]...))} {
		for _, change := range []Change{{Add: c.set.Members[0], Drop: keys[0]}, {Drop: keys[0]}, {Add: c.set.Members[0]}} {
			m := c.join(vault(100))
			c.step(m, Input{Believe: after})
			d, s := c.forged(7, puppets, after, change.Add, change.Drop)
			if c.believes(m, keys[0], d, s) {
				t.Fatalf("%d puppets were believed", len(puppets.Members))
			}
			c.members = c.members[:8]
		}
	}
}

// change makes the members agree on another set.
func (c *cluster) change(add, drop vaultnet.PublicKey) {
	c.t.Helper()
	set := c.up()[0].object.Set()
	for _, m := range c.up() {
		if set.Index(m.key) >= 0 {
			c.step(m, Input{Desire: &Change{Add: add, Drop: drop}})
		}
	}
	c.run(20_000)
	for _, m := range c.up() {
		c.step(m, Input{Desire: &Change{}})
		if got := m.object.Set(); set.Index(m.key) >= 0 && (got == nil || got.Number != set.Number+1) {
			c.t.Fatalf("the set did not change at member %d: %v", set.Index(m.key), got.Number)
		}
	}
	c.set = c.up()[0].object.Set()
}

func (c *cluster) up() []*member {
	var ms []*member
	for _, m := range c.members {
		if !m.down {
			ms = append(ms, m)
		}
	}
	return ms
}

// A member that missed several changes of the set follows the chain of set blocks, and can lead others by it.
func TestTrustAChainOfSetBlocks(t *testing.T) {
	c := newCluster(t, 8)
	c.create()
	early, late := c.members[0], c.members[1]
	early.down, late.down = true, true
	for i := range 3 {
		c.change(vault(60+i), c.set.Members[7])
		c.join(vault(60 + i))
		c.step(c.members[8+i], Input{Believe: c.set})
		c.run(5_000)
		c.all(c.request("1=a", c.set.Number))
		c.run(3_000)
	}
	early.down = false
	c.step(early, Input{From: client, Submit: c.request("2=b", c.set.Number), Seen: 7})
	c.run(20_000)
	if early.object.Height() != 8 && early.object.Height() != 7 {
		t.Fatalf("height %d", early.object.Height())
	}
	if n := len(early.object.links); n != 3 {
		t.Fatalf("keeps %d links of 3", n)
	}
	c.restart(early)
	if n := len(early.object.links); n != 3 {
		t.Fatalf("keeps %d links of 3 after a restart", n)
	}
	// Now it alone leads the other one.
	late.down = false
	c.step(late, Input{From: early.key, Bundle: &Bundle{Address: c.address, Height: early.object.Height(), Decided: early.object.Decided()}})
	c.drop = func(p parcel) bool {
		return p.to != early.key && p.to != late.key || p.from != early.key && p.from != late.key
	}
	c.run(20_000)
	if late.object.Height() != early.object.Height() {
		t.Fatalf("height %d, led to %d", late.object.Height(), early.object.Height())
	}
}

// A liar may append to the chain what nobody can check. It is not passed on.
func TestTrustOnlyTheLinksThatWereChecked(t *testing.T) {
	c := newCluster(t, 8)
	c.create()
	m := c.members[0]
	m.down = true
	c.change(vault(60), c.set.Members[7])
	for i := range 2 {
		c.all(c.request(fmt.Sprintf("%d=a", i), c.set.Number))
		c.run(3_000)
	}
	m.down = false
	from := c.members[1]
	d := *from.object.Decided()
	junk, _ := c.forged(2, c.set, c.set, vault(9), vaultnet.PublicKey{})
	d.Links = append(append([]Link{}, d.Links...), Link{Header: junk.Header, Certificate: junk.Certificate, Set: junk.Set})
	c.serve(m, from.key, &d, from.object.State())
	if m.object.Height() != d.Header.Height {
		t.Fatal("not believed")
	}
	if n := len(m.object.Decided().Links); n != 1 {
		t.Fatalf("passes on %d links, of which one was checked", n)
	}
}

// What a vault was told is not changed: others hold the same message.
func TestTrustLeavesTheMessageAsItWas(t *testing.T) {
	c := newCluster(t, 8)
	c.create()
	c.change(vault(60), c.set.Members[7])
	m := c.members[0]
	m.down = true
	for i := range 3 {
		c.all(c.request(fmt.Sprintf("%d=a", i), c.set.Number))
		c.run(3_000)
	}
	m.down = false
	from := c.members[1]
	d := *from.object.Decided()
	d.Links = nil
	c.serve(m, from.key, &d, from.object.State())
	if m.object.Height() != d.Header.Height || d.Links != nil || m.object.Decided() == &d {
		t.Fatal("the message was changed, or is held")
	}
}

// Wishes belong to members: after a change of the set, however it was learnt, only members' wishes count.
func TestTrustWishesOfMembersOnly(t *testing.T) {
	c := newCluster(t, 8)
	c.create()
	m := c.members[0]
	gone := c.members[7].key
	for _, k := range []int{6, 7} {
		c.step(m, Input{From: c.members[k].key, Bundle: &Bundle{Address: c.address, Height: 1, Wishes: []*Wish{{Height: 2, Drop: c.members[5].key, By: c.voteBy(c.members[k].key)}}}})
	}
	m.down = true
	c.change(vault(60), gone)
	for i := range 2 {
		c.all(c.request(fmt.Sprintf("%d=a", i), c.set.Number))
		c.run(3_000)
	}
	m.down = false
	from := c.members[1]
	c.serve(m, from.key, from.object.Decided(), from.object.State())
	if m.object.Height() != from.object.Height() {
		t.Fatal("not caught up")
	}
	if m.object.wishes == nil {
		return
	}
	for _, w := range m.object.wishes {
		if w.Wish != nil && m.object.Set().Index(w.By.Signer) < 0 {
			t.Fatal("the wish of a former member counts")
		}
	}
}
