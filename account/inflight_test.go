package account

import (
	"errors"
	"testing"

	"vaultnet/refusal"
)

func TestInFlight(t *testing.T) {
	m := withAccount(t, 1000)
	n := m.issue(owner, asked(3, 1, 2))
	k := m.issue(owner, asked(3, 1, 2))
	issue := asked(1, 1)
	for _, c := range []struct {
		name    string
		pending []Operation
		op      Operation
		want    refusal.Kind // 0: none
		shell   bool
		keys    int
	}{
		{"nothing pending", nil, &InsertGrant{}, 0, false, 0},
		{"issues side by side", []Operation{issue, issue, issue, issue}, issue, 0, false, 0},
		{"five", []Operation{issue, issue, issue, issue, issue}, issue, refusal.TooManyMutations, false, 0},
		{"two changes of grants", []Operation{issue, &InsertGrant{}}, &DeleteGrant{}, refusal.MutationInProgress, true, 0},
		{"revoke all", []Operation{&RevokeAll{}}, &InsertGrant{}, refusal.MutationInProgress, true, 0},
		{"two creations", []Operation{&CreateAccount{}}, &CreateAccount{}, refusal.MutationInProgress, true, 0},
		{"a change of grants and others", []Operation{&InsertGrant{}, &TopUp{}, &Verify{}}, issue, 0, false, 0},
		{"in progress comes before too many", []Operation{issue, issue, issue, issue, &RevokeAll{}}, &InsertGrant{},
			refusal.MutationInProgress, true, 0},
		{"same settlement", []Operation{m.settlement(n, 0, 1, true)}, m.settlement(n, 0, 2, false), refusal.MutationInProgress, false, 1},
		{"other address", []Operation{m.settlement(n, 0, 1, true)}, m.settlement(n, 1, 1, true), 0, false, 0},
		{"other permit", []Operation{m.settlement(n, 0, 1, true)}, m.settlement(k, 0, 1, true), 0, false, 0},
		{"settlement and issue", []Operation{m.settlement(n, 0, 1, true)}, issue, 0, false, 0},
	} {
		err := InFlight(c.pending, c.op)
		var e *refusal.Error
		if c.want == 0 {
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
		} else if !errors.As(err, &e) || e.Kind != c.want || e.Detail.Shell != c.shell || len(e.Detail.Keys) != c.keys {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
