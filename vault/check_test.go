package vault

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"vaultnet"
	"vaultnet/client/op"
	"vaultnet/vault/store"
	"vaultnet/vault/store/memory"
)

// checked checks a store and returns all that was told.
func checked(t *testing.T, s Store, h *house) (Report, []Checked) {
	t.Helper()
	var all []Checked
	r, err := Check(t.Context(), s, h.Key(), h.cfg.Parameters, func(c Checked) { all = append(all, c) })
	if err != nil {
		t.Fatal(err)
	}
	return r, all
}

// copied is a store with the same records and chunks.
func copied(t *testing.T, s *memory.Store) *memory.Store {
	t.Helper()
	c := memory.New(nil)
	for r, err := range s.Scan(nil) {
		if err != nil {
			t.Fatal(err)
		}
		c.Apply([]vaultnet.Write{{Key: bytes.Clone(r.Key), Value: bytes.Clone(r.Value)}}, true)
	}
	for name, err := range s.ChunkNames() {
		if err != nil {
			t.Fatal(err)
		}
		content, _ := s.Chunk(name)
		c.PutChunk(name, content, true)
	}
	return c
}

func TestChecking(t *testing.T) {
	w := newTown(t, 4, nil)
	w.settle()
	alice := w.citizen("Alice")
	alice.account()
	for i := range 3 {
		alice.put(addressOf(fmt.Sprint(i)))
		alice.insert(addressOf(fmt.Sprint(i)), "k", "v")
	}
	chunk := alice.must(op.PutChunk{As: alice.signer, Account: alice.signer.Public(), Content: []byte("content")}).Result.(vaultnet.Name)
	eventually(t, "all hold the same", w.agree)
	eventually(t, "all hold the chunk", func() bool {
		return !slices.ContainsFunc(w.houses, func(h *house) bool { s, err := h.Status(); return err != nil || s.Chunks != 1 })
	})
	var first []Checked
	for i, h := range w.houses {
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
		r, all := checked(t, h.store, h)
		if r.Objects != 4 || r.Chunks != 1 || r.Damaged != 0 || r.Orphans != 0 || !r.Clean || r.Sync || r.Bytes == 0 {
			t.Errorf("vault %d: %+v", i, r)
		}
		for j, c := range all {
			if c.Err != nil || c.Address.Kind != vaultnet.KindImmutableData && (!c.Member || c.Members != 4) {
				t.Errorf("%+v", c)
			}
			all[j].Open = false
		}
		if first == nil {
			first = all
		} else if !slices.Equal(all, first) {
			t.Errorf("vault %d holds %+v, vault 0 %+v", i, all, first)
		}
	}
	h := w.houses[0]
	broken := func(name string, damaged int, change func(s *memory.Store)) {
		t.Run(name, func(t *testing.T) {
			s := copied(t, h.store)
			change(s)
			r, all := checked(t, s, h)
			if r.Damaged != damaged {
				t.Errorf("%d damaged, want %d: %+v", r.Damaged, damaged, all)
			}
			for _, c := range all {
				if c.Err != nil {
					t.Logf("%v: %v", c.Address, c.Err)
				}
			}
		})
	}
	records := slices.Collect(func(yield func(vaultnet.Write) bool) {
		for r, err := range h.store.Scan([]byte("o")) {
			if err != nil || !yield(r) {
				return
			}
		}
	})
	// Every bit of every record of a decided state counts: a few of each.
	for i, r := range records {
		for _, at := range []int{0, len(r.Value) / 2, len(r.Value) - 1} {
			if len(r.Value) == 0 {
				continue
			}
			s := copied(t, h.store)
			value := bytes.Clone(r.Value)
			value[at] ^= 1
			s.Apply([]vaultnet.Write{{Key: r.Key, Value: value}}, true)
			if got, all := checked(t, s, h); got.Damaged != 1 {
				t.Errorf("record %d %q, byte %d of %d changed: %d damaged: %+v", i, r.Key[42:], at, len(value), got.Damaged, all)
			}
		}
	}
	for i, r := range records {
		s := copied(t, h.store)
		s.Apply([]vaultnet.Write{{Key: r.Key}}, true)
		if got, all := checked(t, s, h); got.Damaged != 1 {
			t.Errorf("record %d %q is missing: %d damaged: %+v", i, r.Key[42:], got.Damaged, all)
		}
	}
	broken("a chunk is missing", 1, func(s *memory.Store) { s.DeleteChunk(chunk) })
	broken("a chunk is another", 1, func(s *memory.Store) {
		s.DeleteChunk(chunk)
		s.PutChunk(chunk, []byte("another"), true)
	})
	broken("a record that means nothing", 1, func(s *memory.Store) {
		s.Apply([]vaultnet.Write{{Key: []byte("?"), Value: []byte("?")}}, true)
	})
	broken("a chunk that nobody speaks of", 0, func(s *memory.Store) { s.PutChunk(vaultnet.Name{1}, []byte("orphan"), true) })

	if _, err := Check(t.Context(), h.store, w.houses[1].Key(), h.cfg.Parameters, nil); !errors.As(err, new(*ForeignStoreError)) {
		t.Error(err)
	}
	other := h.cfg.Parameters
	other.Name = "other"
	if _, err := Check(t.Context(), h.store, h.Key(), other, nil); err == nil || !strings.Contains(err.Error(), "network") {
		t.Error(err)
	}
	if _, err := Check(t.Context(), readOnly{memory.New(nil)}, h.Key(), other, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// readOnly is a store that was opened for reading.
type readOnly struct{ *memory.Store }

func (readOnly) Apply([]vaultnet.Write, bool) error { return store.ErrReadOnly }
