package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// typist sits at a terminal.
type typist struct {
	t        *testing.T
	terminal *os.File // what the command sees
	keyboard *os.File

	mu    sync.Mutex
	shown bytes.Buffer
	at    int // what was waited for so far
}

func newTypist(t *testing.T) *typist {
	t.Helper()
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip(err)
	}
	n, err := unix.IoctlGetUint32(int(keyboard.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(keyboard.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err != nil {
		t.Skip(err)
	}
	terminal, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip(err)
	}
	y := &typist{t: t, terminal: terminal, keyboard: keyboard}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		b := make([]byte, 4096)
		for {
			n, err := keyboard.Read(b)
			y.mu.Lock()
			y.shown.Write(b[:n])
			y.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		terminal.Close()
		keyboard.Close()
		<-ended
	})
	return y
}

// sees waits for something to be shown after what was seen before.
func (y *typist) sees(pattern string) {
	y.t.Helper()
	re := regexp.MustCompile(pattern)
	for began := time.Now(); time.Since(began) < 30*time.Second; time.Sleep(5 * time.Millisecond) {
		y.mu.Lock()
		at := re.FindStringIndex(y.shown.String()[y.at:])
		if at != nil {
			y.at += at[1]
		}
		y.mu.Unlock()
		if at != nil {
			return
		}
	}
	y.t.Fatalf("%q is not shown: %q", pattern, y.all())
}

func (y *typist) types(text string) {
	y.t.Helper()
	if _, err := y.keyboard.WriteString(text); err != nil {
		y.t.Fatal(err)
	}
}

func (y *typist) all() string {
	y.mu.Lock()
	defer y.mu.Unlock()
	return y.shown.String()
}

// runs starts a command at the terminal. What it gives waits for its end, and gives its output.
func (y *typist) runs(ctx context.Context, args ...string) func(code int) string {
	var out bytes.Buffer
	done := make(chan int, 1)
	go func() { done <- run(ctx, args, streams{y.terminal, &out, y.terminal}) }()
	return func(code int) string {
		y.t.Helper()
		select {
		case got := <-done:
			if got != code {
				y.t.Fatalf("safe %s: exit code %d, want %d: %q", strings.Join(args, " "), got, code, y.all())
			}
		case <-time.After(time.Minute):
			y.t.Fatalf("safe %s does not end: %q", strings.Join(args, " "), y.all())
		}
		return out.String()
	}
}

// echoes reports whether the terminal shows what is typed.
func (y *typist) echoes() bool {
	s, err := unix.IoctlGetTermios(int(y.terminal.Fd()), unix.TCGETS)
	return err == nil && s.Lflag&unix.ECHO != 0
}

// TestTerminal: secrets are asked for and not shown, what costs much is asked for, and how far a copy is can be seen.
func TestTerminal(t *testing.T) {
	if testing.Short() {
		t.Skip("a network of real vaults")
	}
	ctx := t.Context()
	y := newTypist(t)
	if err := home(t.TempDir(), startNetwork(t), t.Setenv); err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())

	// Ctrl-C leaves a terminal that shows what is typed.
	short, stop := context.WithCancel(ctx)
	ends := y.runs(short, "account", "create", "Typist")
	y.sees("Password: ")
	if y.echoes() {
		t.Error("a password would be shown")
	}
	stop()
	ends(1)
	if !y.echoes() {
		t.Error("nothing that is typed is shown any more")
	}
	y.types("\n") // whoever reads still is given a line
	time.Sleep(50 * time.Millisecond)

	ends = y.runs(ctx, "account", "create", "Typist")
	y.sees("Password: ")
	y.types("correct horse\n")
	y.sees("Once more: ")
	y.types("wrong horse\n")
	y.sees("they are not the same")
	ends(1)
	ends = y.runs(ctx, "account", "create", "Typist")
	y.sees("Password: ")
	y.types("correct horse\n")
	y.sees("Once more: ")
	y.types("correct horse\n")
	if out := ends(0); !strings.Contains(out, "profile  typist") {
		t.Error(out)
	}
	if strings.Contains(y.all(), "horse") {
		t.Errorf("the password was shown: %q", y.all())
	}

	if err := os.MkdirAll("folder", 0o755); err != nil {
		t.Fatal(err)
	}
	for name, size := range map[string]int{"a": 100, "b": 3_000_000} {
		if err := os.WriteFile(filepath.Join("folder", name), make([]byte, size), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, answer := range []string{"n\n", "\n", "maybe\n"} {
		ends = y.runs(ctx, "put", "-r", "folder", "_documents")
		y.sees(`as Typist\r\nstore 2 files, 1 directory, 2.9 MiB; costs about 7 operations of \d+\r\nGo on\? \[y/N\] `)
		y.types(answer)
		y.sees("nothing was begun")
		ends(1)
	}
	ends = y.runs(ctx, "put", "-r", "folder", "_documents", "-rate", "2MiB")
	y.sees(`Go on\?`)
	y.types("y\n")
	y.sees(`\d+%  [0-9.]+ [KM]?i?B of 2.9 MiB  [0-9.]+ [KM]?i?B/s  0:0\d left  [ab]`)
	if out := ends(0); !regexp.MustCompile(`^2 files, 1 directory, 2.9 MiB in [0-9.]+s, [0-9.]+ [KM]iB/s\n$`).MatchString(out) {
		t.Errorf("%q", out)
	}

	// An app asks.
	_, uri, _ := safe(t, "", "request", "org.example.asks", "-name", "Asks\x1b[2J", "-own")
	if uri != "" {
		t.Errorf("a name with control characters: %q", uri)
	}
	_, uri, _ = safe(t, "", "request", "org.example.asks", "-name", "Asks", "-vendor", "Example", "-container", "_documents=read", "-own")
	ends = y.runs(ctx, "answer", strings.TrimSpace(uri), "-out", "answer.txt")
	y.sees(`org.example.asks asks, which calls itself "Asks" by "Example" for:\r\n  _documents: read\r\n  apps/org.example.asks: its own\r\n  until revoked\r\nGive it\? \[y/N\] `)
	y.types("yes\n")
	if out := ends(0); out != "auth-granted\n" {
		t.Error(out)
	}
}
