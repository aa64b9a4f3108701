package signature_test

import (
	"encoding/binary"
	"testing"

	"vaultnet"
	"vaultnet/internal/signature"
)

// The last vector of the reference implementation (github.com/veorq/SipHash, vectors_sip128): key 00…0f, message 00…3e.
func TestSipHashVector(t *testing.T) {
	var key [16]byte
	var message [63]byte
	for i := range key {
		key[i] = byte(i)
	}
	for i := range message {
		message[i] = byte(i)
	}
	k0, k1 := binary.LittleEndian.Uint64(key[:]), binary.LittleEndian.Uint64(key[8:])
	prefix := vaultnet.PublicKey(message[:32])
	a, b := signature.SipHash(k0, k1, &prefix, message[32:])
	got := binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, a), b)
	if want := unhex(t, "5150d1772f50834a503e069a973fbd7c"); string(got) != string(want) {
		t.Errorf("%x, want %x", got, want)
	}
}

func TestRegistry(t *testing.T) {
	r := signature.NewRegistry(1)
	k, other := r.Signer(seed(1)), r.Signer(seed(2))
	sig := k.Sign([]byte("message"))
	if !r.Verify(k.Public(), []byte("message"), sig) {
		t.Fatal("good signature refused")
	}
	if r.Verify(k.Public(), []byte("massage"), sig) || r.Verify(other.Public(), []byte("message"), sig) {
		t.Fatal("good for something else")
	}
	for bit := range 512 {
		bad := sig
		bad[bit/8] ^= 1 << (bit % 8)
		if r.Verify(k.Public(), []byte("message"), bad) {
			t.Fatalf("good with bit %d flipped", bit)
		}
	}
	if signature.NewRegistry(2).Verify(k.Public(), []byte("message"), sig) {
		t.Fatal("good in another registry")
	}
	if again := signature.NewRegistry(1).Signer(seed(1)); again.Public() != k.Public() || again.Sign([]byte("message")) != sig {
		t.Fatal("not deterministic")
	}
}

// Not even a signature that the registry itself would make is good for a key that must not sign.
func TestTheRegistryRefusesSmallOrderSigners(t *testing.T) {
	r := signature.NewRegistry(1)
	if k := (vaultnet.PublicKey{5}); !r.Verify(k, []byte("m"), r.SignAs(k, []byte("m"))) {
		t.Fatal("refuses any key")
	}
	for _, enc := range smallOrderEncodings {
		key := vaultnet.PublicKey(unhex(t, enc))
		if r.Verify(key, []byte("m"), r.SignAs(key, []byte("m"))) {
			t.Errorf("key %s signed", enc)
		}
	}
}

func BenchmarkRegistry(b *testing.B) {
	r := signature.NewRegistry(1)
	k := r.Signer(seed(1))
	message := vaultnet.TurnMessage(vaultnet.NetworkID{}, vaultnet.Digest{})
	sig, public := k.Sign(message), k.Public()
	b.Run("sign", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			k.Sign(message)
		}
	})
	b.Run("verify", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			r.Verify(public, message, sig)
		}
	})
}
