package vault

import "time"

// Of resting between turns.
const (
	restFrom  = 16                     // inputs of a turn up to which there is no rest: what an object or two bring at once
	restFor   = 300 * time.Microsecond // for each input beyond
	restMost  = 30 * time.Millisecond
	restLeast = time.Millisecond // of what it may be at most, where processors are free

	restBusy = 0.92 // load above which rests may be longer
	restFree = 0.85 // load below which they have to be shorter
)

// rest is how long a vault that has much to do waits between two turns, so that the next takes more at once: objects that
// are changed at the same time then share signatures, frames and syncs. It follows the inputs of the last turns, which a
// rest makes more, so a vault that gets too many for turns without one soon rests for as long as it may, while one that
// gets few never does. Processor time is what a rest saves and latency what it costs: where processors are free it is soon
// as short as can be.
type rest struct {
	until  time.Time
	busy   int           // inputs of a turn, of late
	most   time.Duration // of a rest, as the load has it; 0: not known yet
	judged time.Time     // when that was last seen to
}

// after notes a turn that ended.
func (r *rest) after(ended time.Time, inputs int, load *meter) {
	r.busy = max(inputs, r.busy*3/4)
	wish := restFor * time.Duration(max(0, r.busy-restFrom))
	if wish > 0 && ended.Sub(r.judged) >= loadEvery {
		r.judge(load.load(ended))
		r.judged = ended
	}
	r.until = ended.Add(min(wish, r.most))
}

// judge follows the load.
func (r *rest) judge(load float64) {
	switch {
	case r.most == 0:
		r.most = restMost / 2
	case load > restBusy:
		r.most = min(r.most*5/4, restMost)
	case load < restFree:
		r.most = max(r.most*4/5, restLeast)
	}
}

// left is how much of the rest is left.
func (r *rest) left(now time.Time) time.Duration { return max(0, r.until.Sub(now)) }

// sleep sleeps; it reports false where the vault is to stop.
func (v *Vault) sleep(d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-v.leave:
		return false
	}
}
