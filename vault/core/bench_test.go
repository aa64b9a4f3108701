package core

import (
	"fmt"
	"testing"
	"time"

	"vaultnet"
	"vaultnet/account"
	"vaultnet/agreement"
	"vaultnet/internal/wire"
	"vaultnet/mutabledata"
)

// BenchmarkBlock is one mutation from the request to "applied" at all 8 members, their stores included: what it costs to
// decide it, with messages as values and signatures that are hashes.
func BenchmarkBlock(b *testing.B) {
	w := newTown(b, 8)
	w.run(time.Second)
	c := w.citizen("Alice")
	c.applied(c.operate(c.key, &account.TopUp{Operations: 1 << 40}), 5)
	a := address("object")
	c.put(a, mutabledata.Entry{Key: "k"})
	members := w.members(a)
	version := mutabledata.Version(0)
	b.ReportAllocs()
	b.ResetTimer()
	for n := 0; b.Loop(); n++ {
		if n%32 == 0 {
			b.StopTimer()
			w.run(12 * time.Second)
			b.StartTimer()
		}
		b.StopTimer()
		version++
		m := &mutabledata.MutateEntries{Actions: []mutabledata.EntryAction{{Key: "k", Do: mutabledata.UpdateEntry, Content: []byte(fmt.Sprint(n)), Version: version}}}
		p := c.permit(c.key, a, 1)
		r := w.sign(c.key, a, 1, mutabledata.Encode(m), wire.Attached{Permit: p})
		c.heard = nil
		b.StartTimer()
		for _, h := range members {
			w.post(c.id, h.id, &wire.Submit{Request: r})
		}
		w.until(5*time.Second, "applied", func() bool { return len(c.heard) >= 8 })
		b.StopTimer()
		for _, h := range c.heard {
			if reply, ok := h.m.(*wire.Reply); ok && reply.Outcome != agreement.Applied {
				b.Fatal(reply.Err)
			}
		}
		b.StartTimer()
	}
}

// BenchmarkSettled is how long it takes to know whether "there is nothing here" may be said, among so many vaults.
func BenchmarkSettled(b *testing.B) {
	for _, n := range []int{8, 100, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			w := newTown(b, 1)
			v := w.houses[0].core
			v.joined = true
			for i := range n {
				v.peerUp(w.person(fmt.Sprint("peer ", i)).Public())
			}
			a := address("x")
			b.ReportAllocs()
			for b.Loop() {
				v.settled(a)
			}
		})
	}
}

// BenchmarkNearTo is what it costs to find, when a vault comes or goes, the objects that it is near to.
func BenchmarkNearTo(b *testing.B) {
	w := newTown(b, 1)
	v := w.houses[0].core
	for i := range 1000 {
		v.peerUp(w.person(fmt.Sprint("peer ", i)).Public())
	}
	for i := range 5000 {
		v.objects.add(address(fmt.Sprint(i)))
	}
	q := v.peers.get(w.person("peer 7").Public())
	v.objects.space()
	b.ReportAllocs()
	for b.Loop() {
		v.nearTo(q, near)
	}
}

// BenchmarkReload is what it costs, beside reading its records, that an object which is read was not loaded: to unload it,
// to ask for it and to load it, with its digests and its certificate checked.
func BenchmarkReload(b *testing.B) {
	w := newTown(b, 8)
	w.frames = true
	w.run(time.Second)
	c := w.citizen("Alice")
	a := address("object")
	c.mutate(a, c.put(a, mutabledata.Entry{Key: "k"}), insert("l", "0123456789"))
	h := w.houses[0]
	var records []vaultnet.Write
	for k, v := range h.scan(string(ObjectPrefix(a))) {
		records = append(records, vaultnet.Write{Key: k, Value: v})
	}
	read, err := OpenMessage(&wire.Read{Call: 1, Address: a, Query: mutabledata.EncodeQuery(mutabledata.GetVersion{})}, c.id, w.network, w.keys)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		h.core.evict(h.core.objects.get(a).live)
		if out := h.core.Step(w.now, read); len(out.Loads) != 1 {
			b.Fatal("it is loaded")
		}
		h.core.Seal(vaultnet.Signature{})
		h.core.Step(w.now, []Input{Loaded(a, records)})
		h.core.Seal(vaultnet.Signature{})
	}
}
