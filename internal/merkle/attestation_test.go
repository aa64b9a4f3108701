package merkle_test

import (
	"crypto/ed25519"
	"fmt"
	"testing"

	"vaultnet"
	"vaultnet/internal/merkle"
)

// stdKey signs and verifies with the standard library, which serves where only honest keys appear.
type stdKey struct{ private ed25519.PrivateKey }

func newStdKey(seed byte) stdKey {
	var s [32]byte
	s[0] = seed
	return stdKey{ed25519.NewKeyFromSeed(s[:])}
}

func (k stdKey) Public() vaultnet.PublicKey { return vaultnet.PublicKey(k.private[32:]) }
func (k stdKey) Sign(m []byte) vaultnet.Signature {
	return vaultnet.Signature(ed25519.Sign(k.private, m))
}

type stdVerifier struct{ calls *int }

func (v stdVerifier) Verify(key vaultnet.PublicKey, m []byte, sig vaultnet.Signature) bool {
	*v.calls++
	return ed25519.Verify(key[:], m, sig[:])
}
func (v stdVerifier) ValidKey(vaultnet.PublicKey) bool { return true }

func sizeName(n int) string { return fmt.Sprintf("n=%d", n) }

func TestAttestationCoversSignerNetworkAndLeaf(t *testing.T) {
	network := vaultnet.NetworkID{1}
	calls := 0
	v := stdVerifier{&calls}
	all := leaves(9)
	stated := merkle.Attest(network, newStdKey(1), all)
	for i := range all {
		if !stated[i].Verify(network, all[i], v) {
			t.Fatalf("leaf %d refused", i)
		}
		if stated[i].Verify(vaultnet.NetworkID{2}, all[i], v) {
			t.Fatal("good in another network")
		}
		if stated[i].Verify(network, all[(i+1)%9], v) {
			t.Fatal("good for another leaf")
		}
		other := stated[i]
		other.Signer = newStdKey(2).Public()
		if other.Verify(network, all[i], v) {
			t.Fatal("good for another signer")
		}
	}
	calls = 0
	short := stated[0]
	short.Path.Siblings = nil
	if short.Verify(network, all[0], v) || calls != 0 {
		t.Fatal("an impossible path reached the verifier")
	}
	if merkle.Attest(network, newStdKey(1), nil) != nil {
		t.Fatal("nothing stated, yet something signed")
	}
}
