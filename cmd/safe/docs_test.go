package main

import (
	"encoding/json"
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"

	"vaultnet/client/batch"
)

var rewrite = flag.Bool("rewrite", false, "write what is answered into the documents")

// fenced is a block of a document between fences.
type fenced struct {
	language   string
	text       string // whole lines
	begin, end int    // of the text in the document
}

// fences finds the fenced blocks of a document.
func fences(document string) []fenced {
	var all []fenced
	for _, m := range regexp.MustCompile("(?ms)^```([a-z]+)\n(.*?)^```$").FindAllStringSubmatchIndex(document, -1) {
		all = append(all, fenced{language: document[m[2]:m[3]], text: document[m[4]:m[5]], begin: m[4], end: m[5]})
	}
	return all
}

// steady takes out of what is answered what is another in each run.
func steady(s string) string {
	for _, r := range []struct{ pattern, becomes string }{
		{`"height":\d+`, `"height":…`},
		{`(?m)^(height|done|reserved|available)( +)\d+$`, `${1}${2}…`},
		{`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`, `…`},
		{`(?m)^(as app .* of )[0-9a-f]{8}$`, `${1}…`},
		{`"key":"[0-9a-f]{64}"`, `"key":"…"`},
		{`(?m)^[0-9a-f]{64}(  [a-z0-9-]+)$`, `3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29$1`},
	} {
		s = regexp.MustCompile(r.pattern).ReplaceAllString(s, r.becomes)
	}
	return s
}

// TestTheExampleOfTheContract: docs/batch.md answers as it says.
func TestTheExampleOfTheContract(t *testing.T) {
	if testing.Short() {
		t.Skip("a network of real vaults")
	}
	const path = "../../docs/batch.md"
	document := read(t, path)
	blocks := fences(document)
	if len(blocks) != 2 || blocks[0].language != "jsonl" || blocks[1].language != "jsonl" {
		t.Fatalf("%d blocks in %s", len(blocks), path)
	}
	if err := home(t.TempDir(), startNetwork(t), t.Setenv); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := safe(t, blocks[0].text, "batch", "-timeout", "2m")
	if code != 1 || stderr != "" {
		t.Errorf("exit code %d, %s", code, stderr)
	}
	for i, line := range strings.Split(strings.TrimSuffix(stdout, "\n"), "\n") {
		if !json.Valid([]byte(line)) {
			t.Errorf("answer %d is not JSON: %s", i, line)
		}
	}
	got := document[:blocks[1].begin] + steady(stdout) + document[blocks[1].end:]
	compare(t, path, document, got)
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// compare fails the test where a document is not as it should be, or mends it.
func compare(t *testing.T, path, is, want string) {
	t.Helper()
	if is == want {
		return
	}
	if *rewrite {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	a, b := strings.Split(is, "\n"), strings.Split(want, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			t.Errorf("%s, line %d\n  says %s\n  is   %s", path, i+1, a[i], b[i])
		}
	}
	if len(a) != len(b) {
		t.Errorf("%s has %d lines, want %d", path, len(a), len(b))
	}
}

// The table of operations in docs/batch.md is the one that the program goes by.
func TestTheOperationsOfTheContract(t *testing.T) {
	row := regexp.MustCompile(`(?m)^\| ([a-z-]+) \| ([^|]*) \|`)
	_, section, _ := strings.Cut(read(t, "../../docs/batch.md"), "## Operations")
	section, _, _ = strings.Cut(section, "| | |")
	documented := map[string]string{}
	for _, m := range row.FindAllStringSubmatch(section, -1) {
		// What a member is made of is told after a colon or in brackets.
		takes := regexp.MustCompile(`: \{(?:[^{}]|\{[^{}]*\})*\}|: \{[^}]*\}| ?\[[^\]]*\][^,]*|:`).ReplaceAllString(m[2], "")
		documented[m[1]] = strings.ReplaceAll(takes, "started all at once", "")
	}
	for _, v := range batch.Verbs() {
		if got, want := strings.TrimSpace(documented[v.Name]), v.Takes(); strings.Trim(got, ", ") != want {
			t.Errorf("%s takes %q; it is documented with %q", v.Name, want, got)
		}
		delete(documented, v.Name)
	}
	delete(documented, "operation")
	for name := range documented {
		t.Errorf("%s is documented, and there is no such operation", name)
	}
}
