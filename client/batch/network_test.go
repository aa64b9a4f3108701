package batch_test

import (
	"bytes"
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vaultnet/client/batch"
	"vaultnet/sim/localnet"
)

// patience is how long an operation may take on a machine that does much else.
const patience = 4 * time.Minute

// TestTranscriptsOnANetwork: a network of real vaults answers as the transcripts say.
func TestTranscriptsOnANetwork(t *testing.T) {
	if testing.Short() {
		t.Skip("a network of real vaults")
	}
	t.Parallel()
	net := localnet.Start(t, localnet.Config{Vaults: 12})
	for _, path := range []string{"testdata/accounts.txt", "testdata/data.txt", "testdata/reads.txt"} {
		t.Run(filepath.Base(path), func(t *testing.T) { // each has its own keys and addresses
			readTranscript(t, path).play(t, net.Client(t), path)
		})
	}
}

// result is one line of answer, or one within a parallel.
type result struct {
	OK        bool
	Kind      string
	Message   string
	Retryable bool
	Keys      []string
	Entries   map[string]struct{ Content string }
	Results   []result
	Versions  map[string]uint64
}

// play runs lines and returns their results.
func play(t *testing.T, r *batch.Runner, inFlight int, lines ...string) []result {
	t.Helper()
	var out bytes.Buffer
	wrong, err := r.Lines(context.Background(), strings.NewReader(strings.Join(lines, "\n")), &out, inFlight)
	if wrong || err != nil {
		t.Fatalf("%v %v\n%s", wrong, err, out.String())
	}
	all := make([]result, 0, len(lines))
	for _, line := range strings.Split(strings.TrimSpace(out.String()), "\n") {
		var x result
		if err := json.Unmarshal([]byte(line), &x); err != nil {
			t.Fatal(err)
		}
		all = append(all, x)
	}
	if len(all) != len(lines) {
		t.Fatalf("%d results of %d lines", len(all), len(lines))
	}
	return all
}

// mustAll fails the test unless all results are good.
func mustAll(t *testing.T, results []result) {
	t.Helper()
	for _, r := range results {
		if !r.OK {
			t.Fatalf("refused: %+v", r)
		}
	}
}

// kinds counts results by kind, "ok" for the good ones.
func kinds(results []result) map[string]int {
	all := map[string]int{}
	for _, r := range results {
		if r.OK {
			all["ok"]++
		} else {
			all[r.Kind]++
		}
	}
	return all
}
