package container

import (
	"context"
	"errors"

	"vaultnet"
	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

// Every change of a name expects that its node has no moved mark, and so does every seal. So a container whose nodes all
// have one does not change any more: the nodes below a seal are there when it comes.

// close has an empty container take no more names: NotEmpty for others, which stay open. Of a container that was never
// sealed that is one mutation.
func (c *Container) close(ctx context.Context) error {
	err := c.do(ctx, c.mutate(site{}, &mutabledata.MutateEntries{MaxEntries: 1, Actions: []mutabledata.EntryAction{
		{Key: movedMark, Do: mutabledata.InsertEntry, Content: removing}, {Key: sealMark, Do: mutabledata.ExpectAbsent},
		{Key: fullMark, Do: mutabledata.ExpectAbsent}}}))[0].Err
	switch {
	case errors.Is(err, refusal.TooManyEntries):
		return refuse("close", c.ref.String(), NotEmpty)
	case !errors.Is(err, refusal.InvalidEntryActions):
		return fail("close", c.ref.String(), err)
	}
	if err := c.freeze(ctx, removing); err != nil {
		return fail("close", c.ref.String(), err)
	}
	for _, err := range c.List(ctx) {
		if err == nil {
			if err = c.thaw(ctx, removing); err == nil {
				err = refuse("close", c.ref.String(), NotEmpty)
			}
		}
		return fail("close", c.ref.String(), err)
	}
	return nil
}

// freeze puts the mark into every node, each before those below it, until there is none without. Nodes that a wanton seal
// leads to and nobody made it makes, lest somebody does so later. Re-keying takes over what is being removed; what is being
// re-keyed cannot be removed: Moved.
func (c *Container) freeze(ctx context.Context, why []byte) error {
	again := true
	for range maxRounds {
		if !again {
			return nil
		}
		again = false
		var missing []Step
		gaps := gaps{foreign: func(site) {}, missing: func(s site) {
			put := &mutabledata.Put{Owner: c.cfg.Payer, Entries: []mutabledata.Entry{{Key: movedMark, Value: mutabledata.Value{Content: why}}}}
			missing = append(missing, c.mutate(s, put))
		}}
		for n, err := range c.nodesBut(ctx, gaps) {
			if err != nil {
				return err
			}
			old, marked := n.object.Entry(movedMark)
			if marked && (closedFor(&old, why) || closedFor(&old, away)) {
				continue
			}
			mark := mutabledata.EntryAction{Key: movedMark, Do: mutabledata.InsertEntry, Content: why}
			switch {
			case marked && string(why) == string(removing):
				return refuse("close", c.ref.String(), Moved)
			case marked:
				mark.Do, mark.Version = mutabledata.UpdateEntry, old.Version+1
			case n.object.Len() >= vaultnet.MaxEntries && n.sealed():
				return refuse("close", c.ref.String(), ContainerFull) // a name has to go first
			case n.object.Len() >= vaultnet.MaxEntries: // something overfilled it
				if err := c.relieve(ctx, n.site); err != nil {
					return err
				}
				again = true
				continue
			}
			again = true
			m := &mutabledata.MutateEntries{Actions: []mutabledata.EntryAction{mark}}
			err = c.do(ctx, c.mutate(n.site, m))[0].Err // TooManyEntries: it was filled since it was read
			if err != nil && !errors.Is(err, refusal.InvalidEntryActions) && !errors.Is(err, refusal.TooManyEntries) {
				return err
			}
		}
		for _, a := range c.do(ctx, missing...) {
			if again = true; a.Err != nil && !errors.Is(a.Err, refusal.DataExists) {
				return a.Err
			}
		}
	}
	return refusal.New(refusal.TooManyMutations)
}

// thaw takes marks away again, from the root last, until there is none.
func (c *Container) thaw(ctx context.Context, why []byte) error {
	for range maxRounds {
		var root, below []Step
		for n, err := range c.nodesBut(ctx, gaps{foreign: func(site) {}}) {
			if err != nil {
				return err
			}
			v, ok := n.object.Entry(movedMark)
			if !ok || !closedFor(&v, why) {
				continue
			}
			m := &mutabledata.MutateEntries{Actions: []mutabledata.EntryAction{{Key: movedMark, Do: mutabledata.DeleteEntry, Version: v.Version + 1}}}
			if n.above == nil {
				root = append(root, c.mutate(n.site, m))
			} else {
				below = append(below, c.mutate(n.site, m))
			}
		}
		if len(root)+len(below) == 0 {
			return nil
		}
		for _, part := range [][]Step{below, root} {
			for _, a := range c.do(ctx, part...) {
				if a.Err != nil && !errors.Is(a.Err, refusal.InvalidEntryActions) {
					return a.Err
				}
			}
		}
	}
	return refusal.New(refusal.TooManyMutations)
}
