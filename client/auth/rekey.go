package auth

import (
	"context"
	"errors"

	"vaultnet/account"
)

// Rekey gives a private container, and the directories below it, new ids and keys: who was revoked reads nothing that is
// written from then on. Apps that keep access are told, and read old and new content. Revoke first. It can be repeated;
// [Account.Tidy] tells apps, too, that were not told because it was interrupted. A flat container, the root and a link
// cannot be re-keyed.
//
// Costs two operations for every hundred names, and some for each app.
func (a *Account) Rekey(ctx context.Context, path string) error {
	const op = "rekey"
	if err := checkPath(path); err != nil {
		return err
	}
	if path == RootPath {
		return invalid(op, path, "the root container is only the authenticator's")
	}
	ref, err := a.find(ctx, path)
	switch {
	case err != nil:
		return &Error{Op: op, Subject: path, Kind: NoContainer, Cause: err}
	case !ref.Private():
		return invalid(op, path, "everybody can read it")
	}
	if err := a.files().Rekey(ctx, path); err != nil {
		return fail(op, path, err)
	}
	view, err := a.cfg.Network.Account(ctx, a.Actor())
	if err != nil {
		return fail(op, path, err)
	}
	var all []*record
	for r, err := range a.records(ctx) {
		if err == nil {
			all = append(all, r)
		} else if r.App.ID == "" {
			return err
		}
	}
	var errs []error
	for _, r := range all {
		_, err := a.follow(ctx, r, view)
		errs = append(errs, err)
	}
	return fail(op, path, errors.Join(errs...))
}

// follow tells an app where its containers are by now, if they are elsewhere, and completes a change that was interrupted
// when the grant was made already. It reports whether there was something to do.
func (a *Account) follow(ctx context.Context, r *record, view *account.View) (busy bool, err error) {
	for range maxRounds {
		busy, err = a.followOnce(ctx, r, view)
		if !errors.Is(err, errSuperseded) {
			return busy, err
		}
		if r, _, err = a.record(ctx, r.App); err != nil || r == nil {
			return true, err
		}
	}
	return true, refuse("renew", r.App.String(), Busy)
}

func (a *Account) followOnce(ctx context.Context, r *record, view *account.View) (busy bool, err error) {
	switch r.State {
	case Granted:
		t, _, err := a.resolve(ctx, r.App, r.Access, &r.Access)
		if err != nil || r.Reach.equal(t.reach()) {
			return false, err
		}
	case Changing:
		// Without a grant nobody has the app's credentials; with other terms the person has to say so once more.
		if g := find(view, a.key(r)); g == nil || g.Terms != r.Access.Terms.account(r.App.String()) {
			return false, nil
		}
	default:
		return false, nil
	}
	_, err = a.allow(ctx, r.App, r.Access, &r.Access)
	return true, err
}
