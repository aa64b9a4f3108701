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
	ready  *prepared           // what both make; nil: not yet known
}

// prepared is what is attached as bytes, with their digest, and as those are decoded.
type prepared struct {
	bytes   []byte
	digest  vaultnet.Digest
	decoded Attached
}

// Prepared is a that is encoded and decoded now, and not again for each request with which it travels. What is out of
// bounds stays as it is.
func (a Attached) Prepared() Attached {
	if ready, err := a.prepare(); err == nil && len(ready.bytes) > 0 {
		a.ready = &ready
	}
	return a
}

// prepare fails where what is attached is out of bounds; its bytes are there all the same.
func (a *Attached) prepare() (p prepared, err *refusal.Error) {
	if a.ready != nil {
		return *a.ready, nil
	}
	if p.bytes, err = a.encode(); err != nil {
		return p, err
	}
	if len(p.bytes) > maxAttached {
		return p, refusal.Invalid("%d bytes attached, at most %d", len(p.bytes), maxAttached)
	}
	p.digest = refOf(nil, p.bytes).Attached
	p.decoded, err = decodeAttached(p.bytes)
	return p, err
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
	return NewSigned(network, signed, signed.Identity(network), a)
}

// NewSigned is [NewRequest] where the identity, which covers all of the body, is known: [vaultnet.Request.Sign] gave it.
func NewSigned(network vaultnet.NetworkID, signed vaultnet.Request, id vaultnet.Digest, a Attached) *agreement.Request {
	c := coder{mode: encoding, buf: make([]byte, 0, len(signed.Body)+roomSigned)}
	signedRequest(&c, &signed)
	with, err := a.prepare()
	if c.err == nil && err == nil {
		if r, err := decodeSigned(c.buf); err == nil {
			r.ID, r.Attached = id, with.bytes
			r.Ref = agreement.Ref{Request: refOf(c.buf, nil).Request, Attached: with.digest}
			if complete(network, r, with.decoded) == nil {
				return r
			}
		}
	}
	return &agreement.Request{Request: signed, ID: id, Ref: refOf(c.buf, with.bytes), Bytes: c.buf, Attached: with.bytes,
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
	r, err := decodeSigned(bytes)
	if err != nil {
		return nil, err
	}
	r.Attached, r.Ref = attached, refOf(bytes, attached)
	with := Attached{Permit: known.permit(r.Ref.Attached)}
	if with.Permit == nil {
		if with, err = decodeAttached(attached); err != nil {
			return nil, err
		}
	}
	r.ID = r.Identity(network)
	if err := complete(network, r, with); err != nil {
		return nil, err
	}
	return r, nil
}

// decodeSigned decodes what is signed, but for the body.
func decodeSigned(bytes []byte) (*agreement.Request, *refusal.Error) {
	r := &agreement.Request{Bytes: bytes}
	c := coder{mode: decoding, alias: true, buf: bytes}
	signedRequest(&c, &r.Request)
	c.end("request")
	return r, c.err
}

// complete fills in what follows from the body and from what is attached.
func complete(network vaultnet.NetworkID, r *agreement.Request, with Attached) *refusal.Error {
	r.Proof = with.Proof
	return decodeBody(network, r, with.Permit)
}
