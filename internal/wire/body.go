package wire

import (
	"errors"

	"vaultnet"
	"vaultnet/account"
	"vaultnet/agreement"
	"vaultnet/mutabledata"
	"vaultnet/permit"
	"vaultnet/refusal"
)

// The types that [agreement.Request.Decoded] holds: what the body of a request was decoded to.
type (
	// Mutation is a mutation of a MutableData.
	Mutation struct {
		Mutation mutabledata.Mutation
		Permit   *permit.Permit // as attached; nil: none
		seal
	}
	// Close ends the use of a permit at a MutableData.
	Close struct {
		Close *permit.Close
		seal
	}
	// Operation is an operation on an account.
	Operation struct {
		Operation account.Operation
		seal
	}
)

// seal ties a decoded body to the request that it was decoded from, so that a request that somebody put together, or
// copied and changed, is not taken for one that was opened.
type seal struct {
	request *agreement.Request
	network vaultnet.NetworkID
}

func (s seal) get() seal { return s }

// isOpened reports whether r was decoded here, for this network.
func isOpened(r *agreement.Request, network vaultnet.NetworkID) bool {
	d, ok := r.Decoded.(interface{ get() seal })
	return ok && d.get() == seal{r, network}
}

// unopened says what is wrong with a request that was not opened here: what its bytes show, or only that.
func unopened(network vaultnet.NetworkID, r *agreement.Request) *refusal.Error {
	if _, err := decodeRequest(network, r.Bytes, r.Attached, nil); err != nil {
		return err
	}
	return refusal.Invalid("request: not as its bytes say")
}

// decodeBody fills in Decoded. What is attached has to fit the body.
func decodeBody(network vaultnet.NetworkID, r *agreement.Request, p *permit.Permit) *refusal.Error {
	founds := false // may be the first at a free address
	switch {
	case r.Address.Kind == vaultnet.KindAccount:
		op, err := account.Decode(r.Body)
		if err != nil {
			return asRefusal(err)
		}
		if p != nil {
			return refusal.Invalid("operation on an account: with a permit")
		}
		_, founds = op.(*account.CreateAccount)
		if s, ok := op.(*account.Settle); ok && !s.Closed {
			r.NotBefore = s.Body.Expires + 1
		}
		r.Decoded = &Operation{op, seal{r, network}}
	case len(r.Body) > 1 && r.Body[1] == permit.CodeClose: // a code is one byte, behind the one-byte head of the array
		c, err := permit.DecodeClose(r.Body)
		if err != nil {
			return asRefusal(err)
		}
		if p != nil {
			return refusal.Invalid("closing of a permit: with another permit")
		}
		r.Decoded, r.NotBefore = &Close{c, seal{r, network}}, c.Permit.Body.Issued
	default:
		m, err := mutabledata.Decode(r.Body)
		if err != nil {
			return asRefusal(err)
		}
		_, founds = m.(*mutabledata.Put)
		r.Decoded = &Mutation{m, p, seal{r, network}}
		if p != nil {
			r.NotBefore = p.Body.Issued
		}
	}
	if r.Proof == nil {
		return nil
	}
	if _, ok := r.Proof.Set(r.Address, maxMembers); !ok || !founds || r.Set != 1 {
		return refusal.Invalid("request: its proof of set proves nothing, or there is no need of one")
	}
	return nil
}

// verifyRequest verifies every signature in a request that was opened for the network, and the keys it names. Those of a
// permit that is familiar were verified.
func verifyRequest(network vaultnet.NetworkID, r *agreement.Request, v vaultnet.Verifier, known *familiar) *refusal.Error {
	if !v.Verify(r.Requester, r.ID[:], r.Signature) {
		return refusal.Invalid("request: signature")
	}
	if r.Proof != nil {
		if !r.Proof.Verify(network, r.Address, v) {
			return refusal.Invalid("request: signature of a view")
		}
		if !validKeys(v, r.Proof.Members) {
			return refusal.Invalid("request: a member's key")
		}
	}
	switch d := r.Decoded.(type) {
	case *Mutation:
		if d.Permit != nil && !known.isGood(r, d.Permit) {
			if !d.Permit.Verify(network, v) {
				return refusal.Permit(refusal.Malformed)
			}
			known.add(r, d.Permit)
		}
		if !validKeys(v, mutabledata.Keys(d.Mutation)) {
			return refusal.Invalid("request: a user's or owner's key")
		}
	case *Close:
		if !d.Close.Permit.Verify(network, v) {
			return refusal.Permit(refusal.Malformed)
		}
	case *Operation:
		if !v.ValidKey(vaultnet.PublicKey(r.Address.Name)) || !validKeys(v, account.Keys(d.Operation)) {
			return refusal.Invalid("request: an owner's or a grant's key")
		}
		if s, ok := d.Operation.(*account.Settle); ok && !s.Verify(network, v) {
			return refusal.Invalid("request: signature of a statement or permit")
		}
	}
	return nil
}

func validKeys(v vaultnet.Verifier, keys []vaultnet.PublicKey) bool {
	for _, k := range keys {
		if !v.ValidKey(k) {
			return false
		}
	}
	return true
}

// asRefusal makes sure of the type: what refuses a body says so with one.
func asRefusal(err error) *refusal.Error {
	var e *refusal.Error
	if errors.As(err, &e) {
		return e
	}
	return refusal.Invalid("%v", err)
}
