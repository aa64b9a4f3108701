package auth

import (
	"context"
	"errors"
)

// ChangePassword moves the account to another locator and password, of which either may be the same as before. Other
// devices have to log in again ([Changed]). Where it failed at any point either password, or both, open the account;
// repeating it completes it. Exists where there is another account of that locator and password.
//
// Whoever knew the old password and copied the packet before has the account's keys for ever: a change shuts out those
// who come later.
func (a *Account) ChangePassword(ctx context.Context, locator, password string) error {
	const op = "change password"
	if err := checkCredentials(op, locator, password); err != nil {
		return err
	}
	to := derive(a.cfg.Parameters.ID(), locator, password, a.cfg.Cost).place()
	a.mu.Lock()
	from := a.at
	a.mu.Unlock()
	if to.secret == from.secret {
		return invalid(op, "", "it is the present one")
	}
	if err := a.cfg.makeAccount(ctx, to.actor(&a.cfg)); err != nil {
		return fail(op, "", err)
	}
	stored := false // by this call
	for range maxRounds {
		if err := a.Refresh(ctx); err != nil {
			if stored && errors.Is(err, Changed) {
				err = errors.Join(err, a.forget(ctx, &to)) // another device was quicker: one password is enough
			}
			return fail(op, "", err)
		}
		a.mu.Lock()
		p, version := a.packet, a.version
		a.mu.Unlock()
		fresh, err := a.copy(ctx, &to, p)
		if stored = stored || fresh; err != nil {
			return fail(op, "", err)
		}
		// The old packet goes only as it was copied: what another device changed since is copied first.
		o, err := a.cfg.cell(&from).remove(ctx, version)
		if err != nil {
			return fail(op, "", err)
		}
		if o == done {
			a.mu.Lock()
			a.at = to
			a.mu.Unlock()
			return a.Refresh(ctx)
		}
	}
	return refuse(op, "", Busy)
}

// copy makes the packet at a place at least as new as p. It reports whether there was none.
func (a *Account) copy(ctx context.Context, to *place, p packet) (stored bool, err error) {
	for range maxRounds {
		there := &Account{cfg: a.cfg, at: *to}
		switch err := there.load(ctx); {
		case errors.Is(err, WrongCredentials):
			if o, err := a.cfg.store(ctx, to, &p); err != nil || o == done {
				return err == nil, err
			}
			continue
		case err != nil:
			return false, err
		case there.packet.Owner != p.Owner:
			return false, refuse("change password", "", Exists)
		case there.packet.Changes >= p.Changes:
			return false, nil
		}
		sealed, err := p.seal(a.cfg.Random, to)
		if err != nil {
			return false, err
		}
		if o, err := a.cfg.cell(to).update(ctx, sealed, there.version); err != nil || o == done {
			return false, err
		}
	}
	return false, refuse("change password", "", Busy)
}

// forget removes this account's packet from a place.
func (a *Account) forget(ctx context.Context, at *place) error {
	there := &Account{cfg: a.cfg, at: *at}
	if err := there.load(ctx); err != nil || there.packet.Owner != a.now().Owner {
		return err
	}
	_, err := a.cfg.cell(at).remove(ctx, there.version)
	return err
}
