package store

import (
	"encoding/binary"
	"fmt"

	"vaultnet"
)

// Format is the version of what this program writes to a store: of keys, records and files together. A change that an
// older program would misread raises it.
const Format = 1

// Reserved begins the keys of the store layer. The core uses none that begin with it.
const Reserved = 0x00

var formatKey = []byte("\x00format")

// FormatError says that a store was written in another format, or is none.
type FormatError struct {
	Found uint64 // 0: no version, yet not empty
}

// Error says what to do about it.
func (e *FormatError) Error() string {
	if e.Found == 0 {
		return "store: holds data but no format version: not a vault's store"
	}
	return fmt.Sprintf("store: written in format %d, this program reads format %d", e.Found, Format)
}

// CheckFormat is the first thing done with a store that was opened: it writes [Format], durably, to an empty one and
// returns a [*FormatError] for one that holds anything else.
func CheckFormat(s Store) error {
	v, err := s.Get(formatKey)
	if err != nil {
		return err
	}
	if v == nil {
		for _, err := range s.Scan(nil) {
			if err != nil {
				return err
			}
			return &FormatError{}
		}
		value := binary.BigEndian.AppendUint64(nil, Format)
		return s.Apply([]vaultnet.Write{{Key: formatKey, Value: value}}, true)
	}
	if len(v) != 8 {
		return &FormatError{}
	}
	if found := binary.BigEndian.Uint64(v); found != Format {
		return &FormatError{Found: found}
	}
	return nil
}
