package auth

import (
	"strings"

	"vaultnet/mutabledata"
)

// Rights is what an app may do with a container or an object. Reading needs no permission of the network: an app that may
// read a private container is given its key, which it needs for anything else too, so that every other right implies it.
type Rights uint8

// The rights.
const (
	Read Rights = 1 << iota
	Insert
	Update
	Delete
	Manage // give and take permissions

	allRights = Read | Insert | Update | Delete | Manage
)

var rightNames = [...]string{"read", "insert", "update", "delete", "manage"}

// String lists the rights, as [ParseRights] reads them: "read,insert".
func (r Rights) String() string {
	var names []string
	for i, name := range rightNames {
		if r&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ",")
}

// ParseRights reads a list separated by commas; "all" is all of them. Read is added to any other.
func ParseRights(s string) (Rights, error) {
	if s == "all" {
		return allRights, nil
	}
	r := Read
next:
	for word := range strings.SplitSeq(s, ",") {
		for i, name := range rightNames {
			if word == name {
				r |= 1 << i
				continue next
			}
		}
		return 0, invalid("parse", "rights", "want a list of read, insert, update, delete and manage, or all")
	}
	return r, nil
}

// MarshalText and UnmarshalText are String and ParseRights.
func (r Rights) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText is [ParseRights].
func (r *Rights) UnmarshalText(b []byte) (err error) {
	*r, err = ParseRights(string(b))
	return err
}

func (r Rights) valid() bool { return r&Read != 0 && r&^allRights == 0 }

// set is what the network enforces of the rights.
func (r Rights) set() mutabledata.PermissionSet {
	var s mutabledata.PermissionSet
	for i, a := range [...]mutabledata.Action{mutabledata.Insert, mutabledata.Update, mutabledata.Delete, mutabledata.ManagePermissions} {
		if r&(Insert<<i) != 0 {
			s = s.Allow(a)
		}
	}
	return s
}
