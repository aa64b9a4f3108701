package mutabledata

import (
	"iter"

	"vaultnet"
	"vaultnet/internal/merkle"
)

// Object is a MutableData as it is at one height: owner, permissions and version (its shell), entries, Floor. It is
// immutable; [Object.Apply] gives the next one, which shares what did not change. A nil *Object is an address that holds
// nothing.
type Object struct {
	owner       vaultnet.PublicKey
	version     Version
	floor       Version
	permissions merkle.Map[PermissionSet] // by User
	entries     merkle.Map[Value]         // by Key
	bytes       int64                     // encoded length of all permissions and entries together
}

// Owner is the owner's key; all zero: nobody.
func (o *Object) Owner() vaultnet.PublicKey {
	if o == nil {
		return vaultnet.PublicKey{}
	}
	return o.owner
}

// Version is the shell's: 0 at first, +1 with every change of owner or permissions.
func (o *Object) Version() Version {
	if o == nil {
		return 0
	}
	return o.version
}

// Floor is the lowest version that a newly inserted entry may get: one more than the greatest version that a delete has
// named. So a key never has one version twice.
func (o *Object) Floor() Version {
	if o == nil {
		return 0
	}
	return o.floor
}

// Len is the number of entries, at most [vaultnet.MaxEntries].
func (o *Object) Len() int {
	if o == nil {
		return 0
	}
	return o.entries.Len()
}

// Entry returns the value under a key.
func (o *Object) Entry(k Key) (Value, bool) {
	if o == nil {
		return Value{}, false
	}
	return o.entries.Get(string(k))
}

// Entries goes through the entries in order of their keys.
func (o *Object) Entries() iter.Seq2[Key, Value] {
	return func(yield func(Key, Value) bool) {
		if o == nil {
			return
		}
		for k, v := range o.entries.All() {
			if !yield(Key(k), v) {
				return
			}
		}
	}
}

// UserPermissions returns the set of a user.
func (o *Object) UserPermissions(u User) (PermissionSet, bool) {
	if o == nil {
		return 0, false
	}
	return o.permissions.Get(string(u))
}

// Permissions goes through the users that have a set, in order: Anyone first, then by key.
func (o *Object) Permissions() iter.Seq2[User, PermissionSet] {
	return func(yield func(User, PermissionSet) bool) {
		if o == nil {
			return
		}
		for u, s := range o.permissions.All() {
			if !yield(User(u), s) {
				return
			}
		}
	}
}

// build makes an object from lists in strictly ascending order; false where they are not.
func build(owner vaultnet.PublicKey, version, floor Version, ps []Permission, es []Entry) (*Object, bool) {
	o := &Object{owner: owner, version: version, floor: floor}
	sets := make([]merkle.Entry[PermissionSet], len(ps))
	for i, p := range ps {
		sets[i] = merkle.Entry[PermissionSet]{Key: string(p.User), Value: p.Set, Leaf: p.Set.digest()}
		o.bytes += permissionSize(p.User, p.Set)
	}
	values := make([]merkle.Entry[Value], len(es))
	for i, e := range es {
		values[i] = merkle.Entry[Value]{Key: string(e.Key), Value: e.Value, Leaf: e.Value.digest()}
		o.bytes += entrySize(e.Key, e.Value)
	}
	var okSets, okValues bool
	o.permissions, okSets = merkle.Build(sets)
	o.entries, okValues = merkle.Build(values)
	return o, okSets && okValues
}
