package core

import (
	"container/heap"

	"vaultnet"
)

// schedule is what the vault will do later, earliest first and at one time in the order it was asked for. What has
// become pointless meanwhile finds that out when its time comes.
type schedule struct {
	jobs []*job
	n    uint64
}

type job struct {
	at vaultnet.Time
	n  uint64
	do func()
}

func (s *schedule) Len() int { return len(s.jobs) }
func (s *schedule) Less(i, j int) bool {
	if s.jobs[i].at != s.jobs[j].at {
		return s.jobs[i].at < s.jobs[j].at
	}
	return s.jobs[i].n < s.jobs[j].n
}
func (s *schedule) Swap(i, j int) { s.jobs[i], s.jobs[j] = s.jobs[j], s.jobs[i] }
func (s *schedule) Push(x any)    { s.jobs = append(s.jobs, x.(*job)) }
func (s *schedule) Pop() any {
	last := len(s.jobs) - 1
	j := s.jobs[last]
	s.jobs[last] = nil
	s.jobs = s.jobs[:last]
	return j
}

// at plans do.
func (s *schedule) at(t vaultnet.Time, do func()) {
	s.n++
	heap.Push(s, &job{t, s.n, do})
}

// soon plans what need not be exact: for the next of the vault's own half seconds, so that such jobs share turns.
func (v *Vault) soon(t vaultnet.Time, do func()) { v.schedule.at(v.halfSecond(t), do) }

// halfSecond is the next of the vault's own half seconds.
func (v *Vault) halfSecond(t vaultnet.Time) vaultnet.Time {
	const step = 500 // ms
	offset := vaultnet.Time(int(v.cfg.Self[0])<<8|int(v.cfg.Self[1])) % step
	return (t-offset+step-1)/step*step + offset
}

// due takes the next job whose time has come; nil if there is none.
func (s *schedule) due(now vaultnet.Time) func() {
	if len(s.jobs) == 0 || s.jobs[0].at > now {
		return nil
	}
	return heap.Pop(s).(*job).do
}

// next is when the earliest job is due.
func (s *schedule) next() vaultnet.Time {
	if len(s.jobs) == 0 {
		return vaultnet.Never
	}
	return s.jobs[0].at
}

// alarms is the objects that asked to be stepped at a time, earliest first, at one time in address order.
type alarms []*live

func (h alarms) Len() int { return len(h) }
func (h alarms) Less(i, j int) bool {
	if h[i].alarm != h[j].alarm {
		return h[i].alarm < h[j].alarm
	}
	return h[i].entry.address().Compare(h[j].entry.address()) < 0
}
func (h alarms) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i+1, j+1
}
func (h *alarms) Push(x any) {
	l := x.(*live)
	*h = append(*h, l)
	l.place = len(*h)
}
func (h *alarms) Pop() any {
	last := len(*h) - 1
	l := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	l.place = 0
	return l
}

// set moves an object's alarm; [vaultnet.Never] takes it off.
func (h *alarms) set(l *live, at vaultnet.Time) {
	switch {
	case at == vaultnet.Never:
		if l.place > 0 {
			heap.Remove(h, l.place-1)
		}
		l.alarm = at
	case l.place == 0:
		l.alarm = at
		heap.Push(h, l)
	case l.alarm != at:
		l.alarm = at
		heap.Fix(h, l.place-1)
	}
}
