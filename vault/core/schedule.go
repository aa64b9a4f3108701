package core

import (
	"container/heap"

	"vaultnet"
)

// schedule is what the vault will do later, earliest first and at one time in the order it was asked for. What has
// become pointless meanwhile finds that out when its time comes.
type schedule struct {
	jobs []job // a heap
	n    uint64
}

type job struct {
	at vaultnet.Time
	n  uint64
	do func()
}

func (j *job) before(k *job) bool { return j.at < k.at || j.at == k.at && j.n < k.n }

// at plans do.
func (s *schedule) at(t vaultnet.Time, do func()) {
	s.n++
	s.jobs = append(s.jobs, job{t, s.n, do})
	for i := len(s.jobs) - 1; i > 0; {
		up := (i - 1) / 2
		if !s.jobs[i].before(&s.jobs[up]) {
			break
		}
		s.jobs[i], s.jobs[up] = s.jobs[up], s.jobs[i]
		i = up
	}
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
	do, last := s.jobs[0].do, len(s.jobs)-1
	s.jobs[0], s.jobs[last] = s.jobs[last], job{}
	s.jobs = s.jobs[:last]
	for i, least := 0, 0; ; i = least {
		for k := 2*i + 1; k <= 2*i+2 && k < last; k++ {
			if s.jobs[k].before(&s.jobs[least]) {
				least = k
			}
		}
		if least == i {
			return do
		}
		s.jobs[i], s.jobs[least] = s.jobs[least], s.jobs[i]
	}
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
