package agreement

import (
	"fmt"
	"testing"
	"time"

	"vaultnet"
)

// standing makes the members of a cluster stand by where they may.
func (c *cluster) standing() {
	c.cfg.Standby = true
	for _, m := range c.members {
		m.object.cfg.Standby = true
	}
}

// countVotes counts the votes that arrive.
func (c *cluster) countVotes() *int {
	n := new(int)
	c.drop = func(p parcel) bool {
		*n += len(p.bundle.Votes)
		return false
	}
	return n
}

func TestStandbyVotes(t *testing.T) {
	for n := 1; n <= 16; n++ {
		c := newCluster(t, n)
		c.create()
		c.standing()
		votes := c.countVotes()
		for i := range 2 * n {
			c.now += 1_000
			for _, m := range c.members {
				m.votes = nil
			}
			*votes = 0
			begun := c.now
			c.all(c.request(fmt.Sprintf("%d=x", i%7), 1))
			c.deliver()
			c.height(vaultnet.Height(i + 2))
			c.silent()
			if c.now != begun {
				t.Fatalf("n = %d: decided after %d ms", n, c.now-begun)
			}
			q := c.set.Quorum()
			want := q*(q-1) + q*(n-1) + (n - q) // the proposer's prevote goes with its proposal
			if n == 3 {
				want++ // and the other's prevote with its precommit
			}
			if *votes != want {
				t.Errorf("n = %d, height %d: %d votes sent, want %d", n, i+2, *votes, want)
			}
			proposer := (i + 2) % n
			for k := range n {
				m := c.members[(proposer+k)%n]
				if want := map[bool]int{true: 2, false: 0}[k < q]; len(m.votes) != want {
					t.Errorf("n = %d, height %d: member %d from the proposer cast %d votes, want %d", n, i+2, k, len(m.votes), want)
				}
			}
		}
	}
}

// With members silent that are to vote, those who stand by vote when a height takes longer than it should, and at once for a
// while after that; nobody stands by for one whom it suspects.
func TestStandbySteps(t *testing.T) {
	for silent := 1; silent <= 2; silent++ {
		c := newCluster(t, 8)
		c.create()
		c.standing()
		c.now += 1_000
		took := func(i int) (ms vaultnet.Time) {
			c.now += 20
			begun := c.now
			c.all(c.request(fmt.Sprintf("%d=x", i), 1))
			for _, m := range c.members {
				for m.object.Height() < vaultnet.Height(i+2) && !m.down {
					if c.run(1); c.now > begun+5_000 {
						t.Fatalf("not decided after %d ms", c.now-begun)
					}
				}
			}
			return c.now - begun
		}
		for i := range silent {
			c.members[4+i].down = true
		}
		least := StandbyLeast.Milliseconds()
		if ms := took(0); int64(ms) < least || int64(ms) > least+10 {
			t.Errorf("%d silent: decided after %d ms, want %d", silent, ms, least)
		}
		for _, m := range c.members { // as all have seen by then
			m.object.cfg.zeal.vain(c.now)
		}
		if ms := took(1); ms > 10 {
			t.Errorf("%d silent: decided after %d ms though nobody stands by", silent, ms)
		}
		c.now += vaultnet.Time(time.Minute.Milliseconds())
		for _, m := range c.members {
			m.host.suspect = map[vaultnet.PublicKey]bool{c.members[4].key: true, c.members[5].key: true}
		}
		for i := 2; i < 10; i++ {
			if p := (i + 2) % 8; p == 4 || p == 5 { // waits for a proposer that it suspects
				took(i)
				continue
			}
			if ms := took(i); ms > 10 {
				t.Errorf("%d silent, height %d: decided after %d ms though they are suspected", silent, i+2, ms)
			}
		}
	}
}

// A member that stands by votes at once when it hears that somebody prevotes for nothing.
func TestStandbyHearsNil(t *testing.T) {
	s := alone(t, 8, 7)
	s.standing()
	h := s.block("a", s.request("1=x", 1))
	s.proposes(0, h)
	s.casts()
	s.prevotes(0, nil, 2, 2)
	s.casts("prevote 0 a")
}

// Votes of a member that was thought to stand by are answered with those that it lacks.
func TestStandbyIsSentWhatItLacks(t *testing.T) {
	s := alone(t, 8, 0)
	s.standing()
	s.submit(s.request("1=x", 1))
	s.casts("propose 0 own0", "prevote 0 own0")
	s.sent = nil
	h := s.m.object.attempt.proposals[0]
	s.prevotes(0, h, 6, 7)
	if sent := s.sends(hasVotes); len(sent) != 0 {
		t.Errorf("%d bundles with votes to members that have them: the proposal brought them", len(sent))
	}

	s = alone(t, 8, 1)
	s.standing()
	h = s.block("a", s.request("1=x", 1))
	s.proposes(0, h)
	s.casts("prevote 0 a")
	sent := s.sends(hasVotes)
	if len(sent) != 1 || sent[0].Spared == 0 {
		t.Fatalf("its prevote went out in %d bundles that spare nobody", len(sent))
	}
	for i := range s.crew {
		if rank := s.set.Index(s.crew[i].key); sent[0].Spared>>rank&1 == 0 {
			continue
		}
		for range 2 {
			s.says(i, &Bundle{Votes: []*Vote{s.voteOf(i, Prevote, 0, h)}})
		}
		got := s.sends(hasVotes)
		if len(got) != 1 || got[0].To != s.crew[i].key || got[0].Bundle.Votes[0].Ballot.Type != Prevote {
			t.Errorf("member %d voted twice and was sent %d bundles with votes", i, len(got))
		}
	}
}

// Changes of a set and first blocks are voted on by everybody at once: members' own views decide.
func TestStandbyNotForSets(t *testing.T) {
	c := newCluster(t, 8)
	c.standing()
	c.all(c.request("0=genesis", 1))
	c.deliver()
	for i, m := range c.members {
		if len(m.votes) == 0 {
			t.Errorf("member %d did not vote on the first block", i)
		}
	}
	s := alone(t, 8, 7)
	s.standing()
	s.join(vault(77))
	h := s.swap("swap", vault(77), s.crew[3].key)
	s.in(Input{Desire: &Change{Add: vault(77), Drop: s.crew[3].key}})
	s.m.events = nil
	s.submit(s.request("1=x", 1))
	s.proposes(0, h)
	s.casts("prevote 0 swap")
}

// Where members are silent for good, unsuspected, those who stand by do not come to wait the longer because they wait, and
// soon they hardly ever do, though blocks are rare.
func TestStandbyForWhoIsSilentForGood(t *testing.T) {
	c := newCluster(t, 8)
	c.create()
	c.standing()
	c.delay = func(parcel) vaultnet.Time { return 20 }
	c.members[2].down, c.members[5].down = true, true
	slow := 0
	for i := range 200 {
		c.now += 10_000
		begun, height := c.now, c.members[0].object.Height()
		c.all(c.request(fmt.Sprintf("%d=x", i%7), 1))
		for c.members[0].object.Height() == height {
			c.run(10)
		}
		if c.members[(int(height)+1)%8].down {
			continue // a proposer that is silent is waited for, too
		}
		took := int64(c.now - begun)
		if took > (StandbyMost + RoundTimeout).Milliseconds() {
			t.Fatalf("block %d takes %d ms", i, took)
		}
		if i >= 100 && took > StandbyLeast.Milliseconds() {
			slow++
		}
	}
	if slow > 25 {
		t.Errorf("in %d of the last 75 blocks somebody stood by", slow)
	}
}

func TestZeal(t *testing.T) {
	var z zeal
	at := vaultnet.Time(1_000)
	for _, want := range []time.Duration{1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300} {
		z.vain(at)
		z.vain(at + 1) // while it votes at once
		if got := z.until.Sub(at); got != want*time.Second {
			t.Fatalf("votes at once for %v, want %d s", got, want)
		}
		at = z.until.Add(zealKept) - 1
	}
	at++
	if z.vain(at); z.until.Sub(at) != time.Second {
		t.Errorf("votes at once for %v, long after", z.until.Sub(at))
	}
}

// Who only was slow does not count as one that fails.
func TestStandbyInVain(t *testing.T) {
	for _, fails := range []bool{false, true} {
		s := alone(t, 8, 6)
		s.standing()
		h := s.block("a", s.request("1=x", 1))
		s.proposes(0, h)
		s.casts()
		s.waits(vaultnet.Time(StandbyLeast.Milliseconds()))
		s.casts("prevote 0 a")
		voters := s.m.object.attempt.voters
		n := 0
		for i := 1; i < 8; i++ {
			if voters>>s.set.Index(s.crew[i].key)&1 == 0 {
				continue
			}
			if n++; n == 6 && fails {
				break
			}
			s.precommits(0, h, i, i)
		}
		for i := 1; i < 8 && fails; i++ {
			if voters>>s.set.Index(s.crew[i].key)&1 == 0 {
				s.precommits(0, h, i, i)
			}
		}
		s.casts("decide 2 a")
		if zealous := s.m.object.cfg.zeal.until > s.now; zealous != fails {
			t.Errorf("votes at once: %v, where one did not vote: %v", zealous, fails)
		}
	}
}
