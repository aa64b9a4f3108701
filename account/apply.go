package account

import (
	"math"

	"vaultnet"
	"vaultnet/refusal"
)

// Context is what an operation is applied in.
type Context struct {
	Requester  vaultnet.PublicKey // who signed it
	Owner      vaultnet.PublicKey // whose account it is: the address's name
	ID         vaultnet.Digest    // the request's identity
	At         vaultnet.Time      // the block's time
	Parameters vaultnet.Parameters
}

// Apply gives the account after an operation, and its result. The caller has verified the request's signature, the
// signatures in op ([Settle.Verify]) and the keys it names ([Keys]), and has let time pass ([Account.Advance]). On
// refusal the account is a itself. Errors in order: InvalidRequest; NoSuchAccount; then the operation's:
//
//	CreateAccount  AccessDenied unless the owner asks, AccountExists
//	InsertGrant    AccessDenied, InvalidSuccessor(current), TooManyGrants
//	DeleteGrant    AccessDenied, InvalidSuccessor(current), NoSuchKey
//	RevokeAll      AccessDenied
//	TopUp          AccessDenied unless the owner asks in a local network
//	Verify         GrantInvalid(reason)
//	IssuePermit    GrantInvalid(reason), LowBalance, TooManyPermits
//	Settle         AccessDenied, PermitInvalid(expired, closed, not-yet)
func (a *Account) Apply(op Operation, by Context) (*Account, Result, error) {
	if err := a.judge(op, by); err != nil {
		return a, nil, err
	}
	if o, ok := op.(*CreateAccount); ok {
		return a.create(o, by)
	}
	next := *a
	var result Result
	var err error
	switch o := op.(type) {
	case *InsertGrant:
		result, err = next.insertGrant(o, by)
	case *DeleteGrant:
		result, err = next.deleteGrant(o, by)
	case *RevokeAll:
		result, err = next.revokeAll(o, by)
	case *TopUp:
		result, err = next.topUp(o, by)
	case *Verify:
		result, err = next.verify(by)
	case *IssuePermit:
		result, err = next.issue(o, by)
	case *Settle:
		result, err = next.settle(o, by)
	default:
		err = refusal.Invalid("unknown operation %T", op)
	}
	if err != nil {
		return a, nil, err
	}
	return &next, result, nil
}

// Check is the error of [Account.Apply], which for permits and their settling is found without making the account after
// them.
func (a *Account) Check(op Operation, by Context) error {
	switch o := op.(type) {
	case *IssuePermit:
		err := a.judge(o, by)
		if err == nil {
			_, _, _, err = a.issuable(o, by)
		}
		return err
	case *Settle:
		err := a.judge(o, by)
		if err == nil {
			_, err = a.settleable(o, o.key(o.Body.Digest()), by)
		}
		return err
	}
	_, _, err := a.Apply(op, by)
	return err
}

// judge makes the checks that come before an operation's own.
func (a *Account) judge(op Operation, by Context) error {
	if op == nil {
		return refusal.Invalid("no operation")
	}
	if err := op.Validate(); err != nil {
		return err
	}
	switch o := op.(type) {
	case *CreateAccount:
		return nil
	case *InsertGrant:
		if o.Key == by.Owner {
			return refusal.Invalid("grant: the owner needs none")
		}
	case *Settle:
		if o.Body.Account != by.Owner {
			return refusal.Invalid("settle: a permit of another account")
		}
	}
	if a == nil {
		return refusal.New(refusal.NoSuchAccount)
	}
	return nil
}

func (a *Account) create(_ *CreateAccount, by Context) (*Account, Result, error) {
	switch {
	case by.Requester != by.Owner:
		return a, nil, refusal.New(refusal.AccessDenied)
	case a != nil:
		return a, nil, refusal.New(refusal.AccountExists)
	}
	return &Account{
		counters: counters{available: by.Parameters.AccountOperations, verified: by.At},
		lapse:    vaultnet.Never,
	}, &Created{}, nil
}

// owned judges an operation that only the owner may ask for.
func (by *Context) owned() error {
	if by.Requester != by.Owner {
		return refusal.New(refusal.AccessDenied)
	}
	return nil
}

// succeeds judges a change of the grants: only by the owner, and version is the account's + 1.
func (a *Account) succeeds(version uint64, by Context) error {
	if err := by.owned(); err != nil {
		return err
	}
	if version == 0 || version-1 != a.version {
		return refusal.Successor(a.version)
	}
	return nil
}

func (a *Account) topUp(o *TopUp, by Context) (Result, error) {
	if err := by.owned(); err != nil {
		return nil, err
	}
	if !by.Parameters.Local {
		return nil, refusal.New(refusal.AccessDenied)
	}
	// An allowance never exceeds 2^63−1, which stands for unlimited: there topping up changes nothing.
	a.available += min(o.Operations, math.MaxInt64-a.done-a.reserved-a.available)
	return &ToppedUp{Available: a.available}, nil
}

func (a *Account) verify(by Context) (Result, error) {
	if by.Requester == by.Owner {
		a.verified = by.At
		return &Verified{At: by.At}, nil
	}
	g, err := a.live(by.Requester, by.At, by.Parameters)
	if err != nil {
		return nil, err
	}
	g.LastVerified = by.At
	a.putGrant(g, by.Parameters)
	return &Verified{At: by.At}, nil
}
