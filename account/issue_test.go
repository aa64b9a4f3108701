package account

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vaultnet"
	"vaultnet/permit"
	"vaultnet/refusal"
)

func TestIssue(t *testing.T) {
	m := withAccount(t, 1000)
	m.wait(second)
	op := &IssuePermit{Allowances: []permit.Allowance{allow(object(1), 3), allow(object(2), 64)}}
	r := m.must(owner, op).(*Issued)
	b := r.Body
	if !b.Valid() || b.Account != owner || b.Requester != owner || b.ID != m.context(owner).ID || b.Issued != m.at ||
		b.Expires != m.at+10*second || b.Verified != start || b.Width != 2 || b.Total != 67 ||
		b.Root != permit.Tree(op.Allowances).Root() || !slices.Equal(r.Counts, []byte{3, 64}) {
		t.Fatalf("issued %+v", r)
	}
	m.balance(0, 67, 933)
	if _, n := m.account.Len(); n != 1 {
		t.Fatalf("%d permits out", n)
	}
	// The same asked again is another permit, by its request's identity.
	if again := m.must(owner, op).(*Issued); again.Body.Digest() == b.Digest() {
		t.Fatal("two permits with one digest")
	}
}

func TestPermitLifetime(t *testing.T) {
	for _, c := range []struct {
		name  string
		terms *Terms // nil: the owner asks
		want  time.Duration
		got   vaultnet.Time
	}{
		{"owner", nil, 0, 10 * second},
		{"owner asks for less", nil, time.Second, second},
		{"owner asks for a day", nil, 24 * time.Hour, 24 * hour},
		{"grant", &Terms{}, 0, 10 * second},
		{"grant asks for more", &Terms{}, time.Hour, 10 * second},
		{"grant asks for less", &Terms{}, time.Second, second},
		{"offline", &Terms{PermitLifetime: 24 * time.Hour}, 0, 24 * hour},
		{"offline asks for less", &Terms{PermitLifetime: 24 * time.Hour}, time.Hour, hour},
		{"shorter by terms", &Terms{PermitLifetime: time.Second}, 0, second},
		{"not past the grant's expiry", &Terms{Expires: start + 4*second}, 0, 4 * second},
		{"at the grant's expiry", &Terms{Expires: start}, 0, 0},
		{"not past the idle limit", &Terms{PermitLifetime: time.Hour, Idle: time.Minute}, 0, minute},
		{"not pruned any more", &Terms{PermitLifetime: time.Hour, Unverified: time.Minute}, 0, hour},
	} {
		m := withAccount(t, 1000)
		by := owner
		if c.terms != nil {
			by = app
			m.grant(app, *c.terms)
		}
		op := asked(1, 1)
		op.Lifetime = c.want
		if b := m.bodies[m.issue(by, op)]; b.Expires-b.Issued != c.got || b.Issued != start || !b.Valid() {
			t.Errorf("%s: lives %d ms, want %d", c.name, b.Expires-b.Issued, c.got)
		}
	}
}

// Whoever asks for more than there is gets what there is, evenly; not one for each address is a refusal.
func TestShare(t *testing.T) {
	for _, c := range []struct {
		budget     int64
		asked, got []uint16
	}{
		{100, []uint16{3, 64, 5}, []uint16{3, 64, 5}},
		{72, []uint16{3, 64, 5}, []uint16{3, 64, 5}},
		{71, []uint16{3, 64, 5}, []uint16{3, 63, 5}},
		{9, []uint16{3, 64, 5}, []uint16{3, 3, 3}},
		{10, []uint16{3, 64, 5}, []uint16{3, 4, 3}},
		{11, []uint16{3, 64, 5}, []uint16{3, 4, 4}},
		{12, []uint16{3, 64, 5}, []uint16{3, 5, 4}},
		{4, []uint16{3, 64, 5}, []uint16{2, 1, 1}},
		{3, []uint16{3, 64, 5}, []uint16{1, 1, 1}},
		{2, []uint16{3, 64, 5}, nil},
		{0, []uint16{1}, nil},
		{1, []uint16{64}, []uint16{1}},
	} {
		var in []permit.Allowance
		for i, n := range c.asked {
			in = append(in, allow(object(i), n))
		}
		out, total, ok := share(in, c.budget)
		var got []uint16
		var sum int64
		for i := range out {
			got = append(got, out[i].Count)
			sum += int64(out[i].Count)
			if out[i].Address != in[i].Address {
				t.Fatal("addresses moved")
			}
		}
		if !slices.Equal(got, c.got) || ok != (c.got != nil) || sum != total {
			t.Errorf("%v with %d: %v (%d, %v), want %v", c.asked, c.budget, got, total, ok, c.got)
		}
	}
}

func TestShareProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		counts := rapid.SliceOfN(rapid.Uint16Range(1, 64), 1, 64).Draw(t, "asked")
		budget := rapid.Int64Range(0, 5000).Draw(t, "budget")
		var in []permit.Allowance
		var all int64
		for i, n := range counts {
			in = append(in, allow(object(i), n))
			all += int64(n)
		}
		out, total, ok := share(in, budget)
		if ok != (budget >= int64(len(in))) && all > budget || ok != (out != nil) {
			t.Fatalf("ok %v", ok)
		}
		if !ok {
			return
		}
		if total != min(all, budget) {
			t.Fatalf("%d granted, want %d", total, min(all, budget))
		}
		for i := range out {
			if out[i].Count < 1 || out[i].Count > in[i].Count {
				t.Fatalf("%d granted of %d", out[i].Count, in[i].Count)
			}
			for j := range out { // even: nobody who wanted more has two less than another
				if out[i].Count < in[i].Count && out[j].Count > out[i].Count+1 {
					t.Fatalf("uneven: %d of %d beside %d", out[i].Count, in[i].Count, out[j].Count)
				}
			}
		}
	})
}

func TestLowBalance(t *testing.T) {
	m := withAccount(t, 5)
	m.grant(app, Terms{Uses: 100})
	m.refused(app, asked(1, 1, 2, 3, 4, 5, 6), refusal.LowBalance)
	m.issue(app, asked(9, 1, 2)) // cut to 3 and 2
	if got := m.asked[0].Allowances; got[0].Count != 3 || got[1].Count != 2 {
		t.Fatalf("granted %v", got)
	}
	m.balance(0, 5, 0)
	m.refused(app, asked(1, 1), refusal.LowBalance)
	m.refused(owner, asked(1, 1), refusal.LowBalance)
	m.must(app, m.settlement(0, 0, 1, true))
	m.balance(1, 2, 2)
	m.issue(owner, asked(64, 7))
	m.balance(1, 4, 0)
}

// Fewer uses left than addresses asked for: not used up yet, so LowBalance tells the client to ask for fewer.
func TestFewerUsesThanAddresses(t *testing.T) {
	m := withAccount(t, 1000)
	m.grant(app, Terms{Uses: 2})
	m.refused(app, asked(1, 1, 2, 3), refusal.LowBalance)
	m.issue(app, asked(1, 1, 2))
	m.refused(app, asked(1, 1, 2, 3), refusal.GrantInvalid, refusal.UsedUp)
}

// Chunks are charged when the permit is issued, and never come back.
func TestChunksAreChargedAtIssue(t *testing.T) {
	m := withAccount(t, 1000)
	m.grant(app, Terms{Uses: 10})
	n := m.issue(app, &IssuePermit{Allowances: []permit.Allowance{allow(object(1), 4), allow(chunk(1), 2), allow(chunk(2), 1)}})
	m.balance(3, 4, 993)
	m.refused(app, m.settlement(n, 1, 0, true), refusal.InvalidRequest)
	m.must(app, m.settlement(n, 0, 1, true))
	m.balance(4, 0, 996)
	if g, _ := m.account.Grant(app); g.UsesLeft != 6 || g.Out != 1 {
		t.Fatalf("uses left %d, permits out %d", g.UsesLeft, g.Out)
	}
	// The permit can still put its chunks: it is out until it expires, and a revocation says so.
	if r := m.must(owner, &DeleteGrant{Key: app, Version: 2}).(*Revoked); r.Until != m.bodies[n].Expires {
		t.Fatalf("until %v, want %v", r.Until, m.bodies[n].Expires)
	}
	m.pass(10 * second)
	if _, n := m.account.Len(); n != 1 {
		t.Fatalf("%d permits out", n)
	}
	m.pass(1)
	if _, n := m.account.Len(); n != 0 {
		t.Fatalf("%d permits out", n)
	}
	m.balance(4, 0, 996)
	// Chunks alone reserve nothing; settled after its expiry, a permit with chunks leaves at once.
	n = m.issue(owner, &IssuePermit{Allowances: []permit.Allowance{allow(object(1), 4), allow(chunk(1), 1)}})
	m.issue(owner, &IssuePermit{Allowances: []permit.Allowance{allow(chunk(3), 1)}})
	m.balance(6, 4, 990)
	m.pass(10*second + 1)
	if _, n := m.account.Len(); n != 1 {
		t.Fatalf("%d permits out", n)
	}
	m.must(owner, m.settlement(n, 0, 4, false))
	if _, n := m.account.Len(); n != 0 {
		t.Fatalf("%d permits out", n)
	}
	m.balance(10, 0, 990)
}

func TestTooManyPermits(t *testing.T) {
	m := full(t, 0, vaultnet.MaxPermits)
	m.refused(owner, asked(1, 1), refusal.TooManyPermits)
	m.refused(stranger, asked(1, 1), refusal.GrantInvalid) // comes first
	m.wait(10*second + minute)
	m.refused(owner, asked(1, 1), refusal.TooManyPermits)
	m.wait(1)
	m.issue(owner, asked(1, 1))
}

// full is an account with so many grants and permits out, the permits of the owner for 1 operation each.
func full(t fataler, grants, permits int) *managers {
	t.Helper()
	m := withAccount(t, 1_000_000)
	a := m.account
	for i := range grants {
		var err error
		terms := Terms{Label: string(make([]byte, vaultnet.MaxLabelSize)), Uses: 1 << 20, Idle: time.Hour}
		if a, _, err = a.Apply(&InsertGrant{Key: key(1000 + i), Terms: terms, Version: a.Version() + 1}, m.context(owner)); err != nil {
			t.Fatalf("%v", err)
		}
	}
	for i := range permits {
		var err error
		m.n++
		if a, _, err = a.Apply(asked(1, i), m.context(owner)); err != nil {
			t.Fatalf("%v", err)
		}
	}
	m.set(a)
	return m
}
