package auth

import (
	"crypto/cipher"
	"io"

	"golang.org/x/crypto/chacha20poly1305"

	"vaultnet"
)

// newAEAD cannot fail: the key has its length.
func newAEAD(key [32]byte) cipher.AEAD {
	a, err := chacha20poly1305.NewX(key[:])
	if err != nil {
		panic(err)
	}
	return a
}

// seal gives a fresh random nonce and what it seals, bound to the address where it is going to lie.
func seal(random io.Reader, key [32]byte, at vaultnet.Address, plain []byte) ([]byte, error) {
	a := newAEAD(key)
	out := make([]byte, a.NonceSize(), a.NonceSize()+len(plain)+a.Overhead())
	if _, err := io.ReadFull(random, out); err != nil {
		return nil, err
	}
	return a.Seal(out, out, plain, at.Append(nil)), nil
}

// open is the reverse; false where it was not sealed with the key for the address.
func open(key [32]byte, at vaultnet.Address, sealed []byte) ([]byte, bool) {
	a := newAEAD(key)
	if len(sealed) < a.NonceSize()+a.Overhead() {
		return nil, false
	}
	plain, err := a.Open(nil, sealed[:a.NonceSize()], sealed[a.NonceSize():], at.Append(nil))
	return plain, err == nil
}
