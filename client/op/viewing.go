package op

import (
	"slices"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/wire"
)

// viewing gathers the proof of a first set (design §6, genesis): q equal views, each signed by one of the set they name.
// It is a part of a change's job.
type viewing struct {
	owner *job
	place *place
	call  wire.Call
	again repeat
	said  roster[*wire.ViewAnswer]

	proof *agreement.SetProof // once it is complete
	made  vaultnet.Time       // when that was
}

func (g *viewing) begin(owner *job, p *place) {
	*g = viewing{owner: owner, place: p}
	g.call = p.c.open(g)
}

func (g *viewing) end() {
	if g.owner != nil {
		g.place.c.close(g.call)
		g.owner = nil
	}
}

// anew has all views gathered again: those of the last proof are about to be too old.
func (g *viewing) anew() {
	owner, p, made := g.owner, g.place, g.made
	g.end()
	g.begin(owner, p)
	g.made = made
}

func (g *viewing) answer(from vaultnet.PublicKey, m wire.Message) {
	a, ok := m.(*wire.ViewAnswer)
	s := g.said.find(from)
	if !ok || s == nil || a.Address != g.place.address || a.View != nil && (a.View.By == nil || a.View.By.Signer != from) {
		return
	}
	s.heard, s.word = true, a
	g.place.hear(from, wire.SetRef{}, a.Set, a.Members)
	g.owner.poke()
}

// step asks, and looks whether there is a proof. It returns when to be called again.
func (g *viewing) step() vaultnet.Time {
	if g.proof == nil {
		if g.proof = g.complete(); g.proof != nil {
			g.made = g.place.c.now
		}
	}
	if g.proof != nil {
		return g.made.Add(viewsRenewed)
	}
	due := g.again.due(g.place.c.now)
	var m *wire.GetView
	whom := g.whom()
	g.said.reserve(len(whom))
	for _, v := range whom {
		s := g.said.admit(v)
		if s == nil || s.asked && !due {
			continue // what was answered is asked again, too: views get old, and change
		}
		if m == nil {
			m = &wire.GetView{Call: g.call, Address: g.place.address}
		}
		s.asked = true
		g.place.c.send(v, m)
	}
	return g.again.next
}

// whom is the close group, and everybody whom w of it take to be in it.
func (g *viewing) whom() []vaultnet.PublicKey {
	p := g.place
	list := slices.Clone(p.audience())
	for _, v := range p.near() {
		if !slices.Contains(list, v) {
			list = append(list, v)
		}
	}
	for _, s := range g.said.seats {
		if !s.heard || s.word.View == nil {
			continue
		}
		for _, v := range s.word.Members {
			if !slices.Contains(list, v) && g.supports(func(m []vaultnet.PublicKey) bool { return slices.Contains(m, v) }) {
				list = append(list, v)
			}
		}
	}
	return list
}

// supports reports whether the views of w of the close group agree with something. Without that two liars could prove a
// set of their own: a proof is of q members of the set that it names itself.
func (g *viewing) supports(agree func(members []vaultnet.PublicKey) bool) bool {
	near := g.place.near()
	n := g.said.count(near, func(a *wire.ViewAnswer) bool { return a.View != nil && agree(a.Members) })
	return n > 0 && n >= g.place.c.limits(len(near)).believed
}

// complete makes the proof of a set that enough of its own members name, and w of the close group.
func (g *viewing) complete() *agreement.SetProof {
	p := g.place
	for _, s := range g.said.seats {
		if !s.heard || s.word.View == nil {
			continue
		}
		set := &agreement.Set{Number: 1, Members: s.word.Members}
		same := func(m []vaultnet.PublicKey) bool { return slices.Equal(m, set.Members) }
		if !g.supports(same) {
			continue
		}
		n := g.said.count(set.Members, func(a *wire.ViewAnswer) bool { return a.View != nil && same(a.Members) })
		if n < p.c.limits(len(set.Members)).views || !set.Valid(p.address, p.c.cfg.Parameters.GroupSize) { // that costs most
			continue
		}
		proof := &agreement.SetProof{Members: set.Members, Views: make([]agreement.View, 0, n)}
		for _, o := range g.said.of(set.Members) {
			if o.word.View != nil && same(o.word.Members) {
				proof.Views = append(proof.Views, *o.word.View)
			}
		}
		return proof
	}
	return nil
}
