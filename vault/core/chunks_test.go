package core

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"vaultnet"
	"vaultnet/immutabledata"
	"vaultnet/internal/wire"
	"vaultnet/permit"
	"vaultnet/refusal"
)

// holders of a chunk are the vaults whose stores have it.
func (w *town) holders(n vaultnet.Name) int {
	count := 0
	for _, h := range w.houses {
		if _, ok := h.chunks[n]; ok && !h.down {
			count++
		}
	}
	return count
}

// store puts a chunk with a fresh permit and returns the answers.
func (c *citizen) store(content []byte, p *permit.Permit) map[vaultnet.PublicKey]*wire.ChunkAnswer {
	a := vaultnet.ChunkAddress(content)
	if p == nil {
		p = c.permit(c.key, a, 1)
	}
	return answers[*wire.ChunkAnswer](c.ask(c.town.group(a), &wire.PutChunk{Call: 5, Content: content, Permit: p}))
}

// fetch asks vaults for a chunk.
func (g *guest) fetch(to []*house, n vaultnet.Name, full bool) map[vaultnet.PublicKey]*wire.ChunkAnswer {
	return answers[*wire.ChunkAnswer](g.ask(to, &wire.GetChunk{Call: 6, Name: n, Full: full}))
}

func TestChunkPutAndGet(t *testing.T) {
	w := newTown(t, 12)
	w.run(20 * time.Second)
	c := w.citizen("Alice")
	for _, content := range []string{"hello", ""} {
		a := vaultnet.ChunkAddress([]byte(content))
		p := c.permit(c.key, a, 1)
		for range 2 { // again, with the same permit: it is good for this chunk
			all := c.store([]byte(content), p)
			if len(all) != 8 {
				t.Fatalf("%d answers", len(all))
			}
			for _, r := range all {
				if !r.Stored || r.Err != nil {
					t.Fatalf("%+v", r)
				}
			}
		}
		if n := w.holders(a.Name); n != 8 {
			t.Fatalf("%d hold it", n)
		}
		for _, full := range []bool{true, false} {
			for _, r := range c.fetch(w.group(a), a.Name, full) {
				if !r.Stored || full && immutabledata.Check(a.Name, r.Content) != nil || !full && r.Content != nil {
					t.Fatalf("%+v", r)
				}
			}
		}
	}
	missing := vaultnet.Name{1}
	for _, r := range c.fetch(w.group(chunkAddress(missing)), missing, true) {
		if !errors.Is(r.Err, refusal.NoSuchData) {
			t.Fatalf("%+v", r)
		}
	}
}

func TestChunkRefusals(t *testing.T) {
	w := newTown(t, 8, func(c *Config) { c.Capacity = 3000 })
	w.run(20 * time.Second)
	c := w.citizen("Alice")
	content := []byte("content")
	other := c.permit(c.key, vaultnet.ChunkAddress([]byte("other")), 1)
	good := c.permit(c.key, vaultnet.ChunkAddress(content), 1)
	few := *good
	few.Signatures = few.Signatures[:2]
	for name, x := range map[string]struct {
		content []byte
		permit  *permit.Permit
		want    refusal.Kind
		reason  refusal.Reason
	}{
		"for another chunk":       {content, other, refusal.PermitInvalid, refusal.Address},
		"too few signers":         {content, &few, refusal.PermitInvalid, refusal.Signers},
		"more than there is room": {make([]byte, 4000), c.permit(c.key, vaultnet.ChunkAddress(make([]byte, 4000)), 1), refusal.NetworkFull, 0},
	} {
		for _, r := range c.store(x.content, x.permit) {
			if r.Stored || !errors.Is(r.Err, x.want) || r.Err.Detail.Reason != x.reason {
				t.Fatalf("%s: %+v", name, r)
			}
		}
	}
	w.run(15 * time.Second)
	for _, r := range c.store(content, good) {
		if r.Err == nil || r.Err.Detail.Reason != refusal.Expired {
			t.Fatalf("%+v", r)
		}
	}
}

func TestChunksFollowTheNeighbourhood(t *testing.T) {
	w := newTown(t, 8)
	w.run(20 * time.Second)
	c := w.citizen("Alice")
	var names []vaultnet.Name
	for i := range 20 {
		content := []byte(fmt.Sprint("chunk ", i))
		c.store(content, nil)
		names = append(names, immutabledata.NameOf(content))
	}
	for i := range 24 {
		w.introduce(w.build(fmt.Sprint("new vault ", i)))
		w.run(200 * time.Millisecond)
		for _, n := range names[:3] {
			for _, r := range c.fetch(w.group(chunkAddress(n)), n, true) {
				if r.Err != nil && r.Err.Kind == refusal.NoSuchData {
					t.Fatal("a newcomer says that there is no such chunk")
				}
			}
		}
	}
	w.run(time.Minute)
	for _, n := range names {
		for _, h := range w.group(chunkAddress(n)) {
			if _, ok := h.chunks[n]; !ok {
				t.Fatal("one of the eight nearest misses a chunk")
			}
		}
	}
	w.run(2 * time.Hour) // those that are not of the eight have had it confirmed
	for _, n := range names {
		if k := w.holders(n); k != 8 {
			t.Fatalf("%d vaults hold a chunk", k)
		}
	}
	for _, h := range w.houses[8:14] {
		w.stop(h)
		w.run(w.params.LeaveAfter + 30*time.Second)
	}
	for _, n := range names {
		for _, h := range w.group(chunkAddress(n)) {
			if _, ok := h.chunks[n]; !ok {
				t.Fatal("one of the eight nearest misses a chunk after deaths")
			}
		}
	}
}

// A chunk that is damaged at several vaults is asked of one after the other, and none that had it says that there is none.
func TestAChunkThatManyLostIsFetched(t *testing.T) {
	w := newTown(t, 8)
	w.run(20 * time.Second)
	c := w.citizen("Alice")
	content := []byte("content")
	c.store(content, nil)
	w.run(time.Second)
	n := immutabledata.NameOf(content)
	group := w.group(vaultnet.Address{Kind: vaultnet.KindImmutableData, Name: n})
	for _, h := range group[:7] {
		h.chunks[n] = []byte("contend")
	}
	for _, r := range c.fetch(group[:7], n, true) {
		if r.Content != nil || !errors.Is(r.Err, refusal.NotSettled) {
			t.Fatalf("%+v", r)
		}
	}
	w.run(time.Second)
	for i, h := range group {
		if string(h.chunks[n]) != "content" {
			t.Errorf("vault %d holds %q", i, h.chunks[n])
		}
	}
}

func TestADamagedChunkIsFetchedAgain(t *testing.T) {
	w := newTown(t, 8)
	w.run(20 * time.Second)
	c := w.citizen("Alice")
	content := []byte("content")
	c.store(content, nil)
	n := immutabledata.NameOf(content)
	h := w.houses[2]
	damaged := 0
	h.core.cfg.Observer.Damaged = func(vaultnet.Address, error) { damaged++ }
	h.chunks[n] = []byte("contend")
	for _, r := range c.fetch([]*house{h}, n, true) {
		if r.Content != nil || !errors.Is(r.Err, refusal.NotSettled) {
			t.Fatalf("%+v", r)
		}
	}
	w.run(time.Second)
	if string(h.chunks[n]) != "content" || damaged != 1 {
		t.Fatalf("holds %q, damaged %d", h.chunks[n], damaged)
	}
	// After a restart the index is as it was.
	w.stop(h)
	w.restart(h)
	w.run(time.Second)
	for _, r := range c.fetch([]*house{h}, n, true) {
		if string(r.Content) != "content" {
			t.Fatalf("%+v", r)
		}
	}
}

// A chunk that nobody has is known not to be there as soon as a vault is settled; and a vault that has just come says so
// of no chunk that there is.
func TestAMissingChunkIsKnownAtOnce(t *testing.T) {
	w := newTown(t, 12)
	missing := vaultnet.ChunkAddress([]byte("nobody has this"))
	content := []byte("hello")
	a := vaultnet.ChunkAddress(content)
	w.until(2*time.Second, "all are settled", func() bool {
		for _, h := range w.houses {
			if !h.core.settled(missing) {
				return false
			}
		}
		return true
	})
	g := w.guest("Bob")
	say := func(to []*house, n vaultnet.Name, kind refusal.Kind) (said int) {
		for _, r := range g.fetch(to, n, false) {
			if r.Err != nil && r.Err.Kind == kind {
				said++
			}
		}
		return said
	}
	if n := say(w.group(missing), missing.Name, refusal.NoSuchData); n != 8 {
		t.Fatalf("%d of 8 say that there is no such chunk", n)
	}
	c := w.citizen("Alice")
	c.store(content, nil)
	w.run(20 * time.Second)
	var came *house
	for i := 0; came == nil; i++ { // one of the eight nearest
		h := w.build(fmt.Sprint("newcomer ", i))
		if w.nearest(a, h) {
			came = h
			break
		}
		h.down = true
	}
	w.introduce(came)
	for range 300 {
		w.run(10 * time.Millisecond)
		if say([]*house{came}, a.Name, refusal.NoSuchData) > 0 {
			t.Fatal("the newcomer knows of no such chunk")
		}
	}
	if came.chunks[a.Name] == nil {
		t.Fatal("it does not have it")
	}
}
