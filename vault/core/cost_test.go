package core

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"vaultnet"
	"vaultnet/account"
	"vaultnet/mutabledata"
)

// What an idle object costs its vault in memory, beyond its data: with its last block just decided, a minute after its last
// use, once its results are told no more, and loaded, as after a restart. The claims stand in the package's documentation.
func TestIdleObjectCosts(t *testing.T) {
	if testing.Short() {
		t.Skip("makes 4,000 objects")
	}
	for _, changes := range []int{0, 2} {
		t.Run(fmt.Sprint("changes-", changes), func(t *testing.T) { checkIdleCosts(t, changes) })
	}
}

func checkIdleCosts(t *testing.T, changes int) {
	cost := idleCosts(t, 250, changes)
	t.Logf("an idle object changed %d times costs %d bytes after its last block, %d a minute after its last use, %d when its results are over, %d as loaded, beyond its data",
		changes, cost.live, cost.idle, cost.over, cost.loaded)
	if cost.live > overhead {
		t.Errorf("%d bytes after its last block, %d are counted", cost.live, overhead)
	}
	if cost.loaded > loadedOverhead {
		t.Errorf("%d bytes as loaded, %d are counted", cost.loaded, loadedOverhead)
	}
	if cost.idle >= 2<<10 {
		t.Errorf("%d bytes a minute after its last use, want less than 2 KiB", cost.idle)
	}
	if cost.over > 200 {
		t.Errorf("%d bytes when its results are over, more than 200", cost.over)
	}
}

type costs struct{ live, idle, over, loaded int }

// idleCosts makes n MutableData and n accounts at 8 vaults, changes each so many times within minutes, and takes away, step
// by step, what the vaults hold.
func idleCosts(t testing.TB, n, changes int) costs {
	const vaults = 8
	w := newTown(t, vaults, func(c *Config) { c.Idle = time.Hour })
	w.frames = true // so that vaults share nothing
	w.run(time.Second)
	c := w.citizen("Alice")
	c.applied(c.operate(c.key, &account.TopUp{Operations: 100 * int64(n)}), 5)
	object := func(i int) vaultnet.Address { return address(fmt.Sprint("object ", i)) }
	w.wait = 200 * time.Millisecond // the results of the first are to be told still when the last is done
	people := make([]*citizen, n)
	for i := range n {
		people[i] = w.citizen(fmt.Sprint("citizen ", i))
		c.put(object(i), mutabledata.Entry{Key: "k", Value: mutabledata.Value{Content: []byte("0123456789")}})
	}
	for k := range changes {
		for i, p := range people {
			p.applied(p.operate(p.key, &account.TopUp{Operations: 1}), 5)
			p.heard = nil
			c.applied(c.mutate(object(i), c.permit(c.key, object(i), 1), insert(fmt.Sprint("key ", k), "0123456789")), 8)
		}
	}
	c.heard, w.queue = nil, nil
	each := func(f func(h *house)) {
		for _, h := range w.houses {
			f(h)
		}
	}
	replicas := 2 * n * vaults
	drop := func(h *house) { h.core.evict(h.core.objects.get(c.account).live) } // Alice's account holds something for each object
	each(drop)
	each(func(h *house) { h.core.recall(h.core.objects.get(c.account)) })
	full := heapBytes()
	each(func(h *house) { h.core.cfg.Idle, h.cfg.Idle, h.alarm = DefaultIdle, DefaultIdle, w.now })
	w.run(DefaultIdle + time.Second)
	idle := heapBytes()
	w.run(vaultnet.ResultsKept + time.Second)
	over := heapBytes()
	each(func(h *house) { h.core.objects, h.core.memories = newObjects(), newMemories() })
	none := heapBytes()
	each(func(h *house) { h.start() })
	each(drop)
	again := heapBytes()
	runtime.KeepAlive(w)
	runtime.KeepAlive(people)
	return costs{live: (full - none) / replicas, idle: (idle - none) / replicas, over: (over - none) / replicas, loaded: (again - none) / replicas}
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
