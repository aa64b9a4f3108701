package core

import (
	"bytes"

	"vaultnet"
)

// settled reports whether this vault may say that an address holds nothing (design §6): since its start, and since the
// last change among the [near] vaults nearest to the address, it has exchanged pointers with at least n − f of those it
// can reach, itself included, and no pointer to it is being waited upon.
func (v *Vault) settled(a vaultnet.Address) bool {
	if c := v.claims.at[a]; !v.joined || c != nil && !c.over {
		return false
	}
	l := a.Location()
	nearest := v.peers.nearest(l, near, isPresent)
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

// lastChange is the epoch of the last change among the n vaults nearest to l, which are those given.
func (v *Vault) lastChange(l vaultnet.Location, nearest []*peer, n int) uint64 {
	var change uint64
	for _, q := range nearest {
		change = max(change, q.entered)
	}
	if len(v.leavers) == maxDeparted {
		change = max(change, v.leavers[0].epoch) // earlier ones are forgotten: any may have been near
	}
	for _, d := range v.leavers {
		if len(nearest) < n || nearer(l, d.location, nearest[n-1].location) {
			change = max(change, d.epoch)
		}
	}
	return change
}

// nearer reports whether a is nearer to l than b is.
func nearer(l, a, b vaultnet.Location) bool {
	for i := range l {
		a[i] ^= l[i]
		b[i] ^= l[i]
	}
	return bytes.Compare(a[:], b[:]) < 0
}
