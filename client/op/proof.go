package op

import (
	"slices"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/wire"
)

// maxWants bounds the certificates that are asked for at an address.
const maxWants = 16

// wanted is a certificate that a vault was asked for.
type wanted struct {
	from   vaultnet.PublicKey
	height vaultnet.Height
	again  repeat
}

// want asks a vault that names a height for its proof, and again while it does not come. It asks for what is decided
// above the height before: the answer is the vault's last block, with its body where that is the next.
func (p *place) want(height vaultnet.Height, from vaultnet.PublicKey) {
	if height == 0 || p.set == nil || p.proof != nil && p.proof.Header.Height >= height {
		return
	}
	i := slices.IndexFunc(p.wants, func(w wanted) bool { return w.from == from && w.height == height })
	if i < 0 {
		if len(p.wants) >= maxWants {
			p.wants = slices.Delete(p.wants, 0, 1)
		}
		i = len(p.wants)
		p.wants = append(p.wants, wanted{from: from, height: height})
	}
	if p.wants[i].again.due(p.c.now) {
		p.c.send(from, &wire.Bundle{Bundle: &agreement.Bundle{Address: p.address, Want: &agreement.Want{Have: height - 1}}})
	}
}

// push gives a member that is behind the last block that was proven, so that it can catch up.
func (p *place) push(to vaultnet.PublicKey) {
	p.c.send(to, &wire.Bundle{Bundle: &agreement.Bundle{Address: p.address, Decided: p.proof}})
}

// proven is the greatest height with a proof.
func (p *place) proven() vaultnet.Height {
	if p.proof == nil {
		return 0
	}
	return p.proof.Header.Height
}

// learn takes a decided block. It counts if its certificate is a quorum of the set that is believed here, or of one to
// which certified set blocks lead from that; its signatures were verified when it was opened.
func (p *place) learn(d *agreement.Decided) {
	if p.set == nil || d.Certificate == nil || d.Voters == nil || d.Set == nil || d.Header.Height <= p.proven() {
		return
	}
	limit := p.c.cfg.Parameters.GroupSize
	if !d.Voters.Valid(p.address, limit) || !d.Set.Valid(p.address, limit) || d.Set.Digest() != d.Header.Set ||
		!p.certifies(d.Certificate, &d.Header, refOf(d.Voters), d.Voters) {
		return
	}
	voters := refOf(d.Voters)
	known, at := p.set, p.ref
	for i := 0; at != voters && i < len(d.Links); i++ {
		l := &d.Links[i]
		if l.Set == nil || !l.Set.Valid(p.address, limit) || l.Set.Number <= known.Number {
			continue // of a set before the one that is believed
		}
		if l.Set.Number != known.Number+1 || l.Set.Digest() != l.Header.Set || !p.certifies(l.Certificate, &l.Header, at, known) {
			return
		}
		known, at = l.Set, refOf(l.Set)
	}
	if at != voters {
		return
	}
	p.proof = light(d)
	p.reach(d.Header.Height)
	p.wants = slices.DeleteFunc(p.wants, func(w wanted) bool { return w.height <= d.Header.Height })
	if d.Set.Number > p.set.Number || p.tentative {
		p.adopt(d.Set)
	}
	p.poke()
}

// light is a decided block without bodies that are not worth keeping: whoever lacks it then fetches them elsewhere.
func light(d *agreement.Decided) *agreement.Decided {
	size := 0
	for _, r := range d.Bodies {
		size += len(r.Bytes) + len(r.Attached)
	}
	if size <= largeRequest {
		return d
	}
	out := *d
	out.Bodies = nil
	return &out
}

// certifies reports whether c is a quorum of set's precommits for the block with this header.
func (p *place) certifies(c *agreement.Certificate, h *agreement.Header, ref wire.SetRef, set *agreement.Set) bool {
	return c.Proves(agreement.Precommit, set, ref.Digest) && c.Ballot.Height == h.Height &&
		c.Ballot.Block == h.Digest(p.c.network, p.address)
}
