package batch

import (
	"encoding/json"
	"fmt"
	"strings"

	"vaultnet/mutabledata"
)

// permission is what one user is permitted.
type permission struct {
	user User
	set  mutabledata.PermissionSet
}

// maxUsers bounds how many users one Put is read with: more than fit an object.
const maxUsers = 50_000

// permissions are those of all users, in JSON {"USER": {action: bool}}; by flags "USER:ACTION,ACTION".
func permissions(to *[]permission) *member {
	find := func(u User) (*permission, error) {
		for i := range *to {
			if (*to)[i].user == u {
				return &(*to)[i], nil
			}
		}
		if len(*to) == maxUsers {
			return nil, fmt.Errorf("more than %d users", maxUsers)
		}
		*to = append(*to, permission{user: u})
		return &(*to)[len(*to)-1], nil
	}
	add := func(r mutabledata.Rule) func(string) error {
		return func(s string) error {
			who, what, ok := strings.Cut(s, ":")
			if !ok {
				return fmt.Errorf("want USER:ACTION, not %q", clip(s))
			}
			u, err := parseUser(who, true)
			if err != nil {
				return err
			}
			p, err := find(u)
			if err != nil {
				return err
			}
			return addActions(&p.set, r, what)
		}
	}
	return &member{name: "permissions",
		read: func(raw json.RawMessage) error {
			all, err := readObject(raw)
			if err != nil {
				return err
			}
			if len(all) > maxUsers {
				return fmt.Errorf("more than %d users", maxUsers)
			}
			seen := map[User]bool{}
			for _, p := range all {
				u, err := parseUser(p.name, true)
				if err == nil && seen[u] {
					err = fmt.Errorf("twice")
				}
				seen[u] = true
				var set mutabledata.PermissionSet
				if err == nil {
					set, err = readPermissionSet(p.value)
				}
				if err != nil {
					return inMember(p.name, err)
				}
				*to = append(*to, permission{u, set})
			}
			return nil
		},
		flags: []Flag{
			{Name: "allow", Value: "USER:ACTION[,…]", About: `permit; USER is a label, a public key or "anyone", ACTION insert, update, delete or manage-permissions`, Many: true, Set: add(mutabledata.Allow)},
			{Name: "deny", Value: "USER:ACTION[,…]", About: "forbid", Many: true, Set: add(mutabledata.Deny)},
		},
	}
}

// permissionSet is that of one user: {action: bool}; by flags "ACTION,ACTION".
func permissionSet(to *mutabledata.PermissionSet) *member {
	add := func(r mutabledata.Rule) func(string) error {
		return func(s string) error { return addActions(to, r, s) }
	}
	return &member{name: "permissions", needed: true,
		read: func(raw json.RawMessage) (err error) {
			*to, err = readPermissionSet(raw)
			return err
		},
		flags: []Flag{
			{Name: "allow", Value: "ACTION[,…]", About: "permit insert, update, delete or manage-permissions", Many: true, Set: add(mutabledata.Allow)},
			{Name: "deny", Value: "ACTION[,…]", About: "forbid; what is neither is unset", Many: true, Set: add(mutabledata.Deny)},
		},
	}
}

// addActions adds a rule for actions, separated by commas, that the set says nothing of.
func addActions(set *mutabledata.PermissionSet, r mutabledata.Rule, list string) error {
	for _, s := range strings.Split(list, ",") {
		a, err := parseAction(s)
		if err == nil && set.Get(a) != mutabledata.Unset {
			err = fmt.Errorf("action %s twice", a)
		}
		if err != nil {
			return err
		}
		*set = set.With(a, r)
	}
	return nil
}

// readPermissionSet reads {action: bool}: true allows, false denies, absent is unset.
func readPermissionSet(raw json.RawMessage) (set mutabledata.PermissionSet, err error) {
	err = eachMember(raw, func(name string, raw json.RawMessage) error {
		a, err := parseAction(name)
		if err != nil {
			return err
		}
		allow, err := readBool(raw)
		if allow {
			set = set.Allow(a)
		} else {
			set = set.Deny(a)
		}
		return err
	})
	return set, err
}
