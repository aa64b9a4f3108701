package merkle_test

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"vaultnet"
	"vaultnet/internal/merkle"
)

func digestOf(v int) vaultnet.Digest {
	return sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(v)))
}

// naiveDigest computes a map's digest from its definition alone: split at the first bit in which keys differ.
func naiveDigest(model map[string]int) vaultnet.Digest {
	keys := slices.Sorted(maps.Keys(model))
	if len(keys) == 0 {
		return vaultnet.Digest{}
	}
	return naiveNode(model, keys)
}

func naiveNode(model map[string]int, keys []string) vaultnet.Digest {
	if len(keys) == 1 {
		k, d := keys[0], digestOf(model[keys[0]])
		return sha256.Sum256(slices.Concat([]byte{0}, binary.BigEndian.AppendUint32(nil, uint32(len(k))), []byte(k), d[:]))
	}
	for pos := 0; ; pos++ {
		bit := func(k string) bool {
			var all []bool
			for i := range len(k) {
				all = append(all, true)
				for shift := 7; shift >= 0; shift-- {
					all = append(all, k[i]>>shift&1 == 1)
				}
			}
			return pos < len(all) && all[pos]
		}
		i := slices.IndexFunc(keys, bit)
		if i <= 0 {
			continue
		}
		l, r := naiveNode(model, keys[:i]), naiveNode(model, keys[i:])
		return sha256.Sum256(slices.Concat([]byte{1}, binary.BigEndian.AppendUint32(nil, uint32(pos)), l[:], r[:]))
	}
}

func collect(m merkle.Map[int]) map[string]int {
	got := map[string]int{}
	last, first := "", true
	for k, v := range m.All() {
		if !first && k <= last {
			panic("out of order")
		}
		got[k], last, first = v, k, false
	}
	return got
}

// keys that collide, begin one another, and are empty
var keyGen = rapid.OneOf(
	rapid.StringOfN(rapid.RuneFrom([]rune("\x00\x01ab")), 0, 4, -1),
	rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 3), func(b []byte) string { return string(b) }),
)

func TestMapIsASortedMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var m merkle.Map[int]
		model := map[string]int{}
		type version struct {
			m     merkle.Map[int]
			model map[string]int
		}
		var versions []version
		for range rapid.IntRange(0, 40).Draw(t, "steps") {
			key := keyGen.Draw(t, "key")
			if rapid.IntRange(0, 2).Draw(t, "op") == 0 {
				m = m.Delete(key)
				delete(model, key)
			} else {
				v := rapid.IntRange(0, 3).Draw(t, "value")
				m = m.Put(key, v, digestOf(v))
				model[key] = v
			}
			versions = append(versions, version{m, maps.Clone(model)})
			if got, ok := m.Get(key); ok != has(model, key) || got != model[key] {
				t.Fatalf("Get(%q) = %d, %v", key, got, ok)
			}
		}
		for _, v := range versions { // old versions are untouched
			if !maps.Equal(collect(v.m), v.model) || v.m.Len() != len(v.model) {
				t.Fatalf("holds %v, want %v", collect(v.m), v.model)
			}
			if v.m.Digest() != naiveDigest(v.model) {
				t.Fatalf("digest of %v is not the definition's", v.model)
			}
		}
		sorted := slices.Sorted(maps.Keys(model))
		if k, v, ok := m.Min(); ok != (len(sorted) > 0) || ok && (k != sorted[0] || v != model[k]) {
			t.Fatalf("Min = %q, %d, %v", k, v, ok)
		}
		start := keyGen.Draw(t, "from")
		i, _ := slices.BinarySearch(sorted, start)
		var from []string
		for k := range m.From(start) {
			from = append(from, k)
		}
		if !slices.Equal(from, sorted[i:]) {
			t.Fatalf("From(%q) = %q, want %q", start, from, sorted[i:])
		}
	})
}

func has(m map[string]int, k string) bool { _, ok := m[k]; return ok }

func TestIterationStopsWhenToldTo(t *testing.T) {
	var m merkle.Map[int]
	for i := range 100 {
		m = m.Put(fmt.Sprint(i), i, digestOf(i))
	}
	for stop := range 100 {
		for name, seq := range map[string]func(func(string, int) bool){"All": m.All(), "From": m.From("3")} {
			n := 0
			for range seq {
				if n == stop {
					break
				}
				n++
			}
			if n > stop {
				t.Fatalf("%s went on", name)
			}
		}
	}
}

func TestBuildMakesTheSameMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		model := rapid.MapOfN(keyGen, rapid.IntRange(0, 9), 0, 30).Draw(t, "model")
		var entries []merkle.Entry[int]
		var put merkle.Map[int]
		for _, k := range rapid.Permutation(slices.Sorted(maps.Keys(model))).Draw(t, "order") {
			put = put.Put(k, model[k], digestOf(model[k]))
		}
		for _, k := range slices.Sorted(maps.Keys(model)) {
			entries = append(entries, merkle.Entry[int]{Key: k, Value: model[k], Leaf: digestOf(model[k])})
		}
		built, ok := merkle.Build(entries)
		if !ok || built.Digest() != put.Digest() || built.Len() != put.Len() || !maps.Equal(collect(built), model) {
			t.Fatal("built and put differ")
		}
		if len(entries) > 1 {
			slices.Reverse(entries)
			if _, ok := merkle.Build(entries); ok {
				t.Fatal("unsorted entries accepted")
			}
			if _, ok := merkle.Build([]merkle.Entry[int]{entries[0], entries[0]}); ok {
				t.Fatal("a key twice accepted")
			}
		}
	})
}

func TestDiffIsWhatChanged(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		model := rapid.MapOfN(keyGen, rapid.IntRange(0, 3), 0, 20).Draw(t, "old")
		var old merkle.Map[int]
		for k, v := range model {
			old = old.Put(k, v, digestOf(v))
		}
		var fresh merkle.Map[int]
		after := map[string]int{}
		if rapid.Bool().Draw(t, "shared") {
			fresh, after = old, maps.Clone(model)
		}
		for range rapid.IntRange(0, 12).Draw(t, "changes") {
			k, v := keyGen.Draw(t, "key"), rapid.IntRange(-3, 3).Draw(t, "value")
			if v < 0 {
				fresh = fresh.Delete(k)
				delete(after, k)
			} else {
				fresh = fresh.Put(k, v, digestOf(v))
				after[k] = v
			}
		}
		var want, got []string
		show := func(k string, a, b *int) string {
			s := fmt.Sprintf("%q", k)
			for _, p := range []*int{a, b} {
				if p == nil {
					s += " -"
				} else {
					s += fmt.Sprint(" ", *p)
				}
			}
			return s
		}
		at := func(m map[string]int, k string) *int {
			if v, ok := m[k]; ok {
				return &v
			}
			return nil
		}
		both := maps.Clone(model)
		maps.Copy(both, after)
		for _, k := range slices.Sorted(maps.Keys(both)) {
			a, b := at(model, k), at(after, k)
			if a == nil || b == nil || *a != *b {
				want = append(want, show(k, a, b))
			}
		}
		merkle.Diff(old, fresh, func(k string, a, b *int) { got = append(got, show(k, a, b)) })
		if !slices.Equal(got, want) {
			t.Fatalf("got %v\nwant %v", got, want)
		}
	})
}

func TestDiffCostsWhatChanged(t *testing.T) {
	m := bigMap(4096)
	n := m.Put("new", 1, digestOf(1))
	calls := 0
	merkle.Diff(m, n, func(string, *int, *int) { calls++ })
	if calls != 1 {
		t.Fatalf("%d changes reported, want 1", calls)
	}
	if allocs := testing.AllocsPerRun(10, func() { merkle.Diff(m, n, func(string, *int, *int) {}) }); allocs > 0 {
		t.Fatalf("%v allocations", allocs)
	}
}

// Keys that each begin the next make the deepest trie there is.
func TestTheDeepestMap(t *testing.T) {
	long := strings.Repeat("\xff", vaultnet.MaxKeySize)
	var entries []merkle.Entry[int]
	for i := range len(long) + 1 {
		entries = append(entries, merkle.Entry[int]{Key: long[:i], Value: i, Leaf: digestOf(i)})
	}
	built, ok := merkle.Build(entries)
	if !ok {
		t.Fatal("not in order")
	}
	m := built
	for _, flip := range []int{0, 1, 2000, vaultnet.MaxKeySize - 1} {
		b := []byte(long)
		b[flip] = 0
		m = m.Put(string(b), -flip, digestOf(-flip))
	}
	if m.Len() != vaultnet.MaxKeySize+5 || len(collect(m)) != m.Len() {
		t.Fatalf("%d keys, %d gone through", m.Len(), len(collect(m)))
	}
	changes := 0
	merkle.Diff(built, m, func(string, *int, *int) { changes++ })
	if changes != 4 {
		t.Fatalf("%d changes, want 4", changes)
	}
	p, ok := m.Prove(long)
	if !ok || len(p.Bits) < vaultnet.MaxKeySize || !p.Verify(m.Digest(), long, digestOf(len(long))) {
		t.Fatal("the deepest key cannot be proven")
	}
	from := 0
	for range m.From(long[:4000]) {
		from++
	}
	if from != 97+1 { // and the one that differs in its last byte
		t.Fatalf("%d keys from the 4,000th on, want 98", from)
	}
	for i := len(long); i >= len(long)-50; i-- { // the deepest first
		m = m.Delete(long[:i])
	}
	for i := range 50 { // then at the root
		m = m.Delete(long[:i])
	}
	if m.Len() != vaultnet.MaxKeySize+5-101 {
		t.Fatalf("%d keys left", m.Len())
	}
}

func bigMap(n int) merkle.Map[int] {
	entries := make([]merkle.Entry[int], n)
	for i := range entries {
		d := digestOf(i)
		entries[i] = merkle.Entry[int]{Key: string(d[:]), Value: i, Leaf: d}
	}
	slices.SortFunc(entries, func(a, b merkle.Entry[int]) int { return strings.Compare(a.Key, b.Key) })
	m, ok := merkle.Build(entries)
	if !ok {
		panic("not sorted")
	}
	return m
}

func BenchmarkMapPut(b *testing.B) {
	for _, n := range []int{100, 65536} {
		b.Run(sizeName(n), func(b *testing.B) {
			m := bigMap(n)
			keys := slices.Collect(maps.Keys(collect(m)))
			d := digestOf(-1)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				m.Put(keys[i%len(keys)], 1, d)
			}
		})
	}
}

func BenchmarkMapGet(b *testing.B) {
	for _, n := range []int{100, 65536} {
		b.Run(sizeName(n), func(b *testing.B) {
			m := bigMap(n)
			keys := slices.Collect(maps.Keys(collect(m)))
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				m.Get(keys[i%len(keys)])
			}
		})
	}
}

func BenchmarkMapBuild(b *testing.B) {
	for b.Loop() {
		bigMap(65536)
	}
}
