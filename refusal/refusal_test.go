package refusal_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"vaultnet/refusal"
)

// Semantics §4: codes and names are on the wire and in every program's output. Append-only.
func TestCodes(t *testing.T) {
	want := strings.Fields(`InvalidRequest AccessDenied NoSuchData NoSuchEntry NoSuchKey NoSuchAccount DataExists
		AccountExists InvalidOwners InvalidVersion InvalidSuccessor InvalidEntryActions EmptyMutation TooManyEntries
		DataTooLarge TooManyMutations MutationInProgress DeadlinePassed GrantInvalid PermitInvalid LowBalance
		TooManyGrants TooManyPermits NetworkFull CorruptData NotSettled Unavailable EntryExists`)
	retryable := map[string]bool{"TooManyMutations": true, "MutationInProgress": true, "TooManyPermits": true,
		"NetworkFull": true, "NotSettled": true, "Unavailable": true}
	for i, name := range want {
		k := refusal.Kind(i + 1)
		if k.String() != name || !k.Valid() || k.Retryable() != retryable[name] {
			t.Errorf("code %d is %v, valid %v, retryable %v; want %s, %v", i+1, k, k.Valid(), k.Retryable(), name, retryable[name])
		}
	}
	for _, k := range []refusal.Kind{0, refusal.Kind(len(want) + 1), 255} {
		if k.Valid() || k.String() != fmt.Sprintf("Kind(%d)", k) {
			t.Errorf("code %d is %v, valid %v", k, k, k.Valid())
		}
	}
}

func TestReasons(t *testing.T) {
	want := []string{"", "never-granted", "revoked", "expired", "used-up", "idle", "pruned", "missing", "malformed", "not-yet",
		"requester", "address", "signers", "closed"}
	for i, name := range want {
		if r := refusal.Reason(i); r.String() != name || !r.Valid() {
			t.Errorf("reason %d is %v", i, r)
		}
	}
	if r := refusal.Reason(len(want)); r.Valid() || r.String() != "reason-14" {
		t.Errorf("reason %d is %v", len(want), r)
	}
}

func TestErrorsIsAndAs(t *testing.T) {
	cause := io.ErrUnexpectedEOF
	err := fmt.Errorf("wrapped: %w", &refusal.Error{Kind: refusal.NoSuchData, Cause: cause})
	if !errors.Is(err, refusal.NoSuchData) || errors.Is(err, refusal.NoSuchKey) || !errors.Is(err, cause) {
		t.Error("errors.Is misses")
	}
	var e *refusal.Error
	if !errors.As(err, &e) || e.Kind != refusal.NoSuchData {
		t.Error("errors.As misses")
	}
}

func TestWhatPeopleRead(t *testing.T) {
	for want, err := range map[string]*refusal.Error{
		"mutate: MutableData 01020304/7: InvalidSuccessor (current 3)": {Op: "mutate", Subject: "MutableData 01020304/7",
			Kind: refusal.InvalidSuccessor, Detail: refusal.Detail{Current: 3}},
		"AccessDenied: EOF":                      {Kind: refusal.AccessDenied, Cause: io.EOF},
		"DataTooLarge (2 bytes, limit 1)":        refusal.TooLarge(2, 1),
		"GrantInvalid (revoked)":                 refusal.Grant(refusal.Revoked),
		"PermitInvalid (not-yet)":                refusal.Permit(refusal.NotYet),
		"InvalidSuccessor (current 9)":           refusal.Successor(9),
		"InvalidVersion (at most 5)":             {Kind: refusal.InvalidVersion, Detail: refusal.Detail{Max: 5}},
		"TooManyEntries (limit 100)":             {Kind: refusal.TooManyEntries, Detail: refusal.Detail{Limit: 100}},
		`MutationInProgress (keys ["k"], shell)`: {Kind: refusal.MutationInProgress, Detail: refusal.Detail{Keys: []string{"k"}, Shell: true}},
		"Unavailable (outcome unknown)":          {Kind: refusal.Unavailable, Detail: refusal.Detail{OutcomeUnknown: true}},
		"Unavailable":                            refusal.New(refusal.Unavailable),
		"InvalidRequest (bad thing 7)":           refusal.Invalid("bad thing %d", 7),
		`InvalidEntryActions ("k": EntryExists 3, "l": NoSuchEntry 0)`: {Kind: refusal.InvalidEntryActions, Detail: refusal.Detail{
			Entries: []refusal.Problem{{Key: "k", Kind: refusal.EntryExists, Version: 3}, {Key: "l", Kind: refusal.NoSuchEntry}}}},
	} {
		if err.Error() != want {
			t.Errorf("reads %q, want %q", err.Error(), want)
		}
	}
}

func TestExplanationsAreBounded(t *testing.T) {
	e := refusal.Invalid("%s", strings.Repeat("é", 300)+"\xff")
	w := e.Wire()
	if len(e.Detail.What) > refusal.MaxWhat || w.Validate() != nil {
		t.Errorf("an explanation of %d bytes", len(e.Detail.What))
	}
}

func Example() {
	err := error(refusal.Successor(4))
	var e *refusal.Error
	if errors.Is(err, refusal.InvalidSuccessor) && errors.As(err, &e) {
		fmt.Println("current version:", e.Detail.Current)
	}
	// Output: current version: 4
}
