package sim

import (
	"fmt"
	"testing"
)

// Objects that are not in use for ten seconds are unloaded, and read again when something comes for them: users notice
// nothing, whatever else goes wrong.
func TestIdleObjectsAreUnloaded(t *testing.T) {
	if testing.Short() {
		t.Skip("the ordinary run does it")
	}
	loads := uint64(0)
	for seed := uint64(1); seed <= 3; seed++ {
		for _, mode := range []Mode{Safety, Liveness} {
			t.Run(fmt.Sprint(mode, "-", seed), func(t *testing.T) {
				r, err := Run(t.Context(), draw(t, seed, mode, "idle=10s", "ops=150", "crypto=false"), nil)
				if err != nil {
					t.Fatalf("%v\n%s", err, r.Options)
				}
				t.Logf("%d loads, %d blocks", r.Loads, r.Blocks)
				loads += r.Loads
			})
		}
	}
	if loads < 500 {
		t.Errorf("%d loads in all", loads)
	}
}
