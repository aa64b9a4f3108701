package sim

import (
	"context"
	"fmt"
	"testing"

	"vaultnet"
	"vaultnet/agreement"
)

// TestLessIsPromised: an object that had a set with more liars than it stands is promised less, and no other is; what rests
// on nothing but that quorums meet is promised for as long as they do.
func TestLessIsPromised(t *testing.T) {
	for _, k := range []struct {
		members, liars                      int
		certificates, truth, elsewhereTruth bool
	}{
		{8, 2, true, true, true},
		{8, 3, true, false, true},
		{8, 4, false, false, true},
		{5, 1, true, true, true},
		{5, 2, true, false, true},
		{4, 1, true, true, true},
		{3, 1, false, false, true},
		{2, 1, true, false, true},
		{1, 1, false, false, true},
	} {
		o := draw(t, 1, Safety)
		o.Byzantine = 2
		totals := newTotals()
		c := newChecker(&o, o.Parameters(), nil, &totals, newTrace(nil, nil), new(int64))
		set := &agreement.Set{Number: 1}
		for i := range k.members {
			key := vaultnet.PublicKey{1, byte(i)}
			set.Members = append(set.Members, key)
			c.liars[key] = i < k.liars
		}
		a := c.watch(vaultnet.Address{Kind: vaultnet.KindMutableData, Tag: 1})
		b := c.watch(vaultnet.Address{Kind: vaultnet.KindMutableData, Tag: 2})
		c.overrun(a, set)
		if got := c.promised(OneCertificate, a); got != k.certificates {
			t.Errorf("%d liars of %d: one certificate promised: %v", k.liars, k.members, got)
		}
		if got := c.promised(Truthful, a); got != k.truth {
			t.Errorf("%d liars of %d: the truth promised: %v", k.liars, k.members, got)
		}
		if got := c.promised(Truthful, b); got != k.elsewhereTruth {
			t.Errorf("%d liars of %d: the truth about another object promised: %v", k.liars, k.members, got)
		}
		if !c.promised(Panic, nil) {
			t.Error("a panic is let pass")
		}
		if c.promised(Answered, b) != k.truth || totals.Overrun == 0 == !k.truth {
			t.Errorf("%d liars of %d: %d objects overrun", k.liars, k.members, totals.Overrun)
		}
	}
}

// TestNoMoreIsLostThanIsPromised: however many vaults are to leave and lose their stores, no set loses more of its members
// than it stands; so nothing that users were told is lost. With four vaults three lost stores of an object's four took it
// away for good, and somebody else was then told that there is nothing.
func TestNoMoreIsLostThanIsPromised(t *testing.T) {
	if testing.Short() {
		t.Skip("the ordinary run does it")
	}
	spared, lost := 0, 0
	for seed := uint64(16); seed <= 20; seed++ {
		for _, vaults := range []int{4, 9} {
			t.Run(fmt.Sprintf("%d-%d", seed, vaults), func(t *testing.T) {
				r, err := Run(context.Background(), draw(t, seed, Safety, fmt.Sprintf("vaults=%d", vaults), "leaves=3", "wipes=3", "ops=120"), nil)
				if err != nil {
					t.Error(err)
				}
				spared += r.Injected[Spared]
				lost += r.Injected["wipe"] + r.Injected["leave"]
			})
		}
	}
	if spared == 0 || lost == 0 {
		t.Errorf("%d stores were lost and %d spared: this shows nothing", lost, spared)
	}
}
