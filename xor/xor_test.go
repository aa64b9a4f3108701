package xor_test

import (
	"fmt"
	"math/big"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"vaultnet"
	"vaultnet/xor"
)

// distance is the definition: XOR, read as a big-endian number.
func distance(a, b vaultnet.Location) *big.Int {
	for i := range a {
		a[i] ^= b[i]
	}
	return new(big.Int).SetBytes(a[:])
}

var locations = rapid.Custom(func(t *rapid.T) (l vaultnet.Location) {
	// Few distinct bytes at the front, so that prefixes are shared.
	l[0] = rapid.SampledFrom([]byte{0, 1, 0x80, 0xff}).Draw(t, "first")
	l[1] = rapid.Byte().Draw(t, "second")
	l[31] = rapid.Byte().Draw(t, "last")
	return l
})

func TestCompareIsByDistance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		target, a, b := locations.Draw(t, "target"), locations.Draw(t, "a"), locations.Draw(t, "b")
		want := distance(target, a).Cmp(distance(target, b))
		if got := xor.Compare(target, a, b); (got < 0) != (want < 0) || (got == 0) != (want == 0) {
			t.Fatalf("Compare = %d, want %d", got, want)
		}
	})
}

func keys(n, from int) []vaultnet.PublicKey {
	all := make([]vaultnet.PublicKey, n)
	for i := range all {
		all[i] = vaultnet.PublicKey{byte(from + i), byte((from + i) >> 8)}
	}
	return all
}

func TestNearest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		vaults := keys(rapid.IntRange(0, 40).Draw(t, "vaults"), rapid.IntRange(0, 1000).Draw(t, "from"))
		target := locations.Draw(t, "target")
		n := rapid.IntRange(0, 12).Draw(t, "n")
		before := slices.Clone(vaults)
		got := xor.Nearest(target, vaults, n)
		if !slices.Equal(vaults, before) {
			t.Fatal("the input was reordered")
		}
		slices.SortFunc(before, func(a, b vaultnet.PublicKey) int {
			return distance(target, a.Location()).Cmp(distance(target, b.Location()))
		})
		if want := before[:min(n, len(before))]; !slices.Equal(got, want) {
			t.Fatalf("%v, want %v", got, want)
		}
		for i := 1; i < len(got); i++ {
			if !xor.Nearer(target, got[i-1], got[i]) || xor.Nearer(target, got[i], got[i-1]) {
				t.Fatal("not nearest first")
			}
		}
		shuffled := rapid.Permutation(vaults).Draw(t, "order")
		if !slices.Equal(xor.Nearest(target, shuffled, n), got) {
			t.Fatal("the order of the input counts")
		}
	})
}

func TestNobodyIsNearerThanItself(t *testing.T) {
	for _, k := range keys(10, 0) {
		if xor.Nearer(k.Location(), k, k) || xor.Compare(k.Location(), k.Location(), k.Location()) != 0 {
			t.Fatal("nearer than itself")
		}
		if all := xor.Nearest(k.Location(), keys(10, 0), 1); all[0] != k {
			t.Fatal("not nearest to itself")
		}
	}
}

func ExampleNearest() {
	vaults := []vaultnet.PublicKey{{1}, {2}, {3}, {4}, {5}}
	object := vaultnet.Address{Kind: vaultnet.KindMutableData, Name: vaultnet.Name{0xaa}}
	for _, v := range xor.Nearest(object.Location(), vaults, 2) {
		fmt.Println(v.Short())
	}
	// Output:
	// 03000000
	// 05000000
}

func BenchmarkNearest(b *testing.B) {
	for _, n := range []int{16, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			vaults := keys(n, 0)
			for b.Loop() {
				xor.Nearest(vaultnet.Location{1}, vaults, 8)
			}
		})
	}
}

func TestShared(t *testing.T) {
	a := vaultnet.Location{0x80, 31: 1}
	for want, b := range map[int]vaultnet.Location{256: a, 0: {31: 1}, 1: {0xc0, 31: 1}, 255: {0x80}, 9: {0x80, 0x40, 31: 1}} {
		if n := xor.Shared(&a, &b); n != want {
			t.Errorf("%d bits shared, want %d", n, want)
		}
	}
}
