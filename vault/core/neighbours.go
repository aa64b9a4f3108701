package core

import (
	"slices"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/wire"
)

// departed is a vault that ceased to be present.
type departed struct {
	location vaultnet.Location
	epoch    uint64
	at       vaultnet.Time // when it was last up
}

// maxDeparted bounds how many departures are remembered one by one.
const maxDeparted = 64

// peerUp: there is a connection to another vault, or a new one instead of an old.
func (v *Vault) peerUp(k vaultnet.PublicKey) {
	q := v.peers.add(k, true)
	if q == nil || q == v.peers.self {
		return
	}
	q.up, q.lost, q.heard, q.foreign = true, false, true, false
	q.since, q.waiting = v.now, 0
	q.asked, q.done, q.told = 0, 0, false
	v.send(k, &wire.Hello{Parameters: v.cfg.Parameters})
	if v.peers.self.leaving {
		v.sayLeaving([]vaultnet.PublicKey{k})
	}
	v.appear(q)
	v.asks = true
	for _, l := range slices.Clone(v.alarms) { // awake objects repair at once what it missed
		if s := l.Set(); s != nil && s.Index(k) >= 0 {
			v.give(l, agreement.Input{Return: k})
		}
	}
	v.soon(v.now.Add(v.cfg.Parameters.JoinAfter), func() {
		if q.up && q.since.Add(v.cfg.Parameters.JoinAfter) <= v.now {
			v.reviewNear(q)
		}
	})
	v.reviewAsked(k)
}

// peerDown: the connection to a vault or client ended.
func (v *Vault) peerDown(k vaultnet.PublicKey) {
	if who := v.askers[k]; who != nil {
		who.gone = true
		delete(v.askers, k)
	}
	q := v.peers.get(k)
	if q == nil || q == v.peers.self || !q.up {
		return
	}
	q.up, q.lost, q.since = false, true, v.now
	q.done, q.told = 0, false
	v.setLeaving(q, false)
	v.fadeLater(q)
}

// known takes the contents of the routing table.
func (v *Vault) known(vaults []vaultnet.PublicKey) {
	v.joined = true
	for _, k := range vaults {
		v.meet(k)
	}
}

// meet counts a vault that the routing table, or the set of an object held here, names as present; for T_leave, unless
// it comes up.
func (v *Vault) meet(k vaultnet.PublicKey) {
	q := v.peers.add(k, true)
	if q == nil || q.present || q.up {
		return
	}
	q.since = v.now
	v.appear(q)
	if v.started > 0 {
		v.fadeLater(q)
	}
}

// meetMembers does so for all members of a set.
func (v *Vault) meetMembers(s *agreement.Set) {
	if s == nil {
		return
	}
	for _, k := range s.Members {
		v.meet(k)
	}
}

// appear counts a vault among those present.
func (v *Vault) appear(q *peer) {
	if q.present {
		return
	}
	q.present = true
	v.leavers = slices.DeleteFunc(v.leavers, func(d departed) bool { return d.location == q.location })
	if v.relevant(q) {
		v.epoch++
		q.entered = v.epoch
		v.asks = true
		v.compareLater(compareAfter)
	}
}

// fadeLater plans to look, T_leave from now, whether a vault is still down.
func (v *Vault) fadeLater(q *peer) {
	leave := v.cfg.Parameters.LeaveAfter
	v.soon(q.since.Add(leave), func() {
		if !q.up && q.present && q.since.Add(leave) <= v.now {
			v.fade(q)
		}
	})
}

// fade counts a vault no longer among those present: whoever comes to be near an object instead of it is told, and the
// sets it was in are looked at.
func (v *Vault) fade(q *peer) {
	relevant := v.relevant(q)
	var mine []*object
	if relevant {
		mine = v.nearTo(q, near)
	}
	q.present = false
	if relevant {
		v.epoch++
		v.leavers = append(v.leavers, departed{q.location, v.epoch, q.since})
		if len(v.leavers) > maxDeparted {
			v.forgotten = v.leavers[0].epoch
			v.leavers = slices.Delete(v.leavers, 0, 1)
		}
		v.asks, v.lost = true, v.now
		v.compareLater(compareAfter)
	}
	v.promote(mine)
	v.reviewMember(q.key)
}

// relevant reports whether there can be an address that this vault and q are both among the nearest to. Where the two
// locations part, one of the two halves must hold fewer than [near] vaults: those of the half in which an address lies
// are all nearer to it than those of the other.
func (v *Vault) relevant(q *peer) bool {
	if q == v.peers.self {
		return false
	}
	s := &v.peers.space
	me := v.peers.self.location
	lo, hi := 0, len(s.spots)
	for bit := 0; bit < 8*len(me); bit++ {
		mid := s.split(lo, hi, bit)
		a, b := bitOf(&me, bit), bitOf(&q.location, bit)
		if a != b {
			return v.peers.countUpTo(lo, mid, near, isPresent) < near || v.peers.countUpTo(mid, hi, near, isPresent) < near
		}
		if a == 0 {
			hi = mid
		} else {
			lo = mid
		}
	}
	return true
}

// nearTo lists the objects to which q is among the n nearest vaults that stay, itself counted as one, in order of
// location. Where the locations of an object and of q part, all vaults in the object's half are nearer to it: a half with
// n vaults needs no looking at.
func (v *Vault) nearTo(q *peer, n int) []*object {
	var list []*object // most often a few
	objects, vaults := v.objects.space(), &v.peers.space
	walkHalves(objects, vaults, q.location, func(lo, hi, vlo, vhi int) {
		if v.peers.countUpTo(vlo, vhi, n, isStaying) >= n {
			return
		}
		for _, s := range objects.spots[lo:hi] {
			if v.peers.ranks(s.location, q, n) {
				if list == nil {
					list = make([]*object, 0, 16)
				}
				list = append(list, s.thing)
			}
		}
	})
	return list
}

// walkHalves goes down along a location and visits, at each bit, the things on the other side together with the vaults
// there; at the end what shares all bits that were looked at.
func walkHalves[A, B any](things *space[A], vaults *space[B], l vaultnet.Location, visit func(lo, hi, vlo, vhi int)) {
	lo, hi, vlo, vhi := 0, len(things.spots), 0, len(vaults.spots)
	for bit := 0; bit < 8*len(l) && lo < hi; bit++ {
		mid, vmid := things.split(lo, hi, bit), vaults.split(vlo, vhi, bit)
		if bitOf(&l, bit) == 0 {
			visit(mid, hi, vmid, vhi)
			hi, vhi = mid, vmid
		} else {
			visit(lo, mid, vlo, vmid)
			lo, vlo = mid, vmid
		}
	}
	visit(lo, hi, vhi, vhi) // at q's own place: nobody is nearer
}
