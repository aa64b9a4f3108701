package container

import (
	"context"
	"errors"

	"vaultnet/refusal"
)

// Grow makes room for those who may insert but whose account is not the owner's, and who met [ContainerFull]: it seals the
// nodes that hold at least so many names (0: those that are full), and makes all nodes below. It returns how many it made.
func (c *Container) Grow(ctx context.Context, names int) (made int, err error) {
	if names <= 0 || names > maxNames {
		names = maxNames
	}
	for n, err := range c.nodes(ctx) {
		if err != nil {
			return made, fail("grow", c.ref.String(), err)
		}
		_, full := n.object.Entry(fullMark)
		if n.sealed() || n.object.Len() < names && !full {
			continue
		}
		k, err := c.sealNode(ctx, n.site)
		made += k
		if err != nil {
			return made, fail("grow", c.ref.String(), err)
		}
	}
	return made, nil
}

// sealNode makes the nodes below one that is not sealed, and seals it. It returns how many it made.
func (c *Container) sealNode(ctx context.Context, s site) (made int, err error) {
	g := &growth{site: s}
	c.grow(ctx, g)
	switch {
	case g.sealed:
		return fanOut, nil
	case errors.Is(g.err, refusal.TooManyEntries):
		return fanOut, c.relieve(ctx, s)
	}
	return 0, g.err // nil: sealed, or moved
}
