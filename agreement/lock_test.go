package agreement

import (
	"testing"
)

// Rule 6: re-proposals carry their polka certificate, and a lock does not stay hidden (design §4.6).

func TestRule06ALockIsShownOnEnteringARound(t *testing.T) {
	s := alone(t, 8, 7)
	x := s.block("X", s.request("1=a", 1))
	lock(s, x)
	s.precommits(0, nil, 1, 6)
	s.until("round 1")
	s.sent = s.out.Send // of the step that entered it
	shown := s.sends(showsPolka)
	if len(shown) != 1 || shown[0].Bundle.Polka.Ballot.Block != x.digest || !shown[0].Bundle.Polka.Proves(Prevote, s.set, s.m.object.setDigest) {
		t.Fatal("the lock stays hidden")
	}
}

func TestRule06ALockIsShownWithARepair(t *testing.T) {
	s := alone(t, 8, 7)
	lock(s, s.block("X", s.request("1=a", 1)))
	s.sends(anything)
	s.waits(250)
	if len(s.sends(showsPolka)) != 1 {
		t.Fatal("the repair hides the lock")
	}
}

func TestRule06FromRoundOneALockIsShownWithThePrecommit(t *testing.T) {
	s := alone(t, 8, 7)
	x := s.block("X", s.request("1=a", 1))
	s.submit(s.request("5=z", 1))
	s.reach(1)
	s.proposes(1, x)
	s.sends(anything)
	s.prevotes(1, x, 1, 5)
	s.casts("prevote 1 X", "lock 1 X", "precommit 1 X")
	if len(s.sends(showsPolka)) != 1 {
		t.Fatal("the precommit hides the lock")
	}
	s = alone(t, 8, 7)
	x = s.block("X", s.request("1=a", 1))
	s.proposes(0, x)
	s.prevotes(0, x, 1, 4)
	s.sends(anything)
	s.prevotes(0, x, 5, 5)
	if len(s.sends(showsPolka)) != 0 {
		t.Fatal("in round 0 everybody has the prevotes: the polka is waste")
	}
}

// What somebody shows becomes the valid value of a member that holds the block: it re-proposes that.
func TestRule06AShownPolkaIsReproposed(t *testing.T) {
	s := alone(t, 8, 2)
	x := s.block("X", s.request("1=a", 1))
	s.m.host.fresh = func(*Request) Verdict { return No }
	s.proposes(0, x)
	s.casts("prevote 0 nil")
	s.reach(1)
	s.says(1, &Bundle{Polka: s.polka(0, x)})
	s.casts() // remembered, and no lock
	if a := s.m.object.attempt; a.lock != nil || a.valid == nil {
		t.Fatal("locked by what was shown, or forgot it")
	}
	s.precommits(1, nil, 1, 6)
	s.until("prevote 2 X")
	s.casts("prevote 1 nil", "round 2", "propose 2 X by polka 0", "prevote 2 X")
}

// Also where the block comes after the polka.
func TestRule06APolkaIsKeptUntilItsBlockComes(t *testing.T) {
	s := alone(t, 8, 2)
	x := s.block("X", s.request("1=a", 1))
	s.submit(s.request("5=z", 1))
	s.says(1, &Bundle{Polka: s.polka(0, x)})
	s.reach(1)
	s.proposes(0, x)
	if s.m.object.attempt.valid == nil {
		t.Fatal("the polka is forgotten")
	}
}

// A newer polka replaces an older one, never the other way.
func TestRule06TheNewestPolkaIsTheValidValue(t *testing.T) {
	s := alone(t, 8, 7)
	x, y := s.block("X", s.request("1=a", 1)), s.block("Y", s.request("2=b", 1))
	s.proposes(0, x)
	s.submit(s.request("5=z", 1))
	s.reach(1)
	s.says(s.at(1), &Bundle{Proposal: s.fresh(1, y), Requests: y.bodies})
	s.reach(2)
	s.says(1, &Bundle{Polka: s.polka(1, y)})
	s.says(1, &Bundle{Polka: s.polka(0, x)})
	if v := s.m.object.attempt.valid; v.held.digest != y.digest || v.round != 1 {
		t.Fatal("the older polka counts")
	}
}

// Nor where the block of the older one comes when the newer is known.
func TestRule06AnOlderPolkaWhoseBlockComesLateIsOlder(t *testing.T) {
	s := alone(t, 8, 7)
	x, y := s.block("X", s.request("1=a", 1)), s.block("Y", s.request("2=b", 1))
	s.submit(s.request("5=z", 1))
	s.says(1, &Bundle{Polka: s.polka(0, x)})
	s.reach(1)
	s.proposes(1, y)
	s.prevotes(1, y, 1, 6)
	s.casts("prevote 1 Y", "lock 1 Y", "precommit 1 Y")
	s.reach(2)
	s.proposes(0, x)
	if v := s.m.object.attempt.valid; v.held.digest != y.digest {
		t.Fatal("the older polka counts")
	}
}

// A locked member that sees a newer polka votes for that block when it is proposed, and its lock moves with its own
// precommit alone.
func TestRule06ALockYieldsToANewerPolkaAndMovesWithThePrecommit(t *testing.T) {
	s := alone(t, 8, 7)
	x, y := s.block("X", s.request("1=a", 1)), s.block("Y", s.request("2=b", 1))
	lock(s, x)
	s.reach(1)
	s.reach(2)
	s.reproposes(2, y, s.polka(1, y))
	s.casts("prevote 2 Y")
	if s.m.object.attempt.lock.held.digest != x.digest {
		t.Fatal("the lock moved with a prevote")
	}
	s.prevotes(2, y, 1, 5)
	s.casts("lock 2 Y", "precommit 2 Y")
	s.reach(3)
	s.reproposes(3, x, s.polka(1, x))
	s.casts("prevote 3 nil")
}

// A block re-proposed again and again is heard every time.
func TestRule06ReproposalsAreHeardHoweverManyThereWere(t *testing.T) {
	s := alone(t, 8, 7)
	x := s.block("X", s.request("1=a", 1))
	s.m.host.fresh = func(*Request) Verdict { return No }
	s.proposes(0, x)
	s.casts("prevote 0 nil")
	polka := s.polka(0, x)
	for r := uint32(1); r < 40; r++ {
		if s.at(r) == 0 {
			s.precommits(r-1, nil, 1, 6)
			s.until("prevote " + itoa(r) + " X")
			continue
		}
		s.reach(r)
		s.reproposes(r, x, polka)
		s.casts("prevote " + itoa(r) + " X")
	}
}

// However many offers of a block liars make for rounds to come, the present proposer's is heard.
func TestRule06OffersForRoundsToComeDoNotCrowdOutThePresentOne(t *testing.T) {
	s := alone(t, 8, 7)
	x := s.block("X", s.request("1=a", 1))
	s.submit(s.request("5=z", 1))
	s.reach(1)
	for k := uint32(1); k < 20; k++ {
		s.reproposes(8*k, x, s.polka(0, x))
	}
	s.casts()
	s.reproposes(1, x, s.polka(0, x))
	s.casts("prevote 1 X")
	s.restarts()
	if o := s.m.object.attempt.proposals[0].offers; len(o) > maxOffers {
		t.Fatalf("%d offers", len(o))
	}
}

func itoa(r uint32) string {
	if r < 10 {
		return string(rune('0' + r))
	}
	return itoa(r/10) + itoa(r%10)
}
