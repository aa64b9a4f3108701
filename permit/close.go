package permit

import (
	"vaultnet"
	"vaultnet/internal/canonical"
	"vaultnet/refusal"
)

// CodeClose is the first element of a Close's encoding. The codes before it are those of package mutabledata.
const CodeClose = 6

// Close is the body of a request to a data object: no further use of this permit here. It costs nothing and needs no
// other permit; it carries the one it closes, as presented, so that members can tell that it was issued, for this
// address, and to whom. Once it is applied the object's members attest its [Statement] at once.
type Close struct {
	Permit *Permit
}

type wireClose struct {
	_      struct{} `cbor:",toarray"`
	Code   uint8
	Permit wirePermit
}

// Encode gives the canonical encoding: [6, permit].
func (c *Close) Encode() []byte {
	return canonical.Marshal(&wireClose{Code: CodeClose, Permit: *c.Permit.wire()})
}

// DecodeClose reads what [Close.Encode] gives; anything else is InvalidRequest.
func DecodeClose(b []byte) (*Close, error) {
	var w wireClose
	if err := canonical.Unmarshal(b, &w, MaxSize+2); err != nil {
		return nil, err
	}
	p, ok := w.Permit.permit()
	if w.Code != CodeClose || !ok {
		return nil, refusal.Invalid("no well-formed permit to close")
	}
	p.Seal()
	return &Close{Permit: p}, nil
}

// Check judges a Close by requester at address a in a block of time at: the permit's own objective checks in their
// order (PermitInvalid{malformed, not-yet, expired, address}), then AccessDenied for a requester that is neither who
// the permit was issued to nor the owner of the account that pays. Signatures are [Permit.Verify]'s and [Managers]'
// matter, as with a mutation: without them strangers could fill an object's usage records for nothing.
func (c *Close) Check(at vaultnet.Time, requester vaultnet.PublicKey, a vaultnet.Address) error {
	if c.Permit == nil {
		return refusal.Permit(refusal.Missing)
	}
	if err := c.Permit.Check(at, c.Permit.Body.Requester, a); err != nil {
		return err
	}
	if b := &c.Permit.Body; requester != b.Requester && requester != b.Account {
		return refusal.New(refusal.AccessDenied)
	}
	return nil
}
