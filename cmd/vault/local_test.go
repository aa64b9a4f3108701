package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"vaultnet/client"
	"vaultnet/mutabledata"
	"vaultnet/sim/localnet"
)

// The folders that a local network leaves are vaults' data folders: check reads them, and where many wrote to one object
// all of its members hold the same.
func TestCheckReadsTheFoldersOfALocalNetwork(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	n, err := localnet.New(t.Context(), localnet.Config{Vaults: 8, Data: data, Accounts: 1})
	if err != nil {
		t.Fatal(err)
	}
	closed := false
	defer func() {
		if !closed {
			n.Close()
		}
	}()
	by := n.Accounts()[0].Actor()
	c, err := n.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	at := client.Address("board", 15000)
	if _, err := c.Put(t.Context(), by, at, client.Object{}); err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for i := range 20 {
		wait.Go(func() {
			if _, err := c.Mutate(t.Context(), by, at, client.Insert(mutabledata.Key(fmt.Sprint(i)), nil)); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	closed = true
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for i := range 8 {
		var out, errs bytes.Buffer
		if code := run(t.Context(), []string{"check", "-data", filepath.Join(data, fmt.Sprintf("vault-%03d", i)), "-json"}, &out, &errs); code != 0 {
			t.Fatalf("vault %d: exit %d: %s%s", i, code, &out, &errs)
		}
		var report struct {
			Held []struct {
				Kind, Name, Digest string
				Height             uint64
			} `json:"objects-held"`
		}
		if err := json.Unmarshal(out.Bytes(), &report); err != nil {
			t.Fatal(err)
		}
		for _, o := range report.Held {
			if o.Kind == "MutableData" && o.Name == fmt.Sprintf("%x", at.Name[:]) {
				seen[fmt.Sprint(o.Height, o.Digest)]++
			}
		}
	}
	if len(seen) == 0 || len(seen) > 2 { // a member may have stopped before the last block reached it
		t.Fatalf("heights and digests %v", seen)
	}
	most := 0
	for _, n := range seen {
		most = max(most, n)
	}
	if most < 6 {
		t.Fatalf("no quorum holds the same: %v", seen)
	}
}
