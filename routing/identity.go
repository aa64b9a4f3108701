package routing

import (
	"crypto/ed25519"
	"fmt"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"

	"vaultnet"
)

// identity is the libp2p key of an RFC 8032 seed, and the public key that names it.
func identity(seed [32]byte) (crypto.PrivKey, vaultnet.PublicKey, error) {
	private := ed25519.NewKeyFromSeed(seed[:])
	k, err := crypto.UnmarshalEd25519PrivateKey(private)
	if err != nil {
		return nil, vaultnet.PublicKey{}, fmt.Errorf("routing: identity: %w", err)
	}
	return k, vaultnet.PublicKey(private.Public().(ed25519.PublicKey)), nil
}

// PeerID returns the libp2p peer ID of a vault or client. It fails for the key of nobody.
func PeerID(k vaultnet.PublicKey) (peer.ID, error) {
	if k.IsNobody() {
		return "", fmt.Errorf("routing: the key of nobody has no peer ID")
	}
	public, err := crypto.UnmarshalEd25519PublicKey(k[:])
	if err != nil {
		return "", fmt.Errorf("routing: key %s: %w", k.Short(), err)
	}
	id, err := peer.IDFromPublicKey(public)
	if err != nil {
		return "", fmt.Errorf("routing: key %s: %w", k.Short(), err)
	}
	return id, nil
}

// KeyOf returns the key within a peer ID. It fails for IDs of other kinds of key than Ed25519.
func KeyOf(id peer.ID) (vaultnet.PublicKey, error) {
	const prefix = "\x00\x24\x08\x01\x12\x20" // an identity multihash of 36 bytes over {Ed25519, 32 bytes}
	if len(id) != len(prefix)+len(vaultnet.PublicKey{}) || string(id[:len(prefix)]) != prefix {
		return vaultnet.PublicKey{}, fmt.Errorf("routing: peer ID %s does not hold an Ed25519 key", id)
	}
	return vaultnet.PublicKey([]byte(id[len(prefix):])), nil
}
