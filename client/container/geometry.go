package container

import "vaultnet"

const (
	// MaxChunk is the greatest content of a chunk before it is sealed, in bytes.
	MaxChunk = vaultnet.MaxSize - 40
	minChunk = 64
	maxRoots = 32   // names of chunks in a record
	maxFan   = 1024 // names in a chunk of names
	nameSize = 32
)

// geometry is the shape of the tree of chunks that holds a file's content. Level 0 are chunks of the content itself, all of
// one size; a chunk of a higher level lists the names of fan() chunks of the level below; the record lists those of the
// highest, at most maxRoots.
type geometry struct{ chunk int }

func (g geometry) fan() int64 { return int64(min(maxFan, g.chunk/nameSize)) }

// count is how many chunks of a level hold a content of so many bytes.
func (g geometry) count(size int64, level int) int64 {
	n := size / int64(g.chunk)
	if size%int64(g.chunk) > 0 {
		n++
	}
	for range level {
		n = (n + g.fan() - 1) / g.fan()
	}
	return n
}

// depth is the highest level.
func (g geometry) depth(size int64) int {
	level := 0
	for g.count(size, level) > maxRoots {
		level++
	}
	return level
}
