package container

import "vaultnet/mutabledata"

// The entries of a node that are no names. Names' keys have 32 bytes.
const (
	// sealMark says that the node takes no new names, for ever. What is stored under it means nothing.
	sealMark mutabledata.Key = "seal"
	// movedMark says that nothing in the node may change any more: the container is being re-keyed, or removed.
	movedMark mutabledata.Key = "moved"
	// floorMark is there for a moment where versions of a node have to be raised.
	floorMark mutabledata.Key = "floor"
)

// What the moved mark says: why. Anything else is taken for the first.
var (
	rekeying = []byte{1}
	removing = []byte{2}
)

func isMark(k mutabledata.Key) bool { return len(k) != len(place{}) }

// How many entries a node may hold after a mutation that puts names there, and after one that also seals it. What is left
// is for the two marks, and for what ignores these bounds.
const (
	maxNames  = 96
	maxSealed = 97
)
