package core

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"vaultnet/account"
	"vaultnet/internal/wire"
	"vaultnet/mutabledata"
)

// What an idle object costs its vault in memory, beyond its data: once loaded, as after a restart or with its last block
// still at hand, and once evicted. The claims stand in the package's documentation.
func TestIdleObjectCosts(t *testing.T) {
	if testing.Short() {
		t.Skip("makes 2,000 objects")
	}
	cost := idleCosts(t, 250)
	t.Logf("an idle object costs %d bytes after its last block, %d at rest, %d as loaded, %d evicted, beyond its data", cost.live,
		cost.rested, cost.loaded, cost.evicted)
	if cost.live > overhead {
		t.Errorf("%d bytes after its last block, %d are counted", cost.live, overhead)
	}
	if most := max(cost.rested, cost.loaded); most > restOverhead {
		t.Errorf("%d bytes at rest or as loaded, %d are counted", most, restOverhead)
	}
	if cost.evicted > 200 {
		t.Errorf("%d bytes evicted, more than 200", cost.evicted)
	}
}

type costs struct{ live, rested, loaded, evicted int }

// idleCosts makes n objects with one entry of 10 bytes at 8 vaults and takes away, step by step, what the vaults hold.
func idleCosts(t testing.TB, n int) costs {
	const vaults = 8
	w := newTown(t, vaults)
	w.frames = true // so that vaults share nothing
	w.run(time.Second)
	for _, h := range w.houses {
		h.core.restAfter = time.Hour
	}
	c := w.citizen("Alice")
	c.applied(c.operate(c.key, &account.TopUp{Operations: int64(n)}), 5)
	for i := range n {
		a := address(fmt.Sprint("object ", i))
		p := c.permit(c.key, a, 1)
		m := &mutabledata.Put{Owner: c.key.Public(), Entries: []mutabledata.Entry{{Key: "k", Value: mutabledata.Value{Content: []byte("0123456789")}}}}
		r := w.sign(c.key, a, 1, mutabledata.Encode(m), wire.Attached{Permit: p, Proof: c.proof(a)})
		c.applied(c.submit(w.group(a), r), 8)
	}
	w.run(time.Minute)
	c.heard, w.queue = nil, nil
	each := func(f func(h *house)) {
		for _, h := range w.houses {
			f(h)
		}
	}
	account := func(h *house) { h.core.evict(h.core.objects.get(c.account).live) } // which holds something for each object
	each(account)
	full := heapBytes()
	each(func(h *house) { h.core.restAfter = 0; h.core.restAll() })
	rested := heapBytes()
	each(func(h *house) { h.evictAll() })
	bare := heapBytes()
	each(func(h *house) { h.core.objects = newObjects() })
	none := heapBytes()
	each(func(h *house) { h.start() })
	each(account)
	again := heapBytes()
	runtime.KeepAlive(w)
	return costs{live: (full - none) / (n * vaults), rested: (rested - none) / (n * vaults), evicted: (bare - none) / (n * vaults),
		loaded: (again - none) / (n * vaults)}
}

func (v *Vault) restAll() {
	for v.loaded.active != nil {
		v.now++ // since the last of them was used
		v.rest()
	}
}

func (h *house) evictAll() {
	for h.core.loaded.oldest != nil {
		h.core.evict(h.core.loaded.oldest)
	}
}

// heapBytes is the live heap.
func heapBytes() int {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
