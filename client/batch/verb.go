package batch

import (
	"slices"
	"strings"
)

// Group says what a verb is about.
type Group uint8

// The groups.
const (
	Accounts Group = iota // accounts and grants
	Changes               // of MutableData
	Reads                 // of MutableData
	Chunks                // ImmutableData
	Control               // of a batch itself: not on the network
)

// Verb is one row of the table: an operation's name, what it is for, and how one is made.
type Verb struct {
	Name    string
	Group   Group
	About   string
	Example string // one line of a batch
	make    func() action
}

// verbs is the table. Each operation is defined here and nowhere else.
var verbs []Verb

func init() { // parallel holds operations, so the table refers to itself
	verbs = []Verb{
		{"create-account", Accounts, "make the requester's account", `{"op":"create-account","as":"alice"}`,
			func() action { return new(createAccount) }},
		{"account", Accounts, "read the requester's account", `{"op":"account","as":"alice"}`,
			func() action { return new(readAccount) }},
		{"insert-grant", Accounts, "let an app use the account, or replace the terms of its grant", `{"op":"insert-grant","as":"alice","key":"app","version":1,"label":"Notes","idle":"720h"}`,
			func() action { return new(insertGrant) }},
		{"delete-grant", Accounts, "end an app's grant; says until when its last permit lasts", `{"op":"delete-grant","as":"alice","key":"app","version":2}`,
			func() action { return new(deleteGrant) }},
		{"revoke-all", Accounts, "end all grants, or the temporary ones, but some", `{"op":"revoke-all","as":"alice","temporary":true,"except":["app"]}`,
			func() action { return new(revokeAll) }},
		{"verify", Accounts, "say that the requester is alive", `{"op":"verify","as":"app","account":"alice"}`,
			func() action { return new(verify) }},
		{"top-up", Accounts, "add operations to the account, in local networks", `{"op":"top-up","as":"alice","operations":1000}`,
			func() action { return new(topUp) }},

		{"put", Changes, "make an object at an address that holds none", `{"op":"put","as":"alice","address":{"name":"notes","tag":15000},"entries":{"first":"hello"},"permissions":{"anyone":{"insert":true}}}`,
			func() action { return new(put) }},
		{"mutate", Changes, "change entries, all of them or none", `{"op":"mutate","as":"alice","address":{"name":"notes","tag":15000},"actions":{"first":{"update":"hello again","version":1}}}`,
			func() action { return new(mutate) }},
		{"set-permissions", Changes, "replace what a user is permitted", `{"op":"set-permissions","as":"alice","address":{"name":"notes","tag":15000},"user":"bob","permissions":{"insert":true,"update":false},"version":1}`,
			func() action { return new(setPermissions) }},
		{"del-permissions", Changes, "remove a user's permissions", `{"op":"del-permissions","as":"alice","address":{"name":"notes","tag":15000},"user":"bob","version":2}`,
			func() action { return new(delPermissions) }},
		{"change-owner", Changes, "give an object away; 64 zeros are nobody, for ever", `{"op":"change-owner","as":"alice","address":{"name":"notes","tag":15000},"new":"bob","version":3}`,
			func() action { return new(changeOwner) }},

		{"get-entry", Reads, "read one entry", `{"op":"get-entry","address":{"name":"notes","tag":15000},"key":"first"}`,
			func() action { return new(getEntry) }},
		{"get-entries", Reads, "read all entries, or those of some keys", `{"op":"get-entries","address":{"name":"notes","tag":15000},"keys":["first","second"]}`,
			func() action { return new(getEntries) }},
		{"get-keys", Reads, "read the keys of all entries", `{"op":"get-keys","address":{"name":"notes","tag":15000}}`,
			func() action { return new(getKeys) }},
		{"get-values", Reads, "read the values of all entries, in order of their keys", `{"op":"get-values","address":{"name":"notes","tag":15000}}`,
			func() action { return new(getValues) }},
		{"get-shell", Reads, "read owner, version and permissions, the number of entries and the size", `{"op":"get-shell","address":{"name":"notes","tag":15000}}`,
			func() action { return new(getShell) }},
		{"get-object", Reads, "read everything", `{"op":"get-object","address":{"name":"notes","tag":15000}}`,
			func() action { return new(getObject) }},
		{"get-version", Reads, "read the version of the shell", `{"op":"get-version","address":{"name":"notes","tag":15000}}`,
			func() action { return new(getVersion) }},
		{"get-permissions", Reads, "read what everybody is permitted", `{"op":"get-permissions","address":{"name":"notes","tag":15000}}`,
			func() action { return new(getPermissions) }},
		{"get-user-permissions", Reads, "read what one user is permitted", `{"op":"get-user-permissions","address":{"name":"notes","tag":15000},"user":"anyone"}`,
			func() action { return new(getUserPermissions) }},

		{"put-chunk", Chunks, "store a chunk under the SHA-256 of its content", `{"op":"put-chunk","as":"alice","content":{"hex":"00ff"}}`,
			func() action { return new(putChunk) }},
		{"get-chunk", Chunks, "read a chunk", `{"op":"get-chunk","name":"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"}`,
			func() action { return new(getChunk) }},

		{"sleep", Control, "wait; nothing runs beside it", `{"op":"sleep","for":"100ms"}`,
			func() action { return new(sleep) }},
		{"parallel", Control, "start operations all at once", `{"op":"parallel","ops":[{"op":"get-version","address":{"name":"notes","tag":15000}},{"op":"sleep","for":"1s"}]}`,
			func() action { return new(parallel) }},
	}
}

// Verbs is the table, in the order of the contract. The elements are not to be changed.
func Verbs() []Verb { return verbs }

// Find returns the verb with a name, nil if there is none.
func Find(name string) *Verb {
	i := slices.IndexFunc(verbs, func(v Verb) bool { return v.Name == name })
	if i < 0 {
		return nil
	}
	return &verbs[i]
}

// Takes lists the operation's own members, with a question mark where they can be left out.
func (v *Verb) Takes() string {
	var all []string
	for _, m := range v.make().members() {
		name := m.name
		if !m.needed {
			name += "?"
		}
		all = append(all, name)
	}
	return strings.Join(all, ", ")
}
