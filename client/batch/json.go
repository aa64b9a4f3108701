package batch

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"
)

// MaxLine is the longest line, in bytes without its end: room for 64 of the largest chunks in one parallel line.
const MaxLine = 64 << 20

// pair is one member of a JSON object as it was written.
type pair struct {
	name  string
	value json.RawMessage
}

// checkText refuses what encoding/json would replace in silence: bytes that are not UTF-8, and escaped halves of
// surrogate pairs that are not pairs.
func checkText(line []byte) error {
	if !utf8.Valid(line) {
		return fmt.Errorf("not UTF-8")
	}
	for i := 0; i < len(line); i++ {
		if line[i] != '\\' {
			continue
		}
		i++ // at the escaped character; what is no JSON is found later
		unit, ok := unicodeEscape(line[i:])
		switch {
		case !ok || unit < 0xd800 || unit > 0xdfff:
			continue
		case unit < 0xdc00 && i+5 < len(line) && line[i+5] == '\\':
			if low, ok := unicodeEscape(line[i+6:]); ok && low >= 0xdc00 && low <= 0xdfff {
				i += 10
				continue
			}
		}
		return fmt.Errorf("\\%s is half of a surrogate pair", line[i:i+5])
	}
	return nil
}

// unicodeEscape reads u and four hex digits.
func unicodeEscape(b []byte) (uint64, bool) {
	if len(b) < 5 || b[0] != 'u' {
		return 0, false
	}
	v, err := strconv.ParseUint(string(b[1:5]), 16, 16)
	return v, err == nil
}

// readObject reads a JSON object: its members in the order written, none twice.
func readObject(raw []byte) ([]pair, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	if t, err := d.Token(); err != nil {
		return nil, fmt.Errorf("not JSON: %w", err)
	} else if t != json.Delim('{') {
		return nil, fmt.Errorf("want a JSON object, not %s", excerpt(raw))
	}
	var all []pair
	seen := map[string]bool{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, fmt.Errorf("not JSON: %w", err)
		}
		name, ok := t.(string)
		if !ok {
			return nil, fmt.Errorf("not JSON: a member without a name")
		}
		if seen[name] {
			return nil, fmt.Errorf("member %q twice", clip(name))
		}
		seen[name] = true
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, fmt.Errorf("member %q: not JSON: %w", clip(name), err)
		}
		all = append(all, pair{name, value})
	}
	if _, err := d.Token(); err != nil {
		return nil, fmt.Errorf("not JSON: %w", err)
	}
	if rest := bytes.TrimLeft(raw[d.InputOffset():], " \t\r\n"); len(rest) > 0 {
		return nil, fmt.Errorf("more after the JSON object: %s", excerpt(rest))
	}
	return all, nil
}

// readList reads a JSON array of at most max elements.
func readList(raw []byte, max int) ([]json.RawMessage, error) {
	if len(raw) == 0 || raw[0] != '[' {
		return nil, fmt.Errorf("want a list, not %s", excerpt(raw))
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	if _, err := d.Token(); err != nil {
		return nil, fmt.Errorf("not JSON: %w", err)
	}
	var all []json.RawMessage
	for d.More() {
		if len(all) == max {
			return nil, fmt.Errorf("more than %d elements", max)
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, fmt.Errorf("element %d: not JSON: %w", len(all), err)
		}
		all = append(all, value)
	}
	return all, nil
}

func readString(raw []byte) (string, error) {
	if len(raw) == 0 || raw[0] != '"' {
		return "", fmt.Errorf("want a string, not %s", excerpt(raw))
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return "", fmt.Errorf("not JSON: %w", err)
	}
	return s, nil
}

func readBool(raw []byte) (bool, error) {
	switch string(raw) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, fmt.Errorf("want true or false, not %s", excerpt(raw))
}

// readInteger reads a JSON number that is an integer from 0 to 2^63−1, written without fraction or exponent.
func readInteger(raw []byte) (uint64, error) {
	return parseInteger(string(raw))
}

func parseInteger(s string) (uint64, error) {
	v, err := strconv.ParseUint(s, 10, 64)
	if err != nil || v > math.MaxInt64 || strconv.FormatUint(v, 10) != s {
		return 0, fmt.Errorf("want an integer from 0 to 2^63-1, not %s", excerpt([]byte(s)))
	}
	return v, nil
}

// excerpt is the beginning of what was written, for a message.
func excerpt(raw []byte) string {
	const most = 40
	if len(raw) <= most {
		return string(bytes.ToValidUTF8(raw, []byte("?")))
	}
	return string(bytes.ToValidUTF8(raw[:most], []byte("?"))) + "…"
}

func clip(s string) string { return excerpt([]byte(s)) }
