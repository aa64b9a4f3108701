package agreement

import (
	"fmt"
	"slices"
	"testing"

	"vaultnet"
)

// A joiner is served a certified object with false bookkeeping: the digest does not match, and it fetches elsewhere.
func TestAttack10FalseBookkeeping(t *testing.T) {
	for name, spoil := range map[string]func(rs []Record) []Record{
		"an emptied list of applied mutations": func(rs []Record) []Record {
			return slices.DeleteFunc(rs, func(r Record) bool { return r.Key[0] == sectionLedger })
		},
		"one applied mutation less": func(rs []Record) []Record { return rs[1:] },
		"an entry changed":          func(rs []Record) []Record { rs[len(rs)-1].Value = []byte("forged"); return rs },
		"an entry more":             func(rs []Record) []Record { return append(rs, Record{Key: []byte("mz"), Value: []byte("z")}) },
		"an entry less":             func(rs []Record) []Record { return rs[:len(rs)-1] },
		"an applied mutation's result": func(rs []Record) []Record {
			rs[0].Value[len(rs[0].Value)-1] ^= 1
			return rs
		},
		"records out of order": func(rs []Record) []Record { slices.Reverse(rs); return rs },
		"a record twice":       func(rs []Record) []Record { return append(rs, rs[len(rs)-1]) },
		"a record of no section": func(rs []Record) []Record {
			return append(rs, Record{Key: []byte("x"), Value: []byte("x")})
		},
		"a record without a key": func(rs []Record) []Record { return append([]Record{{Value: []byte("x")}}, rs...) },
		"vote records":           func(rs []Record) []Record { return append(rs, Record{Key: []byte("v"), Value: []byte("x")}) },
	} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t, 8)
			c.create()
			for i := range 4 {
				c.all(c.request(fmt.Sprintf("%d=x", i), 1), c.request(fmt.Sprintf("%d=y", i+4), 1))
				c.run(1_000)
			}
			joiner := c.join(vault(77))
			liar := c.members[0]
			liar.down = true
			served := 0
			c.step(joiner, Input{Believe: c.set})
			giver := c.members[1].object
			for joiner.object.fetch == nil && served < 50 { // until it asks the liar
				served++
				c.step(joiner, Input{From: liar.key, Bundle: &Bundle{Address: c.address, Height: giver.Height(), Decided: (&turn{Object: giver}).tell(0)}})
			}
			var rs []Record
			for _, w := range records(giver.State()) {
				rs = append(rs, Record{Key: slices.Clone(w.Key), Value: slices.Clone(w.Value)})
			}
			rs = spoil(rs)
			c.step(joiner, Input{From: liar.key, Bundle: &Bundle{Address: c.address, Height: giver.Height(),
				State: &StatePart{Decided: (&turn{Object: giver}).tell(0), Total: uint32(len(rs)), Records: rs}}})
			if joiner.object.Height() != 0 {
				t.Fatal("believed")
			}
			c.run(20_000)
			if joiner.object.Height() != giver.Height() || joiner.object.State().Digest() != giver.State().Digest() {
				t.Fatal("not fetched elsewhere")
			}
		})
	}
}

// Members die one after another; the set moves each time. Three at once: the object stops, keeps what it has, and
// resumes when one of them returns.
func TestAttack13MembersDie(t *testing.T) {
	c := newCluster(t, 8)
	c.create()
	h := vaultnet.Height(1)
	for i := range 12 {
		dead := c.find(c.set.Members[(5*i)%8])
		dead.down = true
		k := vault(60 + i)
		m := c.join(k)
		c.step(m, Input{Believe: c.set})
		c.run(5_000)
		c.change(k, dead.key)
		c.run(5_000)
		c.all(c.request(fmt.Sprintf("%d=x%d", i%10, i), c.set.Number))
		c.run(5_000)
		h += 2
		if c.up()[0].object.Height() != h {
			t.Fatalf("height %d, want %d", c.up()[0].object.Height(), h)
		}
		if n := len(c.up()[0].object.State().Machine.(*toy).entries); n < min(i+1, 10) {
			t.Fatalf("%d entries", n)
		}
	}
	var dead []*member
	for _, k := range c.set.Members[:3] {
		m := c.find(k)
		m.down = true
		dead = append(dead, m)
	}
	before := c.up()[0].object.State().Digest()
	c.all(c.request("1=stopped", c.set.Number))
	c.run(600_000)
	for _, m := range c.up() {
		if m.object.Height() != h || m.object.State().Digest() != before {
			t.Fatal("five of eight went on, or lost what they had")
		}
	}
	for _, m := range c.up() { // now it stops for a restart, too
		c.restart(m)
	}
	c.restart(dead[1])
	for _, m := range c.up() {
		c.step(m, Input{Return: dead[1].key})
	}
	r := c.request("2=resumed", c.set.Number)
	c.all(r)
	c.run(20_000)
	if _, ok := c.up()[0].object.Applied(r.Deadline, r.ID); !ok {
		t.Fatal("not resumed")
	}
	c.height(c.up()[0].object.Height())
	c.silent()
}

// The keys of a former set, all of them, sign certificates and set blocks. They are believed for nothing newer than that
// set: not by its successors, not by a vault that once believed that set, not by way of a chain.
func TestAttack14AFormerSetsKeys(t *testing.T) {
	c := newCluster(t, 8)
	c.create()
	first := c.set
	watcher := c.join(vault(77)) // no member, follows
	c.step(watcher, Input{Believe: c.set})
	watcher.object.Follow(true)
	c.run(5_000)
	if watcher.object.Height() != 1 {
		t.Fatal("does not follow")
	}
	for i := range 2 {
		c.change(vault(60+i), c.set.Members[7])
		c.step(c.join(vault(60+i)), Input{Believe: c.set})
		c.run(5_000)
	}
	c.step(watcher, Input{Believe: c.set})
	c.run(5_000)
	watcher.object.Follow(false)
	c.run(20_000)
	puppets := &Set{Number: 4, Members: first.Members}
	for _, m := range []*member{watcher, c.find(c.set.Members[0])} {
		h := m.object.Height()
		if h != 3 {
			t.Fatalf("height %d", h)
		}
		digest := m.object.HeaderDigest()
		for _, d := range c.former(first, puppets, h) {
			state := &State{Machine: &toy{entries: map[string]string{"0": "forged"}}, Set: d.Set, Time: d.Header.Time}
			c.serve(m, first.Members[0], d, state)
			if m.object.HeaderDigest() != digest {
				t.Fatalf("believed a former set for height %d", d.Header.Height)
			}
		}
		c.run(60_000)
		if m.object.HeaderDigest() != digest {
			t.Fatal("believed a former set")
		}
	}
}

// former is what the keys of a former set could sign: blocks of later heights, set blocks back to themselves, links.
func (c *cluster) former(first, puppets *Set, h vaultnet.Height) []*Decided {
	nobody := vaultnet.PublicKey{}
	plain, _ := c.forged(h+7, first, first, nobody, nobody)
	next, _ := c.forged(h+1, first, first, nobody, nobody)
	back, _ := c.forged(h+1, first, puppets, first.Members[7], vault(61))
	led, _ := c.forged(h+8, puppets, puppets, nobody, nobody)
	led.Links = []Link{{Header: back.Header, Certificate: back.Certificate, Set: puppets}}
	return []*Decided{plain, next, back, led}
}

// A member that lags says so: its refusal names its height, so with two liars it is not alike with w others at the newest
// height. It neither says the newest height nor that nothing is there.
func TestAttack17ALaggingMember(t *testing.T) {
	c := newCluster(t, 8)
	c.create()
	lag := c.members[0]
	lag.down = true
	c.all(c.request("1=a", 1))
	c.run(3_000)
	lag.down = false
	c.drop = func(p parcel) bool { return p.to == lag.key }
	for _, m := range c.members {
		m.replies = nil
	}
	r := c.request("1=once", 1) // refused where 1 is there, not where it is lacking
	c.step(c.members[1], Input{From: client, Submit: r, Seen: 2})
	c.step(lag, Input{From: client, Submit: c.request("1=bad", 1), Seen: 2})
	if got := lag.replies; len(got) != 1 || got[0].Height != 1 {
		t.Fatalf("the lagging member says %+v", got)
	}
	if got := c.members[1].replies; len(got) != 1 || got[0].Height != 2 {
		t.Fatalf("another says %+v", got)
	}
	c.drop = nil
	c.step(lag, Input{})
	c.run(20_000)
	c.height(c.members[1].object.Height())
}

// A mutation finally withdrawn, then the set changes by one member who never heard of it. It is never applied: it named
// the older set.
func TestAttack34WithdrawnThenTheSetChanges(t *testing.T) {
	for withdrawn := 5; withdrawn <= 8; withdrawn++ {
		c := newCluster(t, 8)
		c.create()
		r := c.lasting(110_000, "1=a", 1)
		w := r.Withdrawal()
		c.drop = func(p parcel) bool { return len(p.bundle.Withdraw) > 0 || len(p.bundle.Requests) > 0 }
		for _, m := range c.members[:withdrawn] {
			c.step(m, Input{From: client, Withdraw: &w})
			if got := m.replies[len(m.replies)-1]; got.Outcome != Withdrawn {
				t.Fatalf("%+v", got)
			}
		}
		c.drop = nil
		newcomer := c.join(vault(60))
		c.change(newcomer.key, c.set.Members[0])
		c.step(newcomer, Input{Believe: c.set})
		c.run(5_000)
		for range 3 { // whoever wants it applied sends it to all, again and again
			for _, m := range c.members {
				m.replies = nil
				c.step(m, Input{From: client, Submit: r})
				for _, got := range m.replies {
					if got.Outcome != Moved && got.Outcome != Stranger {
						t.Fatalf("%+v", got)
					}
				}
			}
			c.run(5_000)
		}
		for _, m := range c.members {
			if _, ok := m.object.Applied(r.Deadline, r.ID); ok {
				t.Fatal("applied")
			}
		}
		// Not in any block, however it is made.
		tr := &turn{Object: newcomer.object}
		if _, err := tr.execute(&Header{Height: newcomer.object.Height() + 1, Time: c.now}, []*Request{r}); err == nil {
			t.Fatal("a block of the newer set may contain it")
		}
	}
}

// In the set it was made for: withdrawn by five of eight, two of them liars that vote for it all the same. There is no
// polka for a fresh block with it.
func TestAttack34WithdrawnByAQuorumOfAnswers(t *testing.T) {
	p := plotted(newCluster(t, 8), 2, 7)
	h := p.honest()
	r := p.lasting(110_000, "1=a", 1)
	w := r.Withdrawal()
	p.drop = func(q parcel) bool { return len(q.bundle.Withdraw) > 0 }
	for _, m := range h[:3] { // with the two liars: five
		p.step(m, Input{From: client, Withdraw: &w})
	}
	for _, m := range h[3:] {
		p.step(m, Input{From: client, Submit: r})
	}
	x := p.ref.block("X", r)
	for _, l := range p.liars {
		p.say(l, &Bundle{Proposal: p.fresh(0, x), Requests: x.bodies, Votes: []*Vote{p.vote(l, Prevote, 0, x), p.vote(l, Precommit, 0, x)}}, h...)
	}
	p.run(120_000)
	p.at(h[0].object.Height())
	for _, m := range h {
		for _, d := range m.decided {
			if len(d.Header.Mutations) > 0 {
				t.Fatal("applied after five members confirmed the withdrawal")
			}
		}
	}
}

// Empty proposals, set blocks nobody wished, wishes of two, false heights, votes of two and of strangers, sent to very
// many idle objects. None casts or signs anything, none is active at a height; a false height costs a bounded number of
// questions.
func TestAttack42NobodyWakes(t *testing.T) {
	asked := 0
	for i := range 50 {
		s := alone(t, 8, i%8)
		e, swap := s.block("E"), s.swap("S", vault(60), s.crew[4].key)
		liars := []int{1, 2}
		for _, l := range liars {
			s.says(l, &Bundle{Proposal: s.fresh(uint32(l), e)})
			s.says(l, &Bundle{Proposal: s.fresh(uint32(l+8), swap)})
			s.says(l, &Bundle{Votes: []*Vote{s.voteOf(l, Prevote, 1, e), s.voteOf(l, Precommit, 1, e), s.voteOf(l, Prevote, 9, nil)}})
			s.says(l, &Bundle{Wishes: []*Wish{{Height: 2, Drop: s.crew[4].key, By: s.by(l)}}})
			s.says(l, &Bundle{Height: 1 << 40})
			s.says(l, &Bundle{Following: 1 << 40})
		}
		for k := range 10 {
			s.in(Input{From: vault(200 + k), Bundle: &Bundle{Address: s.address, Height: 1,
				Votes: []*Vote{{Ballot: s.ballot(Prevote, 1, e), By: s.voteBy(vault(200 + k))}}, Wishes: []*Wish{{Height: 2, Drop: s.crew[4].key, By: s.voteBy(vault(200 + k))}}}})
		}
		puppets, _ := s.forged(9, NewSet(3, s.address, []vaultnet.PublicKey{vault(200)}), NewSet(3, s.address, []vaultnet.PublicKey{vault(200)}), vaultnet.PublicKey{}, vaultnet.PublicKey{})
		s.in(Input{From: vault(200), Bundle: &Bundle{Address: s.address, Height: 9, Decided: puppets}})
		s.in(Input{From: client, Submit: s.request("1=bad", 1), Seen: 1 << 50})
		s.waits(40_000)
		s.casts()
		s.asleep()
		if a := s.m.object.attempt; a != nil && a.awake || s.out.Record {
			t.Fatal("awake")
		}
		for _, o := range s.sends(anything) {
			if o.Bundle.Want == nil {
				t.Fatalf("sent %+v", o.Bundle)
			}
			asked++
		}
	}
	if asked > 50*16 {
		t.Fatalf("%d questions", asked)
	}
}
