package vault

import "time"

// Of resting between turns.
const (
	restFrom = 16                     // inputs of a turn up to which there is no rest: what an object or two bring at once
	restFor  = 300 * time.Microsecond // for each input beyond
	restMost = 30 * time.Millisecond
)

// rest is how long a vault that has much to do waits between two turns, so that the next takes more at once: objects that
// are changed at the same time then share signatures, frames and syncs. It follows the inputs of the last turns, which a
// rest makes more, so a vault that gets too many for turns without one soon rests for as long as it may, while one that
// gets few never does.
type rest struct {
	until time.Time
	busy  int // inputs of a turn, of late
}

// after notes a turn that ended.
func (r *rest) after(ended time.Time, inputs int) {
	r.busy = max(inputs, r.busy*3/4)
	r.until = ended.Add(min(restFor*time.Duration(max(0, r.busy-restFrom)), restMost))
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
