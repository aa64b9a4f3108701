package batch

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"vaultnet"
)

// readContent reads a content: a string, or {"hex": lower-case hex}.
func readContent(raw json.RawMessage) ([]byte, error) {
	if len(raw) > 0 && raw[0] == '"' {
		s, err := readString(raw)
		return []byte(s), err
	}
	if len(raw) == 0 || raw[0] != '{' {
		return nil, fmt.Errorf(`want a string or {"hex":"…"}, not %s`, excerpt(raw))
	}
	var content []byte
	given := false
	err := eachMember(raw, func(name string, raw json.RawMessage) error {
		if name != "hex" {
			return errUnknown
		}
		s, err := readString(raw)
		if err == nil {
			content, err = parseHex(s)
		}
		given = true
		return err
	})
	if err == nil && !given {
		err = fmt.Errorf(`no "hex"`)
	}
	return content, err
}

// MaxFile is how much of a file a flag takes as content, in bytes: more than the network stores, so that the network
// says how much it would.
const MaxFile = vaultnet.MaxSize + vaultnet.MaxSize/2

// parseContent reads a content as flags write it: text; hex: and hex; @ and the name of a file; or, for text that begins
// like one of these, text: and the text.
func parseContent(s string) ([]byte, error) {
	if path, ok := strings.CutPrefix(s, "@"); ok {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return ReadContent(f)
	}
	if digits, ok := strings.CutPrefix(s, hexPrefix); ok {
		return parseHex(digits)
	}
	s, marked := strings.CutPrefix(s, "text:")
	if !marked && !utf8.ValidString(s) {
		return nil, fmt.Errorf("not UTF-8; write hex: and hex digits, or @ and the name of a file")
	}
	return []byte(s), nil
}

// ReadContent reads a content of at most [MaxFile] bytes.
func ReadContent(r io.Reader) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, MaxFile+1))
	if err == nil && len(b) > MaxFile {
		err = fmt.Errorf("more than %d bytes; an entry or a chunk holds at most %d", MaxFile, vaultnet.MaxSize)
	}
	return b, err
}

func content(to *[]byte) *member {
	return &member{name: "content", needed: true,
		read: func(raw json.RawMessage) (err error) {
			*to, err = readContent(raw)
			return err
		},
		flags: []Flag{{Name: "content", Value: "CONTENT", About: "text, hex:DIGITS, or @FILE", Needed: true, Set: func(s string) (err error) {
			*to, err = parseContent(s)
			return err
		}}},
	}
}

// SetContent gives a put-chunk its content; it does nothing to another operation.
func (o *Operation) SetContent(b []byte) {
	if c, ok := o.action.(*putChunk); ok {
		c.content = b
	}
}
