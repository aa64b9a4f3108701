package mutabledata

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"vaultnet"
	"vaultnet/internal/canonical"
	"vaultnet/refusal"
)

func TestRecordsOfAnObject(t *testing.T) {
	o := applied(t, nil, &Put{Owner: alice, Permissions: []Permission{permission(Anyone, 1), permission(UserOf(bob), 2)},
		Entries: []Entry{entry("", "empty", 0), entry("k", "v", 1)}}, byAlice)
	got := o.Records()
	want := []string{"\x01", "\x02", "\x03\x00", "\x03" + string(bob[:]), "\x04", "\x04k"}
	if !slices.EqualFunc(got, want, func(w vaultnet.Write, k string) bool { return string(w.Key) == k && w.Value != nil }) {
		t.Fatalf("records %v", got)
	}
	slices.Reverse(got)
	back, err := Load(got)
	if err != nil || back.Digest() != o.Digest() || back.Size() != o.Size() {
		t.Fatalf("load: %v", err)
	}
}

func TestDiffWritesOnlyWhatChanged(t *testing.T) {
	o := full(t)
	for _, c := range []struct {
		m    Mutation
		want string
	}{
		{mutate(update("k0042", "new", 1)), "4k0042+"},
		{mutate(remove("k0042", 1)), "2+ 4k0042-"},
		{mutate(remove("k0042", 1), insert("k9", "")), "2+ 4k0042- 4k9+"},
		{&ChangeOwner{Owner: bob, Version: 1}, "1+"},
	} {
		var got []string
		for _, w := range applied(t, o, c.m, byAlice).Diff(o) {
			mark := "+"
			if w.Value == nil {
				mark = "-"
			}
			got = append(got, string('0'+w.Key[0])+string(w.Key[1:])+mark)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%T: %v, want %s", c.m, got, c.want)
		}
	}
	o = owned(t)
	set := applied(t, o, &SetUserPermissions{User: Anyone, Set: 1, Version: 1}, byAlice)
	if w := set.Diff(o); len(w) != 2 || w[1].Key[0] != recordPermission || w[1].Value == nil {
		t.Errorf("set: %v", w)
	}
	gone := applied(t, set, &DelUserPermissions{User: Anyone, Version: 2}, byAlice)
	if w := gone.Diff(set); len(w) != 2 || w[1].Key[0] != recordPermission || w[1].Value != nil {
		t.Errorf("del: %v", w)
	}
	if w := o.Diff(o); w != nil {
		t.Errorf("no change: %v", w)
	}
	var none *Object
	if none.Records() != nil || none.Diff(none) != nil {
		t.Error("records of nothing")
	}
	for _, w := range none.Diff(set) {
		if w.Value != nil {
			t.Errorf("a record of nothing: %v", w)
		}
	}
	if n := len(none.Diff(set)); n != len(set.Records()) {
		t.Errorf("%d records gone", n)
	}
}

func TestLoadOfNothingIsNothing(t *testing.T) {
	if o, err := Load(nil); o != nil || err != nil {
		t.Fatal(o, err)
	}
}

func TestLoadRefuses(t *testing.T) {
	good := func() []vaultnet.Write {
		return applied(t, nil, &Put{Owner: alice, Permissions: []Permission{permission(Anyone, 1)},
			Entries: []Entry{entry("k", "v", 1)}}, byAlice).Records()
	}
	const shell, floor, anyone, k = 0, 1, 2, 3
	value := canonical.Marshal(&Value{})
	var many []vaultnet.Write
	for _, e := range numbered(101, 0) {
		many = append(many, vaultnet.Write{Key: []byte("\x04" + e.Key), Value: value})
	}
	for name, change := range map[string]func(r []vaultnet.Write) []vaultnet.Write{
		"no shell":            func(r []vaultnet.Write) []vaultnet.Write { return r[floor:] },
		"no floor":            func(r []vaultnet.Write) []vaultnet.Write { return slices.Delete(r, floor, floor+1) },
		"shell twice":         func(r []vaultnet.Write) []vaultnet.Write { return append(r, r[shell]) },
		"floor twice":         func(r []vaultnet.Write) []vaultnet.Write { return append(r, r[floor]) },
		"user twice":          func(r []vaultnet.Write) []vaultnet.Write { return append(r, r[anyone]) },
		"entry twice":         func(r []vaultnet.Write) []vaultnet.Write { return append(r, r[k]) },
		"no key":              func(r []vaultnet.Write) []vaultnet.Write { r[k].Key = nil; return r },
		"unknown":             func(r []vaultnet.Write) []vaultnet.Write { r[k].Key = []byte{5}; return r },
		"shell with a suffix": func(r []vaultnet.Write) []vaultnet.Write { r[shell].Key = []byte{1, 0}; return r },
		"floor with a suffix": func(r []vaultnet.Write) []vaultnet.Write { r[floor].Key = []byte{2, 0}; return r },
		"no value":            func(r []vaultnet.Write) []vaultnet.Write { r[k].Value = nil; return r },
		"value cut short": func(r []vaultnet.Write) []vaultnet.Write {
			r[k].Value = r[k].Value[:len(r[k].Value)-1]
			return r
		},
		"value with more":  func(r []vaultnet.Write) []vaultnet.Write { r[k].Value = append(r[k].Value, 0); return r },
		"floor of text":    func(r []vaultnet.Write) []vaultnet.Write { r[floor].Value = []byte{0x60}; return r },
		"shell of a floor": func(r []vaultnet.Write) []vaultnet.Write { r[shell].Value = r[floor].Value; return r },
		"invalid set":      func(r []vaultnet.Write) []vaultnet.Write { r[anyone].Value = []byte{3}; return r },
		"invalid user":     func(r []vaultnet.Write) []vaultnet.Write { r[anyone].Key = []byte("\x03?"); return r },
		"long key": func(r []vaultnet.Write) []vaultnet.Write {
			r[k].Key = append([]byte{4}, make([]byte, vaultnet.MaxKeySize+1)...)
			return r
		},
		"too many entries": func(r []vaultnet.Write) []vaultnet.Write { return append(r[:k], many...) },
		"too large": func(r []vaultnet.Write) []vaultnet.Write {
			r[k].Value = canonical.Marshal(&Value{Content: make([]byte, vaultnet.MaxSize-20)})
			return r
		},
	} {
		if o, err := Load(change(good())); !errors.Is(err, refusal.CorruptData) || o != nil {
			t.Errorf("%s: %v, %v", name, o, err)
		}
	}
	if _, err := Load(good()); err != nil {
		t.Error(err)
	}
}

// The fuzzer's bytes are records one after the other: length of the key, key, length of the value, value.
func FuzzLoad(f *testing.F) {
	var seed []byte
	for _, w := range owned(f, entry("k", "v", 1)).Records() {
		seed = append(append(append(append(seed, byte(len(w.Key))), w.Key...), byte(len(w.Value))), w.Value...)
	}
	f.Add(seed)
	f.Fuzz(func(t *testing.T, b []byte) {
		var records []vaultnet.Write
		next := func() []byte {
			n := min(int(b[0])+1, len(b))
			part := b[1:n]
			b = b[n:]
			return part
		}
		for len(b) > 0 {
			w := vaultnet.Write{Key: next()}
			if len(b) > 0 {
				w.Value = next()
			}
			records = append(records, w)
		}
		o, err := Load(records)
		if err != nil {
			if !errors.Is(err, refusal.CorruptData) {
				t.Fatal(err)
			}
			return
		}
		again := o.Records()
		slices.SortFunc(records, func(a, b vaultnet.Write) int { return bytes.Compare(a.Key, b.Key) })
		if !slices.EqualFunc(again, records, func(a, b vaultnet.Write) bool {
			return bytes.Equal(a.Key, b.Key) && bytes.Equal(a.Value, b.Value)
		}) {
			t.Fatal("loaded what Records does not write")
		}
	})
}
