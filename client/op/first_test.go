package op

import (
	"testing"

	"vaultnet/account"
	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

func TestFromNothing(t *testing.T) {
	w := newWorld(t, 12)
	alice := w.owner("alice")
	a := w.address("notes")
	w.refused(Read{Address: a, Query: mutabledata.GetObject{}}, refusal.NoSuchData)
	w.refused(Mutate{As: alice, Address: a, Mutation: insert("k", "v")}, refusal.NoSuchData)
	w.must(Mutate{As: alice, Address: a, Mutation: put(alice)})
	d := w.must(Mutate{As: alice, Address: a, Mutation: insert("k", "v")})
	if d.Height != 2 {
		t.Errorf("height %d, want 2", d.Height)
	}
	r := w.must(Read{Address: a, Query: mutabledata.GetValue{Key: "k"}})
	if v := r.Result.(mutabledata.Value); string(v.Content) != "v" || r.Height != 2 {
		t.Errorf("read %q at %d", v.Content, r.Height)
	}
	e := w.refused(Mutate{As: alice, Address: a, Mutation: insert("k", "w")}, refusal.InvalidEntryActions)
	if len(e.Detail.Entries) != 1 || e.Detail.Entries[0].Kind != refusal.EntryExists {
		t.Errorf("details %+v", e.Detail)
	}
	w.refused(Mutate{As: alice, Address: a, Mutation: put(alice)}, refusal.DataExists)
	w.refused(Operate{As: alice, Operation: &account.CreateAccount{}}, refusal.AccountExists)
	v := w.must(ReadAccount{As: alice}).Result.(AccountRead).View
	t.Logf("%+v, %d messages, %v", v, w.sent, w.now)
	if v.Done != 2 || v.Reserved != 0 || v.Available != 998 {
		t.Errorf("account %+v, want 2 done", v)
	}
}
