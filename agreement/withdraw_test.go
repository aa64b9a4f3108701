package agreement

import (
	"fmt"
	"testing"

	"vaultnet"
)

// Withdrawing a request, and clear(t) (design §5).

func (s *solo) withdraw(r *Request) {
	w := r.Withdrawal()
	s.in(Input{From: client, Withdraw: &w})
}

func TestWithdrawDropsRemembersRelaysAndConfirms(t *testing.T) {
	s := alone(t, 8, 7)
	r := s.request("1=a", 1)
	s.submit(r)
	s.withdraw(r)
	s.replied("withdrawn")
	if len(s.m.object.Undecided()) != 0 {
		t.Fatal("still pending")
	}
	if !s.out.Record || s.m.store[string(withdrawnKey(r.ID))] == nil {
		t.Fatal("not durable")
	}
	relayed := func(o Outgoing) bool { return o.To.IsNobody() && len(o.Bundle.Withdraw) == 1 }
	if len(s.sends(relayed)) != 1 {
		t.Fatal("not relayed")
	}
	s.withdraw(r)
	s.replied("withdrawn")
	if len(s.sends(relayed)) != 0 {
		t.Fatal("relayed twice")
	}
	s.submit(r)
	s.replied("withdrawn")
	s.says(4, &Bundle{Requests: []*Request{r}})
	if len(s.m.object.Undecided()) != 0 {
		t.Fatal("pending again")
	}
	s.restarts()
	s.submit(r)
	s.replied("withdrawn")
	s.m.events = nil
	s.proposes(0, s.block("X", r))
	s.casts("prevote 0 nil")
}

func TestWithdrawFromAMemberIsRememberedAndNotRelayed(t *testing.T) {
	s := alone(t, 8, 7)
	r := s.request("1=a", 1)
	w := r.Withdrawal()
	s.says(3, &Bundle{Withdraw: []*vaultnet.Withdraw{&w}})
	s.replied()
	if s.m.store[string(withdrawnKey(r.ID))] == nil || len(s.sends(anything)) > 0 {
		t.Fatal("not remembered, or relayed on")
	}
	s.asleep()
	s.proposes(0, s.block("X", r))
	s.casts("prevote 0 nil")
}

// A member that has voted for it at an open height confirms when that height is decided, and says what became of it.
func TestWithdrawAfterAVoteIsConfirmedWhenTheHeightIsDecided(t *testing.T) {
	for _, applied := range []bool{true, false} {
		s := alone(t, 8, 7)
		r := s.request("1=a", 1)
		x, e := s.block("X", r), s.block("E")
		s.proposes(0, x)
		s.casts("prevote 0 X")
		s.withdraw(r)
		s.replied()
		s.withdraw(r)
		s.replied()
		if applied {
			s.precommits(0, x, 1, 6)
			s.casts("decide 2 X")
			if n := len(s.m.replies); n < 1 || s.m.replies[n-1].words() != "applied 2" {
				t.Fatal("not told")
			}
			continue
		}
		s.reach(1)
		s.restarts() // the vote is remembered, the question is not
		s.withdraw(r)
		s.replied()
		s.says(s.at(1), &Bundle{Proposal: s.fresh(1, e), Commit: s.proves(1, e)})
		s.casts("decide 2 E")
		s.replied("withdrawn")
	}
}

// Its vote for a block does not stand in the way of one more vote for the same block with a polka.
// A copy of the request that comes after its withdrawal is no reason to confirm that earlier.
func TestWithdrawAfterAVoteAndSubmittedAgain(t *testing.T) {
	s := alone(t, 8, 7)
	r := s.request("1=a", 1)
	h := s.block("X", r)
	s.proposes(0, h)
	s.withdraw(r)
	s.submit(r)
	s.replied()
	s.precommits(0, h, 1, 6)
	s.replied("applied 2", "applied 2")
}

func TestWithdrawnButPolkad(t *testing.T) {
	s := alone(t, 8, 7)
	r := s.request("1=a", 1)
	x := s.block("X", r)
	s.withdraw(r)
	s.proposes(0, x)
	s.casts("prevote 0 nil")
	s.prevotes(0, x, 1, 6)
	s.casts("lock 0 X", "precommit 0 X")
}

func TestWithdrawAnAppliedOneIsAppliedStill(t *testing.T) {
	s := alone(t, 8, 7)
	r := s.request("1=a", 1)
	s.decidedNext(r)
	s.m.replies = nil
	s.withdraw(r)
	s.replied("applied 2")
}

func TestWithdrawAtAStranger(t *testing.T) {
	s := alone(t, 8, 7)
	m := s.join(vault(99))
	m.object = New(s.config(m), s.address)
	s.serve(m, s.crew[1].key, s.m.object.Decided(), s.m.object.State()) // proof of set comes with it
	r := s.request("1=a", 1)
	w := r.Withdrawal()
	s.step(m, Input{From: client, Withdraw: &w})
	if n := len(m.replies); n == 0 || m.replies[n-1].Outcome != Stranger {
		t.Fatalf("%+v", m.replies)
	}
}

func TestWithdrawOfAnotherAddressIsNothing(t *testing.T) {
	s := alone(t, 8, 7)
	r := s.request("1=a", 1)
	w := r.Withdrawal()
	w.Address.Tag++
	s.in(Input{From: client, Withdraw: &w})
	s.says(1, &Bundle{Withdraw: []*vaultnet.Withdraw{&w}})
	s.replied()
	if s.out.Record {
		t.Fatal("remembered")
	}
}

func TestWithdrawABeforehand(t *testing.T) { // before the request was ever seen
	s := alone(t, 8, 7)
	r := s.request("1=a", 1)
	s.withdraw(r)
	s.replied("withdrawn")
	s.submit(r)
	s.replied("withdrawn")
	far := s.request("1=a", 1)
	far.Deadline = s.now.Add(vaultnet.MaxDeadline) + 10_000
	s.withdraw(far)
	if len(s.m.replies) != 1 || s.m.replies[0].Outcome != Refused {
		t.Fatal("remembers for longer than any request may live")
	}
}

// 1,024 at most; those whose deadlines are over everywhere make room, in the store, too.
func TestWithdrawalsAreBounded(t *testing.T) {
	s := alone(t, 8, 7)
	for i := range vaultnet.MaxWithdrawals {
		s.withdraw(s.request(fmt.Sprintf("1=a%d", i), 1))
	}
	s.m.replies = nil
	s.withdraw(s.request("1=b", 1))
	s.replied("refused TooManyMutations")
	if len(s.m.store) < vaultnet.MaxWithdrawals {
		t.Fatalf("%d records", len(s.m.store))
	}
	s.restarts()
	s.now += 12_001 // deadline and skew
	s.withdraw(s.request("1=b", 1))
	s.replied("withdrawn")
	if n := len(s.m.object.withdrawn); n != 1 || len(s.m.store) > 10 {
		t.Fatalf("%d remembered, %d records", n, len(s.m.store))
	}
}

// After its deadline and the skew nothing needs to be remembered: no fresh block with it gets a vote.
func TestWithdrawAfterTheDeadline(t *testing.T) {
	s := alone(t, 8, 7)
	r := s.request("1=a", 1)
	x := s.block("X", r)
	s.now = r.Deadline + 2_001
	s.withdraw(r)
	s.replied("withdrawn")
	if s.out.Record {
		t.Fatal("remembered")
	}
	s.proposes(0, x)
	s.casts("prevote 0 nil")
}

// A withdrawal reaches everybody by way of one member.
func TestWithdrawIsRelayedToAll(t *testing.T) {
	c := newCluster(t, 8)
	c.create()
	r := c.request("1=a", 1)
	w := r.Withdrawal()
	c.step(c.members[4], Input{From: client, Withdraw: &w})
	c.run(1_000)
	for i, m := range c.members {
		if !(&turn{Object: m.object}).isWithdrawn(r.ID) {
			t.Errorf("member %d has not heard", i)
		}
	}
	c.all(r)
	c.run(3_000)
	c.height(1)
	c.silent()
}

// What its client told everybody one member relays, not all.
func TestWithdrawIsRelayedByOne(t *testing.T) {
	c := newCluster(t, 8)
	c.create()
	w := c.request("1=a", 1).Withdrawal()
	for _, m := range c.members {
		c.step(m, Input{From: client, Withdraw: &w})
	}
	before := c.sent
	c.run(5_000)
	if n := c.sent - before; n != 7 {
		t.Errorf("%d bundles", n)
	}
	c.silent()
	for range 2 * maxRelays { // beyond the bound at once
		w := c.request("1=a", 1).Withdrawal()
		c.step(c.members[0], Input{From: client, Withdraw: &w})
	}
	if n := len(c.members[0].object.relays); n != maxRelays {
		t.Errorf("%d wait to be relayed", n)
	}
}

// clear(t): the clock is past t + skew and no height is half-open.
func TestClear(t *testing.T) {
	s := alone(t, 8, 7)
	at := s.now
	if s.m.object.Clear(at, at+2_000) || !s.m.object.Clear(at, at+2_001) {
		t.Fatal("clear too early, or never")
	}
	s.proposes(0, s.block("X", s.request("1=a", 1)))
	if s.m.object.Clear(at, at+100_000) {
		t.Fatal("clear while half-open")
	}
}
