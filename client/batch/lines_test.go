package batch_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"vaultnet"
	"vaultnet/client"
	"vaultnet/client/batch"
	"vaultnet/internal/patient"
	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(patient.Tests{M: m}) }

// gate is a network whose reads wait until they are let through; it counts how many wait at once.
type gate struct {
	*fake
	mu      sync.Mutex
	waiting int
	most    int
	begun   chan string   // names of addresses whose read has begun
	open    chan struct{} // one read goes through for each
}

func newGate() *gate {
	return &gate{fake: newFake(), begun: make(chan string, 10_000), open: make(chan struct{}, 10_000)}
}

func (g *gate) Read(ctx context.Context, _ client.Actor, at vaultnet.Address, _ mutabledata.Query) (any, vaultnet.Height, error) {
	g.mu.Lock()
	g.waiting++
	g.most = max(g.most, g.waiting)
	g.mu.Unlock()
	defer func() {
		g.mu.Lock()
		g.waiting--
		g.mu.Unlock()
	}()
	g.begun <- at.String()
	select {
	case <-g.open:
		return mutabledata.Version(at.Tag), 1, nil
	case <-ctx.Done():
		return nil, 0, &refusal.Error{Kind: refusal.Unavailable, Cause: context.Cause(ctx)}
	}
}

func reads(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `{"op":"get-version","address":{"name":"n","tag":%d}}`+"\n", i)
	}
	return b.String()
}

// Lines run side by side as far as was asked for, no further, and answer in order.
func TestLinesInFlight(t *testing.T) {
	for _, inFlight := range []int{1, 4, 32} {
		g := newGate()
		r := batch.Runner{Network: g, Keys: newRing(t)}
		go func() {
			for range 100 {
				g.open <- struct{}{}
				time.Sleep(50 * time.Microsecond)
			}
		}()
		var out bytes.Buffer
		if wrong, err := r.Lines(context.Background(), strings.NewReader(reads(100)), &out, inFlight); wrong || err != nil {
			t.Fatal(wrong, err)
		}
		for i, line := range strings.Split(strings.TrimSpace(out.String()), "\n") {
			if want := fmt.Sprintf(`{"ok":true,"version":%d,"height":1}`, i); line != want {
				t.Fatalf("answer %d is %s", i, line)
			}
		}
		if g.most > inFlight || inFlight == 1 && g.most != 1 {
			t.Errorf("%d in flight, asked for %d", g.most, inFlight)
		}
	}
}

// All of a parallel start at once, and so do lines in flight: nothing goes through before the last has begun.
func TestAllAtOnce(t *testing.T) {
	ops := strings.Split(strings.TrimSpace(reads(64)), "\n")
	for name, c := range map[string]struct {
		in       string
		inFlight int
	}{
		"parallel": {`{"op":"parallel","ops":[` + strings.Join(ops, ",") + `]}`, 1},
		"lines":    {reads(64), 64},
	} {
		g := newGate()
		r := batch.Runner{Network: g, Keys: newRing(t)}
		go func() {
			for range 64 {
				<-g.begun
			}
			for range 64 {
				g.open <- struct{}{}
			}
		}()
		var out bytes.Buffer
		if wrong, err := r.Lines(context.Background(), strings.NewReader(c.in), &out, c.inFlight); wrong || err != nil || g.most != 64 {
			t.Errorf("%s: %v %v, %d at once", name, wrong, err, g.most)
		}
	}
}

// Nothing runs beside a sleep: it begins when what is before it is answered.
func TestASleepIsAlone(t *testing.T) {
	g := newGate()
	r := batch.Runner{Network: g, Keys: newRing(t)}
	in := reads(3) + `{"op":"sleep","for":"1ms"}` + "\n" + reads(2)
	result, out := io.Pipe()
	go func() {
		r.Lines(context.Background(), strings.NewReader(in), out, 16)
		out.Close()
	}()
	answers := bufio.NewScanner(result)
	for range 3 {
		<-g.begun
	}
	if len(g.begun) > 0 {
		t.Error("a line after the sleep has begun")
	}
	for range 3 {
		g.open <- struct{}{}
	}
	for range 4 {
		if !answers.Scan() {
			t.Fatal("answers end")
		}
	}
	for range 2 { // both, for either may be the first to begin
		g.open <- struct{}{}
	}
	for range 2 {
		if !answers.Scan() {
			t.Fatal("answers end")
		}
	}
	if answers.Scan() {
		t.Errorf("one answer too many: %s", answers.Text())
	}
}

// Whoever drives a batch may wait for each answer before the next line.
func TestAnswersComeAtOnce(t *testing.T) {
	r := batch.Runner{Network: newFake(), Keys: newRing(t)}
	in, lines := io.Pipe()
	answers, out := io.Pipe()
	done := make(chan error, 1)
	go func() {
		_, err := r.Lines(context.Background(), in, out, 8)
		out.Close()
		done <- err
	}()
	s := bufio.NewScanner(answers)
	for range 5 {
		fmt.Fprintln(lines, `{"op":"sleep","for":"0s"}`)
		if !s.Scan() || s.Text() != `{"ok":true}` {
			t.Fatal(s.Text(), s.Err())
		}
	}
	lines.Close()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// The end of the context ends a batch, though its input goes on: what is in flight is answered.
func TestTheContextEndsABatch(t *testing.T) {
	g := newGate()
	r := batch.Runner{Network: g, Keys: newRing(t)}
	ctx, cancel := context.WithCancel(context.Background())
	in, lines := io.Pipe()
	go func() {
		io.WriteString(lines, reads(3))
		<-g.begun
		<-g.begun
		cancel()
	}()
	var out bytes.Buffer
	_, err := r.Lines(ctx, in, &out, 2)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if n := strings.Count(out.String(), `"kind":"Unavailable"`); n != 2 || strings.Count(out.String(), "\n") != 2 {
		t.Errorf("answers:\n%s", out.String())
	}
	lines.Close() // the read that still blocks
}

// A reader or writer that fails ends the batch.
func TestBrokenPipes(t *testing.T) {
	r := batch.Runner{Network: newFake(), Keys: newRing(t)}
	broken := errors.New("broken")
	var out bytes.Buffer
	in := io.MultiReader(strings.NewReader(`{"op":"sleep","for":"0s"}`+"\n"), errReader{broken})
	if _, err := r.Lines(context.Background(), in, &out, 1); !errors.Is(err, broken) || out.String() != `{"ok":true}`+"\n" {
		t.Errorf("%v, %q", err, out.String())
	}
	if _, err := r.Lines(context.Background(), strings.NewReader(reads(10)), errWriter{broken}, 4); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	if _, err := r.Lines(context.Background(), strings.NewReader(reads(1)), errWriter{broken}, 1); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
}

type errReader struct{ error }

func (r errReader) Read([]byte) (int, error) { return 0, r.error }

type errWriter struct{ error }

func (w errWriter) Write([]byte) (int, error) { return 0, w.error }

// Ends of lines, lines that are not ended, not understood or too long: one answer each.
func TestLineEnds(t *testing.T) {
	r := batch.Runner{Network: newFake(), Keys: newRing(t)}
	sleep := `{"op":"sleep","for":"0s"}`
	for in, want := range map[string]string{
		"":                                    "",
		sleep:                                 "+",
		sleep + "\n":                          "+",
		sleep + "\r\n" + sleep + " \t":        "++",
		"\n" + sleep + "\n\n":                 "-+-",
		"{\n" + sleep:                         "-+",
		"\xff\n" + sleep:                      "-+",
		strings.Repeat(" ", 1<<20) + sleep:    "+",
		`{"op":"sleep","for":"0s","a":"\xff"`: "-",
	} {
		var out bytes.Buffer
		wrong, err := r.Lines(context.Background(), strings.NewReader(in), &out, 1)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, line := range strings.Split(out.String(), "\n") {
			var a struct {
				OK   bool
				Kind string
			}
			if line == "" {
				continue
			}
			if err := json.Unmarshal([]byte(line), &a); err != nil {
				t.Fatal(err)
			}
			if a.OK {
				got += "+"
			} else {
				got += "-"
			}
		}
		if got != want || wrong != strings.Contains(want, "-") {
			t.Errorf("%.40q: %s, %v, want %s", in, got, wrong, want)
		}
	}
}

func TestLinesThatAreTooLong(t *testing.T) {
	r := batch.Runner{Network: newFake(), Keys: newRing(t)}
	sleep := `{"op":"sleep","for":"0s"}`
	fits := sleep + strings.Repeat(" ", batch.MaxLine-len(sleep))
	in := io.MultiReader(strings.NewReader(fits), strings.NewReader("\n"), strings.NewReader(fits), strings.NewReader(" \n"+sleep+"\n"), strings.NewReader(fits+" "))
	var out bytes.Buffer
	wrong, err := r.Lines(context.Background(), in, &out, 1)
	if err != nil || !wrong {
		t.Fatal(wrong, err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 4 || lines[0] != `{"ok":true}` || !strings.Contains(lines[1], "bytes") || lines[2] != `{"ok":true}` || !strings.Contains(lines[3], "bytes") {
		t.Errorf("%q", lines)
	}
}

// What an operation says of retries, time and permits reaches the network; what it does not say, the batch says, and
// what a parallel says goes for those in it.
func TestCommonMembers(t *testing.T) {
	f := newFake()
	r := batch.Runner{Network: f, Keys: newRing(t), NoRetry: true}
	change := `"op":"set-permissions","as":"a","address":{"name":"n"},"user":"anyone","permissions":{},"version":1`
	in := `{` + change + `}
{` + change + `,"no-retry":false,"deadline":"5s"}
{"op":"parallel","no-retry":false,"permit":"none","deadline":"7s","ops":[{` + change + `}]}
{"op":"parallel","deadline":"7s","ops":[{` + change + `,"deadline":"1s"}]}
`
	var out bytes.Buffer
	if wrong, err := r.Lines(context.Background(), strings.NewReader(in), &out, 1); wrong || err != nil {
		t.Fatal(wrong, err, out.String())
	}
	for i, want := range []client.Actor{
		{NoRetry: true}, {Deadline: 5 * time.Second}, {NoPermit: true, Deadline: 7 * time.Second}, {NoRetry: true, Deadline: time.Second},
	} {
		got := f.seen[i]
		got.Key, got.Account = nil, vaultnet.PublicKey{}
		if got != want {
			t.Errorf("operation %d is asked for as %+v, want %+v", i, got, want)
		}
	}
}

// An operation's own timeout ends it.
func TestTimeout(t *testing.T) {
	g := newGate()
	r := batch.Runner{Network: g, Keys: newRing(t), Timeout: time.Hour}
	var out bytes.Buffer
	in := strings.Replace(reads(1), `"op"`, `"timeout":"5ms","op"`, 1)
	if wrong, err := r.Lines(context.Background(), strings.NewReader(in), &out, 1); wrong || err != nil {
		t.Fatal(wrong, err)
	}
	if !strings.Contains(out.String(), `"kind":"Unavailable"`) || !strings.Contains(out.String(), `"retryable":true`) {
		t.Error(out.String())
	}
}
