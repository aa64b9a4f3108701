package mutabledata

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"vaultnet/refusal"
)

func TestInFlight(t *testing.T) {
	changeA, changeB := mutate(update("a", "", 1)), mutate(insert("b", ""))
	expectA := mutate(expect("a", 0), remove("x", 1))
	shell := &SetUserPermissions{User: Anyone, Version: 1}
	five := []Mutation{changeA, changeB, mutate(insert("c", "")), mutate(insert("d", "")), shell}
	for _, c := range []struct {
		name    string
		pending []Mutation
		m       Mutation
		want    refusal.Kind
		keys    []string
		shell   bool
	}{
		{"nothing pending", nil, changeA, 0, nil, false},
		{"other keys", []Mutation{changeB, shell}, changeA, 0, nil, false},
		{"the same key", []Mutation{changeB, changeA}, mutate(remove("a", 1), insert("c", "")), refusal.MutationInProgress, []string{"a"}, false},
		{"two keys of two", []Mutation{changeB, changeA}, mutate(remove("a", 1), insert("b", "")), refusal.MutationInProgress, []string{"a", "b"}, false},
		{"a change of what is expected", []Mutation{expectA}, changeA, refusal.MutationInProgress, []string{"a"}, false},
		{"an expectation of what changes", []Mutation{changeA}, expectA, refusal.MutationInProgress, []string{"a"}, false},
		{"two that expect the same", []Mutation{expectA}, mutate(absent("a"), insert("y", "")), 0, nil, false},
		{"an expectation of absence of what changes", []Mutation{changeB}, mutate(absent("b"), insert("y", "")), refusal.MutationInProgress, []string{"b"}, false},
		{"permissions beside entries", []Mutation{changeA}, shell, 0, nil, false},
		{"permissions beside permissions", []Mutation{shell}, &DelUserPermissions{User: UserOf(bob), Version: 1}, refusal.MutationInProgress, nil, true},
		{"owner beside permissions", []Mutation{changeA, shell}, &ChangeOwner{Owner: bob, Version: 1}, refusal.MutationInProgress, nil, true},
		{"put beside put", []Mutation{&Put{Owner: alice}}, &Put{Owner: alice}, refusal.MutationInProgress, nil, true},
		{"a sixth", five, mutate(insert("f", "")), refusal.TooManyMutations, nil, false},
		{"a sixth of a taken key", five, mutate(insert("b", ""), insert("f", "")), refusal.MutationInProgress, []string{"b"}, false},
		{"a sixth of the shell", five, shell, refusal.MutationInProgress, nil, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := InFlight(c.pending, c.m)
			if c.want == 0 {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			var e *refusal.Error
			if !errors.As(err, &e) || e.Kind != c.want || !slices.Equal(e.Detail.Keys, c.keys) || e.Detail.Shell != c.shell {
				t.Fatalf("got %v, want %v, keys %q, shell %v", err, c.want, c.keys, c.shell)
			}
		})
	}
}

// Which keys are in conflict, asked of each pair of actions by itself.
func TestInFlightAgreesWithPairs(t *testing.T) {
	some := rapid.Custom(func(t *rapid.T) *MutateEntries {
		m := &MutateEntries{}
		for _, k := range rapid.SliceOfNDistinct(rapid.IntRange(0, 9), 0, 10, rapid.ID[int]).Draw(t, "keys") {
			m.Actions = append(m.Actions, EntryAction{Key: Key(rune('a' + k)), Do: Do(rapid.IntRange(1, 5).Draw(t, "do"))})
		}
		Sort(m)
		return m
	})
	rapid.Check(t, func(t *rapid.T) {
		var pending []Mutation
		for range rapid.IntRange(0, 4).Draw(t, "pending") {
			pending = append(pending, some.Draw(t, "p"))
		}
		m := some.Draw(t, "m")
		var want []string
		for _, a := range m.Actions {
			if slices.ContainsFunc(pending, func(p Mutation) bool {
				return slices.ContainsFunc(p.(*MutateEntries).Actions, func(b EntryAction) bool {
					return a.Key == b.Key && (a.Do <= DeleteEntry || b.Do <= DeleteEntry)
				})
			}) {
				want = append(want, string(a.Key))
			}
		}
		var got []string
		var e *refusal.Error
		if errors.As(InFlight(pending, m), &e) {
			got = e.Detail.Keys
		}
		if !slices.Equal(got, want) {
			t.Fatalf("keys %q, want %q", got, want)
		}
	})
}
