package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestTutorial: the sessions of docs/tutorial.md print what it says, and its Go is that of examples/notes.
func TestTutorial(t *testing.T) {
	if testing.Short() {
		t.Skip("a network of real vaults, and a program to build")
	}
	const path = "../../docs/tutorial.md"
	document := read(t, path)
	source := read(t, "../../examples/notes/notes.go")
	top, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	notes := filepath.Join(t.TempDir(), "notes")
	if out, err := exec.Command("go", "build", "-o", notes, "../../examples/notes").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := home(t.TempDir(), startNetwork(t), t.Setenv); err != nil {
		t.Fatal(err)
	}
	link := ""
	play := func(args []string, in string, out io.Writer) {
		for i := range args {
			if args[i] == "LINK" {
				args[i] = link
			}
		}
		var printed bytes.Buffer
		c := exec.Command(notes, args...)
		c.Stdin, c.Stdout, c.Stderr = strings.NewReader(in), &printed, &printed
		_ = c.Run() // what it says is compared
		if args[0] == "share" {
			link = strings.TrimSpace(printed.String())
		}
		out.Write(printed.Bytes())
	}
	t.Chdir(t.TempDir())
	var got strings.Builder
	at, sessions := 0, 0
	for _, b := range fences(document) {
		switch b.language {
		case "go":
			if !strings.Contains(source, b.text) {
				t.Errorf("%s shows what is not in examples/notes/notes.go:\n%s", path, b.text)
			}
		case "console":
			sessions++
			printed := playSession(t, b.text, map[string]program{"./notes": play})
			if steadyTutorial(printed) == steadyTutorial(b.text) {
				printed = b.text
			}
			got.WriteString(document[at:b.begin] + printed)
			at = b.end
		}
	}
	got.WriteString(document[at:])
	t.Chdir(top)
	if sessions < 8 {
		t.Errorf("%d sessions in %s", sessions, path)
	}
	compare(t, path, document, got.String())
}

// steadyTutorial takes out what is another in each run: keys, links, times.
func steadyTutorial(s string) string {
	s = regexp.MustCompile(`(?m)^[A-Za-z0-9_-]{60,}$`).ReplaceAllString(s, "LINK")
	s = regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?`).ReplaceAllString(s, "…")
	s = regexp.MustCompile(`\d+ s(econds)? ago|just now|now`).ReplaceAllString(s, "…")
	return steady(s)
}
