package mutabledata

import (
	"crypto/sha256"
	"encoding/binary"

	"vaultnet"
)

// What the digests of an object's parts begin with, so that none stands for another.
var (
	labelObject     = []byte("object")
	labelEntry      = []byte("entry")
	labelPermission = []byte("permission")
)

// Digest covers the whole object: shell, Floor and entries; zero for a nil object. It is
//
//	H("object", owner, version, root of the permissions, Floor, root of the entries)
//
// where H is [vaultnet.DomainObject], numbers are 8 bytes big endian, the roots are those of two merkle.Map over users
// and entry keys, zero where empty, and their leaves are H("permission", set) and H("entry", version, SHA-256(content)).
// The roots are kept while the object changes; a call hashes about 200 bytes.
func (o *Object) Digest() vaultnet.Digest {
	if o == nil {
		return vaultnet.Digest{}
	}
	version, floor := o.version.bytes(), o.floor.bytes()
	permissions, entries := o.permissions.Digest(), o.entries.Digest()
	return vaultnet.DomainObject.Hash(labelObject, o.owner[:], version[:], permissions[:], floor[:], entries[:])
}

func (v Value) digest() vaultnet.Digest {
	return v.Version.digest(sha256.Sum256(v.Content))
}

// digest is that of a value of this version, with content of the given digest.
func (v Version) digest(content vaultnet.Digest) vaultnet.Digest {
	version := v.bytes()
	return vaultnet.DomainObject.Hash(labelEntry, version[:], content[:])
}

// digest computes those of the contents, once for all objects that m is applied to: it may be held by several members.
func (m *MutateEntries) digest() {
	m.contents = make([]vaultnet.Digest, len(m.Actions))
	for i := range m.Actions {
		if a := &m.Actions[i]; a.Do == InsertEntry || a.Do == UpdateEntry {
			m.contents[i] = sha256.Sum256(a.Content)
		}
	}
}

// leaf is the digest of the value that action i makes.
func (m *MutateEntries) leaf(i int, v Value) vaultnet.Digest {
	if m.contents == nil {
		return v.digest()
	}
	return v.Version.digest(m.contents[i])
}

func (s PermissionSet) digest() vaultnet.Digest {
	return vaultnet.DomainObject.Hash(labelPermission, []byte{byte(s)})
}

func (v Version) bytes() (b [8]byte) {
	binary.BigEndian.PutUint64(b[:], uint64(v))
	return b
}
