package agreement

import (
	"testing"

	"vaultnet"
)

// Rule 9: repair (design §4.9).

// repairs are the times, from now, at which the member sends something while nothing happens.
func (s *solo) repairs(d vaultnet.Time) []vaultnet.Time {
	start, end := s.now, s.now+d
	s.sends(anything)
	var at []vaultnet.Time
	for s.m.alarm <= end {
		s.now = s.m.alarm
		s.in()
		if len(s.sends(anything)) > 0 {
			at = append(at, s.now-start)
		}
	}
	s.now = end
	return at
}

func TestRule09RepairBacksOffToACap(t *testing.T) {
	s := alone(t, 8, 7)
	s.proposes(0, s.block("X", s.request("1=a", 1)))
	s.casts("prevote 0 X")
	at := s.repairs(400_000)
	gap, sum := vaultnet.Time(200), vaultnet.Time(0)
	for i, a := range at {
		sum += gap
		gap = min(2*gap, 60_000)
		if a != sum {
			t.Fatalf("repair %d at %d ms, want %d", i, a, sum)
		}
	}
	if len(at) < 12 {
		t.Fatalf("%d repairs", len(at))
	}
}

func TestRule09NewsResetsTheBackOff(t *testing.T) {
	s := alone(t, 8, 7)
	x := s.block("X", s.request("1=a", 1))
	s.proposes(0, x)
	s.repairs(100_000)
	s.prevotes(0, x, 1, 1)
	if at := s.repairs(1_000); len(at) != 2 || at[0] != 200 || at[1] != 600 {
		t.Fatalf("repairs at %v", at)
	}
	s.repairs(100_000)
	s.prevotes(0, x, 1, 1) // no news
	if at := s.repairs(1_000); len(at) != 0 {
		t.Fatalf("repairs at %v", at)
	}
	s.in(Input{Return: s.crew[4].key})
	if at := s.repairs(1_000); len(at) != 2 || at[0] != 200 {
		t.Fatalf("repairs at %v", at)
	}
}

// A repeated bundle is news to nobody: two members do not keep each other busy.
func TestRule09RepairsAreNoNews(t *testing.T) {
	s := alone(t, 8, 7)
	x := s.block("X", s.request("1=a", 1))
	s.proposes(0, x)
	s.reach(1)
	s.reproposes(1, x, s.polka(0, x))
	b := &Bundle{Proposal: s.anew(1, x, s.polka(0, x)), Polka: s.polka(0, x), Requests: x.bodies,
		Votes: []*Vote{s.voteOf(3, Prevote, 1, x), s.voteOf(1, Precommit, 0, nil), s.voteOf(2, Prevote, 7, nil)}}
	s.says(3, b)
	s.repairs(110_000)
	for range 3 {
		s.says(3, b)
		if at := s.repairs(1_000); len(at) != 0 {
			t.Fatalf("repairs at %v", at)
		}
	}
}

// The bundle: the proposal it holds, its votes of the round, the newest polka, the proof of the round.
func TestRule09WhatARepairHolds(t *testing.T) {
	s := alone(t, 8, 7)
	x := s.block("X", s.request("1=a", 1))
	lock(s, x)
	s.reach(1)
	s.waits(800)
	s.casts("prevote 1 nil")
	s.sends(anything)
	s.waits(1_000)
	b := s.sends(anything)[0].Bundle
	if b.Proposal == nil || b.Proposal.Header.Digest(s.cfg.Network, s.address) != x.digest {
		t.Error("no proposal")
	}
	if b.Polka == nil || b.Polka.Ballot.Block != x.digest {
		t.Error("no polka")
	}
	own, proof := 0, 0
	for _, v := range b.Votes {
		if v.By.Signer == s.m.key && v.Ballot.Round == 1 {
			own++
		} else if v.Ballot.Round == 0 && v.Ballot.Type == Precommit {
			proof++
		}
	}
	if own != 1 || proof != 7 {
		t.Errorf("%d votes of its own, %d that prove the round", own, proof)
	}
	if len(b.Votes) > 64 {
		t.Error("too many votes")
	}
}

// A certificate whose block is lacking is passed on.
func TestRule09ARepairHoldsACertificateWhoseBlockIsLacking(t *testing.T) {
	s := alone(t, 8, 7)
	s.submit(s.request("5=z", 1))
	x := s.block("X", s.request("1=a", 1))
	s.says(1, &Bundle{Commit: s.proves(0, x)})
	s.waits(300)
	for _, o := range s.sends(anything) {
		if o.To.IsNobody() && o.Bundle.Commit != nil {
			return
		}
	}
	t.Fatal("the certificate is not passed on")
}

// Repair does not depend on the round's timers and does not disturb them.
func TestRule09RoundTimeoutsGrowToACap(t *testing.T) {
	s := alone(t, 8, 7)
	for r, want := range map[uint32]vaultnet.Time{0: 500, 1: 750, 2: 1_000, 10: 3_000, 38: 10_000, 100: 10_000, 1 << 30: 10_000} {
		if got := roundTimeout(r).Milliseconds(); vaultnet.Time(got) != want {
			t.Errorf("round %d: %d ms, want %d", r, got, want)
		}
	}
	z := s.lasting(100_000, "5=z", 1)
	s.submit(z)
	for r := uint32(1); r < 4; r++ {
		s.reach(r)
		at := s.now
		s.until("prevote " + itoa(r) + " nil")
		if got, want := s.now-at, vaultnet.Time(roundTimeout(r).Milliseconds()); got != want {
			t.Errorf("round %d: %d ms, want %d", r, got, want)
		}
	}
}

// A member that is awake, in a later round and between two repairs far apart, tells at once those that a new request has
// woken in the round before: when they repair, and when the request reaches itself.
func TestRule09WhoRepairsInAnEarlierRoundIsShownThisOne(t *testing.T) {
	s := alone(t, 8, 7)
	x := s.block("X", s.lasting(100_000, "1=a", 1))
	s.proposes(0, x)
	s.reach(1)
	s.repairs(200_000)
	old := &Bundle{Votes: []*Vote{s.voteOf(3, Precommit, 0, nil)}}
	s.says(3, old)
	got := s.sends(func(o Outgoing) bool { return o.To == s.crew[3].key })
	if len(got) != 1 || len(got[0].Bundle.Votes) < s.set.Quorum() {
		t.Fatalf("%d answers to a member in an earlier round", len(got))
	}
	s.says(3, old)
	if len(s.sends(anything)) != 0 {
		t.Fatal("not rate-limited")
	}
	s.now += 1_000
	s.votes(Prevote, 1, nil, 3, 3)
	s.sends(anything)
	s.says(3, old)
	if len(s.sends(anything)) != 0 {
		t.Fatal("it is in this round, and is told of it")
	}
	s.repairs(200_000)
	s.submit(s.request("2=b", 1))
	if at := s.repairs(1_000); len(at) == 0 || at[0] != 200 {
		t.Fatalf("repairs at %v after a new request", at)
	}
}
