package batch

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"vaultnet"
	"vaultnet/mutabledata"
)

// maxEntries bounds how many entries one Put is read with: more than an object may have, so that the network says how
// many it may.
const maxEntries = 10 * vaultnet.MaxEntries

// entries are the entries that an object is put with.
func entries(to *[]mutabledata.Entry) *member {
	add := func(e mutabledata.Entry) error {
		if len(*to) == maxEntries {
			return fmt.Errorf("more than %d entries", maxEntries)
		}
		if slices.ContainsFunc(*to, func(other mutabledata.Entry) bool { return other.Key == e.Key }) {
			return fmt.Errorf("entry %q twice", formatKey(e.Key))
		}
		*to = append(*to, e)
		return nil
	}
	return &member{name: "entries", needed: true,
		read: func(raw json.RawMessage) error {
			return eachMember(raw, func(name string, raw json.RawMessage) error {
				k, err := parseKey(name)
				if err != nil {
					return err
				}
				v, err := readValue(raw)
				if err != nil {
					return err
				}
				return add(mutabledata.Entry{Key: k, Value: v})
			})
		},
		flags: []Flag{{Name: "entry", Value: "KEY[@VERSION]=CONTENT", About: "an entry; content is text, hex:DIGITS or @FILE; again for more", Many: true,
			Set: func(s string) error {
				k, v, err := parseKeyVersionContent(s, false)
				if err != nil {
					return err
				}
				return add(mutabledata.Entry{Key: k, Value: v})
			}}},
	}
}

// readValue reads content, or {content, version}. An object with "hex" is content.
func readValue(raw json.RawMessage) (v mutabledata.Value, err error) {
	if len(raw) == 0 || raw[0] != '{' {
		v.Content, err = readContent(raw)
		return v, err
	}
	all, err := readObject(raw)
	if err != nil {
		return v, err
	}
	if len(all) == 1 && all[0].name == "hex" {
		v.Content, err = readContent(raw)
		return v, err
	}
	given := false
	for _, p := range all {
		var err error
		switch p.name {
		case "content":
			v.Content, err = readContent(p.value)
			given = true
		case "version":
			v.Version, err = readVersion(p.value)
		default:
			err = errUnknown
		}
		if err != nil {
			return v, inMember(p.name, err)
		}
	}
	if !given {
		return v, fmt.Errorf(`no "content"`)
	}
	return v, nil
}

func readVersion(raw json.RawMessage) (mutabledata.Version, error) {
	v, err := readInteger(raw)
	return mutabledata.Version(v), err
}

// parseKeyVersionContent reads KEY[@VERSION]=CONTENT. The key ends at the first =, its version begins at the last @
// before that; a key with these signs in it is written as hex:.
func parseKeyVersionContent(s string, versioned bool) (mutabledata.Key, mutabledata.Value, error) {
	before, text, ok := strings.Cut(s, "=")
	if !ok {
		return "", mutabledata.Value{}, fmt.Errorf("no = between key and content in %q", clip(s))
	}
	k, version, err := parseKeyVersion(before, versioned)
	if err != nil {
		return "", mutabledata.Value{}, err
	}
	c, err := parseContent(text)
	return k, mutabledata.Value{Content: c, Version: version}, err
}

// parseKeyVersion reads KEY@VERSION, where the version may be left out unless it is needed.
func parseKeyVersion(s string, needed bool) (mutabledata.Key, mutabledata.Version, error) {
	text, digits, ok := cutLast(s, "@")
	if !ok && needed {
		return "", 0, fmt.Errorf("no version in %q: write KEY@VERSION", clip(s))
	}
	k, err := parseKey(text)
	if err != nil || !ok {
		return k, 0, err
	}
	v, err := parseInteger(digits)
	if err != nil {
		return "", 0, fmt.Errorf("version of entry %q: %w; a key that has an @ in it is written as hex:DIGITS", clip(text), err)
	}
	return k, mutabledata.Version(v), nil
}
