package refusal_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"vaultnet"
	"vaultnet/internal/canonical"
	"vaultnet/refusal"
)

// details has every field set, as no refusal may.
var details = refusal.Detail{What: "w", Reason: refusal.Expired, Current: 1, Max: 2, Size: 3, Limit: 4,
	Entries: []refusal.Problem{{Key: "k", Kind: refusal.EntryExists, Version: 5}}, Keys: []string{"k"}, Shell: true,
	OutcomeUnknown: true}

// own lists which fields each kind explains (semantics §4); kinds not named explain none.
var own = map[refusal.Kind]string{
	refusal.InvalidRequest:      "What",
	refusal.CorruptData:         "What",
	refusal.InvalidVersion:      "Max",
	refusal.InvalidSuccessor:    "Current",
	refusal.InvalidEntryActions: "Entries",
	refusal.TooManyEntries:      "Limit",
	refusal.DataTooLarge:        "Size Limit",
	refusal.MutationInProgress:  "Keys Shell",
	refusal.GrantInvalid:        "Reason",
	refusal.PermitInvalid:       "Reason",
	refusal.Unavailable:         "OutcomeUnknown",
}

func TestEachKindCarriesItsOwnDetails(t *testing.T) {
	all := reflect.ValueOf(details)
	for k := refusal.InvalidRequest; k <= refusal.Unavailable; k++ {
		w := refusal.Wire{Kind: k}
		mine := reflect.ValueOf(&w.Detail).Elem()
		for i := 1; i < all.NumField(); i++ {
			if name := all.Type().Field(i).Name; strings.Contains(own[k]+" ", name+" ") {
				mine.Field(i).Set(all.Field(i))
			}
		}
		if err := w.Validate(); err != nil {
			t.Errorf("%v with its own details: %v", k, err)
		}
		for i := 1; i < all.NumField(); i++ {
			if !mine.Field(i).IsZero() {
				continue
			}
			foreign := w
			reflect.ValueOf(&foreign.Detail).Elem().Field(i).Set(all.Field(i))
			if err := foreign.Validate(); !errors.Is(err, refusal.InvalidRequest) {
				t.Errorf("%v with %s: %v", k, all.Type().Field(i).Name, err)
			}
		}
		back := w.Refusal().Wire()
		if !reflect.DeepEqual(back, w) {
			t.Errorf("%v changed on its way", k)
		}
		var decoded refusal.Wire
		if err := canonical.Unmarshal(canonical.Marshal(&w), &decoded, 1000); err != nil || !refusal.Same(decoded.Refusal(), w.Refusal()) {
			t.Errorf("%v changed in its encoding: %v", k, err)
		}
	}
}

func TestRefusalsNobodySends(t *testing.T) {
	problem := func(key string, k refusal.Kind, v uint64) refusal.Problem {
		return refusal.Problem{Key: key, Kind: k, Version: v}
	}
	long := strings.Repeat("k", vaultnet.MaxKeySize+1)
	var many []refusal.Problem
	var keys []string
	for i := range refusal.MaxProblems + 1 {
		keys = append(keys, fmt.Sprintf("%04d", i))
		many = append(many, problem(keys[i], refusal.EntryExists, 0))
	}
	for name, w := range map[string]refusal.Wire{
		"no kind":               {},
		"unknown kind":          {Kind: 29},
		"an entry's kind":       {Kind: refusal.EntryExists},
		"long explanation":      {Kind: refusal.InvalidRequest, Detail: refusal.Detail{What: strings.Repeat("x", 257)}},
		"binary explanation":    {Kind: refusal.InvalidRequest, Detail: refusal.Detail{What: "\xff"}},
		"no reason":             {Kind: refusal.GrantInvalid},
		"a permit's reason":     {Kind: refusal.GrantInvalid, Detail: refusal.Detail{Reason: refusal.Closed}},
		"a grant's reason":      {Kind: refusal.PermitInvalid, Detail: refusal.Detail{Reason: refusal.Revoked}},
		"unknown reason":        {Kind: refusal.PermitInvalid, Detail: refusal.Detail{Reason: 14}},
		"negative limit":        {Kind: refusal.TooManyEntries, Detail: refusal.Detail{Limit: -1}},
		"negative size":         {Kind: refusal.DataTooLarge, Detail: refusal.Detail{Size: -1 << 63}},
		"keys out of order":     {Kind: refusal.MutationInProgress, Detail: refusal.Detail{Keys: []string{"b", "a"}}},
		"key twice":             {Kind: refusal.MutationInProgress, Detail: refusal.Detail{Keys: []string{"a", "a"}}},
		"long key":              {Kind: refusal.MutationInProgress, Detail: refusal.Detail{Keys: []string{long}}},
		"many keys":             {Kind: refusal.MutationInProgress, Detail: refusal.Detail{Keys: keys}},
		"many problems":         {Kind: refusal.InvalidEntryActions, Detail: refusal.Detail{Entries: many}},
		"problem's long key":    {Kind: refusal.InvalidEntryActions, Detail: refusal.Detail{Entries: []refusal.Problem{problem(long, refusal.EntryExists, 0)}}},
		"problem twice":         {Kind: refusal.InvalidEntryActions, Detail: refusal.Detail{Entries: []refusal.Problem{many[0], many[0]}}},
		"no entry, a version":   {Kind: refusal.InvalidEntryActions, Detail: refusal.Detail{Entries: []refusal.Problem{problem("", refusal.NoSuchEntry, 1)}}},
		"no problem of entries": {Kind: refusal.InvalidEntryActions, Detail: refusal.Detail{Entries: []refusal.Problem{problem("", refusal.AccessDenied, 0)}}},
	} {
		if err := w.Validate(); !errors.Is(err, refusal.InvalidRequest) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestReasonsBelongToTheirKind(t *testing.T) {
	want := map[refusal.Kind]string{
		refusal.GrantInvalid:  "never-granted revoked expired used-up idle pruned ",
		refusal.PermitInvalid: "expired used-up missing malformed not-yet requester address signers closed ",
	}
	for k, names := range want {
		got := ""
		for r := range 256 {
			w := refusal.Wire{Kind: k, Detail: refusal.Detail{Reason: refusal.Reason(r)}}
			if w.Validate() == nil {
				got += refusal.Reason(r).String() + " "
			}
		}
		if got != names {
			t.Errorf("%v for %q, want %q", k, got, names)
		}
	}
}

func TestSame(t *testing.T) {
	a := &refusal.Error{Kind: refusal.InvalidEntryActions, Op: "a", Subject: "a", Detail: details}
	b := &refusal.Error{Kind: refusal.InvalidEntryActions, Op: "b", Cause: errors.New("b"), Detail: details}
	b.Detail.What = "other words"
	if !refusal.Same(a, b) || !refusal.Same(nil, nil) || refusal.Same(a, nil) || refusal.Same(nil, a) {
		t.Fatal("alike refusals differ")
	}
	b.Kind = refusal.NoSuchData
	if refusal.Same(a, b) {
		t.Fatal("two kinds alike")
	}
	fields := reflect.TypeFor[refusal.Detail]()
	for i := 1; i < fields.NumField(); i++ {
		if name := fields.Field(i).Name; name != "What" {
			c := &refusal.Error{Kind: a.Kind, Detail: details}
			reflect.ValueOf(&c.Detail).Elem().Field(i).SetZero()
			if refusal.Same(a, c) {
				t.Errorf("%s is not compared", name)
			}
		}
	}
	c := &refusal.Error{Kind: a.Kind, Detail: details}
	c.Detail.Entries, c.Detail.Keys = []refusal.Problem{}, nil
	d := &refusal.Error{Kind: a.Kind, Detail: details}
	d.Detail.Entries, d.Detail.Keys = nil, []string{}
	if !refusal.Same(c, d) {
		t.Error("nil and empty lists differ")
	}
}

func FuzzWire(f *testing.F) {
	for k := refusal.InvalidRequest; k <= refusal.EntryExists; k++ {
		f.Add(canonical.Marshal(&refusal.Wire{Kind: k}))
		f.Add(canonical.Marshal(&refusal.Wire{Kind: k, Detail: details}))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var w refusal.Wire
		if canonical.Unmarshal(b, &w, 1<<16) != nil {
			return
		}
		if err := w.Validate(); err != nil {
			if !errors.Is(err, refusal.InvalidRequest) {
				t.Fatal(err)
			}
			return
		}
		e := w.Refusal()
		_ = e.Error()
		again := e.Wire()
		if !refusal.Same(e, again.Refusal()) || string(canonical.Marshal(&again)) != string(b) {
			t.Fatal("not the same again")
		}
	})
}
