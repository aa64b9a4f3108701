package mutabledata

import (
	"fmt"
	"strings"

	"vaultnet"
)

// User is whom permissions are given to: [Anyone] or one public key ([UserOf]). The zero User is nobody and valid
// nowhere. Its bytes are one zero byte for Anyone, else the key's 32.
type User string

// Anyone is every requester whose own permission set does not decide (RFC 47 §Permissions).
const Anyone User = "\x00"

// UserOf is the user with the given key.
func UserOf(key vaultnet.PublicKey) User { return User(key[:]) }

// Key returns the user's public key; false for Anyone and for what is no user.
func (u User) Key() (vaultnet.PublicKey, bool) {
	if len(u) != len(vaultnet.PublicKey{}) {
		return vaultnet.PublicKey{}, false
	}
	return vaultnet.PublicKey([]byte(u)), true
}

// valid refuses keys of small order, the all-zero key among them. Whether a key is a point of the curve at all is not
// looked at: one that is none can do nothing, and the 27,000 users that a Put has room for would cost 120 ms.
func (u User) valid() bool {
	k, ok := u.Key()
	return ok && !k.SmallOrder() || u == Anyone
}

// String is "anyone" or the key in hex.
func (u User) String() string {
	if u == Anyone {
		return "anyone"
	}
	if k, ok := u.Key(); ok {
		return k.String()
	}
	return fmt.Sprintf("invalid user %q", string(u))
}

// Action is what a user may be permitted to do.
type Action uint8

// The actions. Their values are bit positions in a [PermissionSet].
const (
	Insert            Action = 0 // make entries
	Update            Action = 1 // replace the content of entries
	Delete            Action = 2 // remove entries
	ManagePermissions Action = 3 // give any permission to, and take it from, any user; never changes the owner
)

var actions = [...]string{"insert", "update", "delete", "manage-permissions"}

// String is the action as programs print it.
func (a Action) String() string {
	if int(a) < len(actions) {
		return actions[a]
	}
	return fmt.Sprintf("action-%d", uint8(a))
}

// Rule is what a permission set says of one action.
type Rule uint8

// The rules. Values are on the wire.
const (
	Unset Rule = 0 // says nothing
	Allow Rule = 1
	Deny  Rule = 2
)

// String is the rule as programs print it.
func (r Rule) String() string {
	switch r {
	case Unset:
		return "unset"
	case Allow:
		return "allow"
	case Deny:
		return "deny"
	}
	return fmt.Sprintf("rule-%d", uint8(r))
}

// PermissionSet is a [Rule] for each [Action], in two bits each, Insert's lowest. The zero set says nothing.
type PermissionSet uint8

// Get returns the rule for an action.
func (s PermissionSet) Get(a Action) Rule { return Rule(s >> (2 * (a & 3)) & 3) }

// With returns the set with the rule for an action replaced.
func (s PermissionSet) With(a Action, r Rule) PermissionSet {
	at := 2 * (a & 3)
	return s&^(3<<at) | PermissionSet(r&3)<<at
}

// Allow returns the set with the actions allowed.
func (s PermissionSet) Allow(as ...Action) PermissionSet { return s.all(as, Allow) }

// Deny returns the set with the actions denied.
func (s PermissionSet) Deny(as ...Action) PermissionSet { return s.all(as, Deny) }

func (s PermissionSet) all(as []Action, r Rule) PermissionSet {
	for _, a := range as {
		s = s.With(a, r)
	}
	return s
}

// Valid reports whether each rule is one of the three.
func (s PermissionSet) Valid() bool { return s&(s>>1)&0x55 == 0 }

// String lists what the set says, e.g. "allow insert, deny delete"; "nothing" for the zero set.
func (s PermissionSet) String() string {
	var parts []string
	for a := Insert; a <= ManagePermissions; a++ {
		if r := s.Get(a); r != Unset {
			parts = append(parts, r.String()+" "+a.String())
		}
	}
	if parts == nil {
		return "nothing"
	}
	return strings.Join(parts, ", ")
}

// Permission is a user and its set.
type Permission struct {
	_    struct{} `cbor:",toarray"`
	User User
	Set  PermissionSet
}

// Allowed reports whether requester k may do a (semantics §1, per action): the owner always; else what k's own set says
// of it; else whether Anyone's set allows it.
func (o *Object) Allowed(k vaultnet.PublicKey, a Action) bool {
	if o == nil || k.IsNobody() {
		return false
	}
	if k == o.owner {
		return true
	}
	own, _ := o.permissions.Get(string(k[:]))
	if r := own.Get(a); r != Unset {
		return r == Allow
	}
	anyone, _ := o.permissions.Get(string(Anyone))
	return anyone.Get(a) == Allow
}
