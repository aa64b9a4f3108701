package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestReadme: the README's session and its Go program do what it says, on a network like the one it has people start.
func TestReadme(t *testing.T) {
	if testing.Short() {
		t.Skip("a network of real vaults, and a program to build")
	}
	const path = "../../README.md"
	document := read(t, path)
	blocks := fences(document)
	if len(blocks) != 3 || blocks[0].language != "console" || blocks[1].language != "go" || blocks[2].language != "text" {
		t.Fatalf("%d blocks in %s", len(blocks), path)
	}
	cache := goCache(t) // before the cache folder is another one
	if err := home(t.TempDir(), startNetwork(t), t.Setenv); err != nil {
		t.Fatal(err)
	}
	session := playSession(t, blocks[0].text)
	printed := runProgram(t, cache, blocks[1].text)
	if steady(session) == steady(blocks[0].text) {
		session = blocks[0].text // the heights that are there will do
	}
	got := document[:blocks[0].begin] + session + document[blocks[0].end:blocks[2].begin] + printed + document[blocks[2].end:]
	compare(t, path, document, got)
}

// playSession runs the commands of a session, the lines that begin with "$ ", and gives it with what they print.
func playSession(t *testing.T, text string) string {
	t.Helper()
	var got strings.Builder
	lines := strings.SplitAfter(text, "\n")
	for i := 0; i < len(lines); i++ {
		command, ok := strings.CutPrefix(lines[i], "$ ")
		if !ok {
			continue // what it printed when it was written
		}
		got.WriteString(lines[i])
		command = strings.TrimSpace(command)
		in := ""
		if c, ok := strings.CutSuffix(command, " <<'END'"); ok {
			command = c
			for i++; i < len(lines) && lines[i] != "END\n"; i++ {
				in += lines[i]
			}
			got.WriteString(in + "END\n")
		}
		arguments, ok := strings.CutPrefix(command, "./safe ")
		if !ok {
			if command != "go build ./cmd/safe" {
				t.Errorf("the session has a command that no test runs: %s", command)
			}
			continue
		}
		_, stdout, stderr := safe(t, in, words(t, arguments)...)
		got.WriteString(stdout + stderr)
	}
	return got.String()
}

// words splits a command line at spaces, but not within single quotes.
func words(t *testing.T, s string) []string {
	t.Helper()
	var all []string
	word, quoted := "", false
	for _, c := range s + " " {
		switch {
		case c == '\'':
			quoted = !quoted
		case c == ' ' && !quoted:
			if word != "" {
				all = append(all, word)
			}
			word = ""
		default:
			word += string(c)
		}
	}
	if quoted {
		t.Fatalf("a quote that does not end: %s", s)
	}
	return all
}

func goCache(t *testing.T) string {
	t.Helper()
	b, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}

// runProgram builds and runs a program as if it were saved as cmd/hello/main.go, and gives what it prints.
func runProgram(t *testing.T, cache, program string) string {
	t.Helper()
	top, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	source, overlay := filepath.Join(dir, "main.go"), filepath.Join(dir, "overlay.json")
	b, err := json.Marshal(map[string]map[string]string{"Replace": {filepath.Join(top, "cmd", "hello", "main.go"): source}})
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{source: []byte(program), overlay: b} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := exec.Command("go", "run", "-overlay", overlay, "./cmd/hello")
	c.Dir = top
	c.Env = append(os.Environ(), "GOCACHE="+cache)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil {
		t.Fatal(fmt.Errorf("the program: %w\n%s", err, errs.String()))
	}
	return out.String()
}
