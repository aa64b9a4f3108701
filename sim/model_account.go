package sim

import (
	"math"

	"vaultnet"
	"vaultnet/account"
	"vaultnet/permit"
)

// purse is an account as semantics §3 describes it, with maps: what the shipped rules are compared with.
type purse struct {
	owner     vaultnet.PublicKey
	exists    bool
	allowance int64 // what was ever given
	done      int64
	reserved  int64
	available int64
	version   uint64
	grants    map[vaultnet.PublicKey]*naiveGrant
	permits   map[vaultnet.Digest]*paper // out
}

type naiveGrant struct {
	terms    account.Terms
	created  vaultnet.Time
	since    vaultnet.Time
	used     vaultnet.Time
	verified vaultnet.Time
	uses     uint64 // left
	term     uint64
	out      int
}

// paper is a permit that an account issued, for as long as a run lasts.
type paper struct {
	body       permit.Body
	allowances []permit.Allowance
	term       uint64
	open       []bool                      // by allowance: reserved still
	used       map[vaultnet.Address]uint16 // mutations that blocks applied
	shown      map[vaultnet.Address]uint16 // of allowances that were settled: the use they were settled with
	revoked    vaultnet.Time               // T of the revocation of its grant; [vaultnet.Never]
}

// or is d where it is set.
func orElse[T comparable](d, otherwise T) T {
	var zero T
	if d != zero {
		return d
	}
	return otherwise
}

// lapsed reports whether a grant is over at a time.
func (g *naiveGrant) lapsed(at vaultnet.Time, p vaultnet.Parameters) bool { return at > g.end(p) }

// end is the last moment at which the grant is good.
func (g *naiveGrant) end(p vaultnet.Parameters) vaultnet.Time {
	end := vaultnet.Never
	if g.terms.Expires != 0 {
		end = min(end, g.terms.Expires)
	}
	if g.terms.Idle != 0 {
		end = min(end, max(g.used, g.since).Add(g.terms.Idle))
	}
	if g.verified == 0 {
		end = min(end, g.created.Add(orElse(g.terms.Unverified, p.UnverifiedGrant)))
	}
	return end
}

// pass is what time does before the operations of a block.
func (a *purse) pass(at vaultnet.Time, p vaultnet.Parameters) {
	for d, x := range a.permits { // any order
		left := x.left()
		due := x.body.Expires
		if left > 0 {
			due = due.Add(vaultnet.UsageGrace)
		}
		if at <= due {
			continue
		}
		a.reserved -= left
		a.done += left
		for i := range x.open {
			x.open[i] = false
		}
		delete(a.permits, d)
		a.returned(x, 0, true)
	}
	for k, g := range a.grants { // any order
		if g.lapsed(at, p) {
			delete(a.grants, k)
		}
	}
}

func (x *paper) left() int64 {
	n := int64(0)
	for i, open := range x.open {
		if open {
			n += int64(x.allowances[i].Count)
		}
	}
	return n
}

// returned gives uses back to the grant that a permit was issued under.
func (a *purse) returned(x *paper, back uint16, gone bool) {
	g := a.grants[x.body.Requester]
	if g == nil || g.term != x.term || g.terms.Uses == 0 || x.body.Requester == a.owner {
		return
	}
	g.uses += uint64(back)
	if gone {
		g.out--
	}
	if g.uses == 0 && g.out == 0 {
		delete(a.grants, x.body.Requester)
	}
}

// step applies one operation that a block applied, with its result; it says what is wrong with it, "" for nothing.
func (a *purse) step(op account.Operation, by vaultnet.PublicKey, id vaultnet.Digest, result account.Result, at vaultnet.Time,
	p vaultnet.Parameters, book *ledgers) string {
	if _, ok := op.(*account.CreateAccount); ok {
		if a.exists {
			return "an account that exists is created"
		}
		if by != a.owner {
			return "an account is created by another than its owner"
		}
		a.exists, a.allowance, a.available = true, p.AccountOperations, p.AccountOperations
		a.grants, a.permits = map[vaultnet.PublicKey]*naiveGrant{}, map[vaultnet.Digest]*paper{}
		return ""
	}
	if !a.exists {
		return "an operation on an account that does not exist"
	}
	owner := by == a.owner
	switch o := op.(type) {
	case *account.InsertGrant:
		if !owner || o.Version != a.version+1 {
			return "a grant by another than the owner, or with a version that is no successor"
		}
		a.version++
		g := a.grants[o.Key]
		if g == nil {
			if len(a.grants) >= 1000 {
				return "more than 1000 grants"
			}
			g = &naiveGrant{created: at}
			a.grants[o.Key] = g
		}
		g.terms, g.since, g.uses, g.term, g.out = o.Terms, at, o.Terms.Uses, a.version, 0
	case *account.DeleteGrant:
		if !owner || o.Version != a.version+1 || a.grants[o.Key] == nil {
			return "a revocation by another than the owner, of nothing, or with a version that is no successor"
		}
		a.version++
		delete(a.grants, o.Key)
		return a.revoked(result, at, book, func(k vaultnet.PublicKey) bool { return k == o.Key })
	case *account.RevokeAll:
		if !owner {
			return "a revocation by another than the owner"
		}
		gone := map[vaultnet.PublicKey]bool{}
		for k, g := range a.grants { // any order
			gone[k] = !o.Temporary || g.terms.Temporary
		}
		for _, k := range o.Except {
			gone[k] = false
		}
		any := false
		for k, g := range gone { // any order
			if g {
				any = true
				delete(a.grants, k)
			}
		}
		if any {
			a.version++
		}
		return a.revoked(result, at, book, func(k vaultnet.PublicKey) bool { return gone[k] })
	case *account.TopUp:
		if !owner || !p.Local {
			return "topped up by another than the owner, or in a network that does not allow it"
		}
		more := min(o.Operations, math.MaxInt64-a.allowance)
		a.allowance += more
		a.available += more
	case *account.Verify:
		if g := a.grants[by]; g != nil {
			g.verified = at
		} else if !owner {
			return "verified by a stranger"
		}
	case *account.IssuePermit:
		return a.issue(o, by, id, result, at, p, book)
	case *account.Settle:
		return a.settle(o, by, at, book)
	}
	return ""
}

// revoked notes until when the permits that are out to revoked keys may be used.
func (a *purse) revoked(result account.Result, at vaultnet.Time, book *ledgers, key func(vaultnet.PublicKey) bool) string {
	r, ok := result.(*account.Revoked)
	if !ok {
		return "a revocation whose result is something else"
	}
	for _, x := range book.papers { // any order
		if x.body.Account == a.owner && key(x.body.Requester) {
			x.revoked = min(x.revoked, r.Until)
			if a.permits[x.body.Digest()] != nil && x.body.Expires > r.Until {
				return "a revocation that names an earlier T than the expiry of a permit that is out"
			}
		}
	}
	return ""
}

func (a *purse) issue(o *account.IssuePermit, by vaultnet.PublicKey, id vaultnet.Digest, result account.Result, at vaultnet.Time,
	p vaultnet.Parameters, book *ledgers) string {
	r, ok := result.(*account.Issued)
	if !ok || r.Body.Account != a.owner || r.Body.Requester != by || r.Body.ID != id || r.Body.Issued != at {
		return "a permit whose result is something else"
	}
	granted, ok := r.Allowances(o.Allowances)
	if !ok {
		return "a permit whose allowances are not those of its body"
	}
	total := int64(0)
	for i := range granted {
		if granted[i].Count < 1 || granted[i].Count > o.Allowances[i].Count {
			return "a permit for more than was asked, or for nothing"
		}
		total += int64(granted[i].Count)
	}
	most := vaultnet.MaxPermitLifetime
	x := &paper{body: r.Body, allowances: granted, open: make([]bool, len(granted)), used: map[vaultnet.Address]uint16{},
		shown: map[vaultnet.Address]uint16{}, revoked: vaultnet.Never}
	if by != a.owner {
		g := a.grants[by]
		if g == nil || g.lapsed(at, p) {
			return "a permit for a key without a live grant"
		}
		if g.terms.Uses > 0 {
			if g.uses < uint64(total) {
				return "a permit for more than the uses left"
			}
			g.uses -= uint64(total)
			g.out++
		}
		g.used, x.term = at, g.term
		if g.verified == 0 {
			g.verified = at
		}
		most = orElse(g.terms.PermitLifetime, p.PermitLifetime)
		if r.Body.Expires > g.end(p) {
			return "a permit that outlives its grant"
		}
	}
	if r.Body.Expires > at.Add(most) {
		return "a permit that lives too long"
	}
	if total > a.available {
		return "a permit for more than is available"
	}
	if len(a.permits) >= 4096 {
		return "more than 4096 permits out"
	}
	a.available -= total
	for i := range granted {
		if granted[i].Address.Kind == vaultnet.KindMutableData {
			x.open[i] = true
			a.reserved += int64(granted[i].Count)
		} else {
			a.done += int64(granted[i].Count)
		}
	}
	a.permits[r.Body.Digest()] = x
	book.papers[r.Body.Digest()] = x
	return ""
}

func (a *purse) settle(o *account.Settle, by vaultnet.PublicKey, at vaultnet.Time, book *ledgers) string {
	d := o.Body.Digest()
	x := a.permits[d]
	if x == nil {
		return "a settlement of a permit that is not out"
	}
	if by != a.owner && by != x.body.Requester {
		return "a settlement by a stranger"
	}
	if at > x.body.Expires.Add(vaultnet.UsageGrace) || !o.Closed && at <= x.body.Expires {
		return "a settlement too late or too early"
	}
	for i := range x.allowances {
		if x.allowances[i] != o.Allowance {
			continue
		}
		if !x.open[i] {
			return "a settlement of what is settled"
		}
		x.open[i] = false
		x.shown[o.Allowance.Address] = o.Used
		back := o.Allowance.Count - o.Used
		a.reserved -= int64(o.Allowance.Count)
		a.done += int64(o.Used)
		a.available += int64(back)
		gone := x.left() == 0 && (at > x.body.Expires || !x.chunks())
		if gone {
			delete(a.permits, d)
		}
		a.returned(x, back, gone)
		return ""
	}
	return "a settlement of an address that the permit does not name"
}

func (x *paper) chunks() bool {
	for i := range x.allowances {
		if x.allowances[i].Address.Kind == vaultnet.KindImmutableData {
			return true
		}
	}
	return false
}

// differs says in which respect the shipped account is not this one; "" for none.
func (a *purse) differs(x *account.Account) string {
	if !a.exists || x == nil {
		if a.exists == (x != nil) {
			return ""
		}
		return "existence"
	}
	done, reserved, available := x.Balance()
	grants, permits := x.Len()
	switch {
	case done != a.done:
		return "done"
	case reserved != a.reserved:
		return "reserved"
	case available != a.available:
		return "available"
	case x.Version() != a.version:
		return "version"
	case grants != len(a.grants):
		return "number of grants"
	case permits != len(a.permits):
		return "number of permits out"
	}
	first := ""
	for k, g := range a.grants { // any order
		is, ok := x.Grant(k)
		if !ok || is.Terms != g.terms || is.LastUsed != g.used || is.LastVerified != g.verified || is.UsesLeft != g.uses {
			if s := "grant of " + k.Short(); first == "" || s < first {
				first = s
			}
		}
	}
	return first
}
