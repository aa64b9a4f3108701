package sim

import (
	"testing"

	"vaultnet"
	"vaultnet/agreement"
)

// What is demanded of the second object at an address: everything, unless members that decided the first leave it without
// a quorum.
func TestStranded(t *testing.T) {
	for _, c := range []struct {
		name              string
		liars, down, lost int // of eight members; lost: decided the other object
		stranded          bool
	}{
		{"all on the chain", 0, 0, 0, false},
		{"liars alone", 2, 0, 0, false},
		{"more down than it stands", 0, 3, 0, false},
		{"one lost", 0, 0, 1, false},
		{"two lost", 0, 0, 2, false},
		{"one lost beside liars", 2, 0, 1, true},
		{"three lost", 0, 0, 3, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			o, err := Draw(1, Safety)
			if err != nil {
				t.Fatal(err)
			}
			report := &Report{Totals: newTotals()}
			w := newWorld(&o, newTrace(nil, nil), report)
			a := vaultnet.Address{Kind: vaultnet.KindMutableData, Name: vaultnet.Name{1}}
			var members []vaultnet.PublicKey
			for range 8 {
				members = append(members, w.newVault().key)
			}
			set := agreement.NewSet(1, a, members)
			first := w.check.watch(a)
			second := newWatched(a, 1)
			second.blocks = []*block{{after: &agreement.State{Set: set}}}
			for i, v := range w.vaults {
				v.running = true
				chain := second
				switch {
				case i < c.liars:
					v.liar = true
				case i < c.liars+c.down:
					v.running = false
				case i < c.liars+c.down+c.lost:
					chain = first
				}
				v.witness.chains[a] = chain
				v.witness.member(chain).height = 1
			}
			if w.stranded(second) {
				t.Fatal("there is no other object yet")
			}
			first.others = []*watched{second}
			if w.stranded(second) != c.stranded || w.strandedAt(a) != c.stranded {
				t.Fatalf("stranded: %v, want %v", w.stranded(second), c.stranded)
			}
		})
	}
}
