package client

import "vaultnet/mutabledata"

// Change is a part of a mutation of entries, for [Client.Mutate]: one of the functions below makes it.
type Change func(*mutabledata.MutateEntries)

// Insert makes an entry: EntryExists where the key is there. Its version is the lowest that the object gives.
func Insert(key mutabledata.Key, content []byte) Change { return InsertAt(key, content, 0) }

// InsertAt makes an entry with at least the given version, at most the object's Floor + 2^20.
func InsertAt(key mutabledata.Key, content []byte, version mutabledata.Version) Change {
	return action(mutabledata.EntryAction{Key: key, Do: mutabledata.InsertEntry, Content: content, Version: version})
}

// Update replaces the content of an entry. The version is the entry's + 1: InvalidSuccessor tells the current one.
func Update(key mutabledata.Key, content []byte, version mutabledata.Version) Change {
	return action(mutabledata.EntryAction{Key: key, Do: mutabledata.UpdateEntry, Content: content, Version: version})
}

// Delete removes an entry. The version is the entry's + 1.
func Delete(key mutabledata.Key, version mutabledata.Version) Change {
	return action(mutabledata.EntryAction{Key: key, Do: mutabledata.DeleteEntry, Version: version})
}

// ExpectAbsent changes nothing, and fails the whole mutation where the key is there.
func ExpectAbsent(key mutabledata.Key) Change {
	return action(mutabledata.EntryAction{Key: key, Do: mutabledata.ExpectAbsent})
}

// ExpectVersion changes nothing, and fails the whole mutation where the entry has not exactly this version.
func ExpectVersion(key mutabledata.Key, version mutabledata.Version) Change {
	return action(mutabledata.EntryAction{Key: key, Do: mutabledata.ExpectVersion, Version: version})
}

// AtMost has the mutation refused with TooManyEntries where the object would hold more than n entries afterwards; at most
// [vaultnet.MaxEntries], which is so without it.
func AtMost(n int) Change {
	return func(m *mutabledata.MutateEntries) { m.MaxEntries = n }
}

// Entries is the mutation that the changes make together. Two changes of one key are InvalidRequest when it is applied.
func Entries(changes ...Change) *mutabledata.MutateEntries {
	m := &mutabledata.MutateEntries{Actions: make([]mutabledata.EntryAction, 0, len(changes))}
	for _, change := range changes {
		change(m)
	}
	mutabledata.Sort(m)
	return m
}

func action(a mutabledata.EntryAction) Change {
	return func(m *mutabledata.MutateEntries) { m.Actions = append(m.Actions, a) }
}
