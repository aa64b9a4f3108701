package vaultnet

import "encoding/binary"

// Request is what a person or app signs to change an object: a mutation of a MutableData or an operation on an
// Account. The body's meaning belongs to the object's kind (packages mutabledata and account).
type Request struct {
	Address   Address
	Requester PublicKey
	Deadline  Time   // no block with a later time contains it; at most [MaxDeadline] ahead
	Set       uint64 // number of the set of members it was made for; 1 for an address that holds nothing
	Nonce     Nonce
	Body      []byte // canonical encoding; not copied, never changed
	Signature Signature
}

// Rest is the digest of what a withdrawal need not know of a request: nonce and body.
func (r *Request) Rest() Digest { return DomainRest.Hash(r.Nonce[:], r.Body) }

// Identity is what the requester signs and by which the request is known for ever: applied at most once however often
// it is sent. It covers everything but the signature.
func (r *Request) Identity(network NetworkID) Digest {
	return Identity(network, r.Address, r.Requester, r.Deadline, r.Set, r.Rest())
}

// Identity computes a request's identity from the fields that a withdrawal names (design §5).
func Identity(network NetworkID, a Address, requester PublicKey, deadline Time, set uint64, rest Digest) Digest {
	var buf [32 + AddressSize + 32 + 8 + 8 + 32]byte
	b := append(buf[:0], network[:]...)
	b = a.Append(b)
	b = append(b, requester[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(deadline))
	b = binary.BigEndian.AppendUint64(b, set)
	b = append(b, rest[:]...)
	return DomainRequest.Hash(b)
}

// Sign fills in the requester and the signature. It returns the identity that it signs.
func (r *Request) Sign(network NetworkID, s Signer) Digest {
	r.Requester = s.Public()
	id := r.Identity(network)
	r.Signature = s.Sign(id[:])
	return id
}

// Verify reports whether the signature is the requester's.
func (r *Request) Verify(network NetworkID, v Verifier) bool {
	id := r.Identity(network)
	return v.Verify(r.Requester, id[:], r.Signature)
}

// Withdraw asks the members to never apply a request again, so that its author can take a refusal as final (design §5).
type Withdraw struct {
	Address   Address
	Requester PublicKey
	Deadline  Time
	Set       uint64
	Rest      Digest // [Request.Rest]
	Signature Signature
}

// Identity is the identity of the request that is withdrawn.
func (w *Withdraw) Identity(network NetworkID) Digest {
	return Identity(network, w.Address, w.Requester, w.Deadline, w.Set, w.Rest)
}

func (w *Withdraw) message(network NetworkID) []byte {
	id := w.Identity(network)
	m := DomainWithdraw.Hash(id[:])
	return m[:]
}

// Sign fills in the requester and the signature.
func (w *Withdraw) Sign(network NetworkID, s Signer) {
	w.Requester = s.Public()
	w.Signature = s.Sign(w.message(network))
}

// Verify reports whether the signature is the requester's.
func (w *Withdraw) Verify(network NetworkID, v Verifier) bool {
	return v.Verify(w.Requester, w.message(network), w.Signature)
}

// Withdrawal returns the unsigned withdrawal of r.
func (r *Request) Withdrawal() Withdraw {
	return Withdraw{Address: r.Address, Requester: r.Requester, Deadline: r.Deadline, Set: r.Set, Rest: r.Rest()}
}
