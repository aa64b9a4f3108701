package permit

import (
	"testing"

	"vaultnet"
)

// BenchmarkDecode reads a permit of 5 signatures: what a data manager does for each new one, before verifying.
func BenchmarkDecode(b *testing.B) {
	enc := good(1, allowances(3, 1, 2, 3, 4, 5, 6, 7, 8), 3).Encode()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(enc); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCheck is the objective check of each mutation.
func BenchmarkCheck(b *testing.B) {
	p := good(1, allowances(3, 1, 2, 3, 4, 5, 6, 7, 8), 3)
	b.ReportAllocs()
	for b.Loop() {
		if err := p.Check(start, app, object(4)); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkUse counts one mutation among 61,440 records.
func BenchmarkUse(b *testing.B) {
	u := filled(vaultnet.MaxUsage-vaultnet.OwnerReserve-1, 0)
	p := good(1, allowances(3, 1), 0)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := u.Use(p, start, false); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkVerify verifies 5 signatures that the verifier remembers, as it does for every mutation but the first.
func BenchmarkVerify(b *testing.B) {
	p := good(1, allowances(3, 1), 0)
	b.ReportAllocs()
	for b.Loop() {
		if !p.Verify(network, verifier) {
			b.Fatal("bad")
		}
	}
}

// BenchmarkPrune drops one record of 61,440.
func BenchmarkPrune(b *testing.B) {
	u := filled(vaultnet.MaxUsage-vaultnet.OwnerReserve, 0)
	b.ReportAllocs()
	for b.Loop() {
		if u.Prune(start+minute+1).Len() == u.Len() {
			b.Fatal("nothing pruned")
		}
	}
}
