package op

import (
	"container/heap"

	"vaultnet"
)

// job is a part of an operation that waits for something. Whatever concerns it pokes it; at the end of the client's step
// its run is called once, looks at all that is known and at the clock, and does what follows.
type job struct {
	c      *Client
	run    func()
	born   uint64 // orders jobs whose alarms ring together
	queued bool
	over   bool          // stopped: run is not called any more
	at     vaultnet.Time // its alarm; Never: none
	index  int           // in the heap of alarms; −1: not there
}

// start makes j a job of c and pokes it.
func (j *job) start(c *Client, run func()) {
	c.born++
	*j = job{c: c, run: run, born: c.born, at: vaultnet.Never, index: -1}
	j.poke()
}

// poke has the job look at what is new before the client's step ends.
func (j *job) poke() {
	if j == nil || j.over || j.queued {
		return
	}
	j.queued = true
	j.c.ready = append(j.c.ready, j)
}

// wake sets the job's alarm, instead of the one it had.
func (j *job) wake(at vaultnet.Time) {
	j.at = at
	switch {
	case j.over || at == vaultnet.Never:
		if j.index >= 0 {
			heap.Remove(&j.c.alarms, j.index)
		}
	case j.index >= 0:
		heap.Fix(&j.c.alarms, j.index)
	default:
		heap.Push(&j.c.alarms, j)
	}
}

// stop ends the job: it is never run again.
func (j *job) stop() {
	j.over = true
	j.wake(vaultnet.Never)
}

// alarms is a heap of jobs, the one that rings first on top.
type alarms []*job

func (a alarms) Len() int { return len(a) }
func (a alarms) Less(i, k int) bool {
	if a[i].at != a[k].at {
		return a[i].at < a[k].at
	}
	return a[i].born < a[k].born
}
func (a alarms) Swap(i, k int) {
	a[i], a[k] = a[k], a[i]
	a[i].index, a[k].index = i, k
}
func (a *alarms) Push(x any) {
	j := x.(*job)
	j.index = len(*a)
	*a = append(*a, j)
}
func (a *alarms) Pop() any {
	old := *a
	j := old[len(old)-1]
	old[len(old)-1] = nil
	*a = old[:len(old)-1]
	j.index = -1
	return j
}
