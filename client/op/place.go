package op

import (
	"slices"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/wire"
	"vaultnet/xor"
)

// Bounds of what is remembered of an address.
const (
	maxPlaces = 4096 // addresses
	maxHints  = 16   // vaults named as nearer that have not been met
	maxBodies = 16   // sets named by somebody
)

// place is what the client knows of one address: who holds it, and how far it has come. It is shared by all jobs there
// and kept afterwards, so that the next operation knows whom to ask.
type place struct {
	c        *Client
	address  vaultnet.Address
	location vaultnet.Location

	set       *agreement.Set // believed to hold the address; nil: none is known
	ref       wire.SetRef    // of set; zero without one
	tentative bool           // set is a first set that was proven and not yet decided on
	floor     uint64         // the greatest number of a set ever believed here

	group   []vaultnet.PublicKey // without a set: the close group, of the vaults that were met
	version uint64               // of the neighbours that group was computed from
	hints   []vaultnet.PublicKey // vaults that may be nearer; asked, and counted once they were met
	hinted  vaultnet.Time        // when the first of them was named; 0: none was
	unsure  vaultnet.Time        // until then it counts that there are some
	named   []naming             // the newest set that each vault named
	bodies  []*agreement.Set     // sets that were shown, newest last

	seen  vaultnet.Height    // the greatest height that A members reported or that was proven
	proof *agreement.Decided // the greatest block proven, for pushing
	wants []wanted           // certificates asked for

	lookedUp bool          // a lookup has been answered since the set was last unknown
	lookAt   vaultnet.Time // before it no other lookup is made

	users []*job // poked when something changes here
	used  uint64 // when it was last of use: orders eviction
}

// naming is the set that a vault named last.
type naming struct {
	by  vaultnet.PublicKey
	ref wire.SetRef
}

func refOf(s *agreement.Set) wire.SetRef {
	if s == nil {
		return wire.SetRef{}
	}
	return wire.SetRef{Number: s.Number, Digest: s.Digest()}
}

// known reports whether a set is believed to hold the address.
func (p *place) known() bool { return p.set != nil && !p.tentative }

// join makes j be poked when something changes here, until [place.leave].
func (p *place) join(j *job) { p.users = append(p.users, j) }

func (p *place) leave(j *job) {
	if i := slices.Index(p.users, j); i >= 0 {
		p.users = slices.Delete(p.users, i, i+1)
	}
}

func (p *place) poke() {
	for _, j := range p.users {
		j.poke()
	}
}

// members is whose answers count: the set, or without one the close group. The slice is not to be changed.
func (p *place) members() []vaultnet.PublicKey {
	if p.set != nil {
		return p.set.Members
	}
	if p.version != p.c.vaults.version || p.group == nil {
		p.version = p.c.vaults.version
		p.group = p.c.vaults.nearest(p.location, p.c.cfg.Parameters.GroupSize)
		p.hints = slices.DeleteFunc(p.hints, func(v vaultnet.PublicKey) bool { return p.c.vaults.knows(v) })
		if len(p.hints) == 0 {
			p.hinted = 0
		}
	}
	return p.group
}

// audience is whom to ask: the members, and without a set also those that may be nearer.
func (p *place) audience() []vaultnet.PublicKey {
	m := p.members()
	if p.set != nil || len(p.hints) == 0 {
		return m
	}
	return slices.Concat(m, p.hints)
}

// limits is the thresholds among the members.
func (p *place) limits() thresholds { return p.c.limits(len(p.members())) }

// thin reports whether the client has met too few vaults to know the close group, and no lookup has found more.
func (p *place) thin() bool {
	return p.set == nil && !p.lookedUp && len(p.members()) < p.c.cfg.Parameters.GroupSize
}

// vague reports whether the close group may be another than the one that is asked: too few vaults are known, or some
// that may be nearer have not answered yet. Names that never answer are waited for hintsFor in all, so that who invents
// them gains nothing.
func (p *place) vague() bool {
	if p.set != nil {
		return false
	}
	p.members()
	return p.thin() || len(p.hints) > 0 && p.c.now < p.unsure
}

// speaksFor reports whether an answer that names ref is of the set that is asked: of that set, or, where nothing was
// decided yet, of none.
func (p *place) speaksFor(ref wire.SetRef) bool {
	return ref == p.ref || p.tentative && ref.Number == 0
}

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

// lookup has the DHT walked for the address, unless that was done a moment ago.
func (p *place) lookup() {
	if p.c.now < p.lookAt {
		return
	}
	p.lookAt = p.c.now.Add(lookupEvery)
	if !slices.Contains(p.c.out.Lookups, p.address.Name) {
		p.c.out.Lookups = append(p.c.out.Lookups, p.address.Name)
	}
}

// reach notes a height that is certain.
func (p *place) reach(h vaultnet.Height) { p.seen = max(p.seen, h) }
