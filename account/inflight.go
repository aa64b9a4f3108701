package account

import (
	"vaultnet"
	"vaultnet/refusal"
)

// InFlight judges whether op may be undecided beside the pending ones (semantics §1, concurrency): MutationInProgress
// with Shell where one of them changes the grants or makes the account and op does too, with Keys where one settles the
// same permit at the same address; then TooManyMutations beyond [vaultnet.MaxInFlight]. Both are retryable. Permits may
// be issued side by side.
func InFlight(pending []Operation, op Operation) error {
	settle, _ := op.(*Settle)
	for _, p := range pending {
		if shell(p) && shell(op) {
			return &refusal.Error{Kind: refusal.MutationInProgress, Detail: refusal.Detail{Shell: true}}
		}
		if other, ok := p.(*Settle); ok && settle != nil && other.Allowance.Address == settle.Allowance.Address && other.Body == settle.Body {
			return &refusal.Error{Kind: refusal.MutationInProgress, Detail: refusal.Detail{Keys: []string{settle.settles()}}}
		}
	}
	if len(pending) >= vaultnet.MaxInFlight {
		return refusal.New(refusal.TooManyMutations)
	}
	return nil
}

// shell reports whether op makes the account or may move its version.
func shell(op Operation) bool {
	switch op.(type) {
	case *CreateAccount, *InsertGrant, *DeleteGrant, *RevokeAll:
		return true
	}
	return false
}

// settles names what o settles: the permit's body digest ‖ address, as bytes.
func (o *Settle) settles() string {
	var buf [32 + vaultnet.AddressSize]byte
	d := o.Body.Digest()
	return string(o.Allowance.Address.Append(append(buf[:0], d[:]...)))
}
