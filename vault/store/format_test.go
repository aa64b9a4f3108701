package store_test

import (
	"testing"

	"vaultnet/vault/store"
)

func TestFormatErrorsSayWhatToDo(t *testing.T) {
	for want, e := range map[string]*store.FormatError{
		"store: holds data but no format version: not a vault's store": {},
		"store: written in format 2, this program reads format 1":      {Found: 2},
	} {
		if e.Error() != want {
			t.Errorf("%q, want %q", e.Error(), want)
		}
	}
}
