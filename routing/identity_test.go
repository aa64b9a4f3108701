package routing_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"testing"

	kbucket "github.com/libp2p/go-libp2p-kbucket"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"

	"vaultnet"
	"vaultnet/routing"
)

// The location of a vault and of a name is where kad-dht sees it (design §3).
func TestLocationIsThatOfKademlia(t *testing.T) {
	for i := range 100 {
		s := seed(i)
		key := vaultnet.PublicKey(ed25519.NewKeyFromSeed(s[:]).Public().(ed25519.PublicKey))
		id, err := routing.PeerID(key)
		if err != nil {
			t.Fatal(err)
		}
		if got := key.Location(); string(got[:]) != string(kbucket.ConvertPeerID(id)) {
			t.Fatalf("key %s is at %x, kbucket says %x", key.Short(), got, kbucket.ConvertPeerID(id))
		}
		if back, err := routing.KeyOf(id); err != nil || back != key {
			t.Fatalf("key of %s: %s, %v", id, back.Short(), err)
		}
		name := vaultnet.Name(key)
		if got := (vaultnet.Address{Name: name}).Location(); string(got[:]) != string(kbucket.ConvertKey(string(name[:]))) {
			t.Fatalf("name %x is at %x, kbucket says %x", name, got, kbucket.ConvertKey(string(name[:])))
		}
	}
}

// The identity of a seed is that of RFC 8032 (section 7.1, test 1), and of libp2p.
func TestIdentityOfASeed(t *testing.T) {
	var s [32]byte
	copy(s[:], "\x9d\x61\xb1\x9d\xef\xfd\x5a\x60\xba\x84\x4a\xf4\x92\xec\x2c\xc4\x44\x49\xc5\x69\x7b\x32\x69\x19\x70\x3b\xac\x03\x1c\xae\x7f\x60")
	n := start(t, routing.Config{Seed: s, Memory: routing.NewMemory()}, newRecorder())
	if got, want := n.Identity().String(), "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"; got != want {
		t.Errorf("identity %s, want %s", got, want)
	}
}

func TestKeysThatAreNone(t *testing.T) {
	if _, err := routing.PeerID(vaultnet.PublicKey{}); err == nil {
		t.Error("nobody has a peer ID")
	}
	private, _, err := crypto.GenerateRSAKeyPair(2048, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id, err := peer.IDFromPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []peer.ID{"", "x", id, peer.ID("\x00\x24\x08\x00\x12\x20" + string(make([]byte, 32)))} {
		if k, err := routing.KeyOf(id); err == nil {
			t.Errorf("the key of %q is %v", id, k)
		}
	}
}
