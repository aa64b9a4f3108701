package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
	"unicode/utf8"

	"vaultnet"
	"vaultnet/client/batch"
	"vaultnet/mutabledata"
)

// printAnswer tells an answer to a person: single values first, aligned, then tables.
func printAnswer(w io.Writer, a *batch.Answer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	var tables []batch.Field
	for _, f := range a.Fields {
		switch v := f.Value.(type) {
		case batch.Value:
			fmt.Fprintf(t, "content\t%s\nversion\t%d\n", contentText(v.Content), v.Version)
		case string:
			fmt.Fprintf(t, "%s\t%s\n", f.Name, v)
		case vaultnet.Time:
			fmt.Fprintf(t, "%s\t%s\n", f.Name, batch.TimeText(v))
		case uint64, int64:
			fmt.Fprintf(t, "%s\t%d\n", f.Name, v)
		default:
			tables = append(tables, f)
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, f := range tables {
		rows := table(f.Value)
		if len(rows) < 2 {
			continue // a heading alone
		}
		fmt.Fprintln(w)
		for _, row := range rows {
			fmt.Fprintf(t, "%s\n", strings.Join(row, "\t"))
		}
		if err := t.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// table is a value as rows, the heading first.
func table(v any) [][]string {
	var rows [][]string
	switch v := v.(type) {
	case batch.Entries:
		rows = append(rows, []string{"KEY", "VERSION", "CONTENT"})
		for _, e := range v {
			rows = append(rows, []string{keyText(string(e.Key)), fmt.Sprint(e.Value.Version), brief(e.Value.Content)})
		}
	case batch.Values:
		rows = append(rows, []string{"VERSION", "CONTENT"})
		for _, e := range v {
			rows = append(rows, []string{fmt.Sprint(e.Version), brief(e.Content)})
		}
	case batch.KeyList:
		rows = append(rows, []string{"KEY"})
		for _, k := range v {
			rows = append(rows, []string{keyText(string(k))})
		}
	case batch.Versions:
		rows = append(rows, []string{"KEY", "VERSION"})
		for _, e := range v {
			rows = append(rows, []string{keyText(string(e.Key)), fmt.Sprint(e.Version)})
		}
	case batch.PermissionSet:
		rows = append(rows, []string{"ACTION", "RULE"})
		for _, a := range actions {
			rows = append(rows, []string{a.String(), rule(v, a)})
		}
	case batch.Permissions:
		heading := []string{"USER"}
		for _, a := range actions {
			heading = append(heading, strings.ToUpper(a.String()))
		}
		rows = append(rows, heading)
		for _, p := range v {
			row := []string{p.User}
			for _, a := range actions {
				row = append(row, rule(p.Set, a))
			}
			rows = append(rows, row)
		}
	case batch.Grants:
		rows = append(rows, []string{"GRANT", "LABEL", "CREATED", "LAST USED", "TERMS"})
		for _, g := range v {
			rows = append(rows, []string{g.Name, oneLine(g.Terms.Label), since(g.Created), since(g.LastUsed), terms(&g)})
		}
	}
	return rows
}

var actions = []mutabledata.Action{mutabledata.Insert, mutabledata.Update, mutabledata.Delete, mutabledata.ManagePermissions}

func rule(s batch.PermissionSet, a mutabledata.Action) string {
	if r := mutabledata.PermissionSet(s).Get(a); r != mutabledata.Unset {
		return r.String()
	}
	return "-"
}

func since(t vaultnet.Time) string {
	if t == 0 {
		return "never"
	}
	return batch.TimeText(t)
}

// terms are what ends a grant by itself.
func terms(g *batch.Grant) string {
	var parts []string
	add := func(name string, d time.Duration) {
		if d != 0 {
			parts = append(parts, name+" "+d.String())
		}
	}
	if g.Terms.Expires != 0 {
		parts = append(parts, "expires "+batch.TimeText(g.Terms.Expires))
	}
	if g.Terms.Uses != 0 {
		parts = append(parts, fmt.Sprintf("%d uses left", g.UsesLeft))
	}
	add("idle", g.Terms.Idle)
	add("permits last", g.Terms.PermitLifetime)
	if g.LastVerified == 0 {
		parts = append(parts, "unverified")
		add("pruned after", g.Terms.Unverified)
	}
	if g.Terms.Temporary {
		parts = append(parts, "temporary")
	}
	if parts == nil {
		return "until revoked"
	}
	return strings.Join(parts, ", ")
}

// widest is how much of a content a table shows, in characters.
const widest = 60

// brief is a content as a table shows it.
func brief(b []byte) string {
	s := contentText(b)
	if utf8.RuneCountInString(s) <= widest {
		return s
	}
	return fmt.Sprintf("%s… (%d bytes)", string([]rune(s)[:widest]), len(b))
}

// contentText is a content on one line: as text where it is printable, else as hex: and hex digits.
func contentText(b []byte) string {
	s := string(b)
	if utf8.ValidString(s) && !strings.HasPrefix(s, "hex:") && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return s
	}
	return fmt.Sprintf("hex:%x", b)
}

// keyText is an entry key; the empty one is shown, too.
func keyText(k string) string {
	if k == "" {
		return `""`
	}
	return batch.KeyText(mutabledata.Key(k))
}

// oneLine is a text without what would move the cursor.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, s)
}
