package batch

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"vaultnet"
	"vaultnet/client/keyring"
	"vaultnet/mutabledata"
)

// The common forms: how one value is written as text. JSON and flags share them.

// hexPrefix is what a text begins with whose rest is hex.
const hexPrefix = "hex:"

// parseKey reads an entry key: UTF-8, or hex: and lower-case hex.
func parseKey(s string) (mutabledata.Key, error) {
	digits, ok := strings.CutPrefix(s, hexPrefix)
	if !ok {
		return mutabledata.Key(s), nil
	}
	b, err := parseHex(digits)
	if err != nil {
		return "", fmt.Errorf("entry key %q: %w", clip(s), err)
	}
	return mutabledata.Key(b), nil
}

// formatKey writes an entry key so that parseKey reads it: hex: where it is not printable or begins with hex:.
func formatKey(k mutabledata.Key) string {
	s := string(k)
	if utf8.ValidString(s) && !strings.HasPrefix(s, hexPrefix) && !strings.ContainsFunc(s, unprintable) {
		return s
	}
	return hexPrefix + hex.EncodeToString([]byte(s))
}

func unprintable(r rune) bool { return !unicode.IsPrint(r) }

// parseHex reads lower-case hex.
func parseHex(s string) ([]byte, error) {
	b, err := hex.DecodeString(s)
	if err != nil || strings.ToLower(s) != s {
		return nil, fmt.Errorf("want lower-case hex digits, two for each byte")
	}
	return b, nil
}

// ParseName reads the name of an object as operations give it: 64 hex digits are the name itself, anything else stands for its SHA-256.
func ParseName(s string) vaultnet.Name {
	if n, err := parseChunkName(s); err == nil {
		return n
	}
	return sha256.Sum256([]byte(s))
}

// parseChunkName reads 64 hex digits.
func parseChunkName(s string) (n vaultnet.Name, err error) {
	if !keyring.IsHexKey(s) {
		return n, fmt.Errorf("want 64 hex digits, not %q", clip(s))
	}
	hex.Decode(n[:], []byte(s)) // 64 hex digits
	return n, nil
}

// parseDuration reads a duration as Go writes it, of whole milliseconds, at least least.
func parseDuration(s string, least time.Duration) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	switch {
	case err != nil:
		return 0, fmt.Errorf("want a duration like 1.5s or 10m, not %q", clip(s))
	case d < least:
		return 0, fmt.Errorf("want a duration of at least %v, not %v", least, d)
	case d%time.Millisecond != 0:
		return 0, fmt.Errorf("want whole milliseconds, not %v", d)
	}
	return d, nil
}

// timeLayout is RFC 3339 with milliseconds.
const timeLayout = "2006-01-02T15:04:05.000Z07:00"

// parseTime reads RFC 3339; what is finer than a millisecond is refused.
func parseTime(s string) (vaultnet.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, s)
	switch {
	case err != nil:
		return 0, fmt.Errorf("want a time like 2030-01-31T12:00:00.000Z, not %q", clip(s))
	case t.Nanosecond()%int(time.Millisecond) != 0:
		return 0, fmt.Errorf("want milliseconds at most, not %q", clip(s))
	case t.UnixMilli() < 1:
		return 0, fmt.Errorf("want a time after 1970, not %q", clip(s))
	}
	return vaultnet.Time(t.UnixMilli()), nil
}

func formatTime(t vaultnet.Time) string { return t.Std().Format(timeLayout) }

// User is how somebody is named: a label, 64 hex digits of a public key, or "anyone". The zero User is unset.
type User string

const anyone User = "anyone"

// parseUser reads a user; anyone is one only where everybody is allowed there.
func parseUser(s string, everybody bool) (User, error) {
	if User(s) == anyone {
		if !everybody {
			return "", fmt.Errorf("anyone has no key")
		}
		return anyone, nil
	}
	if keyring.IsHexKey(s) {
		return User(strings.ToLower(s)), nil
	}
	if err := keyring.CheckLabel(s); err != nil {
		return "", fmt.Errorf("neither a label nor 64 hex digits of a public key: %w", err)
	}
	return User(s), nil
}

// parseWho reads a requester: a label, or a path with a slash in it.
func parseWho(s string) (string, error) {
	if strings.Contains(s, "/") || keyring.IsPath(s) {
		if strings.ContainsRune(s, 0) {
			return "", fmt.Errorf("no file has the name %q", clip(s))
		}
		return s, nil
	}
	return s, keyring.CheckLabel(s)
}

// actions are the actions of a permission set, in the order in which they are written.
var actions = []mutabledata.Action{mutabledata.Insert, mutabledata.Update, mutabledata.Delete, mutabledata.ManagePermissions}

func parseAction(s string) (mutabledata.Action, error) {
	i := slices.IndexFunc(actions, func(a mutabledata.Action) bool { return a.String() == s })
	if i < 0 {
		return 0, fmt.Errorf("no action %q: want insert, update, delete or manage-permissions", clip(s))
	}
	return actions[i], nil
}
