package account

import (
	"math"
	"testing"
	"time"

	"vaultnet"
	"vaultnet/permit"
	"vaultnet/refusal"
)

// Every operation on an account that does not exist is NoSuchAccount, but for CreateAccount.
func TestNoSuchAccount(t *testing.T) {
	m := newManagers(t)
	for _, op := range []Operation{&InsertGrant{Key: app, Version: 1}, &DeleteGrant{Key: app, Version: 1}, &RevokeAll{},
		&TopUp{Operations: 1}, &Verify{}, asked(1, 1)} {
		m.refused(owner, op, refusal.NoSuchAccount)
		m.refused(stranger, op, refusal.NoSuchAccount)
	}
	if m.account != nil || !m.account.Digest().IsZero() || m.account.Size() != 0 {
		t.Fatal("an account came out of refusals")
	}
}

func TestCreateAccount(t *testing.T) {
	m := newManagers(t)
	m.refused(stranger, &CreateAccount{}, refusal.AccessDenied)
	m.must(owner, &CreateAccount{})
	m.balance(0, 0, 1000)
	m.refused(owner, &CreateAccount{}, refusal.AccountExists)
	m.refused(stranger, &CreateAccount{}, refusal.AccessDenied) // who may, comes before whether it is there
	m.balance(0, 0, 1000)
}

func TestGrantsAreTheOwnersOnly(t *testing.T) {
	m := withAccount(t, 1000)
	m.p.Local = true
	m.grant(app, Terms{})
	for _, by := range []vaultnet.PublicKey{app, stranger} {
		// Wrong versions and unknown keys too: who may, comes first.
		for _, op := range []Operation{&InsertGrant{Key: other, Version: 9}, &DeleteGrant{Key: other, Version: 9}, &RevokeAll{},
			&TopUp{Operations: 5}} {
			m.refused(by, op, refusal.AccessDenied)
		}
	}
	if v := m.account.Version(); v != 1 {
		t.Fatalf("version %d", v)
	}
}

func TestVersions(t *testing.T) {
	m := withAccount(t, 1000)
	for _, v := range []uint64{0, 2, math.MaxUint64} {
		if e := m.refused(owner, &InsertGrant{Key: app, Version: v}, refusal.InvalidSuccessor); e.Detail.Current != 0 {
			t.Fatalf("current %d, want 0", e.Detail.Current)
		}
	}
	if r := m.must(owner, &InsertGrant{Key: app, Version: 1}).(*Granted); r.Version != 1 {
		t.Fatalf("version %d", r.Version)
	}
	if e := m.refused(owner, &DeleteGrant{Key: other, Version: 3}, refusal.InvalidSuccessor); e.Detail.Current != 1 {
		t.Fatalf("current %d, want 1", e.Detail.Current) // the version comes before the key
	}
	m.refused(owner, &DeleteGrant{Key: other, Version: 2}, refusal.NoSuchKey)
	m.must(owner, &InsertGrant{Key: app, Version: 2}) // replacing is a change
	if r := m.must(owner, &DeleteGrant{Key: app, Version: 3}).(*Revoked); r.Version != 3 {
		t.Fatalf("version %d", r.Version)
	}
	// What does not change the grants does not move the version.
	m.grant(app, Terms{})
	m.must(app, &Verify{})
	m.settleAll(m.issue(app, asked(3, 1)))
	if r := m.must(owner, &RevokeAll{Temporary: true}).(*Revoked); r.Version != 4 {
		t.Fatalf("version %d after revoking nothing", r.Version)
	}
	// Nor does what ends by itself: a reader who leaves out what lapsed can still name the successor.
	m.grant(other, Terms{Expires: m.at + second})
	m.pass(minute)
	if _, ok := m.account.Grant(other); ok || m.account.Version() != 5 {
		t.Fatalf("version %d after an expiry", m.account.Version())
	}
	m.must(owner, &InsertGrant{Key: other, Version: 6})
}

func (m *managers) settleAll(n int) {
	m.t.Helper()
	for i := range m.asked[n].Allowances {
		m.must(owner, m.settlement(n, i, 0, true))
	}
}

func TestOwnerIsNoGrant(t *testing.T) {
	m := withAccount(t, 1000)
	m.refused(owner, &InsertGrant{Key: owner, Version: 1}, refusal.InvalidRequest)
	m.refused(stranger, &InsertGrant{Key: owner, Version: 7}, refusal.InvalidRequest)
	m.refused(owner, &InsertGrant{Version: 1}, refusal.InvalidRequest) // nobody
	if got := Keys(&InsertGrant{Key: app}); len(got) != 1 || got[0] != app {
		t.Fatalf("keys named: %v", got)
	}
	if got := Keys(&DeleteGrant{Key: app}); got != nil {
		t.Fatalf("keys named by a deletion: %v", got)
	}
}

func TestTooManyGrants(t *testing.T) {
	m := withAccount(t, 1000)
	a := m.account
	by := m.context(owner)
	for i := range vaultnet.MaxGrants {
		var err error
		if a, _, err = a.Apply(&InsertGrant{Key: key(1000 + i), Version: uint64(i + 1)}, by); err != nil {
			t.Fatal(err)
		}
	}
	m.set(a)
	m.refused(owner, &InsertGrant{Key: app, Version: 1001}, refusal.TooManyGrants)
	m.refused(owner, &InsertGrant{Key: app, Version: 1002}, refusal.InvalidSuccessor)        // comes first
	m.must(owner, &InsertGrant{Key: key(1000), Terms: Terms{Label: "again"}, Version: 1001}) // replaces: no new one
	m.must(owner, &DeleteGrant{Key: key(1000), Version: 1002})
	m.must(owner, &InsertGrant{Key: app, Version: 1003})
}

func TestRevokeAll(t *testing.T) {
	setup := func() *managers {
		m := withAccount(t, 1000)
		m.grant(app, Terms{})
		m.grant(other, Terms{Temporary: true})
		m.grant(stranger, Terms{Temporary: true})
		return m
	}
	for _, c := range []struct {
		name string
		op   RevokeAll
		left []vaultnet.PublicKey
	}{
		{"all", RevokeAll{}, nil},
		{"all but", RevokeAll{Except: sorted(other, key(77))}, []vaultnet.PublicKey{other}},
		{"temporary", RevokeAll{Temporary: true}, []vaultnet.PublicKey{app}},
		{"temporary but", RevokeAll{Temporary: true, Except: sorted(stranger, app)}, []vaultnet.PublicKey{app, stranger}},
		{"none", RevokeAll{Except: sorted(app, other, stranger)}, []vaultnet.PublicKey{app, other, stranger}},
	} {
		m := setup()
		r := m.must(owner, &c.op).(*Revoked)
		version := uint64(4)
		if len(c.left) == 3 {
			version = 3
		}
		if n, _ := m.account.Len(); n != len(c.left) || r.Version != version {
			t.Errorf("%s: %d grants left, version %d", c.name, n, r.Version)
		}
		for _, k := range c.left {
			if _, ok := m.account.Grant(k); !ok {
				t.Errorf("%s: %v is gone", c.name, k.Short())
			}
		}
		for _, k := range []vaultnet.PublicKey{app, other, stranger} {
			if _, ok := m.account.Grant(k); !ok {
				m.refused(k, asked(1, 1), refusal.GrantInvalid, refusal.Revoked)
			}
		}
	}
	m := setup()
	m.refused(owner, &RevokeAll{Except: []vaultnet.PublicKey{other, app}}, refusal.InvalidRequest) // not in order
	m.refused(owner, &RevokeAll{Except: []vaultnet.PublicKey{app, app}}, refusal.InvalidRequest)
}

func TestTopUp(t *testing.T) {
	m := withAccount(t, 1000)
	m.refused(owner, &TopUp{Operations: 5}, refusal.AccessDenied) // a public network
	m.p.Local = true
	m.refused(stranger, &TopUp{Operations: 5}, refusal.AccessDenied)
	m.refused(owner, &TopUp{Operations: 0}, refusal.InvalidRequest)
	m.refused(owner, &TopUp{Operations: -5}, refusal.InvalidRequest)
	m.issue(owner, asked(10, 1))
	if r := m.must(owner, &TopUp{Operations: 5}).(*ToppedUp); r.Available != 995 {
		t.Fatalf("available %d", r.Available)
	}
	m.balance(0, 10, 995)
	// The allowance stops at 2^63−1, with what is reserved in it.
	if r := m.must(owner, &TopUp{Operations: math.MaxInt64}).(*ToppedUp); r.Available != math.MaxInt64-10 {
		t.Fatalf("available %d", r.Available)
	}
	if r := m.must(owner, &TopUp{Operations: 1}).(*ToppedUp); r.Available != math.MaxInt64-10 {
		t.Fatalf("available %d", r.Available)
	}
}

// An allowance of 2^63−1, which a network made with -account-ops 0 has, is like any other.
func TestUnlimited(t *testing.T) {
	m := withAccount(t, math.MaxInt64)
	m.settleAll(m.issue(owner, asked(64, 1, 2, 3)))
	m.issue(owner, asked(64, 1, 2, 3))
	m.pass(hour)
	m.balance(192, 0, math.MaxInt64-192)
}

func TestVerify(t *testing.T) {
	m := withAccount(t, 1000)
	m.refused(app, &Verify{}, refusal.GrantInvalid, refusal.NeverGranted)
	m.grant(app, Terms{Idle: time.Hour})
	m.wait(second)
	if r := m.must(app, &Verify{}).(*Verified); r.At != m.at {
		t.Fatalf("verified at %v", r.At)
	}
	g, _ := m.account.Grant(app)
	if g.LastVerified != m.at || g.LastUsed != 0 {
		t.Fatalf("verified %v, used %v: verifying is no use", g.LastVerified, g.LastUsed)
	}
	m.balance(0, 0, 1000)
	m.wait(minute)
	n := m.issue(app, asked(1, 1))
	if m.bodies[n].Verified != m.at-minute {
		t.Fatalf("the permit says verified %v, want %v", m.bodies[n].Verified, m.at-minute)
	}
	// The owner is verified by making the account, and again by Verify.
	if n := m.issue(owner, asked(1, 1)); m.bodies[n].Verified != start {
		t.Fatalf("the owner's permit says verified %v, want %v", m.bodies[n].Verified, start)
	}
	m.must(owner, &Verify{})
	if n := m.issue(owner, asked(1, 1)); m.bodies[n].Verified != m.at {
		t.Fatalf("the owner's permit says verified %v, want %v", m.bodies[n].Verified, m.at)
	}
}

// Whatever an operation holds, applying it is a refusal and not a panic, and on refusal nothing changes.
func TestApplyRefusesNonsense(t *testing.T) {
	m := withAccount(t, 1000)
	n := m.issue(owner, asked(3, 1, 2))
	good := m.settlement(n, 0, 1, true)
	wrong := func(change func(*Settle)) *Settle {
		s := *good
		change(&s)
		return &s
	}
	for i, op := range []Operation{
		nil, &IssuePermit{}, asked(0, 1), asked(65, 1), asked(1, 1, 1), asked(1, 2, 1),
		&IssuePermit{Allowances: asked(1, 1).Allowances, Lifetime: -1},
		&IssuePermit{Allowances: asked(1, 1).Allowances, Lifetime: 25 * time.Hour},
		&IssuePermit{Allowances: asked(1, 1).Allowances, Lifetime: time.Microsecond},
		&IssuePermit{Allowances: make([]permit.Allowance, 65)},
		&IssuePermit{Allowances: []permit.Allowance{allow(vaultnet.AccountAddress(app), 1)}},
		&Settle{},
		wrong(func(s *Settle) { s.Used = 4 }),
		wrong(func(s *Settle) { s.Statements = nil }),
		wrong(func(s *Settle) { s.Statements = append(s.Statements, s.Statements...) }),
		wrong(func(s *Settle) { s.Path.Index = 1 }),
		wrong(func(s *Settle) { s.Path.Siblings = nil }),
		wrong(func(s *Settle) { s.Allowance.Count = 4 }),
		wrong(func(s *Settle) { s.Allowance.Address = chunk(1) }),
		wrong(func(s *Settle) { s.Body.Width = 3 }),
		wrong(func(s *Settle) { s.Body.Account = app }),
	} {
		before := m.account.Digest()
		if op == nil {
			_, _, err := m.account.Apply(nil, m.context(owner))
			if err == nil {
				t.Error("no operation was applied")
			}
			continue
		}
		e := m.refused(owner, op, refusal.InvalidRequest)
		if m.account.Digest() != before || e.Detail.What == "" {
			t.Errorf("%d: something changed, or the refusal does not say what is wrong: %v", i, e)
		}
	}
	m.must(owner, good)
}
