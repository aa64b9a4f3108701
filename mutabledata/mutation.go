package mutabledata

import (
	"cmp"
	"slices"

	"vaultnet"
)

// Mutation is one of [*Put], [*MutateEntries], [*SetUserPermissions], [*DelUserPermissions] and [*ChangeOwner]: what a
// requester signs to have an object changed. Values are not changed once they are in use.
type Mutation interface {
	apply(o *Object, by Context) (*Object, Result, error)
	encode() any                // with its code
	valid() error               // of shape and bounds alone
	keys() []vaultnet.PublicKey // named, which have to be valid
	sort()
}

// Put makes an object at an address that holds none (RFC 47 PutMData).
type Put struct {
	Owner       vaultnet.PublicKey // the paying account's owner
	Version     Version            // 0
	Permissions []Permission       // in order of users
	Entries     []Entry            // in order of keys; versions at most 2^20
}

// MutateEntries changes entries, all of them or none (RFC 47 MutateMDataEntries).
type MutateEntries struct {
	Actions    []EntryAction // in order of keys, one per key, at most [vaultnet.MaxActions]
	MaxEntries int           // how many the object may hold afterwards, at most [vaultnet.MaxEntries]; 0 stands for that

	contents []vaultnet.Digest // of the actions' contents, in their order; nil: not known
}

// EntryAction is what is to happen to one entry.
type EntryAction struct {
	_       struct{} `cbor:",toarray"`
	Key     Key
	Do      Do
	Content []byte // of InsertEntry and UpdateEntry; empty otherwise
	// Version is, of InsertEntry, the lowest version that the entry may get: it gets Floor where that is greater, and may
	// ask for at most Floor + [vaultnet.MaxFloorStep]. Of UpdateEntry and DeleteEntry it is the current version + 1; of
	// ExpectVersion the current one; of ExpectAbsent 0.
	Version Version
}

// Do is a kind of entry action. Values are on the wire and append-only.
type Do uint8

// The kinds of entry action.
const (
	InsertEntry   Do = 1 // the key has to be absent
	UpdateEntry   Do = 2 // replaces the content; the key has to be there, one version before
	DeleteEntry   Do = 3 // removes the entry; the key has to be there, one version before
	ExpectVersion Do = 4 // changes nothing; the key has to be there, with exactly this version
	ExpectAbsent  Do = 5 // changes nothing; the key has to be absent
)

// changes reports whether the action changes the entry, which is what needs permission and takes the key in flight.
func (d Do) changes() bool { return d <= DeleteEntry }

// SetUserPermissions replaces the whole set of a user.
type SetUserPermissions struct {
	User    User
	Set     PermissionSet
	Version Version // of the shell, + 1
}

// DelUserPermissions removes the set of a user.
type DelUserPermissions struct {
	User    User
	Version Version // of the shell, + 1
}

// ChangeOwner gives the object away; permissions stay. The all-zero key is nobody: what is given to nobody can never be
// taken back.
type ChangeOwner struct {
	Owner   vaultnet.PublicKey
	Version Version // of the shell, + 1
}

// Keys returns the public keys that m names as owner. A mutation is InvalidRequest unless each of them is valid
// ([vaultnet.Verifier]): whoever decodes it checks. Nobody, as the new owner of a ChangeOwner, is not among them; nor are
// users, of whom there may be many: [Validate] refuses those of small order.
func Keys(m Mutation) []vaultnet.PublicKey { return m.keys() }

// Sort puts the lists of m into the order that they must have, in place.
func Sort(m Mutation) { m.sort() }

func (m *Put) keys() []vaultnet.PublicKey { return []vaultnet.PublicKey{m.Owner} }

func (m *MutateEntries) keys() []vaultnet.PublicKey { return nil }

func (m *SetUserPermissions) keys() []vaultnet.PublicKey { return nil }

func (m *DelUserPermissions) keys() []vaultnet.PublicKey { return nil }

func (m *ChangeOwner) keys() []vaultnet.PublicKey {
	if m.Owner.IsNobody() {
		return nil
	}
	return []vaultnet.PublicKey{m.Owner}
}

func (m *Put) sort() {
	slices.SortStableFunc(m.Permissions, func(a, b Permission) int { return cmp.Compare(a.User, b.User) })
	slices.SortStableFunc(m.Entries, func(a, b Entry) int { return cmp.Compare(a.Key, b.Key) })
}

func (m *MutateEntries) sort() {
	slices.SortStableFunc(m.Actions, func(a, b EntryAction) int { return cmp.Compare(a.Key, b.Key) })
}

func (m *SetUserPermissions) sort() {}

func (m *DelUserPermissions) sort() {}

func (m *ChangeOwner) sort() {}
