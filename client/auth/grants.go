package auth

import (
	"context"
	"errors"

	"vaultnet"
	"vaultnet/account"
	"vaultnet/refusal"
)

// setGrant registers an app's key with the account, unless it is there with the same terms and alive: terms set anew would
// begin the uses again. still is asked between reading the account and changing it, so that who revokes in between, and
// thereby changes the account's version, is not overruled.
func (a *Account) setGrant(ctx context.Context, key vaultnet.PublicKey, terms account.Terms, still func() error) error {
	by := a.Actor()
	for range maxRounds {
		view, err := a.cfg.Network.Account(ctx, by)
		if err != nil {
			return err
		}
		if g := find(view, key); g != nil && g.Terms == terms && g.Lapsed(a.cfg.Clock(), a.cfg.Parameters) == refusal.NoReason {
			return nil
		}
		if err := still(); err != nil {
			return err
		}
		_, err = a.cfg.Network.Operate(ctx, by, &account.InsertGrant{Key: key, Terms: terms, Version: view.Version + 1})
		if !errors.Is(err, refusal.InvalidSuccessor) {
			return err
		}
	}
	return refuse("grant", key.Short(), Busy)
}

func find(view *account.View, key vaultnet.PublicKey) *account.Grant {
	for i := range view.Grants {
		if view.Grants[i].Key == key {
			return &view.Grants[i]
		}
	}
	return nil
}

// deleteGrant ends the grant of a key, if it has one, and tells when the last permit under it expires. Where fence is set,
// somebody may be about to make the grant: what was read before this call no longer serves for that.
func (a *Account) deleteGrant(ctx context.Context, key vaultnet.PublicKey, fence bool) (vaultnet.Time, error) {
	by := a.Actor()
	for range maxRounds {
		view, err := a.cfg.Network.Account(ctx, by)
		if err != nil {
			return 0, err
		}
		result, err := a.cfg.Network.Operate(ctx, by, &account.DeleteGrant{Key: key, Version: view.Version + 1})
		switch {
		case errors.Is(err, refusal.InvalidSuccessor):
			continue
		case errors.Is(err, refusal.NoSuchKey) && fence:
			// The account's version has to move: a grant comes, and goes in the next round.
			_, err = a.cfg.Network.Operate(ctx, by, &account.InsertGrant{Key: key, Terms: account.Terms{Uses: 1}, Version: view.Version + 1})
			if err != nil && !errors.Is(err, refusal.InvalidSuccessor) {
				return 0, err
			}
			continue
		case errors.Is(err, refusal.NoSuchKey):
			return lastPermit(view, key), nil
		case err != nil:
			return 0, err
		}
		if r, ok := result.(*account.Revoked); ok {
			return max(r.Until, lastPermit(view, key)), nil
		}
		return 0, refusal.New(refusal.CorruptData)
	}
	return 0, refuse("revoke", key.Short(), Busy)
}

// lastPermit is when the last permit that a key has out expires; 0 where none is.
func lastPermit(view *account.View, key vaultnet.PublicKey) (t vaultnet.Time) {
	for _, p := range view.Permits {
		if p.Requester == key {
			t = max(t, p.Expires)
		}
	}
	return t
}
