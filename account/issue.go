package account

import (
	"time"

	"vaultnet"
	"vaultnet/permit"
	"vaultnet/refusal"
)

// issue reserves operations and makes the body that the managers sign.
//
// The requester gets what it asks for where so many operations are available, and left of its grant's uses. Where there
// are fewer, but one for each address, the counts are cut as [share] does and the result says what they are. Where there
// is none left of the uses it is GrantInvalid{used-up}; where there is not one for each address, LowBalance: asking for
// fewer addresses may succeed.
//
// A permit expires a lifetime after its issue, and not after its grant could lapse: with the grant's expiry at the
// latest, and with its idle limit, which this use resets.
func (a *Account) issue(o *IssuePermit, by Context) (Result, error) {
	g, allowances, total, err := a.issuable(o, by)
	if err != nil {
		return nil, err
	}
	most, verified, end := vaultnet.MaxPermitLifetime, a.verified, vaultnet.Never
	usual := by.Parameters.PermitLifetime
	if by.Requester != by.Owner {
		g.LastUsed = by.At
		if g.LastVerified == 0 {
			g.LastVerified = by.At
		}
		most = or(g.Terms.PermitLifetime, by.Parameters.PermitLifetime)
		usual, verified = most, g.LastVerified
		end, _ = g.Lapses(by.Parameters)
	}
	body := permit.Body{
		Account:   by.Owner,
		Requester: by.Requester,
		ID:        by.ID,
		Issued:    by.At,
		Expires:   min(by.At.Add(min(or(o.Lifetime, usual), most, time.Duration(vaultnet.MaxPermitLifetime))), end),
		Verified:  verified,
		Root:      permit.Tree(allowances).Root(),
		Width:     uint32(len(allowances)),
		Total:     uint32(total),
	}
	out := outstanding{requester: by.Requester, term: g.Term, expires: body.Expires}
	issued := &Issued{Body: body, Counts: make([]byte, len(allowances))}
	for i := range allowances {
		issued.Counts[i] = byte(allowances[i].Count)
		if allowances[i].Address.Kind == vaultnet.KindImmutableData {
			out.chunks = true
			out.settled |= 1 << i
		} else {
			out.left += allowances[i].Count
		}
	}
	a.available -= total
	a.reserved += int64(out.left)
	a.done += total - int64(out.left) // chunks are charged when the permit is issued (semantics §2)
	a.putPermit(body.Digest(), out)
	if by.Requester != by.Owner {
		if g.Terms.Uses > 0 {
			g.UsesLeft -= uint64(total)
			g.Out++
		}
		a.putGrant(g, by.Parameters)
	}
	return issued, nil
}

// issuable makes the checks of issue, and gives the requester's grant, unless it is the owner, and what it would get.
func (a *Account) issuable(o *IssuePermit, by Context) (g Grant, allowances []permit.Allowance, total int64, err error) {
	budget := a.available
	if by.Requester != by.Owner {
		if g, err = a.live(by.Requester, by.At, by.Parameters); err != nil {
			return g, nil, 0, err
		}
		if g.Terms.Uses > 0 {
			if g.UsesLeft == 0 {
				return g, nil, 0, refusal.Grant(refusal.UsedUp)
			}
			budget = min(budget, int64(g.UsesLeft))
		}
	}
	allowances, total, ok := share(o.Allowances, budget)
	switch {
	case !ok:
		return g, nil, 0, refusal.New(refusal.LowBalance)
	case a.permits.Len() >= vaultnet.MaxPermits:
		return g, nil, 0, refusal.New(refusal.TooManyPermits)
	}
	return g, allowances, total, nil
}

// share cuts the counts asked for to what a budget allows: as nearly equal as possible. Every address gets what it asked
// or the greatest level at which the sum fits; what then remains goes, one each, to the first addresses in order that
// asked for more. It reports false where the budget has not one for each.
func share(asked []permit.Allowance, budget int64) (granted []permit.Allowance, total int64, ok bool) {
	at := func(level uint16) (sum int64) {
		for i := range asked {
			sum += int64(min(asked[i].Count, level))
		}
		return sum
	}
	if total = at(vaultnet.MaxPermitCount); total <= budget {
		return asked, total, true
	}
	if budget < int64(len(asked)) {
		return nil, 0, false
	}
	level := uint16(1)
	for at(level+1) <= budget {
		level++
	}
	granted = make([]permit.Allowance, len(asked))
	rest := budget - at(level)
	for i := range asked {
		granted[i] = permit.Allowance{Address: asked[i].Address, Count: min(asked[i].Count, level)}
		if rest > 0 && asked[i].Count > level {
			granted[i].Count++
			rest--
		}
	}
	return granted, budget, true
}
