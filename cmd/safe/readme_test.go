package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
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
	top, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	blocks := fences(document)
	if len(blocks) != 4 || blocks[0].language != "console" || blocks[1].language != "console" || blocks[2].language != "go" || blocks[3].language != "text" {
		t.Fatalf("%d blocks in %s", len(blocks), path)
	}
	cache := goCache(t) // before the cache folder is another one
	if err := home(t.TempDir(), startNetwork(t), t.Setenv); err != nil {
		t.Fatal(err)
	}
	printed := runProgram(t, cache, blocks[2].text)
	t.Chdir(t.TempDir())
	var sessions [2]string
	for i := range sessions {
		sessions[i] = playSession(t, blocks[i].text, nil)
		if steady(sessions[i]) == steady(blocks[i].text) {
			sessions[i] = blocks[i].text // the heights that are there will do
		}
	}
	t.Chdir(top)
	got := document[:blocks[0].begin] + sessions[0] + document[blocks[0].end:blocks[1].begin] + sessions[1] +
		document[blocks[1].end:blocks[3].begin] + printed + document[blocks[3].end:]
	compare(t, path, document, got)
}

// program is another than safe that a session runs.
type program func(args []string, in string, out io.Writer)

// playSession runs the commands of a session, the lines that begin with "$ ", and gives it with what they print.
func playSession(t *testing.T, text string, others map[string]program) string {
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
		w := words(t, command)
		if other := others[w[0]]; other != nil {
			other(w[1:], in, &got)
			continue
		}
		if w[0] != "./safe" {
			shell(t, command)
			continue
		}
		run(t.Context(), w[1:], streams{strings.NewReader(in), &got, &got})
	}
	return got.String()
}

// shell does what else there is in a session than safe.
func shell(t *testing.T, command string) {
	t.Helper()
	w := words(t, command)
	switch {
	case command == "go build ./cmd/safe":
	case len(w) == 2 && w[0] == "export":
		name, value, _ := strings.Cut(w[1], "=")
		t.Setenv(name, value)
	case len(w) == 4 && w[0] == "echo" && w[2] == ">":
		if err := os.WriteFile(w[3], []byte(w[1]+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("the session has a command that no test runs: %s", command)
	}
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
