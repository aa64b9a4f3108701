package mutabledata

import (
	"vaultnet"
	"vaultnet/internal/canonical"
	"vaultnet/refusal"
)

// MaxAnswer is the greatest length of an answer to a query, in bytes.
const MaxAnswer = vaultnet.MaxSize + 1024

// Shell is an object without its entries.
type Shell struct {
	_           struct{} `cbor:",toarray"`
	Owner       vaultnet.PublicKey
	Version     Version
	Permissions []Permission // in order of users
	Floor       Version      // see [Object.Floor]
	Entries     int          // how many there are
	Size        int64        // of the whole object, bytes
}

// The canonical encoding of an object as the codec sees it.
type encodedObject struct {
	_           struct{} `cbor:",toarray"`
	Owner       vaultnet.PublicKey
	Version     Version
	Permissions []Permission
	Entries     []Entry
}

type objectAnswer struct {
	_      struct{} `cbor:",toarray"`
	Object encodedObject
	Floor  Version
}

// Decode reads the answer: the object as it was, digest included. Every Decode refuses, as InvalidRequest or with the
// limit that is broken, what no honest vault answers; nothing decoded refers to answer.
func (GetObject) Decode(answer []byte) (*Object, error) {
	var a objectAnswer
	if err := canonical.Unmarshal(answer, &a, MaxAnswer); err != nil {
		return nil, err
	}
	return assemble(a.Object.Owner, a.Object.Version, a.Floor, a.Object.Permissions, a.Object.Entries)
}

// Decode reads the answer.
func (GetShell) Decode(answer []byte) (Shell, error) {
	var s Shell
	if err := canonical.Unmarshal(answer, &s, MaxAnswer); err != nil {
		return Shell{}, err
	}
	if s.Entries < 0 || s.Entries > vaultnet.MaxEntries || s.Size < 0 || s.Size > vaultnet.MaxSize {
		return Shell{}, refusal.Invalid("shell: %d entries, %d bytes", s.Entries, s.Size)
	}
	if err := validPermissions(s.Permissions); err != nil {
		return Shell{}, err
	}
	return s, nil
}

// Decode reads the answer.
func (GetVersion) Decode(answer []byte) (Version, error) {
	var v Version
	err := canonical.Unmarshal(answer, &v, MaxAnswer)
	return v, err
}

// Decode reads the answer: entries in order of their keys.
func (GetEntries) Decode(answer []byte) ([]Entry, error) {
	var es []Entry
	if err := canonical.Unmarshal(answer, &es, MaxAnswer); err != nil {
		return nil, err
	}
	if len(es) > vaultnet.MaxEntries {
		return nil, tooManyEntries(vaultnet.MaxEntries)
	}
	if err := validEntries(es); err != nil {
		return nil, err
	}
	return es, nil
}

// Decode reads the answer: keys in order.
func (GetKeys) Decode(answer []byte) ([]Key, error) {
	var ks []Key
	if err := canonical.Unmarshal(answer, &ks, MaxAnswer); err != nil {
		return nil, err
	}
	if len(ks) > vaultnet.MaxEntries {
		return nil, tooManyEntries(vaultnet.MaxEntries)
	}
	if err := validKeys(ks); err != nil {
		return nil, err
	}
	return ks, nil
}

// Decode reads the answer: values in order of their keys.
func (GetValues) Decode(answer []byte) ([]Value, error) {
	var vs []Value
	if err := canonical.Unmarshal(answer, &vs, MaxAnswer); err != nil {
		return nil, err
	}
	if len(vs) > vaultnet.MaxEntries {
		return nil, tooManyEntries(vaultnet.MaxEntries)
	}
	return vs, nil
}

// Decode reads the answer.
func (GetValue) Decode(answer []byte) (Value, error) {
	var v Value
	if err := canonical.Unmarshal(answer, &v, MaxAnswer); err != nil {
		return Value{}, err
	}
	return v, nil
}

// Decode reads the answer to exactly this query: for each key its value, nil where absent.
func (q GetValuesOf) Decode(answer []byte) ([]*Value, error) {
	var found [][]Value
	if err := canonical.Unmarshal(answer, &found, MaxAnswer); err != nil {
		return nil, err
	}
	if len(found) != len(q.Keys) {
		return nil, refusal.Invalid("answer: %d values for %d keys", len(found), len(q.Keys))
	}
	vs := make([]*Value, len(found))
	for i, f := range found {
		switch len(f) {
		case 0:
		case 1:
			vs[i] = &f[0]
		default:
			return nil, refusal.Invalid("answer: %d values for one key", len(f))
		}
	}
	return vs, nil
}

// Decode reads the answer: permissions in order of users.
func (GetPermissions) Decode(answer []byte) ([]Permission, error) {
	var ps []Permission
	if err := canonical.Unmarshal(answer, &ps, MaxAnswer); err != nil {
		return nil, err
	}
	if err := validPermissions(ps); err != nil {
		return nil, err
	}
	return ps, nil
}

// Decode reads the answer.
func (GetUserPermissions) Decode(answer []byte) (PermissionSet, error) {
	var s PermissionSet
	if err := canonical.Unmarshal(answer, &s, MaxAnswer); err != nil {
		return 0, err
	}
	if !s.Valid() {
		return 0, refusal.Invalid("permission set %#x", uint8(s))
	}
	return s, nil
}
