package mutabledata

import (
	"runtime"
	"testing"

	"vaultnet"
	"vaultnet/internal/signature"
)

var sink *Object

// One entry of 10 kB in an object of 100 entries and 1 MiB: decided, applied, measured, digest included.
func BenchmarkMutateOneEntryOfFullObject(b *testing.B) {
	o := full(b)
	v, _ := o.Entry("k0042")
	m := mutate(update("k0042", string(v.Content), 1))
	b.ReportAllocs()
	for b.Loop() {
		next, _, err := o.Apply(m, byAlice)
		if err != nil || next.Size() != vaultnet.MaxSize || next.Digest() == o.Digest() {
			b.Fatal(err)
		}
		sink = next
	}
}

// The same with a content of 100 bytes: what a change costs besides hashing what is new.
func BenchmarkMutateSmallEntryOfFullObject(b *testing.B) {
	o := full(b)
	m := mutate(update("k0042", string(make([]byte, 100)), 1))
	b.ReportAllocs()
	for b.Loop() {
		next, _, err := o.Apply(m, byAlice)
		if err != nil || next.Digest() == o.Digest() {
			b.Fatal(err)
		}
		sink = next
	}
}

// What is written to the store after it.
func BenchmarkDiffOneEntryOfFullObject(b *testing.B) {
	o := full(b)
	v, _ := o.Entry("k0042")
	next := applied(b, o, mutate(update("k0042", string(v.Content), 1)), byAlice)
	b.ReportAllocs()
	for b.Loop() {
		if len(next.Diff(o)) != 1 {
			b.Fatal("not one record")
		}
	}
}

func BenchmarkRefuseOneEntryOfFullObject(b *testing.B) {
	o := full(b)
	m := mutate(update("k0042", string(make([]byte, 20_000)), 1))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := o.Apply(m, byAlice); err == nil {
			b.Fatal("not refused")
		}
	}
}

func BenchmarkDecodeMutationOfOneEntry(b *testing.B) {
	body := Encode(mutate(update("k0042", string(make([]byte, 10_000)), 1)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(body); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPutFullObject(b *testing.B) {
	m := &Put{Owner: alice}
	for k, v := range full(b).Entries() {
		m.Entries = append(m.Entries, Entry{Key: k, Value: v})
	}
	b.ReportAllocs()
	for b.Loop() {
		next, _, err := (*Object)(nil).Apply(m, byAlice)
		if err != nil {
			b.Fatal(err)
		}
		sink = next
	}
}

func BenchmarkReadFullObject(b *testing.B) {
	o := full(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := o.Read(GetObject{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadOneValueOfFullObject(b *testing.B) {
	o := full(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := o.Read(GetValue{Key: "k0042"}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoadFullObject(b *testing.B) {
	records := full(b).Records()
	b.ReportAllocs()
	for b.Loop() {
		next, err := Load(records)
		if err != nil {
			b.Fatal(err)
		}
		sink = next
	}
}

// Five mutations with disjoint keys, as the members of a block are checked against one another.
func BenchmarkInFlight(b *testing.B) {
	var pending []Mutation
	for _, k := range []Key{"a", "b", "c", "d"} {
		pending = append(pending, mutate(update(k, "", 1)))
	}
	m := mutate(update("e", "", 1))
	b.ReportAllocs()
	for b.Loop() {
		if err := InFlight(pending, m); err != nil {
			b.Fatal(err)
		}
	}
}

// A change of one entry must not touch the rest: it allocates the new path and the new value's node, and nothing that
// grows with the object.
func TestOneEntryOfAFullObjectCostsAPath(t *testing.T) {
	o := full(t)
	v, _ := o.Entry("k0042")
	m := mutate(update("k0042", string(v.Content), 1))
	allocs := testing.AllocsPerRun(100, func() {
		next, _, err := o.Apply(m, byAlice)
		if err != nil {
			t.Fatal(err)
		}
		next.Digest()
	})
	if allocs > 30 {
		t.Errorf("%v allocations", allocs)
	}
	var before, after runtime.MemStats
	const runs = 100
	runtime.ReadMemStats(&before)
	for range runs {
		sink, _, _ = o.Apply(m, byAlice)
	}
	runtime.ReadMemStats(&after)
	if n := (after.TotalAlloc - before.TotalAlloc) / runs; n > 8<<10 {
		t.Errorf("%d bytes allocated for one entry of %d bytes", n, len(v.Content))
	}
}

// BenchmarkValidateManyUsers judges a Put that names as many users as fit 1 MiB, keys included.
func BenchmarkValidateManyUsers(b *testing.B) {
	v := signature.NewVerifier(1024)
	m := &Put{Owner: signature.NewKey([32]byte{1}).Public()}
	for i := range 27_000 {
		k := vaultnet.PublicKey(vaultnet.DomainBody.Hash([]byte{byte(i >> 8), byte(i)}))
		m.Permissions = append(m.Permissions, Permission{User: UserOf(k)})
	}
	Sort(m)
	b.ReportAllocs()
	for b.Loop() {
		if err := Validate(m); err != nil {
			b.Fatal(err)
		}
		for _, k := range Keys(m) {
			if !v.ValidKey(k) {
				b.Fatal("a key that is not valid")
			}
		}
	}
}
