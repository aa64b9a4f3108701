package mutabledata

import (
	"vaultnet"
	"vaultnet/refusal"
)

// InFlight is step 7 of semantics §1: whether m may be undecided beside the pending mutations of the same object. A
// MutationInProgress names the keys that are taken, and the shell where it is; TooManyMutations comes after it. An entry
// key is taken by what changes it; an Expect conflicts with that, and not with another Expect. Put, both changes of
// permissions and ChangeOwner take the shell.
func InFlight(pending []Mutation, m Mutation) error {
	var detail refusal.Detail
	entries, _ := m.(*MutateEntries)
	if entries == nil {
		for _, p := range pending {
			if _, other := p.(*MutateEntries); !other {
				detail.Shell = true
			}
		}
	} else {
		detail.Keys = conflicts(pending, entries)
	}
	if detail.Shell || len(detail.Keys) > 0 {
		return &refusal.Error{Kind: refusal.MutationInProgress, Detail: detail}
	}
	if len(pending) >= vaultnet.MaxInFlight {
		return refusal.New(refusal.TooManyMutations)
	}
	return nil
}

// conflicts lists the keys of m that are taken, in order. All lists are, so each is gone through once.
func conflicts(pending []Mutation, m *MutateEntries) []string {
	others := make([][]EntryAction, 0, vaultnet.MaxInFlight)
	for _, p := range pending {
		if e, ok := p.(*MutateEntries); ok {
			others = append(others, e.Actions)
		}
	}
	var keys []string
	for _, a := range m.Actions {
		taken := false
		for i, as := range others {
			for len(as) > 0 && as[0].Key < a.Key {
				as = as[1:]
			}
			others[i] = as
			if len(as) > 0 && as[0].Key == a.Key && (as[0].Do.changes() || a.Do.changes()) {
				taken = true
			}
		}
		if taken {
			keys = append(keys, string(a.Key))
		}
	}
	return keys
}
