package container

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

// align gives nodes the root's permissions. It returns how many it changed, and the first refusal.
func (c *Container) align(ctx context.Context, nodes []site) (changed int, err error) {
	for _, p := range nodes {
		did, e := c.alignNode(ctx, p)
		if did {
			changed++
		}
		err = cmp.Or(err, e)
	}
	return changed, err
}

// alignNode changes one permission at a time until the node has what the root has.
func (c *Container) alignNode(ctx context.Context, p site) (changed bool, err error) {
	for range maxRounds {
		a := c.do(ctx, c.read(site{}, mutabledata.GetShell{}), c.read(p, mutabledata.GetShell{}))
		root, err := answer[mutabledata.Shell](a[0])
		if err != nil {
			return changed, fail("permit", c.ref.String(), err)
		}
		node, err := answer[mutabledata.Shell](a[1])
		if err != nil {
			return changed, fail("permit", c.ref.String(), err)
		}
		if node.Owner != root.Owner {
			return changed, refuse("permit", c.ref.String(), Foreign)
		}
		m := difference(root, node)
		if m == nil {
			return changed, nil
		}
		err = c.do(ctx, c.mutate(p, m))[0].Err
		switch {
		case err == nil:
			changed = true
		case !errors.Is(err, refusal.InvalidSuccessor) && !errors.Is(err, refusal.NoSuchKey):
			return changed, fail("permit", c.ref.String(), err)
		}
	}
	return changed, fail("permit", c.ref.String(), refusal.New(refusal.TooManyMutations))
}

// difference is a mutation that makes a node's permissions more like the root's; nil if they are alike. What is too much
// goes before what is missing.
func difference(root, node mutabledata.Shell) mutabledata.Mutation {
	find := func(list []mutabledata.Permission, u mutabledata.User) (mutabledata.PermissionSet, bool) {
		i, ok := slices.BinarySearchFunc(list, u, func(p mutabledata.Permission, u mutabledata.User) int { return cmp.Compare(p.User, u) })
		if !ok {
			return 0, false
		}
		return list[i].Set, true
	}
	for _, p := range node.Permissions {
		if _, ok := find(root.Permissions, p.User); !ok {
			return &mutabledata.DelUserPermissions{User: p.User, Version: node.Version + 1}
		}
	}
	for _, p := range root.Permissions {
		if set, ok := find(node.Permissions, p.User); !ok || set != p.Set {
			return &mutabledata.SetUserPermissions{User: p.User, Set: p.Set, Version: node.Version + 1}
		}
	}
	return nil
}
