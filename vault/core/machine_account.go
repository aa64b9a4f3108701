package core

import (
	"vaultnet"
	"vaultnet/account"
	"vaultnet/agreement"
	"vaultnet/internal/wire"
	"vaultnet/internal/writes"
	"vaultnet/refusal"
)

// accountMachine is an Account as agreement wants it. A nil account is one that does not exist. Immutable but for what it
// has found out about itself: one goroutine at a time.
type accountMachine struct {
	owner      vaultnet.PublicKey
	parameters *vaultnet.Parameters
	account    *account.Account

	// Kept, so that a full account in which much has run out is not gone through for every request: neither changes what
	// the machine is.
	advanced advanced // exactly what [account.Account.Advance] makes of account
	admitted advanced // the same made step by step, from one admission to the next: alike but for the order of what ended
}

// advanced is an account at a time, and for as long as nothing in it is due.
type advanced struct {
	at      vaultnet.Time
	account *account.Account
}

// holds reports whether the account is what it is at another time, too.
func (a *advanced) holds(at vaultnet.Time) bool {
	return a.account != nil && a.at <= at && at <= a.account.Due()
}

// by is the account as of a block at a time.
func (m *accountMachine) by(at vaultnet.Time) *account.Account {
	if !m.advanced.holds(at) {
		m.advanced = advanced{at, m.account.Advance(at, *m.parameters)}
	}
	return m.advanced.account
}

// about is the account as admission sees it: what has run out in it costs once, however many requests come while more
// does.
func (m *accountMachine) about(at vaultnet.Time) *account.Account {
	switch {
	case m.admitted.account == nil || at < m.admitted.at:
		m.admitted = advanced{at, m.by(at)}
	default:
		m.admitted = advanced{at, m.admitted.account.Advance(at, *m.parameters)}
	}
	return m.admitted.account
}

var _ agreement.Machine = (*accountMachine)(nil)

// loadAccount makes the machine of its records; none: there is no account.
func loadAccount(a vaultnet.Address, p *vaultnet.Parameters, records []vaultnet.Write) (*accountMachine, error) {
	acc, err := account.Load(records)
	if err != nil {
		return nil, refusal.Invalid("%v", err)
	}
	return &accountMachine{owner: vaultnet.PublicKey(a.Name), parameters: p, account: acc}, nil
}

func (m *accountMachine) context(r *agreement.Request, at vaultnet.Time) account.Context {
	return account.Context{Requester: r.Requester, Owner: m.owner, ID: r.ID, At: at, Parameters: *m.parameters}
}

// Check implements [agreement.Machine]: the operation's own errors against the account as it is, then whether it may be
// in flight, then its errors with everything pending applied: two permits must not spend one operation.
func (m *accountMachine) Check(pending []*agreement.Request, r *agreement.Request, at vaultnet.Time) error {
	d, ok := r.Decoded.(*wire.Operation)
	if !ok {
		return refusal.Invalid("not a request to an account")
	}
	now := m.about(at)
	if err := now.Check(d.Operation, m.context(r, at)); err != nil {
		return err
	}
	var room [vaultnet.MaxInFlight]account.Operation
	others := room[:0]
	for _, p := range pending {
		if other, ok := p.Decoded.(*wire.Operation); ok {
			others = append(others, other.Operation)
		}
	}
	if err := account.InFlight(others, d.Operation); err != nil {
		return err
	}
	if len(others) == 0 {
		return nil
	}
	for _, p := range pending {
		if other, ok := p.Decoded.(*wire.Operation); ok {
			if next, _, err := now.Apply(other.Operation, m.context(p, at)); err == nil {
				now = next
			}
		}
	}
	if now.Check(d.Operation, m.context(r, at)) != nil {
		return refusal.New(refusal.TooManyMutations) // only what is undecided stands against it: it waits until that is decided
	}
	return nil
}

// Apply implements [agreement.Machine].
func (m *accountMachine) Apply(rs []*agreement.Request, at vaultnet.Time) (agreement.Machine, []agreement.Result, error) {
	next := &accountMachine{owner: m.owner, parameters: m.parameters, account: m.by(at)}
	results := make([]agreement.Result, len(rs))
	var before []account.Operation
	for i, r := range rs {
		d, ok := r.Decoded.(*wire.Operation)
		if !ok {
			return nil, nil, refusal.Invalid("not a request to an account")
		}
		if err := account.InFlight(before, d.Operation); err != nil {
			return nil, nil, err
		}
		a, result, err := next.account.Apply(d.Operation, m.context(r, at))
		if err != nil {
			return nil, nil, err
		}
		next.account, before = a, append(before, d.Operation)
		results[i] = account.EncodeResult(result)
	}
	return next, results, nil
}

// Digest implements [agreement.Machine].
func (m *accountMachine) Digest() vaultnet.Digest { return m.account.Digest() }

// Diff implements [agreement.Machine].
func (m *accountMachine) Diff(old agreement.Machine, to *writes.List) {
	var before *account.Account
	if o, ok := old.(*accountMachine); ok && o != nil {
		before = o.account
	}
	m.account.PutDiff(before, to)
}

// Records implements [agreement.Machine].
func (m *accountMachine) Records() []vaultnet.Write { return m.account.Records() }

// bytes is how much data it is, for the budgets of room and memory.
func (m *accountMachine) bytes() int64 { return int64(m.account.Size()) }
