package merkle

import (
	"crypto/sha256"
	"encoding/binary"

	"vaultnet"
)

// MaxWidth is how many leaves a turn tree may have; a wider one makes paths that nobody accepts.
const MaxWidth = 65536

// Tree is the Merkle tree over what is stated in one turn. An odd node at the end of a level is promoted to the next as
// it is, not doubled. The tree of no leaves has the zero root.
type Tree struct {
	width  int
	levels [][]vaultnet.Digest // hashed leaves first, the root's level last
}

// NewTree builds the tree over leaves, of which it keeps no reference. Each leaf is hashed with its index and the width
// of the tree, so a root commits to the order and number of leaves, and there is one path to each.
func NewTree(leaves []vaultnet.Digest) *Tree {
	t := &Tree{width: len(leaves)}
	if len(leaves) == 0 {
		return t
	}
	level := make([]vaultnet.Digest, 0, len(leaves))
	for i := range leaves {
		level = append(level, hashLeaf(uint32(i), uint32(len(leaves)), &leaves[i]))
	}
	t.levels = append(t.levels, level)
	for len(level) > 1 {
		next := make([]vaultnet.Digest, 0, (len(level)+1)/2)
		for i := 0; i+1 < len(level); i += 2 {
			next = append(next, hashPair(&level[i], &level[i+1]))
		}
		if len(level)%2 == 1 {
			next = append(next, level[len(level)-1])
		}
		level = next
		t.levels = append(t.levels, level)
	}
	return t
}

// Root is what is signed; zero for no leaves.
func (t *Tree) Root() vaultnet.Digest {
	if t.width == 0 {
		return vaultnet.Digest{}
	}
	return t.levels[len(t.levels)-1][0]
}

// Path leads from leaf i to the root. There is none (a path of width 0, which leads nowhere) where there is no leaf i.
func (t *Tree) Path(i int) Path {
	if i < 0 || i >= t.width {
		return Path{}
	}
	p := Path{Index: uint32(i), Width: uint32(t.width)}
	if n := len(t.levels) - 1; n > 0 {
		p.Siblings = make([]vaultnet.Digest, 0, n)
	}
	for _, level := range t.levels[:len(t.levels)-1] {
		if s := i ^ 1; s < len(level) {
			p.Siblings = append(p.Siblings, level[s])
		}
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

// Root is the root of the tree in which leaf lies at the end of this path. It reports false where the shape is
// impossible: an index outside the width, a width outside its bounds, too few or too many siblings.
func (p *Path) Root(leaf vaultnet.Digest) (vaultnet.Digest, bool) {
	if p.Index >= p.Width || p.Width > MaxWidth {
		return vaultnet.Digest{}, false
	}
	node := hashLeaf(p.Index, p.Width, &leaf)
	used := 0
	for i, width := p.Index, p.Width; width > 1; i, width = i/2, (width+1)/2 {
		if i^1 >= width {
			continue // promoted
		}
		if used == len(p.Siblings) {
			return vaultnet.Digest{}, false
		}
		if i%2 == 0 {
			node = hashPair(&node, &p.Siblings[used])
		} else {
			node = hashPair(&p.Siblings[used], &node)
		}
		used++
	}
	if used != len(p.Siblings) {
		return vaultnet.Digest{}, false
	}
	return node, true
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
