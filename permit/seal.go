package permit

import "vaultnet"

// seal is what was found of a permit and is asked again and again: by every block that uses it, at every member.
type seal struct {
	of     *Permit // whose it is; a copy, which may have been changed, is another's
	digest vaultnet.Digest
	usage  string // key of its record of use
}

// Seal looks once at what does not change: whether the permit is well formed, and the digest of its body. It is for whoever
// has just made or decoded the permit and is the only one to have it. From then on the permit must not be changed; a copy
// of it is not sealed.
func (p *Permit) Seal() {
	if p.seal = (seal{}); p.wellFormed() {
		digest := p.Body.Digest()
		p.seal = seal{p, digest, usageKey(p.Body.Expires, digest)}
	}
}

func (p *Permit) sealed() bool { return p.seal.of == p }

// Same reports whether two permits are one, shown with other signatures or for another address perhaps.
func (p *Permit) Same(q *Permit) bool { return p.digest() == q.digest() }

func (p *Permit) digest() vaultnet.Digest {
	if p.sealed() {
		return p.seal.digest
	}
	return p.Body.Digest()
}

// usage is the key of its record of use.
func (p *Permit) usage() string {
	if p.sealed() {
		return p.seal.usage
	}
	return usageKey(p.Body.Expires, p.Body.Digest())
}
