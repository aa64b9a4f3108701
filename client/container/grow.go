package container

import (
	"context"
	"errors"

	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

// Grow makes room for those who may insert but whose account is not the owner's, and who met [ContainerFull]: it seals the
// nodes that hold at least so many names (0: those that are full) and makes all nodes below sealed ones. It returns how
// many it made.
func (c *Container) Grow(ctx context.Context, names int) (made int, err error) {
	if names <= 0 || names > maxNames {
		names = maxNames
	}
	for n, err := range c.nodes(ctx) {
		if err != nil {
			return made, fail("grow", c.ref.String(), err)
		}
		if !n.sealed() {
			if n.object.Len() < names {
				continue
			}
			if err := c.sealNode(ctx, n.at); err != nil {
				return made, fail("grow", c.ref.String(), err)
			}
		}
		k, err := c.makeBelow(ctx, n.at)
		made += k
		if err != nil {
			return made, fail("grow", c.ref.String(), err)
		}
	}
	return made, nil
}

func (c *Container) sealNode(ctx context.Context, at prefix) error {
	err := c.do(ctx, c.mutate(at, &mutabledata.MutateEntries{Actions: []mutabledata.EntryAction{
		{Key: sealMark, Do: mutabledata.InsertEntry}, {Key: movedMark, Do: mutabledata.ExpectAbsent}}}))[0].Err
	switch {
	case errors.Is(err, refusal.TooManyEntries):
		return c.relieve(ctx, at)
	case errors.Is(err, refusal.InvalidEntryActions):
		return nil // sealed, or moved
	}
	return err
}

// makeBelow makes all nodes below a sealed one, with the root's permissions.
func (c *Container) makeBelow(ctx context.Context, at prefix) (made int, err error) {
	root, err := answer[mutabledata.Shell](c.do(ctx, c.read("", mutabledata.GetShell{}))[0])
	if err != nil {
		return 0, err
	}
	var steps []Step
	for i := range fanOut {
		steps = append(steps, c.mutate(at.child(i), &mutabledata.Put{Owner: c.cfg.Payer, Permissions: root.Permissions}))
	}
	var born []*group
	for i, a := range c.do(ctx, steps...) {
		switch {
		case a.Err == nil:
			made++
			born = append(born, &group{at: at.child(i), version: root.Version})
		case !errors.Is(a.Err, refusal.DataExists):
			err = a.Err
		}
	}
	if len(born) > 0 {
		c.raise(ctx, born)
	}
	return made, err
}
