package client

import (
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"vaultnet"
	"vaultnet/mutabledata"
)

// One client changes many objects at once, over eight real cores in this process: what is measured is the work of all
// nine, without a network.
func BenchmarkMutate(b *testing.B) {
	for _, many := range []int{1, 16, 256} {
		b.Run(strconv.Itoa(many), func(b *testing.B) { benchmark(b, many, false) })
	}
}

// The same with reads.
func BenchmarkRead(b *testing.B) {
	for _, many := range []int{1, 16, 256} {
		b.Run(strconv.Itoa(many), func(b *testing.B) { benchmark(b, many, true) })
	}
}

func benchmark(b *testing.B, many int, reads bool) {
	p := vaultnet.LocalParameters()
	p.AccountOperations = 1<<63 - 1
	w := newTownOf(b, 8, p)
	c := w.client()
	alice := actor(b, c)
	at := make([]vaultnet.Address, many)
	var group sync.WaitGroup
	for i := range at {
		group.Go(func() { at[i] = object(b, c, alice, fmt.Sprint("object ", i), "k") })
	}
	group.Wait()
	content := make([]byte, 100)
	var left atomic.Int64
	left.Store(int64(b.N))
	b.ReportAllocs()
	b.ResetTimer()
	for i := range at {
		group.Go(func() {
			version := mutabledata.Version(0)
			for left.Add(-1) >= 0 {
				var err error
				if reads {
					_, _, err = c.GetValue(within(b), at[i], "k")
				} else {
					version++
					_, err = c.Mutate(within(b), alice, at[i], Update("k", content, version))
				}
				if err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
}
