package op

import (
	"bytes"
	"testing"
	"time"

	"vaultnet"
	"vaultnet/internal/wire"
	"vaultnet/refusal"
)

func TestChunk(t *testing.T) {
	w := newWorld(t, 20)
	alice := w.owner("alice")
	text := []byte("immutable")
	name := w.must(PutChunk{As: alice, Content: text}).Result.(vaultnet.Name)
	if name != vaultnet.ChunkAddress(text).Name {
		t.Errorf("name %x", name)
	}
	asked := 0
	w.watch = func(to *vault, m wire.Message) { asked++ }
	if got := w.must(GetChunk{Name: name}).Result.([]byte); !bytes.Equal(got, text) || asked != 1 {
		t.Errorf("%q from %d vaults", got, asked)
	}
	w.must(PutChunk{As: alice, Content: text}) // twice is no error
	w.must(PutChunk{As: alice, Content: nil})
	w.refused(PutChunk{As: alice, Content: make([]byte, vaultnet.MaxSize+1)}, refusal.DataTooLarge)
	w.refused(GetChunk{Name: vaultnet.Name{1}}, refusal.NoSuchData)
	w.refused(PutChunk{As: w.person("bob"), Content: text}, refusal.NoSuchAccount)
}

// A holder that says nothing costs twice the usual latency; one that lies costs nothing but the question.
func TestChunkHedge(t *testing.T) {
	for i := range 8 {
		w := newWorld(t, 8)
		alice := w.owner("alice")
		name := w.must(PutChunk{As: alice, Content: []byte("x")}).Result.(vaultnet.Name)
		for range 3 {
			w.must(GetChunk{Name: name})
		}
		near := w.near(vaultnet.Address{Kind: vaultnet.KindImmutableData, Name: name})
		near[i].silent = true
		near[(i+1)%8].lie = func(q wire.Message) ([]wire.Message, bool) {
			g, ok := q.(*wire.GetChunk)
			if !ok {
				return nil, false
			}
			return []wire.Message{&wire.ChunkAnswer{Call: g.Call, Name: g.Name, Content: []byte("y")}}, true
		}
		start := w.now
		w.must(GetChunk{Name: name})
		if took := w.now.Sub(start); took > 8*w.latency {
			t.Errorf("took %v", took)
		}
	}
}

func TestChunkCorrupt(t *testing.T) {
	w := newWorld(t, 8)
	for i, v := range w.vaults {
		v.lie = func(q wire.Message) ([]wire.Message, bool) {
			g, ok := q.(*wire.GetChunk)
			if !ok || i >= 4 {
				return nil, false
			}
			return []wire.Message{&wire.ChunkAnswer{Call: g.Call, Name: g.Name, Content: []byte("y")}}, true
		}
	}
	w.refused(GetChunk{Name: vaultnet.Name{1}}, refusal.CorruptData)
	w.vaults[3].lie = nil
	w.refused(GetChunk{Name: vaultnet.Name{1}}, refusal.NoSuchData) // five say so
}

// Stored means that A say so; what three of eight refuse is no reason to fail.
func TestChunkStoredAtFive(t *testing.T) {
	for _, full := range []int{3, 4} {
		w := newWorld(t, 8)
		alice := w.owner("alice")
		for _, v := range w.vaults[:full] {
			v.lie = func(q wire.Message) ([]wire.Message, bool) {
				p, ok := q.(*wire.PutChunk)
				if !ok {
					return nil, false
				}
				return []wire.Message{&wire.ChunkAnswer{Call: p.Call, Name: vaultnet.ChunkAddress(p.Content).Name, Err: refusal.New(refusal.NetworkFull)}}, true
			}
		}
		put := PutChunk{As: alice, Content: []byte("x"), Options: Options{Timeout: 10 * time.Second}}
		if full == 3 {
			w.must(put)
			continue
		}
		w.refused(put, refusal.NetworkFull)
		put.NoRetry = true
		start := w.now
		w.refused(put, refusal.NetworkFull)
		if took := w.now.Sub(start); took > 3*time.Second {
			t.Errorf("took %v", took)
		}
	}
}
