// Package sealed is how clients encrypt: XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03), with a nonce drawn anew for all
// that is sealed and put before it. What is sealed is bound to a context, and opens in no other.
//
//	b := sealed.NewBox(key)
//	s, err := b.Seal(rand.Reader, plain, context) // len(plain) + sealed.Overhead bytes
//	plain, ok := b.Open(nil, s, context)
package sealed

import (
	"crypto/cipher"
	"io"

	"golang.org/x/crypto/chacha20poly1305"
)

// Overhead is by how many bytes what is sealed is longer than what was.
const Overhead = chacha20poly1305.NonceSizeX + chacha20poly1305.Overhead

// Box seals and opens with one key. It is safe for concurrent use.
type Box struct{ aead cipher.AEAD }

// NewBox returns the box of a key of 32 bytes.
func NewBox(key [32]byte) *Box {
	a, err := chacha20poly1305.NewX(key[:])
	if err != nil {
		panic(err) // it cannot be: the key has its length
	}
	return &Box{a}
}

// Seal encrypts plain, with a nonce from random, whose error it returns.
func (b *Box) Seal(random io.Reader, plain, context []byte) ([]byte, error) {
	out := make([]byte, chacha20poly1305.NonceSizeX, len(plain)+Overhead)
	if _, err := io.ReadFull(random, out); err != nil {
		return nil, err
	}
	return b.aead.Seal(out, out, plain, context), nil
}

// Open appends what was sealed to out; false where it was not sealed with this key for this context.
func (b *Box) Open(out, sealed, context []byte) ([]byte, bool) {
	if len(sealed) < Overhead {
		return nil, false
	}
	plain, err := b.aead.Open(out, sealed[:chacha20poly1305.NonceSizeX], sealed[chacha20poly1305.NonceSizeX:], context)
	return plain, err == nil
}
