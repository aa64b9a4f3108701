package sim

import (
	"errors"
	"fmt"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"vaultnet"
	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

// TestNaiveAgrees: the naive model and the shipped rules give the same object or the same refusal, mutation by mutation.
func TestNaiveAgrees(t *testing.T) {
	people := []vaultnet.PublicKey{{1}, {2}, {3}}
	users := []mutabledata.User{mutabledata.Anyone, mutabledata.UserOf(people[1]), mutabledata.UserOf(people[2])}
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.Custom(func(t *rapid.T) mutabledata.Key {
			return mutabledata.Key(fmt.Sprintf("%d", rapid.IntRange(0, 8).Draw(t, "key")))
		})
		content := rapid.Custom(func(t *rapid.T) []byte {
			return make([]byte, rapid.SampledFrom([]int{0, 1, 30, 300_000}).Draw(t, "size"))
		})
		set := rapid.Custom(func(t *rapid.T) mutabledata.PermissionSet {
			var s mutabledata.PermissionSet
			for a := mutabledata.Insert; a <= mutabledata.ManagePermissions; a++ {
				s = s.With(a, mutabledata.Rule(rapid.IntRange(0, 2).Draw(t, "rule")))
			}
			return s
		})
		var model *naive
		var object *mutabledata.Object
		for range rapid.IntRange(1, 30).Draw(t, "mutations") {
			who := rapid.SampledFrom(people).Draw(t, "who")
			var m mutabledata.Mutation
			version := func(current uint64) mutabledata.Version {
				return mutabledata.Version(current + uint64(rapid.IntRange(0, 5).Draw(t, "version")/2))
			}
			shell := uint64(0)
			if model != nil {
				shell = model.version
			}
			switch kind := rapid.IntRange(0, 9).Draw(t, "kind"); {
			case kind == 0 || model == nil && kind < 7:
				p := &mutabledata.Put{Owner: rapid.SampledFrom(people).Draw(t, "owner"), Version: version(0) / 2}
				for _, u := range users {
					if rapid.Bool().Draw(t, "has") {
						p.Permissions = append(p.Permissions, mutabledata.Permission{User: u, Set: set.Draw(t, "set")})
					}
				}
				mutabledata.Sort(p)
				m = p
			case kind == 1:
				m = &mutabledata.SetUserPermissions{User: rapid.SampledFrom(users).Draw(t, "user"), Set: set.Draw(t, "set"), Version: version(shell)}
			case kind == 2:
				m = &mutabledata.DelUserPermissions{User: rapid.SampledFrom(users).Draw(t, "user"), Version: version(shell)}
			case kind == 3:
				m = &mutabledata.ChangeOwner{Owner: rapid.SampledFrom(append(people, vaultnet.PublicKey{})).Draw(t, "owner"), Version: version(shell)}
			default:
				e := &mutabledata.MutateEntries{MaxEntries: rapid.SampledFrom([]int{0, 5, 100}).Draw(t, "max")}
				seen := map[mutabledata.Key]bool{}
				for range rapid.IntRange(0, 4).Draw(t, "actions") {
					a := mutabledata.EntryAction{Key: key.Draw(t, "key"), Do: mutabledata.Do(rapid.IntRange(1, 5).Draw(t, "do"))}
					if seen[a.Key] {
						continue
					}
					seen[a.Key] = true
					current := uint64(0)
					if model != nil {
						current = model.entries[a.Key].version
					}
					if a.Do <= mutabledata.UpdateEntry {
						a.Content = content.Draw(t, "content")
					}
					if a.Do != mutabledata.ExpectAbsent {
						a.Version = version(current)
					}
					e.Actions = append(e.Actions, a)
				}
				mutabledata.Sort(e)
				m = e
			}
			payer := rapid.SampledFrom(people).Draw(t, "payer")
			next, wrong := model.mutate(m, who, payer)
			shipped, _, err := object.Apply(m, mutabledata.Context{Requester: who, Payer: payer})
			var refused *refusal.Error
			errors.As(err, &refused)
			switch {
			case (wrong == nil) != (err == nil):
				t.Fatalf("%#v: the model says %v, the rules %v", m, wrong, err)
			case err != nil:
				if wrong.Kind != refused.Kind || !reflect.DeepEqual(wrong.Detail, refused.Detail) {
					t.Fatalf("%#v: the model says %v, the rules %v", m, wrong, err)
				}
			default:
				model, object = next, shipped
			}
			if d := model.differs(object); d != "" {
				t.Fatalf("%#v: they differ in %s", m, d)
			}
		}
	})
}
