package core

import (
	"vaultnet"
	"vaultnet/account"
	"vaultnet/agreement"
	"vaultnet/internal/wire"
	"vaultnet/refusal"
)

// accountMachine is an Account as agreement wants it. A nil account is one that does not exist. Immutable.
type accountMachine struct {
	owner      vaultnet.PublicKey
	parameters *vaultnet.Parameters
	account    *account.Account
}

var _ agreement.Machine = (*accountMachine)(nil)

// loadAccount makes the machine of its records; none: there is no account.
func loadAccount(a vaultnet.Address, p *vaultnet.Parameters, records []vaultnet.Write) (*accountMachine, error) {
	acc, err := account.Load(records)
	if err != nil {
		return nil, refusal.Invalid("%v", err)
	}
	return &accountMachine{vaultnet.PublicKey(a.Name), p, acc}, nil
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
	now := m.account.Advance(at, *m.parameters)
	if _, _, err := now.Apply(d.Operation, m.context(r, at)); err != nil {
		return err
	}
	var others []account.Operation
	for _, p := range pending {
		other, ok := p.Decoded.(*wire.Operation)
		if !ok {
			continue
		}
		others = append(others, other.Operation)
		if next, _, err := now.Apply(other.Operation, m.context(p, at)); err == nil {
			now = next
		}
	}
	if err := account.InFlight(others, d.Operation); err != nil {
		return err
	}
	if len(others) == 0 {
		return nil
	}
	_, _, err := now.Apply(d.Operation, m.context(r, at))
	return err
}

// Apply implements [agreement.Machine].
func (m *accountMachine) Apply(rs []*agreement.Request, at vaultnet.Time) (agreement.Machine, []agreement.Result, error) {
	next := &accountMachine{m.owner, m.parameters, m.account.Advance(at, *m.parameters)}
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
func (m *accountMachine) Diff(old agreement.Machine) []vaultnet.Write {
	var before *account.Account
	if o, ok := old.(*accountMachine); ok && o != nil {
		before = o.account
	}
	return m.account.Diff(before)
}

// Records implements [agreement.Machine].
func (m *accountMachine) Records() []vaultnet.Write { return m.account.Records() }

// bytes is how much data it is, for the budgets of room and memory.
func (m *accountMachine) bytes() int64 { return int64(m.account.Size()) }
