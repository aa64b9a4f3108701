package memory

import (
	"iter"
	"slices"
	"strings"

	"vaultnet"
	"vaultnet/vault/store"
)

// Scan implements store.Store. The first scan after new keys came sorts those.
func (s *Store) Scan(prefix []byte) iter.Seq2[vaultnet.Write, error] {
	return func(yield func(vaultnet.Write, error) bool) {
		found, err := s.find(string(prefix))
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
func (s *Store) find(prefix string) ([]vaultnet.Write, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, store.ErrClosed
	}
	s.sort()
	var found []vaultnet.Write
	i, _ := slices.BinarySearch(s.sorted, prefix)
	for _, key := range s.sorted[i:] {
		if !strings.HasPrefix(key, prefix) {
			break
		}
		if r := s.records[key]; r != nil {
			found = append(found, vaultnet.Write{Key: []byte(key), Value: r.value})
		}
	}
	return found, nil
}

// sort brings added into sorted and drops what is gone.
func (s *Store) sort() {
	if len(s.added) == 0 {
		return
	}
	slices.Sort(s.added)
	merged := make([]string, 0, len(s.records))
	take := func(key string) {
		if n := len(merged); n > 0 && merged[n-1] == key {
			return
		}
		if s.records[key] != nil {
			merged = append(merged, key)
		}
	}
	old, added := s.sorted, s.added
	for len(old) > 0 && len(added) > 0 {
		if old[0] <= added[0] {
			take(old[0])
			old = old[1:]
		} else {
			take(added[0])
			added = added[1:]
		}
	}
	for _, key := range old {
		take(key)
	}
	for _, key := range added {
		take(key)
	}
	s.sorted, s.added = merged, nil
}
