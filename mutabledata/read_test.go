package mutabledata

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"vaultnet"
	"vaultnet/internal/canonical"
	"vaultnet/refusal"
)

func TestReadsOfWhatIsMissing(t *testing.T) {
	var none *Object
	o := owned(t, entry("k", "v", 1))
	for _, q := range everyQuery("x", Anyone) {
		if b, err := none.Read(q); !errors.Is(err, refusal.NoSuchData) || b != nil {
			t.Errorf("%T of nothing: %x, %v", q, b, err)
		}
		want := refusal.Kind(0)
		switch q.(type) {
		case GetValue:
			want = refusal.NoSuchEntry
		case GetUserPermissions:
			want = refusal.NoSuchKey
		}
		if _, err := o.Read(q); want != 0 && !errors.Is(err, want) || want == 0 && err != nil {
			t.Errorf("%T: %v, want %v", q, err, want)
		}
	}
}

func TestReadChecksTheQuery(t *testing.T) {
	o := owned(t)
	long := Key(make([]byte, vaultnet.MaxKeySize+1))
	var many []Key
	for i := range vaultnet.MaxReadKeys + 1 {
		many = append(many, Key(fmt.Sprintf("%03d", i)))
	}
	for _, q := range []Query{nil, GetValue{Key: long}, GetValuesOf{Keys: []Key{long}}, GetValuesOf{Keys: many},
		GetValuesOf{Keys: []Key{"b", "a"}}, GetValuesOf{Keys: []Key{"a", "a"}}, GetUserPermissions{}} {
		if _, err := o.Read(q); !errors.Is(err, refusal.InvalidRequest) {
			t.Errorf("%T: %v", q, err)
		}
		if q == nil {
			continue
		}
		if _, err := DecodeQuery(EncodeQuery(q)); !errors.Is(err, refusal.InvalidRequest) {
			t.Errorf("%T: decoded, %v", q, err)
		}
	}
	if _, err := o.Read(GetValuesOf{Keys: many[1:]}); err != nil {
		t.Error(err)
	}
}

func TestQueriesRoundTrip(t *testing.T) {
	seen := map[string]bool{}
	for _, q := range append(everyQuery("key", UserOf(bob)), GetValuesOf{}) {
		b := EncodeQuery(q)
		back, err := DecodeQuery(b)
		if err != nil || fmt.Sprintf("%T %v", back, back) != fmt.Sprintf("%T %v", q, q) {
			t.Errorf("%#v came back as %#v, %v", q, back, err)
		}
		if seen[string(b)] {
			t.Errorf("%T is encoded like another", q)
		}
		seen[string(b)] = true
	}
	for _, b := range [][]byte{nil, {0x81}, {0x81, 0x00}, {0x81, 0x07}, {0x81, 0x0b}, {0x81, 0x17}, {0x82, 0x01, 0x00}, {0x81, 0x01, 0x00}} {
		if q, err := DecodeQuery(b); !errors.Is(err, refusal.InvalidRequest) || q != nil {
			t.Errorf("%x: %v, %v", b, q, err)
		}
	}
}

func TestShellAndValuesOf(t *testing.T) {
	o := owned(t, entry("a", "1", 0), entry("c", "3", 4), entry("d", "", 0))
	o = applied(t, o, mutate(remove("d", 1)), byAlice)
	o = applied(t, o, &SetUserPermissions{User: Anyone, Set: 1, Version: 1}, byAlice)
	b, err := o.Read(GetShell{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := GetShell{}.Decode(b)
	if err != nil || s.Owner != alice || s.Version != 1 || len(s.Permissions) != 1 || s.Floor != 2 || s.Entries != 2 || s.Size != o.Size() {
		t.Fatalf("shell %+v, %v", s, err)
	}
	q := GetValuesOf{Keys: []Key{"a", "b", "c"}}
	b, err = o.Read(q)
	if err != nil {
		t.Fatal(err)
	}
	vs, err := q.Decode(b)
	if err != nil || vs[0] == nil || string(vs[0].Content) != "1" || vs[1] != nil || vs[2] == nil || vs[2].Version != 4 {
		t.Fatalf("values %v, %v", vs, err)
	}
	if _, err := (GetValuesOf{Keys: q.Keys[:2]}).Decode(b); err == nil {
		t.Fatal("an answer to another question was taken")
	}
}

func TestAnswersOfAFullObjectFit(t *testing.T) {
	o := full(t)
	var keys []Key
	for k := range o.Entries() {
		keys = append(keys, k)
	}
	for _, q := range append(everyQuery("k0001", Anyone), GetValuesOf{Keys: keys}) {
		b, err := o.Read(q)
		if _, user := q.(GetUserPermissions); user {
			continue
		}
		if err != nil || len(b) > MaxAnswer {
			t.Errorf("%T: %d bytes, %v", q, len(b), err)
			continue
		}
		if err := decodeAnswer(q, b); err != nil {
			t.Errorf("%T: %v", q, err)
		}
	}
}

func decodeAnswer(q Query, b []byte) (err error) {
	switch q := q.(type) {
	case GetObject:
		_, err = q.Decode(b)
	case GetShell:
		_, err = q.Decode(b)
	case GetVersion:
		_, err = q.Decode(b)
	case GetEntries:
		_, err = q.Decode(b)
	case GetKeys:
		_, err = q.Decode(b)
	case GetValues:
		_, err = q.Decode(b)
	case GetValue:
		_, err = q.Decode(b)
	case GetValuesOf:
		_, err = q.Decode(b)
	case GetPermissions:
		_, err = q.Decode(b)
	case GetUserPermissions:
		_, err = q.Decode(b)
	}
	return err
}

func TestAnswersFromLiars(t *testing.T) {
	entries := numbered(101, 0)
	values := make([]Value, 101)
	keys := make([]Key, 101)
	for i, e := range entries {
		keys[i] = e.Key
	}
	twice := []Entry{entry("a", "", 0), entry("a", "", 0)}
	for name, c := range map[string]struct {
		q      Query
		answer any
	}{
		"101 entries":            {GetEntries{}, &entries},
		"entries twice":          {GetEntries{}, &twice},
		"101 keys":               {GetKeys{}, &keys},
		"keys in disorder":       {GetKeys{}, &[]Key{"b", "a"}},
		"a long key":             {GetKeys{}, &[]Key{Key(make([]byte, 5000))}},
		"101 values":             {GetValues{}, &values},
		"an entry for a value":   {GetValue{}, &twice[0]},
		"two values for one key": {GetValuesOf{Keys: []Key{"a"}}, &[][]Value{{{}, {}}}},
		"more values than keys":  {GetValuesOf{Keys: []Key{"a"}}, &[][]Value{{}, {}}},
		"an invalid set":         {GetUserPermissions{User: Anyone}, new(uint8(3))},
		"users twice":            {GetPermissions{}, &[]Permission{permission(Anyone, 0), permission(Anyone, 0)}},
		"a shell of 101 entries": {GetShell{}, &Shell{Entries: 101}},
		"a shell of -1 bytes":    {GetShell{}, &Shell{Size: -1}},
		"a shell for nobody's":   {GetShell{}, &Shell{Permissions: []Permission{permission("", 0)}}},
		"an object of 101":       {GetObject{}, &objectAnswer{Object: encodedObject{Entries: entries}}},
		"an object with a twin":  {GetObject{}, &objectAnswer{Object: encodedObject{Entries: twice}}},
		"an object too large":    {GetObject{}, &objectAnswer{Object: encodedObject{Entries: []Entry{entry("k", string(make([]byte, vaultnet.MaxSize-40)), 0)}}}},
		"a negative version":     {GetVersion{}, new(int64(-1))},
	} {
		var e *refusal.Error
		if err := decodeAnswer(c.q, canonical.Marshal(c.answer)); !errors.As(err, &e) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzDecodeQuery(f *testing.F) {
	for _, q := range everyQuery("key", UserOf(bob)) {
		f.Add(EncodeQuery(q))
	}
	o := owned(f, entry("key", "v", 1))
	f.Fuzz(func(t *testing.T, b []byte) {
		q, err := DecodeQuery(b)
		if err != nil {
			if !errors.Is(err, refusal.InvalidRequest) {
				t.Fatal(err)
			}
			return
		}
		if !bytes.Equal(EncodeQuery(q), b) {
			t.Fatal("accepted what EncodeQuery does not write")
		}
		answer, err := o.Read(q)
		if err != nil {
			return
		}
		if err := decodeAnswer(q, answer); err != nil {
			t.Fatalf("%T: %v", q, err)
		}
	})
}

func FuzzAnswers(f *testing.F) {
	o := applied(f, owned(f, entry("key", "v", 1)), &SetUserPermissions{User: Anyone, Set: 1, Version: 1}, byAlice)
	for _, q := range everyQuery("key", Anyone) {
		b, err := o.Read(q)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, q := range everyQuery("key", Anyone) {
			var e *refusal.Error
			if err := decodeAnswer(q, b); err != nil && !errors.As(err, &e) {
				t.Fatalf("%T: %v", q, err)
			}
		}
		if o, err := (GetObject{}).Decode(b); err == nil {
			again, err := o.Read(GetObject{})
			if err != nil || !bytes.Equal(again, b) {
				t.Fatalf("took an answer that Read does not give: %v", err)
			}
		}
	})
}
