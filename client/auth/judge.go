package auth

import (
	"context"

	"vaultnet/refusal"
)

// Verdict is what to do with a request.
type Verdict uint8

// The verdicts.
const (
	Ask     Verdict = iota // the person, or the policy
	Same                   // it has exactly this: answer without asking
	Blocked                // denied too often: answer DENIED without asking
)

// maxDenied is after how many denials in a row nobody is asked any more.
const maxDenied = 3

func (r *record) blocked() bool { return !r.live() && r.Denied >= maxDenied || r.Denied >= 2*maxDenied }

// Judgement is what there is to know before a request is answered.
type Judgement struct {
	Verdict    Verdict
	Has        Access      // what the app has; the zero Access where it has nothing, or nothing any more
	Difference Difference  // from Has to what it asks for
	Known      bool        // it had access before
	Credential Credentials // of Same
}

// Judge compares what an app asks for with what it has. Only exactly what it has already is Same: after a revocation, or
// when the access ended by itself, the verdict is Ask.
func (a *Account) Judge(ctx context.Context, app App, access Access) (Judgement, error) {
	access = access.clone()
	r, _, err := a.record(ctx, app)
	if err != nil {
		return Judgement{}, fail("judge", app.String(), err)
	}
	if r == nil {
		return Judgement{Difference: Compare(app, Access{}, access)}, nil
	}
	j := Judgement{Known: r.State != Never}
	if r.State == Granted {
		view, err := a.cfg.Network.Account(ctx, a.Actor())
		if err != nil {
			return Judgement{}, fail("judge", app.String(), err)
		}
		if a.lapsed(r, view) == refusal.NoReason {
			j.Has = r.Access
			if r.Access.Equal(&access) {
				j.Verdict, j.Credential = Same, a.credentials(r)
			}
		}
	}
	j.Difference = Compare(app, j.Has, access)
	if j.Verdict == Ask && r.blocked() {
		j.Verdict = Blocked
	}
	return j, nil
}

// Deny counts a request that was denied. After three in a row (six of an app that has access) nobody is asked any more.
func (a *Account) Deny(ctx context.Context, app App) error {
	if err := app.check("deny"); err != nil {
		return err
	}
	_, err := a.edit(ctx, app, func(r *record) error {
		r.Denied = min(r.Denied+1, 2*maxDenied)
		return nil
	})
	return fail("deny", app.String(), err)
}

// Lift lets an app ask again.
func (a *Account) Lift(ctx context.Context, app App) error {
	_, err := a.edit(ctx, app, func(r *record) error {
		if r.State == Never && r.Denied == 0 {
			return refuse("lift", app.String(), NoApp)
		}
		r.Denied = 0
		return nil
	})
	return fail("lift", app.String(), err)
}
