package mutabledata

import "vaultnet"

// Key is an entry key: any bytes, at most [vaultnet.MaxKeySize], the empty key included.
type Key string

// Version counts the changes of an entry or of a shell (owner and permissions). The successor of n is n+1; the greatest
// version has none.
type Version uint64

// next returns v's successor; false where there is none.
func (v Version) next() (Version, bool) { return v + 1, v+1 != 0 }

// raised returns v+n, or the greatest version where that would wrap.
func (v Version) raised(n Version) Version {
	if v > ^n {
		return ^Version(0)
	}
	return v + n
}

// Value is what an entry holds.
type Value struct {
	_       struct{} `cbor:",toarray"`
	Content []byte   // shared with the object or mutation it is part of; not to be changed
	Version Version
}

// Entry is a key and its value.
type Entry struct {
	_     struct{} `cbor:",toarray"`
	Key   Key
	Value Value
}

// highest is the greatest version that may be asked for by an insert where Floor is floor. The bound keeps an app from
// raising Floor so far that nobody could insert any more.
func highest(floor Version) Version { return floor.raised(vaultnet.MaxFloorStep) }
