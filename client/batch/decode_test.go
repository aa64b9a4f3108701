package batch_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"vaultnet"
	"vaultnet/client/batch"
	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

// FuzzLine: whatever a line is, decoding it ends, takes nothing but JSON, and carrying it out gives one line of JSON.
func FuzzLine(f *testing.F) {
	for _, name := range []string{"malformed", "accounts", "data", "reads"} {
		b, err := os.ReadFile("testdata/" + name + ".txt")
		if err != nil {
			f.Fatal(err)
		}
		for _, line := range strings.Split(string(b), "\n") {
			if op, ok := strings.CutPrefix(line, "> "); ok {
				f.Add([]byte(op))
			}
		}
	}
	for _, v := range batch.Verbs() {
		f.Add([]byte(v.Example))
	}
	runner := batch.Runner{Network: newFake(), Keys: newRing(f)}
	f.Fuzz(func(t *testing.T, line []byte) {
		o, err := batch.Decode(line)
		if err != nil {
			if a := batch.Misunderstood(err); !json.Valid(a.JSON()) {
				t.Errorf("not JSON: %s", a.JSON())
			}
			return
		}
		if !json.Valid(line) || !utf8.Valid(line) {
			t.Errorf("taken, but it is no JSON: %q", line)
		}
		if strings.Contains(string(line), "sleep") || strings.Contains(string(line), "\\u") || strings.Contains(string(line), "/") {
			return // it would wait, or read a file
		}
		a := runner.Do(context.Background(), o)
		if b := a.JSON(); !json.Valid(b) || bytes.ContainsAny(b, "\n\r") {
			t.Errorf("not a line of JSON: %q", b)
		}
	})
}

// Every example in the table is understood, and every verb has one.
func TestExamples(t *testing.T) {
	for _, v := range batch.Verbs() {
		o, err := batch.Decode([]byte(v.Example))
		if err != nil || o.Verb.Name != v.Name {
			t.Errorf("%s: %v", v.Name, err)
		}
	}
}

// Keys and contents come out as they went in, whatever bytes they are.
func TestBytesComeBack(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"op":"put","as":"a","address":{"name":"n"},"entries":{`)
	for i := range 256 {
		fmt.Fprintf(&b, `"hex:%02x":{"hex":"%02x"},`, i, i)
	}
	b.WriteString(`"end":""}}`)
	r := batch.Runner{Network: newFake(), Keys: newRing(t)}
	a := run(t, &r, `{"op":"create-account","as":"a"}`)
	// More than fit an object: only what is read of them matters.
	if a = run(t, &r, b.String()); a.Refusal == nil || a.Refusal.Kind != refusal.TooManyEntries {
		t.Fatal(string(a.JSON()))
	}
	for i := range 256 {
		name := fmt.Sprintf("n%d", i)
		run(t, &r, fmt.Sprintf(`{"op":"put","as":"a","address":{"name":%q},"entries":{"hex:%02x":{"hex":"%02x"}}}`, name, i, i))
		a := run(t, &r, fmt.Sprintf(`{"op":"get-entries","address":{"name":%q}}`, name))
		var got struct {
			Entries map[string]struct{ Content any }
		}
		if err := json.Unmarshal(a.JSON(), &got); err != nil {
			t.Fatal(err)
		}
		for k, v := range got.Entries {
			content, ok := v.Content.(string)
			if !ok {
				raw, err := hex.DecodeString(v.Content.(map[string]any)["hex"].(string))
				if err != nil {
					t.Fatal(err)
				}
				content = string(raw)
			}
			if rest, ok := strings.CutPrefix(k, "hex:"); ok {
				raw, err := hex.DecodeString(rest)
				if err != nil {
					t.Fatal(err)
				}
				k = string(raw)
			}
			if k != string([]byte{byte(i)}) || content != string([]byte{byte(i)}) {
				t.Errorf("byte %d came back as %q, %q", i, k, content)
			}
		}
	}
}

func run(t *testing.T, r *batch.Runner, line string) batch.Answer {
	t.Helper()
	o, err := batch.Decode([]byte(line))
	if err != nil {
		t.Fatal(err)
	}
	return r.Do(context.Background(), o)
}

// What is beyond the limits of data, but not of lines, is understood: the network says which limit it is.
func TestTooMuchIsUnderstood(t *testing.T) {
	r := batch.Runner{Network: newFake(), Keys: newRing(t)}
	run(t, &r, `{"op":"create-account","as":"a"}`)
	run(t, &r, `{"op":"put","as":"a","address":{"name":"n"},"entries":{}}`)
	var inserts []string
	for i := range 201 {
		inserts = append(inserts, fmt.Sprintf(`"k%d":{"insert":""}`, i))
	}
	mutate := func(n int) string {
		return `{"op":"mutate","as":"a","address":{"name":"n"},"actions":{` + strings.Join(inserts[:n], ",") + `}}`
	}
	for line, want := range map[string]refusal.Kind{
		mutate(101): refusal.TooManyEntries,
		mutate(201): refusal.InvalidRequest,
		`{"op":"put-chunk","as":"a","content":"` + strings.Repeat("x", vaultnet.MaxSize+1) + `"}`:                               refusal.DataTooLarge,
		`{"op":"put","as":"a","address":{"name":"m"},"entries":{"a":{"hex":"` + strings.Repeat("00", vaultnet.MaxSize) + `"}}}`: refusal.DataTooLarge,
		`{"op":"put","as":"a","address":{"name":"m"},"entries":{"` + strings.Repeat("k", vaultnet.MaxKeySize+1) + `":"x"}}`:     refusal.InvalidRequest,
		`{"op":"mutate","as":"a","address":{"name":"n"},"actions":{"a":{"insert":"x"}},"max-entries":9223372036854775807}`:      refusal.InvalidRequest,
		`{"op":"insert-grant","as":"a","key":"b","version":1,"label":"` + strings.Repeat("x", vaultnet.MaxLabelSize+1) + `"}`:   refusal.InvalidRequest,
		`{"op":"insert-grant","as":"a","key":"b","version":1,"permit":"25h"}`:                                                   refusal.InvalidRequest,
		`{"op":"get-entry","address":{"name":"n"},"key":"` + strings.Repeat("k", vaultnet.MaxKeySize+1) + `"}`:                  refusal.InvalidRequest,
	} {
		a := run(t, &r, line)
		if a.Refusal == nil || a.Refusal.Kind != want || a.Misunderstood {
			t.Errorf("%.80s: %.200s", line, a.JSON())
		}
	}
}

// The details of every kind of refusal are told.
func TestRefusals(t *testing.T) {
	for want, e := range map[string]*refusal.Error{
		`"current":4}`:        refusal.Successor(4),
		`"max":5}`:            {Kind: refusal.InvalidVersion, Detail: refusal.Detail{Max: 5}},
		`"reason":"idle"}`:    refusal.Grant(refusal.Idle),
		`"reason":"closed"}`:  refusal.Permit(refusal.Closed),
		`"limit":100}`:        {Kind: refusal.TooManyEntries, Detail: refusal.Detail{Limit: 100}},
		`"size":2,"limit":1}`: refusal.TooLarge(2, 1),
		`"retryable":true}`:   refusal.New(refusal.TooManyMutations),
		`"message":"Unavailable","retryable":true}`:            refusal.New(refusal.Unavailable),
		`"outcome":"unknown","retryable":true}`:                {Kind: refusal.Unavailable, Detail: refusal.Detail{OutcomeUnknown: true}},
		`"keys":["a","hex:ff"],"shell":true,"retryable":true}`: {Kind: refusal.MutationInProgress, Detail: refusal.Detail{Keys: []string{"a", "\xff"}, Shell: true}},
		`"errors":{"a":{"kind":"EntryExists","version":3},"b":{"kind":"NoSuchEntry"},"c":{"kind":"InvalidSuccessor","current":2},"d":{"kind":"InvalidVersion","max":9}}}`: {
			Kind: refusal.InvalidEntryActions, Detail: refusal.Detail{Entries: []refusal.Problem{
				{Key: "a", Kind: refusal.EntryExists, Version: 3}, {Key: "b", Kind: refusal.NoSuchEntry},
				{Key: "c", Kind: refusal.InvalidSuccessor, Version: 2}, {Key: "d", Kind: refusal.InvalidVersion, Version: 9}}}},
		`"kind":"AccessDenied","message":"AccessDenied"}`: refusal.New(refusal.AccessDenied),
	} {
		a := batch.Answer{Refusal: e}
		b := string(a.JSON())
		if !strings.HasPrefix(b, `{"ok":false,"kind":"`+e.Kind.String()+`","message":"`) || !strings.HasSuffix(b, want) || !json.Valid([]byte(b)) {
			t.Errorf("%s\nwant …%s", b, want)
		}
	}
}

// A user may be named by label and by key, but only once.
func TestOneUserTwice(t *testing.T) {
	ring := newRing(t)
	bob, err := ring.Key("bob")
	if err != nil {
		t.Fatal(err)
	}
	r := batch.Runner{Network: newFake(), Keys: ring}
	a := run(t, &r, `{"op":"put","as":"a","address":{"name":"n"},"entries":{},"permissions":{"bob":{},"`+bob.Public().String()+`":{}}}`)
	if a.Refusal == nil || a.Refusal.Kind != refusal.InvalidRequest || !a.Misunderstood {
		t.Error(string(a.JSON()))
	}
}

func TestKeyText(t *testing.T) {
	for key, want := range map[mutabledata.Key]string{
		"": "", "plain": "plain", "ü ☺": "ü ☺", "hex:61": "hex:6865783a3631", "a\n": "hex:610a", "\xff": "hex:ff", "a\u00a0b": "hex:61c2a062", "\u200b": "hex:e2808b",
	} {
		if got := batch.KeyText(key); got != want {
			t.Errorf("%q is written %q, want %q", key, got, want)
		}
	}
}

// BenchmarkLine: decoding a usual mutation and encoding its answer, which is what this package adds to an operation.
func BenchmarkLine(b *testing.B) {
	line := []byte(`{"op":"mutate","as":"alice","address":{"name":"notes","tag":15000},"actions":{"first":{"update":"hello again","version":1},"second":{"insert":"hi"}}}`)
	a := batch.Answer{Fields: []batch.Field{{Name: "versions", Value: batch.Versions{{Key: "first", Version: 1}, {Key: "second"}}}, {Name: "height", Value: uint64(7)}}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := batch.Decode(line); err != nil {
			b.Fatal(err)
		}
		a.JSON()
	}
}
