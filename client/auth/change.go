package auth

import (
	"context"
	"errors"
	"slices"

	"vaultnet"
)

// has returns the record of an app that has access; NoApp where it has none.
func (a *Account) has(ctx context.Context, op string, app App) (*record, error) {
	r, _, err := a.record(ctx, app)
	if err != nil {
		return nil, fail(op, app.String(), err)
	}
	if r == nil || !r.live() || r.State == Revoking {
		return nil, refuse(op, app.String(), NoApp)
	}
	return r, nil
}

// revise gives an app what change makes of the access that it has, with the grant that it has: one that ended by itself
// does not come back by that. Where another device gives it another access meanwhile, it is made of that.
func (a *Account) revise(ctx context.Context, op string, app App, change func(r *record) (Access, error)) error {
	for range maxRounds {
		r, err := a.has(ctx, op, app)
		if err != nil {
			return err
		}
		access, err := change(r)
		if err != nil {
			return err
		}
		access = access.clone()
		if err := access.check(op); err != nil {
			return err
		}
		if _, err = a.allow(ctx, r.App, access, &r.Access); !errors.Is(err, errSuperseded) {
			return fail(op, r.App.String(), err)
		}
	}
	return refuse(op, app.String(), Busy)
}

// Add gives an app rights in containers besides those it has.
func (a *Account) Add(ctx context.Context, app App, containers ...ContainerAccess) error {
	return a.revise(ctx, "authorise", app, func(r *record) (Access, error) {
		return r.Access.adding(Access{Containers: containers}), nil
	})
}

// Share gives an app rights to single objects, which are the account's, besides those it has.
func (a *Account) Share(ctx context.Context, app App, objects ...ObjectAccess) error {
	return a.revise(ctx, "share", app, func(r *record) (Access, error) {
		return r.Access.adding(Access{Objects: objects}), nil
	})
}

// adding is a with what is in b: rights in the same container or object come together. It has arrays of its own.
func (a Access) adding(b Access) Access {
	sum := a.clone()
	for _, c := range b.Containers {
		if i := slices.IndexFunc(sum.Containers, func(x ContainerAccess) bool { return x.Path == c.Path }); i >= 0 {
			sum.Containers[i].Rights |= c.Rights
			continue
		}
		sum.Containers = append(sum.Containers, c)
	}
	for _, o := range b.Objects {
		if i := slices.IndexFunc(sum.Objects, func(x ObjectAccess) bool { return x.Address == o.Address }); i >= 0 {
			sum.Objects[i].Rights |= o.Rights
			continue
		}
		sum.Objects = append(sum.Objects, o)
	}
	sum.Sort()
	return sum
}

// RevokeContainer takes one container from an app: NoContainer where it has none such. It works at once: no mutation of
// the app's there is applied any more. The app still knows the key of a private one: see re-keying in package container.
func (a *Account) RevokeContainer(ctx context.Context, app App, path string) error {
	const op = "revoke"
	return a.revise(ctx, op, app, func(r *record) (Access, error) {
		access := r.Access.clone()
		access.Containers = slices.DeleteFunc(access.Containers, func(c ContainerAccess) bool { return c.Path == path })
		if path == ownFolder+"/"+app.ID {
			access.Own = false
		}
		if access.Equal(&r.Access) && r.State == Granted {
			return access, refuse(op, path, NoContainer)
		}
		return access, nil
	})
}

// Unshare takes one object from an app: NoObject where it was not shared.
func (a *Account) Unshare(ctx context.Context, app App, at vaultnet.Address) error {
	const op = "unshare"
	return a.revise(ctx, op, app, func(r *record) (Access, error) {
		access := r.Access.clone()
		access.Objects = slices.DeleteFunc(access.Objects, func(o ObjectAccess) bool { return o.Address == at })
		if access.Equal(&r.Access) && r.State == Granted {
			return access, refuse(op, at.String(), NoObject)
		}
		return access, nil
	})
}

// Renew looks again where the containers of an app's access are, and tells it: after one was re-keyed or replaced.
func (a *Account) Renew(ctx context.Context, app App) error {
	return a.revise(ctx, "renew", app, func(r *record) (Access, error) { return r.Access, nil })
}
