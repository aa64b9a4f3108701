package batch_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"vaultnet"
	"vaultnet/client"
	"vaultnet/client/batch"
	"vaultnet/sim/localnet"
)

const notes = `"address":{"name":"notes","tag":15000}`

func insert(as, key string) string {
	return fmt.Sprintf(`{"op":"mutate","as":%q,%s,"actions":{%q:{"insert":"by %s"}}}`, as, notes, key, as)
}

// requesters makes accounts, and an object of the first that anyone may insert into.
func requesters(t *testing.T, r *batch.Runner, n int) []string {
	t.Helper()
	names := make([]string, n)
	var create []string
	for i := range names {
		names[i] = fmt.Sprintf("user-%d", i)
		create = append(create, fmt.Sprintf(`{"op":"create-account","as":%q}`, names[i]))
	}
	mustAll(t, play(t, r, 16, create...))
	mustAll(t, play(t, r, 1, fmt.Sprintf(`{"op":"put","as":"user-0",%s,"entries":{},"permissions":{"anyone":{"insert":true,"delete":true}}}`, notes)))
	return names
}

// held reads the entries of the object.
func held(t *testing.T, r *batch.Runner) map[string]struct{ Content string } {
	t.Helper()
	all := play(t, r, 1, `{"op":"get-entries",`+notes+`}`)
	mustAll(t, all)
	return all[0].Entries
}

// TestFiveInFlight: of 64 mutations of one object at once some are refused with TooManyMutations; no member ever holds
// more than five undecided; the object holds exactly those that were said to be applied. With retries all are applied.
func TestFiveInFlight(t *testing.T) {
	if testing.Short() {
		t.Skip("a network of real vaults")
	}
	t.Parallel()
	w := &watch{object: client.Address("notes", 15000)}
	net := localnet.Start(t, localnet.Config{Vaults: 12, Wrap: w.wrap})
	r := &batch.Runner{Network: net.Client(t), Keys: newRing(t), Timeout: patience}
	users := requesters(t, r, 32)

	var ops []string
	for i := range 64 {
		ops = append(ops, insert(users[i%len(users)], fmt.Sprintf("k%02d", i)))
	}
	parallel := func(more string) string {
		return `{"op":"parallel",` + more + `"ops":[` + strings.Join(ops, ",") + `]}`
	}

	results := play(t, r, 1, parallel(`"no-retry":true,`))[0].Results
	count := kinds(results)
	t.Logf("without retries: %v", count)
	if count["TooManyMutations"] == 0 || count["ok"] == 0 || count["ok"]+count["TooManyMutations"] != 64 {
		t.Errorf("results: %v", count)
	}
	entries := held(t, r)
	for i, x := range results {
		key := fmt.Sprintf("k%02d", i)
		if _, there := entries[key]; there != x.OK {
			t.Errorf("%s: in the object: %v; answered %+v", key, there, x)
		}
		if !x.OK && !x.Retryable {
			t.Errorf("%s: not retryable: %+v", key, x)
		}
	}

	// The same again, until they are done: those that are there already say so.
	again := play(t, r, 1, parallel(""))[0].Results
	for i, x := range again {
		if want := !results[i].OK; x.OK != want || !want && x.Kind != "InvalidEntryActions" {
			t.Errorf("k%02d again: %+v", i, x)
		}
	}
	if got := len(held(t, r)); got != 64 {
		t.Errorf("%d entries, want 64", got)
	}
	w.check(t)
}

// TestOneKeyInFlight: of mutations of one entry at once some are refused with MutationInProgress, which names the entry.
// With retries each is applied, or refused for good because another was.
func TestOneKeyInFlight(t *testing.T) {
	if testing.Short() {
		t.Skip("a network of real vaults")
	}
	t.Parallel()
	w := &watch{object: client.Address("notes", 15000)}
	net := localnet.Start(t, localnet.Config{Vaults: 12, Wrap: w.wrap, Latency: 10 * time.Millisecond})
	r := &batch.Runner{Network: net.Client(t), Keys: newRing(t), Timeout: patience}
	users := requesters(t, r, 16)
	var warm []string // permits grow with use: afterwards all have one at hand, and what they send arrives at once
	for i := range 3 {
		for _, u := range users {
			warm = append(warm, insert(u, fmt.Sprintf("%s/%d", u, i)))
		}
	}
	mustAll(t, play(t, r, 16, warm...))

	same := func(more string) string {
		var ops []string
		for _, u := range users {
			ops = append(ops, insert(u, "same"))
		}
		return `{"op":"parallel",` + more + `"ops":[` + strings.Join(ops, ",") + `]}`
	}
	results := play(t, r, 1, same(`"no-retry":true,`))[0].Results
	count := kinds(results)
	t.Logf("without retries: %v", count)
	if count["ok"] > 1 || count["MutationInProgress"] == 0 {
		t.Errorf("results: %v", count)
	}
	for _, x := range results {
		if x.Kind == "MutationInProgress" && (len(x.Keys) != 1 || x.Keys[0] != "same" || !x.Retryable) {
			t.Errorf("%+v", x)
		}
	}
	entries := held(t, r)
	if _, there := entries["same"]; there != (count["ok"] == 1) {
		t.Errorf("in the object: %v; %v", there, count)
	}
	mustAll(t, play(t, r, 1, fmt.Sprintf(`{"op":"mutate","as":"user-0",%s,"actions":{"other":{"insert":""}}}`, notes)))

	// With retries: exactly one more insert can succeed, and none where one has.
	count = kinds(play(t, r, 1, same(""))[0].Results)
	t.Logf("with retries: %v", count)
	want := 1
	if _, there := entries["same"]; there {
		want = 0
	}
	if count["ok"] != want || count["InvalidEntryActions"] != len(users)-want {
		t.Errorf("results: %v, want %d applied", count, want)
	}
	w.check(t)
}

// TestAHundredEntries: 30 clients insert 300 entries at once. Exactly 100 are in the object, those that were said to be;
// all vaults that hold it hold the same.
func TestAHundredEntries(t *testing.T) {
	if testing.Short() {
		t.Skip("a network of real vaults")
	}
	const clients, each = 30, 10
	w := &watch{object: client.Address("notes", 15000)}
	net := localnet.Start(t, localnet.Config{Vaults: 12, Wrap: w.wrap})
	ring := newRing(t)
	first := &batch.Runner{Network: net.Client(t), Keys: ring, Timeout: patience}
	users := requesters(t, first, clients)

	applied := map[string]bool{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, u := range users {
		r := &batch.Runner{Network: net.Client(t), Keys: ring, Timeout: patience}
		var ops []string
		for k := range each {
			ops = append(ops, insert(u, fmt.Sprintf("%s/%d", u, k)))
		}
		all.Go(func() {
			var out bytes.Buffer
			line := `{"op":"parallel","ops":[` + strings.Join(ops, ",") + `]}`
			if wrong, err := r.Lines(context.Background(), strings.NewReader(line), &out, 1); wrong || err != nil {
				t.Error(wrong, err)
				return
			}
			var x result
			if err := json.Unmarshal(out.Bytes(), &x); err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			for k, y := range x.Results {
				switch {
				case y.OK:
					applied[fmt.Sprintf("%s/%d", u, k)] = true
				case y.Kind != "TooManyEntries":
					t.Errorf("%s/%d: %+v", u, k, y)
				}
			}
		})
	}
	all.Wait()
	entries := held(t, first)
	if len(applied) != vaultnet.MaxEntries || len(entries) != vaultnet.MaxEntries {
		t.Errorf("%d were said to be applied, %d are there; want %d", len(applied), len(entries), vaultnet.MaxEntries)
	}
	for k := range applied {
		if _, there := entries[k]; !there {
			t.Errorf("%s was said to be applied, and is not there", k)
		}
	}
	w.check(t)
	alike(t, net, w.object)
}

// alike waits until all vaults that hold an object hold it at one height with one header, which names the digest of the
// whole state; at least eight do.
func alike(t *testing.T, net *localnet.Network, a vaultnet.Address) {
	t.Helper()
	var last string
	for until := time.Now().Add(patience); time.Now().Before(until); time.Sleep(100 * time.Millisecond) {
		holders := map[string]int{}
		members := 0
		for i := range net.Config().Vaults {
			held, err := net.Vault(i).Holdings()
			if err != nil {
				t.Fatal(err)
			}
			for _, h := range held {
				if h.Address == a && h.Member {
					members++
					holders[fmt.Sprintf("height %d header %v", h.Height, h.Header)]++
				}
			}
		}
		last = fmt.Sprint(holders)
		if len(holders) == 1 && members >= 8 {
			t.Logf("%d vaults at %s", members, last)
			return
		}
	}
	t.Errorf("the vaults that hold it do not agree: %s", last)
}
