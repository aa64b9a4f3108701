package op

import (
	"slices"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/wire"
)

// Bounds of what is remembered of an address.
const (
	maxPlaces = 1 << 16 // addresses
	maxHints  = 16      // vaults named as nearer that have not been met
	maxBodies = 16      // sets named by somebody
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

	group   []vaultnet.PublicKey // the close group, of the vaults that were met
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

	turns  uint64        // reads that were begun here
	differ vaultnet.Time // until then reads ask all members at once, since they did not say alike

	flying int       // changes that were submitted here and have not ended
	behind []*change // those that wait for one of them to end, next first

	round *round // the newest question who holds the address; nil: none yet
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

// admit reports whether a change may be submitted: an object takes [vaultnet.MaxInFlight] at a time and refuses more, so
// those beyond wait here for their turn, in order, and are poked then; [place.depart] ends either. One that is not to be
// retried does not wait, either: its answer is that there are too many.
func (p *place) admit(m *change) bool {
	if m.flies || !m.retries {
		return true
	}
	i := slices.Index(p.behind, m)
	if i < 0 {
		i = len(p.behind)
		p.behind = append(p.behind, m)
		p.queued(m, 1)
		p.c.beckon()
	}
	if i < vaultnet.MaxInFlight-p.flying {
		p.behind = slices.Delete(p.behind, i, i+1)
		p.queued(m, -1)
		p.flying++
		m.flies = true
	}
	return m.flies
}

// queued counts a change that begins to wait, or no longer does.
func (p *place) queued(m *change, by int) {
	p.c.queued += by
	if m.admitted {
		p.c.window.queued += by
	}
}

// depart lets the next change have the place of m.
func (p *place) depart(m *change) {
	if !m.retries {
		return
	}
	if m.flies {
		p.flying--
	} else if i := slices.Index(p.behind, m); i >= 0 {
		p.behind = slices.Delete(p.behind, i, i+1)
		p.queued(m, -1)
	}
	m.flies = false
	for i := range min(vaultnet.MaxInFlight-p.flying, len(p.behind)) {
		p.behind[i].poke()
	}
}

// members is whose answers count: the set, or without one the close group. The slice is not to be changed.
func (p *place) members() []vaultnet.PublicKey {
	if p.set != nil {
		return p.set.Members
	}
	return p.near()
}

// near is the close group, as far as the client has met it, whatever set is believed.
func (p *place) near() []vaultnet.PublicKey {
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
