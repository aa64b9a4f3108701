package op

import (
	"time"

	"vaultnet"
	"vaultnet/refusal"
)

// Numbers that are local to a client (design §12 leaves them to it).
const (
	repeatFirst  = 200 * time.Millisecond // until an unanswered message is sent again; doubles
	repeatCap    = 2 * time.Second
	patienceCap  = 8 * time.Second         // the longest until the first time
	retryCap     = 400 * time.Millisecond  // the same, where a member said that it may soon be otherwise
	retryLeast   = 25 * time.Millisecond   // and the shortest, where it said that others were just before
	lookupEvery  = 5 * time.Second         // between two walks of the DHT for one address
	staleAfter   = 1500 * time.Millisecond // until a set of which fewer than w answer is doubted
	hintsFor     = 3 * time.Second         // how long vaults that were named as nearer are waited for
	gatherFor    = 50 * time.Millisecond   // needs that come so soon after another share a permit
	gatherAlone  = 2 * time.Millisecond    // the same where nothing else is under way
	viewsRenewed = 5 * time.Second         // after which a proof of a first set is gathered again
	closingTime  = 3 * time.Second         // kept at the end of an operation to make its outcome certain; at most a quarter of it
	hesitation   = time.Second             // how long members that answer differently may come to agree, without retries
	lingerFor    = time.Second             // how long the last vaults that are to store a chunk are waited for, where that is asked for
	lingerMost   = 4 * time.Second         // the same of a vault that stores others meanwhile
	tardyFor     = 30 * time.Second        // how long one is not waited for that this was too short for
	largeAgain   = 2 * time.Second         // until a large chunk is sent again
	hedgeFirst   = 250 * time.Millisecond  // until the next holder of a chunk is asked, before any latency is known
)

// largeRequest is from how many bytes on a request is not repeated every [retryCap].
const largeRequest = 64 << 10

// repeat says when a question is asked again: 200 ms after the first time, doubling to 2 s, or each time after what first
// says, at most 8 s, where that is more.
type repeat struct {
	next  vaultnet.Time
	gap   time.Duration
	first time.Duration
}

// due reports whether it is time to ask, and if so counts it as done.
func (r *repeat) due(now vaultnet.Time) bool {
	if now < r.next {
		return false
	}
	switch {
	case r.gap == 0:
		r.gap = min(max(repeatFirst, r.first), patienceCap)
	case r.gap < repeatCap:
		r.gap = min(2*r.gap, repeatCap)
	}
	r.next = now.Add(r.gap)
	return true
}

// soon has the next time come no later than d from now.
func (r *repeat) soon(now vaultnet.Time, d time.Duration) { r.next = min(r.next, now.Add(d)) }

// pace is how long something takes of late: changes, or answers to reads. Where much is under way they take long, and who then asks again too soon makes
// them take longer still.
type pace struct{ usual time.Duration }

// note takes how long one took.
func (p *pace) note(took time.Duration) {
	if p.usual == 0 {
		p.usual = took
	}
	p.usual += (took - p.usual) / 8
}

// patience is how long to wait before anybody is asked again.
func (p *pace) patience() time.Duration { return 2 * p.usual }

// retry is when a change is sent again for which a member had no room. Who was before it comes soon again, so it does, too:
// else two clients of one object would have one wait for seconds.
func (p *pace) retry(k refusal.Kind) time.Duration {
	if p.usual == 0 || k != refusal.TooManyMutations && k != refusal.MutationInProgress {
		return retryCap
	}
	return min(max(p.patience(), retryLeast), retryCap)
}

// doubts is how long to wait for a word of the members before it is doubted that they are the members.
func (p *pace) doubts() time.Duration { return max(staleAfter, min(p.patience(), patienceCap)) }
