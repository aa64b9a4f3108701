package client

import (
	"context"
	"fmt"
	"time"

	"vaultnet"
	"vaultnet/account"
	"vaultnet/client/op"
	"vaultnet/refusal"
)

// Account is an account as its owner reads it.
type Account struct {
	account.View               // Grants are those that are live by this machine's clock; Permits those that are out
	Time         vaultnet.Time // of the block at which it was so
}

// CreateAccount makes the actor's account: AccountExists where it has one.
func (c *Client) CreateAccount(ctx context.Context, by Actor) (Receipt, error) {
	_, r, err := operate[*account.Created](ctx, c, by, &account.CreateAccount{})
	return r, err
}

// Account reads the actor's account, with its grants, after settling what this client holds under it. Only its owner may:
// AccessDenied where by.Account is somebody else; NoSuchAccount where there is none.
func (c *Client) Account(ctx context.Context, by Actor) (*Account, vaultnet.Height, error) {
	if by.Key != nil && by.Owner() != by.Key.Public() {
		return nil, 0, &refusal.Error{Op: "account", Kind: refusal.AccessDenied, Subject: fmt.Sprint(vaultnet.AccountAddress(by.Owner()))}
	}
	d, err := c.do(ctx, "account", func(o op.Options) op.Operation {
		return op.ReadAccount{As: by.Key, Query: account.Query{Grants: true, Permits: true}, Options: o}
	}, by)
	if err != nil {
		return nil, 0, err
	}
	read, ok := d.Result.(op.AccountRead)
	if !ok {
		return nil, 0, unexpected("account", d.Result)
	}
	a := &Account{View: *read.View, Time: read.Time}
	a.Grants = read.View.Live(c.now(), c.cfg.Parameters)
	return a, d.Height, nil
}

// Granted is the answer to a grant.
type Granted struct {
	Receipt
	Version uint64 // the account's now
}

// InsertGrant registers an app with the actor's account, or replaces the terms of one that is registered. The version is
// the account's + 1 (InvalidSuccessor tells the current one); [Client.Grant] finds it out.
func (c *Client) InsertGrant(ctx context.Context, by Actor, app vaultnet.PublicKey, terms account.Terms, version uint64) (Granted, error) {
	g, r, err := operate[*account.Granted](ctx, c, by, &account.InsertGrant{Key: app, Terms: terms, Version: version})
	if err != nil {
		return Granted{Receipt: r}, err
	}
	return Granted{r, g.Version}, nil
}

// Grant is [Client.InsertGrant] at whatever version the account has.
func (c *Client) Grant(ctx context.Context, by Actor, app vaultnet.PublicKey, terms account.Terms) (Granted, error) {
	var g Granted
	err := c.successive(ctx, by, func(version uint64) (err error) {
		g, err = c.InsertGrant(ctx, by, app, terms, version)
		return err
	})
	return g, err
}

// Revoked is the answer to a revocation.
type Revoked struct {
	Receipt
	Version uint64        // the account's now
	Until   vaultnet.Time // T: when the last permit already out expires. No block with a later time contains a mutation by a revoked key paid by this account
}

// DeleteGrant ends a grant: no more permits from now on. NoSuchKey where there is none. The version is the account's + 1.
// It does not wait for the permits that are out; [Client.Revoke] does.
func (c *Client) DeleteGrant(ctx context.Context, by Actor, app vaultnet.PublicKey, version uint64) (Revoked, error) {
	return c.revoked(ctx, by, &account.DeleteGrant{Key: app, Version: version})
}

// RevokeAll ends all of the account's grants, or all temporary ones, but those excepted.
func (c *Client) RevokeAll(ctx context.Context, by Actor, temporary bool, except ...vaultnet.PublicKey) (Revoked, error) {
	return c.revoked(ctx, by, &account.RevokeAll{Temporary: temporary, Except: sortedKeys(except)})
}

func (c *Client) revoked(ctx context.Context, by Actor, o account.Operation) (Revoked, error) {
	v, r, err := operate[*account.Revoked](ctx, c, by, o)
	if err != nil {
		return Revoked{Receipt: r}, err
	}
	return Revoked{r, v.Version, v.Until}, nil
}

// revokeWait is the longest that Revoke waits for permits that are out; there may be some that last for a day.
const revokeWait = time.Minute

// Revoke ends a grant, at whatever version the account has, and waits until nothing that the app sends can be applied on
// this account's operations any more: T + 2·skew, where T is [Revoked.Until] (semantics §3). Where that is more than a
// minute away it returns at once, with T in its answer: remove the app from the objects' permissions, which works at
// once. If the context ends while it waits, the grant has ended nevertheless: the answer is there beside the error.
func (c *Client) Revoke(ctx context.Context, by Actor, app vaultnet.PublicKey) (Revoked, error) {
	var r Revoked
	err := c.successive(ctx, by, func(version uint64) (err error) {
		r, err = c.DeleteGrant(ctx, by, app, version)
		return err
	})
	if err != nil {
		return r, err
	}
	wait := r.Until.Add(2 * c.cfg.Parameters.Skew).Sub(c.now())
	if wait <= 0 || wait > revokeWait {
		return r, nil
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C:
		return r, nil
	case <-ctx.Done():
		return r, ended("revoke", ctx)
	case <-c.loop.closing:
		return r, closed("revoke")
	}
}

// successive runs a change of an account with the version after the account's, and again where another one came first.
func (c *Client) successive(ctx context.Context, by Actor, change func(version uint64) error) error {
	a, _, err := c.Account(ctx, by)
	if err != nil {
		return err
	}
	for version := a.Version + 1; ; {
		err := change(version)
		if current, is := currentOf(err); is && !by.NoRetry && current+1 != version {
			version = current + 1
			continue
		}
		return err
	}
}

// Verify tells the account that the actor is alive: last verified, for services that must choose between two devices of
// one person. It costs nothing.
func (c *Client) Verify(ctx context.Context, by Actor) (Receipt, error) {
	_, r, err := operate[*account.Verified](ctx, c, by, &account.Verify{})
	return r, err
}

// ToppedUp is the answer to a top-up.
type ToppedUp struct {
	Receipt
	Available int64 // operations left
}

// TopUp adds operations to the actor's account; local networks only (AccessDenied elsewhere).
func (c *Client) TopUp(ctx context.Context, by Actor, operations int64) (ToppedUp, error) {
	t, r, err := operate[*account.ToppedUp](ctx, c, by, &account.TopUp{Operations: operations})
	if err != nil {
		return ToppedUp{Receipt: r}, err
	}
	return ToppedUp{r, t.Available}, nil
}

// operate is the one path of all changes of accounts.
func operate[R account.Result](ctx context.Context, c *Client, by Actor, operation account.Operation) (result R, r Receipt, err error) {
	name := operation.Code().String()
	d, err := c.do(ctx, name, func(o op.Options) op.Operation {
		return op.Operate{As: by.Key, Owner: by.Account, Operation: operation, Options: o}
	}, by)
	r = receipt(vaultnet.AccountAddress(by.Owner()), &d)
	if err != nil {
		return result, r, err
	}
	result, ok := d.Result.(R)
	if !ok {
		return result, r, unexpected(name, d.Result)
	}
	return result, r, nil
}
