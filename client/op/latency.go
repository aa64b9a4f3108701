package op

import (
	"slices"
	"time"
)

// latency is an estimate of how long a chunk's holder takes to answer: by the last ones.
type latency struct {
	last [16]time.Duration
	n    int
}

func (l *latency) note(d time.Duration) {
	l.last[l.n%len(l.last)] = d
	l.n++
}

// hedge is when the next holder is asked: after twice what all but an eighth stay below, 250 ms while nothing is known.
// Where many chunks are on their way at once their times differ much, and who asks twice too soon has all of it come
// twice. But the slowest must not decide, for they may be liars: it is at most eight times the median.
func (l *latency) hedge() time.Duration {
	if l.n == 0 {
		return hedgeFirst
	}
	known := slices.Clone(l.last[:min(l.n, len(l.last))])
	slices.Sort(known)
	return max(min(2*known[len(known)*7/8], 8*known[len(known)/2]), 2*time.Millisecond)
}

// median of a list that is not empty, which is sorted by it.
func median(list []uint64) uint64 {
	slices.Sort(list)
	return list[len(list)/2]
}
