package signature

import "vaultnet"

// Remembered is how many good signatures v holds.
func (v *Verifier) Remembered() int { return len(v.good.young) + len(v.good.older) }

var SipHash = sipHash

// SignAs signs as any key, which only the registry itself can.
func (r *Registry) SignAs(key vaultnet.PublicKey, m []byte) vaultnet.Signature {
	return r.sign(&key, m)
}
