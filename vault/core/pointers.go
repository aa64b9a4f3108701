package core

import (
	"slices"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/merkle"
	"vaultnet/internal/wire"
)

// Sets are sticky, so the vaults nearest to an address are not always its members. Members therefore tell every vault
// that is among the [near] nearest who holds the address: in bulk when it comes up, one by one when something changes
// (design §6).

// tell sends a vault all that concerns it, chunks included, and that this is all. Later only what changes is sent, at once,
// so that a further question is answered by "that was all" alone.
func (v *Vault) tell(q *peer) {
	var list []wire.Pointer
	if !q.told {
		for _, e := range v.nearTo(q, near) {
			if p, ok := v.pointer(e); ok {
				list = append(list, p)
			}
		}
		q.told = true
		v.compareWith(q)
	}
	for len(list) > maxBatch {
		v.send(q.key, &wire.Pointers{List: list[:maxBatch:maxBatch]})
		list = list[maxBatch:]
	}
	if len(list) == 0 {
		v.send(q.key, pointersDone)
		return
	}
	v.send(q.key, &wire.Pointers{List: list, Done: true})
}

// Messages that are always the same.
var (
	pointersDone   = &wire.Pointers{Done: true}
	askForPointers = &wire.Pointers{Ask: true}
)

// pointer is what this vault says about an object: only as a member, and only what was decided.
func (v *Vault) pointer(e *object) (wire.Pointer, bool) {
	if !e.holds() {
		return wire.Pointer{}, false
	}
	s := v.objects.noted(e)
	if e.live != nil {
		s = e.live.Set()
	}
	if s.Index(v.cfg.Self) < 0 {
		return wire.Pointer{}, false
	}
	return wire.Pointer{Address: e.address(), Set: s}, true
}

// announce tells the vaults near an object that its set is new. Who signed the block that made it so is half-open there
// and learns of it in any case. The first A members do: so many that f of them may fail and w say it; where fewer do, who
// hears of it asks.
func (v *Vault) announce(e *object) {
	p, ok := v.pointer(e)
	if !ok || p.Set.Index(v.cfg.Self) >= vaultnet.Answers(len(p.Set.Members)) {
		return
	}
	var signers []*merkle.Attestation
	if d := e.live.Decided(); d != nil {
		signers = d.Certificate.By
	}
	message := &wire.Pointers{List: []wire.Pointer{p}}
	for _, q := range v.peers.nearest(e.address().Location(), near, isPresent) {
		if q.told && q.up && !slices.ContainsFunc(signers, func(by *merkle.Attestation) bool { return by.Signer == q.key }) {
			v.send(q.key, message)
		}
	}
}

// promote tells, for objects that lost one of the vaults nearest to them, whoever has come to be among these.
func (v *Vault) promote(list []*object) {
	news := make(map[*peer][]wire.Pointer)
	var order []*peer
	for _, e := range list {
		p, ok := v.pointer(e)
		if !ok {
			continue
		}
		nearest := v.peers.nearest(e.address().Location(), near, isPresent)
		if len(nearest) < near {
			continue
		}
		if q := nearest[near-1]; q.told && q.up {
			if news[q] == nil {
				order = append(order, q)
			}
			news[q] = append(news[q], p)
		}
	}
	for _, q := range order {
		for list := range slices.Chunk(news[q], maxBatch) {
			v.send(q.key, &wire.Pointers{List: list})
		}
	}
}

// askNeighbours asks, at the end of a turn in which the neighbourhood changed, every vault that may know of objects near
// this one.
func (v *Vault) askNeighbours() {
	if !v.asks {
		return
	}
	v.asks = false
	for _, s := range v.peers.space.spots {
		q := s.thing
		if q == v.peers.self || !isPresent(q) || q.asked >= v.epoch || q.lost || !v.relevant(q) {
			continue
		}
		q.asked = v.epoch
		v.askPointers(q, 0)
	}
}

// askPointers asks a vault for its pointers, again and again if it does not answer.
func (v *Vault) askPointers(q *peer, tries int) {
	v.send(q.key, askForPointers)
	if q.up {
		v.expect(q)
	}
	epoch, since := q.asked, q.since
	v.soon(v.now.Add(suspectAfter<<tries), func() {
		if q.asked == epoch && q.done < epoch && q.since == since && !q.lost && q.present && tries < 5 {
			v.askPointers(q, tries+1)
		}
	})
}

// claims is pointers that fewer than w vaults sent.
type claims struct {
	at map[vaultnet.Address]*claim
}

type claim struct {
	said []claimed
	call wire.Call // of the question to the members named
	// It is waited upon until then: its time to be believed.
	until vaultnet.Time
}

type claimed struct {
	by  vaultnet.PublicKey
	set *agreement.Set
}

func (c *claims) init() { c.at = make(map[vaultnet.Address]*claim) }

// pointers takes what another vault says about who holds what near this one.
func (v *Vault) pointers(from vaultnet.PublicKey, m *wire.Pointers) {
	q := v.peers.get(from)
	if q == nil {
		v.ignore(from, "pointers of a stranger")
		return
	}
	for i := range m.List {
		v.claimed(from, m.List[i].Address, m.List[i].Set)
	}
	if m.Done && q.asked > 0 {
		q.done = q.asked
	}
	if m.Ask {
		v.tell(q)
	}
}

// claimed takes one vault's word that a set holds an address. What concerns this vault is believed when w said it
// alike; where fewer did, others are asked, once, and after [claimsFor] it counts for nothing. Members say so by
// themselves; vaults near the address when they are asked.
func (v *Vault) claimed(from vaultnet.PublicKey, a vaultnet.Address, s *agreement.Set) {
	e := v.objects.get(a)
	v.declined(from, e, s)
	if s.Number <= v.numberOf(e) {
		return
	}
	known := v.setOf(e)
	if known == nil && !v.peers.ranks(a.Location(), v.peers.self, near) {
		return
	}
	if s.Index(from) < 0 && (known == nil || known.Index(from) < 0) && !v.nearby(a, from) {
		return
	}
	c := v.claims.at[a]
	if c == nil {
		if len(v.claims.at) >= maxClaims {
			return
		}
		c = &claim{said: make([]claimed, 0, 4), until: v.now.Add(claimsFor)}
		v.claims.at[a] = c
		v.soon(v.now.Add(claimsKept), func() {
			if v.claims.at[a] == c {
				delete(v.claims.at, a)
			}
		})
	}
	i := slices.IndexFunc(c.said, func(o claimed) bool { return o.by == from })
	switch {
	case i >= 0 && c.said[i].set.Number >= s.Number:
		return
	case i >= 0:
		c.said[i].set = s
	case len(c.said) < 2*near:
		c.said = append(c.said, claimed{from, s})
	}
	var room [2 * near]vaultnet.PublicKey
	alike := room[:0]
	for _, o := range c.said {
		if sameSet(o.set, s) {
			alike = append(alike, o.by)
		}
	}
	if v.believable(a, e, s, alike) {
		delete(v.claims.at, a)
		v.believe(a, s)
		return
	}
	if len(c.said) == 1 && i < 0 { // most often the others say so presently
		v.soon(v.now.Add(askAgain), func() { v.askClaimed(a, c) })
	}
}

// askClaimed asks, once, all members that were named, and the vaults near the address, about a claim that is still waited
// upon.
func (v *Vault) askClaimed(a vaultnet.Address, c *claim) {
	if v.claims.at[a] != c {
		return
	}
	v.calls++
	c.call = v.calls
	asked := keys(v.peers.nearest(a.Location(), near, isUp))
	for _, o := range c.said {
		for _, k := range o.set.Members {
			if !slices.Contains(asked, k) && len(asked) < 3*near {
				asked = append(asked, k)
			}
		}
	}
	for _, k := range asked {
		v.send(k, &wire.GetSet{Call: c.call, Address: a})
	}
}

// nearby reports whether a vault is one of those nearest to an address.
func (v *Vault) nearby(a vaultnet.Address, k vaultnet.PublicKey) bool {
	q := v.peers.get(k)
	return q != nil && isPresent(q) && v.peers.ranks(a.Location(), q, near)
}

// claimAnswer takes the answer of a member that was asked about a claim.
func (v *Vault) claimAnswer(from vaultnet.PublicKey, m *wire.SetAnswer) bool {
	c := v.claims.at[m.Address]
	if c == nil || c.call != m.Call {
		return false
	}
	if m.Set != nil {
		v.claimed(from, m.Address, m.Set)
	}
	return true
}

// believable reports whether a set that some vaults name alike is to be believed. Where a set is known already, w of its
// members have to say so, unless this vault holds nothing and the known members are out of reach. Where none is, w of
// the members named and the vaults near: with w of as many as there are, up to a whole group, so that a liar cannot name
// a set of itself alone.
func (v *Vault) believable(a vaultnet.Address, e *object, s *agreement.Set, alike []vaultnet.PublicKey) bool {
	if known := v.setOf(e); known != nil {
		said, reachable := 0, 0
		for _, k := range known.Members {
			if slices.Contains(alike, k) {
				said++
			}
			if q := v.peers.get(k); q != nil && v.reachable(q) {
				reachable++
			}
		}
		if said >= known.Weak() {
			return true
		}
		if e.holds() || reachable >= known.Weak() {
			return false
		}
	}
	var room [near]*peer
	group := len(v.peers.appendNearest(room[:0], a.Location(), v.cfg.Parameters.GroupSize, isPresent))
	return len(alike) >= vaultnet.Weak(max(group, len(s.Members)))
}

// believe takes over a set. A member that holds less than that set has decided fetches the rest.
func (v *Vault) believe(a vaultnet.Address, s *agreement.Set) {
	e := v.objects.add(a)
	before := v.setOf(e)
	v.objects.note(e, s)
	if f := v.cfg.Observer.Members; f != nil {
		f(a, before, s)
	}
	switch {
	case e.live != nil:
		v.give(e.live, agreement.Input{Believe: s})
	case e.stored && (e.height > 0 || s.Index(v.cfg.Self) >= 0):
		v.loadFor(e, func(l *live) { v.give(l, agreement.Input{Believe: s}) })
	case s.Index(v.cfg.Self) >= 0:
		v.recover(e)
	}
}
