package merkle_test

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"testing"

	"vaultnet"
	"vaultnet/internal/merkle"
)

func leaves(n int) []vaultnet.Digest {
	all := make([]vaultnet.Digest, n)
	for i := range all {
		all[i] = sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(i)))
	}
	return all
}

// naiveRoot builds the tree as its definition reads.
func naiveRoot(all []vaultnet.Digest) vaultnet.Digest {
	if len(all) == 0 {
		return vaultnet.Digest{}
	}
	var level [][]byte
	for i, l := range all {
		b := binary.BigEndian.AppendUint32([]byte{0}, uint32(i))
		b = binary.BigEndian.AppendUint32(b, uint32(len(all)))
		h := sha256.Sum256(append(b, l[:]...))
		level = append(level, h[:])
	}
	for len(level) > 1 {
		var next [][]byte
		for len(level) >= 2 {
			h := sha256.Sum256(slices.Concat([]byte{1}, level[0], level[1]))
			next, level = append(next, h[:]), level[2:]
		}
		level = append(next, level...)
	}
	return vaultnet.Digest(level[0])
}

func TestEveryLeafHasAPath(t *testing.T) {
	for n := 0; n <= 70; n++ {
		all := leaves(n)
		tree := merkle.NewTree(all)
		if tree.Root() != naiveRoot(all) {
			t.Fatalf("%d leaves: root differs from the definition", n)
		}
		for i := range all {
			p := tree.Path(i)
			if root, ok := p.Root(all[i]); !ok || root != tree.Root() {
				t.Fatalf("leaf %d of %d: path leads elsewhere", i, n)
			}
			for j := range all {
				if root, ok := p.Root(all[j]); j != i && ok && root == tree.Root() {
					t.Fatalf("leaf %d of %d passes with the path of %d", j, n, i)
				}
			}
		}
		for _, i := range []int{-1, n, n + 1} {
			p := tree.Path(i)
			if _, ok := p.Root(vaultnet.Digest{}); ok {
				t.Fatalf("path of leaf %d of %d leads somewhere", i, n)
			}
		}
	}
}

func TestTheEmptyTreeHasTheZeroRoot(t *testing.T) {
	if !merkle.NewTree(nil).Root().IsZero() {
		t.Fatal("root of no leaves is not zero")
	}
}

func TestAPathHasOneShape(t *testing.T) {
	all := leaves(11)
	tree := merkle.NewTree(all)
	for i := range all {
		good := tree.Path(i)
		bad := map[string]merkle.Path{
			"one sibling more":  {Index: good.Index, Width: good.Width, Siblings: append(slices.Clone(good.Siblings), all[0])},
			"one sibling less":  {Index: good.Index, Width: good.Width, Siblings: good.Siblings[:len(good.Siblings)-1]},
			"index at width":    {Index: good.Width, Width: good.Width, Siblings: good.Siblings},
			"no width":          {Index: 0, Width: 0, Siblings: good.Siblings},
			"too wide":          {Index: good.Index, Width: merkle.MaxWidth + 1, Siblings: good.Siblings},
			"greatest of all":   {Index: 1<<32 - 2, Width: 1<<32 - 1, Siblings: good.Siblings},
			"nothing at all":    {},
			"siblings for none": {Index: 0, Width: 1, Siblings: good.Siblings},
		}
		for name, p := range bad {
			if _, ok := p.Root(all[i]); ok {
				t.Errorf("leaf %d: %s: shape accepted", i, name)
			}
		}
		for index := range uint32(24) {
			for width := uint32(1); width < 24; width++ {
				p := merkle.Path{Index: index, Width: width, Siblings: good.Siblings}
				if root, ok := p.Root(all[i]); ok && root == tree.Root() && (index != good.Index || width != good.Width) {
					t.Errorf("leaf %d of 11 also passes as %d of %d", i, index, width)
				}
			}
		}
	}
}

func TestANodeIsNoLeaf(t *testing.T) {
	all := leaves(4)
	tree := merkle.NewTree(all)
	// The right half of the path of leaf 0 is a node over leaves 2 and 3: offered as a leaf of a smaller tree.
	inner := tree.Path(0).Siblings[1]
	p := merkle.Path{Index: 1, Width: 2, Siblings: []vaultnet.Digest{tree.Path(2).Siblings[1]}}
	if root, ok := p.Root(inner); ok && root == tree.Root() {
		t.Fatal("an inner node posed as a leaf")
	}
}

func TestTheWidestTree(t *testing.T) {
	all := leaves(merkle.MaxWidth)
	tree := merkle.NewTree(all)
	for _, i := range []int{0, 1, 40000, merkle.MaxWidth - 1} {
		p := tree.Path(i)
		if len(p.Siblings) != 16 {
			t.Fatalf("leaf %d: %d siblings, want 16", i, len(p.Siblings))
		}
		if root, ok := p.Root(all[i]); !ok || root != tree.Root() {
			t.Fatalf("leaf %d: path leads elsewhere", i)
		}
	}
	wide := merkle.NewTree(leaves(merkle.MaxWidth + 1)).Path(0)
	if _, ok := wide.Root(all[0]); ok {
		t.Fatal("a wider tree's path is accepted")
	}
}

func FuzzPath(f *testing.F) {
	f.Add(uint32(3), uint32(7), uint8(3), []byte("x"))
	f.Add(uint32(0), uint32(1), uint8(0), []byte{})
	f.Fuzz(func(t *testing.T, index, width uint32, siblings uint8, seed []byte) {
		p := merkle.Path{Index: index, Width: width}
		for i := range int(siblings) {
			p.Siblings = append(p.Siblings, sha256.Sum256(append(seed, byte(i))))
		}
		leaf := vaultnet.Digest(sha256.Sum256(seed))
		root, ok := p.Root(leaf)
		if !ok {
			if !root.IsZero() {
				t.Fatal("a refused path has a root")
			}
			return
		}
		if index >= width || width > merkle.MaxWidth || siblings > 16 {
			t.Fatal("impossible shape accepted")
		}
		other := leaf
		other[0] ^= 1
		if r, _ := p.Root(other); r == root {
			t.Fatal("two leaves, one root")
		}
	})
}

func BenchmarkTree(b *testing.B) {
	for _, n := range []int{1, 8, 64, 1024} {
		b.Run(sizeName(n), func(b *testing.B) {
			all := leaves(n)
			b.ReportAllocs()
			for b.Loop() {
				tree := merkle.NewTree(all)
				for i := range all {
					tree.Path(i)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/leaf")
		})
	}
}

func BenchmarkPathRoot(b *testing.B) {
	for _, n := range []int{1, 8, 64, 1024} {
		b.Run(sizeName(n), func(b *testing.B) {
			all := leaves(n)
			p := merkle.NewTree(all).Path(n / 2)
			b.ReportAllocs()
			for b.Loop() {
				p.Root(all[n/2])
			}
		})
	}
}

// TestTreeInTheRoomOfAnother: a tree that is built again is as one that is new, also where it becomes narrower, or empty.
func TestTreeInTheRoomOfAnother(t *testing.T) {
	leaves := make([]vaultnet.Digest, 70)
	for i := range leaves {
		leaves[i][0] = byte(i + 1)
	}
	var again merkle.Tree
	for _, n := range []int{3, 70, 1, 0, 64, 2, 33, 5} {
		again.Build(leaves[:n])
		fresh := merkle.NewTree(leaves[:n])
		if again.Root() != fresh.Root() {
			t.Errorf("another root over %d leaves", n)
		}
		for i := range n {
			p := again.Path(i)
			if root, ok := p.Root(leaves[i]); !ok || root != fresh.Root() {
				t.Errorf("path %d of %d leads elsewhere", i, n)
			}
		}
	}
}
