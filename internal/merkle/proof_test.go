package merkle_test

import (
	"crypto/sha256"
	"encoding/binary"
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

// Roots that no map has, made by hand: bits that do not fall towards the root, or lie beyond the key.
func TestProofsOfImpossibleShape(t *testing.T) {
	key, leaf, other := "k", digestOf(1), digestOf(2)
	entry := sha256.Sum256(slices.Concat([]byte{0, 0, 0, 0, 1}, []byte(key), leaf[:]))
	climb := func(bits ...uint32) (vaultnet.Digest, merkle.Proof) {
		node, p := vaultnet.Digest(entry), merkle.Proof{}
		for _, bit := range bits {
			left, right := node, other
			if bit == 0 || bit == 2 || bit == 3 || bit == 5 || bit == 7 || bit == 8 { // ones of 'k' = 01101011, and its presence
				left, right = other, node
			}
			node = sha256.Sum256(slices.Concat([]byte{1}, binary.BigEndian.AppendUint32(nil, bit), left[:], right[:]))
			p.Bits, p.Siblings = append(p.Bits, bit), append(p.Siblings, other)
		}
		return node, p
	}
	for _, c := range []struct {
		bits []uint32
		want bool
	}{
		{nil, true},
		{[]uint32{9}, true}, // the other key goes on where this one ends
		{[]uint32{9, 8, 4, 1, 0}, true},
		{[]uint32{10}, false},
		{[]uint32{1 << 31}, false},
		{[]uint32{4, 4}, false},
		{[]uint32{1, 4}, false},
		{[]uint32{9, 1, 4}, false},
	} {
		root, p := climb(c.bits...)
		if p.Verify(root, key, leaf) != c.want {
			t.Errorf("bits %v: %v, want %v", c.bits, !c.want, c.want)
		}
	}
}
