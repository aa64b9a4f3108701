package core

import (
	"slices"

	"vaultnet"
	"vaultnet/xor"
)

// settled reports whether this vault may say that an address holds nothing (design §6): since its start, and since the
// last change among the [near] vaults nearest to the address, it has exchanged pointers with at least n − f of those it
// can reach, itself included; no pointer to it is being waited upon; and the vault is not cut off.
func (v *Vault) settled(a vaultnet.Address) bool {
	if c := v.claims.at[a]; c != nil && v.now < c.until {
		return false
	}
	return v.settledAt(a.Location())
}

// settledAt is what of it does not depend on the address but for where it lies.
func (v *Vault) settledAt(l vaultnet.Location) bool {
	if !v.joined {
		return false
	}
	var buf [near]*peer
	nearest := v.peers.appendNearest(buf[:0], l, near, isPresent)
	if v.cutOff(l, nearest) {
		return false
	}
	change := v.lastChange(l, nearest, near)
	reached, exchanged := 0, 0
	for _, q := range nearest {
		if !v.reachable(q) {
			continue
		}
		reached++
		if q == v.peers.self || q.done > 0 && q.done >= change {
			exchanged++
		}
	}
	return exchanged >= reached-vaultnet.Faults(reached)
}

// cutOff reports whether this vault can reach less than half of the [near] vaults that are, or a while ago were, nearest
// to l. Then it is more likely that it is cut off from them than that they are all gone, and on the other side there may
// be what it knows nothing of. Of two, one alone is cut off, too: what it made by itself nobody would believe later.
func (v *Vault) cutOff(l vaultnet.Location, nearest []*peer) bool {
	type one struct {
		location vaultnet.Location
		reached  bool
	}
	var buf [near + maxDeparted]one
	all := buf[:0]
	for _, q := range nearest {
		all = append(all, one{q.location, v.reachable(q)})
	}
	for _, d := range v.leavers {
		if d.at.Add(splitDoubt) > v.now {
			all = append(all, one{d.location, false})
		}
	}
	if len(all) > near {
		slices.SortFunc(all, func(a, b one) int { return xor.Compare(l, a.location, b.location) })
		all = all[:near]
	}
	reached := 0
	for _, o := range all {
		if o.reached {
			reached++
		}
	}
	return 2*reached < len(all) || len(all) == 2 && reached == 1
}

// lastChange is the epoch of the last change among the n vaults nearest to l, which are those given.
func (v *Vault) lastChange(l vaultnet.Location, nearest []*peer, n int) uint64 {
	change := v.forgotten
	for _, q := range nearest {
		change = max(change, q.entered)
	}
	for _, d := range v.leavers {
		if len(nearest) < n || xor.Compare(l, d.location, nearest[n-1].location) < 0 {
			change = max(change, d.epoch)
		}
	}
	return change
}
