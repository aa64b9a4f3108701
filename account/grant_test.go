package account

import (
	"strings"
	"testing"
	"time"

	"vaultnet"
	"vaultnet/refusal"
)

// Each limit of a grant ends it at the millisecond after the last good one, with its own reason.
func TestGrantLapses(t *testing.T) {
	day := 24 * hour
	for _, c := range []struct {
		name  string
		terms Terms
		used  bool          // has had a permit when granted
		last  vaultnet.Time // after start
		why   refusal.Reason
	}{
		{"unverified", Terms{}, false, day, refusal.Pruned},
		{"unverified for long", Terms{Unverified: 48 * time.Hour}, false, 2 * day, refusal.Pruned},
		{"verified", Terms{}, true, vaultnet.Never - start, refusal.NoReason},
		{"expires", Terms{Expires: start + hour}, true, hour, refusal.Expired},
		{"expires unverified", Terms{Expires: start + hour}, false, hour, refusal.Expired},
		{"expires later than pruned", Terms{Expires: start + 2*day}, false, day, refusal.Pruned},
		{"idle since use", Terms{Idle: time.Hour}, true, hour, refusal.Idle},
		{"idle since grant", Terms{Idle: time.Hour}, false, hour, refusal.Idle},
		{"idle before expiry", Terms{Idle: time.Hour, Expires: start + 2*hour}, true, hour, refusal.Idle},
		{"expiry and idle at once", Terms{Idle: time.Hour, Expires: start + hour}, true, hour, refusal.Expired},
		{"idle for a century", Terms{Idle: MaxTerm}, true, vaultnet.Time(MaxTerm / time.Millisecond), refusal.Idle},
	} {
		m := withAccount(t, 1000)
		m.grant(app, c.terms)
		if c.used {
			m.issue(app, asked(1, 1))
		}
		g, _ := m.account.Grant(app)
		if last, why := g.Lapses(m.p); last != start+c.last || why != c.why {
			t.Errorf("%s: lapses %d after start (%v), want %d (%v)", c.name, last-start, why, c.last, c.why)
		}
		if c.why == refusal.NoReason {
			continue
		}
		m.wait(c.last)
		m.must(app, &Verify{})
		m = withAccount(t, 1000)
		m.grant(app, c.terms)
		if c.used {
			m.issue(app, asked(1, 1))
		}
		m.wait(c.last + 1)
		m.refused(app, asked(1, 1), refusal.GrantInvalid, c.why)
		m.refused(app, &Verify{}, refusal.GrantInvalid, c.why)
		if _, ok := m.account.Grant(app); ok {
			t.Errorf("%s: the grant is still there", c.name)
		}
	}
}

// A grant that has lapsed is not good even before a block's passing of time has removed it.
func TestLapsedIsNotLive(t *testing.T) {
	m := withAccount(t, 1000)
	m.grant(app, Terms{Expires: start + second})
	by := m.context(app)
	by.At = start + second + 1
	if _, _, err := m.account.Apply(asked(1, 1), by); err == nil {
		t.Fatal("a permit under an expired grant")
	}
}

func TestUsingAGrantResetsItsIdleLimit(t *testing.T) {
	m := withAccount(t, 1000)
	m.grant(app, Terms{Idle: time.Hour})
	for range 5 {
		m.wait(hour)
		m.issue(app, asked(1, 1))
		if g, _ := m.account.Grant(app); g.LastUsed != m.at {
			t.Fatalf("last used %v, want %v", g.LastUsed, m.at)
		}
	}
	m.wait(hour)
	m.must(app, &Verify{}) // resets nothing
	m.wait(1)
	m.refused(app, asked(1, 1), refusal.GrantInvalid, refusal.Idle)
}

func TestVerifiedGrantIsNotPruned(t *testing.T) {
	m := withAccount(t, 1000)
	m.grant(app, Terms{})
	m.grant(other, Terms{})
	m.wait(24 * hour)
	m.must(app, &Verify{})
	m.issue(other, asked(1, 1))
	m.pass(1000 * hour)
	if n, _ := m.account.Len(); n != 2 {
		t.Fatalf("%d grants left", n)
	}
}

// InsertGrant of a key already there replaces its terms and keeps created, last used and last verified.
func TestReplacingTerms(t *testing.T) {
	m := withAccount(t, 1000)
	m.grant(app, Terms{Label: "old", Uses: 5, Expires: start + 2*hour})
	m.wait(second)
	m.issue(app, asked(2, 1))
	m.wait(hour)
	m.grant(app, Terms{Label: "new", Uses: 3, Idle: time.Minute, Temporary: true})
	g, _ := m.account.Grant(app)
	want := Grant{Key: app, Terms: Terms{Label: "new", Uses: 3, Idle: time.Minute, Temporary: true}, Created: start,
		Since: start + second + hour, LastUsed: start + second, LastVerified: start + second, Term: 2, UsesLeft: 3}
	if g != want {
		t.Fatalf("got %+v\nwant %+v", g, want)
	}
	m.wait(minute) // an hour after its last use, a minute after the limit was set: not idle yet
	m.must(app, &Verify{})
	m.wait(1)
	m.refused(app, &Verify{}, refusal.GrantInvalid, refusal.Idle)
}

func TestUses(t *testing.T) {
	m := withAccount(t, 1000)
	m.grant(app, Terms{Uses: 3})
	n := m.issue(app, asked(2, 1))
	m.issue(app, asked(5, 2)) // cut to the one left
	if m.asked[1].Allowances[0].Count != 1 {
		t.Fatalf("%d granted of 1 left", m.asked[1].Allowances[0].Count)
	}
	m.refused(app, asked(1, 3), refusal.GrantInvalid, refusal.UsedUp)
	m.must(app, &Verify{}) // the grant is not gone: uses may come back
	m.must(app, m.settlement(n, 0, 1, true))
	if g, _ := m.account.Grant(app); g.UsesLeft != 1 || g.Out != 1 {
		t.Fatalf("uses left %d, permits out %d", g.UsesLeft, g.Out)
	}
	m.issue(app, asked(1, 3))
	m.pass(10*second + minute)
	if _, ok := m.account.Grant(app); !ok {
		t.Fatal("ended while uses could still come back")
	}
	m.pass(1)
	if _, ok := m.account.Grant(app); ok {
		t.Fatal("still there, used up")
	}
	m.refused(app, asked(1, 3), refusal.GrantInvalid, refusal.UsedUp)
	m.balance(3, 0, 997)
}

// Uses reserved under replaced terms do not come back to the new ones.
func TestUsesBelongToTheirTerms(t *testing.T) {
	m := withAccount(t, 1000)
	m.grant(app, Terms{Uses: 10})
	n := m.issue(app, asked(10, 1))
	m.grant(app, Terms{Uses: 2})
	m.must(app, m.settlement(n, 0, 0, true))
	if g, _ := m.account.Grant(app); g.UsesLeft != 2 || g.Out != 0 {
		t.Fatalf("uses left %d, permits out %d", g.UsesLeft, g.Out)
	}
	m.must(owner, &DeleteGrant{Key: app, Version: 3})
	n = m.issue(owner, asked(1, 1))
	m.grant(app, Terms{Uses: 2})
	m.must(owner, m.settlement(n, 0, 0, true)) // the owner's own permit gives nobody uses
	if g, _ := m.account.Grant(app); g.UsesLeft != 2 {
		t.Fatalf("uses left %d", g.UsesLeft)
	}
	m.balance(0, 0, 1000)
}

// The last settlement of a used-up grant's last permit ends the grant, at once.
func TestUsedUpEndsOnSettlement(t *testing.T) {
	m := withAccount(t, 1000)
	m.grant(app, Terms{Uses: 2})
	n := m.issue(app, asked(1, 1, 2))
	m.must(app, m.settlement(n, 0, 1, true))
	if _, ok := m.account.Grant(app); !ok {
		t.Fatal("ended too early")
	}
	m.must(app, m.settlement(n, 1, 1, true))
	m.refused(app, &Verify{}, refusal.GrantInvalid, refusal.UsedUp)
	if n, _ := m.account.Len(); n != 0 {
		t.Fatalf("%d grants", n)
	}
}

// The last thousand ended grants are remembered with their reasons; being granted again makes the account forget.
func TestEndedGrants(t *testing.T) {
	m := withAccount(t, 1000)
	a := m.account
	apply := func(op Operation) {
		t.Helper()
		var err error
		if a, _, err = a.Apply(op, m.context(owner)); err != nil {
			t.Fatal(err)
		}
	}
	for i := range vaultnet.MaxGrants + 5 {
		apply(&InsertGrant{Key: key(1000 + i), Version: a.Version() + 1})
		apply(&DeleteGrant{Key: key(1000 + i), Version: a.Version() + 1})
	}
	m.set(a)
	m.refused(key(1004), asked(1, 1), refusal.GrantInvalid, refusal.NeverGranted)
	m.refused(key(1005), asked(1, 1), refusal.GrantInvalid, refusal.Revoked)
	m.grant(key(1005), Terms{Expires: m.at})
	m.wait(1)
	m.refused(key(1005), asked(1, 1), refusal.GrantInvalid, refusal.Expired)
	m.refused(key(1006), asked(1, 1), refusal.GrantInvalid, refusal.Revoked)
	if m.account.ended.Len() != vaultnet.MaxGrants {
		t.Fatalf("%d endings remembered", m.account.ended.Len())
	}
}

func TestTermsValidate(t *testing.T) {
	good := []Terms{{}, {Label: strings.Repeat("x", 256)}, {Uses: 1<<63 - 1}, {Idle: MaxTerm, Unverified: MaxTerm},
		{PermitLifetime: 24 * time.Hour}, {Expires: vaultnet.Never}, {Idle: time.Millisecond}}
	for _, g := range good {
		if err := g.Validate(); err != nil {
			t.Errorf("%+v: %v", g, err)
		}
	}
	bad := []Terms{{Label: strings.Repeat("x", 257)}, {Label: "\xff"}, {Expires: -1}, {Uses: 1 << 63}, {Idle: -1},
		{Idle: MaxTerm + time.Millisecond}, {PermitLifetime: 24*time.Hour + time.Millisecond}, {PermitLifetime: -time.Second},
		{Unverified: MaxTerm + time.Millisecond}, {Idle: time.Microsecond}}
	for _, b := range bad {
		if err := b.Validate(); err == nil {
			t.Errorf("%+v is taken", b)
		}
	}
}

// Several grants of one app, one per device, live side by side.
func TestGrantsSideBySide(t *testing.T) {
	m := withAccount(t, 1000)
	m.grant(app, Terms{Label: "phone", Uses: 1})
	m.grant(other, Terms{Label: "desk"})
	m.issue(app, asked(1, 1))
	m.refused(app, asked(1, 1), refusal.GrantInvalid, refusal.UsedUp)
	m.issue(other, asked(1, 1))
	m.must(owner, &DeleteGrant{Key: other, Version: 3})
	m.refused(other, asked(1, 1), refusal.GrantInvalid, refusal.Revoked)
	m.must(app, &Verify{})
}
