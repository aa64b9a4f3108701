package memory

// Families is how many families there are.
func (s *Store) Families() int { return len(s.families) }

// Held is the value under key as the store has it.
func (s *Store) Held(key string) []byte {
	stem, rest := split([]byte(key))
	f := s.families[string(stem)]
	i, _ := f.find(rest)
	return f.records[i].value
}
