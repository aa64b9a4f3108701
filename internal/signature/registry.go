package signature

import (
	"crypto/sha256"
	"encoding/binary"

	"vaultnet"
)

// Registry stands in for Ed25519 in simulations: a signature is a hash, under the registry's secret, of the public key
// and the message. Within one program it counts as unforgeable: only the [vaultnet.Signer] of a key makes that key's
// signatures. It implements [vaultnet.Verifier], keeps nothing and is safe for concurrent use.
type Registry struct{ k0, k1 uint64 }

// NewRegistry returns the registry of seed. Two with one seed are alike.
func NewRegistry(seed uint64) *Registry {
	h := sha256.Sum256(binary.BigEndian.AppendUint64([]byte("vaultnet registry"), seed))
	return &Registry{binary.LittleEndian.Uint64(h[:]), binary.LittleEndian.Uint64(h[8:])}
}

// Signer returns the key of seed. Its public half is not on the curve and means nothing outside a registry; it is the
// same in every registry.
func (r *Registry) Signer(seed [32]byte) vaultnet.Signer {
	return &registered{r, sha256.Sum256(append([]byte("vaultnet registered key"), seed[:]...))}
}

// Verify reports whether sig is key's signature of message.
func (r *Registry) Verify(key vaultnet.PublicKey, message []byte, sig vaultnet.Signature) bool {
	return r.ValidKey(key) && sig == r.sign(&key, message)
}

// ValidKey refuses, as the real verifier does, every encoding of a point of small order. Any other key may be named.
func (r *Registry) ValidKey(key vaultnet.PublicKey) bool { return !key.SmallOrder() }

func (r *Registry) sign(key *vaultnet.PublicKey, message []byte) (sig vaultnet.Signature) {
	a, b := sipHash(r.k0, r.k1, key, message)
	binary.LittleEndian.PutUint64(sig[:], a)
	binary.LittleEndian.PutUint64(sig[8:], b)
	return sig
}

type registered struct {
	registry *Registry
	public   vaultnet.PublicKey
}

func (k *registered) Public() vaultnet.PublicKey { return k.public }

func (k *registered) Sign(message []byte) vaultnet.Signature {
	return k.registry.sign(&k.public, message)
}
