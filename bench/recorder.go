package bench

import (
	"slices"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"vaultnet/refusal"
)

// Latencies are kept in microseconds, to three digits, up to ten minutes.
const (
	latencyMost   = int64(10 * time.Minute / time.Microsecond)
	latencyDigits = 3
)

func newHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(1, latencyMost, latencyDigits)
}

// recorder is what was measured so far. Safe for concurrent use.
type recorder struct {
	mu       sync.Mutex
	width    time.Duration // of a point
	opened   time.Time     // zero: not yet
	closed   time.Time     // zero: not yet
	stopped  time.Time
	all      *hdrhistogram.Histogram
	kinds    map[string]*tally
	bytes    int64
	failed   int64
	refusals map[string]int64
	late     int64 // operations that ended after the end

	point  *hdrhistogram.Histogram // of the interval under way
	since  time.Time
	series []Point
}

type tally struct {
	latency *hdrhistogram.Histogram
	bytes   int64
}

func newRecorder(width time.Duration) *recorder {
	return &recorder{width: width, all: newHistogram(), point: newHistogram(), kinds: map[string]*tally{}, refusals: map[string]int64{}}
}

func (r *recorder) open(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.opened, r.since = now, now
	r.point.Reset()
}

func (r *recorder) close(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.Sub(r.since) >= r.width/2 {
		r.finish(now)
	}
	r.closed = now
}

// stop says when the last operation had ended.
func (r *recorder) stop(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stopped = now
}

// roll ends the interval under way, where it is time to.
func (r *recorder) roll(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.opened.IsZero() && r.closed.IsZero() && now.Sub(r.since) >= r.width {
		r.finish(now)
	}
}

func (r *recorder) finish(now time.Time) {
	took := now.Sub(r.since).Seconds()
	r.series = append(r.series, Point{
		At: now.Sub(r.opened).Seconds(), PerSecond: float64(r.point.TotalCount()) / took,
		Median: millis(r.point.ValueAtQuantile(50)), High: millis(r.point.ValueAtQuantile(99)),
	})
	r.point.Reset()
	r.since = now
}

// note counts an operation, where it belongs to what is measured: by its end, or in an open loop by when it was due.
func (r *recorder) note(due, end time.Time, o Outcome, open bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.opened.IsZero() {
		return
	}
	if open && due.Before(r.opened) || !open && !r.closed.IsZero() {
		return
	}
	if o.Err != nil {
		r.failed++
		r.refusals[kindOf(o.Err)]++
		return
	}
	us := min(max(end.Sub(due).Microseconds(), 1), latencyMost)
	_ = r.all.RecordValue(us)
	_ = r.point.RecordValue(us)
	r.bytes += int64(o.Bytes)
	if !r.closed.IsZero() {
		r.late++
	}
	if o.Kind != "" {
		t := r.kinds[o.Kind]
		if t == nil {
			t = &tally{latency: newHistogram()}
			r.kinds[o.Kind] = t
		}
		_ = t.latency.RecordValue(us)
		t.bytes += int64(o.Bytes)
	}
}

// kindOf is how an error is counted.
func kindOf(err error) string {
	e, ok := asRefusal(err)
	if !ok {
		return "other: " + clip(err.Error(), 80)
	}
	if e.Kind == refusal.Unavailable && e.Detail.OutcomeUnknown {
		return e.Kind.String() + " (outcome unknown)"
	}
	return e.Kind.String()
}

func clip(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

func (r *recorder) live(now time.Time) Live {
	r.mu.Lock()
	defer r.mu.Unlock()
	l := Live{Done: r.all.TotalCount(), Failed: r.failed}
	if !r.opened.IsZero() {
		l.Elapsed = now.Sub(r.opened)
	}
	if n := len(r.series); n > 0 {
		p := r.series[n-1]
		l.PerSecond, l.Median, l.High = p.PerSecond, fromMillis(p.Median), fromMillis(p.High)
	}
	return l
}

func millis(us int64) float64             { return float64(us) / 1e3 }
func fromMillis(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }

// run is what was measured.
func (r *recorder) run(open bool) *Run {
	r.mu.Lock()
	defer r.mu.Unlock()
	m := &Run{Operations: r.all.TotalCount(), Failed: r.failed, Refusals: r.refusals, Series: r.series, Bytes: r.bytes}
	if r.opened.IsZero() {
		return m
	}
	m.Seconds = r.closed.Sub(r.opened).Seconds()
	if m.Seconds > 0 {
		m.PerSecond = float64(m.Operations-r.late) / m.Seconds
		m.BytesPerSecond = float64(r.bytes) / m.Seconds
	}
	if open {
		m.Late = r.late
	}
	m.Latency = latencyOf(r.all)
	var names []string
	for name := range r.kinds {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		t := r.kinds[name]
		k := Kind{Name: name, Operations: t.latency.TotalCount(), Latency: latencyOf(t.latency), Bytes: t.bytes}
		if m.Seconds > 0 {
			k.PerSecond = float64(k.Operations) / m.Seconds
		}
		m.Kinds = append(m.Kinds, k)
	}
	return m
}

// curve is at which percentiles a latency curve has a point: ever closer to 100.
var curve = []float64{0, 1, 5, 10, 20, 30, 40, 50, 60, 70, 75, 80, 85, 90, 92.5, 95, 97.5, 98, 99, 99.5, 99.8, 99.9, 99.95, 99.99, 99.999}

func latencyOf(h *hdrhistogram.Histogram) Latency {
	if h.TotalCount() == 0 {
		return Latency{}
	}
	at := func(q float64) float64 { return millis(h.ValueAtQuantile(q)) }
	l := Latency{Mean: h.Mean() / 1e3, Min: millis(h.Min()), P50: at(50), P90: at(90), P99: at(99), P999: at(99.9), Max: millis(h.Max())}
	for _, q := range curve {
		if q > 50 && float64(h.TotalCount())*(1-q/100) < 1 {
			break // nobody was there
		}
		l.Curve = append(l.Curve, [2]float64{q, at(q)})
	}
	return l
}
