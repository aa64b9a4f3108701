package core

import (
	"vaultnet"
	"vaultnet/agreement"
)

// mending is what a vault keeps in mind of an object whose records in the store are not what was put there: the other
// members have the state, and it fetches that as one that is behind. With the records it may have lost what it voted for
// at the height after the one it remembers. So it takes part again from the next state on that is certified at a greater
// height: until then it is silent there, as if it were down.
type mending struct {
	floor vaultnet.Height // decided here before the damage; at floor + 1 it may have voted
	stale [][]byte        // keys of what the store still has of it, relative to the object
}

// mend begins to fetch a damaged object. One whose set is not known, because nothing was decided yet, stays damaged: there
// is nothing to be fetched, and a vote may be lost.
func (v *Vault) mend(e *object, stored []vaultnet.Write) {
	e.damaged = true
	s := v.objects.noted(e)
	if s == nil || e.height == 0 || s.Index(v.cfg.Self) < 0 {
		return
	}
	m := &mending{floor: e.height}
	for _, w := range stored {
		m.stale = append(m.stale, w.Key)
	}
	l := v.adopt(e, agreement.New(&v.agree, e.address()))
	v.count(e, false) // something was decided
	l.mending = m
	v.give(l, agreement.Input{Believe: s})
}

// mended ends it when a state is there: what the store still has is deleted before that is written.
func (v *Vault) mended(l *live) {
	for _, k := range l.mending.stale {
		v.out.writes = append(v.out.writes, vaultnet.Write{Key: recordKey(l.entry.address(), k)})
	}
	l.mending, l.entry.damaged = nil, false
}

// leads is what a bundle says to an object that is being mended: blocks and states beyond what was decided here, and that
// there are some; nil for nothing.
func (m *mending) leads(b *agreement.Bundle) *agreement.Bundle {
	c := &agreement.Bundle{Address: b.Address, Height: b.Height}
	if d := b.Decided; d != nil && d.Header.Height > m.floor {
		c.Decided = d
	}
	if s := b.State; s != nil && s.Decided != nil && s.Decided.Header.Height > m.floor {
		c.State = s
	}
	if c.Height <= m.floor && c.Decided == nil && c.State == nil {
		return nil
	}
	return c
}
