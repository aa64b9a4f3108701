package op

import "testing"

func TestThresholds(t *testing.T) {
	// n, then A, w and q as design §1 defines them.
	for _, k := range []struct{ n, a, w, q int }{
		{1, 1, 1, 1}, {2, 1, 1, 2}, {3, 2, 1, 2}, {4, 3, 2, 3}, {5, 3, 2, 4}, {6, 4, 2, 4}, {7, 5, 3, 5}, {8, 5, 3, 6}, {16, 11, 6, 11},
	} {
		got := thresholdsOf(k.n)
		want := thresholds{applied: k.a, shown: k.w, withdrawn: k.a, final: k.w, settled: k.q, alike: k.w, confirmed: k.a, absent: k.q,
			believed: k.w, views: k.q, signed: k.w, stated: k.a, stored: k.a, missing: k.a}
		if got != want {
			t.Errorf("n = %d: %+v, want %+v", k.n, got, want)
		}
	}
}

// What is built on the numbers, for every n: A answers meet every quorum in an honest member, and w hold one.
func TestThresholdsMeet(t *testing.T) {
	for n := 1; n <= 16; n++ {
		l, f := thresholdsOf(n), (n-1)/3
		if l.applied+l.settled-n < f+1 {
			t.Errorf("n = %d: %d that applied and %d that are read share no honest member", n, l.applied, l.settled)
		}
		if l.withdrawn+l.settled-n < f+1 {
			t.Errorf("n = %d: %d that withdrew leave a quorum of others", n, l.withdrawn)
		}
		if l.confirmed+l.settled-n < f+1 {
			t.Errorf("n = %d: what %d confirm can be missed by a later read", n, l.confirmed)
		}
		if l.shown < f+1 || l.final < f+1 || l.alike < f+1 || l.believed < f+1 || l.signed < f+1 {
			t.Errorf("n = %d: liars alone suffice", n)
		}
		if l.settled > n-f || l.absent > n-f || l.applied > n-f || l.views > n-f {
			t.Errorf("n = %d: liars can stop everything", n)
		}
	}
}
