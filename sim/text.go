package sim

import (
	"fmt"
	"strings"

	"vaultnet/mutabledata"
)

// mutationText says in a line what a mutation does.
func mutationText(m mutabledata.Mutation) string {
	switch m := m.(type) {
	case *mutabledata.Put:
		return fmt.Sprintf("put for %s, %d entries, %d permission sets", m.Owner.Short(), len(m.Entries), len(m.Permissions))
	case *mutabledata.MutateEntries:
		var parts []string
		for i, a := range m.Actions {
			if i == 8 {
				parts = append(parts, fmt.Sprintf("… %d more", len(m.Actions)-i))
				break
			}
			parts = append(parts, fmt.Sprintf("%s %q v%d (%d bytes)", doNames[min(int(a.Do), len(doNames)-1)], a.Key, a.Version, len(a.Content)))
		}
		return strings.Join(parts, ", ")
	case *mutabledata.SetUserPermissions:
		return fmt.Sprintf("set %.8v: %v, v%d", m.User, m.Set, m.Version)
	case *mutabledata.DelUserPermissions:
		return fmt.Sprintf("del %.8v, v%d", m.User, m.Version)
	case *mutabledata.ChangeOwner:
		return fmt.Sprintf("owner %s, v%d", m.Owner.Short(), m.Version)
	}
	return fmt.Sprintf("%T", m)
}

var doNames = [...]string{"nothing", "insert", "update", "delete", "expect", "expect absent", "unknown"}

// queryText says in a few words what a query asks.
func queryText(q mutabledata.Query) string {
	switch q := q.(type) {
	case mutabledata.GetValue:
		return fmt.Sprintf("value of %q", q.Key)
	case mutabledata.GetValuesOf:
		return fmt.Sprintf("values of %q", q.Keys)
	case mutabledata.GetUserPermissions:
		return fmt.Sprintf("permissions of %.8v", q.User)
	}
	return strings.ToLower(strings.TrimPrefix(fmt.Sprintf("%T", q), "mutabledata.Get"))
}
