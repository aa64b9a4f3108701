// Package load tells how busy the machine's processors are: whoever may trade latency for processor time asks [Meter.Load].
package load

import (
	"sync"
	"time"
)

// Every is how long the load is measured over, at least.
const Every = 200 * time.Millisecond

// Busy is the load above which processor time is what work waits for, Free that below which it is there to be used.
const (
	Busy = 0.92
	Free = 0.85
)

// Meter tells how busy processors are. Safe for concurrent use.
type Meter struct {
	// Read tells the processor time since some moment, in any unit.
	Read func() (idle, all uint64, ok bool)

	mu        sync.Mutex
	at        time.Time
	idle, all uint64
	busy      float64
}

// Processors is the meter of this machine, which all vaults and clients of a process share.
var Processors = Meter{Read: processorTime}

// Load is which part of the processors' time was used of late, 0…1, or was not to be had; 1 where that cannot be told.
func (m *Meter) Load(now time.Time) float64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.at.IsZero() && now.Sub(m.at) < Every {
		return m.busy
	}
	m.at = now
	idle, all, ok := m.Read()
	switch {
	case !ok || all < m.all || idle < m.idle || m.all == 0:
		m.busy = 1
	case all > m.all:
		m.busy = 1 - float64(idle-m.idle)/float64(all-m.all)
	}
	m.idle, m.all = idle, all
	return m.busy
}
