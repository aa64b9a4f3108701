package core

import (
	"slices"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/wire"
)

// holders is what the vault takes to be the sets of addresses elsewhere: of the accounts that issue permits, of the
// objects that state their use. A set that this vault does not hold itself is asked of the vaults nearest to the address
// and believed when w of them name it alike; asked again when a signer is not in it, at most once per second and address.
type holders struct {
	at   map[vaultnet.Address]*holder
	tick uint64
	n    int // requests parked
}

// holder is one such address.
type holder struct {
	address vaultnet.Address
	set     []vaultnet.PublicKey // believed; nil: none yet
	number  uint64               // of the set; 0: nothing is there, and set is its close group

	round    uint64        // of questions, counted from 1
	open     bool          // one is under way
	asked    vaultnet.Time // when the last one began
	lookedUp vaultnet.Time // when the DHT was last walked
	call     wire.Call
	answers  []holderAnswer

	parked []parked           // requests waiting
	notify []vaultnet.Address // objects whose proposals wait
	used   uint64
}

// holderAnswer is what one vault said.
type holderAnswer struct {
	from    vaultnet.PublicKey
	heard   bool
	set     *agreement.Set
	settled bool
}

// parked is something that waits until it is known who holds an address. It is called once: with whether that vouches
// for it.
type parked struct {
	need need
	then func(good bool)
}

func (h *holders) init() { h.at = make(map[vaultnet.Address]*holder) }

// get returns the entry of an address, a new one if need be; the one longest unused makes room.
func (h *holders) get(a vaultnet.Address) *holder {
	h.tick++
	e := h.at[a]
	if e == nil {
		if len(h.at) >= maxHolders {
			h.drop()
		}
		e = &holder{address: a}
		h.at[a] = e
	}
	e.used = h.tick
	return e
}

// drop forgets the entry that was not used for longest: the order of use is total, so no map order shows.
func (h *holders) drop() {
	var oldest *holder
	for _, e := range h.at { // in any order: use is a total one
		if !e.open && len(e.parked) == 0 && (oldest == nil || e.used < oldest.used) {
			oldest = e
		}
	}
	if oldest != nil {
		delete(h.at, oldest.address)
	}
}

// notify has an object stepped when more is known of who holds a.
func (h *holders) notify(a, object vaultnet.Address) {
	if e := h.at[a]; e != nil && e.open && len(e.notify) < maxParkedEach && !slices.Contains(e.notify, object) {
		e.notify = append(e.notify, object)
	}
}

// vouches judges a need by what is known, and begins to ask where that is not enough.
func (v *Vault) vouches(n *need) agreement.Verdict {
	if s := v.setOf(v.objects.get(n.address)); s != nil && n.enough(s.Members) {
		return agreement.Yes
	}
	h := v.holders.get(n.address)
	if h.set != nil && n.enough(h.set) {
		return agreement.Yes
	}
	if h.open {
		return agreement.NotYet
	}
	if h.round > 0 && v.now < h.asked.Add(askAgain) {
		return agreement.No // what is known is fresh
	}
	v.askHolders(h)
	if h.open {
		return agreement.NotYet
	}
	if h.set != nil && n.enough(h.set) {
		return agreement.Yes
	}
	return agreement.No
}

// holdersOf is who holds an address, as far as this vault knows; empty where it does not.
func (v *Vault) holdersOf(a vaultnet.Address) []vaultnet.PublicKey {
	if s := v.setOf(v.objects.get(a)); s != nil {
		return s.Members
	}
	if h := v.holders.at[a]; h != nil {
		return h.set
	}
	return nil
}

// park keeps something until who holds the address is known; false where there is no room.
func (v *Vault) park(p parked) bool {
	h := v.holders.get(p.need.address)
	if !h.open || len(h.parked) >= maxParkedEach || v.holders.n >= maxParked {
		return false
	}
	h.parked = append(h.parked, p)
	v.holders.n++
	return true
}

// askHolders begins a round of questions: to the vaults nearest to the address, which may be this one.
func (v *Vault) askHolders(h *holder) {
	at := h.address.Location()
	h.round++
	h.open, h.asked = true, v.now
	v.calls++
	h.call = v.calls
	h.answers = nil
	targets := v.peers.nearest(at, v.cfg.Parameters.GroupSize, isAsked)
	if len(targets) < v.cfg.Parameters.GroupSize && (h.lookedUp == 0 || h.lookedUp.Add(lookupEvery) <= v.now) {
		h.lookedUp = v.now
		v.lookup(h.address.Name)
	}
	for _, q := range targets {
		v.askHolder(h, q.key)
	}
	round := h.round
	v.schedule.at(v.now.Add(askFor), func() {
		if h.open && h.round == round {
			v.concludeHolders(h)
		}
	})
	v.weighHolders(h)
}

// askHolder asks one vault, once in a round.
func (v *Vault) askHolder(h *holder, k vaultnet.PublicKey) {
	if len(h.answers) >= near || slices.ContainsFunc(h.answers, func(a holderAnswer) bool { return a.from == k }) {
		return
	}
	a := holderAnswer{from: k}
	if k == v.cfg.Self {
		a.heard, a.set, a.settled = true, v.setOf(v.objects.get(h.address)), v.settled(h.address)
	} else {
		v.send(k, &wire.GetSet{Call: h.call, Address: h.address})
		v.expect(v.peers.get(k))
	}
	h.answers = append(h.answers, a)
}

// lookup has the driver walk the DHT for a name.
func (v *Vault) lookup(name vaultnet.Name) {
	if !slices.Contains(v.out.lookups, name) {
		v.out.lookups = append(v.out.lookups, name)
	}
}

// setAnswer takes an answer to a GetSet of this vault.
func (v *Vault) setAnswer(from vaultnet.PublicKey, m *wire.SetAnswer) {
	h := v.holders.at[m.Address]
	if h == nil || !h.open || h.call != m.Call {
		if told := v.heightTold(from, m); !v.claimAnswer(from, m) && !told {
			v.ignore(from, "answer to no question")
		}
		return
	}
	i := slices.IndexFunc(h.answers, func(a holderAnswer) bool { return a.from == from })
	if i < 0 || h.answers[i].heard {
		return
	}
	h.answers[i].heard, h.answers[i].set, h.answers[i].settled = true, m.Set, m.Settled
	for _, k := range m.Nearer { // corrects whom this vault takes for the nearest
		v.peers.add(k, false)
	}
	for _, q := range v.peers.nearest(h.address.Location(), v.cfg.Parameters.GroupSize, isAsked) {
		v.askHolder(h, q.key)
	}
	v.weighHolders(h)
}

// groupFound takes the answer to a lookup: nearer vaults are asked, too.
func (v *Vault) groupFound(name vaultnet.Name, vaults []vaultnet.PublicKey) {
	for _, k := range vaults {
		v.peers.add(k, true)
	}
	for _, kind := range []vaultnet.Kind{vaultnet.KindAccount, vaultnet.KindMutableData} {
		// A data object's tag is not known here; those questions are corrected by the answers' own hints.
		if h := v.holders.at[vaultnet.Address{Kind: kind, Name: name}]; h != nil && h.open {
			for _, q := range v.peers.nearest(h.address.Location(), v.cfg.Parameters.GroupSize, isAsked) {
				v.askHolder(h, q.key)
			}
		}
	}
}

// weighHolders believes what w of the nearest name alike, the newest such, and goes on with what waited for it. The
// round ends when all have answered.
func (v *Vault) weighHolders(h *holder) {
	var best *agreement.Set
	for i := range h.answers {
		s := h.answers[i].set
		if s == nil || best != nil && s.Number <= best.Number {
			continue
		}
		alike := 0
		for j := range h.answers {
			if o := h.answers[j].set; o != nil && sameSet(o, s) {
				alike++
			}
		}
		if alike >= vaultnet.Weak(min(len(h.answers), v.cfg.Parameters.GroupSize)) {
			best = s
		}
	}
	if best != nil && best.Number >= h.number {
		h.set, h.number = best.Members, best.Number
	}
	if h.set != nil {
		v.releaseHolders(h, false)
	}
	for i := range h.answers {
		if !h.answers[i].heard {
			return
		}
	}
	v.concludeHolders(h)
}

// concludeHolders ends a round. Where w settled vaults say that nothing is there, the close group is who states so.
func (v *Vault) concludeHolders(h *holder) {
	if h.set == nil || h.number == 0 {
		free := 0
		for i := range h.answers {
			if a := &h.answers[i]; a.heard && a.set == nil && a.settled {
				free++
			}
		}
		if free > 0 && free >= vaultnet.Weak(min(len(h.answers), v.cfg.Parameters.GroupSize)) {
			h.set = keys(v.peers.nearest(h.address.Location(), v.cfg.Parameters.GroupSize, isAsked))
		}
	}
	for i := range h.answers {
		if a := &h.answers[i]; !a.heard {
			v.peers.forget(a.from)
		}
	}
	h.open, h.answers = false, nil
	v.releaseHolders(h, true)
}

// releaseHolders lets go of what waited: all that is vouched for now, and at the end of the round everything.
func (v *Vault) releaseHolders(h *holder, end bool) {
	waiting := h.parked
	h.parked = nil
	for _, p := range waiting {
		good := h.set != nil && p.need.enough(h.set)
		if !good && !end {
			h.parked = append(h.parked, p)
			continue
		}
		v.holders.n--
		p.then(good)
	}
	if end {
		objects := h.notify
		h.notify = nil
		for _, a := range objects {
			if e := v.objects.get(a); e != nil && e.live != nil {
				v.touch(e.live)
			}
		}
	}
}
