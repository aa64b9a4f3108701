package vaultnet_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"testing"

	"vaultnet"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// kad-dht places a peer at SHA-256 of its ID's bytes (kbucket.ConvertPeerID), and the ID of an Ed25519 key is the
// identity multihash (code 00, length 24 hex) of the protobuf {Type: Ed25519 (08 01), Data: (12 20) key}.
func TestAVaultStandsWhereKadDHTPutsIt(t *testing.T) {
	var key vaultnet.PublicKey
	for i := range key {
		key[i] = byte(i)
	}
	peerID := append(unhex(t, "002408011220"), key[:]...)
	if len(peerID) != 38 {
		t.Fatalf("peer ID of %d bytes", len(peerID))
	}
	if got := key.Location(); got != sha256.Sum256(peerID) {
		t.Errorf("location %x, want the hash of the peer ID", got)
	}
	if got := key.Location(); hex.EncodeToString(got[:]) != "3850f1dedc79dcb027d80793d2a732dbb2cbd4d149ea0e4be5ceb97b1596ce75" {
		t.Errorf("location %x", got)
	}
}

// kbucket.ConvertKey hashes a record key.
func TestAnObjectIsHeldWhereKadDHTPutsItsName(t *testing.T) {
	a := vaultnet.Address{Kind: vaultnet.KindMutableData, Tag: 7}
	if got := a.Location(); hex.EncodeToString(got[:]) != "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925" {
		t.Errorf("location %x", got)
	}
	for _, b := range []vaultnet.Address{{Kind: vaultnet.KindMutableData}, {Kind: vaultnet.KindAccount, Tag: 7}} {
		if b.Location() != a.Location() {
			t.Errorf("%v lies elsewhere: tag or kind moved it", b)
		}
	}
}

func TestNobody(t *testing.T) {
	if !(vaultnet.PublicKey{}).IsNobody() || (vaultnet.PublicKey{31: 1}).IsNobody() {
		t.Error("nobody is the all-zero key and no other")
	}
	if !(vaultnet.Digest{}).IsZero() || (vaultnet.Digest{31: 1}).IsZero() {
		t.Error("zero is zero")
	}
}

func ExamplePublicKey_Location() {
	key := vaultnet.PublicKey{0xab, 0xcd}
	l := key.Location()
	fmt.Printf("vault %s stands at %x…\n", key.Short(), l[:4])
	// Output: vault abcd0000 stands at 42d4b50e…
}

// All 14 encodings of the points whose order divides 8, and neighbours that are none.
func TestSmallOrder(t *testing.T) {
	for _, enc := range []string{
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	} {
		k := vaultnet.PublicKey(unhex(t, enc))
		for range 2 {
			if !k.SmallOrder() {
				t.Errorf("%x is of small order", k)
			}
			k[31] ^= 0x80
		}
		if k[5] ^= 2; k.SmallOrder() {
			t.Errorf("%x is not", k)
		}
	}
}
