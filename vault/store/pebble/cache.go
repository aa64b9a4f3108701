package pebble

import "github.com/cockroachdb/pebble/v2"

// DefaultCache is the size of a cache in bytes where none is given.
const DefaultCache = 16 << 20

// openFiles is how many files of records the stores of a cache keep open together.
const openFiles = 512

// Cache holds blocks that stores have read, and their open files. One serves every store of a process. Safe for
// concurrent use.
type Cache struct {
	blocks *pebble.Cache
	files  *pebble.FileCache
}

// NewCache returns a cache of so many bytes; 0: [DefaultCache].
func NewCache(bytes int64) *Cache {
	if bytes <= 0 {
		bytes = DefaultCache
	}
	return &Cache{pebble.NewCache(bytes), pebble.NewFileCache(1, openFiles)}
}

// Close lets go of the cache once the stores opened with it are closed, which may be later.
func (c *Cache) Close() {
	c.files.Unref()
	c.blocks.Unref()
}
