package core

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"vaultnet"
	"vaultnet/account"
	"vaultnet/agreement"
	"vaultnet/internal/wire"
	"vaultnet/permit"
	"vaultnet/refusal"
)

// crowded is an account with grants and permits that run out one after another.
func crowded(t testing.TB, grants, permits int) (m *accountMachine, at vaultnet.Time) {
	params := vaultnet.LocalParameters()
	owner := vaultnet.PublicKey{1}
	at = 1_700_000_000_000
	next := &accountMachine{owner: owner, parameters: &params}
	n := uint64(0)
	apply := func(op account.Operation) {
		t.Helper()
		n++
		r := &agreement.Request{Request: vaultnet.Request{Requester: owner}, ID: vaultnet.DomainBody.Hash(fmt.Append(nil, n)),
			Decoded: &wire.Operation{Operation: op}}
		made, _, err := next.Apply([]*agreement.Request{r}, at)
		if err != nil {
			t.Fatal(err)
		}
		next = made.(*accountMachine)
		at = at.Add(time.Millisecond)
	}
	apply(&account.CreateAccount{})
	apply(&account.TopUp{Operations: 1 << 40})
	for i := range grants {
		apply(&account.InsertGrant{Key: vaultnet.PublicKey{2, byte(i >> 8), byte(i)}, Version: uint64(i + 1),
			Terms: account.Terms{Expires: at.Add(70 * time.Second)}})
	}
	for range permits {
		apply(&account.IssuePermit{Allowances: []permit.Allowance{{Address: address("a"), Count: 1}}})
	}
	return next, at
}

// What a machine keeps is what it would make anew: at any time, in any order.
func TestAnAdvancedAccountIsKept(t *testing.T) {
	kept, at := crowded(t, 50, 100)
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		when := at.Add(time.Duration(60_000+random.IntN(15_000)) * time.Millisecond)
		fresh := &accountMachine{owner: kept.owner, parameters: kept.parameters, account: kept.account}
		one, _, err := kept.Apply(nil, when)
		if err != nil {
			t.Fatal(err)
		}
		other, _, err := fresh.Apply(nil, when)
		if err != nil {
			t.Fatal(err)
		}
		if one.Digest() != other.Digest() {
			t.Fatalf("another account %v after the last permit", when.Sub(at))
		}
		if random.IntN(2) == 0 {
			when = when.Add(time.Duration(random.IntN(2000)) * time.Millisecond)
		}
		now, again := kept.about(when), fresh.account.Advance(when, *kept.parameters)
		d1, r1, a1 := now.Balance()
		d2, r2, a2 := again.Balance()
		g1, p1 := now.Len()
		g2, p2 := again.Len()
		if d1 != d2 || r1 != r2 || a1 != a2 || g1 != g2 || p1 != p2 {
			t.Fatalf("admission sees %d %d %d %d %d, want %d %d %d %d %d", d1, r1, a1, g1, p1, d2, r2, a2, g2, p2)
		}
	}
}

// BenchmarkAdmissionAfterMuchRanOut admits a request to an account in which 4,096 permits have run out since its last
// block.
func BenchmarkAdmissionAfterMuchRanOut(b *testing.B) {
	m, at := crowded(b, 0, vaultnet.MaxPermits)
	r := &agreement.Request{Request: vaultnet.Request{Requester: m.owner}, Decoded: &wire.Operation{Operation: &account.Verify{}}}
	at = at.Add(10 * time.Minute)
	b.ReportAllocs()
	for b.Loop() {
		at++
		if err := m.Check(nil, r, at); err != nil {
			b.Fatal(err)
		}
	}
}

// What only undecided operations stand against is not refused for good: they may never be decided.
func TestLowBalanceBesideUndecidedOperations(t *testing.T) {
	params := vaultnet.LocalParameters()
	params.AccountOperations = 5
	m, at := &accountMachine{owner: vaultnet.PublicKey{1}, parameters: &params}, vaultnet.Time(1_700_000_000_000)
	request := func(n byte, op account.Operation) *agreement.Request {
		return &agreement.Request{Request: vaultnet.Request{Requester: m.owner}, ID: vaultnet.Digest{n}, Decoded: &wire.Operation{Operation: op}}
	}
	made, _, err := m.Apply([]*agreement.Request{request(1, &account.CreateAccount{})}, at)
	if err != nil {
		t.Fatal(err)
	}
	m = made.(*accountMachine)
	issue := func(n byte, count uint16) *agreement.Request {
		return request(n, &account.IssuePermit{Allowances: []permit.Allowance{{Address: address("a"), Count: count}}})
	}
	all, one := issue(2, 5), issue(3, 1)
	if err := m.Check(nil, one, at+1); err != nil {
		t.Fatal(err)
	}
	if err := m.Check([]*agreement.Request{all}, one, at+1); !errors.Is(err, refusal.TooManyMutations) {
		t.Errorf("beside an undecided permit for all that is left: %v, want %v", err, refusal.TooManyMutations)
	}
	if made, _, err = m.Apply([]*agreement.Request{all}, at+1); err != nil {
		t.Fatal(err)
	}
	if err := made.(*accountMachine).Check(nil, one, at+2); !errors.Is(err, refusal.LowBalance) {
		t.Errorf("after it: %v, want %v", err, refusal.LowBalance)
	}
}
