package wire

import (
	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/permit"
	"vaultnet/refusal"
)

// Attached is what travels with a request and is not covered by its signature: the permit that pays for it, and for the
// first request at a free address the proof of its set. A request that needs neither has no attached bytes.
type Attached struct {
	Permit *permit.Permit      // of a mutation; nil: none
	Proof  *agreement.SetProof // of a Put or CreateAccount at a free address; nil: none
}

// encode gives no bytes where nothing is attached.
func (a *Attached) encode() ([]byte, *refusal.Error) {
	if *a == (Attached{}) {
		return nil, nil
	}
	c := coder{mode: encoding}
	attached(&c, a)
	return c.buf, c.err
}

func decodeAttached(b []byte) (a Attached, err *refusal.Error) {
	if len(b) == 0 {
		return a, nil
	}
	c := coder{mode: decoding, buf: b}
	if attached(&c, &a); c.err == nil && a == (Attached{}) {
		c.fail("attached: nothing, in %d bytes", len(b))
	}
	c.end("attached")
	if c.err == nil && a.Permit != nil {
		a.Permit.Seal()
	}
	return a, c.err
}

// NewRequest makes the request that a client sends of what it signed, and of what travels with it. A request that is
// out of bounds, or whose body is not one, has no Decoded and is refused by whoever gets it, [Verify] included.
// Signatures are not looked at. The body is kept and must not change.
func NewRequest(network vaultnet.NetworkID, signed vaultnet.Request, a Attached) *agreement.Request {
	c := coder{mode: encoding}
	signedRequest(&c, &signed)
	with, err := a.encode()
	if c.err == nil && err == nil {
		if r, err := decodeRequest(network, c.buf, with, nil); err == nil {
			return r
		}
	}
	return &agreement.Request{Request: signed, ID: signed.Identity(network), Ref: refOf(c.buf, with), Bytes: c.buf, Attached: with,
		Proof: a.Proof}
}

// OpenRequest decodes a request and what travels with it, which may be empty, and verifies every signature in them: the
// requester's, those of the permit and of the proof of set, those of shown statements. It judges what can be judged
// without the object, the time or who anybody is, so all vaults judge alike. Both slices are kept and must not change.
// The error is a *refusal.Error: InvalidRequest, or PermitInvalid{malformed}.
func OpenRequest(network vaultnet.NetworkID, bytes, attached []byte, v vaultnet.Verifier) (*agreement.Request, error) {
	r, err := decodeRequest(network, bytes, attached, nil)
	if err == nil {
		err = verifyRequest(network, r, v, nil)
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

// LoadRequest decodes a request that this node verified before it stored it: as OpenRequest, but no signature is looked
// at.
func LoadRequest(network vaultnet.NetworkID, bytes, attached []byte) (*agreement.Request, error) {
	r, err := decodeRequest(network, bytes, attached, nil)
	if err != nil {
		return nil, err
	}
	return r, nil
}

// refOf names a request by all its bytes, signatures included.
func refOf(bytes, attached []byte) agreement.Ref {
	r := agreement.Ref{Request: vaultnet.DomainBody.Hash(bytes)}
	if len(attached) > 0 {
		r.Attached = vaultnet.DomainBody.Hash(attached)
	}
	return r
}

// decodeRequest does all of OpenRequest but the signatures. What is attached is not decoded where it is familiar.
func decodeRequest(network vaultnet.NetworkID, bytes, attached []byte, known *familiar) (*agreement.Request, *refusal.Error) {
	if len(bytes) > maxRequest || len(attached) > maxAttached {
		return nil, refusal.Invalid("request: %d bytes, at most %d, and %d attached, at most %d", len(bytes), maxRequest,
			len(attached), maxAttached)
	}
	r := &agreement.Request{Bytes: bytes, Attached: attached}
	c := coder{mode: decoding, alias: true, buf: bytes}
	signedRequest(&c, &r.Request)
	if c.end("request"); c.err != nil {
		return nil, c.err
	}
	r.Ref = refOf(bytes, attached)
	with := Attached{Permit: known.permit(r.Ref.Attached)}
	if with.Permit == nil {
		var err *refusal.Error
		if with, err = decodeAttached(attached); err != nil {
			return nil, err
		}
	}
	r.Proof = with.Proof
	r.ID = r.Identity(network)
	if err := decodeBody(network, r, with.Permit); err != nil {
		return nil, err
	}
	return r, nil
}
