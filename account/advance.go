package account

import (
	"vaultnet"
)

// Advance is what time does to an account, before the operations of a block of time at: permits whose expiry is more
// than [vaultnet.UsageGrace] over leave, and what nobody showed to be unused is charged; grants that have expired, gone
// idle or were never verified end, with their reason remembered. It returns a itself where nothing is due, at no cost.
func (a *Account) Advance(at vaultnet.Time, p vaultnet.Parameters) *Account {
	if a == nil || at <= a.Due() {
		return a
	}
	next := *a
	for {
		key, o, ok := next.permits.Min()
		if !ok || at <= keyDue(key) {
			break
		}
		next.permits = next.permits.Delete(key)
		next.reserved -= int64(o.left)
		next.done += int64(o.left)
		next.release(&o, 0, true, keyDue(key), p)
	}
	if at > next.lapse {
		next.sweep(at, p)
	}
	return &next
}

// Due is the last moment at which [Account.Advance] certainly changes nothing. A caller that keeps an advanced account
// needs no other until then.
func (a *Account) Due() vaultnet.Time {
	if a == nil {
		return vaultnet.Never
	}
	due := a.lapse
	if key, _, ok := a.permits.Min(); ok {
		due = min(due, keyDue(key))
	}
	return due
}

// sweep ends the grants that have lapsed, in order of key, and finds out when the next one may.
func (a *Account) sweep(at vaultnet.Time, p vaultnet.Parameters) {
	a.lapse = vaultnet.Never
	for _, g := range a.grants.All() { // the grants as they were when the loop began
		if t, why := g.Lapses(p); at > t {
			a.endGrant(g, why)
		} else {
			a.lapse = min(a.lapse, t)
		}
	}
}
