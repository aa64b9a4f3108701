package batch

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"vaultnet"
	"vaultnet/mutabledata"
)

// maxActions bounds how many actions one mutation is read with: more than it may have, so that the rules say how many.
const maxActions = 10 * vaultnet.MaxActions

// entryActions are the actions of a mutation.
func entryActions(to *[]mutabledata.EntryAction) *member {
	add := func(a mutabledata.EntryAction) error {
		if len(*to) == maxActions {
			return fmt.Errorf("more than %d actions", maxActions)
		}
		if slices.ContainsFunc(*to, func(other mutabledata.EntryAction) bool { return other.Key == a.Key }) {
			return fmt.Errorf("entry %q twice", formatKey(a.Key))
		}
		*to = append(*to, a)
		return nil
	}
	withContent := func(do mutabledata.Do) func(string) error {
		return func(s string) error {
			k, v, err := parseKeyVersionContent(s, do == mutabledata.UpdateEntry)
			if err != nil {
				return err
			}
			return add(mutabledata.EntryAction{Key: k, Do: do, Content: v.Content, Version: v.Version})
		}
	}
	return &member{name: "actions", needed: true,
		read: func(raw json.RawMessage) error {
			return eachMember(raw, func(name string, raw json.RawMessage) error {
				k, err := parseKey(name)
				if err != nil {
					return err
				}
				a, err := readAction(raw)
				if err != nil {
					return err
				}
				a.Key = k
				return add(a)
			})
		},
		flags: []Flag{
			{Name: "insert", Value: "KEY[@VERSION]=CONTENT", About: "insert an entry; content is text, hex:DIGITS or @FILE", Many: true, Set: withContent(mutabledata.InsertEntry)},
			{Name: "update", Value: "KEY@VERSION=CONTENT", About: "replace an entry's content; VERSION is its present one + 1", Many: true, Set: withContent(mutabledata.UpdateEntry)},
			{Name: "delete", Value: "KEY@VERSION", About: "delete an entry; VERSION is its present one + 1", Many: true, Set: func(s string) error {
				k, v, err := parseKeyVersion(s, true)
				if err != nil {
					return err
				}
				return add(mutabledata.EntryAction{Key: k, Do: mutabledata.DeleteEntry, Version: v})
			}},
			{Name: "expect", Value: "KEY@VERSION|KEY@absent", About: "all or nothing: only if the entry has this version, or is not there", Many: true, Set: func(s string) error {
				if text, ok := strings.CutSuffix(s, "@absent"); ok {
					k, err := parseKey(text)
					if err != nil {
						return err
					}
					return add(mutabledata.EntryAction{Key: k, Do: mutabledata.ExpectAbsent})
				}
				k, v, err := parseKeyVersion(s, true)
				if err != nil {
					return err
				}
				return add(mutabledata.EntryAction{Key: k, Do: mutabledata.ExpectVersion, Version: v})
			}},
		},
	}
}

// readAction reads {insert, version?}, {update, version}, {delete: true, version} or {expect: "absent" or version}.
func readAction(raw json.RawMessage) (a mutabledata.EntryAction, err error) {
	versioned := false
	err = eachMember(raw, func(name string, raw json.RawMessage) (err error) {
		do := mutabledata.Do(0)
		switch name {
		case "insert":
			do = mutabledata.InsertEntry
			a.Content, err = readContent(raw)
		case "update":
			do = mutabledata.UpdateEntry
			a.Content, err = readContent(raw)
		case "delete":
			do = mutabledata.DeleteEntry
			if string(raw) != "true" {
				err = fmt.Errorf("want true, not %s", excerpt(raw))
			}
		case "expect":
			if string(raw) == `"absent"` {
				do = mutabledata.ExpectAbsent
			} else {
				do = mutabledata.ExpectVersion
				if a.Version, err = readVersion(raw); err != nil {
					err = fmt.Errorf(`want "absent" or a version, not %s`, excerpt(raw))
				}
			}
		case "version":
			a.Version, err = readVersion(raw)
			versioned = true
		default:
			return errUnknown
		}
		if err == nil && do != 0 {
			if a.Do != 0 {
				return fmt.Errorf("a second action on one entry")
			}
			a.Do = do
		}
		return err
	})
	switch {
	case err != nil:
		return a, err
	case a.Do == 0:
		return a, fmt.Errorf("no action: want insert, update, delete or expect")
	case versioned && (a.Do == mutabledata.ExpectVersion || a.Do == mutabledata.ExpectAbsent):
		return a, fmt.Errorf(`"version" beside "expect"`)
	case !versioned && (a.Do == mutabledata.UpdateEntry || a.Do == mutabledata.DeleteEntry):
		return a, fmt.Errorf(`no "version"`)
	}
	return a, nil
}
