package main

import (
	"fmt"
	"strings"

	"vaultnet/account"
	"vaultnet/agreement"
	"vaultnet/internal/wire"
	"vaultnet/mutabledata"
)

// isRoutine reports whether clients ask for it by themselves.
func isRoutine(r *agreement.Request) bool {
	switch d := r.Decoded.(type) {
	case *wire.Close:
		return true
	case *wire.Operation:
		c := d.Operation.Code()
		return c == account.CodeIssuePermit || c == account.CodeSettle
	}
	return false
}

// kindOf is the name of what a request asks for.
func kindOf(r *agreement.Request) string {
	switch d := r.Decoded.(type) {
	case *wire.Mutation:
		switch d.Mutation.(type) {
		case *mutabledata.Put:
			return "put"
		case *mutabledata.MutateEntries:
			return "mutate"
		case *mutabledata.SetUserPermissions:
			return "set-permissions"
		case *mutabledata.DelUserPermissions:
			return "del-permissions"
		case *mutabledata.ChangeOwner:
			return "change-owner"
		}
	case *wire.Operation:
		return d.Operation.Code().String()
	}
	return "close-permit"
}

// whatOf is what a request asks for, shortly.
func whatOf(r *agreement.Request) string {
	switch d := r.Decoded.(type) {
	case *wire.Mutation:
		switch m := d.Mutation.(type) {
		case *mutabledata.Put:
			return count(len(m.Entries), "entry", "entries")
		case *mutabledata.MutateEntries:
			return actions(m)
		case *mutabledata.SetUserPermissions:
			return shortUser(m.User)
		case *mutabledata.DelUserPermissions:
			return shortUser(m.User)
		case *mutabledata.ChangeOwner:
			return "to " + m.Owner.Short()
		}
	case *wire.Operation:
		switch o := d.Operation.(type) {
		case *account.InsertGrant:
			return o.Key.Short() + " " + printable(o.Terms.Label, 28)
		case *account.DeleteGrant:
			return o.Key.Short()
		case *account.TopUp:
			return fmt.Sprintf("%d operations", o.Operations)
		}
	}
	return ""
}

func actions(m *mutabledata.MutateEntries) string {
	names := []string{"insert", "update", "delete", "expect"}
	counts := make([]int, len(names))
	for i := range m.Actions {
		switch m.Actions[i].Do {
		case mutabledata.InsertEntry:
			counts[0]++
		case mutabledata.UpdateEntry:
			counts[1]++
		case mutabledata.DeleteEntry:
			counts[2]++
		default:
			counts[3]++
		}
	}
	var parts []string
	for i, n := range counts {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", names[i], n))
		}
	}
	return strings.Join(parts, ", ")
}

func shortUser(u mutabledata.User) string {
	if k, ok := u.Key(); ok {
		return "of " + k.Short()
	}
	return "of " + u.String()
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// printable is text from the network as a terminal may show it, cut to so many characters.
func printable(text string, limit int) string {
	var b strings.Builder
	n := 0
	for _, r := range text {
		if n++; n > limit {
			b.WriteString("…")
			break
		}
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == 0x202e || r == 0xfffd {
			r = '?'
		}
		b.WriteRune(r)
	}
	return b.String()
}
