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

// spent is what the processes had used at a moment.
type spent struct {
	User, System float64 // seconds
	Most         int64   // bytes of memory, at any time
}

func (s spent) minus(o spent) spent { return spent{s.User - o.User, s.System - o.System, s.Most} }
func (s spent) plus(o spent) spent {
	return spent{s.User + o.User, s.System + o.System, s.Most + o.Most}
}
func (s spent) total() float64 { return s.User + s.System }
