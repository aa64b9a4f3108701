package signature

// Remembered is how many good signatures v holds.
func (v *Verifier) Remembered() int { return len(v.good.young) + len(v.good.older) }

var SipHash = sipHash
