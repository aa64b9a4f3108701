package account

import (
	"testing"
	"time"

	"vaultnet"
	"vaultnet/refusal"
)

func TestAdvanceOfNothing(t *testing.T) {
	var none *Account
	p := vaultnet.DefaultParameters()
	if none.Advance(start, p) != nil || none.Due() != vaultnet.Never {
		t.Fatal("time makes an account")
	}
	m := withAccount(t, 1000)
	m.grant(app, Terms{})
	m.issue(app, asked(3, 1))
	due := m.account.Due()
	if due != start+10*second+minute {
		t.Fatalf("due %d after start", due-start)
	}
	if m.account.Advance(due, p) != m.account {
		t.Fatal("something happened before it was due")
	}
	if m.account.Advance(due+1, p) == m.account {
		t.Fatal("nothing happened when it was due")
	}
}

// Several things due at once, in one block, give what they give one by one.
func TestAdvanceInOneStepOrMany(t *testing.T) {
	build := func() *managers {
		m := withAccount(t, 1000)
		m.grant(app, Terms{Uses: 3, Expires: start + 30*second})
		m.grant(other, Terms{Idle: 20 * time.Second})
		m.grant(stranger, Terms{Unverified: 50 * time.Second})
		m.issue(app, asked(1, 1, 2, 3))
		m.wait(second)
		m.issue(other, asked(3, 1, 2, 3))
		m.issue(owner, asked(2, 1, 2, 3))
		return m
	}
	once := build()
	once.pass(10 * minute)
	step := build()
	for range 600 {
		step.pass(second)
	}
	once.balance(18, 0, 982)
	step.balance(18, 0, 982)
	for k, why := range map[vaultnet.PublicKey]refusal.Reason{app: refusal.Expired, other: refusal.Idle, stranger: refusal.Pruned} {
		step.refused(k, asked(1, 1), refusal.GrantInvalid, why)
		once.refused(k, asked(1, 1), refusal.GrantInvalid, why)
	}
}

// The bound below which no grant lapses is kept right through changes of terms, uses and deletions.
func TestDueIsNeverLate(t *testing.T) {
	m := withAccount(t, 1000)
	m.grant(app, Terms{Idle: time.Minute})
	m.grant(other, Terms{Expires: start + 30*second})
	if m.account.Due() != start+30*second {
		t.Fatalf("due %d after start", m.account.Due()-start)
	}
	m.must(owner, &DeleteGrant{Key: other, Version: 3})
	m.pass(31 * second) // looks and finds nothing
	if n, _ := m.account.Len(); n != 1 || m.account.Due() != start+minute {
		t.Fatalf("%d grants, due %d after start", n, m.account.Due()-start)
	}
	m.settleAll(m.issue(app, asked(1, 1)))
	m.pass(minute)
	if n, _ := m.account.Len(); n != 1 {
		t.Fatal("idle, though used a minute ago")
	}
	m.pass(1)
	if n, _ := m.account.Len(); n != 0 {
		t.Fatal("not idle")
	}
	// After loading, the first look finds out.
	m.grant(app, Terms{Expires: m.at + second})
	loaded, err := Load(m.account.Records())
	if err != nil {
		t.Fatal(err)
	}
	after := loaded.Advance(m.at, m.p)
	if after.Digest() != m.account.Digest() || after.Due() != m.at+second {
		t.Fatalf("due %d from now after loading", after.Due()-m.at)
	}
	if n, _ := loaded.Advance(m.at+second+1, m.p).Len(); n != 0 {
		t.Fatal("an expired grant survives loading")
	}
}
