package account

import (
	"time"

	"vaultnet"
	"vaultnet/refusal"
)

// Grant is an app's registration with its owner's account: RFC 48's auth key, with a lifetime.
type Grant struct {
	Key          vaultnet.PublicKey // the app's
	Terms        Terms
	Created      vaultnet.Time // of the first InsertGrant; kept when terms are replaced
	Since        vaultnet.Time // when the present terms were set
	LastUsed     vaultnet.Time // of its last permit; 0: never
	LastVerified vaultnet.Time // by its first permit or a later Verify; 0: never, the grant is unverified
	Term         uint64        // the account's version at which the present terms were set
	UsesLeft     uint64        // operations left to reserve; only where Terms.Uses is set
	Out          uint16        // permits out under the present terms; only where Terms.Uses is set
}

// Lapses is the last moment at which g is good, and why it ends then; [vaultnet.Never] for one that lives until revoked.
//
// The idle limit runs from the last use, or from when the terms were set where that is later. A use that is all used up
// is not a matter of time: such a grant ends when the last of its permits has left the account.
func (g *Grant) Lapses(p vaultnet.Parameters) (vaultnet.Time, refusal.Reason) {
	end, why := vaultnet.Never, refusal.NoReason
	if g.Terms.Expires > 0 {
		end, why = g.Terms.Expires, refusal.Expired
	}
	if g.Terms.Idle > 0 {
		if t := max(g.LastUsed, g.Since).Add(g.Terms.Idle); t < end {
			end, why = t, refusal.Idle
		}
	}
	if g.LastVerified == 0 {
		if t := g.Created.Add(or(g.Terms.Unverified, p.UnverifiedGrant)); t < end {
			end, why = t, refusal.Pruned
		}
	}
	return end, why
}

// Lapsed says why g is no longer good at a time, or NoReason. A reader of raw grants asks it with its own clock; the
// account itself asks it with block times.
func (g *Grant) Lapsed(at vaultnet.Time, p vaultnet.Parameters) refusal.Reason {
	if end, why := g.Lapses(p); at > end {
		return why
	}
	return refusal.NoReason
}

// exhausted reports whether g can neither spend nor get anything back.
func (g *Grant) exhausted() bool { return g.Terms.Uses > 0 && g.UsesLeft == 0 && g.Out == 0 }

// or is d where it is set, else the default.
func or(d, otherwise time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return otherwise
}
