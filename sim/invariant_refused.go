package sim

import (
	"slices"

	"vaultnet"
	"vaultnet/account"
	"vaultnet/client/op"
	"vaultnet/refusal"
)

// toldRefused checks a refusal for good: at some height that the object had while the operation was under way, the
// mutation was to be refused, and for that reason. Left out are refusals that time, a permit, or what else was in flight
// may cause.
func (c *checker) toldRefused(w *watched, a *act) {
	told := a.refused()
	if w.replay.broken || w.replay.height < w.height() {
		return
	}
	if o, ok := a.operation.(op.Operate); ok {
		c.toldAccountRefused(w, a, o)
		return
	}
	switch told.Kind {
	case refusal.AccessDenied, refusal.InvalidOwners, refusal.InvalidEntryActions, refusal.InvalidSuccessor, refusal.InvalidVersion,
		refusal.NoSuchData, refusal.DataExists, refusal.NoSuchKey, refusal.EmptyMutation, refusal.TooManyEntries, refusal.DataTooLarge:
	default:
		return
	}
	from := w.history.seenBefore(a.begin)
	var last *refusal.Error
	for h := from; h <= w.height(); h++ {
		var o *naive
		if h > 0 {
			o = w.replay.data[h-1]
		}
		_, err := o.mutate(a.mutation, a.requester, a.payer)
		if err != nil && sameRefusal(err, told) {
			return
		}
		if err != nil {
			last = err
		}
	}
	if last == nil {
		c.fail(Truthful, w, "%s is told %v of a mutation that nothing stood against at heights %d to %d", a.user.name, told, from, w.height())
		return
	}
	c.fail(Truthful, w, "%s is told %v of a mutation; at heights %d to %d it was %v", a.user.name, told, from, w.height(), last)
}

// sameRefusal compares why a mutation is to be refused with what a user was told.
func sameRefusal(want, told *refusal.Error) bool {
	return want.Kind == told.Kind && want.Detail.Current == told.Detail.Current && want.Detail.Max == told.Detail.Max &&
		want.Detail.Limit == told.Detail.Limit && want.Detail.Size == told.Detail.Size &&
		slices.Equal(want.Detail.Entries, told.Detail.Entries)
}

// page is what refusals of an account's operations speak of, after one of its blocks.
type page struct {
	exists    bool
	version   uint64
	available int64
	grants    map[vaultnet.PublicKey]naiveGrant
}

// page copies it.
func (a *purse) page() page {
	p := page{a.exists, a.version, a.available, make(map[vaultnet.PublicKey]naiveGrant, len(a.grants))}
	for k, g := range a.grants { // any order
		p.grants[k] = *g
	}
	return p
}

// toldAccountRefused checks a refusal for good of an operation on an account: the account gave that reason at some height
// that it had while the operation was under way. Reasons that time gives are left out, and what was in flight.
func (c *checker) toldAccountRefused(w *watched, a *act, o op.Operate) {
	told := a.refused()
	var holds func(p *page) bool // that the page is a reason for it
	switch told.Kind {
	case refusal.NoSuchAccount:
		holds = func(p *page) bool { return !p.exists }
	case refusal.AccountExists:
		holds = func(p *page) bool { return p.exists }
	case refusal.InvalidSuccessor:
		version, ok := successor(o.Operation)
		holds = func(p *page) bool {
			return ok && p.exists && version != p.version+1 && told.Detail.Current == p.version
		}
	case refusal.NoSuchKey:
		d, ok := o.Operation.(*account.DeleteGrant)
		holds = func(p *page) bool {
			g, there := p.grants[d.Key]
			return ok && p.exists && (!there || g.end(c.params) <= a.user.now().Add(c.params.Skew))
		}
	case refusal.LowBalance:
		i, ok := o.Operation.(*account.IssuePermit)
		holds = func(p *page) bool {
			g, there := p.grants[a.requester]
			n := uint64(len(i.Allowances))
			return ok && p.exists && (uint64(p.available) < n || there && g.terms.Uses > 0 && g.uses < n)
		}
	case refusal.GrantInvalid:
		if told.Detail.Reason != refusal.NeverGranted {
			return
		}
		holds = func(p *page) bool { _, there := p.grants[a.requester]; return p.exists && !there }
	case refusal.AccessDenied:
		holds = func(*page) bool { return a.requester != vaultnet.PublicKey(w.address.Name) }
	default:
		return
	}
	from := w.history.seenBefore(a.begin)
	for h := from; h <= w.height(); h++ {
		p := new(page)
		if h > 0 {
			p = &w.replay.pages[h-1]
		}
		if holds(p) {
			return
		}
	}
	c.fail(Truthful, w, "%s is told %v of %s, for which the account gave no reason at heights %d to %d", a.user.name, told,
		o.Operation.Code(), from, w.height())
}

// successor is the version that a change of the grants asks for.
func successor(o account.Operation) (uint64, bool) {
	switch o := o.(type) {
	case *account.InsertGrant:
		return o.Version, true
	case *account.DeleteGrant:
		return o.Version, true
	}
	return 0, false
}
