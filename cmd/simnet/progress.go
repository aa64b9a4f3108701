package main

import (
	"fmt"
	"io"
	"os"
	"time"
)

// progress tells how far a long command has come: one line that is written over on a terminal, else a line every few
// seconds.
type progress struct {
	w        io.Writer
	terminal bool
	total    uint64
	begun    time.Time
	last     time.Time
	every    time.Duration
	wrote    bool
}

func newProgress(w io.Writer, total uint64) *progress {
	p := &progress{w: w, total: total, begun: time.Now(), every: 5 * time.Second}
	if f, ok := w.(*os.File); ok {
		if st, err := f.Stat(); err == nil && st.Mode()&os.ModeCharDevice != 0 {
			p.terminal, p.every = true, 100*time.Millisecond
		}
	}
	p.last = p.begun
	return p
}

func (p *progress) elapsed() time.Duration { return time.Since(p.begun) }

func (p *progress) update(s *summary) {
	now := time.Now()
	if now.Sub(p.last) < p.every {
		return
	}
	p.last = now
	rate := float64(s.Runs) / max(p.elapsed().Seconds(), 1e-9)
	text := fmt.Sprintf("%d/%d runs, %.1f per second, %d blocks, %d failures", s.Runs, p.total, rate, s.Blocks, len(s.Failures))
	if p.terminal {
		fmt.Fprintf(p.w, "\r\x1b[K%s", text)
		p.wrote = true
		return
	}
	fmt.Fprintln(p.w, text)
}

// note writes a line of its own.
func (p *progress) note(text string) {
	p.clear()
	fmt.Fprintln(p.w, text)
}

func (p *progress) done() { p.clear() }

func (p *progress) clear() {
	if p.wrote {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.wrote = false
	}
}
