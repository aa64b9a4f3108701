package vaultnet

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// Name is the 32-byte name of a piece of data. An account's name is its owner's public key; a chunk's name is the
// SHA-256 of its content.
type Name [32]byte

// Tag tells objects of one name apart. It does not move the object in the DHT.
type Tag uint64

// Kind is the kind of thing an address leads to. Values are on the wire and append-only.
type Kind uint8

// The kinds of data a vault holds.
const (
	KindMutableData   Kind = 1 // held by data managers, by agreement
	KindAccount       Kind = 2 // held by client managers, by agreement
	KindImmutableData Kind = 3 // a chunk named by its content; no agreement
)

// String returns the kind's name as documentation writes it.
func (k Kind) String() string {
	switch k {
	case KindMutableData:
		return "MutableData"
	case KindAccount:
		return "Account"
	case KindImmutableData:
		return "ImmutableData"
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// Address leads to one object. It is comparable and usable as a map key.
type Address struct {
	Kind Kind
	Name Name
	Tag  Tag // 0 for accounts and chunks
}

// AddressSize is the length in bytes of an encoded address: kind, name, tag big endian.
const AddressSize = 1 + 32 + 8

// Append appends the address's fixed-length encoding ([AddressSize] bytes) to b.
func (a Address) Append(b []byte) []byte {
	b = append(b, byte(a.Kind))
	b = append(b, a.Name[:]...)
	return binary.BigEndian.AppendUint64(b, uint64(a.Tag))
}

// ParseAddress reads what [Address.Append] wrote. It reports false for a wrong length or an unknown kind.
func ParseAddress(b []byte) (Address, bool) {
	if len(b) != AddressSize || b[0] < byte(KindMutableData) || b[0] > byte(KindImmutableData) {
		return Address{}, false
	}
	return Address{Kind: Kind(b[0]), Name: Name(b[1:33]), Tag: Tag(binary.BigEndian.Uint64(b[33:]))}, true
}

// Compare orders addresses by kind, name, tag: the order in which every list of addresses is kept.
func (a Address) Compare(b Address) int {
	if a.Kind != b.Kind {
		return int(a.Kind) - int(b.Kind)
	}
	if c := bytes.Compare(a.Name[:], b.Name[:]); c != 0 {
		return c
	}
	switch {
	case a.Tag < b.Tag:
		return -1
	case a.Tag > b.Tag:
		return 1
	}
	return 0
}

// Location is where in the XOR space the object's close group gathers: SHA-256 of the name, which is what kad-dht
// computes for a record key.
func (a Address) Location() Location { return sha256.Sum256(a.Name[:]) }

// String is for people: kind, the name's first 4 bytes in hex, the tag.
func (a Address) String() string {
	return fmt.Sprintf("%v %s/%d", a.Kind, hex.EncodeToString(a.Name[:4]), uint64(a.Tag))
}

// Location is a point in the XOR space of the DHT.
type Location [32]byte

// AccountAddress is the address of the account of an owner.
func AccountAddress(owner PublicKey) Address { return Address{Kind: KindAccount, Name: Name(owner)} }

// ChunkAddress is the address of an immutable chunk with the given content.
func ChunkAddress(content []byte) Address {
	return Address{Kind: KindImmutableData, Name: sha256.Sum256(content)}
}
