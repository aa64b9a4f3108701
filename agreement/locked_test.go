package agreement

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"vaultnet"
)

// Requests of two first sets that share seven members reach nearly everybody at about the same time, and members go from one
// to the other as what draws them arrives, slowly: so some come to be locked in the one, some in the other. They come
// together all the same, and not both sets decide.
func TestGenesisLocksInTwoSetsComeTogether(t *testing.T) {
	seeds := uint64(500)
	if testing.Short() {
		seeds = 100
	}
	apart := 0
	for seed := uint64(480); seed < 480+seeds; seed++ {
		rng := rand.New(rand.NewPCG(seed, 12))
		v := newViews(t, 1)
		where := fmt.Sprintf("seed %d", seed)
		v.watched(t, where)
		late := rng.IntN(60)
		v.delay = func(parcel) vaultnet.Time {
			if rng.IntN(100) < late {
				return vaultnet.Time(200 + rng.IntN(3_000))
			}
			return vaultnet.Time(1 + rng.IntN(50))
		}
		view := make(map[vaultnet.PublicKey]*Set)
		for _, m := range v.members {
			m.host.genesis = func(s *Set) Verdict {
				if slices.Equal(s.Members, view[m.key].Members) {
					return Yes
				}
				return NotYet
			}
		}
		for i := range 2 {
			for _, m := range v.members {
				view[m.key] = v.sets[i]
			}
			v.reach(i, v.put(fmt.Sprintf("0=v%d", i), i), rng.Perm(8)[:5+rng.IntN(4)]...)
			v.run(vaultnet.Time(rng.IntN(2_000)))
		}
		v.run(vaultnet.Time(rng.IntN(4_000)))
		sets := make(map[vaultnet.Digest]bool)
		for _, m := range v.members {
			if rng.IntN(4) == 0 {
				v.restart(m)
			}
			if m.object.HalfOpen() {
				sets[m.object.setDigest] = true
			}
		}
		if len(sets) == 2 {
			apart++
		}
		v.run(300_000)
		voters := v.deciders(where)
		for _, s := range v.sets {
			for _, m := range v.members {
				if s.Digest() == voters && m.object.Height() == 0 { // as vaults that hold the address tell those near it
					v.step(m, Input{Believe: s})
				}
			}
		}
		v.run(120_000)
		for i, m := range v.members {
			if o := m.object; o.HalfOpen() {
				t.Errorf("%s: member %d stays half-open: round %d, set %d, locked %v, decided %v", where, i, o.Round(),
					slices.IndexFunc(v.sets, func(s *Set) bool { return s.Digest() == o.setDigest }), o.attempt.lock != nil, !voters.IsZero())
			}
		}
	}
	if apart == 0 {
		t.Fatal("never were members apart: the test says nothing")
	}
}
