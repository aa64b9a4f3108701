package wire

import (
	"vaultnet"
	"vaultnet/account"
	"vaultnet/agreement"
	"vaultnet/mutabledata"
	"vaultnet/permit"
)

// Bounds of a request.
const (
	maxBody     = max(mutabledata.MaxBody, account.MaxBody, permit.MaxSize+2) // bytes
	roomSigned  = 256                                                         // bytes beside its body that an encoded request mostly takes
	maxRequest  = maxBody + 1<<10                                             // bytes of an encoded request
	maxAttached = 64 << 10                                                    // bytes of what travels with it
)

// signedRequest is the encoding of a [vaultnet.Request] that its reference names.
func signedRequest(c *coder, r *vaultnet.Request) {
	c.array(7, "request")
	object(c, &r.Address)
	c.fixed(r.Requester[:], "requester")
	timestamp(c, &r.Deadline, "deadline")
	number(c, &r.Set, 1, maxHeight, "set number")
	c.fixed(r.Nonce[:], "nonce")
	c.bytes(&r.Body, 1, maxBody, "body")
	c.fixed(r.Signature[:], "signature")
}

// request is a request with what travels with it, each as the bytes that its reference names.
func request(c *coder, p **agreement.Request) {
	c.array(2, "request")
	var bytes, attached []byte
	if c.mode != decoding {
		r := *p
		if r == nil {
			c.fail("request: missing")
			return
		}
		if c.mode == checking && !isOpened(r, c.network) {
			c.keep(unopened(c.network, r))
			return
		}
		bytes, attached = r.Bytes, r.Attached
	}
	c.bytes(&bytes, 1, maxRequest, "request")
	c.bytes(&attached, 0, maxAttached, "attached")
	if c.mode != decoding || c.err != nil {
		return
	}
	r, err := decodeRequest(c.network, bytes, attached, c.known)
	if err != nil {
		c.keep(err)
		return
	}
	*p = r
}

func withdraw(c *coder, w *vaultnet.Withdraw) {
	c.array(6, "withdrawal")
	object(c, &w.Address)
	c.fixed(w.Requester[:], "requester")
	timestamp(c, &w.Deadline, "deadline")
	number(c, &w.Set, 1, maxHeight, "set number")
	c.fixed(w.Rest[:], "rest")
	c.fixed(w.Signature[:], "signature")
}

func attached(c *coder, a *Attached) {
	c.array(2, "attached")
	optional(c, &a.Permit, shownPermit, "permit")
	optional(c, &a.Proof, setProof, "proof of set")
}

// shownPermit is the encoding of permit.Permit.Encode.
func shownPermit(c *coder, p *permit.Permit) {
	c.array(5, "permit")
	permitBody(c, &p.Body)
	address(c, &p.Allowance.Address)
	number(c, &p.Allowance.Count, 1, vaultnet.MaxPermitCount, "count")
	path(c, &p.Path)
	list(c, &p.Signatures, 1, permit.MaxSigners, attestation, "signatures of a permit")
}

func permitBody(c *coder, b *permit.Body) {
	c.array(9, "permit body")
	c.fixed(b.Account[:], "account")
	c.fixed(b.Requester[:], "requester")
	c.fixed(b.ID[:], "id")
	timestamp(c, &b.Issued, "issued")
	timestamp(c, &b.Expires, "expires")
	timestamp(c, &b.Verified, "verified")
	c.fixed(b.Root[:], "root")
	number(c, &b.Width, 1, vaultnet.MaxPermitAddresses, "width")
	number(c, &b.Total, 1, vaultnet.MaxPermitAddresses*vaultnet.MaxPermitCount, "total")
}
