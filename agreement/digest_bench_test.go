package agreement

import "testing"

// BenchmarkHeaderDigest is what each member hashes to know which block a proposal is.
func BenchmarkHeaderDigest(b *testing.B) {
	s := alone(b, 8, 7)
	h := s.block("X", s.lasting(100_000, "1=a", 1)).header
	o := s.m.object
	b.ReportAllocs()
	for b.Loop() {
		if h.Digest(o.cfg.Network, o.address).IsZero() {
			b.Fatal("no digest")
		}
	}
}

// BenchmarkStateDigest is what each member hashes of a state whose parts keep their own digests.
func BenchmarkStateDigest(b *testing.B) {
	s := alone(b, 8, 7)
	x := s.m.object.state
	b.ReportAllocs()
	for b.Loop() {
		if x.Digest().IsZero() {
			b.Fatal("no digest")
		}
	}
}
