package memory

// Waiting is how many keys came since the last sort.
func (s *Store) Waiting() int { return len(s.added) }
