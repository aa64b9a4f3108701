package sim

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// draw makes a small run's options.
func draw(t testing.TB, seed uint64, mode Mode, settings ...string) Options {
	t.Helper()
	o, err := Draw(seed, mode, settings...)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// TestFewVaults: where no vault may fail, a crash and a split still take away nothing that was acknowledged. One of two that
// was cut off made objects which nobody believed in later (51150017, 51150046); what a lone vault decided in a turn that it
// did not live to store was counted as decided (51140007, 51140036).
func TestFewVaults(t *testing.T) {
	few := map[int][]uint64{1: {51140007, 51140036}, 2: {51150017, 51150046}, 3: {51160000}}
	for _, vaults := range keys(few) {
		seeds := few[vaults]
		for i := uint64(0); vaults > 1 && i < 8; i++ {
			seeds = append(seeds, 7000+i)
		}
		for _, seed := range seeds {
			for _, mode := range []Mode{Safety, Liveness} {
				t.Run(fmt.Sprintf("%d-%v-%d", vaults, mode, seed), func(t *testing.T) {
					r, err := Run(context.Background(), draw(t, seed, mode, fmt.Sprintf("vaults=%d", vaults)), nil)
					if err != nil {
						t.Fatalf("%v\n%s", err, r.Options)
					}
				})
			}
		}
	}
}

// TestSeeds is the first seeds of both modes: no promise is broken, and something happens in them.
func TestSeeds(t *testing.T) {
	n := uint64(10)
	if testing.Short() {
		n = 1
	}
	totals := newTotals()
	var mu sync.Mutex
	t.Run("seeds", func(t *testing.T) {
		for seed := uint64(1); seed <= n; seed++ {
			for _, mode := range []Mode{Safety, Liveness} {
				t.Run(fmt.Sprintf("%v-%d", mode, seed), func(t *testing.T) {
					t.Parallel()
					r, err := Run(context.Background(), draw(t, seed, mode), nil)
					if err != nil {
						t.Fatalf("%v\n%s", err, r.Options)
					}
					mu.Lock()
					defer mu.Unlock()
					totals.Add(&r.Totals)
				})
			}
		}
	})
	if t.Failed() {
		return
	}
	if totals.Blocks == 0 || totals.Operations[Done] == 0 || totals.Histories == 0 {
		t.Errorf("nothing happened: %+v", totals)
	}
	if testing.Short() {
		return
	}
	for _, k := range []string{"MutationInProgress", "InvalidEntryActions", "AccessDenied", "PermitInvalid"} {
		if totals.Refusals[k] == 0 {
			t.Errorf("%d seeds of each mode bump into no %s", n, k)
		}
	}
}

// TestSameTrace: the same options give the same trace, run after run.
func TestSameTrace(t *testing.T) {
	n := uint64(4)
	if testing.Short() {
		n = 2
	}
	for seed := range n {
		var hashes [2]uint64
		for i := range hashes {
			r, err := Run(context.Background(), draw(t, seed, Mode(seed%2), "ops=100"), nil)
			if r == nil {
				t.Fatal(err)
			}
			hashes[i] = r.Hash
		}
		if hashes[0] != hashes[1] {
			t.Errorf("seed %d: %016x, then %016x", seed, hashes[0], hashes[1])
		}
	}
}

// TestSameTraceElsewhere: another process gets the same trace too.
func TestSameTraceElsewhere(t *testing.T) {
	const variable = "VAULTNET_SIM_HASH"
	o := draw(t, 7, Safety, "ops=100")
	r, err := Run(context.Background(), o, nil)
	if r == nil {
		t.Fatal(err)
	}
	hash := fmt.Sprintf("hash=%016x", r.Hash)
	if os.Getenv(variable) != "" {
		fmt.Println(hash)
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestSameTraceElsewhere$")
	cmd.Env = append(os.Environ(), variable+"=1")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), hash) {
		t.Errorf("%s here, elsewhere %v: %s", hash, err, out)
	}
}

// TestStoryChangesNothing: a run that somebody watches is the same run.
func TestStoryChangesNothing(t *testing.T) {
	o := draw(t, 3, Safety, "ops=60")
	a, _ := Run(context.Background(), o, nil)
	var story strings.Builder
	b, _ := Run(context.Background(), o, &story)
	if a.Hash != b.Hash || !strings.Contains(story.String(), "DECIDED") {
		t.Errorf("%016x unwatched, %016x watched; a story of %d bytes", a.Hash, b.Hash, story.Len())
	}
}

// TestInvalidOptions and an ended context are errors, and no reports.
func TestInvalidOptions(t *testing.T) {
	if r, err := Run(context.Background(), Options{}, nil); r != nil || err == nil {
		t.Errorf("%v, %v", r, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if r, err := Run(ctx, draw(t, 1, Safety), nil); r != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("%v, %v", r, err)
	}
}

// BenchmarkSeed is one default run.
func BenchmarkSeed(b *testing.B) {
	for _, mode := range []Mode{Safety, Liveness} {
		b.Run(mode.String(), func(b *testing.B) {
			b.ReportAllocs()
			var blocks uint64
			for i := 0; b.Loop(); i++ {
				r, err := Run(context.Background(), draw(b, uint64(i), mode, "crypto=false"), nil)
				if err != nil {
					b.Fatal(err)
				}
				blocks += r.Blocks
			}
			b.ReportMetric(float64(blocks)/float64(b.N), "blocks/op")
		})
	}
}
