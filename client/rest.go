package client

import (
	"time"

	"vaultnet/client/op"
	"vaultnet/internal/load"
)

// Of resting between turns.
const (
	restAlone = 8                     // operations under way with which there is no rest
	restFull  = 32                    // and from which on it is as long as it may
	restShare = 16                    // which is one so manyth of what an operation takes of late,
	restBusy  = 4                     // and up to one so manyth where the machine's processors are busy,
	restShort = 3 * time.Millisecond  // as long as that is not more than this
	restMost  = 20 * time.Millisecond // at most
)

// rest is how long a client with many operations under way waits between two turns, so that what they ask of one vault
// shares a frame, and what vaults answer is taken at once; they in turn answer together what came together. It is a small
// part of what operations take anyway, and who does a few things at a time never waits. Processor time is what a rest saves:
// it is longer where that is what operations wait for.
type rest struct {
	until  time.Time
	under  int           // operations under way
	usual  time.Duration // what an operation takes, of late
	share  float64       // of that, which a rest takes; 0: not known yet
	judged time.Time     // when the share was last seen to
}

// follow has rests become longer or shorter by the load.
func (r *rest) follow(now time.Time, m *load.Meter) {
	if r.under <= restAlone || now.Sub(r.judged) < load.Every {
		return
	}
	r.judged = now
	switch l := m.Load(now); {
	case r.share == 0:
		r.share = 1. / restShare
	case l > load.Busy:
		r.share = min(r.share*5/4, 1./restBusy)
	case l < load.Free:
		r.share = max(r.share*4/5, 1./restShare)
	}
}

// rested reports whether an operation is one of those that rests are for. A chunk fills its frames alone.
func rested(o op.Operation) bool {
	switch o.(type) {
	case op.PutChunk, op.GetChunk:
		return false
	}
	return true
}

// begin notes that an operation has begun.
func (r *rest) begin(o op.Operation) {
	if rested(o) {
		r.under++
	}
}

// done notes that an operation has ended, and what it took.
func (r *rest) done(o op.Operation, took time.Duration) {
	if rested(o) {
		r.under--
		r.usual += (min(took, restShare*restMost) - r.usual) / 16
	}
}

// after notes a turn that ended, and how many operations wait for others of this client: those ask nobody anything.
func (r *rest) after(ended time.Time, queued int) {
	part := min(max(r.under-queued-restAlone, 0), restFull-restAlone)
	most := max(r.usual/restShare, min(time.Duration(float64(r.usual)*r.share), restShort))
	r.until = ended.Add(most * time.Duration(part) / (restFull - restAlone))
}

// left is how much of the rest is left.
func (r *rest) left(now time.Time) time.Duration { return max(0, r.until.Sub(now)) }
