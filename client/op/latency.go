package op

import (
	"slices"
	"time"
)

// latency is an estimate of how long a chunk's holder takes to answer: the median of the last ones.
type latency struct {
	last [16]time.Duration
	n    int
}

func (l *latency) note(d time.Duration) {
	l.last[l.n%len(l.last)] = d
	l.n++
}

// hedge is when the next holder is asked: after twice the median, 250 ms while nothing is known.
func (l *latency) hedge() time.Duration {
	if l.n == 0 {
		return hedgeFirst
	}
	known := slices.Clone(l.last[:min(l.n, len(l.last))])
	slices.Sort(known)
	return max(2*known[len(known)/2], 2*time.Millisecond)
}

// median of a list that is not empty, which is sorted by it.
func median(list []uint64) uint64 {
	slices.Sort(list)
	return list[len(list)/2]
}
