package mutabledata

import (
	"vaultnet"
	"vaultnet/internal/canonical"
)

// Size is the length in bytes of the object's canonical encoding (see the package comment), at most
// [vaultnet.MaxSize]; 0 for a nil object. It is kept while the object changes: nothing is encoded.
func (o *Object) Size() int64 {
	if o == nil {
		return 0
	}
	return size(o.version, o.permissions.Len(), o.entries.Len(), o.bytes)
}

// size is that of an object with so many permissions and entries, whose encodings are so many bytes together.
func size(version Version, permissions, entries int, bytes int64) int64 {
	heads := 1 + // the array of four
		headed(len(vaultnet.PublicKey{})) +
		canonical.HeadSize(uint64(version)) +
		canonical.HeadSize(uint64(permissions)) +
		canonical.HeadSize(uint64(entries))
	return int64(heads) + bytes
}

// entrySize is the length of [key, [content, version]].
func entrySize(k Key, v Value) int64 {
	return int64(1 + headed(len(k)) + 1 + headed(len(v.Content)) + canonical.HeadSize(uint64(v.Version)))
}

// permissionSize is the length of [user, set].
func permissionSize(u User, s PermissionSet) int64 {
	return int64(1 + headed(len(u)) + canonical.HeadSize(uint64(s)))
}

// headed is the length of a byte string of n bytes with its head.
func headed(n int) int { return canonical.HeadSize(uint64(n)) + n }

// appendObject appends the canonical encoding of o, [Object.Size] bytes.
func appendObject(b []byte, o *Object) []byte {
	b = canonical.AppendArray(b, 4)
	b = canonical.AppendBytes(b, o.owner[:])
	b = canonical.AppendUint(b, uint64(o.version))
	b = appendPermissions(b, o)
	return appendEntries(b, o)
}

func appendPermissions(b []byte, o *Object) []byte {
	b = canonical.AppendArray(b, o.permissions.Len())
	for u, s := range o.permissions.All() {
		b = canonical.AppendArray(b, 2)
		b = canonical.AppendBytes(b, u)
		b = canonical.AppendUint(b, uint64(s))
	}
	return b
}

func appendEntries(b []byte, o *Object) []byte {
	b = canonical.AppendArray(b, o.entries.Len())
	for k, v := range o.entries.All() {
		b = canonical.AppendArray(b, 2)
		b = canonical.AppendBytes(b, k)
		b = appendValue(b, v)
	}
	return b
}

func appendValue(b []byte, v Value) []byte {
	b = canonical.AppendArray(b, 2)
	b = canonical.AppendBytes(b, v.Content)
	return canonical.AppendUint(b, uint64(v.Version))
}
