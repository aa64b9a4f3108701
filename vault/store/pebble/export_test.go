package pebble

import "github.com/cockroachdb/pebble/v2/vfs"

// On opens a store on another file system than the operating system's.
func On(disk vfs.FS, folder string, cfg Config) (*Store, error) {
	cfg.fs = disk
	return Open(folder, cfg)
}

var (
	EncodeChunk = encodeChunk
	DecodeChunk = decodeChunk

	CheckManifest = checkManifest
)

// MaxUnsynced is how many chunks wait to be synced.
const MaxUnsynced = maxUnsynced

// Unsynced is how many do.
func (s *Store) Unsynced() int {
	s.chunks.mu.Lock()
	defer s.chunks.mu.Unlock()
	return len(s.chunks.unsynced)
}
