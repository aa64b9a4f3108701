package merkle_test

import (
	"testing"

	"pgregory.net/rapid"

	"vaultnet"
	"vaultnet/internal/merkle"
)

// A reviewer says of each attestation what the attestation by itself says, whatever came before.
func TestAReviewerJudgesAlike(t *testing.T) {
	network := vaultnet.NetworkID{1}
	calls := 0
	v := stdVerifier{&calls}
	type turn struct {
		leaves []vaultnet.Digest
		stated []merkle.Attestation
	}
	var turns []turn
	for i, n := range []int{1, 2, 5, 8, 13} {
		all := leaves(n)
		turns = append(turns, turn{all, merkle.Attest(network, newStdKey(byte(i%2)), all)})
	}
	rapid.Check(t, func(t *rapid.T) {
		var r merkle.Reviewer
		r.Begin(network, v)
		for range 12 {
			of := rapid.SampledFrom(turns).Draw(t, "turn")
			i := rapid.IntRange(0, len(of.leaves)-1).Draw(t, "leaf")
			a, leaf := of.stated[i], of.leaves[i]
			a.Path.Siblings = append([]vaultnet.Digest(nil), a.Path.Siblings...)
			switch rapid.IntRange(0, 9).Draw(t, "what is wrong") {
			case 0:
				leaf[3] ^= 1
			case 1:
				a.Signature[7] ^= 1
			case 2:
				a.Signer = newStdKey(7).Public()
			case 3:
				a.Path.Index = uint32(rapid.IntRange(0, 14).Draw(t, "index"))
			case 4:
				a.Path.Width = uint32(rapid.IntRange(0, 14).Draw(t, "width"))
			case 5:
				if n := len(a.Path.Siblings); n > 0 {
					a.Path.Siblings[rapid.IntRange(0, n-1).Draw(t, "sibling")][0] ^= 1
				}
			case 6:
				if n := len(a.Path.Siblings); n > 0 {
					a.Path.Siblings = a.Path.Siblings[:n-1]
				}
			case 7:
				a.Path.Siblings = append(a.Path.Siblings, vaultnet.Digest{})
			}
			if got, want := r.Verify(&a, leaf), a.Verify(network, leaf, v); got != want {
				t.Fatalf("%t, by itself %t", got, want)
			}
		}
	})
}

// One signature is looked at for each turn.
func TestAReviewerLooksAtOneSignatureATurn(t *testing.T) {
	network := vaultnet.NetworkID{1}
	calls := 0
	var r merkle.Reviewer
	r.Begin(network, stdVerifier{&calls})
	all := leaves(100)
	for i, a := range merkle.Attest(network, newStdKey(1), all) {
		if !r.Verify(&a, all[i]) {
			t.Fatalf("leaf %d refused", i)
		}
	}
	if calls != 1 {
		t.Errorf("%d signatures for one turn", calls)
	}
}

func BenchmarkReviewer(b *testing.B) {
	network := vaultnet.NetworkID{1}
	calls := 0
	all := leaves(64)
	stated := merkle.Attest(network, newStdKey(1), all)
	var r merkle.Reviewer
	r.Begin(network, stdVerifier{&calls})
	b.ReportAllocs()
	for b.Loop() {
		for i := range stated {
			if !r.Verify(&stated[i], all[i]) {
				b.Fatal("refused")
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(all)), "ns/vote")
}
