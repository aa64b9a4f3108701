package vaultnet_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"vaultnet"
)

var addresses = rapid.Custom(func(t *rapid.T) vaultnet.Address {
	return vaultnet.Address{
		Kind: vaultnet.Kind(rapid.IntRange(1, 3).Draw(t, "kind")),
		Name: vaultnet.Name{rapid.SampledFrom([]byte{0, 1, 255}).Draw(t, "first"), 31: rapid.Byte().Draw(t, "last")},
		Tag:  vaultnet.Tag(rapid.Uint64().Draw(t, "tag")),
	}
})

func TestAddressesReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, c := addresses.Draw(t, "a"), addresses.Draw(t, "c")
		b := a.Append([]byte("x"))
		if len(b) != 1+vaultnet.AddressSize || b[0] != 'x' {
			t.Fatalf("%d bytes appended", len(b)-1)
		}
		if back, ok := vaultnet.ParseAddress(b[1:]); !ok || back != a {
			t.Fatalf("read back %v", back)
		}
		if _, ok := vaultnet.ParseAddress(b); ok {
			t.Fatal("a byte too many")
		}
		if _, ok := vaultnet.ParseAddress(b[2:]); ok {
			t.Fatal("a byte too few")
		}
		// The order is that of the encodings, and equality is equality.
		if got, want := a.Compare(c), bytes.Compare(b[1:], c.Append(nil)); (got < 0) != (want < 0) || (got == 0) != (want == 0) {
			t.Fatalf("Compare = %d, encodings compare %d", got, want)
		}
	})
	for _, kind := range []byte{0, 4, 255} {
		b := make([]byte, vaultnet.AddressSize)
		b[0] = kind
		if _, ok := vaultnet.ParseAddress(b); ok {
			t.Errorf("kind %d read", kind)
		}
	}
	if _, ok := vaultnet.ParseAddress(nil); ok {
		t.Error("nothing read as an address")
	}
}

func FuzzParseAddress(f *testing.F) {
	f.Add(vaultnet.Address{Kind: 1, Tag: 2}.Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		if a, ok := vaultnet.ParseAddress(b); ok && !bytes.Equal(a.Append(nil), b) {
			t.Fatal("not the same again")
		}
	})
}

func TestNames(t *testing.T) {
	if s := vaultnet.Kind(9).String(); s != "Kind(9)" {
		t.Errorf("an unknown kind is %q", s)
	}
	owner := vaultnet.PublicKey{1, 2, 3}
	if a := vaultnet.AccountAddress(owner); a.Kind != vaultnet.KindAccount || a.Name != vaultnet.Name(owner) || a.Tag != 0 {
		t.Errorf("account at %v", a)
	}
}

func ExampleAddress() {
	all := []vaultnet.Address{
		vaultnet.ChunkAddress([]byte("content")),
		{Kind: vaultnet.KindMutableData, Name: vaultnet.Name{0xaa}, Tag: 15000},
		{Kind: vaultnet.KindMutableData, Name: vaultnet.Name{0xaa}, Tag: 1},
		vaultnet.AccountAddress(vaultnet.PublicKey{0xbb}),
	}
	slices.SortFunc(all, vaultnet.Address.Compare)
	for _, a := range all {
		fmt.Println(a)
	}
	// Output:
	// MutableData aa000000/1
	// MutableData aa000000/15000
	// Account bb000000/0
	// ImmutableData ed7002b4/0
}
