package op

import (
	"slices"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/wire"
	"vaultnet/xor"
)

// hear takes what a vault says about who holds the address: the set it names, with its members where it tells them, and
// vaults that it knows to be nearer.
func (p *place) hear(from vaultnet.PublicKey, ref wire.SetRef, body *agreement.Set, nearer []vaultnet.PublicKey) {
	for _, v := range nearer {
		p.hint(v)
	}
	if body != nil && body.Valid(p.address, p.c.cfg.Parameters.GroupSize) {
		p.show(body)
		if body.Number >= ref.Number {
			ref = refOf(body)
		}
	}
	if ref.Number == 0 || ref == p.ref && !p.tentative {
		return
	}
	i := slices.IndexFunc(p.named, func(n naming) bool { return n.by == from })
	switch {
	case i >= 0 && p.named[i].ref == ref && body == nil:
		return
	case i >= 0:
		p.named[i].ref = ref
	case len(p.named) < maxSeats:
		p.named = append(p.named, naming{from, ref})
	}
	if p.believe(); p.lacking() {
		p.poke() // whoever runs here asks who is in that set
	}
}

// hint notes a vault that may be among the nearest. A name that nobody has met yet counts for nothing.
func (p *place) hint(v vaultnet.PublicKey) {
	if p.set != nil || v.IsNobody() || p.c.vaults.knows(v) || slices.Contains(p.hints, v) {
		return
	}
	if m := p.members(); len(m) >= p.c.cfg.Parameters.GroupSize && !xor.Nearer(p.location, v, m[len(m)-1]) {
		return
	}
	if p.hinted == 0 {
		p.hinted = p.c.now
	}
	p.unsure = min(p.c.now.Add(staleAfter/2), p.hinted.Add(hintsFor))
	p.hints = append(p.hints, v)
	xor.Sort(p.location, p.hints)
	p.hints = p.hints[:min(len(p.hints), maxHints)]
	p.poke()
}

// show remembers a set by its members.
func (p *place) show(s *agreement.Set) {
	for _, b := range p.bodies {
		if b.Number == s.Number && slices.Equal(b.Members, s.Members) {
			return
		}
	}
	if len(p.bodies) >= maxBodies {
		p.bodies = slices.Delete(p.bodies, 0, 1)
	}
	p.bodies = append(p.bodies, s)
}

// body finds the members of a set that was named: told by somebody, or the close group itself.
func (p *place) body(ref wire.SetRef) *agreement.Set {
	for i := len(p.bodies) - 1; i >= 0; i-- {
		if b := p.bodies[i]; b.Number == ref.Number && b.Digest() == ref.Digest {
			return b
		}
	}
	m := p.members()
	if len(m) == 0 {
		return nil
	}
	if s := (&agreement.Set{Number: ref.Number, Members: m}); s.Digest() == ref.Digest {
		return &agreement.Set{Number: ref.Number, Members: slices.Clone(m)}
	}
	return nil
}

// newer reports whether ref names a set that would take the place of the one that is asked.
func (p *place) newer(ref wire.SetRef) bool {
	switch {
	case ref.Number == 0 || ref.Number < p.floor:
		return false
	case p.set == nil || p.tentative:
		return true
	}
	return ref.Number > p.set.Number
}

// believe takes over the newest set that w of those asked name alike (design §5). Where its members were not told they
// are asked for.
func (p *place) believe() {
	if p.set == nil && len(p.members()) < p.c.cfg.Parameters.GroupSize && p.vague() {
		return // w of few are soon found: first it has to be known who the close group is
	}
	best := p.alike()
	if best.Number == 0 {
		return
	}
	if s := p.body(best); s != nil {
		p.adopt(s)
	}
}

// alike is the newest set that w of those asked name; its number is 0 where there is none.
func (p *place) alike() (best wire.SetRef) {
	for _, n := range p.named {
		if p.newer(n.ref) && n.ref.Number > best.Number && p.namedBy(n.ref) >= p.limits().believed {
			best = n.ref
		}
	}
	return best
}

// lacking reports whether a newer set is to be believed whose members nobody has told.
func (p *place) lacking() bool { return p.alike().Number != 0 }

// namedBy counts the members that name ref.
func (p *place) namedBy(ref wire.SetRef) int {
	n := 0
	for _, m := range p.members() {
		for i := range p.named {
			if p.named[i].by == m && p.named[i].ref == ref {
				n++
			}
		}
	}
	return n
}

// adopt believes in a set: whatever is under way here counts afresh.
func (p *place) adopt(s *agreement.Set) {
	p.set, p.ref, p.tentative = s, refOf(s), false
	p.floor = s.Number
	p.named, p.group, p.hints, p.hinted = nil, nil, nil, 0
	p.poke()
}

// suppose takes a first set that was proven by views, as long as nothing was decided.
func (p *place) suppose(s *agreement.Set) {
	ref := refOf(s)
	if p.set == nil || p.tentative && p.ref != ref {
		p.set, p.ref, p.tentative = s, ref, true
		p.named = nil
		p.poke()
	}
}

// drop gives up a first set of which nothing came.
func (p *place) drop() {
	if p.tentative {
		p.set, p.ref, p.tentative = nil, wire.SetRef{}, false
		p.group = nil
		p.poke()
	}
}

// doubt gives up a set of which too few answer: the close group is asked again, and the DHT who that is.
func (p *place) doubt() {
	if p.set == nil {
		return
	}
	p.set, p.ref, p.tentative = nil, wire.SetRef{}, false
	p.named, p.group, p.lookedUp, p.hinted = nil, nil, false, 0
	p.lookup()
	p.poke()
}
