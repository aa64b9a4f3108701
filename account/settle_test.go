package account

import (
	"testing"

	"vaultnet"
	"vaultnet/internal/merkle"
	"vaultnet/internal/signature"
	"vaultnet/refusal"
)

func TestSettle(t *testing.T) {
	m := withAccount(t, 1000)
	m.grant(app, Terms{})
	n := m.issue(app, asked(10, 1, 2))
	m.balance(0, 20, 980)
	m.refused(app, m.settlement(n, 0, 4, false), refusal.PermitInvalid, refusal.NotYet)
	m.refused(stranger, m.settlement(n, 0, 4, true), refusal.AccessDenied)
	if r := m.must(app, m.settlement(n, 0, 4, true)).(*Settled); r.Returned != 6 {
		t.Fatalf("returned %d", r.Returned)
	}
	m.balance(4, 10, 986)
	m.refused(app, m.settlement(n, 0, 4, true), refusal.PermitInvalid, refusal.Closed) // once
	m.refused(app, m.settlement(n, 0, 0, true), refusal.PermitInvalid, refusal.Closed)
	m.wait(10 * second)
	m.refused(owner, m.settlement(n, 1, 0, false), refusal.PermitInvalid, refusal.NotYet) // at its last moment
	m.wait(1)
	m.must(owner, m.settlement(n, 1, 10, false)) // nothing comes back, and the permit is gone
	m.balance(14, 0, 986)
	if _, n := m.account.Len(); n != 0 {
		t.Fatalf("%d permits out", n)
	}
	m.refused(owner, m.settlement(n, 1, 0, false), refusal.PermitInvalid, refusal.Closed)
}

// A statement counts until a minute after the expiry; then the permit was used in full, whatever is shown.
func TestSettleInTime(t *testing.T) {
	m := withAccount(t, 1000)
	n := m.issue(owner, asked(10, 1, 2))
	m.wait(10*second + minute)
	m.must(owner, m.settlement(n, 0, 1, false))
	m.balance(1, 10, 989)
	m.wait(1)
	m.refused(owner, m.settlement(n, 1, 1, false), refusal.PermitInvalid, refusal.Expired)
	m.refused(owner, m.settlement(n, 1, 1, true), refusal.PermitInvalid, refusal.Expired)
	m.balance(11, 0, 989)
	// Not even where no block let the time pass.
	n = m.issue(owner, asked(10, 1))
	by := m.context(owner)
	by.At += 10*second + minute + 1
	if _, _, err := m.account.Apply(m.settlement(n, 0, 1, true), by); err == nil {
		t.Fatal("settled too late")
	}
}

// Settling works after the grant has ended, by its key too: the operations are the account's.
func TestSettleAfterRevocation(t *testing.T) {
	m := withAccount(t, 1000)
	m.grant(app, Terms{Uses: 20})
	n := m.issue(app, asked(10, 1, 2))
	m.must(owner, &DeleteGrant{Key: app, Version: 2})
	m.must(app, m.settlement(n, 0, 1, true))
	m.must(owner, m.settlement(n, 1, 0, true))
	m.balance(1, 0, 999)
	m.refused(app, &Verify{}, refusal.GrantInvalid, refusal.Revoked)
}

// A body that these managers never issued, or another's, settles nothing.
func TestSettleForgery(t *testing.T) {
	m := withAccount(t, 1000)
	n := m.issue(owner, asked(10, 1, 2))
	for name, change := range map[string]func(*Settle){
		"later expiry": func(s *Settle) { s.Body.Expires++ },
		"other id":     func(s *Settle) { s.Body.ID[0]++ },
		"more":         func(s *Settle) { s.Body.Total++ },
		"requester":    func(s *Settle) { s.Body.Requester = app },
	} {
		s := m.settlement(n, 0, 0, true)
		change(s)
		_, err := m.do(owner, s)
		if e, ok := err.(*refusal.Error); !ok || e.Kind != refusal.PermitInvalid || e.Detail.Reason != refusal.Closed {
			t.Errorf("%s: %v", name, err)
		}
	}
	s := m.settlement(n, 0, 0, true)
	s.Path.Index, s.Path.Siblings = 1, m.settlement(n, 1, 0, true).Path.Siblings
	m.refused(owner, s, refusal.InvalidRequest)
	m.balance(0, 20, 980)
}

func TestSettleSigners(t *testing.T) {
	m := withAccount(t, 1000)
	n := m.issue(owner, asked(10, 1, 2))
	s := m.settlement(n, 1, 3, false)
	statement := s.Statement()
	if statement.Address != object(2) || statement.Permit != m.bodies[n].Digest() || statement.Used != 3 ||
		statement.Closed || statement.Expires != m.bodies[n].Expires {
		t.Fatalf("statement %+v", statement)
	}
	network := m.p.ID()
	v := signature.NewVerifier(0)
	var set []vaultnet.PublicKey
	attestations := map[vaultnet.PublicKey]merkle.Attestation{}
	for i := range 8 {
		k := signature.NewKey([32]byte{byte(i)})
		set = append(set, k.Public())
		// Each stated it in one turn with other things.
		attestations[k.Public()] = merkle.Attest(network, k, []vaultnet.Digest{{1}, statement.Leaf(network), {2}})[1]
	}
	s.Statements = nil
	for _, k := range sorted(append([]vaultnet.PublicKey(nil), set...)...) {
		s.Statements = append(s.Statements, attestations[k])
	}
	if !s.Verify(network, v) || !s.Shown(set) || len(s.Signers()) != 8 || s.Validate() != nil {
		t.Fatal("eight good statements are not enough")
	}
	s.Statements = s.Statements[:5]
	if !s.Verify(network, v) || !s.Shown(set) {
		t.Fatal("five good statements are not enough")
	}
	if four := (&Settle{Statements: s.Statements[:4]}); four.Shown(set) {
		t.Fatal("four statements of eight are enough")
	}
	if s.Shown(set[:3]) == (len(intersect(s.Signers(), set[:3])) < vaultnet.Answers(3)) || s.Shown(nil) ||
		s.Shown([]vaultnet.PublicKey{app, other, stranger, owner}) {
		t.Fatal("signers who are not in the set count")
	}
	for name, change := range map[string]func(*Settle){
		"used":    func(s *Settle) { s.Used-- },
		"closed":  func(s *Settle) { s.Closed = true },
		"body":    func(s *Settle) { s.Body.ID[0]++ },
		"address": func(s *Settle) { s.Allowance.Address = object(1) },
	} {
		forged := *s
		change(&forged)
		if forged.Verify(network, v) {
			t.Errorf("%s can be changed", name)
		}
	}
	if s.Verify(vaultnet.NetworkID{1}, v) {
		t.Error("good in another network")
	}
}

func intersect(a, b []vaultnet.PublicKey) (both []vaultnet.PublicKey) {
	for _, x := range a {
		for _, y := range b {
			if x == y {
				both = append(both, x)
			}
		}
	}
	return both
}
