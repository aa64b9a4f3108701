package merkle_test

import (
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"vaultnet"
	"vaultnet/internal/merkle"
)

func TestProofsProveWhatIsThereAndNothingElse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		model := rapid.MapOfN(keyGen, rapid.IntRange(0, 3), 0, 20).Draw(t, "model")
		var m merkle.Map[int]
		for k, v := range model {
			m = m.Put(k, v, digestOf(v))
		}
		for _, k := range slices.Sorted(maps.Keys(model)) {
			p, ok := m.Prove(k)
			if !ok || !p.Verify(m.Digest(), k, digestOf(model[k])) {
				t.Fatalf("%q cannot be proven", k)
			}
			if p.Verify(m.Digest(), k, digestOf(model[k]+1)) {
				t.Fatal("proves another value")
			}
			if other := keyGen.Draw(t, "other"); other != k && p.Verify(m.Digest(), other, digestOf(model[k])) {
				t.Fatalf("the proof of %q proves %q", k, other)
			}
			if len(p.Bits) > 0 {
				short := merkle.Proof{Bits: p.Bits[1:], Siblings: p.Siblings[1:]}
				if short.Verify(m.Digest(), k, digestOf(model[k])) {
					t.Fatal("a shortened proof passes")
				}
				uneven := merkle.Proof{Bits: p.Bits[1:], Siblings: p.Siblings}
				if uneven.Verify(m.Digest(), k, digestOf(model[k])) {
					t.Fatal("an uneven proof passes")
				}
			}
		}
		absent := keyGen.Draw(t, "absent")
		if _, ok := m.Prove(absent); ok != has(model, absent) {
			t.Fatalf("Prove(%q) = %v", absent, ok)
		}
	})
}

func FuzzProof(f *testing.F) {
	m := bigMap(64)
	key, v, _ := m.Min()
	p, _ := m.Prove(key)
	flat := func(p merkle.Proof) (bits, siblings []byte) {
		for i := range p.Bits {
			bits = append(bits, byte(p.Bits[i]>>8), byte(p.Bits[i]))
			siblings = append(siblings, p.Siblings[i][:]...)
		}
		return
	}
	bits, siblings := flat(p)
	leaf := digestOf(v)
	f.Add(key, leaf[:], bits, siblings)
	f.Add("", []byte{}, []byte{}, []byte{})
	f.Fuzz(func(t *testing.T, k string, leafBytes, bits, siblings []byte) {
		var q merkle.Proof
		for i := 0; i+1 < len(bits); i += 2 {
			q.Bits = append(q.Bits, uint32(bits[i])<<8|uint32(bits[i+1]))
		}
		for i := 0; i+31 < len(siblings); i += 32 {
			q.Siblings = append(q.Siblings, vaultnet.Digest(siblings[i:i+32]))
		}
		var l vaultnet.Digest
		copy(l[:], leafBytes)
		if q.Verify(m.Digest(), k, l) {
			held, ok := m.Get(k)
			if !ok || digestOf(held) != l {
				t.Fatalf("proved %q, which is not there", k)
			}
		}
	})
}
