package auth

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"slices"
	"strings"

	"vaultnet"
	"vaultnet/account"
	"vaultnet/client/container"
	"vaultnet/refusal"
)

// records goes through the records of all apps. One that is damaged comes as an error that names it, beside a record of
// which only the app's id and scope are known, and does not end the list.
func (a *Account) records(ctx context.Context) iter.Seq2[*record, error] {
	return func(yield func(*record, error) bool) {
		for e, err := range a.apps().List(ctx) {
			if err != nil {
				yield(&record{}, fail("list", "apps", err))
				return
			}
			r, err := decodeRecord(e.Name, e.Content)
			if err != nil {
				id, scope, _ := strings.Cut(e.Name, "/")
				r = &record{App: App{ID: id, Scope: scope}}
				err = refuse("list", r.App.String(), Corrupt)
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

// Entry is what there is to know of an app.
type Entry struct {
	App           App
	Title         string // what the person calls it; may be empty
	Key           vaultnet.PublicKey
	State         State
	Access        Access         // what it has, or had
	Ends          refusal.Reason // why a granted access has no effect: it expired, was used up, idle or never used; NoReason: it has
	Created       vaultnet.Time
	Authenticated vaultnet.Time // the last time that access was given
	LastUsed      vaultnet.Time // of its last permit; 0: never
	UsesLeft      uint64        // where Access.Terms.Uses is set
	Until         vaultnet.Time // Ended: when its last permit expires
	Denied        uint64        // requests denied since
	Blocked       bool          // asks no more, see [Account.Lift]
	Err           error         // beside App alone: what is kept of it is damaged
}

// List tells of all apps, by id and scope: those that have access, and those that had or asked in vain.
func (a *Account) List(ctx context.Context) ([]Entry, error) {
	view, err := a.cfg.Network.Account(ctx, a.Actor())
	if err != nil {
		return nil, fail("list", "apps", err)
	}
	var all []Entry
	for r, err := range a.records(ctx) {
		switch {
		case err != nil && r.App.ID == "":
			return nil, err
		case err != nil:
			all = append(all, Entry{App: r.App, Err: err})
		case !r.Forget:
			all = append(all, a.entry(r, view))
		}
	}
	slices.SortFunc(all, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.App.ID, b.App.ID), cmp.Compare(a.App.Scope, b.App.Scope))
	})
	return all, nil
}

func (a *Account) entry(r *record, view *account.View) Entry {
	e := Entry{App: r.App, Title: r.Title, State: r.State, Access: r.Access, Created: r.Created, Authenticated: r.Authenticated,
		Until: r.Until, Denied: r.Denied, Blocked: r.blocked()}
	if r.State == Never {
		return e
	}
	e.Key = a.key(r)
	if g := find(view, e.Key); g != nil {
		e.LastUsed, e.UsesLeft = g.LastUsed, g.UsesLeft
	}
	if r.State == Granted {
		e.Ends = a.lapsed(r, view)
	}
	return e
}

// lapsed says why the grant of an app that was given access has no effect, or NoReason.
func (a *Account) lapsed(r *record, view *account.View) refusal.Reason {
	g := find(view, a.key(r))
	terms := &r.Access.Terms
	switch {
	case g != nil && g.Terms.Uses > 0 && g.UsesLeft == 0:
		return refusal.UsedUp
	case g != nil:
		return g.Lapsed(a.cfg.Clock(), a.cfg.Parameters)
	case terms.Expires != 0 && a.cfg.Clock() > terms.Expires:
		return refusal.Expired
	case terms.Uses > 0:
		return refusal.UsedUp
	case terms.Idle > 0:
		return refusal.Idle
	}
	return refusal.Pruned
}

// Rename gives an app another name, for the person alone; empty: what it says of itself.
func (a *Account) Rename(ctx context.Context, app App, title string) error {
	if err := checkLabel("rename", title); err != nil {
		return err
	}
	_, err := a.edit(ctx, app, func(r *record) error {
		if r.State == Never && r.Denied == 0 {
			return refuse("rename", app.String(), NoApp)
		}
		r.Title = title
		return nil
	})
	return fail("rename", app.String(), err)
}

// Remove takes an app's access, if it has any, and forgets it. What it kept in a container of its own stays.
func (a *Account) Remove(ctx context.Context, app App) (Revocation, error) {
	r, version, err := a.record(ctx, app)
	if err != nil && !errors.Is(err, Corrupt) || r == nil && err == nil {
		return Revocation{}, fail("remove", app.String(), cmp.Or(err, refuse("remove", app.String(), NoApp)))
	}
	if err != nil {
		return Revocation{}, fail("remove", app.String(), a.apps().Delete(ctx, app.name(), version))
	}
	var rev Revocation
	if r.State != Never {
		if rev, err = a.Revoke(ctx, app); err != nil {
			return rev, err
		}
	}
	if _, err := a.edit(ctx, app, func(r *record) error {
		if r.live() {
			return refuse("remove", app.String(), Busy) // authorised anew meanwhile
		}
		r.Forget = true
		return nil
	}); err != nil {
		return rev, fail("remove", app.String(), err)
	}
	return rev, a.forgetApp(ctx, app)
}

// forgetApp deletes the record of an app that is to be forgotten, once nothing is left to sweep.
func (a *Account) forgetApp(ctx context.Context, app App) error {
	r, version, err := a.record(ctx, app)
	if err == nil && r != nil && r.Forget && !r.live() && len(r.Sweeps) == 0 {
		err = a.apps().Delete(ctx, app.name(), version)
	}
	if errors.Is(err, container.NotExist) || errors.Is(err, container.Conflict) {
		err = nil
	}
	return fail("remove", app.String(), err)
}

// Tidy completes what was interrupted or left for later: changes of access, revocations, permissions of apps whose grants ended by themselves,
// sweeps that are due, apps that do not know where a container is by now, apps to be forgotten. It is for a program that runs all day, or whenever an account is opened; it
// goes on past an app with which it fails. It returns how many apps it did something for.
func (a *Account) Tidy(ctx context.Context) (int, error) {
	view, err := a.cfg.Network.Account(ctx, a.Actor())
	if err != nil {
		return 0, fail("tidy", "", err)
	}
	did := 0
	var errs []error
	var all []*record // first: what is listed is changed below
	for r, err := range a.records(ctx) {
		if err != nil {
			errs = append(errs, err)
			continue
		}
		all = append(all, r)
	}
	for _, r := range all {
		busy, err := a.tidy(ctx, r, view)
		if busy {
			did++
		}
		errs = append(errs, err)
	}
	return did, fail("tidy", "", errors.Join(errs...))
}

func (a *Account) tidy(ctx context.Context, r *record, view *account.View) (busy bool, err error) {
	switch {
	case r.State == Revoking, r.State == Granted && a.lapsed(r, view) != refusal.NoReason:
		busy = true
		_, err = a.revoke(ctx, r.App)
	case r.State == Ended && find(view, a.key(r)) != nil:
		// Another device was about to give what this record tells was taken, and did not come to undo it.
		busy = true
		_, err = a.deleteGrant(ctx, a.key(r), false)
	}
	due := slices.ContainsFunc(r.Sweeps, func(s sweep) bool {
		return s.Until <= a.cfg.Clock() && (r.State == Granted || !r.live() || s.User != a.key(r))
	})
	if due && err == nil {
		busy = true
		_, err = a.sweep(ctx, r.App, true)
	}
	if !busy && err == nil {
		busy, err = a.follow(ctx, r, view)
	}
	if r.Forget && err == nil {
		err = a.forgetApp(ctx, r.App)
	}
	return busy, fail("tidy", r.App.String(), err)
}
