package mutabledata

import (
	"vaultnet"
	"vaultnet/refusal"
)

// apply judges every action by the object before any of them: the inserts of a mutation get their versions by the Floor
// that its deletes find.
func (m *MutateEntries) apply(o *Object, by Context) (*Object, Result, error) {
	if err := m.check(o, by); err != nil {
		return nil, Result{}, err
	}
	next, result := o.changed(m)
	return next, result, nil
}

// check makes the checks of apply.
func (m *MutateEntries) check(o *Object, by Context) error {
	var used [DeleteEntry + 1]bool
	empty := true
	for _, a := range m.Actions {
		if a.Do.changes() {
			used[a.Do], empty = true, false
		}
	}
	if empty {
		return refusal.New(refusal.EmptyMutation)
	}
	if o == nil {
		return refusal.New(refusal.NoSuchData)
	}
	if used[InsertEntry] && !o.Allowed(by.Requester, Insert) ||
		used[UpdateEntry] && !o.Allowed(by.Requester, Update) ||
		used[DeleteEntry] && !o.Allowed(by.Requester, Delete) {
		return refusal.New(refusal.AccessDenied)
	}
	if ps := o.problems(m.Actions); len(ps) > 0 {
		return &refusal.Error{Kind: refusal.InvalidEntryActions, Detail: refusal.Detail{Entries: ps}}
	}
	return o.room(m)
}

// problems says what is wrong with each action, in order of keys.
func (o *Object) problems(as []EntryAction) []refusal.Problem {
	var ps []refusal.Problem
	for i := range as {
		if kind, version := o.problem(&as[i]); kind != 0 {
			ps = append(ps, refusal.Problem{Key: string(as[i].Key), Kind: kind, Version: uint64(version)})
		}
	}
	return ps
}

// problem says what is wrong with an action: a kind, with the version that goes with it; 0 for nothing.
func (o *Object) problem(a *EntryAction) (refusal.Kind, Version) {
	v, exists := o.entries.Get(string(a.Key))
	switch a.Do {
	case InsertEntry, ExpectAbsent:
		if exists {
			return refusal.EntryExists, v.Version
		}
		if max := highest(o.floor); a.Do == InsertEntry && a.Version > max {
			return refusal.InvalidVersion, max
		}
	case UpdateEntry, DeleteEntry:
		if !exists {
			return refusal.NoSuchEntry, 0
		}
		if next, ok := v.Version.next(); !ok || next != a.Version {
			return refusal.InvalidSuccessor, v.Version
		}
	case ExpectVersion:
		if !exists {
			return refusal.NoSuchEntry, 0
		}
		if v.Version != a.Version {
			return refusal.InvalidSuccessor, v.Version
		}
	}
	return 0, 0
}

// room checks what the object would become against its limits. What does not grow it is never refused for them.
func (o *Object) room(m *MutateEntries) error {
	entries, bytes := o.entries.Len(), o.bytes
	for i := range m.Actions {
		a := &m.Actions[i]
		if before, ok := o.entries.Get(string(a.Key)); ok && a.Do.changes() {
			entries--
			bytes -= entrySize(a.Key, before)
		}
		if a.Do == InsertEntry || a.Do == UpdateEntry {
			entries++
			bytes += entrySize(a.Key, o.value(a))
		}
	}
	if limit := m.limit(); entries > limit && entries > o.entries.Len() {
		return tooManyEntries(limit)
	}
	if n := size(o.version, o.permissions.Len(), entries, bytes); n > vaultnet.MaxSize && n > o.Size() {
		return refusal.TooLarge(n, vaultnet.MaxSize)
	}
	return nil
}

// limit is how many entries the object may hold afterwards.
func (m *MutateEntries) limit() int {
	if m.MaxEntries == 0 {
		return vaultnet.MaxEntries
	}
	return m.MaxEntries
}

// value is what an insert or update makes of its entry.
func (o *Object) value(a *EntryAction) Value {
	v := Value{Content: a.Content, Version: a.Version}
	if a.Do == InsertEntry {
		v.Version = max(v.Version, o.floor)
	}
	return v
}

// changed is the object after a mutation in whose actions nothing is wrong.
func (o *Object) changed(m *MutateEntries) (*Object, Result) {
	next := *o
	var result Result
	for i := range m.Actions {
		a := &m.Actions[i]
		if !a.Do.changes() {
			continue
		}
		if before, ok := o.entries.Get(string(a.Key)); ok {
			next.bytes -= entrySize(a.Key, before)
		}
		if a.Do == DeleteEntry {
			next.entries = next.entries.Delete(string(a.Key))
			next.floor = max(next.floor, a.Version.raised(1))
			continue
		}
		v := o.value(a)
		next.entries = next.entries.Put(string(a.Key), v, m.leaf(i, v))
		next.bytes += entrySize(a.Key, v)
		result.Versions = append(result.Versions, v.Version)
	}
	return &next, result
}
