package merkle

import (
	"math/bits"
	"slices"

	"vaultnet"
)

// Reviewer verifies attestations of one network, each as [Attestation.Verify] does, and uses what the last good one has
// shown: for others of the same turn no signature is looked at, and no path climbed farther than to below where it meets
// that one's. In the order of their leaves, that is about one step each. For one goroutine.
type Reviewer struct {
	network vaultnet.NetworkID
	v       vaultnet.Verifier
	last    *Attestation // the last good one, which must not change; nil: none
	root    vaultnet.Digest
	nodes   [maxLevels + 1]vaultnet.Digest // on its path: by level, its leaf's first
	climbed [maxLevels + 1]vaultnet.Digest // room: of a path that is looked at
	message []byte                         // room, likewise
}

// Begin makes the reviewer one of nothing yet.
func (r *Reviewer) Begin(network vaultnet.NetworkID, v vaultnet.Verifier) {
	r.network, r.v, r.last = network, v, nil
}

// Verify reports whether the signer stated leaf. What it found good must not change until the next.
func (r *Reviewer) Verify(a *Attestation, leaf vaultnet.Digest) bool {
	if r.met(a, leaf) {
		return true
	}
	root, ok := a.Path.climb(leaf, maxLevels, &r.climbed)
	if !ok {
		return false
	}
	if r.last == nil || root != r.root || a.Signature != r.last.Signature || a.Signer != r.last.Signer {
		r.message = vaultnet.AppendTurnMessage(r.message[:0], r.network, root)
		if !r.v.Verify(a.Signer, r.message, a.Signature) {
			return false
		}
	}
	r.last, r.root, r.nodes = a, root, r.climbed
	return true
}

// met reports whether the path meets the last good one's on its way to the same root: below the node where they meet each
// is the other's sibling. Its own is the last good one then.
func (r *Reviewer) met(a *Attestation, leaf vaultnet.Digest) bool {
	b := r.last
	if b == nil || a.Path.Width != b.Path.Width || a.Signature != b.Signature || a.Signer != b.Signer || !a.Path.shaped() {
		return false
	}
	own, others, ok := b.Path.Beside(a.Path.Index)
	if !ok || !slices.Equal(a.Path.Siblings[own:], b.Path.Siblings[others:]) {
		return false
	}
	below := bits.Len32(a.Path.Index^b.Path.Index) - 1
	if below < 0 { // the same leaf
		return hashLeaf(a.Path.Index, a.Path.Width, &leaf) == r.nodes[0]
	}
	if a.Path.Siblings[own-1] != r.nodes[below] {
		return false
	}
	node, ok := a.Path.climb(leaf, below, &r.climbed)
	if !ok || node != b.Path.Siblings[others-1] {
		return false
	}
	r.last = a
	copy(r.nodes[:below+1], r.climbed[:below+1])
	return true
}

// climb returns the node so many levels above leaf, or the root where that is lower, and notes the nodes on the way. It
// reports false where the shape of the path is impossible.
func (p *Path) climb(leaf vaultnet.Digest, levels int, nodes *[maxLevels + 1]vaultnet.Digest) (vaultnet.Digest, bool) {
	if !p.shaped() {
		return vaultnet.Digest{}, false
	}
	node := hashLeaf(p.Index, p.Width, &leaf)
	used := 0
	for level, i, width := 0, p.Index, p.Width; ; i, width = i/2, (width+1)/2 {
		if nodes != nil {
			nodes[level] = node
		}
		if level == levels || width <= 1 {
			return node, true
		}
		if i^1 < width {
			if s := &p.Siblings[used]; i%2 == 0 {
				node = hashPair(&node, s)
			} else {
				node = hashPair(s, &node)
			}
			used++
		}
		level++
	}
}
