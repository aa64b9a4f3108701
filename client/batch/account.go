package batch

import (
	"context"
	"time"

	"vaultnet"
	"vaultnet/account"
	"vaultnet/client"
)

type createAccount struct{ as string }

func (o *createAccount) members() []*member { return []*member{as(&o.as)} }

func (o *createAccount) run(ctx context.Context, t *task) ([]Field, error) {
	by, err := t.actor(o.as, "")
	if err != nil {
		return nil, err
	}
	r, err := t.network().CreateAccount(ctx, by)
	return receipt(r, err)
}

type readAccount struct{ as string }

func (o *readAccount) members() []*member { return []*member{as(&o.as)} }

func (o *readAccount) run(ctx context.Context, t *task) ([]Field, error) {
	by, err := t.actor(o.as, "")
	if err != nil {
		return nil, err
	}
	a, height, err := t.network().Account(ctx, by)
	if err != nil {
		return nil, err
	}
	return []Field{
		{"done", a.Done}, {"reserved", a.Reserved}, {"available", a.Available}, {"version", a.Version},
		{"grants", t.grants(a.Grants)}, {"height", uint64(height)},
	}, nil
}

type insertGrant struct {
	as      string
	key     User
	version uint64
	terms   account.Terms
}

func (o *insertGrant) members() []*member {
	const ms = time.Millisecond
	return []*member{
		as(&o.as),
		key("key", "the app: a label or a public key", &o.key),
		version("the account", &o.version),
		optional(scalar("label", "TEXT", "what people call it, at most 256 bytes", &o.terms.Label, func(s string) (string, error) { return s, nil })),
		optional(moment("expires", "last moment at which it is good", &o.terms.Expires)),
		optional(integer("uses", "operations it may spend in all", 1, &o.terms.Uses)),
		optional(duration("idle", "ends when not used for so long", ms, &o.terms.Idle)),
		boolean("temporary", `"revoke-all" can be told to take only such`, &o.terms.Temporary),
		optional(scalar("permit", "DURATION", "lifetime of its permits (default: the network's)", &o.terms.PermitLifetime, func(s string) (time.Duration, error) {
			if s == "none" { // as on any operation; this one needs no permit
				return 0, nil
			}
			return parseDuration(s, ms)
		})),
		optional(duration("unverified", "ends when not once used for so long (default: the network's)", ms, &o.terms.Unverified)),
	}
}

func (o *insertGrant) run(ctx context.Context, t *task) ([]Field, error) {
	app, err := t.key(o.key)
	if err != nil {
		return nil, err
	}
	by, err := t.actor(o.as, "")
	if err != nil {
		return nil, err
	}
	r, err := t.network().InsertGrant(ctx, by, app, o.terms, o.version)
	return receipt(r.Receipt, err, Field{"version", r.Version})
}

type deleteGrant struct {
	as      string
	key     User
	version uint64
}

func (o *deleteGrant) members() []*member {
	return []*member{as(&o.as), key("key", "the app: a label or a public key", &o.key), version("the account", &o.version)}
}

func (o *deleteGrant) run(ctx context.Context, t *task) ([]Field, error) {
	app, err := t.key(o.key)
	if err != nil {
		return nil, err
	}
	by, err := t.actor(o.as, "")
	if err != nil {
		return nil, err
	}
	return revoked(t.network().DeleteGrant(ctx, by, app, o.version))
}

func revoked(r client.Revoked, err error) ([]Field, error) {
	return receipt(r.Receipt, err, Field{"version", r.Version}, Field{"until", r.Until})
}

type revokeAll struct {
	as        string
	temporary bool
	except    []User
}

func (o *revokeAll) members() []*member {
	return []*member{as(&o.as), boolean("temporary", "only grants that are temporary", &o.temporary), except(&o.except)}
}

func (o *revokeAll) run(ctx context.Context, t *task) ([]Field, error) {
	var keep []vaultnet.PublicKey
	for _, u := range o.except {
		k, err := t.key(u)
		if err != nil {
			return nil, err
		}
		keep = append(keep, k)
	}
	by, err := t.actor(o.as, "")
	if err != nil {
		return nil, err
	}
	return revoked(t.network().RevokeAll(ctx, by, o.temporary, keep...))
}

type verify struct {
	as    string
	payer User
}

func (o *verify) members() []*member { return []*member{as(&o.as), payer(&o.payer)} }

func (o *verify) run(ctx context.Context, t *task) ([]Field, error) {
	by, err := t.actor(o.as, o.payer)
	if err != nil {
		return nil, err
	}
	r, err := t.network().Verify(ctx, by)
	return receipt(r, err)
}

type topUp struct {
	as         string
	operations uint64
}

func (o *topUp) members() []*member {
	return []*member{as(&o.as), integer("operations", "how many to add", 1, &o.operations)}
}

func (o *topUp) run(ctx context.Context, t *task) ([]Field, error) {
	by, err := t.actor(o.as, "")
	if err != nil {
		return nil, err
	}
	r, err := t.network().TopUp(ctx, by, int64(o.operations)) // at most 2^63−1
	return receipt(r.Receipt, err, Field{"available", r.Available})
}
