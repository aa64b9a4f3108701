package agreement

import (
	"slices"

	"vaultnet"
)

// Memory is what a member tells of the past and its records do not say: results past their deadlines, and how far back it
// knows them all. Immutable.
type Memory struct {
	Until     vaultnet.Time // it tells nothing any more afterwards
	forgotten vaultnet.Time
	kept      []kept
}

// Memory is what an object that is loaded again from its records would no longer tell, nil where that is nothing: results
// are told until [vaultnet.ResultsKept] after their deadlines, and those that the state has dropped lie before its time.
func (o *Object) Memory(now vaultnet.Time) *Memory {
	if o.height == 0 || o.forgotten >= o.state.Time || o.state.Time.Add(vaultnet.ResultsKept) < now {
		return nil
	}
	m := &Memory{Until: o.state.Time.Add(vaultnet.ResultsKept), forgotten: o.forgotten}
	if i := slices.IndexFunc(o.kept, func(k kept) bool { return k.deadline.Add(vaultnet.ResultsKept) >= now }); i >= 0 {
		m.kept = slices.Clone(o.kept[i:])
	}
	return m
}

// Size is about how many bytes it takes.
func (m *Memory) Size() int64 {
	n := 64
	for i := range m.kept {
		n += 128 + len(m.kept[i].applied.Result)
	}
	return int64(n)
}

// Remember gives back to an object that was loaded what it told before, at the same height; nil for nothing.
func (o *Object) Remember(m *Memory) {
	if m != nil {
		o.forgotten, o.kept = m.forgotten, m.kept
	}
}
