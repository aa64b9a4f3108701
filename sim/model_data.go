package sim

import (
	"maps"
	"slices"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/wire"
	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

// naive is a MutableData as semantics §1 describes it, with maps and without cleverness: what the shipped rules are
// compared with. It is not changed once it is in use; nil is an address that holds nothing.
type naive struct {
	owner   vaultnet.PublicKey
	version uint64
	floor   uint64
	rights  map[mutabledata.User]mutabledata.PermissionSet
	entries map[mutabledata.Key]naiveEntry
}

type naiveEntry struct {
	content string
	version uint64
}

// mutate is the object after a mutation, or why not.
func (o *naive) mutate(m mutabledata.Mutation, requester, payer vaultnet.PublicKey) (*naive, *refusal.Error) {
	if p, ok := m.(*mutabledata.Put); ok {
		return o.put(p, payer)
	}
	if e, ok := m.(*mutabledata.MutateEntries); ok {
		return o.change(e, requester)
	}
	if o == nil {
		return nil, refusal.New(refusal.NoSuchData)
	}
	next := &naive{owner: o.owner, version: o.version + 1, floor: o.floor, rights: maps.Clone(o.rights), entries: o.entries}
	var asked uint64
	switch m := m.(type) {
	case *mutabledata.ChangeOwner:
		if requester != o.owner || o.owner.IsNobody() {
			return nil, refusal.New(refusal.AccessDenied)
		}
		asked, next.owner = uint64(m.Version), m.Owner
	case *mutabledata.SetUserPermissions:
		if !o.may(requester, mutabledata.ManagePermissions) {
			return nil, refusal.New(refusal.AccessDenied)
		}
		asked, next.rights[m.User] = uint64(m.Version), m.Set
	case *mutabledata.DelUserPermissions:
		if !o.may(requester, mutabledata.ManagePermissions) {
			return nil, refusal.New(refusal.AccessDenied)
		}
		asked = uint64(m.Version)
		if _, ok := o.rights[m.User]; !ok && asked == o.version+1 {
			return nil, refusal.New(refusal.NoSuchKey)
		}
		delete(next.rights, m.User)
	}
	if asked != o.version+1 {
		return nil, refusal.Successor(o.version)
	}
	if n := next.size(); n > 1<<20 && n > o.size() {
		return nil, refusal.TooLarge(n, 1<<20)
	}
	return next, nil
}

func (o *naive) put(m *mutabledata.Put, payer vaultnet.PublicKey) (*naive, *refusal.Error) {
	if m.Owner != payer {
		return nil, refusal.New(refusal.InvalidOwners)
	}
	if m.Version != 0 {
		return nil, &refusal.Error{Kind: refusal.InvalidVersion}
	}
	next := &naive{owner: m.Owner, rights: map[mutabledata.User]mutabledata.PermissionSet{},
		entries: map[mutabledata.Key]naiveEntry{}}
	for _, p := range m.Permissions {
		next.rights[p.User] = p.Set
	}
	for _, e := range m.Entries {
		if e.Value.Version > 1<<20 {
			return nil, &refusal.Error{Kind: refusal.InvalidVersion, Detail: refusal.Detail{Max: 1 << 20}}
		}
		next.entries[e.Key] = naiveEntry{string(e.Value.Content), uint64(e.Value.Version)}
	}
	if len(m.Entries) > 100 {
		return nil, &refusal.Error{Kind: refusal.TooManyEntries, Detail: refusal.Detail{Limit: 100}}
	}
	if n := next.size(); n > 1<<20 {
		return nil, refusal.TooLarge(n, 1<<20)
	}
	if o != nil {
		return nil, refusal.New(refusal.DataExists)
	}
	return next, nil
}

func (o *naive) change(m *mutabledata.MutateEntries, requester vaultnet.PublicKey) (*naive, *refusal.Error) {
	needs := map[mutabledata.Action]bool{}
	for _, a := range m.Actions {
		switch a.Do {
		case mutabledata.InsertEntry:
			needs[mutabledata.Insert] = true
		case mutabledata.UpdateEntry:
			needs[mutabledata.Update] = true
		case mutabledata.DeleteEntry:
			needs[mutabledata.Delete] = true
		}
	}
	if len(needs) == 0 {
		return nil, refusal.New(refusal.EmptyMutation)
	}
	if o == nil {
		return nil, refusal.New(refusal.NoSuchData)
	}
	for _, a := range []mutabledata.Action{mutabledata.Insert, mutabledata.Update, mutabledata.Delete} {
		if needs[a] && !o.may(requester, a) {
			return nil, refusal.New(refusal.AccessDenied)
		}
	}
	next := &naive{owner: o.owner, version: o.version, floor: o.floor, rights: o.rights, entries: maps.Clone(o.entries)}
	var wrong []refusal.Problem
	bad := func(k mutabledata.Key, kind refusal.Kind, v uint64) {
		wrong = append(wrong, refusal.Problem{Key: string(k), Kind: kind, Version: v})
	}
	for _, a := range m.Actions {
		is, there := o.entries[a.Key]
		switch v := uint64(a.Version); a.Do {
		case mutabledata.InsertEntry:
			switch {
			case there:
				bad(a.Key, refusal.EntryExists, is.version)
			case v > o.floor+1<<20:
				bad(a.Key, refusal.InvalidVersion, o.floor+1<<20)
			default:
				next.entries[a.Key] = naiveEntry{string(a.Content), max(v, o.floor)}
			}
		case mutabledata.UpdateEntry, mutabledata.DeleteEntry:
			switch {
			case !there:
				bad(a.Key, refusal.NoSuchEntry, 0)
			case v != is.version+1:
				bad(a.Key, refusal.InvalidSuccessor, is.version)
			case a.Do == mutabledata.UpdateEntry:
				next.entries[a.Key] = naiveEntry{string(a.Content), v}
			default:
				delete(next.entries, a.Key)
				next.floor = max(next.floor, v+1)
			}
		case mutabledata.ExpectAbsent:
			if there {
				bad(a.Key, refusal.EntryExists, is.version)
			}
		case mutabledata.ExpectVersion:
			switch {
			case !there:
				bad(a.Key, refusal.NoSuchEntry, 0)
			case v != is.version:
				bad(a.Key, refusal.InvalidSuccessor, is.version)
			}
		}
	}
	if len(wrong) > 0 {
		return nil, &refusal.Error{Kind: refusal.InvalidEntryActions, Detail: refusal.Detail{Entries: wrong}}
	}
	limit := m.MaxEntries
	if limit == 0 {
		limit = 100
	}
	if len(next.entries) > limit && len(next.entries) > len(o.entries) {
		return nil, &refusal.Error{Kind: refusal.TooManyEntries, Detail: refusal.Detail{Limit: int64(limit)}}
	}
	if n := next.size(); n > 1<<20 && n > o.size() {
		return nil, refusal.TooLarge(n, 1<<20)
	}
	return next, nil
}

// may is the permission rule of semantics §1.
func (o *naive) may(k vaultnet.PublicKey, a mutabledata.Action) bool {
	if k.IsNobody() {
		return false
	}
	if k == o.owner {
		return true
	}
	if own, ok := o.rights[mutabledata.UserOf(k)]; ok {
		if r := own.Get(a); r != mutabledata.Unset {
			return r == mutabledata.Allow
		}
	}
	return o.rights[mutabledata.Anyone].Get(a) == mutabledata.Allow
}

// head is the length of a CBOR head with number n (RFC 8949 §3).
func head(n uint64) int64 {
	switch {
	case n < 24:
		return 1
	case n < 1<<8:
		return 2
	case n < 1<<16:
		return 3
	case n < 1<<32:
		return 5
	}
	return 9
}

func text(s string) int64 { return head(uint64(len(s))) + int64(len(s)) }

// size is the length of [owner, version, [[user, set]…], [[key, [content, version]]…]].
func (o *naive) size() int64 {
	n := 1 + text(string(o.owner[:])) + head(o.version) + head(uint64(len(o.rights))) + head(uint64(len(o.entries)))
	for u, s := range o.rights { // any order
		n += 1 + text(string(u)) + head(uint64(s))
	}
	for k, e := range o.entries { // any order
		n += 2 + text(string(k)) + text(e.content) + head(e.version)
	}
	return n
}

// differs says in which respect the shipped object is not this one; "" for none.
func (o *naive) differs(x *mutabledata.Object) string {
	if o == nil || x == nil {
		if (o == nil) == (x == nil) {
			return ""
		}
		return "existence"
	}
	switch {
	case x.Owner() != o.owner:
		return "owner"
	case uint64(x.Version()) != o.version:
		return "version of the shell"
	case uint64(x.Floor()) != o.floor:
		return "floor"
	case x.Len() != len(o.entries):
		return "number of entries"
	case x.Size() != o.size():
		return "size"
	}
	rights := 0
	for u, s := range x.Permissions() {
		if is, ok := o.rights[u]; !ok || is != s {
			return "permissions of " + u.String()
		}
		rights++
	}
	if rights != len(o.rights) {
		return "number of permission sets"
	}
	for k, v := range x.Entries() {
		if is, ok := o.entries[k]; !ok || is.version != uint64(v.Version) || is.content != string(v.Content) {
			return "entry " + string(k[:min(len(k), 16)])
		}
	}
	return ""
}

// touch is what a mutation changes: no two that meet may be in flight together.
type touch struct {
	shell   bool
	changes []mutabledata.Key
	expects []mutabledata.Key
}

// touches is what a request to a data object takes.
func touches(r *agreement.Request) touch {
	d, ok := r.Decoded.(*wire.Mutation)
	if !ok {
		return touch{}
	}
	m, ok := d.Mutation.(*mutabledata.MutateEntries)
	if !ok {
		return touch{shell: true}
	}
	var t touch
	for _, a := range m.Actions {
		switch a.Do {
		case mutabledata.ExpectAbsent, mutabledata.ExpectVersion:
			t.expects = append(t.expects, a.Key)
		default:
			t.changes = append(t.changes, a.Key)
		}
	}
	return t
}

// meets reports whether two may not be in flight together, and on what they meet.
func (t *touch) meets(u *touch) (string, bool) {
	if t.shell && u.shell {
		return "the shell", true
	}
	for _, k := range t.changes {
		if slices.Contains(u.changes, k) || slices.Contains(u.expects, k) {
			return "key " + string(k[:min(len(k), 16)]), true
		}
	}
	for _, k := range t.expects {
		if slices.Contains(u.changes, k) {
			return "key " + string(k[:min(len(k), 16)]), true
		}
	}
	return "", false
}
