package vault

import (
	"time"

	"vaultnet/internal/load"
)

// Of resting between turns.
const (
	restFrom  = 4                      // objects with something under way up to which there is no rest
	restFor   = 300 * time.Microsecond // for each beyond
	restMost  = 30 * time.Millisecond
	restLeast = time.Millisecond // of what it may be at most, where processors are free
)

// rest is how long a vault that has much to do waits between two turns, so that the next takes more at once: objects that
// are changed at the same time then share signatures, frames and syncs. How much there is to share follows from how many
// objects have something under way. Processor time is what a rest saves and latency what it costs: where processors are
// free it is soon as short as can be.
type rest struct {
	until  time.Time
	most   time.Duration // as the load has it; 0: not known yet
	judged time.Time     // when that was last seen to
}

// after notes a turn that ended, and the objects that have something under way.
func (r *rest) after(ended time.Time, active int, m *load.Meter) {
	wish := restFor * time.Duration(max(0, active-restFrom))
	if wish > 0 && ended.Sub(r.judged) >= load.Every {
		r.judge(m.Load(ended))
		r.judged = ended
	}
	r.until = ended.Add(min(wish, r.most))
}

// judge follows the load.
func (r *rest) judge(busy float64) {
	switch {
	case r.most == 0:
		r.most = restMost / 2
	case busy > load.Busy:
		r.most = min(r.most*5/4, restMost)
	case busy < load.Free:
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
