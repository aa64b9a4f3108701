package client

import (
	"bytes"
	"context"
	"testing"

	"vaultnet"
	"vaultnet/internal/wire"
)

// posted keeps what was sent to each vault.
type posted map[vaultnet.PublicKey][][]byte

func (p posted) Send(to vaultnet.PublicKey, frames ...[]byte) { p[to] = append(p[to], frames...) }

func (posted) Lookup(context.Context, vaultnet.Name) ([]vaultnet.PublicKey, error) { return nil, nil }

func (posted) Close() error { return nil }

// Several chunks go to sets of vaults that overlap, beside other messages: each chunk is encoded once, and each vault gets
// what it should in the order that it should.
func TestChunksAreEncodedOnce(t *testing.T) {
	p := posted{}
	l := &loop{carrier: p}
	chunk := func(b byte) wire.Message {
		return &wire.ChunkAnswer{Call: 1, Name: vaultnet.Name{b}, Content: bytes.Repeat([]byte{b}, 1<<20)}
	}
	small := func(b byte) wire.Message { return &wire.GetChunk{Call: 2, Name: vaultnet.Name{b}} }
	a, b, c := chunk(1), chunk(2), chunk(3)
	x, y := small(4), small(5)
	var out []wire.Envelope
	for i, list := range [][]wire.Message{{a, b, c}, {x, a, y, b}, {c, x, y}, {x, y}, {x, y}, {a, x, y}} {
		out = append(out, wire.Envelope{To: vaultnet.PublicKey{byte(i)}, Messages: list})
	}
	l.send(out)
	seen := map[*byte]bool{}
	large := 0
	for i, e := range out {
		want, err := wire.Encode(e.Messages)
		if err != nil {
			t.Fatal(err)
		}
		got := p[vaultnet.PublicKey{byte(i)}]
		if len(got) != len(want) {
			t.Fatalf("%d: %d frames, want %d", i, len(got), len(want))
		}
		for k, f := range got {
			if !bytes.Equal(f, want[k]) {
				t.Errorf("%d: frame %d differs", i, k)
			}
			if len(f) > 1<<20 && !seen[&f[0]] {
				large++
				seen[&f[0]] = true
			}
		}
	}
	if large != 3 {
		t.Errorf("3 chunks were encoded %d times", large)
	}
	if len(l.encoded)+len(l.large) != 0 {
		t.Error("they are kept")
	}
}
