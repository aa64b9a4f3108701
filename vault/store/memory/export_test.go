package memory

// Waiting is how many keys came since the last sort.
func (s *Store) Waiting() int { return len(s.added) }

// Sorted is how many keys the store has in order, those that are gone and those that it has twice included.
func (s *Store) Sorted() (n int) {
	for _, run := range s.runs {
		n += len(run)
	}
	return n
}

// Held is the value under key as the store has it.
func (s *Store) Held(key string) []byte { return s.records[key].value }
