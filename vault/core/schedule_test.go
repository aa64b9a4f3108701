package core

import (
	"math/rand/v2"
	"slices"
	"testing"

	"vaultnet"
)

// TestScheduleOrder: jobs come earliest first, those of one time in the order in which they were planned, and none early.
func TestScheduleOrder(t *testing.T) {
	type planned struct {
		at vaultnet.Time
		n  int
	}
	random := rand.New(rand.NewPCG(1, 2))
	var s schedule
	var want, got []planned
	now := vaultnet.Time(0)
	take := func() {
		for do := s.due(now); do != nil; do = s.due(now) {
			do()
		}
	}
	for n := range 3000 {
		p := planned{now + vaultnet.Time(random.IntN(40)), n}
		want = append(want, p)
		s.at(p.at, func() {
			if p.at > now {
				t.Fatalf("job of %d done at %d", p.at, now)
			}
			got = append(got, p)
		})
		if random.IntN(4) == 0 {
			now += vaultnet.Time(random.IntN(5))
			take()
			if s.next() <= now {
				t.Fatalf("at %d a job of %d is left", now, s.next())
			}
		}
	}
	now += 1000
	take()
	slices.SortStableFunc(want, func(a, b planned) int { return int(a.at - b.at) })
	if !slices.Equal(got, want) || s.next() != vaultnet.Never {
		t.Error("jobs are done in another order, or not at all")
	}
}
