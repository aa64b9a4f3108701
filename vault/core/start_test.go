package core

import (
	"bytes"
	"sort"
	"testing"
	"time"

	"vaultnet"
	"vaultnet/mutabledata"
)

// FuzzStart: whatever a store holds, a vault starts from it or says why it cannot; one that starts takes a turn.
func FuzzStart(f *testing.F) {
	w := newTown(f, 4)
	w.run(time.Second)
	c := w.citizen("Alice")
	c.put(address("notes"), mutabledata.Entry{Key: "k", Value: mutabledata.Value{Content: []byte("v")}})
	h := w.houses[0]
	var keys []string
	for k := range h.store {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	if len(keys) < 4 {
		f.Fatalf("%d records", len(keys))
	}
	f.Add(0, []byte{}, []byte{}, false)
	for i, k := range keys {
		f.Add(i, []byte(k), []byte(h.store[k]), false)
		f.Add(i, []byte(k), []byte(h.store[k])[1:], false)
		f.Add(i, []byte(k), []byte{}, true)
		f.Add(i, []byte(k)[:len(k)/2], []byte("x"), false)
	}
	f.Fuzz(func(t *testing.T, i int, key, value []byte, lose bool) {
		if len(key) == 0 {
			return
		}
		store := map[string][]byte{string(key): value}
		for j, k := range keys {
			if _, set := store[k]; !set && (!lose || i%len(keys) != j) {
				store[k] = h.store[k]
			}
		}
		ParseKey(key)
		all := make([]string, 0, len(store))
		for k := range store {
			all = append(all, k)
		}
		sort.Strings(all)
		v, err := New(h.cfg, func(yield func(k, v []byte) bool) {
			for _, k := range all {
				if !yield([]byte(k), bytes.Clone(store[k])) {
					return
				}
			}
		})
		if err != nil {
			return
		}
		out := v.Step(w.now, []Input{PeerUp(w.houses[1].id), Known([]vaultnet.PublicKey{w.houses[1].id})})
		var sig vaultnet.Signature
		if !out.Root.IsZero() {
			sig = h.signer.Sign(vaultnet.TurnMessage(w.network, out.Root))
		}
		v.Seal(sig)
	})
}
