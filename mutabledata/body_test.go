package mutabledata

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"

	"vaultnet"
	"vaultnet/internal/canonical"
	"vaultnet/refusal"
)

// Bodies are signed: their bytes are for ever.
func TestBodiesAreTheseBytes(t *testing.T) {
	zeros := hex.EncodeToString(alice[1:])
	for _, c := range []struct {
		m    Mutation
		want string
	}{
		{&Put{Owner: alice, Permissions: []Permission{permission(Anyone, PermissionSet(0).Allow(Insert).Deny(Update))},
			Entries: []Entry{entry("k", "v", 24)}}, "85015820a1" + zeros + "008182410009818241" + "6b82" + "4176" + "1818"},
		{mutate(insert("a", "v"), update("b", "w", 1), remove("c", 2), expect("d", 3), absent("e")), "830285" +
			"844161014176" + "00" + "844162024177" + "01" + "84416303" + "4002" + "84416404" + "4003" + "84416505" + "4000" + "00"},
		{&SetUserPermissions{User: UserOf(bob), Set: PermissionSet(0).Allow(ManagePermissions), Version: 7}, "84035820b0" + zeros + "184007"},
		{&DelUserPermissions{User: Anyone, Version: 1}, "8304410001"},
		{&ChangeOwner{Version: 2}, "83055820" + "00" + zeros + "02"},
	} {
		if got := hex.EncodeToString(Encode(c.m)); got != c.want {
			t.Errorf("%T:\n got %s\nwant %s", c.m, got, c.want)
		}
		if _, err := Decode(Encode(c.m)); err != nil {
			t.Errorf("%T: %v", c.m, err)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	long := Key(make([]byte, vaultnet.MaxKeySize+1))
	many := &MutateEntries{}
	for i := range vaultnet.MaxActions + 1 {
		many.Actions = append(many.Actions, insert(Key([]byte{byte(i >> 8), byte(i)}), ""))
	}
	bodies := map[string][]byte{
		"nothing":           nil,
		"one byte":          {0x81},
		"an empty array":    {0x80},
		"no array":          {0x01, 0x01},
		"code 0":            canonical.Marshal(&delBody{Code: 0, User: Anyone}),
		"code 6":            canonical.Marshal(&delBody{Code: 6, User: Anyone}),
		"another's fields":  canonical.Marshal(&delBody{Code: codeChangeOwner, User: Anyone}),
		"a byte after":      append(Encode(&DelUserPermissions{User: Anyone}), 0),
		"too long":          Encode(&Put{Owner: alice, Entries: []Entry{entry("k", string(make([]byte, MaxBody)), 0)}}),
		"long form":         {0x83, 0x04, 0x58, 0x01, 0x00, 0x01},
		"no owner":          Encode(&Put{}),
		"invalid set":       Encode(&SetUserPermissions{User: Anyone, Set: 3}),
		"no user":           Encode(&SetUserPermissions{}),
		"user of 31 bytes":  Encode(&SetUserPermissions{User: User(make([]byte, 31))}),
		"nobody as user":    Encode(&DelUserPermissions{User: UserOf(vaultnet.PublicKey{})}),
		"long key":          Encode(mutate(insert(long, ""))),
		"long key in a put": Encode(&Put{Owner: alice, Entries: []Entry{entry(long, "", 0)}}),
		"too many actions":  Encode(many),
		"max entries 101":   Encode(&MutateEntries{MaxEntries: 101}),
		"max entries -1":    Encode(&MutateEntries{MaxEntries: -1}),
		"action 0":          Encode(mutate(EntryAction{})),
		"action 6":          Encode(mutate(EntryAction{Do: 6})),
		"key twice":         Encode(mutate(insert("a", ""), remove("a", 1))),
		"keys in disorder":  Encode(&MutateEntries{Actions: []EntryAction{insert("b", ""), insert("a", "")}}),
		"delete of content": Encode(mutate(EntryAction{Do: DeleteEntry, Content: []byte("x")})),
		"expect of content": Encode(mutate(EntryAction{Do: ExpectVersion, Content: []byte("x")})),
		"absent by version": Encode(mutate(EntryAction{Do: ExpectAbsent, Version: 1})),
		"entries twice":     Encode(&Put{Owner: alice, Entries: []Entry{entry("a", "", 0), entry("a", "", 0)}}),
		"users in disorder": Encode(&Put{Owner: alice, Permissions: []Permission{permission(UserOf(bob), 0), permission(Anyone, 0)}}),
	}
	for name, body := range bodies {
		if m, err := Decode(body); !errors.Is(err, refusal.InvalidRequest) || m != nil {
			t.Errorf("%s: got %v, %v", name, m, err)
		}
	}
	if err := Validate(nil); !errors.Is(err, refusal.InvalidRequest) {
		t.Errorf("no mutation: %v", err)
	}
}

func TestDecodeAcceptsTheBounds(t *testing.T) {
	m := &MutateEntries{MaxEntries: 100}
	for i := range vaultnet.MaxActions {
		m.Actions = append(m.Actions, insert(Key([]byte{byte(i)}), ""))
	}
	m.Actions[len(m.Actions)-1].Key = Key(bytes.Repeat([]byte{0xff}, vaultnet.MaxKeySize))
	if _, err := Decode(Encode(m)); err != nil {
		t.Fatal(err)
	}
}

func TestDecodedRefersToNothingOfTheBody(t *testing.T) {
	body := Encode(mutate(insert("key", "content")))
	m, err := Decode(body)
	if err != nil {
		t.Fatal(err)
	}
	clear(body)
	if a := m.(*MutateEntries).Actions[0]; a.Key != "key" || string(a.Content) != "content" {
		t.Fatalf("%v", a)
	}
}

func FuzzDecode(f *testing.F) {
	for _, m := range []Mutation{&Put{Owner: alice, Permissions: []Permission{permission(Anyone, 9)}, Entries: []Entry{entry("k", "v", 24)}},
		mutate(insert("a", "v"), update("b", "w", 1), remove("c", 2), expect("d", 3), absent("e")),
		&SetUserPermissions{User: UserOf(bob), Set: 64, Version: 7}, &DelUserPermissions{User: Anyone, Version: 1}, &ChangeOwner{Version: 2}} {
		f.Add(Encode(m))
	}
	o := owned(f, entry("a", "", 0), entry("b", "", 0), entry("c", "", 1), entry("d", "", 3))
	f.Fuzz(func(t *testing.T, body []byte) {
		m, err := Decode(body)
		if err != nil {
			if !errors.Is(err, refusal.InvalidRequest) {
				t.Fatal(err)
			}
			return
		}
		if !bytes.Equal(Encode(m), body) {
			t.Fatal("accepted what Encode does not write")
		}
		if err := InFlight([]Mutation{m, m}, m); err != nil && !errors.Is(err, refusal.MutationInProgress) {
			t.Fatal(err)
		}
		Keys(m)
		for _, at := range []*Object{nil, o} {
			next, result, err := at.Apply(m, byAlice)
			if err != nil {
				continue
			}
			if next.Size() != int64(len(appendObject(nil, next))) || next.Size() > vaultnet.MaxSize || next.Len() > vaultnet.MaxEntries {
				t.Fatalf("size %d, %d entries", next.Size(), next.Len())
			}
			if _, err := DecodeResult(result.Encode()); err != nil {
				t.Fatal(err)
			}
			if back, err := Load(next.Records()); err != nil || back.Digest() != next.Digest() {
				t.Fatal(err)
			}
		}
	})
}

func FuzzDecodeResult(f *testing.F) {
	f.Add(Result{Versions: []Version{0, 23, 24, 1 << 40}}.Encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, err := DecodeResult(b); err == nil && !bytes.Equal(r.Encode(), b) {
			t.Fatal("accepted what Encode does not write")
		}
	})
}
