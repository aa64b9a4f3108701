package pebble

import (
	"bytes"
	"errors"
	"iter"

	"github.com/cockroachdb/pebble/v2"

	"vaultnet"
	"vaultnet/vault/store"
)

// Apply implements store.Store. Without sync it returns when the batch is with the operating system: a process that is
// killed loses nothing.
func (s *Store) Apply(batch []vaultnet.Write, sync bool) error {
	if err := s.begin(); err != nil {
		return err
	}
	defer s.end()
	if s.readOnly {
		return store.ErrReadOnly
	}
	return s.write(batch, sync)
}

func (s *Store) write(writes []vaultnet.Write, sync bool) error {
	if err := s.disk.failure(); err != nil {
		return err
	}
	if len(writes) == 0 && !sync {
		return nil
	}
	size := 0
	for i := range writes {
		size += len(writes[i].Key) + len(writes[i].Value) + 16
	}
	b := s.db.NewBatchWithSize(size)
	defer b.Close()
	for i := range writes {
		var err error
		if w := &writes[i]; w.Value == nil {
			err = b.Delete(w.Key, nil)
		} else {
			err = b.Set(w.Key, w.Value, nil)
		}
		if err != nil {
			return s.wrap(err)
		}
	}
	if len(writes) == 0 {
		if err := b.LogData(nil, nil); err != nil { // an empty batch would not be written, nor synced
			return s.wrap(err)
		}
	}
	if sync {
		s.disk.syncs.Add(1)
		defer s.disk.syncs.Add(-1)
	}
	if err := b.Commit(pebble.Sync); err != nil { // see disk
		return s.wrap(err)
	}
	return s.disk.failure()
}

// Get implements store.Store.
func (s *Store) Get(key []byte) ([]byte, error) {
	if err := s.begin(); err != nil {
		return nil, err
	}
	defer s.end()
	if err := s.disk.failure(); err != nil {
		return nil, err
	}
	v, closer, err := s.db.Get(key)
	switch {
	case errors.Is(err, pebble.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, s.wrap(err)
	}
	value := append([]byte{}, v...)
	return value, s.wrap(closer.Close())
}

// Scan implements store.Store.
func (s *Store) Scan(prefix []byte) iter.Seq2[vaultnet.Write, error] {
	return func(yield func(vaultnet.Write, error) bool) {
		if err := s.begin(); err != nil {
			yield(vaultnet.Write{}, err)
			return
		}
		defer s.end()
		err := s.disk.failure()
		if err == nil {
			var going bool
			if going, err = s.scan(prefix, yield); !going {
				return
			}
		}
		if err != nil {
			yield(vaultnet.Write{}, err)
		}
	}
}

// scan goes through the records with prefix; false: the loop was left.
func (s *Store) scan(prefix []byte, yield func(vaultnet.Write, error) bool) (going bool, err error) {
	options := &pebble.IterOptions{UpperBound: after(prefix)}
	if len(prefix) > 0 {
		options.LowerBound = prefix
	}
	it, err := s.db.NewIter(options)
	if err != nil {
		return true, s.wrap(err)
	}
	defer func() {
		if e := it.Close(); err == nil {
			err = s.wrap(e)
		}
	}()
	for ok := it.First(); ok; ok = it.Next() {
		value, err := it.ValueAndErr()
		if err != nil {
			return true, s.wrap(err)
		}
		if !yield(vaultnet.Write{Key: bytes.Clone(it.Key()), Value: append([]byte{}, value...)}, nil) {
			return false, nil
		}
	}
	return true, s.wrap(it.Error())
}

// after is the first key behind all that begin with prefix; nil: there is none.
func after(prefix []byte) []byte {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] < 0xff {
			next := bytes.Clone(prefix[:i+1])
			next[i]++
			return next
		}
	}
	return nil
}
