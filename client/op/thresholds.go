package op

import "vaultnet"

// thresholds is how many members must say alike what, before it counts (design §5). They are data, so that a test can
// show what a wrong number breaks.
type thresholds struct {
	applied   int // A: a request is applied: same height, same result
	shown     int // w: a refusal may be shown: same height, same refusal
	withdrawn int // A: a request will never be applied: withdrawn, moved, or clear of its deadline
	final     int // w: a request will never be applied: a block later than its deadline is decided
	settled   int // q: members whose heights lie at or below that of a refusal or a read
	alike     int // w: a read's value: same height, block and digest
	confirmed int // A: members that report at least the height that a read returns
	absent    int // q: nothing is held at an address
	believed  int // w: a newer set
	views     int // q: equal views that prove a first set
	signed    int // w: managers' signatures that make a permit good
	stated    int // A: members' signatures under a statement of use
	stored    int // A: vaults that store a chunk durably
	missing   int // A: vaults that do not have a chunk
}

// thresholdsOf are the protocol's thresholds for a group of n: A, w and q of [vaultnet.Answers], [vaultnet.Weak] and
// [vaultnet.Quorum].
func thresholdsOf(n int) thresholds {
	a, w, q := vaultnet.Answers(n), vaultnet.Weak(n), vaultnet.Quorum(n)
	return thresholds{
		applied: a, shown: w, withdrawn: a, final: w, settled: q, alike: w, confirmed: a, absent: q, believed: w, views: q,
		signed: w, stated: a, stored: a, missing: a,
	}
}
