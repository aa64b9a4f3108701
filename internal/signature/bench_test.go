package signature_test

import (
	"encoding/binary"
	"fmt"
	"testing"

	"vaultnet"
	"vaultnet/internal/merkle"
	"vaultnet/internal/signature"
)

func BenchmarkSign(b *testing.B) {
	k := signature.NewKey(seed(1))
	m := vaultnet.TurnMessage(vaultnet.NetworkID{}, vaultnet.Digest{})
	for b.Loop() {
		k.Sign(m)
	}
}

func BenchmarkVerifyFirstTime(b *testing.B) {
	k := signature.NewKey(seed(1))
	m := make([]byte, 80)
	v := signature.NewVerifier(1000)
	for i := 0; b.Loop(); i++ {
		b.StopTimer()
		binary.BigEndian.PutUint64(m, uint64(i))
		sig := k.Sign(m)
		b.StartTimer()
		if !v.Verify(k.Public(), m, sig) {
			b.Fatal("refused")
		}
	}
}

func BenchmarkVerifyAgain(b *testing.B) {
	k := signature.NewKey(seed(1))
	m := make([]byte, 80)
	v := signature.NewVerifier(1000)
	sig := k.Sign(m)
	for b.Loop() {
		v.Verify(k.Public(), m, sig)
	}
}

// BenchmarkVerifyBatch is the price per signature of turn roots by 8 vaults checked together.
func BenchmarkVerifyBatch(b *testing.B) {
	for _, n := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("roots=%d", n), func(b *testing.B) {
			v := signature.NewVerifier(0)
			items := make([]signature.Item, n)
			for i := range items {
				k := signature.NewKey(seed(i % 8))
				m := fmt.Appendf(nil, "%080d", i)
				items[i] = signature.Item{Key: k.Public(), Message: m, Signature: k.Sign(m)}
			}
			for b.Loop() {
				v.VerifyBatch(items)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/signature")
		})
	}
}

// BenchmarkVote is the price of one verified vote when a vault states so many in a turn: one signature, then paths.
func BenchmarkVote(b *testing.B) {
	for _, n := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("votes=%d", n), func(b *testing.B) {
			network := vaultnet.NetworkID{1}
			k := signature.NewKey(seed(1))
			leaves := make([]vaultnet.Digest, n)
			for i := range leaves {
				leaves[i] = vaultnet.DomainVote.Hash([]byte{byte(i)})
			}
			stated := merkle.Attest(network, k, leaves)
			// Keys stay known from frame to frame, signatures do not: forget them all by remembering one pair only.
			v := signature.NewVerifier(2)
			other := merkle.Attest(vaultnet.NetworkID{2}, k, leaves[:1])
			third := merkle.Attest(vaultnet.NetworkID{3}, k, leaves[:1])
			b.ReportAllocs()
			for b.Loop() {
				for i := range stated {
					if !stated[i].Verify(network, leaves[i], v) {
						b.Fatal("refused")
					}
				}
				b.StopTimer()
				other[0].Verify(vaultnet.NetworkID{2}, leaves[0], v)
				third[0].Verify(vaultnet.NetworkID{3}, leaves[0], v)
				b.StartTimer()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/vote")
		})
	}
}
