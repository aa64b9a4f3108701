package container

import (
	"context"
	"errors"

	"vaultnet"
	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

// Every change of a name expects that its node has no moved mark. So a container whose nodes all have one does not change
// any more. The root gets it first; who makes a node under a sealed one looks at the root again afterwards.

// close has an empty container take no more names: NotEmpty for others, which stay open. Of a container that was never
// sealed that is one mutation.
func (c *Container) close(ctx context.Context) error {
	err := c.do(ctx, c.mutate("", &mutabledata.MutateEntries{MaxEntries: 1, Actions: []mutabledata.EntryAction{
		{Key: movedMark, Do: mutabledata.InsertEntry, Content: removing}, {Key: sealMark, Do: mutabledata.ExpectAbsent}}}))[0].Err
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
			if err = c.thaw(ctx); err == nil {
				err = refuse("close", c.ref.String(), NotEmpty)
			}
		}
		return fail("close", c.ref.String(), err)
	}
	return nil
}

// freeze puts the mark into every node, each before those below it, until there is none without. Re-keying takes over what
// is being removed; what is being re-keyed cannot be removed: Moved.
func (c *Container) freeze(ctx context.Context, why []byte) error {
	again := true
	for range maxRounds {
		if !again {
			return nil
		}
		again = false
		for n, err := range c.nodes(ctx) {
			if err != nil {
				return err
			}
			old, marked := n.object.Entry(movedMark)
			if marked && string(old.Content) == string(why) {
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
				if err := c.relieve(ctx, n.at); err != nil {
					return err
				}
				again = true
				continue
			}
			again = true
			m := &mutabledata.MutateEntries{Actions: []mutabledata.EntryAction{mark}}
			if err := c.do(ctx, c.mutate(n.at, m))[0].Err; err != nil && !errors.Is(err, refusal.InvalidEntryActions) {
				return err
			}
		}
	}
	return refusal.New(refusal.TooManyMutations)
}

// thaw takes the marks of a removal away again, from the root last.
func (c *Container) thaw(ctx context.Context) error {
	var steps []Step
	for n, err := range c.nodes(ctx) {
		if err != nil {
			return err
		}
		if v, ok := n.object.Entry(movedMark); ok && string(v.Content) == string(removing) {
			steps = append(steps, c.mutate(n.at, &mutabledata.MutateEntries{Actions: []mutabledata.EntryAction{
				{Key: movedMark, Do: mutabledata.DeleteEntry, Version: v.Version + 1}}}))
		}
	}
	if len(steps) == 0 {
		return nil
	}
	for _, part := range [][]Step{steps[1:], steps[:1]} {
		for _, a := range c.do(ctx, part...) {
			if a.Err != nil && !errors.Is(a.Err, refusal.InvalidEntryActions) {
				return a.Err
			}
		}
	}
	return nil
}
