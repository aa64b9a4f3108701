package core

import (
	"math/rand/v2"
	"slices"
	"testing"

	"vaultnet"
)

// TestActiveInOrderOfUse plays use, loading, eviction and rest of objects at random: those that do not rest are always
// the youngest, and the oldest of them is known.
func TestActiveInOrderOfUse(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var s lru
	var order []*live // oldest first
	resting := map[*live]bool{}
	for range 10_000 {
		i := 0
		if len(order) > 0 {
			i = random.IntN(len(order))
		}
		switch pick := random.IntN(4); {
		case pick == 0 && len(order) < 8 || len(order) == 0:
			l := &live{entry: &object{}, alarm: vaultnet.Never}
			l.entry.live = l
			s.add(l)
			order = append(order, l)
		case pick == 1:
			l := order[i]
			s.remove(l)
			l.entry.live = nil
			order = slices.Delete(order, i, i+1)
			delete(resting, l)
		case pick == 2:
			l := order[i]
			s.use(l)
			order = append(slices.Delete(order, i, i+1), l)
			delete(resting, l)
		case s.active != nil:
			resting[s.active] = true
			s.active = s.active.younger
		}
		var oldest *live
		for k := len(order) - 1; k >= 0 && !resting[order[k]]; k-- {
			oldest = order[k]
		}
		if s.active != oldest || len(resting) != slices.Index(append(order, oldest), oldest) && oldest != nil {
			t.Fatalf("of %d objects, %d at rest, not the oldest that does not", len(order), len(resting))
		}
	}
}
