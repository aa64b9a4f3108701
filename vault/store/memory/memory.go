// Package memory is a vault's store in memory: for networks in one process, whose vaults need not survive it, and for
// the simulator, which makes it crash.
//
//	shelf := memory.NewShelf() // chunk bytes shared by every store of the process
//	s := memory.New(shelf)
//
//	s := memory.NewCrashing(shelf)
//	s.Apply(batch, false)
//	s.Crash(0, 0) // as after a power failure: nothing unsynced is left
//
// [Store] implements store.Store and store.Chunks and is safe for concurrent use. It is not a cache: it holds everything
// until it is deleted or let go of. Iteration is in key order, so what runs on it is deterministic.
package memory

import (
	"slices"
	"strings"
	"sync"

	"vaultnet"
	"vaultnet/vault/store"
)

// Store is a store in memory.
type Store struct {
	mu       sync.Mutex
	closed   bool
	crashing bool               // unsynced batches and chunks are journalled until the next sync
	families map[string]*family // by what their keys begin with
	n        int                // records
	journal  [][]undo           // what unsynced batches replaced, batch by batch
	spare    [][]byte           // of records that are gone, for others; at most maxSpare
	letters  strings.Builder    // of keys

	shelf        *Shelf
	chunks       map[vaultnet.Name][]byte
	chunkJournal []vaultnet.Name // chunks put and not synced, in order
}

// undo is what a write replaced: the value before, nil for none.
type undo struct {
	key    string
	before []byte
}

// New returns an empty store that keeps its chunks' bytes on shelf; nil stands for a shelf of its own. All it is given
// counts as synced: a crash of the process is the only one.
func New(shelf *Shelf) *Store {
	if shelf == nil {
		shelf = NewShelf()
	}
	return &Store{families: make(map[string]*family), shelf: shelf, chunks: make(map[vaultnet.Name][]byte)}
}

// NewCrashing returns an empty store like [New] that also remembers, until the next sync, what was not synced, so that
// [Store.Crash] can take it back.
func NewCrashing(shelf *Shelf) *Store {
	s := New(shelf)
	s.crashing = true
	return s
}

// Apply implements store.Store. It fails only after Close.
func (s *Store) Apply(batch []vaultnet.Write, sync bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return store.ErrClosed
	}
	var before []undo
	journal := s.crashing && !sync && len(batch) > 0
	if journal {
		before = make([]undo, 0, len(batch))
	}
	for i := range batch {
		replaced := s.set(&batch[i], !journal)
		if journal {
			before = append(before, undo{string(batch[i].Key), replaced})
		}
	}
	if journal {
		s.journal = append(s.journal, before)
	} else if sync {
		s.journal = nil
	}
	return nil
}

// set makes a write. It returns what was there before, nil for nothing. With reuse, that is not needed any more.
func (s *Store) set(w *vaultnet.Write, reuse bool) []byte {
	stem, rest := split(w.Key)
	f := s.families[string(stem)]
	if f == nil {
		if w.Value == nil {
			return nil
		}
		f = &family{stem: s.lasting(stem)}
		s.families[f.stem] = f
	}
	i, found := f.find(rest)
	switch {
	case !found && w.Value == nil:
		return nil
	case !found:
		f.records = slices.Insert(f.records, i, record{s.lasting(rest), s.owned(nil, w)})
		s.n++
		return nil
	case w.Value == nil:
		before := f.records[i].value
		f.records = slices.Delete(f.records, i, i+1)
		if s.n--; len(f.records) == 0 {
			delete(s.families, f.stem)
		}
		if reuse {
			s.spared(before)
		}
		return before
	}
	before := f.records[i].value
	if reuse {
		f.records[i].value = s.owned(before, w)
	} else {
		f.records[i].value = s.owned(nil, w)
	}
	return before
}

// spared keeps the memory of a value that is gone for others.
func (s *Store) spared(value []byte) {
	if cap(value) > spareMost {
		return
	}
	if len(s.spare) == maxSpare {
		s.spare = slices.Delete(s.spare, 0, maxSpare/2)
	}
	s.spare = append(s.spare, value)
}

// lettersAtOnce is how many bytes of keys are made at a time: they are free again when all of these keys are gone.
const lettersAtOnce = 1 << 10

// lasting is a part of a key that lasts, in room that keys share.
func (s *Store) lasting(key []byte) string {
	if s.letters.Cap()-s.letters.Len() < len(key) {
		s.letters.Reset()
		s.letters.Grow(max(lettersAtOnce, len(key)))
	}
	start := s.letters.Len()
	s.letters.Write(key)
	return s.letters.String()[start:]
}

// What is kept of values that are gone: a vault's records of votes come and go with every block.
const (
	maxSpare    = 64
	spareMost   = 16 << 10 // bytes of each
	spareLooked = 8        // how many are looked at
)

// roomy reports whether memory is enough for n bytes, and not far too much.
func roomy(b []byte, n int) bool { return cap(b) >= n && cap(b) <= 256+2*n }

// owned is the value of a write in memory of the store's own: that which it is in where it was given away, that of the value
// before or of one that is gone where these are roomy enough, or new.
func (s *Store) owned(before []byte, w *vaultnet.Write) []byte {
	if w.Given && roomy(w.Value, len(w.Value)) {
		return w.Value
	}
	n := len(w.Value)
	last := len(s.spare) - 1
	for i := last; i >= max(0, last-spareLooked) && !roomy(before, n); i-- {
		if roomy(s.spare[i], n) {
			before, s.spare[i], s.spare = s.spare[i], s.spare[last], s.spare[:last]
		}
	}
	if !roomy(before, n) || before == nil {
		before = make([]byte, 0, n)
	}
	return append(before[:0], w.Value...)
}

// Get implements store.Store.
func (s *Store) Get(key []byte) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, store.ErrClosed
	}
	stem, rest := split(key)
	if f := s.families[string(stem)]; f != nil {
		if i, found := f.find(rest); found {
			value := f.records[i].value
			return append(make([]byte, 0, len(value)), value...), nil
		}
	}
	return nil, nil
}

// Close implements store.Store. What it holds is kept for [Store.Reopen].
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.journal, s.chunkJournal = nil, nil
	return nil
}

// Reopen makes a closed store usable again, with all it held: what opening the same directory is to a store on disk.
func (s *Store) Reopen() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = false
}

// Len is the number of records.
func (s *Store) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.n
}

var (
	_ store.Store  = (*Store)(nil)
	_ store.Chunks = (*Store)(nil)
)
