package agreement

import (
	"slices"

	"vaultnet"
)

// Memory is what a member knows of the past and its records do not say: results past their deadlines, how far back it knows
// them all, and the newest wish of each member, or old ones could be told it again as new. Immutable.
type Memory struct {
	Until     vaultnet.Time // it is of no use any more afterwards
	forgotten vaultnet.Time
	kept      []kept
	wishes    *[maxMembers]heardWish
}

// Memory is what an object that is loaded again from its records would no longer tell, nil where that is nothing: results
// are told until [vaultnet.ResultsKept] after their deadlines, and those that the state has dropped lie before its time.
func (o *Object) Memory(now vaultnet.Time) *Memory {
	if o.height == 0 {
		return nil
	}
	over := o.forgotten >= o.state.Time || o.state.Time.Add(vaultnet.ResultsKept) < now
	switch {
	case over && o.wishes == nil:
		return nil
	case over:
		return &Memory{Until: now.Add(vaultnet.ResultsKept), forgotten: max(o.forgotten, o.state.Time), wishes: o.wishes}
	}
	m := &Memory{Until: o.state.Time.Add(vaultnet.ResultsKept), forgotten: o.forgotten, wishes: o.wishes}
	if i := slices.IndexFunc(o.kept, func(k kept) bool { return k.deadline.Add(vaultnet.ResultsKept) >= now }); i >= 0 {
		m.kept = slices.Clone(o.kept[i:])
	}
	return m
}

// Size is about how many bytes it takes.
func (m *Memory) Size() int64 {
	n := 64
	if m.wishes != nil {
		n += 8 << 10 // of so many members
	}
	for i := range m.kept {
		n += 128 + len(m.kept[i].applied.Result)
	}
	return int64(n)
}

// Remember gives back to an object that was loaded what it told before, at the same height; nil for nothing.
func (o *Object) Remember(m *Memory) {
	if m != nil {
		o.forgotten, o.kept, o.wishes = m.forgotten, m.kept, m.wishes
	}
}
