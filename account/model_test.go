package account

import (
	"cmp"
	"errors"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"vaultnet"
	"vaultnet/refusal"
)

// model is the rules once more, written down as naively as possible: lists that are looked through.
type model struct {
	p         vaultnet.Parameters
	exists    bool
	allowance int64
	done      int64
	version   uint64
	verified  vaultnet.Time
	grants    []*modelGrant
	ended     []modelEnd
	permits   []*modelPermit
	revoked   []vaultnet.PublicKey // by the last operation
}

type modelGrant struct {
	Grant
	spent uint64 // operations reserved under the present terms and not returned
}

// lapses is the earliest of a grant's limits: expiry before idleness before pruning where they are at once.
func (g *modelGrant) lapses(p vaultnet.Parameters) (vaultnet.Time, refusal.Reason) {
	type limit struct {
		at  vaultnet.Time
		why refusal.Reason
	}
	limits := []limit{{vaultnet.Never, 0}}
	if g.Terms.Expires > 0 {
		limits = append(limits, limit{g.Terms.Expires, refusal.Expired})
	}
	if g.Terms.Idle > 0 {
		limits = append(limits, limit{max(g.LastUsed, g.Since) + vaultnet.Time(g.Terms.Idle.Milliseconds()), refusal.Idle})
	}
	if g.LastVerified == 0 {
		d := cmp.Or(g.Terms.Unverified, p.UnverifiedGrant)
		limits = append(limits, limit{g.Created + vaultnet.Time(d.Milliseconds()), refusal.Pruned})
	}
	slices.SortStableFunc(limits, func(a, b limit) int { return cmp.Compare(a.at, b.at) })
	return limits[0].at, limits[0].why
}

type modelEnd struct {
	key vaultnet.PublicKey
	why refusal.Reason
}

type modelPermit struct {
	key     vaultnet.PublicKey
	term    uint64
	expires vaultnet.Time
	held    []int64 // by allowance; 0 where nothing is to be settled
	chunks  bool
}

func (p *modelPermit) reserved() (sum int64) {
	for _, n := range p.held {
		sum += n
	}
	return sum
}

func (m *model) reserved() (sum int64) {
	for _, p := range m.permits {
		sum += p.reserved()
	}
	return sum
}

func (m *model) available() int64 { return m.allowance - m.done - m.reserved() }

func (m *model) grant(k vaultnet.PublicKey) *modelGrant {
	for _, g := range m.grants {
		if g.Key == k {
			return g
		}
	}
	return nil
}

func (m *model) out(g *modelGrant) (n int) {
	for _, p := range m.permits {
		if p.key == g.Key && p.term == g.Term {
			n++
		}
	}
	return n
}

func (m *model) end(k vaultnet.PublicKey, why refusal.Reason) {
	m.grants = slices.DeleteFunc(m.grants, func(g *modelGrant) bool { return g.Key == k })
	m.ended = append(m.ended, modelEnd{k, why})
}

// usedUp ends the grants that can neither spend nor get anything back.
func (m *model) usedUp() {
	for _, g := range slices.Clone(m.grants) {
		if g.Terms.Uses > 0 && g.spent == g.Terms.Uses && m.out(g) == 0 {
			m.end(g.Key, refusal.UsedUp)
		}
	}
}

// pass lets time pass millisecond by interesting millisecond.
func (m *model) pass(from, to vaultnet.Time) {
	moments := []vaultnet.Time{to}
	for _, p := range m.permits {
		moments = append(moments, p.expires+1, p.expires+60_001)
	}
	for _, g := range m.grants {
		if t, _ := g.lapses(m.p); t < to {
			moments = append(moments, t+1)
		}
	}
	slices.Sort(moments)
	for _, at := range slices.Compact(moments) {
		if at < from || at > to {
			continue
		}
		for _, g := range slices.Clone(m.grants) {
			if t, why := g.lapses(m.p); at > t {
				m.end(g.Key, why)
			}
		}
		m.permits = slices.DeleteFunc(m.permits, func(p *modelPermit) bool {
			r := p.reserved()
			if at > p.expires+60_000 || r == 0 && at > p.expires {
				m.done += r
				return true
			}
			return false
		})
		m.usedUp()
	}
}

func (m *model) live(k vaultnet.PublicKey) (*modelGrant, error) {
	if g := m.grant(k); g != nil {
		return g, nil
	}
	for i := len(m.ended) - 1; i >= 0 && i >= len(m.ended)-1000; i-- {
		if m.ended[i].key == k {
			return nil, refusal.Grant(m.ended[i].why)
		}
	}
	return nil, refusal.Grant(refusal.NeverGranted)
}

// apply judges and does one operation; granted are the counts of a permit.
func (m *model) apply(by vaultnet.PublicKey, op Operation, at vaultnet.Time, permits []*modelPermit) (granted []int64, made *modelPermit, err error) {
	if _, ok := op.(*CreateAccount); ok {
		if by != owner {
			return nil, nil, refusal.AccessDenied
		}
		if m.exists {
			return nil, nil, refusal.AccountExists
		}
		m.exists, m.allowance, m.verified = true, m.p.AccountOperations, at
		return nil, nil, nil
	}
	if !m.exists {
		return nil, nil, refusal.NoSuchAccount
	}
	m.revoked = nil
	switch o := op.(type) {
	case *InsertGrant:
		if by != owner {
			return nil, nil, refusal.AccessDenied
		}
		if o.Version != m.version+1 {
			return nil, nil, refusal.Successor(m.version)
		}
		g := m.grant(o.Key)
		if g == nil {
			g = &modelGrant{Grant: Grant{Key: o.Key, Created: at}}
			m.grants = append(m.grants, g)
		}
		m.version++
		g.Terms, g.Since, g.Term, g.spent = o.Terms, at, m.version, 0
	case *DeleteGrant:
		if by != owner {
			return nil, nil, refusal.AccessDenied
		}
		if o.Version != m.version+1 {
			return nil, nil, refusal.Successor(m.version)
		}
		if m.grant(o.Key) == nil {
			return nil, nil, refusal.NoSuchKey
		}
		m.version++
		m.revoked = append(m.revoked, o.Key)
		m.end(o.Key, refusal.Revoked)
	case *RevokeAll:
		if by != owner {
			return nil, nil, refusal.AccessDenied
		}
		n := len(m.grants)
		for _, g := range slices.Clone(m.grants) {
			if !slices.Contains(o.Except, g.Key) && (g.Terms.Temporary || !o.Temporary) {
				m.revoked = append(m.revoked, g.Key)
				m.end(g.Key, refusal.Revoked)
			}
		}
		if len(m.grants) < n {
			m.version++
		}
	case *TopUp:
		if by != owner || !m.p.Local {
			return nil, nil, refusal.AccessDenied
		}
		m.allowance += o.Operations
	case *Verify:
		if by == owner {
			m.verified = at
			break
		}
		g, err := m.live(by)
		if err != nil {
			return nil, nil, err
		}
		g.LastVerified = at
	case *IssuePermit:
		return m.issue(by, o, at)
	case *Settle:
		p := permits[0]
		switch {
		case by != owner && by != p.key:
			return nil, nil, refusal.AccessDenied
		case at > p.expires+60_000:
			return nil, nil, refusal.Permit(refusal.Expired)
		case !slices.Contains(m.permits, p) || p.held[o.Path.Index] == 0:
			return nil, nil, refusal.Permit(refusal.Closed)
		case !o.Closed && at <= p.expires:
			return nil, nil, refusal.Permit(refusal.NotYet)
		}
		back := p.held[o.Path.Index] - int64(o.Used)
		p.held[o.Path.Index] = 0
		m.done += int64(o.Used)
		if g := m.grant(p.key); g != nil && g.Term == p.term && g.Terms.Uses > 0 {
			g.spent -= uint64(back)
		}
		if p.reserved() == 0 && (!p.chunks || at > p.expires) {
			m.permits = slices.DeleteFunc(m.permits, func(q *modelPermit) bool { return q == p })
		}
		m.usedUp()
	}
	return nil, nil, nil
}

func (m *model) issue(by vaultnet.PublicKey, o *IssuePermit, at vaultnet.Time) ([]int64, *modelPermit, error) {
	left := m.available()
	lifetime, expires := 24*time.Hour, vaultnet.Never
	usual := m.p.PermitLifetime
	var g *modelGrant
	if by != owner {
		var err error
		if g, err = m.live(by); err != nil {
			return nil, nil, err
		}
		if g.Terms.Uses > 0 {
			if g.spent == g.Terms.Uses {
				return nil, nil, refusal.Grant(refusal.UsedUp)
			}
			left = min(left, int64(g.Terms.Uses-g.spent))
		}
		lifetime = cmp.Or(g.Terms.PermitLifetime, m.p.PermitLifetime)
		usual = lifetime
	}
	if left < int64(len(o.Allowances)) {
		return nil, nil, refusal.LowBalance
	}
	// One operation after the other, to whoever has least and wants more.
	counts := make([]int64, len(o.Allowances))
	for ; left > 0; left-- {
		least := -1
		for i := range counts {
			if counts[i] < int64(o.Allowances[i].Count) && (least < 0 || counts[i] < counts[least]) {
				least = i
			}
		}
		if least < 0 {
			break
		}
		counts[least]++
	}
	if g != nil {
		g.LastUsed, g.LastVerified = at, cmp.Or(g.LastVerified, at)
		expires, _ = g.lapses(m.p)
	}
	if o.Lifetime > 0 {
		lifetime = min(lifetime, o.Lifetime)
	} else {
		lifetime = usual
	}
	p := &modelPermit{key: by, expires: min(expires, at.Add(lifetime)), held: slices.Clone(counts)}
	for i := range counts {
		if g != nil {
			g.spent += uint64(counts[i])
		}
		if o.Allowances[i].Address.Kind == vaultnet.KindImmutableData {
			p.held[i], p.chunks = 0, true
			m.done += counts[i]
		}
	}
	if g != nil {
		p.term = g.Term
	}
	m.permits = append(m.permits, p)
	return counts, p, nil
}

// compare demands that the account is what the model says.
func (m *model) compare(t *rapid.T, a *Account) {
	if a == nil {
		if m.exists {
			t.Fatal("no account")
		}
		return
	}
	if d, r, v := a.Balance(); d != m.done || r != m.reserved() || v != m.available() {
		t.Fatalf("balance %d %d %d, want %d %d %d", d, r, v, m.done, m.reserved(), m.available())
	}
	if a.Version() != m.version {
		t.Fatalf("version %d, want %d", a.Version(), m.version)
	}
	b, _ := a.Read(Query{Grants: true, Permits: true})
	v, err := DecodeView(b)
	if err != nil {
		t.Fatal(err)
	}
	var want []Grant
	for _, g := range m.grants {
		w := g.Grant
		if w.Terms.Uses > 0 {
			w.UsesLeft, w.Out = w.Terms.Uses-g.spent, uint16(m.out(g))
		}
		want = append(want, w)
	}
	slices.SortFunc(want, func(a, b Grant) int { return slices.Compare(a.Key[:], b.Key[:]) })
	if d := gocmp.Diff(want, v.Grants, cmpNone); d != "" {
		t.Fatal(d)
	}
	if len(v.Permits) != len(m.permits) || v.Verified != m.verified {
		t.Fatalf("%d permits, want %d; verified %v, want %v", len(v.Permits), len(m.permits), v.Verified, m.verified)
	}
}

// Random operations by random people, with time passing in steps around every limit, give the model's answers and state.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newManagers(t)
		m.p.AccountOperations = rapid.Int64Range(1, 300).Draw(t, "operations")
		m.p.Local = true
		n := &model{p: m.p}
		var issued []*modelPermit
		people := []vaultnet.PublicKey{owner, owner, owner, app, app, other, stranger}
		durations := []time.Duration{0, 0, 0, time.Second, 15 * time.Second, time.Minute, time.Hour}
		steps := []vaultnet.Time{0, 0, 0, 1, second, 5 * second, 10 * second, 10*second + 1, minute, 70*second + 1, hour, 24 * hour}
		if rapid.IntRange(0, 9).Draw(t, "start") > 0 {
			m.must(owner, &CreateAccount{})
			n.apply(owner, &CreateAccount{}, m.at, nil)
		}
		for range rapid.IntRange(1, 60).Draw(t, "length") {
			from := m.at
			m.wait(rapid.SampledFrom(steps).Draw(t, "wait"))
			by := rapid.SampledFrom(people).Draw(t, "by")
			version := m.account.Version() + uint64(rapid.SampledFrom([]int{1, 1, 1, 1, 1, 0, 2}).Draw(t, "version"))
			target := rapid.SampledFrom([]vaultnet.PublicKey{app, other, stranger}).Draw(t, "target")
			duration := func(name string) time.Duration { return rapid.SampledFrom(durations).Draw(t, name) }
			var op Operation
			var settled []*modelPermit
			switch kind := rapid.IntRange(0, 15).Draw(t, "operation"); {
			case kind == 0:
				op = &CreateAccount{}
			case kind <= 3:
				terms := Terms{Uses: rapid.Uint64Range(0, 12).Draw(t, "uses"), Idle: duration("idle"), PermitLifetime: duration("permit"),
					Unverified: duration("unverified"), Temporary: rapid.Bool().Draw(t, "temporary")}
				if d := duration("expires"); d > 0 {
					terms.Expires = m.at.Add(d)
				}
				op = &InsertGrant{Key: target, Terms: terms, Version: version}
			case kind == 4:
				op = &DeleteGrant{Key: target, Version: version}
			case kind == 5:
				op = &RevokeAll{Temporary: rapid.Bool().Draw(t, "only"), Except: []vaultnet.PublicKey{target}}
			case kind == 6:
				op = &TopUp{Operations: 5}
			case kind == 7:
				op = &Verify{}
			case kind <= 11 || len(issued) == 0:
				o := &IssuePermit{Lifetime: duration("lifetime")}
				for i := range rapid.IntRange(1, 4).Draw(t, "addresses") {
					o.Allowances = append(o.Allowances, allow(object(i), uint16(rapid.IntRange(1, 64).Draw(t, "count"))))
				}
				if rapid.Bool().Draw(t, "chunk") {
					o.Allowances = append(o.Allowances, allow(chunk(1), 2))
				}
				op = o
			default:
				i := rapid.IntRange(0, len(issued)-1).Draw(t, "permit")
				j := rapid.IntRange(0, len(issued[i].held)-1).Draw(t, "address")
				if m.asked[i].Allowances[j].Address.Kind == vaultnet.KindImmutableData {
					j = 0
				}
				count := m.asked[i].Allowances[j].Count
				op = m.settlement(i, j, uint16(rapid.IntRange(0, int(count)).Draw(t, "used")), rapid.Bool().Draw(t, "closed"))
				settled = []*modelPermit{issued[i]}
			}
			n.pass(from, m.at)
			counts, made, want := n.apply(by, op, m.at, settled)
			result, err := m.do(by, op)
			var we, ge *refusal.Error
			switch {
			case (err == nil) != (want == nil):
				t.Fatalf("%v by %v: %v, want %v", op.Code(), by.Short(), err, want)
			case errors.As(want, &we) && errors.As(err, &ge):
				if we.Kind != ge.Kind || we.Detail.Reason != ge.Detail.Reason || we.Detail.Current != ge.Detail.Current {
					t.Fatalf("%v by %v: %v, want %v", op.Code(), by.Short(), err, want)
				}
			case want != nil && !errors.Is(err, want):
				t.Fatalf("%v by %v: %v, want %v", op.Code(), by.Short(), err, want)
			}
			if made != nil {
				issued = append(issued, made)
				r := result.(*Issued)
				for i := range counts {
					if int64(r.Counts[i]) != counts[i] {
						t.Fatalf("counts %v, want %v", r.Counts, counts)
					}
				}
				if r.Body.Expires != made.expires {
					t.Fatalf("expires %v, want %v", r.Body.Expires, made.expires)
				}
			}
			if r, ok := result.(*Revoked); ok {
				n.until(t, r, m.at)
			}
			n.compare(t, m.account)
		}
	})
}

// until demands that T is when the last permit expires that is out to a key just revoked.
func (m *model) until(t *rapid.T, r *Revoked, at vaultnet.Time) {
	want := at
	for _, p := range m.permits {
		if slices.Contains(m.revoked, p.key) {
			want = max(want, p.expires)
		}
	}
	if r.Until != want {
		t.Fatalf("until %v, want %v", r.Until, want)
	}
}
