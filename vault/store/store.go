// Package store says what a vault needs of its disk: a [Store] of small records by key, and [Chunks] of immutable content
// by name. Implementations are vault/store/memory and vault/store/pebble; vault/store/storetest is the suite that each
// of them passes. What the keys mean is the core's business, except that those which begin with [Reserved] belong to the
// store layer.
//
// # What a crash leaves
//
// A batch is applied whole or not at all. A process that is killed loses nothing that it was told is applied or put: what
// is said here of a crash is of losing power. After a crash a Store holds the effect of the first batches applied to it, in
// order, up to one that is not earlier than the last with sync set: never a later batch without an earlier one. Chunks
// put with sync are there; of the others any may be missing. Records and chunks are independent of one another: a chunk
// that a record speaks of must be put, with sync, before. No part of a chunk is ever taken for the chunk: what power
// failing left of one put without sync is not there or a [*DamagedError], and putting it again mends it.
//
// So a vault that sends nothing before the batch that covers it is synced (design §4.11) is, after a restart, a vault
// whose unread inbox was lost.
//
// All methods are safe for concurrent use and may block on the disk.
package store

import (
	"errors"
	"iter"

	"vaultnet"
)

// Store keeps records by key. Keys are 1 byte to 8 KiB, values at most [vaultnet.MaxFrame] bytes.
type Store interface {
	// Apply makes the writes of batch, in order, all or none; of two on one key the later counts. With sync it returns
	// when this batch and every earlier one are durable. The store copies the keys and values handed over, which may
	// change afterwards, but for those that are given. An empty batch with sync only syncs. After an error that is not [ErrClosed] it is unknown how
	// much is durable, and the store is to be closed.
	Apply(batch []vaultnet.Write, sync bool) error

	// Get returns the value under key, not to be changed; nil where there is none. A value that is there and empty is
	// not nil.
	Get(key []byte) ([]byte, error)

	// Scan goes through the records whose keys begin with prefix, in key order, as they were when the loop began: what
	// is applied meanwhile does not show. An error comes last, with an empty record. Keys and values are not to be
	// changed and stay good after the loop.
	Scan(prefix []byte) iter.Seq2[vaultnet.Write, error]

	// Close syncs and lets go of everything. Closing twice is no error.
	Close() error
}

// Chunks keeps immutable content by its name, the SHA-256 of it. It trusts its caller to have checked the name, and
// content read to be checked again before it is believed (package immutabledata).
type Chunks interface {
	// PutChunk stores content, which is not changed afterwards; with sync it returns when the chunk is durable. A chunk
	// that is there already is left as it is, and made durable if sync says so.
	PutChunk(name vaultnet.Name, content []byte, sync bool) error

	// Chunk returns the content, not to be changed; nil where there is no such chunk. Empty content is not nil.
	Chunk(name vaultnet.Name) ([]byte, error)

	// DeleteChunk forgets the chunk, whether it is there or not. A crash soon after may bring it back.
	DeleteChunk(name vaultnet.Name) error

	// ChunkNames goes through the names of all chunks, in order, as they were when the loop began. An error comes last,
	// with the zero name.
	ChunkNames() iter.Seq2[vaultnet.Name, error]
}

// ErrClosed is what every method but Close returns after Close.
var ErrClosed = errors.New("store: closed")
