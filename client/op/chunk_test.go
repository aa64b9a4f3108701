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

// A chunk goes to each vault once, however long that takes; who says nothing is asked whether it has it.
func TestChunkIsSentOnce(t *testing.T) {
	w := newWorld(t, 8)
	alice := w.owner("alice")
	w.latency = 700 * time.Millisecond
	sent, asked := map[vaultnet.PublicKey]int{}, 0
	w.watch = func(to *vault, m wire.Message) {
		switch m.(type) {
		case *wire.PutChunk:
			sent[to.id]++
		case *wire.GetChunk:
			asked++
		}
	}
	w.must(PutChunk{As: alice, Content: make([]byte, vaultnet.MaxSize)})
	if len(sent) != 8 || asked == 0 {
		t.Errorf("sent to %d vaults, %d questions", len(sent), asked)
	}
	for _, n := range sent {
		if n != 1 {
			t.Errorf("sent %d times", n)
		}
	}
}

// Whom it did not reach it is sent again, and nobody else.
func TestChunkIsSentAgainWhereItWasLost(t *testing.T) {
	for _, size := range []int{100, vaultnet.MaxSize} {
		w := newWorld(t, 8)
		alice := w.owner("alice")
		lost, sent := map[vaultnet.PublicKey]bool{}, map[vaultnet.PublicKey]int{}
		for _, v := range w.vaults[:4] {
			lost[v.id] = true
		}
		w.drop = func(_, to vaultnet.PublicKey, m wire.Message) bool {
			if _, ok := m.(*wire.PutChunk); !ok {
				return false
			}
			sent[to]++
			return lost[to] && sent[to] == 1
		}
		content := make([]byte, size)
		start := w.now
		w.must(PutChunk{As: alice, Content: content, Spread: true})
		if took := w.now.Sub(start); took > 5*time.Second {
			t.Errorf("took %v", took)
		}
		held := 0
		for _, v := range w.vaults {
			if _, ok := v.chunks[vaultnet.ChunkAddress(content).Name]; ok {
				held++
			}
			if n := sent[v.id]; n > 2 || n > 1 && !lost[v.id] {
				t.Errorf("sent %d times, lost: %v", n, lost[v.id])
			}
		}
		if held < 5 {
			t.Errorf("%d vaults hold it", held)
		}
	}
}

// Who puts one chunk after another waits for all vaults, and once in a while for one that does not answer.
func TestChunkSpread(t *testing.T) {
	w := newWorld(t, 8)
	alice := w.owner("alice")
	put := func(i byte) (held int, took time.Duration) {
		content := []byte{i}
		start := w.now
		w.must(PutChunk{As: alice, Content: content, Spread: true})
		for _, v := range w.vaults {
			if _, ok := v.chunks[vaultnet.ChunkAddress(content).Name]; ok {
				held++
			}
		}
		return held, w.now.Sub(start)
	}
	w.spread = nil
	if held, took := put(0); held != 8 || took > 500*time.Millisecond {
		t.Errorf("%d hold it after %v", held, took)
	}
	w.vaults[3].silent = true
	if held, took := put(1); held != 7 || took < lingerFor || took > lingerFor+500*time.Millisecond {
		t.Errorf("one is silent: %d hold it after %v", held, took)
	}
	for i := range byte(5) {
		if held, took := put(2 + i); held != 7 || took > 500*time.Millisecond {
			t.Errorf("it was silent before: %d hold it after %v", held, took)
		}
	}
}

// A vault that is slow, and stores one chunk after another all the same, is waited for longer than one that is silent; but
// not for ever, and then not for some time.
func TestChunkSpreadToTheSlow(t *testing.T) {
	w := newWorld(t, 8)
	w.owner("alice")
	c, slow := w.client(), w.vaults[3].id
	since := w.now
	at := func(d time.Duration) time.Duration {
		c.now = since.Add(d)
		return c.waitFor(slow, since).Sub(c.now)
	}
	c.now = since
	for d := time.Duration(0); d < lingerMost-lingerFor; d += lingerFor / 2 {
		if got := at(d); got <= 0 {
			t.Fatalf("after %v: no longer", d)
		}
		c.stored(slow)
	}
	if got := at(lingerMost); got > 0 {
		t.Errorf("for ever")
	}
	since = c.now.Add(time.Second)
	if got := at(0); got > 0 {
		t.Errorf("with the next, too: %v", got)
	}
	since = since.Add(tardyFor)
	if got := at(0); got != lingerFor {
		t.Errorf("when it may be well again: %v", got)
	}
}

// Where chunks come at different speeds the next holder is asked late enough; and slow liars cannot have it wait for long.
func TestHedge(t *testing.T) {
	var l latency
	for i := range 16 {
		l.note(time.Duration(10+5*i) * time.Millisecond) // 10 to 85
	}
	if h := l.hedge(); h < 150*time.Millisecond || h > 170*time.Millisecond {
		t.Errorf("%v", h)
	}
	for i := range 16 {
		l.note([]time.Duration{20 * time.Millisecond, 20 * time.Millisecond, 20 * time.Millisecond, 30 * time.Second}[i%4])
	}
	if h := l.hedge(); h != 160*time.Millisecond {
		t.Errorf("with liars: %v", h)
	}
}
