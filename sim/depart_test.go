package sim

import (
	"fmt"
	"testing"
)

// Vaults that say that they want to go are replaced while they serve: in a network in which nothing else happens all of
// them have handed over everything, and their stopping is missed by nobody.
func TestVaultsDepart(t *testing.T) {
	if testing.Short() {
		t.Skip("the ordinary run does it")
	}
	departed := uint64(0)
	for seed := uint64(1); seed <= 4; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			o := draw(t, seed, Liveness, "vaults=16", "departs=5", "ops=120", "byzantine=0", "crypto=false", "latency=lan", "loss=0", "crashes=0",
				"stalls=0", "partitions=0", "oneways=0", "flaps=0", "slows=0", "delays=0", "jumps=0", "joins=2", "leaves=0", "wipes=0")
			r, err := Run(t.Context(), o, nil)
			if err != nil {
				t.Fatalf("%v\n%s", err, r.Options)
			}
			t.Logf("%d of %d vaults departed, %d set blocks", r.Departed, r.Injected["depart"], r.SetBlocks)
			departed += r.Departed
		})
	}
	if departed < 12 {
		t.Errorf("%d of 20 have departed", departed)
	}
}
