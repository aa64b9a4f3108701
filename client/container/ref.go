package container

import (
	"encoding/hex"

	"vaultnet/internal/base64url"
	"vaultnet/internal/canonical"
)

// ID names a container: random, and so are the addresses that follow from it.
type ID [32]byte

// String is the id's first 4 bytes in hex, for people.
func (id ID) String() string { return hex.EncodeToString(id[:4]) }

// Key opens a private container. The zero key is none: the container is public.
type Key [32]byte

// String says only whether there is a key.
func (k Key) String() string {
	if k == (Key{}) {
		return "none"
	}
	return "secret"
}

// GoString is String.
func (k Key) GoString() string { return k.String() }

// Ref leads to a container and opens it. Who has it reads everything in a private container; who may change it is the
// network's to say.
type Ref struct {
	ID   ID
	Key  Key
	Flat bool // names are full paths and directories implied (RFC 46); else each directory is a container
}

// Private reports whether names and values are sealed.
func (r Ref) Private() bool { return r.Key != Key{} }

// String is for people and logs: it does not tell the key.
func (r Ref) String() string { return "container " + r.ID.String() }

// Secret is the whole reference as text, key included, which [ParseRef] reads: as secret as what the container holds.
func (r Ref) Secret() string { return base64url.Encode(canonical.Marshal(&r)) }

// ParseRef reads what [Ref.Secret] gives.
func ParseRef(s string) (Ref, error) {
	var r Ref
	b, err := base64url.Decode(s)
	if err != nil || canonical.Unmarshal(b, &r, 128) != nil {
		return Ref{}, invalid("parse", "container reference", "it is not one, or only a part of one")
	}
	return r, nil
}
