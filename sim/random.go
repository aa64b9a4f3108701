package sim

import (
	"hash/fnv"
	"math/rand/v2"
	"time"
)

// stream is the seed's random source for one concern. Streams are independent of each other: drawing more numbers for
// one concern, or fixing an option, changes nothing for the others.
func stream(seed uint64, concern string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(concern))
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}

// between draws a duration from [low, high], in µs.
func between(r *rand.Rand, low, high time.Duration) int64 {
	l, h := low.Microseconds(), high.Microseconds()
	if h <= l {
		return l
	}
	return l + r.Int64N(h-l+1)
}

// chance is true with probability p.
func chance(r *rand.Rand, p float64) bool { return p > 0 && r.Float64() < p }

// pick draws one of the choices.
func pick[T any](r *rand.Rand, choices ...T) T { return choices[r.IntN(len(choices))] }

// bytes draws n bytes.
func randomBytes(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	fill(r, b)
	return b
}

// fill draws the bytes of b.
func fill(r *rand.Rand, b []byte) {
	for i := 0; i < len(b); {
		for v, k := r.Uint64(), 0; k < 8 && i < len(b); k++ {
			b[i] = byte(v)
			v >>= 8
			i++
		}
	}
}
