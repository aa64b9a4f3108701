package account

import (
	"encoding/binary"

	"vaultnet"
	"vaultnet/refusal"
)

// outstanding is a permit that is out and what it still holds.
type outstanding struct {
	requester vaultnet.PublicKey
	term      uint64        // of the grant it was issued under; 0: the owner's own
	expires   vaultnet.Time // the permit's
	left      uint16        // operations reserved and not settled
	settled   uint64        // bit i: nothing to settle (any more) at allowance i
	chunks    bool          // it also names chunks: usable until it expires even when all else is settled
}

// due is when the permit leaves the account by itself: with something to settle a grace after its expiry.
func (o *outstanding) due() vaultnet.Time {
	if o.left > 0 {
		return o.expires.Add(vaultnet.UsageGrace)
	}
	return o.expires
}

// dueKey orders permits by when they are due; body is the permit's body digest.
func dueKey(due vaultnet.Time, body vaultnet.Digest) string {
	var b [dueKeySize]byte
	binary.BigEndian.PutUint64(b[:], uint64(due))
	copy(b[8:], body[:])
	return string(b[:])
}

const dueKeySize = 8 + 32

func keyDue(key string) vaultnet.Time {
	var t uint64
	for i := range 8 {
		t = t<<8 | uint64(key[i])
	}
	return vaultnet.Time(t)
}

func (a *Account) putPermit(body vaultnet.Digest, o outstanding) {
	v := o.value()
	a.permits = a.permits.Put(dueKey(o.due(), body), o, leafOf(v[:]))
}

// release tells the grant, if the permit was issued under its present terms, that so many uses are back and whether the
// permit is gone, at a time. That may end the grant: used up, unless it had lapsed by then.
func (a *Account) release(o *outstanding, back uint16, gone bool, at vaultnet.Time, p vaultnet.Parameters) {
	if o.term == 0 {
		return
	}
	g, ok := a.grants.Get(string(o.requester[:]))
	if !ok || g.Term != o.term || g.Terms.Uses == 0 {
		return
	}
	g.UsesLeft += uint64(back)
	if gone {
		g.Out--
	}
	if g.exhausted() {
		why := g.Lapsed(at, p)
		if why == refusal.NoReason {
			why = refusal.UsedUp
		}
		a.endGrant(g, why)
		return
	}
	a.putGrant(g, p)
}

// until is T: when the last permit that is out to one of the keys expires, or at where there is none. It looks through
// all permits that are out: only a revocation pays for it.
func (a *Account) until(keys map[vaultnet.PublicKey]bool, at vaultnet.Time) vaultnet.Time {
	last := at
	for _, o := range a.permits.All() {
		if keys[o.requester] {
			last = max(last, o.expires)
		}
	}
	return last
}
