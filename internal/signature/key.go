package signature

import (
	"fmt"
	"io"

	"github.com/oasisprotocol/curve25519-voi/primitives/ed25519"

	"vaultnet"
)

// Key is a private Ed25519 key. It implements [vaultnet.Signer]; printed, it shows its public half. Safe for concurrent
// use.
type Key struct {
	private ed25519.PrivateKey
	public  vaultnet.PublicKey
}

// NewKey returns the key that RFC 8032 derives from seed.
func NewKey(seed [32]byte) *Key {
	private := ed25519.NewKeyFromSeed(seed[:])
	return &Key{private, vaultnet.PublicKey(private[32:])}
}

// Public is the public half.
func (k *Key) Public() vaultnet.PublicKey { return k.public }

// Sign signs message as RFC 8032 says, always alike.
func (k *Key) Sign(message []byte) vaultnet.Signature {
	return vaultnet.Signature(ed25519.Sign(k.private, message))
}

// Format writes the public half in hex, whatever the verb: no print shows the private one.
func (k Key) Format(s fmt.State, _ rune) { io.WriteString(s, k.public.String()) }
