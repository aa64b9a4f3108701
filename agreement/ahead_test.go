package agreement

import (
	"fmt"
	"testing"

	"vaultnet"
)

// A member that lags behind by a few heights for a moment needs no help: what the others said meanwhile is not lost.
func TestLaggingMemberNeedsNoHelp(t *testing.T) {
	for lag := 1; lag <= 1+heightsAhead; lag++ {
		c := newCluster(t, 8)
		c.create()
		late, held := c.members[7], true // proposes at height 7
		c.delay = func(p parcel) vaultnet.Time {
			if held && p.to == late.key {
				return 5
			}
			return 0
		}
		asked := 0
		c.drop = func(p parcel) bool {
			if p.from == late.key && p.bundle.Want != nil {
				asked++
			}
			return false
		}
		for i := range lag {
			c.all(c.request(fmt.Sprintf("%d=x", i), 1))
			c.deliver()
			if h := c.members[0].object.Height(); h != vaultnet.Height(i+2) {
				t.Fatalf("the others are at height %d, want %d", h, i+2)
			}
		}
		if late.object.Height() != 1 {
			t.Fatalf("the late member is at height %d", late.object.Height())
		}
		held = false
		c.run(5)
		c.height(vaultnet.Height(lag + 1))
		if asked > 0 {
			t.Errorf("%d heights behind it asked %d times", lag, asked)
		}
	}
}

// What liars say about heights to come is bounded.
func TestAheadIsBounded(t *testing.T) {
	s := alone(t, 8, 1)
	for h := vaultnet.Height(3); h < 100; h++ {
		for i := 1; i < 8; i++ {
			b := s.ballot(Prevote, 0, nil)
			b.Height = h
			s.says(i, &Bundle{Votes: []*Vote{{Ballot: b, By: s.by(i)}}})
			s.says(i, &Bundle{Votes: []*Vote{{Ballot: b, By: s.by(i)}}})
		}
	}
	for i := 1; i < 8; i++ {
		if n := s.m.object.aheadOf(s.crew[i].key); n != 2*heightsAhead {
			t.Errorf("%d bundles of member %d are kept, want %d", n, i, 2*heightsAhead)
		}
	}
}

// A height that others have decided is asked for soon where heights take little time.
func TestAsksSoon(t *testing.T) {
	s := alone(t, 8, 1)
	s.says(1, &Bundle{Height: 2, Following: 0, Votes: nil})
	s.sent = nil
	s.waits(vaultnet.Time(askSoonest.Milliseconds()) - 1)
	if n := len(s.sends(asksBlocks)); n != 0 {
		t.Fatalf("asked %d times already", n)
	}
	s.waits(1)
	if n := len(s.sends(asksBlocks)); n != 1 {
		t.Errorf("asked %d times, want 1", n)
	}
}
