package container

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"testing"
)

// The benchmarks are of what the client computes: the network is a map.

func BenchmarkGet(b *testing.B) {
	for _, n := range []int{50, 50_000} {
		b.Run(fmt.Sprint(n, " names"), func(b *testing.B) {
			ctx := context.Background()
			w := newWorld(b)
			c, _ := open(b, w, true)
			var batch []Change
			for i := range n {
				batch = append(batch, Change{Name: fmt.Sprint(i), Do: Insert, Content: make([]byte, 200)})
			}
			c.Apply(ctx, batch...)
			reads := w.reads
			b.ResetTimer()
			for i := range b.N {
				if _, err := c.Get(ctx, fmt.Sprint(i%n)); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(w.reads-reads)/float64(b.N), "reads/op")
		})
	}
}

func BenchmarkApply(b *testing.B) {
	ctx := context.Background()
	w := newWorld(b)
	c, _ := open(b, w, true)
	for i := range b.N {
		var batch []Change
		for k := range 1000 {
			batch = append(batch, Change{Name: fmt.Sprint(i, " ", k), Do: Insert, Content: make([]byte, 200)})
		}
		for _, r := range c.Apply(ctx, batch...) {
			if r.Err != nil {
				b.Fatal(r.Err)
			}
		}
	}
	b.ReportMetric(float64(w.mutations)/float64(b.N), "mutations/1000names")
}

func BenchmarkStream(b *testing.B) {
	const size = 32 << 20
	content := make([]byte, size)
	ctx := context.Background()
	for _, private := range []bool{false, true} {
		w := newWorld(b)
		f := newFS(b, w, private, false)
		b.Run(fmt.Sprint("in, private ", private), func(b *testing.B) {
			b.SetBytes(size)
			for range b.N {
				file, err := f.OpenFile(ctx, "file", Write|MayCreate|Truncate)
				if err != nil {
					b.Fatal(err)
				}
				io.Copy(file, bytes.NewReader(content))
				if err := file.Close(); err != nil {
					b.Fatal(err)
				}
				clear(w.chunks)
			}
		})
		if _, err := f.WriteFile(ctx, "file", content); err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprint("out, private ", private), func(b *testing.B) {
			b.SetBytes(size)
			for range b.N {
				file, err := f.Open(ctx, "file")
				if err != nil {
					b.Fatal(err)
				}
				if n, err := io.Copy(io.Discard, file); n != size || err != nil {
					b.Fatal(n, err)
				}
			}
		})
	}
}
