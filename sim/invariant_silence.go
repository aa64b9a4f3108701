package sim

import (
	"vaultnet/internal/wire"
)

// quiet watches a network that has nothing to do.
type quiet struct {
	watching bool
	bundles  int
	first    string // the first message that broke the silence
}

// sent notes agreement's messages of honest vaults.
func (q *quiet) sent(w *world, from int32, to int32, messages []wire.Message) {
	if !q.watching {
		return
	}
	v, ok := w.nodes[from].(*vault)
	if !ok || v.liar {
		return
	}
	for _, m := range messages {
		if b, ok := m.(*wire.Bundle); ok && !w.strandedAt(b.Address) {
			q.bundles++
			if q.first == "" {
				q.first = v.name + " to " + w.nodes[to].label() + ": " + brief(m)
			}
		}
	}
}
