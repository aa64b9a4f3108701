package vault

import (
	"sync"
	"time"
)

// loadEvery is how long the load is measured over, at least.
const loadEvery = 200 * time.Millisecond

// meter tells how busy the machine's processors are. All vaults of a process share one. Safe for concurrent use.
type meter struct {
	read func() (idle, all uint64, ok bool) // processor time since the machine started, in any unit

	mu        sync.Mutex
	at        time.Time
	idle, all uint64
	busy      float64
}

// processors is the meter of this machine.
var processors = meter{read: processorTime}

// load is which part of the processors' time was used of late, 0…1, or was not to be had; 1 where that cannot be told.
func (m *meter) load(now time.Time) float64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.at.IsZero() && now.Sub(m.at) < loadEvery {
		return m.busy
	}
	m.at = now
	idle, all, ok := m.read()
	switch {
	case !ok || all < m.all || idle < m.idle || m.all == 0:
		m.busy = 1
	case all > m.all:
		m.busy = 1 - float64(idle-m.idle)/float64(all-m.all)
	}
	m.idle, m.all = idle, all
	return m.busy
}
