package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/term"
)

// meter shows how far a transfer is: bytes, rate and time left, on a terminal.
type meter struct {
	a     *acting
	shown bool

	mu      sync.Mutex
	total   int64 // -1: nobody knows
	done    int64
	moved   int64 // of done, what was not there before
	name    string
	began   time.Time
	recent  []mark
	stopped chan struct{}
	ended   chan struct{}
}

// mark is how much had been moved at a time.
type mark struct {
	at    time.Time
	moved int64
}

// meterEvery is how often the line changes; window over how many changes the rate is taken.
const (
	meterEvery = 250 * time.Millisecond
	window     = 20
)

func newMeter(a *acting, total int64) *meter {
	m := &meter{a: a, total: total, began: time.Now(), stopped: make(chan struct{}), ended: make(chan struct{})}
	fd, ok := terminal(a.err)
	m.shown = ok && !a.json
	if !m.shown {
		close(m.ended)
		return m
	}
	go func() {
		defer close(m.ended)
		tick := time.NewTicker(meterEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				width, _, err := term.GetSize(fd)
				if err != nil || width < 20 { // some terminals do not tell
					width = 80
				}
				fmt.Fprintf(a.err, "\r\x1b[K%s", m.line(time.Now(), width-1))
			case <-m.stopped:
				fmt.Fprint(a.err, "\r\x1b[K")
				return
			}
		}
	}()
	return m
}

func (m *meter) stop() {
	close(m.stopped)
	<-m.ended
}

// clear makes room for another line.
func (m *meter) clear() {
	if m.shown {
		fmt.Fprint(m.a.err, "\r\x1b[K")
	}
}

func (m *meter) add(n int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.done += n
	m.moved += n
}

// skip counts what need not be moved.
func (m *meter) skip(n int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.done += n
}

func (m *meter) file(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.name = name
}

// wait keeps to a rate, in bytes a second; 0: none.
func (m *meter) wait(ctx context.Context, rate int64) error {
	if rate <= 0 {
		return ctx.Err()
	}
	m.mu.Lock()
	due := m.began.Add(time.Duration(float64(m.moved) / float64(rate) * float64(time.Second)))
	m.mu.Unlock()
	t := time.NewTimer(time.Until(due))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// line is what is shown, at most so many characters wide.
func (m *meter) line(now time.Time, width int) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.recent = append(m.recent, mark{now, m.moved})
	if len(m.recent) > window {
		m.recent = m.recent[len(m.recent)-window:]
	}
	first := mark{m.began, 0}
	if len(m.recent) == window {
		first = m.recent[0]
	}
	rate := 0.0
	if d := now.Sub(first.at).Seconds(); d > 0 {
		rate = float64(m.moved-first.moved) / d
	}
	text := bytesText(m.done)
	if m.total > 0 {
		text = fmt.Sprintf("%3d%%  %s of %s", min(100, m.done*100/m.total), text, bytesText(m.total))
	}
	text += fmt.Sprintf("  %s/s", bytesText(int64(rate)))
	if m.total > m.done && rate > 0 {
		text += "  " + leftText(time.Duration(float64(m.total-m.done)/rate*float64(time.Second))) + " left"
	}
	r := []rune(text + "  " + oneLine(m.name))
	return string(r[:max(0, min(len(r), width))])
}

func leftText(d time.Duration) string {
	s := int64(d.Round(time.Second).Seconds())
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}
