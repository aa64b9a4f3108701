// Package storetest is the suite that every implementation of store.Store and store.Chunks passes:
//
//	func TestStore(t *testing.T) { storetest.Test(t, func(t *testing.T) storetest.Disk { … }) }
//
// What an implementation does in a crash is for its own tests; here stores are closed and opened again.
package storetest

import (
	"testing"

	"vaultnet/vault/store"
)

// Implementation is what a vault is given: records and chunks in one.
type Implementation interface {
	store.Store
	store.Chunks
}

// Disk is a place that holds one store.
type Disk interface {
	// Open opens the store that is there, an empty one at first. It is called again only after Close.
	Open() (Implementation, error)
}

// Test runs the suite. New returns an empty disk, and is called once per test.
func Test(t *testing.T, New func(t *testing.T) Disk) {
	for _, c := range []struct {
		name string
		run  func(*testing.T, *opened)
	}{
		{"a value is what was last written", lastWriteCounts},
		{"nil deletes and empty stays", nilDeletes},
		{"a batch works in order", batchInOrder},
		{"a scan is in key order", scanInOrder},
		{"a scan shows one moment", scanOneMoment},
		{"a scan stops when told to", scanStops},
		{"random batches against a model", model},
		{"records outlive closing", recordsOutlive},
		{"the format is checked", formatChecked},
		{"nothing works after closing", closed},
		{"chunks are kept by name", chunksByName},
		{"chunk names are in order", chunkNamesInOrder},
		{"chunks outlive closing", chunksOutlive},
		{"many at once", manyAtOnce},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := &opened{t: t, disk: New(t)}
			o.open()
			c.run(t, o)
			if err := o.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		})
	}
}

// opened is the store under test.
type opened struct {
	Implementation
	t    *testing.T
	disk Disk
}

func (o *opened) open() {
	o.t.Helper()
	s, err := o.disk.Open()
	if err != nil {
		o.t.Fatalf("Open: %v", err)
	}
	o.Implementation = s
}

func (o *opened) reopen() {
	o.t.Helper()
	if err := o.Close(); err != nil {
		o.t.Fatalf("Close: %v", err)
	}
	o.open()
}
