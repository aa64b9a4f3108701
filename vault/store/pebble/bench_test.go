package pebble_test

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"vaultnet"
	"vaultnet/vault/store/pebble"
)

// Batches of 10 puts of 200 bytes, by committers side by side.
func BenchmarkApply(b *testing.B) {
	for _, sync := range []bool{true, false} {
		for _, committers := range []int{1, 8} {
			b.Run(fmt.Sprintf("sync=%v/committers=%d", sync, committers), func(b *testing.B) {
				s, err := pebble.Open(b.TempDir(), pebble.Config{})
				if err != nil {
					b.Fatal(err)
				}
				defer s.Close()
				b.ResetTimer()
				share(b, committers, func(n int64) error {
					batch := make([]vaultnet.Write, 10)
					value := make([]byte, 200)
					for i := range batch {
						key := sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(n*10+int64(i))%100_000))
						batch[i] = vaultnet.Write{Key: key[:], Value: value}
					}
					return s.Apply(batch, sync)
				})
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "batches/s")
			})
		}
	}
}

func BenchmarkPutChunk(b *testing.B) {
	for _, sync := range []bool{true, false} {
		for _, size := range []int{4 << 10, 1 << 20} {
			b.Run(fmt.Sprintf("sync=%v/size=%d", sync, size), func(b *testing.B) {
				s, err := pebble.Open(b.TempDir(), pebble.Config{})
				if err != nil {
					b.Fatal(err)
				}
				defer s.Close()
				b.SetBytes(int64(size))
				b.ResetTimer()
				share(b, 2, func(n int64) error {
					content := make([]byte, size)
					binary.BigEndian.PutUint64(content, uint64(n))
					return s.PutChunk(sha256.Sum256(content[:8]), content, sync)
				})
				b.StopTimer() // closing syncs
			})
		}
	}
}

func BenchmarkChunk(b *testing.B) {
	s, err := pebble.Open(b.TempDir(), pebble.Config{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	if err := s.PutChunk(vaultnet.Name{}, make([]byte, 1<<20), true); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(1 << 20)
	for b.Loop() {
		if _, err := s.Chunk(vaultnet.Name{}); err != nil {
			b.Fatal(err)
		}
	}
}

// share does b.N pieces of work by workers side by side.
func share(b *testing.B, workers int, do func(n int64) error) {
	var next atomic.Int64
	var wait sync.WaitGroup
	for range workers {
		wait.Go(func() {
			for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
				if err := do(n); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wait.Wait()
}
