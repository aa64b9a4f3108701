package batch

import (
	"vaultnet"
	"vaultnet/account"
	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

// Answer is how an operation ended: with what it gave, or a refusal.
type Answer struct {
	Fields        []Field        // beside "ok", in order; of an operation that succeeded
	Refusal       *refusal.Error // nil: it succeeded
	Misunderstood bool           // the refusal is of what was asked, not of the network
}

// Field is one member of an answer. Value is one of
//
//	string, uint64, int64                  as they are
//	vaultnet.Time                          RFC 3339 with milliseconds
//	Content, Value, Values, Entries, KeyList, Versions, PermissionSet, Permissions, Grants, Answers
type Field struct {
	Name  string
	Value any
}

// What answers hold.
type (
	Content       []byte            // in JSON a string where it is UTF-8, else {"hex"}
	Value         mutabledata.Value // in JSON {content, version}
	Values        []mutabledata.Value
	Entries       []mutabledata.Entry // in order of keys; in JSON {key: {content, version}}
	KeyList       []mutabledata.Key
	Versions      []EntryVersion // in order of keys; in JSON {key: version}
	PermissionSet mutabledata.PermissionSet
	Permissions   []UserPermissions // Anyone first, then by name; in JSON {user: {action: bool}}
	Grants        []Grant           // by name; in JSON {label or key: {…}}
	Answers       []Answer
)

// EntryVersion is the version that an entry has now.
type EntryVersion struct {
	Key     mutabledata.Key
	Version mutabledata.Version
}

// UserPermissions is what a user, by label, key or "anyone", is permitted.
type UserPermissions struct {
	User string
	Set  PermissionSet
}

// Grant is a grant and what its key is called: its label, or the key.
type Grant struct {
	Name string
	account.Grant
}

// Find is the value of a field, nil if there is none.
func (a *Answer) Find(name string) any {
	for _, f := range a.Fields {
		if f.Name == name {
			return f.Value
		}
	}
	return nil
}

// misunderstood reports whether this answer, or one within it, is to what was not understood.
func (a *Answer) misunderstood() bool {
	if a.Misunderstood {
		return true
	}
	if all, ok := a.Find("results").(Answers); ok {
		for i := range all {
			if all[i].misunderstood() {
				return true
			}
		}
	}
	return false
}

// KeyText is how an entry key is written: as text, or as hex: and hex where that is not printable or begins with hex:.
func KeyText(k mutabledata.Key) string { return formatKey(k) }

// TimeText is how a time is written: RFC 3339 with milliseconds.
func TimeText(t vaultnet.Time) string { return formatTime(t) }
