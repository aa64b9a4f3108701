package vaultnet

import "time"

// Time is milliseconds since 1970 UTC.
type Time int64

// Never is later than every time a block can carry.
const Never Time = 1<<63 - 1

// Add returns t + d, d rounded down to a millisecond. It saturates at [Never].
func (t Time) Add(d time.Duration) Time {
	ms := Time(d / time.Millisecond)
	if ms > 0 && t > Never-ms {
		return Never
	}
	return t + ms
}

// Sub returns t − u. The difference must fit a duration (292 years).
func (t Time) Sub(u Time) time.Duration { return time.Duration(t-u) * time.Millisecond }

// Std returns t as the standard library's time, in UTC.
func (t Time) Std() time.Time { return time.UnixMilli(int64(t)).UTC() }

// Height is the number of decided blocks of an object. 0: none yet.
type Height uint64
