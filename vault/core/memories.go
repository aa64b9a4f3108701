package core

import (
	"cmp"
	"slices"

	"vaultnet"
	"vaultnet/agreement"
)

// memories is what objects that are not loaded could still tell ([agreement.Memory]).
type memories struct {
	of    map[*object]*memory
	queue []*memory // the first to be over first; what is not in of is void
}

func newMemories() memories { return memories{of: make(map[*object]*memory)} }

type memory struct {
	*agreement.Memory
	entry *object
	until vaultnet.Time
}

// remember keeps what an object that is evicted could still tell, nil for nothing.
func (v *Vault) remember(e *object, told *agreement.Memory) {
	if told == nil {
		return
	}
	m, s := &memory{told, e, told.Until}, &v.memories
	s.of[e] = m
	i, _ := slices.BinarySearchFunc(s.queue, m.until, func(m *memory, t vaultnet.Time) int { return cmp.Compare(m.until, t) })
	s.queue = slices.Insert(s.queue, i, m) // near the end: objects are evicted in order of use
	v.loaded.bytes += m.Size()
}

// recall takes back what was kept of an object, nil for nothing.
func (v *Vault) recall(e *object) *agreement.Memory {
	m := v.memories.of[e]
	if m == nil {
		return nil
	}
	delete(v.memories.of, e)
	told := m.Memory
	v.loaded.bytes -= told.Size()
	m.Memory = nil // it stays in the queue
	return told
}

// oldest is the memory that is over first, nil where there is none.
func (s *memories) oldest() *memory {
	for len(s.queue) > 0 && s.of[s.queue[0].entry] != s.queue[0] {
		s.queue[0], s.queue = nil, s.queue[1:]
	}
	if len(s.queue) == 0 {
		if s.queue != nil {
			*s = newMemories() // a map does not shrink
		}
		return nil
	}
	return s.queue[0]
}
