package vaultnet

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
)

// PublicKey is an Ed25519 public key: of a person, an app or a vault. The all-zero key means nobody.
type PublicKey [32]byte

// IsNobody reports whether k is the all-zero key. It is compared as bytes and never verified against.
func (k PublicKey) IsNobody() bool { return zero((*[32]byte)(&k)) }

// peerIDPrefix is what libp2p puts before an Ed25519 public key to form a peer ID: an identity multihash of 36 bytes
// over the protobuf {type: Ed25519, data: 32 bytes}.
var peerIDPrefix = [6]byte{0x00, 0x24, 0x08, 0x01, 0x12, 0x20}

// Location is where the vault with this identity stands in the XOR space: SHA-256 of its libp2p peer ID's bytes, as
// kad-dht's kbucket package computes it.
func (k PublicKey) Location() Location {
	var b [38]byte
	copy(b[:], peerIDPrefix[:])
	copy(b[6:], k[:])
	return sha256.Sum256(b[:])
}

// String is the whole key in lower-case hex.
func (k PublicKey) String() string { return hex.EncodeToString(k[:]) }

// Short is the first 4 bytes in hex, for people.
func (k PublicKey) Short() string { return hex.EncodeToString(k[:4]) }

// Signature is an Ed25519 signature.
type Signature [64]byte

// Digest is a SHA-256.
type Digest [32]byte

// IsZero reports whether d is all zero, which stands for "none" and, in a vote, for nil.
func (d Digest) IsZero() bool { return zero((*[32]byte)(&d)) }

// zero reports whether all bytes are: asked so often that a comparison with another array costs too much.
func zero(b *[32]byte) bool {
	return binary.LittleEndian.Uint64(b[:8])|binary.LittleEndian.Uint64(b[8:16])|
		binary.LittleEndian.Uint64(b[16:24])|binary.LittleEndian.Uint64(b[24:]) == 0
}

// String is the first 4 bytes in hex, for people.
func (d Digest) String() string { return hex.EncodeToString(d[:4]) }

// Nonce makes two otherwise equal requests distinct.
type Nonce [16]byte

// Verifier checks signatures: cofactored, canonical encodings only, small-order keys refused (ZIP 215 without small
// order). Every verification of the protocol goes through one implementation, or replicas could disagree on what is
// valid. Implementations are safe for concurrent use.
type Verifier interface {
	// Verify reports whether sig is key's signature of message.
	Verify(key PublicKey, message []byte, sig Signature) bool
	// ValidKey reports whether key may be named as an owner, user, grant or signer: a canonical point that is not of
	// small order. The all-zero key is not valid.
	ValidKey(key PublicKey) bool
}

// Signed is a message with its signature.
type Signed struct {
	Key       PublicKey
	Message   []byte
	Signature Signature
}

// Foreseer is a [Verifier] that many signatures cost less together.
type Foreseer interface {
	Verifier
	// Foresee names signatures that Verify will be asked of next. It may check them together; what Verify says of each
	// is as if it had not been called.
	Foresee(all []Signed)
}

// Signer signs with one key.
type Signer interface {
	Public() PublicKey
	Sign(message []byte) Signature
}
