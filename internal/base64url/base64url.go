// Package base64url is the text of what people and programs hand on: base64url without padding (RFC 4648 §5), of which each
// run of bytes has one text and no other.
package base64url

import (
	"encoding/base64"
	"errors"
	"strings"
)

var encoding = base64.RawURLEncoding.Strict()

// Encode returns the text of b.
func Encode(b []byte) string { return encoding.EncodeToString(b) }

// Decode reads what [Encode] writes, and nothing else: the library alone would pass over line ends, anywhere.
func Decode(s string) ([]byte, error) {
	if strings.ContainsAny(s, "\r\n") {
		return nil, errors.New("base64url has no line ends")
	}
	return encoding.DecodeString(s)
}
