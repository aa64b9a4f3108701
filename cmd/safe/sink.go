package main

import (
	"errors"
	"os"
	"sync"
	"sync/atomic"
)

// sinkStep is after how many bytes the disk is told to begin.
const sinkStep = 32 << 20

// sink is a file that is written in one go. What it gets goes to the disk meanwhile, in steps of [sinkStep], so that little
// is left to wait for at the end.
type sink struct {
	file  *os.File
	since int         // bytes since the disk was told last
	busy  atomic.Bool // the disk is at it
	wait  sync.WaitGroup
	err   error // of the disk, meanwhile; read after wait
}

// Write implements [io.Writer].
func (s *sink) Write(b []byte) (int, error) {
	n, err := s.file.Write(b)
	if s.since += n; s.since >= sinkStep && s.busy.CompareAndSwap(false, true) {
		s.since = 0
		s.wait.Go(func() {
			if err := s.file.Sync(); err != nil {
				s.err = err
			}
			s.busy.Store(false)
		})
	}
	return n, err
}

// finish returns when everything is on the disk, and closes the file.
func (s *sink) finish() error {
	s.wait.Wait()
	return errors.Join(s.err, s.file.Sync(), s.file.Close())
}
