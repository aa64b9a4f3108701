package batch_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"vaultnet/client/batch"
	"vaultnet/client/keyring"
)

var rewrite = flag.Bool("rewrite", false, "write what is answered into the transcripts")

// transcript is a file of lines that begin with "> " (an operation), "< " (its answer) or "#".
type transcript struct {
	lines []string
	ops   []string
}

func readTranscript(t *testing.T, path string) *transcript {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var tr transcript
	for _, line := range strings.Split(strings.TrimSuffix(string(b), "\n"), "\n") {
		if op, ok := strings.CutPrefix(line, "> "); ok {
			tr.ops = append(tr.ops, op)
		}
		tr.lines = append(tr.lines, line)
	}
	return &tr
}

// with is the transcript with these answers.
func (tr *transcript) with(answers []string) string {
	var b strings.Builder
	for _, line := range tr.lines {
		if strings.HasPrefix(line, "< ") {
			continue
		}
		b.WriteString(line + "\n")
		if strings.HasPrefix(line, "> ") && len(answers) > 0 {
			b.WriteString("< " + answers[0] + "\n")
			answers = answers[1:]
		}
	}
	return b.String()
}

func (tr *transcript) text() string { return strings.Join(tr.lines, "\n") + "\n" }

var (
	someHeight  = regexp.MustCompile(`"height":\d+`)
	someTime    = regexp.MustCompile(`"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"`)
	someMessage = regexp.MustCompile(`"message":"(?:[^"\\]|\\.)*"`)
)

// steady takes out of an answer what is another in each run, or no promise: heights, times, keys, and the words in which
// the network's refusals are told. What is InvalidRequest is told in words alone.
func steady(answer string, ring *keyring.Ring) string {
	answer = someHeight.ReplaceAllString(answer, `"height":H`)
	answer = someTime.ReplaceAllString(answer, `"TIME"`)
	if !strings.Contains(answer, `"InvalidRequest"`) {
		answer = someMessage.ReplaceAllString(answer, `"message":"…"`)
	}
	for _, label := range ring.Labels() {
		if k, err := ring.Key(label); err == nil {
			answer = strings.ReplaceAll(answer, k.Public().String(), "KEY-OF-"+label)
		}
	}
	return answer
}

// play runs a transcript's operations on a network and compares the answers.
func (tr *transcript) play(t *testing.T, network batch.Network, path string) {
	t.Helper()
	ring := newRing(t)
	r := batch.Runner{Network: network, Keys: ring}
	var out bytes.Buffer
	misunderstood, err := r.Lines(context.Background(), strings.NewReader(strings.Join(tr.ops, "\n")), &out, 1)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(lines) != len(tr.ops) {
		t.Fatalf("%d answers to %d operations", len(lines), len(tr.ops))
	}
	invalid := false
	for i, line := range lines {
		if !json.Valid([]byte(line)) {
			t.Errorf("not JSON: %s", line)
		}
		lines[i] = steady(line, ring)
		invalid = invalid || strings.Contains(line, `"InvalidRequest"`)
	}
	if misunderstood && !invalid {
		t.Error("something was not understood, but no answer says so")
	}
	got := tr.with(lines)
	if *rewrite {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want := tr.text(); got != want {
		t.Errorf("%s:\n%s", path, difference(want, got))
	}
}

func difference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	var b strings.Builder
	for i := range max(len(w), len(g)) {
		var x, y string
		if i < len(w) {
			x = w[i]
		}
		if i < len(g) {
			y = g[i]
		}
		if x != y {
			fmt.Fprintf(&b, "line %d\n  want %s\n  got  %s\n", i+1, x, y)
		}
	}
	return b.String()
}

func newRing(t testing.TB) *keyring.Ring {
	t.Helper()
	ring, err := keyring.Open("", keyring.MakeMissing)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

// TestTranscripts: what every operation answers, by the rules alone, without a network.
func TestTranscripts(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.txt")
	if len(files) < 4 {
		t.Fatalf("only %d transcripts", len(files))
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			readTranscript(t, path).play(t, newFake(), path)
		})
	}
}
