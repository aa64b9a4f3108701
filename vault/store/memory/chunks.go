package memory

import (
	"bytes"
	"iter"
	"slices"
	"sync"

	"vaultnet"
	"vaultnet/vault/store"
)

// Shelf holds the bytes of chunks for the stores of one process, once for all that hold the chunk. Safe for concurrent
// use.
type Shelf struct {
	mu    sync.Mutex
	items map[vaultnet.Name]*item
}

type item struct {
	content []byte
	holders int
}

// NewShelf returns an empty shelf.
func NewShelf() *Shelf { return &Shelf{items: make(map[vaultnet.Name]*item)} }

// Len is the number of chunks that some store holds.
func (f *Shelf) Len() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.items)
}

// hold counts one holder more and returns the bytes to keep. Content that differs from what is on the shelf under this
// name, as a store told lies would bring, is not shared.
func (f *Shelf) hold(name vaultnet.Name, content []byte) []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	it := f.items[name]
	if it == nil {
		it = &item{content: content}
		f.items[name] = it
	}
	it.holders++
	if len(content) != len(it.content) || len(content) > 0 && &content[0] != &it.content[0] && !bytes.Equal(content, it.content) {
		return content
	}
	return it.content
}

func (f *Shelf) release(name vaultnet.Name) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if it := f.items[name]; it != nil {
		if it.holders--; it.holders == 0 {
			delete(f.items, name)
		}
	}
}

// PutChunk implements store.Chunks. It fails only after Close.
func (s *Store) PutChunk(name vaultnet.Name, content []byte, sync bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return store.ErrClosed
	}
	if _, ok := s.chunks[name]; !ok {
		if content == nil {
			content = []byte{}
		}
		s.chunks[name] = s.shelf.hold(name, content)
		if s.crashing && !sync {
			s.chunkJournal = append(s.chunkJournal, name)
		}
	} else if sync {
		s.synced(name)
	}
	return nil
}

// synced takes a chunk out of the journal.
func (s *Store) synced(name vaultnet.Name) {
	s.chunkJournal = slices.DeleteFunc(s.chunkJournal, func(n vaultnet.Name) bool { return n == name })
}

// Chunk implements store.Chunks.
func (s *Store) Chunk(name vaultnet.Name) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, store.ErrClosed
	}
	return s.chunks[name], nil
}

// DeleteChunk implements store.Chunks.
func (s *Store) DeleteChunk(name vaultnet.Name) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return store.ErrClosed
	}
	s.drop(name)
	s.synced(name)
	return nil
}

func (s *Store) drop(name vaultnet.Name) {
	if _, ok := s.chunks[name]; ok {
		delete(s.chunks, name)
		s.shelf.release(name)
	}
}

// ChunkNames implements store.Chunks.
func (s *Store) ChunkNames() iter.Seq2[vaultnet.Name, error] {
	return func(yield func(vaultnet.Name, error) bool) {
		names, err := s.names()
		if err != nil {
			yield(vaultnet.Name{}, err)
			return
		}
		for _, n := range names {
			if !yield(n, nil) {
				return
			}
		}
	}
}

func (s *Store) names() ([]vaultnet.Name, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, store.ErrClosed
	}
	names := make([]vaultnet.Name, 0, len(s.chunks))
	for n := range s.chunks { // in any order, sorted below
		names = append(names, n)
	}
	slices.SortFunc(names, func(a, b vaultnet.Name) int { return bytes.Compare(a[:], b[:]) })
	return names, nil
}
