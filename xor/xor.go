// Package xor measures distance as Kademlia does: the XOR of two locations read as a big-endian number
// (Maymounkov and Mazières, 2002). [Nearest] computes close groups.
package xor

import (
	"bytes"
	"slices"

	"vaultnet"
)

// Compare orders two locations by their distance to target: negative when a is nearer.
func Compare(target, a, b vaultnet.Location) int {
	for i := range target {
		x, y := a[i]^target[i], b[i]^target[i]
		if x != y {
			return int(x) - int(y)
		}
	}
	return 0
}

// Nearer reports whether vault a is nearer to target than vault b.
func Nearer(target vaultnet.Location, a, b vaultnet.PublicKey) bool {
	return Compare(target, a.Location(), b.Location()) < 0
}

// Sort orders vaults by their distance to target, nearest first, in place.
func Sort(target vaultnet.Location, vaults []vaultnet.PublicKey) {
	type at struct {
		distance vaultnet.Location
		vault    vaultnet.PublicKey
	}
	all := make([]at, len(vaults))
	for i, v := range vaults {
		l := v.Location()
		for j := range l {
			l[j] ^= target[j]
		}
		all[i] = at{l, v}
	}
	slices.SortFunc(all, func(a, b at) int { return bytes.Compare(a.distance[:], b.distance[:]) })
	for i := range all {
		vaults[i] = all[i].vault
	}
}

// Nearest returns the n vaults nearest to target, nearest first, in a new slice; all of them where there are fewer.
func Nearest(target vaultnet.Location, vaults []vaultnet.PublicKey, n int) []vaultnet.PublicKey {
	sorted := slices.Clone(vaults)
	Sort(target, sorted)
	return slices.Clip(sorted[:min(n, len(sorted))])
}
