package batch

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"vaultnet"
	"vaultnet/mutabledata"
)

// member is one member of an operation: how it is read from JSON, and by which flags a command line gives it. Both put
// what they read into the operation that the member belongs to.
type member struct {
	name   string
	needed bool // by JSON; flags that may be left out stand for something empty
	read   func(raw json.RawMessage) error
	flags  []Flag
	given  bool
}

// Flag is how a command line writes a member, or a part of one.
type Flag struct {
	Name   string // without dash
	Value  string // what follows it, for the help text; "" for a switch
	About  string
	Needed bool
	Many   bool // may be given several times
	Set    func(value string) error
}

// optional has a member be left out.
func optional(m *member) *member {
	m.needed = false
	for i := range m.flags {
		m.flags[i].Needed = false
	}
	return m
}

// scalar is a member that one text gives, in JSON a string.
func scalar[T any](name, value, about string, to *T, parse func(string) (T, error)) *member {
	set := func(s string) error {
		v, err := parse(s)
		if err == nil {
			*to = v
		}
		return err
	}
	return &member{name: name, needed: true,
		read: func(raw json.RawMessage) error {
			s, err := readString(raw)
			if err != nil {
				return err
			}
			return set(s)
		},
		flags: []Flag{{Name: name, Value: value, About: about, Needed: true, Set: set}},
	}
}

func as(to *string) *member {
	return scalar("as", "KEY", "who asks: the label of a key, or a key file (a name with a slash)", to, parseWho)
}

func payer(to *User) *member {
	return optional(scalar("account", "USER", "owner of the account that pays, a label or public key (default: who asks)", to,
		func(s string) (User, error) { return parseUser(s, false) }))
}

// key is a member that names somebody who has a key.
func key(name, about string, to *User) *member {
	return scalar(name, "USER", about, to, func(s string) (User, error) { return parseUser(s, false) })
}

// user is a member that names a user, anyone included.
func user(to *User) *member {
	return scalar("user", "USER", `whose permissions: a label, a public key or "anyone"`, to,
		func(s string) (User, error) { return parseUser(s, true) })
}

func duration(name, about string, least time.Duration, to *time.Duration) *member {
	return scalar(name, "DURATION", about, to, func(s string) (time.Duration, error) { return parseDuration(s, least) })
}

func moment(name, about string, to *vaultnet.Time) *member {
	return scalar(name, "TIME", about, to, parseTime)
}

func integer(name, about string, least uint64, to *uint64) *member {
	set := func(s string) error {
		v, err := parseInteger(s)
		if err == nil && v < least {
			err = fmt.Errorf("want at least %d, not %d", least, v)
		}
		if err == nil {
			*to = v
		}
		return err
	}
	return &member{name: name, needed: true,
		read:  func(raw json.RawMessage) error { return set(string(raw)) },
		flags: []Flag{{Name: name, Value: "N", About: about, Needed: true, Set: set}},
	}
}

func version(of string, to *uint64) *member {
	return integer("version", "the present version of "+of+" + 1", 0, to)
}

func boolean(name, about string, to *bool) *member {
	return optional(&member{name: name,
		read: func(raw json.RawMessage) (err error) {
			*to, err = readBool(raw)
			return err
		},
		flags: []Flag{{Name: name, About: about, Set: func(s string) (err error) {
			*to, err = readBool([]byte(s))
			return err
		}}},
	})
}

// address is the address of a MutableData: an object in JSON, two flags on a command line.
func address(to *vaultnet.Address) *member {
	to.Kind = vaultnet.KindMutableData
	setTag := func(s string) error {
		v, err := parseInteger(s)
		to.Tag = vaultnet.Tag(v)
		return err
	}
	return &member{name: "address", needed: true,
		read: func(raw json.RawMessage) error {
			named := false
			err := eachMember(raw, func(name string, raw json.RawMessage) error {
				switch name {
				case "name":
					s, err := readString(raw)
					to.Name, named = ParseName(s), true
					return err
				case "tag":
					return setTag(string(raw))
				}
				return errUnknown
			})
			if err == nil && !named {
				err = fmt.Errorf(`no "name"`)
			}
			return err
		},
		flags: []Flag{
			{Name: "name", Value: "NAME", About: "name of the object: 64 hex digits, or any text, which stands for its SHA-256", Needed: true,
				Set: func(s string) error {
					to.Name = ParseName(s)
					return nil
				}},
			{Name: "tag", Value: "N", About: "tag of the object (default 0)", Set: setTag},
		},
	}
}

// errUnknown is what a reader of members says of a name that it does not know.
var errUnknown = fmt.Errorf("unknown member")

// eachMember reads an object, member by member; an error names the member.
func eachMember(raw json.RawMessage, read func(name string, raw json.RawMessage) error) error {
	all, err := readObject(raw)
	if err != nil {
		return err
	}
	for _, p := range all {
		if err := read(p.name, p.value); err != nil {
			return inMember(p.name, err)
		}
	}
	return nil
}

func inMember(name string, err error) error {
	if err == errUnknown {
		return fmt.Errorf("unknown member %q", clip(name))
	}
	return fmt.Errorf("%q: %w", clip(name), err)
}

// keys is a list of entry keys, each once.
func keys(to *[]mutabledata.Key) *member {
	add := func(s string) error {
		k, err := parseKey(s)
		if err != nil {
			return err
		}
		if len(*to) == vaultnet.MaxReadKeys {
			return fmt.Errorf("more than %d keys", vaultnet.MaxReadKeys)
		}
		for _, other := range *to {
			if other == k {
				return fmt.Errorf("key %q twice", clip(s))
			}
		}
		*to = append(*to, k)
		return nil
	}
	return &member{name: "keys",
		read: func(raw json.RawMessage) error {
			*to = []mutabledata.Key{} // given, also where it is empty
			return eachString(raw, vaultnet.MaxReadKeys, add)
		},
		flags: []Flag{{Name: "key", Value: "KEY", About: "an entry's key; again for more (default: all)", Many: true, Set: add}},
	}
}

// except is a list of users that keep what is taken from the others.
func except(to *[]User) *member {
	add := func(s string) error {
		u, err := parseUser(s, false)
		if err == nil && len(*to) == vaultnet.MaxGrants {
			err = fmt.Errorf("more than %d users", vaultnet.MaxGrants)
		}
		if err == nil {
			*to = append(*to, u)
		}
		return err
	}
	return &member{name: "except",
		read:  func(raw json.RawMessage) error { return eachString(raw, vaultnet.MaxGrants, add) },
		flags: []Flag{{Name: "except", Value: "USER", About: "whose grant stays; again for more", Many: true, Set: add}},
	}
}

func eachString(raw json.RawMessage, max int, add func(string) error) error {
	all, err := readList(raw, max)
	if err != nil {
		return err
	}
	for _, raw := range all {
		s, err := readString(raw)
		if err == nil {
			err = add(s)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// cutLast cuts s around the last separator.
func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
