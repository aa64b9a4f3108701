package container

import (
	"context"
	"errors"
	"slices"

	"vaultnet"
	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

// Permissions reads whose the container is, and what others may do there, in order of users: as its root has it.
func (c *Container) Permissions(ctx context.Context) (vaultnet.PublicKey, []mutabledata.Permission, error) {
	shell, err := answer[mutabledata.Shell](c.do(ctx, c.read(site{}, mutabledata.GetShell{}))[0])
	if err != nil {
		return vaultnet.PublicKey{}, nil, fail("permissions", c.ref.String(), err)
	}
	return shell.Owner, shell.Permissions, nil
}

// Permit replaces what a user may do, in all nodes: the root first, so that nodes made meanwhile follow it. If it fails on
// the way, repeating it, or [Container.Sweep], completes it.
func (c *Container) Permit(ctx context.Context, user mutabledata.User, set mutabledata.PermissionSet) error {
	return c.permit(ctx, func(v mutabledata.Version) mutabledata.Mutation {
		return &mutabledata.SetUserPermissions{User: user, Set: set, Version: v}
	})
}

// Forbid takes a user's permissions away, in all nodes, the root first; that it has none is no error. A node that was being
// made by somebody who had read the root before gets them nevertheless, and mends it then: after a revocation, sweep once
// more when the last permit that was out has expired.
func (c *Container) Forbid(ctx context.Context, user mutabledata.User) error {
	return c.permit(ctx, func(v mutabledata.Version) mutabledata.Mutation {
		return &mutabledata.DelUserPermissions{User: user, Version: v}
	})
}

func (c *Container) permit(ctx context.Context, m func(mutabledata.Version) mutabledata.Mutation) error {
	for range maxRounds {
		version, err := answer[mutabledata.Version](c.do(ctx, c.read(site{}, mutabledata.GetVersion{}))[0])
		if err == nil {
			err = c.do(ctx, c.mutate(site{}, m(version+1)))[0].Err
		}
		switch {
		case errors.Is(err, refusal.InvalidSuccessor):
			continue
		case err != nil && !errors.Is(err, refusal.NoSuchKey):
			return fail("permit", c.ref.String(), err)
		}
		_, err = c.Sweep(ctx)
		return err
	}
	return fail("permit", c.ref.String(), refusal.New(refusal.TooManyMutations))
}

// Sweep gives every node the root's permissions, and returns how many had others. Moved where the container was re-keyed:
// what counts is the new one's.
func (c *Container) Sweep(ctx context.Context) (changed int, err error) {
	var root *mutabledata.Object
	for n, err := range c.nodes(ctx) {
		if err != nil {
			return changed, fail("permit", c.ref.String(), err)
		}
		if n.above == nil {
			root = n.object
			continue
		}
		if slices.Equal(permissionsOf(root), permissionsOf(n.object)) {
			continue
		}
		did, err := c.alignNode(ctx, n.site)
		if err != nil {
			return changed, err
		}
		if did {
			changed++
		}
	}
	if v, ok := root.Entry(movedMark); ok && closedFor(&v, away) {
		return changed, refuse("permit", c.ref.String(), Moved)
	}
	return changed, nil
}

type userSet struct {
	user mutabledata.User
	set  mutabledata.PermissionSet
}

func permissionsOf(o *mutabledata.Object) (list []userSet) {
	for u, s := range o.Permissions() {
		list = append(list, userSet{u, s})
	}
	return list
}

// Permit gives a user a permission set on a directory and, deep, on all directories below it; not on what links lead to.
// Directories that are made later get what the one above them has.
func (f *FileSystem) Permit(ctx context.Context, name string, user mutabledata.User, set mutabledata.PermissionSet, deep bool) error {
	return f.each(ctx, "permit", name, deep, func(c *Container) error { return c.Permit(ctx, user, set) })
}

// Forbid takes a user's permissions on a directory away and, deep, on all directories below it.
func (f *FileSystem) Forbid(ctx context.Context, name string, user mutabledata.User, deep bool) error {
	return f.each(ctx, "permit", name, deep, func(c *Container) error { return c.Forbid(ctx, user) })
}

// each does something with a directory's container, and then with those below.
func (f *FileSystem) each(ctx context.Context, op, name string, deep bool, do func(*Container) error) error {
	s, err := f.find(ctx, op, name)
	switch {
	case err != nil:
		return err
	case s.name != "" && s.record == nil:
		return refuse(op, name, NotExist)
	case !s.isDir():
		return refuse(op, name, NotDirectory)
	}
	todo := []*Container{f.below(s)}
	been := map[ID]bool{todo[0].ref.ID: true} // a record can lead anywhere, also back
	for len(todo) > 0 {
		c := todo[0]
		todo = todo[1:]
		if err := do(c); err != nil {
			return at(op, name, err)
		}
		if !deep {
			return nil
		}
		for e, err := range c.List(ctx) {
			if err != nil {
				return at(op, name, err)
			}
			if r, ok := decodeRecord(e.Content); ok && r.Type == Directory && !been[r.Target[0].ID] {
				been[r.Target[0].ID] = true
				todo = append(todo, f.container(r.Target[0]))
			}
		}
	}
	return nil
}
