package agreement

import (
	"time"

	"vaultnet"
)

// Lingering. Whoever waits for answers about an object sends its next request when it has them, a moment after the block is
// decided. A proposer that began with what is there would leave those to the block after, and every other block would hold
// little. So it waits for as many requests as the last block held, beside those that were there already: at most two
// thirds of what heights usually take (2 to 10 ms), and not at all for a while where they did not come. A block of five
// costs little more than one of one.

const (
	lingerLeast = 2 * time.Millisecond
	lingerMost  = 10 * time.Millisecond
	lingerSkips = 64 // blocks that are proposed at once, at most, after one that too few joined
)

// linger is an object's waiting for company.
type linger struct {
	until vaultnet.Time // of this height; 0: no waiting
	least int8          // requests that it waits for
	skip  int8          // heights without waiting
	last  int8          // how many those were
}

// expect begins to wait, where a block with requests has just been decided.
func (t *turn) expect(d *Decided) {
	l := &t.lingers
	l.until = 0
	if len(d.Bodies) == 0 {
		return
	}
	if l.skip > 0 {
		l.skip--
		return
	}
	l.least = int8(min(len(t.pool)+len(d.Bodies), vaultnet.MaxInFlight))
	l.until = t.now.Add(min(max(t.cfg.usual*2/3, lingerLeast), lingerMost))
}

// lingering reports whether the proposer of a first round waits for more requests than there are. What it learns from that
// is for the blocks to come.
func (t *turn) lingering(ready int) bool {
	l := &t.lingers
	if l.until == 0 || t.attempt.round > 0 {
		return false
	}
	if ready >= int(l.least) {
		l.until, l.last = 0, l.last/2
		return false
	}
	if t.now < l.until {
		return true
	}
	l.until, l.last = 0, min(2*l.last+1, lingerSkips)
	l.skip = l.last
	return false
}
