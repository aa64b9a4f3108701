package account

import (
	"bytes"
	"time"

	"vaultnet"
	"vaultnet/internal/merkle"
	"vaultnet/permit"
	"vaultnet/refusal"
)

// Code is the first element of an operation's encoding. Values are on the wire and append-only.
type Code uint8

// The codes.
const (
	CodeCreateAccount Code = 1
	CodeInsertGrant   Code = 2
	CodeDeleteGrant   Code = 3
	CodeRevokeAll     Code = 4
	CodeTopUp         Code = 5
	CodeVerify        Code = 6
	CodeIssuePermit   Code = 7
	CodeSettle        Code = 8
)

// Operation is one of the types below: what a request to an account asks for. Immutable once made.
type Operation interface {
	Code() Code
	// Validate returns nil or an InvalidRequest: what can be judged without the account.
	Validate() error
}

// CreateAccount makes the requester's account: only the owner can make its own.
type CreateAccount struct{}

// InsertGrant registers an app, or replaces the terms of one that is registered.
type InsertGrant struct {
	Key     vaultnet.PublicKey
	Terms   Terms
	Version uint64 // the account's + 1
}

// DeleteGrant ends a grant: no more permits from now on.
type DeleteGrant struct {
	Key     vaultnet.PublicKey
	Version uint64 // the account's + 1
}

// RevokeAll ends all grants, or all temporary ones, but those excepted. It takes no version.
type RevokeAll struct {
	Temporary bool                 // only those whose terms say so
	Except    []vaultnet.PublicKey // strictly ascending, at most [vaultnet.MaxGrants]
}

// TopUp adds operations to what is available, in local networks.
type TopUp struct {
	Operations int64 // at least 1
}

// Verify says that the requester, a granted key or the owner, is alive.
type Verify struct{}

// IssuePermit asks for a permit for the requester.
type IssuePermit struct {
	Allowances []permit.Allowance // strictly ascending by address, 1…[vaultnet.MaxPermitAddresses]
	Lifetime   time.Duration      // whole milliseconds, at most what the grant allows; 0: as much as the grant gives
}

// Settle shows how often a permit was used at one address, so that the rest is returned.
type Settle struct {
	Body       permit.Body
	Allowance  permit.Allowance     // of a MutableData: chunks are charged at issue
	Path       merkle.Path          // from the allowance to Body.Root
	Used       uint16               // at most the allowance's count
	Closed     bool                 // the permit is closed at the address: this counts before its expiry
	Statements []merkle.Attestation // of [Settle.Statement], strictly ascending by signer, 1…[permit.MaxSigners]
}

func (*CreateAccount) Code() Code { return CodeCreateAccount }
func (*InsertGrant) Code() Code   { return CodeInsertGrant }
func (*DeleteGrant) Code() Code   { return CodeDeleteGrant }
func (*RevokeAll) Code() Code     { return CodeRevokeAll }
func (*TopUp) Code() Code         { return CodeTopUp }
func (*Verify) Code() Code        { return CodeVerify }
func (*IssuePermit) Code() Code   { return CodeIssuePermit }
func (*Settle) Code() Code        { return CodeSettle }

// Keys are the keys that an operation names as grants: the caller refuses, as InvalidRequest, what is not
// [vaultnet.Verifier.ValidKey] (small order). The account's owner is the address's name and is checked by its signature.
func Keys(op Operation) []vaultnet.PublicKey {
	if o, ok := op.(*InsertGrant); ok {
		return []vaultnet.PublicKey{o.Key}
	}
	return nil
}

// Validate always returns nil.
func (*CreateAccount) Validate() error { return nil }

// Validate always returns nil.
func (*Verify) Validate() error { return nil }

// Validate implements [Operation].
func (o *InsertGrant) Validate() error {
	if o.Key.IsNobody() {
		return refusal.Invalid("grant: for nobody")
	}
	return o.Terms.Validate()
}

// Validate always returns nil: a key that is not there is NoSuchKey.
func (o *DeleteGrant) Validate() error { return nil }

// Validate implements [Operation].
func (o *RevokeAll) Validate() error {
	if len(o.Except) > vaultnet.MaxGrants {
		return refusal.Invalid("except: %d keys, at most %d", len(o.Except), vaultnet.MaxGrants)
	}
	for i := 1; i < len(o.Except); i++ {
		if bytes.Compare(o.Except[i-1][:], o.Except[i][:]) >= 0 {
			return refusal.Invalid("except: keys not in ascending order")
		}
	}
	return nil
}

// Validate implements [Operation].
func (o *TopUp) Validate() error {
	if o.Operations < 1 {
		return refusal.Invalid("top-up: %d operations, want at least 1", o.Operations)
	}
	return nil
}

// Validate implements [Operation].
func (o *IssuePermit) Validate() error {
	n := len(o.Allowances)
	if n < 1 || n > vaultnet.MaxPermitAddresses {
		return refusal.Invalid("permit: %d addresses, want 1 to %d", n, vaultnet.MaxPermitAddresses)
	}
	for i := range o.Allowances {
		if !o.Allowances[i].Valid() {
			return refusal.Invalid("permit: %v at %v, want 1 to %d at MutableData or ImmutableData",
				o.Allowances[i].Count, o.Allowances[i].Address, vaultnet.MaxPermitCount)
		}
		if i > 0 && o.Allowances[i-1].Address.Compare(o.Allowances[i].Address) >= 0 {
			return refusal.Invalid("permit: addresses not in ascending order")
		}
	}
	if o.Lifetime < 0 || o.Lifetime > vaultnet.MaxPermitLifetime || o.Lifetime%time.Millisecond != 0 {
		return refusal.Invalid("permit lifetime: want whole milliseconds, at most %v", vaultnet.MaxPermitLifetime)
	}
	return nil
}

// Validate implements [Operation].
func (o *Settle) Validate() error {
	switch {
	case !o.Body.Valid() || !o.Allowance.Valid():
		return refusal.Invalid("settle: permit out of bounds")
	case o.Allowance.Address.Kind != vaultnet.KindMutableData:
		return refusal.Invalid("settle: chunks are charged when the permit is issued")
	case o.Used > o.Allowance.Count:
		return refusal.Invalid("settle: %d used of %d", o.Used, o.Allowance.Count)
	case len(o.Statements) < 1 || len(o.Statements) > permit.MaxSigners:
		return refusal.Invalid("settle: %d statements, want 1 to %d", len(o.Statements), permit.MaxSigners)
	}
	for i := 1; i < len(o.Statements); i++ {
		if bytes.Compare(o.Statements[i-1].Signer[:], o.Statements[i].Signer[:]) >= 0 {
			return refusal.Invalid("settle: signers not in ascending order")
		}
	}
	if root, ok := o.Path.Root(o.Allowance.Leaf()); !ok || root != o.Body.Root || o.Path.Width != o.Body.Width {
		return refusal.Invalid("settle: the address is not in the permit")
	}
	return nil
}
