package account

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"

	"vaultnet"
	"vaultnet/internal/merkle"
	"vaultnet/permit"
	"vaultnet/refusal"
)

const (
	second = vaultnet.Time(1000)
	minute = 60 * second
	hour   = 60 * minute
	start  = vaultnet.Time(1_700_000_000_000)
)

var owner, app, other, stranger = key(1), key(2), key(3), key(4)

func key(n int) (k vaultnet.PublicKey) {
	binary.BigEndian.PutUint32(k[:], uint32(n))
	k[31] = 1
	return k
}

func object(n int) vaultnet.Address {
	return vaultnet.Address{Kind: vaultnet.KindMutableData, Name: vaultnet.Name(key(n)), Tag: 15000}
}

func chunk(n int) vaultnet.Address {
	return vaultnet.Address{Kind: vaultnet.KindImmutableData, Name: vaultnet.Name(key(n))}
}

func allow(a vaultnet.Address, n uint16) permit.Allowance {
	return permit.Allowance{Address: a, Count: n}
}

// asked is what a permit is asked for: n operations at each of some objects.
func asked(n uint16, objects ...int) *IssuePermit {
	o := &IssuePermit{}
	for _, i := range objects {
		o.Allowances = append(o.Allowances, allow(object(i), n))
	}
	return o
}

// fataler is what tests, benchmarks and rapid's have in common.
type fataler interface {
	Helper()
	Fatalf(string, ...any)
}

// managers plays the client managers of one owner: block after block, each with one operation. After each it checks what
// holds of every account: the sum, the bounds, records, diffs, digests.
type managers struct {
	t       fataler
	account *Account
	at      vaultnet.Time
	p       vaultnet.Parameters
	n       uint64               // operations so far
	records map[string][]byte    // what the diffs made of an empty store
	bodies  []permit.Body        // of all permits issued
	asked   map[int]*IssuePermit // by index in bodies, as granted
	allowed int64
}

func newManagers(t fataler) *managers {
	return &managers{t: t, at: start, p: vaultnet.DefaultParameters(), records: map[string][]byte{}, asked: map[int]*IssuePermit{}}
}

// withAccount has an account already, of so many operations.
func withAccount(t fataler, operations int64) *managers {
	m := newManagers(t)
	m.p.AccountOperations = operations
	m.must(owner, &CreateAccount{})
	return m
}

func (m *managers) context(by vaultnet.PublicKey) Context {
	var id vaultnet.Digest
	binary.BigEndian.PutUint64(id[:], m.n)
	return Context{Requester: by, Owner: owner, ID: id, At: m.at, Parameters: m.p}
}

// do applies an operation in a block of its own.
func (m *managers) do(by vaultnet.PublicKey, op Operation) (Result, error) {
	m.t.Helper()
	m.n++
	advanced := m.account.Advance(m.at, m.p)
	next, result, err := advanced.Apply(op, m.context(by))
	if check := advanced.Check(op, m.context(by)); fmt.Sprint(check) != fmt.Sprint(err) {
		m.t.Fatalf("%T: Check says %v, Apply %v", op, check, err)
	}
	if err != nil {
		if next != advanced || result != nil {
			m.t.Fatalf("%T refused with %v, but something changed", op, err)
		}
		var e *refusal.Error
		if !errors.As(err, &e) {
			m.t.Fatalf("%T: %v is not a refusal", op, err)
		}
	}
	if r, ok := result.(*Issued); ok {
		granted, ok := r.Allowances(op.(*IssuePermit).Allowances)
		if !ok {
			m.t.Fatalf("the counts of an issued permit are not those of its root")
		}
		m.asked[len(m.bodies)] = &IssuePermit{Allowances: granted}
		m.bodies = append(m.bodies, r.Body)
	}
	if r, ok := result.(*ToppedUp); ok {
		_, _, available := advanced.Balance()
		m.allowed += r.Available - available
	}
	if _, ok := result.(*Created); ok {
		m.allowed = m.p.AccountOperations
	}
	m.set(next)
	return result, err
}

// set takes the account as the state after a block and checks what always holds.
func (m *managers) set(next *Account) {
	m.t.Helper()
	for _, w := range next.Diff(m.account) {
		if w.Value == nil {
			if _, ok := m.records[string(w.Key)]; !ok {
				m.t.Fatalf("diff deletes %x, which is not there", w.Key)
			}
			delete(m.records, string(w.Key))
		} else if bytes.Equal(m.records[string(w.Key)], w.Value) {
			m.t.Fatalf("diff writes %x, which is unchanged", w.Key)
		} else {
			m.records[string(w.Key)] = w.Value
		}
	}
	m.account = next
	if done, reserved, available := next.Balance(); done+reserved+available != m.allowed || min(done, reserved, available) < 0 {
		m.t.Fatalf("done %d + reserved %d + available %d, want %d in all", done, reserved, available, m.allowed)
	}
	var size int
	records := next.Records()
	for i, w := range records {
		size += len(w.Key) + len(w.Value)
		if i > 0 && bytes.Compare(records[i-1].Key, w.Key) >= 0 {
			m.t.Fatalf("records are not in order")
		}
	}
	if size != next.Size() || size > MaxSize {
		m.t.Fatalf("size %d, records have %d bytes, at most %d", next.Size(), size, MaxSize)
	}
	all := map[string][]byte{}
	for _, w := range records {
		all[string(w.Key)] = w.Value
	}
	if !maps.EqualFunc(all, m.records, bytes.Equal) {
		m.t.Fatalf("the diffs of all blocks do not add up to the records")
	}
	loaded, err := Load(records)
	if err != nil || loaded.Digest() != next.Digest() || loaded.Size() != next.Size() {
		m.t.Fatalf("loading the records: %v, digest %v, want %v", err, loaded.Digest(), next.Digest())
	}
}

func (m *managers) must(by vaultnet.PublicKey, op Operation) Result {
	m.t.Helper()
	r, err := m.do(by, op)
	if err != nil {
		m.t.Fatalf("%v: %v", op.Code(), err)
	}
	return r
}

// refused demands a refusal of a kind, and of a reason where one is given.
func (m *managers) refused(by vaultnet.PublicKey, op Operation, want refusal.Kind, reason ...refusal.Reason) *refusal.Error {
	m.t.Helper()
	_, err := m.do(by, op)
	var e *refusal.Error
	if !errors.As(err, &e) || e.Kind != want || len(reason) > 0 && e.Detail.Reason != reason[0] {
		m.t.Fatalf("%v: %v, want %v %v", op.Code(), err, want, reason)
	}
	return e
}

func (m *managers) wait(d vaultnet.Time) { m.at += d }

// pass lets time pass and a block without operations on this account be decided.
func (m *managers) pass(d vaultnet.Time) {
	m.t.Helper()
	m.wait(d)
	m.set(m.account.Advance(m.at, m.p))
}

func (m *managers) grant(k vaultnet.PublicKey, terms Terms) {
	m.t.Helper()
	m.must(owner, &InsertGrant{Key: k, Terms: terms, Version: m.account.Version() + 1})
}

// issue issues a permit to a key and returns its number for settle.
func (m *managers) issue(by vaultnet.PublicKey, op *IssuePermit) int {
	m.t.Helper()
	m.must(by, op)
	return len(m.bodies) - 1
}

// settlement shows that permit number n was used so often at allowance i.
func (m *managers) settlement(n, i int, used uint16, closed bool) *Settle {
	t := permit.Tree(m.asked[n].Allowances)
	return &Settle{Body: m.bodies[n], Allowance: m.asked[n].Allowances[i], Path: t.Path(i), Used: used, Closed: closed,
		Statements: []merkle.Attestation{{Signer: key(100)}}}
}

// balance demands done, reserved, available.
func (m *managers) balance(done, reserved, available int64) {
	m.t.Helper()
	if d, r, a := m.account.Balance(); d != done || r != reserved || a != available {
		m.t.Fatalf("done %d, reserved %d, available %d; want %d, %d, %d", d, r, a, done, reserved, available)
	}
}

func sorted(keys ...vaultnet.PublicKey) []vaultnet.PublicKey {
	slices.SortFunc(keys, func(a, b vaultnet.PublicKey) int { return bytes.Compare(a[:], b[:]) })
	return keys
}
