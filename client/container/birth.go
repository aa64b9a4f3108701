package container

import (
	"context"

	"vaultnet"
	"vaultnet/mutabledata"
)

// put makes the root.
func (c *Container) put(ctx context.Context, put *mutabledata.Put) error {
	address := c.ref.ID.address("")
	a := do(ctx, c.cfg.Data, []Step{Mutate{Address: address, Mutation: put}}, 1)[0]
	if a.Err == nil {
		return nil
	}
	shell, err := answer[mutabledata.Shell](do(ctx, c.cfg.Data, []Step{Read{Address: address, Query: mutabledata.GetShell{}}}, 1)[0])
	switch {
	case err != nil:
		return fail("create", c.ref.String(), a.Err)
	case shell.Owner != put.Owner:
		return refuse("create", c.ref.String(), Foreign)
	}
	return nil
}

// birth makes a node with the names of a group in it, and the root's permissions as they were last read.
func (c *Container) birth(g *group) Mutate {
	c.mu.Lock()
	root := c.root
	c.mu.Unlock()
	g.version = root.Version
	put := &mutabledata.Put{Owner: c.cfg.Payer, Permissions: root.Permissions}
	if len(g.tasks) > maxNames {
		g.cut(maxNames)
		put.Entries = append(put.Entries, mutabledata.Entry{Key: sealMark})
	}
	var fit, rest []*task
	for _, t := range g.tasks {
		if t.floor > vaultnet.MaxFloorStep { // more than a new object takes: it is inserted afterwards
			rest = append(rest, t)
			continue
		}
		fit = append(fit, t)
		put.Entries = append(put.Entries, mutabledata.Entry{Key: t.at.key(), Value: mutabledata.Value{Content: t.stored, Version: t.floor}})
	}
	g.tasks, g.rest = fit, append(g.rest, rest...)
	return c.mutate(g.at, put)
}

func (c *Container) wasPut(g *group) {
	if len(g.step.Mutation.(*mutabledata.Put).Entries) > len(g.tasks) {
		c.learn(g.at, knowledge{sealed: true})
	}
	for _, t := range g.tasks {
		t.succeed(t.floor)
	}
}

// raise looks, after nodes were made, whether the root's permissions are still those that they were given, and whether the
// container has moved in the meantime: then nobody may have seen the new nodes, and what is in them counts as refused.
func (c *Container) raise(ctx context.Context, born []*group) {
	a := c.do(ctx, c.read("", mutabledata.GetVersion{}), c.read("", mutabledata.GetValuesOf{Keys: []mutabledata.Key{movedMark}}))
	if values, err := answer[[]*mutabledata.Value](a[1]); err == nil && len(values) == 1 && values[0] != nil {
		for _, g := range born {
			for _, t := range g.tasks {
				t.refuse(Moved, 0)
			}
		}
		return
	}
	version, err := answer[mutabledata.Version](a[0])
	if err != nil {
		return // a sweep mends it, or whoever checks
	}
	var differ []prefix
	for _, g := range born {
		if g.version != version {
			differ = append(differ, g.at)
		}
	}
	if len(differ) > 0 {
		_, _ = c.align(ctx, differ) // who may not leaves it to those who check
	}
}
