package agreement

import (
	"slices"
	"testing"

	"vaultnet"
)

// Members change by agreement (design §6).

// Attack 40: a set never shrinks from 7 or from 4; below 8 it only adds or only drops; at 8 it swaps, or drops.
func TestAttack40SetsThatMayNotShrink(t *testing.T) {
	nobody := vaultnet.PublicKey{}
	a := newCluster(t, 1).address
	for n := 1; n <= 8; n++ {
		var keys []vaultnet.PublicKey
		for i := range n {
			keys = append(keys, vault(i))
		}
		set := NewSet(5, a, keys)
		for name, x := range map[string]struct {
			add, drop vaultnet.PublicKey
			ok        bool
		}{
			"nothing":           {nobody, nobody, false},
			"add":               {vault(50), nobody, n < 8},
			"drop":              {nobody, keys[0], n != 1 && n != 4 && n != 7},
			"swap":              {vault(50), keys[0], n == 8},
			"add a member":      {keys[0], nobody, false},
			"drop a stranger":   {nobody, vault(50), false},
			"swap for a member": {keys[n-1], keys[0], false},
			"swap a stranger":   {vault(50), vault(51), false},
		} {
			next, ok := set.Next(a, x.add, x.drop, 8)
			if ok != x.ok {
				t.Errorf("n = %d, %s: allowed %v", n, name, ok)
			}
			if ok && (next.Number != 6 || !next.Valid(a, 8) || next.Index(x.drop) >= 0 || x.add != nobody && next.Index(x.add) < 0) {
				t.Errorf("n = %d, %s: %+v", n, name, next)
			}
		}
	}
}

// And no block that does so is voted for.
func TestAttack40ABlockThatShrinksTheSetGetsNil(t *testing.T) {
	for _, n := range []int{4, 7} {
		s := alone(t, n, n-1)
		s.cluster.cfg.Parameters.GroupSize = 8
		s.m.object.cfg = s.config(s.m)
		s.submit(s.request("5=z", 1))
		for _, c := range []Change{{Drop: s.crew[2].key}, {Add: vault(60), Drop: s.crew[2].key}} {
			h := *s.block("E").header
			h.Add, h.Drop = c.Add, c.Drop
			left := slices.DeleteFunc(slices.Clone(s.set.Members), func(k vaultnet.PublicKey) bool { return k == c.Drop })
			if !c.Add.IsNobody() {
				left = append(left, c.Add)
			}
			after := NewSet(2, s.address, left)
			h.Set = after.Digest()
			h.State = (&State{Machine: s.m.object.state.Machine, Ledger: s.m.object.state.Ledger, Set: after, Time: h.Time}).Digest()
			k := &held{header: &h, digest: h.Digest(s.cfg.Network, s.address)}
			s.says(s.at(0), &Bundle{Proposal: s.fresh(0, k)})
			if h := s.m.object.attempt.find(k.digest); h == nil || h.sound {
				t.Fatalf("n = %d: sound", n)
			}
		}
		s.casts("prevote 0 nil")
	}
}

func TestSetBlockSwapsAMember(t *testing.T) {
	c := newCluster(t, 8)
	c.create()
	out, in := c.set.Members[3], vault(60)
	c.change(in, out)
	d := c.members[0].object.Decided()
	if d.Header.Add != in || d.Header.Drop != out || len(d.Header.Mutations) != 0 || c.set.Number != 2 || c.set.Index(out) >= 0 || c.set.Index(in) < 0 {
		t.Fatalf("%+v", d.Header)
	}
	c.find(out).object.Height() // the leaver has decided its own leaving
	if c.find(out).object.Member() || c.find(out).object.Height() != 2 {
		t.Fatal("the leaver")
	}
	c.silent()
	// The next block is decided by the new set: the newcomer fetches the state and votes.
	m := c.join(in)
	c.step(m, Input{Believe: c.set})
	c.run(3_000)
	if m.object.Height() != 2 || !m.object.Member() {
		t.Fatalf("the newcomer is at height %d", m.object.Height())
	}
	c.find(out).down = true
	c.all(c.request("1=a", 2))
	c.run(3_000)
	c.height(3)
	if len(m.votes) != 2 {
		t.Fatalf("the newcomer cast %d votes", len(m.votes))
	}
	c.silent()
}

// Growing from one vault through every n, and back as far as the rules allow.
func TestSetGrowsFromOneAndShrinks(t *testing.T) {
	c := newCluster(t, 1)
	c.create()
	for n := 2; n <= 8; n++ {
		k := vault(20 + n)
		m := c.join(k)
		c.step(m, Input{Believe: c.set})
		m.object.Follow(true)
		c.run(4_000)
		m.object.Follow(false)
		if m.object.Height() != c.members[0].object.Height() {
			t.Fatalf("n = %d: the newcomer is at height %d", n, m.object.Height())
		}
		if h, _, ok := c.members[0].object.Follower(k); !ok || h != m.object.Height() {
			t.Fatal("the follower is not known")
		}
		c.change(k, vaultnet.PublicKey{})
		c.run(5_000)
		c.all(c.request("1=a", c.set.Number))
		c.run(3_000)
		c.height(vaultnet.Height(2*n - 1))
		c.silent()
	}
	leaver := c.find(c.set.Members[7])
	c.change(vaultnet.PublicKey{}, leaver.key)
	leaver.down = true
	c.all(c.request("2=b", c.set.Number))
	c.run(3_000)
	c.height(17)
	if len(c.set.Members) != 7 {
		t.Fatalf("%d members", len(c.set.Members))
	}
}

// A member's own view speaks against a fresh set block.
func TestSetBlockIsJudgedByEachMembersView(t *testing.T) {
	for _, v := range []Verdict{Yes, No} {
		s := alone(t, 8, 7)
		s.m.host.change = func(add, drop vaultnet.PublicKey) Verdict { return v }
		s.wishesFor(Change{vault(60), s.crew[3].key}, 1, 3)
		s.says(s.at(0), &Bundle{Proposal: s.fresh(0, s.swap("X", vault(60), s.crew[3].key))})
		s.casts(map[Verdict]string{Yes: "prevote 0 X", No: "prevote 0 nil"}[v])
	}
}

// A set block withdraws what is pending: it was made for the set before.
func TestSetBlockMovesWhatIsPending(t *testing.T) {
	s := alone(t, 8, 7)
	r := s.request("1=a", 1)
	s.submit(r)
	x := s.swap("X", vault(60), s.crew[3].key)
	s.wishesFor(Change{vault(60), s.crew[3].key}, 1, 3)
	s.says(s.at(0), &Bundle{Proposal: s.fresh(0, x)})
	s.casts("prevote 0 X")
	s.precommits(0, x, 1, 6)
	s.casts("decide 2 X")
	s.replied("moved")
	if len(s.m.object.Undecided()) != 0 {
		t.Fatal("pending still")
	}
	s.submit(r)
	s.replied("moved")
	s.asleep()
}

func (s *solo) wishesFor(c Change, from, to int) {
	for i := from; i <= to; i++ {
		s.says(i, &Bundle{Wishes: []*Wish{{Height: s.m.object.Height() + 1, Add: c.Add, Drop: c.Drop, By: s.by(i)}}})
	}
}

// A trap: a member of h that is no member of h+1 votes at h+1, or shows a certificate of the old set. Nothing counts.
func TestTrapAMemberOfTheSetBeforeVotes(t *testing.T) {
	s := alone(t, 8, 7)
	gone := s.crew[3].key
	old := s.m.object.setDigest
	x := s.swap("X", vault(60), gone)
	s.submit(s.request("5=z", 1))
	s.says(s.at(0), &Bundle{Proposal: s.fresh(0, x), Commit: s.proves(0, x)})
	s.casts("decide 2 X")
	s.now += 100
	r := s.request("1=a", 2)
	s.submit(r)
	y := s.block("Y", r)
	b := s.ballot(Prevote, 0, y)
	for range 3 {
		s.says(3, &Bundle{Votes: []*Vote{{Ballot: b, By: s.voteBy(gone)}}})
	}
	for _, k := range s.set.Members { // the old set, all of it, votes in its own name
		b := b
		b.Set = old
		s.says(1, &Bundle{Votes: []*Vote{{Ballot: b, By: s.voteBy(k)}}})
	}
	b.Set, b.Type = old, Precommit
	c := &Certificate{Ballot: b}
	for _, k := range s.set.Members {
		c.By = append(c.By, s.voteBy(k))
	}
	s.says(1, &Bundle{Proposal: &Proposal{Header: *y.header, PolkaRound: -1, By: s.voteBy((&turn{Object: s.m.object}).proposer(0))}, Polka: c, Commit: c, Requests: y.bodies})
	s.m.events = slices.DeleteFunc(s.m.events, func(e string) bool { return e == "prevote 0 Y" })
	s.casts()
	if y := s.m.object.attempt.tally(0); y.total(Prevote) > 1 {
		t.Fatalf("%d votes counted", y.total(Prevote))
	}
}

// A member that stays asleep through wishes of liars; w equal ones wake, and what fails ends the wish.
func TestWishesThatNobodySharesEndWithAnEmptyBlock(t *testing.T) {
	c := newCluster(t, 8)
	c.create()
	for _, m := range c.members {
		m.host.change = func(add, drop vaultnet.PublicKey) Verdict { return No }
	}
	for _, m := range c.members[:3] { // two liars and one that is mistaken
		c.step(m, Input{Desire: &Change{Drop: c.members[5].key}})
	}
	for _, m := range c.members[:3] {
		c.step(m, Input{Desire: &Change{}})
	}
	c.run(20_000)
	c.height(2)
	if !c.members[3].object.Decided().Header.Empty() {
		t.Fatal("not empty")
	}
	c.silent()
}

// A set block that fails is followed by an empty one, and the wish is over until members wish again.
func TestWishASetBlockThatFails(t *testing.T) {
	c := newCluster(t, 8)
	c.create()
	for _, m := range c.members[5:] {
		m.host.change = func(add, drop vaultnet.PublicKey) Verdict { return No }
	}
	for _, m := range c.members[:5] {
		c.step(m, Input{Desire: &Change{Drop: c.members[6].key}})
		c.step(m, Input{Desire: &Change{}})
	}
	c.run(30_000)
	c.height(2)
	c.silent()
}

// Wishes are repeated at T_leave, after a while doubling; a change that the rules forbid is not wished.
func TestWishIntervals(t *testing.T) {
	s := alone(t, 8, 7)
	s.in(Input{Desire: &Change{Drop: s.crew[3].key}})
	wishes := func(o Outgoing) bool { return len(o.Bundle.Wishes) > 0 }
	if len(s.sends(wishes)) != 1 {
		t.Fatal("not at once")
	}
	s.in(Input{Desire: &Change{Drop: s.crew[3].key}}) // nothing new
	for _, gap := range []vaultnet.Time{5_000, 5_000, 5_000, 5_000, 5_000, 10_000, 20_000, 40_000} {
		s.waits(gap - 1)
		if len(s.sends(wishes)) != 0 {
			t.Fatalf("before %d ms", gap)
		}
		s.waits(1)
		if len(s.sends(wishes)) != 1 {
			t.Fatalf("not after %d ms", gap)
		}
	}
	s.in(Input{Desire: &Change{}})
	s.asleep()
	s.in(Input{Desire: &Change{Add: vault(60)}}) // eight are enough
	if len(s.sends(wishes)) != 0 {
		t.Fatal("wishes what is not allowed")
	}
}

// What a member wished of a set is over when the set has changed, also where it missed the block by which, and others after it.
func TestAWishEndsWithItsSetWhereAStateLeadsPastTheChange(t *testing.T) {
	c := newCluster(t, 8)
	c.create()
	late := c.members[0]
	c.step(late, Input{Desire: &Change{Drop: c.members[6].key}})
	late.down = true
	c.change(vaultnet.PublicKey{}, c.members[7].key)
	c.members[7].down = true
	for _, body := range []string{"1=a", "2=b"} {
		c.all(c.request(body, c.set.Number))
		c.run(3_000)
	}
	late.down = false
	c.step(late, Input{From: client, Submit: c.request("3=c", c.set.Number), Seen: 4})
	c.run(60_000)
	if h := late.object.Height(); h != 4 || late.object.Set().Number != 2 {
		t.Fatalf("height %d", h)
	}
	c.silent()
}

// Members that all want a change, but know of different newcomers, come together on one.
func TestWishesForDifferentNewcomersComeTogether(t *testing.T) {
	for _, kinds := range []int{2, 4, 8} {
		c := newCluster(t, 8)
		c.create()
		gone := c.members[3]
		gone.down = true
		for i, m := range c.members {
			c.step(m, Input{Desire: &Change{Add: vault(60 + i%kinds), Drop: gone.key}})
		}
		c.run(60_000)
		for _, m := range c.up() {
			if s := m.object.Set(); s.Number != 2 || s.Index(gone.key) >= 0 {
				t.Fatalf("%d newcomers: set %d", kinds, s.Number)
			}
			c.step(m, Input{Desire: &Change{}})
		}
		c.run(10_000)
		c.silent()
	}
}

// Wishes count by member, the newest of each, equal ones together, not for ever.
func TestWishCounting(t *testing.T) {
	s := alone(t, 8, 7)
	a, b := s.crew[5].key, s.crew[6].key
	s.wishes(a, 1, 2)
	s.wishes(b, 3, 4)
	s.asleep()
	s.wishes(a, 2, 2) // again
	s.says(1, &Bundle{Wishes: []*Wish{{Height: 2, Drop: a, By: s.voteBy(vault(99))}, {Height: 3, Drop: a, By: s.by(6)}, {Height: 2, Incarnation: 1, Drop: a, By: s.by(7)}}})
	s.asleep()
	s.wishes(a, 3, 3) // it has changed its mind
	s.awake()
}

// A wish that is not repeated lapses, however often others pass it on: who was not told that it is over goes to sleep.
func TestWishesLapse(t *testing.T) {
	s := alone(t, 8, 3)
	lapse := vaultnet.Time(wishLapse * s.cfg.Parameters.LeaveAfter.Milliseconds())
	var all []*Wish
	for i := 1; i <= 3; i++ {
		all = append(all, &Wish{Height: s.m.object.Height() + 1, Drop: s.crew[7].key, By: s.by(i)})
	}
	s.says(4, &Bundle{Wishes: all})
	s.awake()
	s.waits(lapse - 1_000)
	s.says(4, &Bundle{Wishes: all})
	s.says(1, &Bundle{Wishes: all[:1]}) // repeated by one of the three
	s.awake()
	s.waits(vaultnet.Time(RepairCap.Milliseconds()) + 2_000)
	s.asleep()
	s.says(2, &Bundle{Wishes: all[1:2]})
	s.says(3, &Bundle{Wishes: all[2:]})
	s.awake()
}

func TestWishesGrowOld(t *testing.T) {
	s := alone(t, 8, 7)
	s.wishes(s.crew[5].key, 1, 2)
	s.m.object.height += wishWindow + 1
	s.wishes(s.crew[5].key, 3, 3)
	if (&turn{Object: s.m.object}).wishing() != (Change{}) {
		t.Fatal("wishes of long ago count")
	}
}

// Wishes that have had their turn, and failed, are not brought back by whoever kept them: members have to wish anew.
func TestOldWishesDoNotComeBack(t *testing.T) {
	s := alone(t, 8, 7)
	s.join(vault(77))
	change := Change{Add: vault(77), Drop: s.crew[3].key}
	wishes := func(height vaultnet.Height) (list []*Wish) {
		for i := 1; i <= 3; i++ {
			list = append(list, &Wish{Height: height, Add: change.Add, Drop: change.Drop, By: s.by(i)})
		}
		return list
	}
	old := wishes(2)
	s.says(5, &Bundle{Wishes: old})
	s.awake()
	s.reach(1)
	e := s.block("E")
	s.says(s.at(1), &Bundle{Proposal: s.fresh(1, e), Commit: s.proves(1, e)})
	s.asleep()
	for range 2 {
		s.says(5, &Bundle{Wishes: old})
		s.asleep()
		s.restarts()
	}
	s.says(5, &Bundle{Wishes: wishes(3)})
	s.awake()
}

// Who voted for a set block with others that have changed their minds since, or were not heard by the rest, shows what called
// it, and calls those that sleep: alone it would be half-open for ever.
func TestASetBlockCallsThoseThatSleep(t *testing.T) {
	s := alone(t, 8, 7)
	drop := s.crew[4].key
	h := s.swap("swap", vaultnet.PublicKey{}, drop)
	var wishes []*Wish
	for _, i := range []int{1, 2, 3} {
		wishes = append(wishes, &Wish{Height: 2, Drop: drop, By: s.by(i)})
	}
	s.says(1, &Bundle{Wishes: wishes})
	s.proposes(0, h)
	s.casts("prevote 0 swap")
	s.waits(vaultnet.Time(wishLapse * s.cfg.Parameters.LeaveAfter.Milliseconds())) // the wishes are over
	repairs := s.sends(func(o Outgoing) bool { return o.Bundle.Proposal != nil && len(o.Bundle.Votes) > 0 })
	if len(repairs) == 0 {
		t.Fatal("it does not repair")
	}
	call := repairs[len(repairs)-1].Bundle
	s.restarts()
	s.waits(1_000)
	repairs = s.sends(func(o Outgoing) bool { return len(o.Bundle.Wishes) == 3 && len(o.Bundle.Votes) > 0 })
	if len(repairs) == 0 {
		t.Fatal("after a restart it does not show what called it")
	}

	for name, change := range map[string]func(b *Bundle){
		"":                   func(*Bundle) {},
		"no vote":            func(b *Bundle) { b.Votes = nil },
		"a stranger's vote":  func(b *Bundle) { b.Votes = []*Vote{{Ballot: call.Votes[0].Ballot, By: s.voteBy(vault(99))}} },
		"a vote for nothing": func(b *Bundle) { b.Votes = []*Vote{{Ballot: s.ballot(Prevote, 0, nil), By: s.by(7)}} },
		"no block":           func(b *Bundle) { b.Proposal = nil },
		"two wishes":         func(b *Bundle) { b.Wishes = b.Wishes[:2] },
		"one of them twice":  func(b *Bundle) { b.Wishes = []*Wish{b.Wishes[0], b.Wishes[0], b.Wishes[1]} },
		"one of a stranger": func(b *Bundle) {
			b.Wishes = []*Wish{b.Wishes[0], b.Wishes[1], {Height: 2, Drop: drop, By: s.voteBy(vault(99))}}
		},
		"one of another kind": func(b *Bundle) {
			b.Wishes = []*Wish{b.Wishes[0], b.Wishes[1], {Height: 2, Drop: s.crew[5].key, By: s.by(3)}}
		},
		"one of another block": func(b *Bundle) { b.Wishes = []*Wish{b.Wishes[0], b.Wishes[1], {Height: 1, Drop: drop, By: s.by(3)}} },
	} {
		other := alone(t, 8, 6)
		other.in(Input{})
		b := *call
		change(&b)
		other.m.object.wishes = &[maxMembers]heardWish{} // what it has heard since
		for _, i := range []int{1, 2, 3} {
			other.m.object.wishes[i] = heardWish{&Wish{Height: 2, Drop: other.crew[i].key, By: other.by(i)}, 1}
		}
		other.says(7, &b)
		if awake := other.m.object.attempt != nil && other.m.object.attempt.awake; awake != (name == "") {
			t.Errorf("%s: awake: %v", name, awake)
		}
	}
}
