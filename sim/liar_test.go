package sim

import (
	"context"
	"strings"
	"testing"

	"vaultnet/sim/adversary"
)

// TestEveryLie: two liars of eight that do one thing only, each act in turn, break no promise; and they do lie.
func TestEveryLie(t *testing.T) {
	for _, a := range adversary.Acts {
		t.Run(string(a), func(t *testing.T) {
			t.Parallel()
			lies, seeds := 0, uint64(2)
			if testing.Short() {
				seeds = 1
			}
			for seed := uint64(1); seed <= seeds; seed++ {
				lies += lied(t, seed, string(a)).Lies[string(a)]
			}
			if lies == 0 && a != adversary.Backdate { // an old clock is no deed of its own
				t.Errorf("nobody lied")
			}
		})
	}
}

// Two keys, each on two machines (arXiv 2004.10617): no worse than two liars.
func TestAttack06Twins(t *testing.T) {
	seeds := uint64(3)
	if testing.Short() {
		seeds = 1
	}
	for seed := uint64(1); seed <= seeds; seed++ {
		lied(t, seed, "twins")
	}
}

// All of them at once.
func TestEveryLieAtOnce(t *testing.T) {
	var names []string
	for _, a := range adversary.Acts {
		if a != adversary.Mute && a != adversary.Withhold {
			names = append(names, string(a))
		}
	}
	lied(t, 1, strings.Join(names, ","))
}

func lied(t *testing.T, seed uint64, lies string) *Report {
	t.Helper()
	r, err := Run(context.Background(), draw(t, seed, Safety, "byzantine=2", "ops=120", "lies="+lies), nil)
	if err != nil {
		t.Errorf("%v\n%s", err, r.Options)
	}
	return r
}

func TestParseLies(t *testing.T) {
	for _, good := range []string{"any", "twins", "mute", "forge,spam"} {
		if l, err := ParseLies(good); err != nil || string(l) != good {
			t.Errorf("%q: %q, %v", good, l, err)
		}
	}
	for _, bad := range []string{"", "any,mute", "kindness"} {
		if _, err := ParseLies(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}
