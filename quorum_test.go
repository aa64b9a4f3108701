package vaultnet_test

import (
	"testing"

	"vaultnet"
)

func TestQuorums(t *testing.T) {
	for _, c := range []struct{ n, f, q, w, a int }{
		{1, 0, 1, 1, 1},
		{2, 0, 2, 1, 1},
		{3, 0, 2, 1, 2},
		{4, 1, 3, 2, 3},
		{5, 1, 4, 2, 3},
		{6, 1, 4, 2, 4},
		{7, 2, 5, 3, 5},
		{8, 2, 6, 3, 5},
		{9, 2, 6, 3, 6},
		{10, 3, 7, 4, 7},
		{11, 3, 8, 4, 7},
		{12, 3, 8, 4, 8},
		{13, 4, 9, 5, 9},
		{14, 4, 10, 5, 9},
		{15, 4, 10, 5, 10},
		{16, 5, 11, 6, 11},
	} {
		f, q, w, a := vaultnet.Faults(c.n), vaultnet.Quorum(c.n), vaultnet.Weak(c.n), vaultnet.Answers(c.n)
		if f != c.f || q != c.q || w != c.w || a != c.a {
			t.Errorf("n = %d: f, q, w, A = %d, %d, %d, %d, want %d, %d, %d, %d", c.n, f, q, w, a, c.f, c.q, c.w, c.a)
		}
	}
}

func TestWhatQuorumsAreFor(t *testing.T) {
	for n := 1; n <= 16; n++ {
		f, q, w, a := vaultnet.Faults(n), vaultnet.Quorum(n), vaultnet.Weak(n), vaultnet.Answers(n)
		if 3*f >= n || 3*(f+1) < n {
			t.Errorf("n = %d: f = %d is not the greatest that agreement bears", n, f)
		}
		if 2*q-n <= f {
			t.Errorf("n = %d: two quorums may share no honest member", n)
		}
		if 2*(q-1)-n > f {
			t.Errorf("n = %d: a smaller quorum would do", n)
		}
		if q > n-f {
			t.Errorf("n = %d: without the faulty there is no quorum", n)
		}
		if w != f+1 {
			t.Errorf("n = %d: weak quorum %d", n, w)
		}
		if a+q-n <= f {
			t.Errorf("n = %d: A answers may meet a quorum in no honest member", n)
		}
		if a > n-f {
			t.Errorf("n = %d: without the faulty there are not A answers", n)
		}
		if n-q < f {
			t.Errorf("n = %d: a quorum cannot spare f", n)
		}
	}
}
