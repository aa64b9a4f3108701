package auth

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"vaultnet"
	"vaultnet/account"
	"vaultnet/client/container"
	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

// Revocation is what a revocation came to. The app's grant and its permissions in all containers and objects are gone.
type Revocation struct {
	// Until is T: when the app's last permit expires. No block with a later time contains a mutation by it that this
	// account pays. 0: it had none.
	Until vaultnet.Time
	// Pending says that T, and twice the network's clock skew, were not waited for: it is more than a minute ahead (an
	// offline grant), or [Config.Wait] is nil.
	Pending bool
	// Sweep is when [Account.Tidy] should look once more for permissions that another writer, who knew only the old ones,
	// may have given a new part of a container. 0: nothing is left.
	Sweep vaultnet.Time
}

// Revoke takes all access from an app, for certain. NoApp where it never had any; that it has none any more is no error.
func (a *Account) Revoke(ctx context.Context, app App) (Revocation, error) {
	until, err := a.revoke(ctx, app)
	if err != nil {
		return Revocation{Until: until}, fail("revoke", app.String(), err)
	}
	return a.settle(ctx, until, app)
}

func (a *Account) revoke(ctx context.Context, app App) (vaultnet.Time, error) {
	was := Never
	r, err := a.edit(ctx, app, func(r *record) error {
		was = r.State
		return r.revoke()
	})
	if errors.Is(err, errEnded) {
		return r.Until, nil
	}
	if err != nil {
		return 0, err
	}
	return a.end(ctx, r, 0, was != Granted)
}

var errEnded = errors.New("ended already")

func (r *record) revoke() error {
	switch r.State {
	case Never:
		return refuse("revoke", r.App.String(), NoApp)
	case Ended:
		return errEnded
	}
	r.State = Revoking
	r.Serial++
	return nil
}

// finish completes a revocation that was interrupted.
func (a *Account) finish(ctx context.Context, app App) error {
	r, _, err := a.record(ctx, app)
	if err != nil || r == nil || r.State != Revoking {
		return err
	}
	_, err = a.end(ctx, r, 0, true)
	return err
}

// end carries out a revocation that the record tells of: the grant, so that nothing new is permitted; permissions, so that
// nothing is accepted; the app is told; the record.
func (a *Account) end(ctx context.Context, r *record, until vaultnet.Time, fence bool) (vaultnet.Time, error) {
	key := a.key(r)
	last, err := a.deleteGrant(ctx, key, fence)
	if until = max(until, last); err != nil {
		return until, err
	}
	if err := a.withdrawEnded(ctx, r, key, r.Reach); err != nil {
		return until, err
	}
	given := &Given{Format: givenFormat, Serial: r.Serial, Revoked: true, Containers: []GivenContainer{}, Objects: []ObjectAccess{}}
	if err := a.give(ctx, r.Seed, given); err != nil {
		return until, err
	}
	_, err = a.edit(ctx, r.App, func(now *record) error {
		if now.State != Revoking || now.Serial != r.Serial {
			return errEnded // another device has done it
		}
		a.owe(now, key, now.Reach, until)
		now.State, now.Until, now.Reach, now.Former = Ended, until, reach{}, nil
		return nil
	})
	if errors.Is(err, errEnded) {
		err = nil
	}
	return until, err
}

// owe notes that a key's permissions are to be taken back once more: after the last permit then out has expired, be it the
// key's own or that of another writer, who knew the old permissions.
func (a *Account) owe(r *record, key vaultnet.PublicKey, from reach, until vaultnet.Time) {
	if from.empty() {
		return
	}
	due := max(until, a.cfg.Clock().Add(a.cfg.Parameters.PermitLifetime)).Add(2 * a.cfg.Parameters.Skew)
	for i := range r.Sweeps {
		if s := &r.Sweeps[i]; s.User == key {
			s.Reach.add(from)
			s.Until = max(s.Until, due)
			return
		}
	}
	r.Sweeps = append(r.Sweeps, sweep{key, reach{slices.Clone(from.Containers), slices.Clone(from.Objects)}, due})
}

// withdrawAll takes a key's permissions back for good: also where another device is just re-keying, which copied them to a
// container that the paths of an access lead to by then. It returns where it took them back, and never does where it is to
// keep them.
func (a *Account) withdrawAll(ctx context.Context, app App, key vaultnet.PublicKey, from reach, paths Access, keep reach) (reach, error) {
	all := from
	for range maxRounds {
		moved, err := a.withdraw(ctx, key, from)
		if err != nil || !moved {
			return all, err
		}
		t, _, err := a.resolve(ctx, app, paths, &paths)
		if err != nil {
			return all, err
		}
		from = t.reach().without(keep)
		all = reach{slices.Clone(all.Containers), slices.Clone(all.Objects)}
		all.add(from)
	}
	return all, refuse("revoke", app.String(), Busy)
}

// withdrawEnded is withdrawAll of an app that keeps nothing.
func (a *Account) withdrawEnded(ctx context.Context, r *record, key vaultnet.PublicKey, from reach) error {
	paths := r.Access.adding(r.former())
	_, err := a.withdrawAll(ctx, r.App, key, from, paths, reach{})
	return err
}

// withdraw takes a key's permissions back. What is not there any more has none; one place that refuses does not keep the
// others. It reports whether a container was re-keyed: then there is another one.
func (a *Account) withdraw(ctx context.Context, key vaultnet.PublicKey, from reach) (moved bool, err error) {
	user := mutabledata.UserOf(key)
	var errs []error
	note := func(err error) {
		if errors.Is(err, container.Moved) {
			moved = true
			return
		}
		if err != nil && !errors.Is(err, container.NotExist) && !errors.Is(err, refusal.NoSuchData) {
			errs = append(errs, err)
		}
	}
	for _, c := range from.Containers {
		note(a.permit(ctx, c, user, 0))
	}
	for _, o := range from.Objects {
		note(a.permitObject(ctx, o, key, 0))
	}
	return moved, errors.Join(errs...)
}

// settle waits for T where that is near, and then sweeps what is due.
func (a *Account) settle(ctx context.Context, until vaultnet.Time, apps ...App) (Revocation, error) {
	rev := Revocation{Until: until}
	if over, now := until.Add(2*a.cfg.Parameters.Skew), a.cfg.Clock(); until > 0 && over > now {
		if a.cfg.Wait == nil || over.Sub(now) > longestWait {
			rev.Pending = true
		} else {
			a.cfg.Wait(ctx, over)
			if err := ctx.Err(); err != nil {
				rev.Pending = true
				return rev, &Error{Op: "revoke", Kind: Failed, Cause: err}
			}
		}
	}
	var errs []error
	for _, app := range apps {
		later, err := a.sweep(ctx, app, true)
		rev.Sweep = max(rev.Sweep, later)
		errs = append(errs, err)
	}
	return rev, errors.Join(errs...)
}

// sweep takes back once more what is due, of keys that ended and, where live is set, of the one that did not. It returns
// when the last of what is left is due; 0: nothing is left.
func (a *Account) sweep(ctx context.Context, app App, live bool) (later vaultnet.Time, err error) {
	r, _, err := a.record(ctx, app)
	if err != nil || r == nil {
		return 0, fail("revoke", app.String(), err)
	}
	var finished []sweep
	now, own := a.cfg.Clock(), false
	for _, s := range r.Sweeps {
		if s.Until > now {
			later = max(later, s.Until)
			continue
		}
		if r.live() && s.User == a.key(r) {
			own = r.State == Granted
			continue
		}
		if err := a.withdrawEnded(ctx, r, s.User, s.Reach); err != nil {
			return max(later, s.Until), fail("revoke", app.String(), err)
		}
		finished = append(finished, s)
	}
	if own && live {
		// What it was given besides may lie below what was taken: all of it is given again.
		_, err := a.allow(ctx, app, r.Access, &r.Access)
		if errors.Is(err, errSuperseded) { // it stays due
			return max(later, now), nil
		}
		return later, fail("revoke", app.String(), err)
	}
	if len(finished) == 0 {
		return later, nil
	}
	same := func(s, o sweep) bool {
		return s.User == o.User && s.Until == o.Until && slices.Equal(s.Reach.Containers, o.Reach.Containers) && slices.Equal(s.Reach.Objects, o.Reach.Objects)
	}
	_, err = a.edit(ctx, app, func(r *record) error {
		r.Sweeps = slices.DeleteFunc(r.Sweeps, func(s sweep) bool {
			return slices.ContainsFunc(finished, func(o sweep) bool { return same(s, o) })
		})
		return nil
	})
	return later, fail("revoke", app.String(), err)
}

// RevokeTemporary takes all access from every app whose access is temporary.
func (a *Account) RevokeTemporary(ctx context.Context) (Revocation, error) {
	return a.revokeMany(ctx, true, nil)
}

// RevokeAll takes all access from every app but these. It also ends grants that no record tells of.
func (a *Account) RevokeAll(ctx context.Context, except ...App) (Revocation, error) {
	return a.revokeMany(ctx, false, except)
}

func (a *Account) revokeMany(ctx context.Context, temporary bool, except []App) (Revocation, error) {
	const op = "revoke"
	var gone []*record
	changing := map[string]bool{} // somebody may be about to make the grant
	var errs []error
	all := &account.RevokeAll{Temporary: temporary}
	for r, err := range a.records(ctx) {
		if err != nil {
			errs = append(errs, err) // its grant goes all the same
			continue
		}
		kept := slices.ContainsFunc(except, func(app App) bool { return app.name() == r.App.name() })
		switch {
		case kept && r.live():
			all.Except = append(all.Except, a.key(r))
		case kept, temporary && !r.Access.Terms.Temporary:
		case r.live():
			marked, err := a.edit(ctx, r.App, func(r *record) error {
				changing[r.App.name()] = r.State != Granted
				return r.revoke()
			})
			switch {
			case errors.Is(err, errEnded):
			case err != nil:
				errs = append(errs, err)
			default:
				gone = append(gone, marked)
			}
		}
	}
	slices.SortFunc(all.Except, func(a, b vaultnet.PublicKey) int { return bytes.Compare(a[:], b[:]) })
	result, err := a.cfg.Network.Operate(ctx, a.Actor(), all)
	if err != nil {
		return Revocation{}, fail(op, "", err)
	}
	var until vaultnet.Time
	if done, ok := result.(*account.Revoked); ok {
		until = done.Until
	}
	var apps []App
	for _, r := range gone {
		_, err := a.end(ctx, r, until, changing[r.App.name()])
		errs = append(errs, err)
		apps = append(apps, r.App)
	}
	if err := errors.Join(errs...); err != nil {
		return Revocation{Until: until, Pending: true}, fail(op, "", err)
	}
	return a.settle(ctx, until, apps...)
}
