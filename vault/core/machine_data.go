package core

import (
	"errors"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/wire"
	"vaultnet/internal/writes"
	"vaultnet/mutabledata"
	"vaultnet/permit"
	"vaultnet/refusal"
)

// dataMachine is a MutableData with the use of permits at it, as agreement wants it. A nil object is one that does not
// exist: a Put there is an ordinary mutation. Immutable.
type dataMachine struct {
	address vaultnet.Address
	object  *mutabledata.Object
	usage   permit.Usage
}

// Sections of a dataMachine's records.
const (
	recordsOfData  byte = 'd'
	recordsOfUsage byte = 'u'
)

var _ agreement.Machine = (*dataMachine)(nil)
var _ agreement.Reserver = (*dataMachine)(nil)

// loadData makes the machine of its records; none: nothing is there.
func loadData(a vaultnet.Address, records []vaultnet.Write) (*dataMachine, error) {
	data := make([]vaultnet.Write, 0, len(records))
	var usage []vaultnet.Write
	for _, w := range records {
		switch {
		case len(w.Key) > 0 && w.Key[0] == recordsOfData:
			data = append(data, vaultnet.Write{Key: w.Key[1:], Value: w.Value})
		case len(w.Key) > 0 && w.Key[0] == recordsOfUsage:
			usage = append(usage, w)
		default:
			return nil, refusal.Invalid("record %x of no section", w.Key)
		}
	}
	m := &dataMachine{address: a}
	var err error
	if m.object, err = mutabledata.Load(data); err != nil {
		return nil, err
	}
	if m.usage, err = permit.Load(usage, recordsOfUsage); err != nil {
		return nil, refusal.Invalid("%v", err)
	}
	return m, nil
}

// Check implements [agreement.Machine]: steps 5 to 7 of semantics §1. The permit and the row are judged as if the pending
// requests were applied, for together they must keep every limit; what a pending one would change otherwise is not held
// against r, because it may come to nothing.
func (m *dataMachine) Check(pending []*agreement.Request, r *agreement.Request, at vaultnet.Time) error {
	usage := m.usage.Prune(at)
	switch d := r.Decoded.(type) {
	case *wire.Close:
		if err := d.Close.Check(at, r.Requester, m.address); err != nil {
			return err
		}
		if err := closable(pending, d.Close); err != nil {
			return err
		}
		_, err := usage.Close(d.Close.Permit, at, m.paidByOwner(r))
		return err
	case *wire.Mutation:
		if err := d.Permit.Check(at, r.Requester, m.address); err != nil {
			return err
		}
		for _, p := range pending {
			usage, _ = m.spend(usage, p, at)
		}
		if err := usage.Allows(d.Permit, at, m.paidByOwner(r)); err != nil {
			return err
		}
		return m.checkRow(pending, d, r)
	}
	return refusal.Invalid("not a request to a MutableData")
}

// closable refuses to close a permit twice at a time, or while more than can be in flight is.
func closable(pending []*agreement.Request, c *permit.Close) error {
	for _, p := range pending {
		if d, ok := p.Decoded.(*wire.Close); ok && d.Close.Permit.Same(c.Permit) {
			return &refusal.Error{Kind: refusal.MutationInProgress, Detail: refusal.Detail{Shell: true}}
		}
	}
	if len(pending) >= vaultnet.MaxInFlight {
		return refusal.New(refusal.TooManyMutations)
	}
	return nil
}

// checkRow makes the checks of the mutation's row against the object as it is; then whether it may be in flight, and fits
// beside everything pending.
func (m *dataMachine) checkRow(pending []*agreement.Request, d *wire.Mutation, r *agreement.Request) error {
	by := mutabledata.Context{Requester: r.Requester, Payer: d.Permit.Body.Account}
	if err := m.object.Check(d.Mutation, by); err != nil {
		return err
	}
	var room [vaultnet.MaxInFlight]mutabledata.Mutation
	others := room[:0]
	for _, p := range pending {
		if other := paid(p); other != nil {
			others = append(others, other.Mutation)
		}
	}
	if err := mutabledata.InFlight(others, d.Mutation); err != nil {
		return err
	}
	if len(pending) >= vaultnet.MaxInFlight {
		return refusal.New(refusal.TooManyMutations)
	}
	if len(others) == 0 {
		return nil
	}
	object := m.object
	for _, p := range pending {
		if other := paid(p); other != nil {
			if next, _, err := object.Apply(other.Mutation, mutabledata.Context{Requester: p.Requester, Payer: other.Permit.Body.Account}); err == nil {
				object = next
			}
		}
	}
	switch err := object.Check(d.Mutation, by); {
	case err == nil:
		return nil
	// What only undecided mutations stand against is not refused for good: it waits until they are decided.
	case errors.Is(err, refusal.AccessDenied):
		return &refusal.Error{Kind: refusal.MutationInProgress, Detail: refusal.Detail{Shell: true}}
	default:
		return refusal.New(refusal.TooManyMutations)
	}
}

// paid is the mutation with its permit that a request is; nil where it is none.
func paid(r *agreement.Request) *wire.Mutation {
	if d, ok := r.Decoded.(*wire.Mutation); ok && d.Permit != nil {
		return d
	}
	return nil
}

// spend counts r's use of its permit.
func (m *dataMachine) spend(u permit.Usage, r *agreement.Request, at vaultnet.Time) (permit.Usage, error) {
	switch d := r.Decoded.(type) {
	case *wire.Mutation:
		if d.Permit == nil {
			return u, refusal.Permit(refusal.Missing)
		}
		return u.Use(d.Permit, at, m.paidByOwner(r))
	case *wire.Close:
		return u.Close(d.Close.Permit, at, m.paidByOwner(r))
	}
	return u, refusal.Invalid("not a request to a MutableData")
}

// payer is the owner of the account that pays for a request; false where none does.
func payer(r *agreement.Request) (vaultnet.PublicKey, bool) {
	switch d := r.Decoded.(type) {
	case *wire.Mutation:
		if d.Permit != nil {
			return d.Permit.Body.Account, true
		}
	case *wire.Close:
		return d.Close.Permit.Body.Account, true
	}
	return vaultnet.PublicKey{}, false
}

// paidByOwner reports whether the paying account is that of the object's owner. The first mutation of an object is.
func (m *dataMachine) paidByOwner(r *agreement.Request) bool {
	p, ok := payer(r)
	return ok && (m.object == nil || p == m.object.Owner())
}

// Reserved implements [agreement.Reserver].
func (m *dataMachine) Reserved(r *agreement.Request) bool { return m.paidByOwner(r) }

// Apply implements [agreement.Machine].
func (m *dataMachine) Apply(rs []*agreement.Request, at vaultnet.Time) (agreement.Machine, []agreement.Result, error) {
	next := &dataMachine{address: m.address, object: m.object, usage: m.usage.Prune(at)}
	results := make([]agreement.Result, len(rs))
	var before []mutabledata.Mutation
	for i, r := range rs {
		result, err := next.apply(r, at, &before)
		if err != nil {
			return nil, nil, err
		}
		results[i] = result
	}
	return next, results, nil
}

// apply changes m, which nobody else has seen yet.
func (m *dataMachine) apply(r *agreement.Request, at vaultnet.Time, before *[]mutabledata.Mutation) (agreement.Result, error) {
	var err error
	switch d := r.Decoded.(type) {
	case *wire.Close:
		if err := d.Close.Check(at, r.Requester, m.address); err != nil {
			return nil, err
		}
		if m.usage, err = m.spend(m.usage, r, at); err != nil {
			return nil, err
		}
		return agreement.Result{}, nil
	case *wire.Mutation:
		if err := d.Permit.Check(at, r.Requester, m.address); err != nil {
			return nil, err
		}
		if err := mutabledata.InFlight(*before, d.Mutation); err != nil {
			return nil, err
		}
		if m.usage, err = m.spend(m.usage, r, at); err != nil {
			return nil, err
		}
		object, result, err := m.object.Apply(d.Mutation, mutabledata.Context{Requester: r.Requester, Payer: d.Permit.Body.Account})
		if err != nil {
			return nil, err
		}
		m.object = object
		*before = append(*before, d.Mutation)
		return result.Encode(), nil
	}
	return nil, refusal.Invalid("not a request to a MutableData")
}

// Digest implements [agreement.Machine]: over the object and the usage.
func (m *dataMachine) Digest() vaultnet.Digest {
	object, usage := m.object.Digest(), m.usage.Digest()
	return vaultnet.DomainState.Hash([]byte("data"), object[:], usage[:])
}

// Diff implements [agreement.Machine].
func (m *dataMachine) Diff(old agreement.Machine, to *writes.List) {
	before := &dataMachine{}
	if o, ok := old.(*dataMachine); ok && o != nil {
		before = o
	}
	outer := to.Enter(recordsOfData)
	m.object.PutDiff(before.object, to)
	to.Leave(outer)
	m.usage.PutDiff(before.usage, recordsOfUsage, to)
}

// Records implements [agreement.Machine].
func (m *dataMachine) Records() []vaultnet.Write {
	var list writes.List
	m.Diff(nil, &list)
	return list.Writes
}

// bytes is how much data it is, for the budgets of room and memory.
func (m *dataMachine) bytes() int64 { return m.object.Size() + int64(m.usage.Len())*64 }
