package memory

import "vaultnet"

// Unsynced is how many batches and chunks a crash could take: those applied or put since the last sync; none unless the
// store was made by [NewCrashing].
func (s *Store) Unsynced() (batches, chunks int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.journal), len(s.chunkJournal)
}

// Crash leaves what a crash may leave: all that was synced, the first batches of those that were not, and the first
// chunks of those that were not; all where there are fewer. What is left counts as synced, and the store is usable, as
// after being opened again.
func (s *Store) Crash(batches, chunks int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = false
	for i := len(s.journal) - 1; i >= max(batches, 0); i-- {
		for j := len(s.journal[i]) - 1; j >= 0; j-- {
			u := s.journal[i][j]
			s.set(&vaultnet.Write{Key: []byte(u.key), Value: u.before, Given: true}, false)
		}
	}
	for i := len(s.chunkJournal) - 1; i >= max(chunks, 0); i-- {
		s.drop(s.chunkJournal[i])
	}
	s.journal, s.chunkJournal = nil, nil
}
