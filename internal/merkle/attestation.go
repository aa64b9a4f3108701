package merkle

import "vaultnet"

// Attestation is a vault's signed statement of a leaf: the signature is over [vaultnet.TurnMessage] of the root that the
// path leads to. The leaf itself is not in it; whoever verifies computes it from what is stated.
type Attestation struct {
	_         struct{} `cbor:",toarray"`
	Signer    vaultnet.PublicKey
	Signature vaultnet.Signature
	Path      Path
}

// Verify reports whether the signer stated leaf in this network.
func (a *Attestation) Verify(network vaultnet.NetworkID, leaf vaultnet.Digest, v vaultnet.Verifier) bool {
	root, ok := a.Path.Root(leaf)
	return ok && v.Verify(a.Signer, vaultnet.TurnMessage(network, root), a.Signature)
}

// Attest signs leaves, 1…[MaxWidth] of them, with one signature and returns the attestation of each, in their order.
func Attest(network vaultnet.NetworkID, s vaultnet.Signer, leaves []vaultnet.Digest) []Attestation {
	if len(leaves) == 0 {
		return nil
	}
	t := NewTree(leaves)
	sig := s.Sign(vaultnet.TurnMessage(network, t.Root()))
	all := make([]Attestation, len(leaves))
	for i := range all {
		all[i] = Attestation{Signer: s.Public(), Signature: sig, Path: t.Path(i)}
	}
	return all
}
