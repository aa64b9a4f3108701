package mutabledata

import (
	"cmp"
	"math"
	"slices"

	"vaultnet"
	"vaultnet/internal/canonical"
	"vaultnet/internal/merkle"
	"vaultnet/internal/writes"
	"vaultnet/refusal"
)

// First byte of a storage record's key. Stored and append-only.
const (
	recordShell      = 1 // alone → [owner, version]
	recordFloor      = 2 // alone → integer; always there
	recordPermission = 3 // ‖ user → integer: the set
	recordEntry      = 4 // ‖ entry key → [content, version]
)

type shellRecord struct {
	_       struct{} `cbor:",toarray"`
	Owner   vaultnet.PublicKey
	Version Version
}

// Records are all storage records of the object, in order of their keys, which are relative to the object: one record
// for the shell, one for Floor, one for each user that has permissions, one for each entry. None for a nil object.
func (o *Object) Records() []vaultnet.Write { return o.Diff(nil) }

// Diff is the storage records that turn old's into o's, in order of their keys.
func (o *Object) Diff(old *Object) []vaultnet.Write {
	var list writes.List
	o.PutDiff(old, &list)
	return list.Writes
}

// PutDiff puts what [Object.Diff] lists. Large values are given.
func (o *Object) PutDiff(old *Object, to *writes.List) {
	if o == old {
		return
	}
	var room [256]byte
	switch {
	case o == nil:
		to.Put(recordShell, nil, nil)
		to.Put(recordFloor, nil, nil)
		o = new(Object)
	default:
		if old == nil || o.owner != old.owner || o.version != old.version {
			to.Put(recordShell, nil, o.appendShell(room[:0]))
		}
		if old == nil || o.floor != old.floor {
			to.Put(recordFloor, nil, canonical.AppendUint(room[:0], uint64(o.floor)))
		}
	}
	if old == nil {
		old = new(Object)
	}
	merkle.Diff(old.permissions, o.permissions, func(u string, _, after *PermissionSet) {
		if after == nil {
			to.Put(recordPermission, []byte(u), nil)
		} else {
			to.Put(recordPermission, []byte(u), canonical.AppendUint(room[:0], uint64(*after)))
		}
	})
	merkle.Diff(old.entries, o.entries, func(k string, _, after *Value) {
		if after == nil {
			to.Put(recordEntry, []byte(k), nil)
		} else if n := entrySize("", *after); n <= int64(len(room)) {
			to.Put(recordEntry, []byte(k), appendValue(room[:0], *after))
		} else {
			to.Give(recordEntry, []byte(k), appendValue(make([]byte, 0, n), *after))
		}
	})
}

func (o *Object) appendShell(b []byte) []byte {
	b = canonical.AppendArray(b, 2)
	b = canonical.AppendBytes(b, o.owner[:])
	return canonical.AppendUint(b, uint64(o.version))
}

// Load makes the object whose [Object.Records] these are, in any order; nil for none. Records that no object within the
// limits has are refused as CorruptData: unknown, malformed, missing or double ones. That the object is the one that was
// agreed on is not known before its digest is compared. Nothing refers to the records afterwards.
func Load(records []vaultnet.Write) (*Object, error) {
	if len(records) == 0 {
		return nil, nil
	}
	var (
		shell       shellRecord
		floor       Version
		seen        [3]int
		permissions []Permission
		entries     = make([]Entry, 0, len(records))
	)
	for _, r := range records {
		if len(r.Key) == 0 {
			return nil, corrupt("record without a key")
		}
		kind, key := r.Key[0], string(r.Key[1:])
		var err error
		switch {
		case kind == recordShell && key == "":
			seen[kind]++
			err = canonical.Unmarshal(r.Value, &shell, 64)
		case kind == recordFloor && key == "":
			seen[kind]++
			err = canonical.Unmarshal(r.Value, &floor, 16)
		case kind == recordPermission:
			p := Permission{User: User(key)}
			err = canonical.Unmarshal(r.Value, &p.Set, 16)
			permissions = append(permissions, p)
		case kind == recordEntry:
			e := Entry{Key: Key(key)}
			e.Value, err = parseValue(r.Value)
			entries = append(entries, e)
		default:
			return nil, corrupt("unknown record")
		}
		if err != nil {
			return nil, corrupted(err)
		}
	}
	if seen[recordShell] != 1 || seen[recordFloor] != 1 {
		return nil, corrupt("shell or floor missing or twice")
	}
	slices.SortFunc(permissions, func(a, b Permission) int { return cmp.Compare(a.User, b.User) })
	slices.SortFunc(entries, func(a, b Entry) int { return cmp.Compare(a.Key, b.Key) })
	o, err := assemble(shell.Owner, shell.Version, floor, permissions, entries)
	if err != nil {
		return nil, corrupted(err)
	}
	return o, nil
}

// parseValue reads the record of an entry.
func parseValue(b []byte) (Value, error) {
	in := canonical.NewReader(b, vaultnet.MaxSize)
	in.Fields(2)
	v := Value{Content: slices.Clone(in.Bytes()), Version: Version(in.Uint(math.MaxUint64))}
	return v, in.End()
}

// assemble makes an object of lists in order, or says which rule of shape or limit they break.
func assemble(owner vaultnet.PublicKey, version, floor Version, ps []Permission, es []Entry) (*Object, error) {
	if err := validPermissions(ps); err != nil {
		return nil, err
	}
	if err := validEntries(es); err != nil {
		return nil, err
	}
	if len(es) > vaultnet.MaxEntries {
		return nil, tooManyEntries(vaultnet.MaxEntries)
	}
	o, ok := build(owner, version, floor, ps, es)
	if !ok {
		return nil, refusal.Invalid("permissions or entries out of order")
	}
	if n := o.Size(); n > vaultnet.MaxSize {
		return nil, refusal.TooLarge(n, vaultnet.MaxSize)
	}
	return o, nil
}

func corrupt(what string) error {
	return &refusal.Error{Kind: refusal.CorruptData, Detail: refusal.Detail{What: what}}
}

func corrupted(cause error) error { return &refusal.Error{Kind: refusal.CorruptData, Cause: cause} }
