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
func (r *Registry) ValidKey(key vaultnet.PublicKey) bool { return !smallOrder(key) }

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

// smallOrder reports whether key encodes, canonically or not, one of the eight points whose order divides the cofactor.
func smallOrder(key vaultnet.PublicKey) bool {
	key[31] &= 0x7f // the sign of x; both are of small order, or neither
	for i := range smallOrderY {
		if key == smallOrderY[i] {
			return true
		}
	}
	return false
}

// smallOrderY are the y coordinates of those points, little endian: orders 4, 1, 8, 8, 2, and the encodings of 0 and 1
// as p and p+1.
var smallOrderY = [...]vaultnet.PublicKey{
	{},
	{0: 1},
	{0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
		0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
	{0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
		0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
	nearP(0xec),
	nearP(0xed),
	nearP(0xee),
}

// nearP is 2^255 − 256 + low.
func nearP(low byte) (y vaultnet.PublicKey) {
	for i := range y {
		y[i] = 0xff
	}
	y[0], y[31] = low, 0x7f
	return y
}
