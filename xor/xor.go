// Package xor measures distance as Kademlia does: the XOR of two locations read as a big-endian number
// (Maymounkov and Mazières, 2002). [Nearest] computes close groups.
package xor

import (
	"bytes"
	"math/bits"
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

// Shared is how many leading bits two locations have in common, 0…256.
func Shared(a, b *vaultnet.Location) int {
	for i := range a {
		if x := a[i] ^ b[i]; x != 0 {
			return 8*i + bits.LeadingZeros8(x)
		}
	}
	return 8 * len(a)
}

// Nearer reports whether vault a is nearer to target than vault b.
func Nearer(target vaultnet.Location, a, b vaultnet.PublicKey) bool {
	return Compare(target, a.Location(), b.Location()) < 0
}

// at is where a vault stands as seen from a target.
type at struct {
	distance vaultnet.Location
	vault    vaultnet.PublicKey
}

func from(target vaultnet.Location, vault vaultnet.PublicKey) at {
	l := vault.Location()
	for i := range l {
		l[i] ^= target[i]
	}
	return at{l, vault}
}

func (a at) compare(b at) int { return bytes.Compare(a.distance[:], b.distance[:]) }

// Sort orders vaults by their distance to target, nearest first, in place.
func Sort(target vaultnet.Location, vaults []vaultnet.PublicKey) {
	all := make([]at, len(vaults))
	for i, v := range vaults {
		all[i] = from(target, v)
	}
	slices.SortFunc(all, at.compare)
	for i := range all {
		vaults[i] = all[i].vault
	}
}

// Nearest returns the n vaults nearest to target, nearest first, in a new slice; all of them where there are fewer. It
// looks at each vault once, so it is quick where n is small beside the number of vaults.
func Nearest(target vaultnet.Location, vaults []vaultnet.PublicKey, n int) []vaultnet.PublicKey {
	if n <= 0 {
		return nil
	}
	best := make([]at, 0, min(n, len(vaults)))
	for _, v := range vaults {
		a := from(target, v)
		if len(best) == n {
			if a.compare(best[n-1]) >= 0 {
				continue
			}
			best = best[:n-1]
		}
		i, _ := slices.BinarySearchFunc(best, a, at.compare)
		best = slices.Insert(best, i, a)
	}
	nearest := make([]vaultnet.PublicKey, len(best))
	for i := range best {
		nearest[i] = best[i].vault
	}
	return nearest
}
