package account

import (
	"testing"
	"time"

	"vaultnet"
	"vaultnet/permit"
	"vaultnet/refusal"
)

// Attack 26, the account's side: a permit refunded twice, refunded where it was not for, refunded by another, or
// refunded after it counted as used. The sum never exceeds the reservation. (What data managers refuse of it is in
// package permit.)
func TestAttack26RefundOnce(t *testing.T) {
	m := withAccount(t, 100)
	m.grant(app, Terms{})
	n := m.issue(app, asked(10, 1, 2))
	k := m.issue(app, asked(5, 1))
	m.balance(0, 25, 75)
	m.must(app, m.settlement(n, 0, 0, true))
	for _, by := range []vaultnet.PublicKey{app, owner} {
		m.refused(by, m.settlement(n, 0, 0, true), refusal.PermitInvalid, refusal.Closed)
		m.refused(by, m.settlement(n, 0, 10, true), refusal.PermitInvalid, refusal.Closed)
	}
	m.refused(stranger, m.settlement(n, 1, 0, true), refusal.AccessDenied)
	// The statement of one permit says nothing of another, nor of an address it does not name.
	cross := m.settlement(n, 1, 0, true)
	cross.Body = m.bodies[k]
	m.refused(app, cross, refusal.InvalidRequest)
	elsewhere := m.settlement(k, 0, 0, true)
	elsewhere.Allowance.Address = object(2)
	m.refused(app, elsewhere, refusal.InvalidRequest)
	m.balance(0, 15, 85)
	// After its grace the rest is charged, and no statement brings it back.
	m.wait(10*second + minute + 1)
	m.refused(app, m.settlement(n, 1, 0, false), refusal.PermitInvalid, refusal.Expired)
	m.refused(app, m.settlement(k, 0, 0, false), refusal.PermitInvalid, refusal.Expired)
	m.balance(15, 0, 85)
}

// Attack 27: a client that never settles is charged in full a minute after each permit's expiry.
func TestAttack27NeverSettles(t *testing.T) {
	m := withAccount(t, 1000)
	m.grant(app, Terms{PermitLifetime: time.Hour, Uses: 500})
	m.issue(app, asked(10, 1, 2, 3))
	m.issue(owner, asked(5, 1))
	m.pass(10*second + minute)
	m.balance(0, 35, 965)
	m.pass(1)
	m.balance(5, 30, 965)
	m.pass(hour - 10*second - 1)
	m.balance(5, 30, 965)
	m.pass(1)
	m.balance(35, 0, 965)
	if g, _ := m.account.Grant(app); g.UsesLeft != 470 || g.Out != 0 {
		t.Fatalf("uses left %d, permits out %d", g.UsesLeft, g.Out)
	}
}

// Attack 28: three uses left, four permits asked at once; two grants changed with one version; 1,001 grants
// ([TestTooManyGrants]).
func TestAttack28Races(t *testing.T) {
	m := withAccount(t, 1000)
	m.grant(app, Terms{Uses: 3})
	pending := []Operation{}
	issued := 0
	for i := range 4 { // in flight together, decided in one block
		op := asked(1, i)
		if err := InFlight(pending, op); err != nil {
			t.Fatal(err)
		}
		pending = append(pending, op)
		if _, err := m.do(app, op); err == nil {
			issued++
		}
	}
	if issued != 3 {
		t.Fatalf("%d permits, want 3", issued)
	}
	m.refused(app, asked(1, 4), refusal.GrantInvalid, refusal.UsedUp)

	one, two := &InsertGrant{Key: other, Version: 2}, &InsertGrant{Key: stranger, Version: 2}
	m.must(owner, one)
	if e := m.refused(owner, two, refusal.InvalidSuccessor); e.Detail.Current != 2 {
		t.Fatalf("current %d", e.Detail.Current)
	}
}

// Attack 29, the rules' part: revocation racing with issue and with an offline permit of 24 h. After T there is no
// permit of the key to use, whichever is decided first; `Revoke` says T.
func TestAttack29Revocation(t *testing.T) {
	for _, c := range []struct {
		name  string
		first bool // a permit is issued before the revocation
	}{{"issue first", true}, {"revocation first", false}} {
		m := withAccount(t, 1000)
		m.grant(app, Terms{PermitLifetime: 24 * time.Hour})
		want := start
		if c.first {
			n := m.issue(app, asked(10, 1))
			if want = m.bodies[n].Expires; want != start+24*hour {
				t.Fatalf("an offline permit of %d ms", want-start)
			}
		}
		m.wait(1)
		if !c.first {
			want++
		}
		r := m.must(owner, &DeleteGrant{Key: app, Version: 2}).(*Revoked)
		if r.Until != want {
			t.Errorf("%s: until %v, want %v", c.name, r.Until, want)
		}
		m.refused(app, asked(1, 1), refusal.GrantInvalid, refusal.Revoked)
		for _, b := range m.bodies {
			if b.Requester == app && b.Expires > r.Until {
				t.Errorf("%s: a permit outlives T", c.name)
			}
		}
		m.pass(25 * hour)
		m.refused(app, asked(1, 1), refusal.GrantInvalid, refusal.Revoked) // for good
	}

	// T is of the keys revoked, and counts permits under earlier grants of the same key.
	m := withAccount(t, 1000)
	m.grant(app, Terms{PermitLifetime: time.Hour})
	m.grant(other, Terms{PermitLifetime: 2 * time.Hour})
	m.issue(app, asked(1, 1))
	m.issue(other, asked(1, 1))
	long := asked(1, 1)
	long.Lifetime = 24 * time.Hour
	m.issue(owner, long)
	m.grant(app, Terms{PermitLifetime: time.Second})
	if r := m.must(owner, &DeleteGrant{Key: app, Version: 4}).(*Revoked); r.Until != start+hour {
		t.Fatalf("until %d after start", r.Until-start)
	}
	if r := m.must(owner, &RevokeAll{}).(*Revoked); r.Until != start+2*hour {
		t.Fatalf("until %d after start", r.Until-start)
	}
	// A permit closed everywhere and settled is out no more.
	m.settleAll(0)
	m.grant(app, Terms{})
	if r := m.must(owner, &RevokeAll{}).(*Revoked); r.Until != m.at {
		t.Fatalf("until %d after start", r.Until-start)
	}
	if r := m.must(owner, &RevokeAll{}).(*Revoked); r.Until != m.at || r.Version != 7 {
		t.Fatalf("revoking nothing: %+v", r)
	}
}

// T is never before the revocation itself, and the last to expire counts, not the last to leave the account.
func TestUntil(t *testing.T) {
	m := withAccount(t, 1000)
	m.grant(app, Terms{PermitLifetime: time.Hour})
	short := asked(1, 1)
	short.Lifetime = 10 * time.Second
	m.issue(app, short)
	m.wait(30 * second) // expired, not yet settled
	if r := m.must(owner, &RevokeAll{}).(*Revoked); r.Until != m.at {
		t.Fatalf("until %d from now", r.Until-m.at)
	}
	m.grant(app, Terms{PermitLifetime: time.Hour})
	m.issue(app, short) // leaves 70 s from now
	n := m.issue(app, &IssuePermit{Allowances: []permit.Allowance{allow(chunk(1), 1)}, Lifetime: 50 * time.Second})
	if r := m.must(owner, &RevokeAll{}).(*Revoked); r.Until != m.bodies[n].Expires {
		t.Fatalf("until %d from now", r.Until-m.at)
	}
}

// However a grant ends, no permit of its key is out later than the grant was good: there is no T to ask for.
func TestPermitsDoNotOutliveGrants(t *testing.T) {
	for _, terms := range []Terms{
		{PermitLifetime: 24 * time.Hour, Expires: start + minute},
		{PermitLifetime: 24 * time.Hour, Idle: time.Minute},
		{PermitLifetime: 24 * time.Hour, Unverified: time.Minute},
		{PermitLifetime: 24 * time.Hour, Uses: 3},
	} {
		m := withAccount(t, 1000)
		m.grant(app, terms)
		n := m.issue(app, asked(3, 1))
		m.pass(m.bodies[n].Expires - m.at)
		if _, ok := m.account.Grant(app); !ok {
			t.Errorf("%+v: the permit outlives the grant", terms)
		}
	}
}
