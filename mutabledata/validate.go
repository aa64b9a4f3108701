package mutabledata

import (
	"vaultnet"
	"vaultnet/refusal"
)

// Validate checks the shape and bounds of a mutation by itself: what makes it InvalidRequest whatever it is applied to.
// [Decode] does the same. The keys that m names are left to the caller ([Keys]).
func Validate(m Mutation) error {
	if m == nil {
		return refusal.Invalid("no mutation")
	}
	return m.valid()
}

func (m *Put) valid() error {
	if m.Owner.IsNobody() {
		return refusal.Invalid("owner: nobody")
	}
	if err := validPermissions(m.Permissions); err != nil {
		return err
	}
	return validEntries(m.Entries)
}

func (m *MutateEntries) valid() error {
	if m.MaxEntries < 0 || m.MaxEntries > vaultnet.MaxEntries {
		return refusal.Invalid("max entries: %d, at most %d", m.MaxEntries, vaultnet.MaxEntries)
	}
	if len(m.Actions) > vaultnet.MaxActions {
		return refusal.Invalid("actions: %d, at most %d", len(m.Actions), vaultnet.MaxActions)
	}
	for i, a := range m.Actions {
		switch {
		case len(a.Key) > vaultnet.MaxKeySize:
			return errKeySize(a.Key)
		case i > 0 && m.Actions[i-1].Key >= a.Key:
			return refusal.Invalid("actions: keys twice or out of order")
		case a.Do < InsertEntry || a.Do > ExpectAbsent:
			return refusal.Invalid("action of kind %d", a.Do)
		case a.Do > UpdateEntry && len(a.Content) > 0:
			return refusal.Invalid("content in an action that stores none")
		case a.Do == ExpectAbsent && a.Version != 0:
			return refusal.Invalid("version of what is to be absent")
		}
	}
	return nil
}

func (m *SetUserPermissions) valid() error {
	return validPermissions([]Permission{{User: m.User, Set: m.Set}})
}

func (m *DelUserPermissions) valid() error { return validUser(m.User) }

func (m *ChangeOwner) valid() error { return nil }

func validUser(u User) error {
	if !u.valid() {
		return refusal.Invalid("%.80v", u)
	}
	return nil
}

func validPermissions(ps []Permission) error {
	for i, p := range ps {
		if err := validUser(p.User); err != nil {
			return err
		}
		if !p.Set.Valid() {
			return refusal.Invalid("permission set %#x", uint8(p.Set))
		}
		if i > 0 && ps[i-1].User >= p.User {
			return refusal.Invalid("permissions: users twice or out of order")
		}
	}
	return nil
}

func validEntries(es []Entry) error {
	for i, e := range es {
		if len(e.Key) > vaultnet.MaxKeySize {
			return errKeySize(e.Key)
		}
		if i > 0 && es[i-1].Key >= e.Key {
			return refusal.Invalid("entries: keys twice or out of order")
		}
	}
	return nil
}

func errKeySize(k Key) error {
	return refusal.Invalid("key: %d bytes, at most %d", len(k), vaultnet.MaxKeySize)
}
