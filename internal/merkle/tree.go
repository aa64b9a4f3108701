package merkle

import (
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
	"slices"

	"vaultnet"
)

// MaxWidth is how many leaves a turn tree may have; a wider one makes paths that nobody accepts.
const MaxWidth = 65536

// Tree is the Merkle tree over what is stated in one turn. An odd node at the end of a level is promoted to the next as
// it is, not doubled. The tree of no leaves has the zero root.
type Tree struct {
	width int
	nodes []vaultnet.Digest // level by level: hashed leaves first, the root last
}

// NewTree builds the tree over leaves, of which it keeps no reference. Each leaf is hashed with its index and the width
// of the tree, so a root commits to the order and number of leaves, and there is one path to each.
func NewTree(leaves []vaultnet.Digest) *Tree {
	t := &struct {
		Tree
		one [1]vaultnet.Digest
	}{}
	t.nodes = t.one[:0]
	t.Build(leaves)
	return &t.Tree
}

// Build makes t the tree over leaves, as [NewTree] does, in the room of the tree that it was. The zero Tree is that of no
// leaves.
func (t *Tree) Build(leaves []vaultnet.Digest) {
	t.width, t.nodes = len(leaves), t.nodes[:0]
	if n := len(leaves); n > 0 {
		t.nodes = slices.Grow(t.nodes, 2*n-1+bits.Len(uint(n-1))) // an odd level adds one
	}
	for i := range leaves {
		t.nodes = append(t.nodes, hashLeaf(uint32(i), uint32(len(leaves)), &leaves[i]))
	}
	start := 0
	for width := t.width; width > 1; width = (width + 1) / 2 {
		level := t.nodes[start : start+width]
		for i := 0; i+1 < width; i += 2 {
			t.nodes = append(t.nodes, hashPair(&level[i], &level[i+1]))
		}
		if width%2 == 1 {
			t.nodes = append(t.nodes, level[width-1])
		}
		start += width
	}
}

// Root is what is signed; zero for no leaves.
func (t *Tree) Root() vaultnet.Digest {
	if t.width == 0 {
		return vaultnet.Digest{}
	}
	return t.nodes[len(t.nodes)-1]
}

// Path leads from leaf i to the root. There is none (a path of width 0, which leads nowhere) where there is no leaf i.
func (t *Tree) Path(i int) Path {
	if i < 0 || i >= t.width {
		return Path{}
	}
	p := Path{Index: uint32(i), Width: uint32(t.width)}
	if t.width > 1 {
		p.Siblings = make([]vaultnet.Digest, 0, bits.Len(uint(t.width-1)))
	}
	start := 0
	for width := t.width; width > 1; width = (width + 1) / 2 {
		if s := i ^ 1; s < width {
			p.Siblings = append(p.Siblings, t.nodes[start+s])
		}
		start += width
		i /= 2
	}
	return p
}

// Path proves that a leaf is in a turn tree. Which levels have a sibling follows from Index and Width.
type Path struct {
	_        struct{}          `cbor:",toarray"`
	Index    uint32            // of the leaf
	Width    uint32            // leaves of the tree, 1…[MaxWidth]
	Siblings []vaultnet.Digest // bottom up, at most 16; not changed
}

// siblings is how many siblings the path of leaf index has on its lowest levels, so many of them.
func siblings(index, width uint32, levels int) int {
	n := 0
	for ; levels > 0 && width > 1; levels-- {
		if index^1 < width {
			n++
		}
		index, width = index/2, (width+1)/2
	}
	return n
}

// maxLevels is how many levels of siblings the widest tree has.
const maxLevels = 16

// shaped reports whether the path has as many siblings as its index and width call for.
func (p *Path) shaped() bool {
	return p.Index < p.Width && p.Width <= MaxWidth && len(p.Siblings) == siblings(p.Index, p.Width, maxLevels)
}

// Beside says what the paths of two leaves of one tree have in common: of the siblings of leaf index all but the lowest
// own, of q's all but the lowest others. It reports false where q is no path of a possible shape, or index is no leaf of
// its tree.
func (q *Path) Beside(index uint32) (own, others int, ok bool) {
	if index >= q.Width || !q.shaped() {
		return 0, 0, false
	}
	levels := bits.Len32(index ^ q.Index)
	return siblings(index, q.Width, levels), siblings(q.Index, q.Width, levels), true
}

// Root is the root of the tree in which leaf lies at the end of this path. It reports false where the shape is
// impossible: an index outside the width, a width outside its bounds, too few or too many siblings.
func (p *Path) Root(leaf vaultnet.Digest) (vaultnet.Digest, bool) {
	return p.climb(leaf, maxLevels, nil)
}

func hashLeaf(index, width uint32, leaf *vaultnet.Digest) vaultnet.Digest {
	var b [1 + 4 + 4 + 32]byte
	binary.BigEndian.PutUint32(b[1:], index)
	binary.BigEndian.PutUint32(b[5:], width)
	copy(b[9:], leaf[:])
	return sha256.Sum256(b[:])
}

func hashPair(left, right *vaultnet.Digest) vaultnet.Digest {
	var b [1 + 32 + 32]byte
	b[0] = 1
	copy(b[1:], left[:])
	copy(b[33:], right[:])
	return sha256.Sum256(b[:])
}
