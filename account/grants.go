package account

import (
	"bytes"
	"slices"

	"vaultnet"
	"vaultnet/refusal"
)

func (a *Account) insertGrant(o *InsertGrant, by Context) (Result, error) {
	if err := a.succeeds(o.Version, by); err != nil {
		return nil, err
	}
	g, ok := a.grants.Get(string(o.Key[:]))
	if !ok {
		if a.grants.Len() >= vaultnet.MaxGrants {
			return nil, refusal.New(refusal.TooManyGrants)
		}
		g = Grant{Key: o.Key, Created: by.At}
		if number, why := a.ending(o.Key); why != refusal.NeverGranted {
			a.ended = a.ended.Delete(number)
		}
	}
	a.version++
	g.Terms, g.Term, g.Since = o.Terms, a.version, by.At
	g.UsesLeft, g.Out = o.Terms.Uses, 0
	a.putGrant(g, by.Parameters)
	return &Granted{Version: a.version}, nil
}

func (a *Account) deleteGrant(o *DeleteGrant, by Context) (Result, error) {
	if err := a.succeeds(o.Version, by); err != nil {
		return nil, err
	}
	g, ok := a.grants.Get(string(o.Key[:]))
	if !ok {
		return nil, refusal.New(refusal.NoSuchKey)
	}
	a.version++
	a.endGrant(g, refusal.Revoked)
	return &Revoked{Version: a.version, Until: a.until(map[vaultnet.PublicKey]bool{o.Key: true}, by.At)}, nil
}

// revokeAll moves the version once, and not at all where there is nothing to revoke.
func (a *Account) revokeAll(o *RevokeAll, by Context) (Result, error) {
	if err := by.owned(); err != nil {
		return nil, err
	}
	revoked := make(map[vaultnet.PublicKey]bool)
	for _, g := range a.grants.All() { // the grants as they were when the loop began
		_, except := slices.BinarySearchFunc(o.Except, g.Key, func(x, y vaultnet.PublicKey) int { return bytes.Compare(x[:], y[:]) })
		if except || o.Temporary && !g.Terms.Temporary {
			continue
		}
		revoked[g.Key] = true
		a.endGrant(g, refusal.Revoked)
	}
	if len(revoked) > 0 {
		a.version++
	}
	return &Revoked{Version: a.version, Until: a.until(revoked, by.At)}, nil
}
