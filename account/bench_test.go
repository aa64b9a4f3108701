package account

import (
	"testing"

	"vaultnet"
)

// BenchmarkIssue issues a permit for one address under an account with 1,000 grants and nearly 4,096 permits out, to a
// granted key, digest included: what a client manager computes for each permit.
func BenchmarkIssue(b *testing.B) {
	m := full(b, vaultnet.MaxGrants, vaultnet.MaxPermits-1)
	op := asked(1, 5000)
	by := m.context(key(1500))
	by.ID[31] = 1
	b.ReportAllocs()
	for b.Loop() {
		a, _, err := m.account.Advance(by.At, by.Parameters).Apply(op, by)
		if err != nil || a.Digest().IsZero() {
			b.Fatal(err)
		}
	}
}

// BenchmarkIssue64 is the same for 64 addresses.
func BenchmarkIssue64(b *testing.B) {
	m := full(b, vaultnet.MaxGrants, vaultnet.MaxPermits-1)
	op := asked(64)
	for i := range vaultnet.MaxPermitAddresses {
		op.Allowances = append(op.Allowances, allow(object(i), 64))
	}
	by := m.context(key(1500))
	by.ID[31] = 1
	b.ReportAllocs()
	for b.Loop() {
		a, _, err := m.account.Advance(by.At, by.Parameters).Apply(op, by)
		if err != nil || a.Digest().IsZero() {
			b.Fatal(err)
		}
	}
}

// BenchmarkSettle settles one address of a permit in a full account.
func BenchmarkSettle(b *testing.B) {
	m := full(b, vaultnet.MaxGrants, vaultnet.MaxPermits-1)
	n := m.issue(key(1500), asked(10, 1, 2, 3))
	op := m.settlement(n, 1, 3, true)
	by := m.context(key(1500))
	b.ReportAllocs()
	for b.Loop() {
		a, _, err := m.account.Apply(op, by)
		if err != nil || a.Digest().IsZero() {
			b.Fatal(err)
		}
	}
}

// BenchmarkDeleteGrant looks through all permits that are out for T.
func BenchmarkDeleteGrant(b *testing.B) {
	m := full(b, vaultnet.MaxGrants, vaultnet.MaxPermits)
	op := &DeleteGrant{Key: key(1500), Version: m.account.Version() + 1}
	by := m.context(owner)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := m.account.Apply(op, by); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkNeverGranted is a stranger's request, which looks through all the endings that are remembered.
func BenchmarkNeverGranted(b *testing.B) {
	m := full(b, vaultnet.MaxGrants, 0)
	a, _, err := m.account.Apply(&RevokeAll{}, m.context(owner))
	if err != nil {
		b.Fatal(err)
	}
	op, by := asked(1, 1), m.context(stranger)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := a.Apply(op, by); err == nil {
			b.Fatal("a permit for a stranger")
		}
	}
}

// BenchmarkAdvance lets all 4,096 permits and 1,000 grants run out in one block: the worst that time does.
func BenchmarkAdvance(b *testing.B) {
	m := full(b, vaultnet.MaxGrants, vaultnet.MaxPermits)
	b.ReportAllocs()
	for b.Loop() {
		if a := m.account.Advance(m.at+2*hour, m.p); a.permits.Len()+a.grants.Len() > 0 {
			b.Fatal("something is left")
		}
	}
}

// BenchmarkLoad rebuilds a full account from its records.
func BenchmarkLoad(b *testing.B) {
	m := full(b, vaultnet.MaxGrants, vaultnet.MaxPermits)
	records := m.account.Records()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Load(records); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDecodeResult is what each manager's answer to an IssuePermit costs who gets it, beside signatures.
func BenchmarkDecodeResult(b *testing.B) {
	m := withAccount(b, 10000)
	encoded := EncodeResult(m.must(owner, asked(10, 1, 2, 3)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DecodeResult(encoded); err != nil {
			b.Fatal(err)
		}
	}
}
