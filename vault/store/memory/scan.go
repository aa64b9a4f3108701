package memory

import (
	"iter"
	"slices"
	"sort"
	"strings"

	"vaultnet"
	"vaultnet/vault/store"
)

// Scan implements store.Store. The first scan after new keys came sorts those. It costs as much as what it finds, and a
// little more the more records there are.
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
	var keys []string
	for _, run := range s.runs {
		i, _ := slices.BinarySearch(run, prefix)
		n := sort.Search(len(run)-i, func(k int) bool { return !strings.HasPrefix(run[i+k], prefix) })
		keys = append(keys, run[i:i+n]...)
	}
	slices.Sort(keys)
	var found []vaultnet.Write
	for _, key := range slices.Compact(keys) {
		if r := s.records[key]; r != nil {
			found = append(found, vaultnet.Write{Key: []byte(key), Value: append(make([]byte, 0, len(r.value)), r.value...)})
		}
	}
	return found, nil
}

// sort makes a run of added, together with the runs before it that are not twice as long: so a key is moved as often as
// the number of records doubles. When more keys are gone than are there, all runs become one.
func (s *Store) sort() {
	if len(s.added) == 0 {
		return
	}
	slices.Sort(s.added)
	run := s.living(slices.Compact(s.added))
	s.added = nil
	total := 0
	for _, r := range s.runs {
		total += len(r)
	}
	for n := len(s.runs) - 1; n >= 0 && (len(s.runs[n]) < 2*len(run) || total+len(run) > 1024+2*len(s.records)); n-- {
		run = s.living(merge(s.runs[n], run))
		s.runs[n], s.runs = nil, s.runs[:n]
	}
	if len(run) > 0 {
		s.runs = append(s.runs, run)
	}
}

// living drops the keys that are gone from a run.
func (s *Store) living(run []string) []string {
	return slices.DeleteFunc(run, func(key string) bool { return s.records[key] == nil })
}

// merge makes one run of two.
func merge(a, b []string) []string {
	both := make([]string, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		switch strings.Compare(a[0], b[0]) {
		case 0:
			a = a[1:]
		case -1:
			both, a = append(both, a[0]), a[1:]
		default:
			both, b = append(both, b[0]), b[1:]
		}
	}
	return append(append(both, a...), b...)
}
