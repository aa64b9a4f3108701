package signature

import (
	"github.com/oasisprotocol/curve25519-voi/curve"

	"vaultnet"
)

// ValidKey reports whether key is the canonical encoding of a point that is not of small order.
func (v *Verifier) ValidKey(key vaultnet.PublicKey) bool {
	v.mu.Lock()
	_, known := v.keys.get(key)
	v.mu.Unlock()
	return known || validPoint(key)
}

func validPoint(key vaultnet.PublicKey) bool {
	var compressed curve.CompressedEdwardsY
	if _, err := compressed.SetBytes(key[:]); err != nil || !compressed.IsCanonicalVartime() {
		return false
	}
	var p curve.EdwardsPoint
	if _, err := p.SetCompressedY(&compressed); err != nil {
		return false
	}
	return !p.IsSmallOrder()
}
