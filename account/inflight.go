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
	mine := settles(op)
	for _, p := range pending {
		e := refusal.New(refusal.MutationInProgress)
		if shell(p) && shell(op) {
			e.Detail.Shell = true
			return e
		}
		if mine != "" && settles(p) == mine {
			e.Detail.Keys = []string{mine}
			return e
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

// settles names what op settles: the permit's body digest ‖ address, as bytes; "" for another operation.
func settles(op Operation) string {
	o, ok := op.(*Settle)
	if !ok {
		return ""
	}
	var buf [32 + vaultnet.AddressSize]byte
	d := o.Body.Digest()
	return string(o.Allowance.Address.Append(append(buf[:0], d[:]...)))
}
