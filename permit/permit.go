package permit

import (
	"bytes"
	"slices"

	"vaultnet"
	"vaultnet/internal/merkle"
	"vaultnet/refusal"
)

// MaxSigners bounds the signatures of a permit: as many as a close group may have members.
const MaxSigners = 16

// Permit is a permit as it is presented with one mutation: the body, the one allowance it is presented for, and all the
// managers' signatures that the client could get ([vaultnet.Weak] of them are needed; more help where managers changed).
type Permit struct {
	Body       Body
	Allowance  Allowance
	Path       merkle.Path          // from the allowance to Body.Root
	Signatures []merkle.Attestation // of Body.Leaf; strictly ascending by signer, 1…[MaxSigners]
	seal       seal                 // what was found of it; see [Permit.Seal]
}

// Assemble makes the permit for allowance i of a body from what the managers answered. It keeps the signatures that are
// of the body's leaf in form, sorted, one per signer; it reports false where the allowances are not the body's or there
// is no allowance i. Signatures are not verified: the caller did, or does with [Permit.Verify].
func Assemble(body Body, allowances []Allowance, i int, signatures []merkle.Attestation) (*Permit, bool) {
	if i < 0 || i >= len(allowances) || len(allowances) > vaultnet.MaxPermitAddresses {
		return nil, false
	}
	t := Tree(allowances)
	p := &Permit{Body: body, Allowance: allowances[i], Path: t.Path(i), Signatures: slices.Clone(signatures)}
	slices.SortStableFunc(p.Signatures, func(a, b merkle.Attestation) int { return bytes.Compare(a.Signer[:], b.Signer[:]) })
	p.Signatures = slices.CompactFunc(p.Signatures, func(a, b merkle.Attestation) bool { return a.Signer == b.Signer })
	p.Signatures = p.Signatures[:min(len(p.Signatures), MaxSigners)]
	return p, p.wellFormed()
}

// wellFormed reports whether everything but the signatures themselves is right: bounds, order of signers, and that the
// allowance is one of the body's.
func (p *Permit) wellFormed() bool {
	if p.sealed() {
		return true
	}
	if !p.Body.Valid() || !p.Allowance.Valid() || uint32(p.Allowance.Count) > p.Body.Total-(p.Body.Width-1) ||
		p.Path.Width != p.Body.Width || len(p.Signatures) == 0 || len(p.Signatures) > MaxSigners {
		return false
	}
	for i := 1; i < len(p.Signatures); i++ {
		if bytes.Compare(p.Signatures[i-1].Signer[:], p.Signatures[i].Signer[:]) >= 0 {
			return false
		}
	}
	root, ok := p.Path.Root(p.Allowance.Leaf())
	return ok && root == p.Body.Root
}

// Check judges the permit of a mutation by requester at address a in a block of time at. The checks are objective, so
// all replicas judge alike; signatures are [Permit.Verify]'s and counts [Usage.Use]'s. It returns nil or PermitInvalid
// with the first of: malformed, not-yet (issued after at), expired (at is after Expires), requester, address.
func (p *Permit) Check(at vaultnet.Time, requester vaultnet.PublicKey, a vaultnet.Address) error {
	switch {
	case p == nil:
		return refusal.Permit(refusal.Missing)
	case !p.wellFormed():
		return refusal.Permit(refusal.Malformed)
	case p.Body.Issued > at:
		return refusal.Permit(refusal.NotYet)
	case p.Body.over(at):
		return refusal.Permit(refusal.Expired)
	case p.Body.Requester != requester:
		return refusal.Permit(refusal.Requester)
	case p.Allowance.Address != a:
		return refusal.Permit(refusal.Address)
	}
	return nil
}

// Verify reports whether the permit is well formed and every signature in it is one of the body, in this network, by
// the key it names. A permit with one bad signature is bad: what is named by its full bytes is judged alike everywhere.
func (p *Permit) Verify(network vaultnet.NetworkID, v vaultnet.Verifier) bool {
	if p == nil || !p.wellFormed() {
		return false
	}
	leaf := p.Body.Leaf(network)
	for i := range p.Signatures {
		if !p.Signatures[i].Verify(network, leaf, v) {
			return false
		}
	}
	return true
}

// Managers counts the signers of p that are in set, the client managers of p.Body.Account as a vault takes them to be.
// [vaultnet.Weak] of the set's size make the permit good to that vault; fewer are PermitInvalid{signers}. It is a
// judgement of each vault's own: never part of an objective check.
func Managers(p *Permit, set []vaultnet.PublicKey) int {
	n := 0
	for i := range p.Signatures {
		if slices.Contains(set, p.Signatures[i].Signer) {
			n++
		}
	}
	return n
}

// Signers are the keys whose signatures p carries, ascending.
func (p *Permit) Signers() []vaultnet.PublicKey {
	keys := make([]vaultnet.PublicKey, len(p.Signatures))
	for i := range p.Signatures {
		keys[i] = p.Signatures[i].Signer
	}
	return keys
}
