package keyring

import (
	"encoding/hex"
	"fmt"
)

// MaxLabel is the longest label, in bytes.
const MaxLabel = 63

// CheckLabel refuses what is no label: 1 to [MaxLabel] of a–z, 0–9 and the hyphen, but not "anyone", which means
// everybody.
func CheckLabel(s string) error {
	switch {
	case s == "":
		return fmt.Errorf("a label of no characters; want 1 to %d of a-z, 0-9 and -", MaxLabel)
	case len(s) > MaxLabel:
		return fmt.Errorf("a label of %d bytes; want 1 to %d of a-z, 0-9 and -", len(s), MaxLabel)
	case s == "anyone":
		return fmt.Errorf("the label %q means everybody", s)
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return fmt.Errorf("label %q: want only a-z, 0-9 and -", s)
		}
	}
	return nil
}

// IsHexKey reports whether s is what is written for a public key: 64 hex digits.
func IsHexKey(s string) bool {
	_, err := hex.DecodeString(s)
	return err == nil && len(s) == 64
}
