package sim

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

// calm are the settings of a network without faults.
var calm = strings.Fields("crashes=0 stalls=0 partitions=0 oneways=0 flaps=0 slows=0 delays=0 jumps=0 joins=0 leaves=0 wipes=0 byzantine=0 " +
	"loss=0 twice=0 reorder=0 crypto=false latency=lan")

// stage runs a play once.
func stage(t *testing.T, seed uint64, mode Mode, play string, settings ...string) *Report {
	t.Helper()
	settings = append([]string{"workload=containers", "play=" + play}, settings...)
	r, err := Run(context.Background(), draw(t, seed, mode, settings...), nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// stages runs a play with some seeds, in both modes, and adds up what happened.
func stages(t *testing.T, play string, seeds uint64, settings ...string) *Totals {
	t.Helper()
	if testing.Short() {
		if play != "files" {
			t.Skip("the ordinary run does it: with the race detector it takes a minute, and one play shows what there is to race")
		}
		seeds = 1
	}
	sum := newTotals()
	for seed := uint64(1); seed <= seeds; seed++ {
		for _, mode := range []Mode{Safety, Liveness} {
			if testing.Short() && mode == Liveness {
				continue
			}
			t.Run(fmt.Sprintf("%v-%d", mode, seed), func(t *testing.T) { sum.Add(&stage(t, seed, mode, play, settings...).Totals) })
		}
	}
	return &sum
}

// happened fails the test if something did not, over all seeds together: a play in which nothing happens shows nothing.
func happened(t *testing.T, sum *Totals, kinds ...string) {
	t.Helper()
	if testing.Short() || t.Failed() {
		return
	}
	for _, k := range kinds {
		if sum.Kinds[k]+sum.Injected[k]+sum.Refusals[k] == 0 {
			t.Errorf("never: %s", k)
		}
	}
}

// TestAttack41Writers: eight write one container, which splits, is overfilled, granted, revoked and re-keyed, and users
// crash. No write is lost, each name is in one place, no version comes twice.
func TestAttack41Writers(t *testing.T) {
	sum := stages(t, "writers", 2)
	happened(t, sum, "audited", "overfilled")
	if sum.Names == 0 && !t.Failed() {
		t.Error("no name's history was checked")
	}
}

// TestAttack41Contest: twenty make the same names. Each comes once, and every loser is told so.
func TestAttack41Contest(t *testing.T) {
	sum := stages(t, "contest", 1, calm...)
	happened(t, sum, "audited", "InvalidEntryActions")
}

// TestAttack41Files: files are renamed and removed by eight users who crash between the two halves of a rename, while their
// directory is re-keyed. Each is there once.
func TestAttack41Files(t *testing.T) {
	sum := stages(t, "files", 3)
	happened(t, sum, "audited", "renamed", "user-crash")
}

// TestAttack29Apps: what apps may, and what not, in networks with faults and liars.
func TestAttack29Apps(t *testing.T) {
	sum := stages(t, "apps", 2)
	happened(t, sum, "audited", "app revoked", "app changed by notes", "app refused stranger", "app refused thrice", "app refused brief", "AccessDenied")
}

// TestAttack28ThreeUses: in a network without faults a grant of three uses allows three changes, neither more nor less, and
// one of two seconds some and then none.
func TestAttack28ThreeUses(t *testing.T) {
	if testing.Short() {
		t.Skip("the ordinary run does it")
	}
	r := stage(t, 1, Liveness, "apps", calm...)
	if n := r.Kinds["app changed by thrice"]; n != 3 {
		t.Errorf("three uses allow %d changes", n)
	}
	for _, k := range []string{"app refused thrice", "app changed by brief", "app refused brief", "app changed by stranger", "app refused stranger"} {
		if r.Kinds[k] == 0 {
			t.Errorf("never: %s", k)
		}
	}
}
