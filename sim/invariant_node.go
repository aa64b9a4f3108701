package sim

import (
	"vaultnet"
	"vaultnet/client/container"
	"vaultnet/mutabledata"
)

// nodes checks the nodes of containers, block by block, as semantics §5 has them: what is full or sealed stays so and takes no
// new names; where a container moves, no name changes any more. It knows nothing of the package that keeps to this.
func (c *checker) nodes() {
	for _, w := range c.order {
		if w.address.Kind != vaultnet.KindMutableData || w.address.Tag != container.Tag || w.split() {
			continue
		}
		var before *naive
		for h, after := range w.replay.data {
			if wrong := nodeChange(before, after); wrong != "" {
				c.fail(OnePlace, w, "height %d: %s", h+1, wrong)
				return
			}
			before = after
		}
	}
}

// nodeChange says what is wrong with what became of a node in one block.
func nodeChange(before, after *naive) string {
	if before == nil || after == nil {
		return ""
	}
	seal, sealed := before.entries["seal"]
	_, full := before.entries["full"]
	if still, ok := after.entries["seal"]; sealed && (!ok || still != seal) {
		return "a seal is gone, or another"
	}
	why, moved := before.entries["moved"]
	moved = moved && why.content != arriving
	for k, e := range after.entries { // any order
		old, was := before.entries[k]
		switch {
		case !isName(k):
		case (sealed || full) && !was:
			return "a full node took a new name"
		case moved && (!was || old != e):
			return "a name changed where the container moves"
		}
	}
	for k := range before.entries { // any order
		if _, is := after.entries[k]; moved && !is && isName(k) {
			return "a name went where the container moves"
		}
	}
	return ""
}

// arriving is what the mark says while a container is copied to.
const arriving = "\x03"

// isName tells names from marks.
func isName(k mutabledata.Key) bool { return len(k) == 32 }
