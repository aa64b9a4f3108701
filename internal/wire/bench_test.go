package wire

import (
	"fmt"
	"testing"

	"vaultnet/agreement"
	"vaultnet/internal/signature"
)

// BenchmarkOpenVotes opens a bundle of votes that one vault signed under one root, with Ed25519: one signature is checked,
// whatever their number. The verifier keeps but the last signature and the frames alternate, so none is known before.
func BenchmarkOpenVotes(b *testing.B) {
	for _, n := range []int{1, 8, 64} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			w := realWorld()
			var frames [3][]byte
			for i := range frames {
				w.vaults[0] = signature.NewKey(seed(100 + i))
				frames[i] = frame(b, &Bundle{&agreement.Bundle{Address: data, Height: 8, Votes: w.votes(data, n)}})
			}
			v := signature.NewVerifier(2)
			b.ReportAllocs()
			b.SetBytes(int64(len(frames[0])))
			i := 0
			for b.Loop() {
				if _, err := Open(frames[i%3], w.network, v); err != nil {
					b.Fatal(err)
				}
				i++
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(i*n), "ns/vote")
		})
	}
}

// The codec alone, without signatures.
func BenchmarkDecodeVotes(b *testing.B) {
	for _, n := range []int{1, 64} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			w := newWorld()
			f := frame(b, &Bundle{&agreement.Bundle{Address: data, Height: 8, Votes: w.votes(data, n)}})
			b.ReportAllocs()
			b.SetBytes(int64(len(f)))
			for b.Loop() {
				if _, err := decodeFrame(f, w.network, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkEncodeVotes(b *testing.B) {
	for _, n := range []int{1, 64} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			w := newWorld()
			messages := []Message{&Bundle{&agreement.Bundle{Address: data, Height: 8, Votes: w.votes(data, n)}}}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Encode(messages); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkVerifyValue is what the simulator pays for a message that passes as a value, beside signatures.
func BenchmarkVerifyValue(b *testing.B) {
	w := newWorld()
	for name, m := range map[string]Message{
		"vote":   &Bundle{&agreement.Bundle{Address: data, Height: 8, Votes: w.votes(data, 1)}},
		"submit": &Submit{Request: w.insert()},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := Verify(m, w.network, w.v); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkSubmit encodes and decodes a small mutation with its permit.
func BenchmarkSubmit(b *testing.B) {
	w := newWorld()
	messages := []Message{&Submit{Request: w.insert()}}
	f := frame(b, messages[0])
	b.Run("encode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Encode(messages); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(f)))
		for b.Loop() {
			if _, err := decodeFrame(f, w.network, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
}
