package container

import "vaultnet/mutabledata"

// The entries of a node that are no names. Names' keys have 32 bytes.
const (
	// fullMark says that the node takes no new names, for ever, and that whoever put it there is making the nodes below.
	fullMark mutabledata.Key = "full"
	// sealMark says that the node takes no new names, for ever, and that the nodes below are there. What is stored under it
	// is the salt of their places.
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
	arriving = []byte{3} // what it is re-keyed to, until nobody reads the old one any more
	away     = []byte{4} // the root of what was re-keyed: nobody is to read it any more
)

// closedFor reports whether a node's moved mark, if it has one, says that.
func closedFor(v *mutabledata.Value, why []byte) bool {
	return v != nil && string(v.Content) == string(why)
}

func isMark(k mutabledata.Key) bool { return len(k) != len(place{}) }

// How many entries a node may hold after a mutation that puts names there, after one that also says that it is full, and
// when it is sealed. What is left is for the other marks, and for what ignores these bounds.
const (
	maxNames  = 96
	maxFull   = maxNames + 1
	maxSealed = maxFull + 1
)

// saltSize is of the salt in a seal, in bytes.
const saltSize = 16
