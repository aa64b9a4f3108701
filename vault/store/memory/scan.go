package memory

import (
	"iter"
	"slices"

	"vaultnet"
	"vaultnet/vault/store"
)

// Scan implements store.Store. With a prefix that is an object's it costs as much as what it finds; with a shorter one all
// objects are looked at.
func (s *Store) Scan(prefix []byte) iter.Seq2[vaultnet.Write, error] {
	return func(yield func(vaultnet.Write, error) bool) {
		found, err := s.find(prefix)
		if err != nil {
			yield(vaultnet.Write{}, err)
			return
		}
		for i := range found {
			if !yield(found[i], nil) {
				return
			}
		}
	}
}

// find copies the records with prefix, so that the loop over them holds no lock.
func (s *Store) find(prefix []byte) (found []vaultnet.Write, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, store.ErrClosed
	}
	if stem, rest := split(prefix); len(stem) == stemSize {
		if f := s.families[string(stem)]; f != nil {
			found = f.appendCopies(nil, rest)
		}
		return found, nil
	}
	var stems []string
	records := 0
	for stem, f := range s.families { // in any order: they are sorted below
		if begins(stem, prefix) {
			stems = append(stems, stem)
			records += len(f.records)
		}
	}
	slices.Sort(stems)
	found = make([]vaultnet.Write, 0, records)
	for _, stem := range stems {
		found = s.families[stem].appendCopies(found, nil)
	}
	return found, nil
}
