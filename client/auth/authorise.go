package auth

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"vaultnet"
	"vaultnet/client/container"
	"vaultnet/internal/canonical"
	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

// Authorise gives an app exactly this access: more than it had, less, or both. Names are checked before anything is
// registered: NoContainer and NoObject name the first that is not there. A step that failed leaves something that repeating
// completes, and that [Account.Revoke] takes back. Asking the person first is the caller's ([Account.Judge], [Account.Answer]).
//
// An app that had its access revoked gets another key.
func (a *Account) Authorise(ctx context.Context, app App, access Access) (Credentials, error) {
	const op = "authorise"
	access = access.clone()
	if err := cmp.Or(app.check(op), access.check(op)); err != nil {
		return Credentials{}, err
	}
	if access.Terms.Expires != 0 && access.Terms.Expires <= a.cfg.Clock() {
		return Credentials{}, invalid(op, app.String(), "it would have expired already")
	}
	r, err := a.allow(ctx, app, access, nil)
	if err != nil {
		return Credentials{}, fail(op, app.String(), err)
	}
	return a.credentials(r), nil
}

func (a Access) clone() Access {
	a.Containers, a.Objects = slices.Clone(a.Containers), slices.Clone(a.Objects)
	a.Sort()
	return a
}

// reserve is what a record keeps free when access is given, in bytes: so that taking it back always fits.
const reserve = 512

// errSuperseded says that another device changed the same app's access meanwhile.
var errSuperseded = errors.New("superseded")

// allow gives access, with a grant; where the app has access already and that is given as had, the grant stays as it is,
// and what is gone of it is no error; errSuperseded where it has another by now.
func (a *Account) allow(ctx context.Context, app App, access Access, had *Access) (*record, error) {
	renew := had == nil
	targets, own, err := a.resolve(ctx, app, access, had)
	if err != nil {
		return nil, err
	}
	if err := a.finish(ctx, app); err != nil {
		return nil, err
	}
	if _, err := a.sweep(ctx, app, false); err != nil {
		return nil, err
	}
	seed, err := a.newSeed()
	if err != nil {
		return nil, err
	}
	var again reach // was taken back before, and is once more
	var same bool   // as it was: only the grant's terms change
	r, err := a.edit(ctx, app, func(r *record) error {
		again, same = reach{}, false
		switch {
		case r.State == Revoking:
			return refuse("authorise", app.String(), Busy) // by another device, just now
		case !r.live() && !renew:
			return refuse("authorise", app.String(), NoApp)
		case !r.live():
			r.Seed, r.Reach, r.Former, r.Created = seed, reach{}, nil, a.cfg.Clock()
		case !renew && !r.Access.Equal(had):
			return errSuperseded // by another device, just now: what it took must not come back by this
		}
		if r.live() {
			r.leave(&access)
		}
		r.Sweeps = slices.DeleteFunc(r.Sweeps, func(s sweep) bool {
			due := s.User == a.key(r) && s.Until <= a.cfg.Clock()
			if due {
				again.add(s.Reach)
			}
			return due
		})
		if renew {
			r.App = app
		}
		same = r.State == Granted && again.empty() && had == nil && r.Reach.equal(targets.reach()) && r.Access.equalRights(&access)
		r.Reach.add(again)
		r.State, r.Access, r.Forget = Changing, access, false
		r.Serial++
		r.Reach.add(targets.reach())
		if len(canonical.Marshal(r)) > maxRecord(app.name())-reserve {
			return refuse("authorise", app.String(), TooLarge)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for range maxRounds {
		done, err := a.apply(ctx, r, targets, plan{own, renew, same, again})
		if !errors.Is(err, errSuperseded) {
			return done, err
		}
		// What this device has just done may have undone a part of what the other did, and more of it may be there than
		// the record tells by now: the newest is applied again, and what is not in it is taken back.
		mine, given := a.key(r), targets.reach()
		if r, _, err = a.record(ctx, app); err != nil {
			return nil, err
		}
		if r == nil || !r.live() || r.State == Revoking || a.key(r) != mine {
			if _, err := a.deleteGrant(ctx, mine, false); err != nil {
				return nil, err
			}
			if _, err := a.withdraw(ctx, mine, given); err != nil {
				return nil, err
			}
			return nil, refuse("authorise", app.String(), Revoked)
		}
		r.Reach.add(given)
		same = false
		if targets, own, err = a.resolve(ctx, app, r.Access, &r.Access); err != nil {
			return nil, err
		}
	}
	return nil, refuse("authorise", app.String(), Busy)
}

// targets are the containers and objects of an access.
type targets struct {
	containers []GivenContainer
	objects    []ObjectAccess
}

func (t *targets) reach() reach {
	var r reach
	for _, c := range t.containers {
		r.Containers = append(r.Containers, c.Ref)
	}
	for _, o := range t.objects {
		r.Objects = append(r.Objects, o.Address)
	}
	return r
}

// resolve finds containers and objects, leaving out those that are gone of what the app had. It reports whether the app's
// own container has to be made first.
func (a *Account) resolve(ctx context.Context, app App, access Access, had *Access) (t *targets, own bool, err error) {
	t = &targets{}
	by := a.Actor()
	for _, c := range access.all(app) {
		var ref container.Ref
		ref, err = a.find(ctx, c.Path)
		if errors.Is(err, container.NotExist) && access.Own && c.Path == ownFolder+"/"+app.ID {
			p := a.now()
			ref, own, err = p.ref(c.Path, true), true, nil
		}
		missing := errors.Is(err, container.NotExist) || errors.Is(err, container.NotDirectory)
		switch {
		case missing && had != nil && slices.ContainsFunc(had.all(app), func(h ContainerAccess) bool { return h.Path == c.Path }):
			continue
		case missing, errors.Is(err, container.Invalid):
			return nil, false, &Error{Op: "authorise", Subject: c.Path, Kind: NoContainer, Cause: err}
		case err != nil:
			return nil, false, err
		}
		t.containers = append(t.containers, GivenContainer{c.Path, ref, c.Rights})
	}
	steps := make([]container.Step, 0, len(access.Objects))
	for _, o := range access.Objects {
		steps = append(steps, container.Read{Address: o.Address, Query: mutabledata.GetShell{}})
	}
	answers := a.cfg.Network.Data(by).Do(ctx, steps)
	for i, o := range access.Objects {
		if i >= len(answers) {
			return nil, false, refusal.New(refusal.Unavailable)
		}
		s, ok := answers[i].Value.(mutabledata.Shell)
		missing := errors.Is(answers[i].Err, refusal.NoSuchData) || ok && s.Owner != by.Account && o.Rights.set() != 0 && !manages(s, by.Account)
		switch {
		case missing && had != nil && slices.ContainsFunc(had.Objects, func(h ObjectAccess) bool { return h.Address == o.Address }):
			continue
		case missing:
			return nil, false, refuse("authorise", o.Address.String(), NoObject)
		case answers[i].Err != nil:
			return nil, false, answers[i].Err
		case !ok:
			return nil, false, refusal.New(refusal.CorruptData)
		}
		t.objects = append(t.objects, o)
	}
	return t, own, nil
}

func manages(s mutabledata.Shell, key vaultnet.PublicKey) bool {
	for _, p := range s.Permissions {
		if p.User == mutabledata.UserOf(key) {
			return p.Set.Get(mutabledata.ManagePermissions) == mutabledata.Allow
		}
	}
	return false
}

// plan is what apply has to know besides what is to be.
type plan struct {
	own   bool  // the app's own container has to be made
	renew bool  // the grant, too
	same  bool  // nothing but the grant's terms can have changed
	again reach // what is taken back for the last time
}

// apply makes it so, each step being harmless when it was done before. What is less comes first: what stays may lie below it.
func (a *Account) apply(ctx context.Context, r *record, t *targets, p plan) (*record, error) {
	key := a.key(r)
	if p.own {
		if err := a.makeOwn(ctx, r.App, t); err != nil {
			return nil, err
		}
	}
	if p.renew {
		if err := a.setGrant(ctx, key, r.Access.Terms.account(r.App.String()), func() error { return a.still(ctx, r) }); err != nil {
			return nil, err
		}
	}
	less, err := a.withdrawAll(ctx, r.App, key, r.Reach.without(t.reach()), r.former(), t.reach())
	if err != nil {
		return nil, err
	}
	if !p.same {
		for _, c := range t.containers {
			if err := a.permit(ctx, c.Ref, mutabledata.UserOf(key), c.Rights.set()); err != nil {
				return nil, err
			}
		}
		for _, o := range t.objects {
			if err := a.permitObject(ctx, o.Address, key, o.Rights); err != nil {
				return nil, err
			}
		}
	}
	given := &Given{Format: givenFormat, Serial: r.Serial, Containers: t.containers, Objects: t.objects, Terms: r.Access.Terms}
	if err := a.give(ctx, r.Seed, given); err != nil {
		return nil, err
	}
	return a.edit(ctx, r.App, func(now *record) error {
		if now.Serial != r.Serial || now.Seed != r.Seed {
			return errSuperseded
		}
		now.State, now.Reach, now.Authenticated, now.Denied, now.Until = Granted, t.reach(), a.cfg.Clock(), 0, 0
		now.Former = nil
		a.owe(now, key, less.without(p.again), 0)
		return nil
	})
}

// permitObject reads of an object need no permission, and may be of somebody else's.
func (a *Account) permitObject(ctx context.Context, at vaultnet.Address, key vaultnet.PublicKey, r Rights) error {
	return permitObject(ctx, a.cfg.Network.Data(a.Actor()), at, mutabledata.UserOf(key), r.set())
}

// still reports whether a change of access is still the newest.
func (a *Account) still(ctx context.Context, r *record) error {
	now, _, err := a.record(ctx, r.App)
	if err == nil && (now == nil || now.Serial != r.Serial || now.Seed != r.Seed) {
		err = errSuperseded
	}
	return err
}

// makeOwn makes the container of the app's own, and the folder of all such.
func (a *Account) makeOwn(ctx context.Context, app App, t *targets) error {
	_, err := a.find(ctx, ownFolder)
	if errors.Is(err, container.NotExist) {
		p := a.now()
		err = a.hang(ctx, ownFolder, p.ref(ownFolder, true))
	}
	if err != nil {
		return err
	}
	path := ownFolder + "/" + app.ID
	i := slices.IndexFunc(t.containers, func(c GivenContainer) bool { return c.Path == path })
	if i < 0 {
		return refuse("authorise", app.String(), NoContainer)
	}
	return a.hang(ctx, path, t.containers[i].Ref)
}
