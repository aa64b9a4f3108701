package container

import (
	"bytes"
	"context"
	"io"
	"testing"

	"pgregory.net/rapid"
)

// TestContent compares a file's content with a slice while both are written, read, cut, stretched and stored.
func TestContent(t *testing.T) {
	ctx := context.Background()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(nil)
		cfg := w.actor("owner", "owner").config(1)
		cfg.ChunkSize = rapid.SampledFrom([]int{64, 100, 1000, 5000}).Draw(t, "chunk")
		cfg.Parallel = rapid.IntRange(1, 5).Draw(t, "parallel")
		if rapid.Bool().Draw(t, "background") {
			cfg.Data = &background{Data: cfg.Data}
		}
		cfg = cfg.filled()
		key := Key{}
		if rapid.Bool().Draw(t, "private") {
			key[0] = 1
		}
		r := &record{Type: RegularFile}
		b := newBlob(cfg, r, key)
		var want []byte
		most := 20_000
		offset := rapid.IntRange(0, most)
		check := func(t *rapid.T, off, n int) {
			got := make([]byte, n)
			k, err := b.readAt(ctx, got, int64(off))
			end := min(len(want), off+n)
			if k != max(0, end-off) || k > 0 && !bytes.Equal(got[:k], want[off:end]) || k < n && err != io.EOF || k == n && err != nil {
				t.Fatal("read", off, n, k, err, len(want))
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"": func(t *rapid.T) {
				if b.size != int64(len(want)) {
					t.Fatal("size", b.size, len(want))
				}
				under := len(b.fetches)
				for _, u := range b.uploads {
					under += len(u.at)
				}
				if len(b.leaves) > cfg.Parallel || len(b.window) > cfg.Parallel || under > 2*cfg.Parallel+maxUploads {
					t.Fatal("memory")
				}
			},
			"write": func(t *rapid.T) {
				off := offset.Draw(t, "off")
				p := bytes.Repeat([]byte{rapid.Byte().Draw(t, "byte")}, rapid.IntRange(0, 6000).Draw(t, "n"))
				if n := off + len(p); n > len(want) && len(p) > 0 {
					want = append(want, make([]byte, n-len(want))...)
				}
				if len(p) == 0 {
					return
				}
				copy(want[off:], p)
				if n, err := b.writeAt(ctx, p, int64(off)); n != len(p) || err != nil {
					t.Fatal(n, err)
				}
			},
			"resize": func(t *rapid.T) {
				n := offset.Draw(t, "n")
				if n > len(want) {
					want = append(want, make([]byte, n-len(want))...)
				}
				want = want[:n:n]
				if err := b.resize(ctx, int64(n)); err != nil {
					t.Fatal(err)
				}
			},
			"read": func(t *rapid.T) { check(t, offset.Draw(t, "off"), rapid.IntRange(0, 9000).Draw(t, "n")) },
			"store": func(t *rapid.T) {
				if err := b.store(ctx, r); err != nil {
					t.Fatal(err)
				}
				var ok bool
				if r, ok = decodeRecord(r.encode()); !ok {
					t.Fatal("record does not decode")
				}
				if rapid.Bool().Draw(t, "reopen") {
					b = newBlob(cfg, r, key)
				}
				check(t, 0, len(want)+1)
			},
		})
		check(t, 0, len(want)+1)
	})
}

func TestGeometry(t *testing.T) {
	g := geometry{MaxChunk}
	for _, c := range []struct {
		size  int64
		depth int
	}{{1, 0}, {32 * MaxChunk, 0}, {32*MaxChunk + 1, 1}, {32 * 1024 * MaxChunk, 1}, {32*1024*MaxChunk + 1, 2}, {MaxFile, 4}} {
		if d := g.depth(c.size); d != c.depth {
			t.Errorf("%d bytes: depth %d, want %d", c.size, d, c.depth)
		}
	}
}
