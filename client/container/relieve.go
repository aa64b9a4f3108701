package container

import (
	"context"
	"errors"

	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

// relieve seals a node that something filled so far that not even the seal has room, or not the marks that may follow it.
// What does not open goes; of what opens the last by key go a level down, with the versions that they have: they are there
// in the same moment in which they are no longer here.
func (c *Container) relieve(ctx context.Context, s site) error {
	o, err := answer[*mutabledata.Object](c.do(ctx, c.read(s, mutabledata.GetObject{}))[0])
	if err != nil {
		return err
	}
	moved, closed := o.Entry(movedMark)
	if _, sealed := o.Entry(sealMark); sealed || c.barred(optional(moved, closed)) {
		return nil // look again
	}
	g := &growth{site: s}
	more := o.Len() + 1 - maxSealed
	drop := func(k mutabledata.Key, v mutabledata.Value) {
		g.drop = append(g.drop, mutabledata.EntryAction{Key: k, Do: mutabledata.DeleteEntry, Version: v.Version + 1})
		more--
	}
	type named struct {
		k mutabledata.Key
		v mutabledata.Value
	}
	var names []named
	for k, v := range o.Entries() {
		if k == fullMark || k == movedMark {
			continue
		}
		name := false
		if !isMark(k) {
			_, name = c.box.open(&c.ref, place([]byte(k)), v.Content)
		}
		if name {
			names = append(names, named{k, v})
		} else if more > 0 {
			drop(k, v)
		}
	}
	for i := len(names) - 1; i >= 0 && more > 0; i-- {
		n := names[i]
		if e, ok := newborn(n.k, n.v.Content, n.v.Version); ok && g.add(e) {
			drop(n.k, n.v)
		}
	}
	c.grow(ctx, g)
	if errors.Is(g.err, refusal.TooManyEntries) {
		return nil // somebody filled it still more: look again
	}
	return g.err
}

func optional(v mutabledata.Value, ok bool) *mutabledata.Value {
	if !ok {
		return nil
	}
	return &v
}
