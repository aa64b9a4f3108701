package bench

// Usage is what a run cost in time of processors.
type Usage struct {
	Seconds  float64 `json:"cpu-s"`           // of all processes
	Clients  float64 `json:"clients-cpu-s"`   // of this process, where the vaults have others: clients and load generator
	Vaults   float64 `json:"vaults-cpu-s"`    // of the vaults' own processes
	System   float64 `json:"system-s"`        // of Seconds, in the kernel
	PerOp    float64 `json:"cpu-us-per-op"`   // microseconds of Seconds for each operation done
	Parts    []Part  `json:"parts,omitempty"` // of PerOp, where it lies
	Profiled float64 `json:"profiled-s,omitempty"`
}

// Part is a share of the CPU time.
type Part struct {
	Name  string  `json:"name"`
	Share float64 `json:"share"` // of all samples of the profile
	PerOp float64 `json:"us-per-op"`
}

// Spent is what processes have used at a moment.
type Spent struct {
	User   float64 `json:"user-s"`
	System float64 `json:"system-s"`
	Most   int64   `json:"memory-bytes"` // at any time
}

// Minus is what was used since: the memory is that of now.
func (s Spent) Minus(o Spent) Spent { return Spent{s.User - o.User, s.System - o.System, s.Most} }

// Plus is what both used.
func (s Spent) Plus(o Spent) Spent {
	return Spent{s.User + o.User, s.System + o.System, s.Most + o.Most}
}

// UsageOf is what so many operations cost, by this process and by others that did the work.
func UsageOf(own, others Spent, operations int64) *Usage {
	u := &Usage{Clients: own.User + own.System, Vaults: others.User + others.System, System: own.System + others.System}
	u.Seconds = u.Clients + u.Vaults
	if operations > 0 {
		u.PerOp = u.Seconds / float64(operations) * 1e6
	}
	return u
}
