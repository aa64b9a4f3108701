package bench

import (
	"context"
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// Outcome is what one operation did.
type Outcome struct {
	Kind  string // what it was, where a workload mixes several
	Bytes int    // of content moved
	Err   error
}

// Operation does one thing of a client's, and returns when it has its answer. It is called by one goroutine at a time.
type Operation func(ctx context.Context) Outcome

// Load loads something with operations and measures them.
type Load struct {
	Clients  []Operation
	Warmup   time.Duration // of load that is not measured, before
	Duration time.Duration
	Rate     float64 // operations due each second; 0: each client does one after the other

	Begin    func() // called when measuring begins and when it ends
	End      func()
	Progress func(Live) // called a few times a second, by one goroutine; may be nil
}

// Live is how far a load has come.
type Live struct {
	Warming   bool
	Elapsed   time.Duration // of what is measured
	Total     time.Duration
	Done      int64
	Failed    int64
	PerSecond float64       // in the last interval
	Median    time.Duration // in the last interval
	High      time.Duration // the 99th percentile in the last interval
}

// drain is how long operations under way, and those already due, are waited for after the end.
const drain = 10 * time.Second

// Run loads until the time is over or the context ends, and waits until no operation is under way. What it measured is
// there in either case; the error is the context's.
func (l Load) Run(ctx context.Context) (*Run, error) {
	work, stop := context.WithCancel(ctx)
	defer stop()
	g := &generator{Load: l, recorder: newRecorder(interval(l.Duration)), over: make(chan struct{})}
	g.began = time.Now()
	g.last.Store(math.MaxInt64)
	var clients sync.WaitGroup
	for _, do := range l.Clients {
		clients.Go(func() { g.client(work, do) })
	}
	cut := g.watch(ctx)
	close(g.over)
	late := time.AfterFunc(drain, stop)
	if cut {
		stop()
	}
	clients.Wait()
	late.Stop()
	g.recorder.stop(time.Now())
	return g.recorder.run(g.Rate > 0), ctx.Err()
}

// interval is the width of a point of the series over time.
func interval(d time.Duration) time.Duration {
	return min(max(d/40, 100*time.Millisecond), 5*time.Second).Round(50 * time.Millisecond)
}

// generator is a load under way.
type generator struct {
	Load
	recorder *recorder
	began    time.Time
	last     atomic.Int64  // when measuring ends, since began
	next     atomic.Int64  // operation that is due next, of an open loop
	over     chan struct{} // closed: nothing new begins
}

// watch begins and ends measuring. It reports whether the context ended before.
func (g *generator) watch(ctx context.Context) (cut bool) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	begin, end := time.NewTimer(max(g.Warmup, 0)), time.NewTimer(math.MaxInt64)
	defer begin.Stop()
	defer end.Stop()
	measuring := false
	finish := func(now time.Time) {
		if measuring {
			g.recorder.close(now)
			if g.End != nil {
				g.End()
			}
		}
	}
	for {
		select {
		case <-begin.C:
			if g.Begin != nil {
				g.Begin()
			}
			measuring = true
			now := time.Now() // reading what is counted takes a while
			g.last.Store(int64(now.Add(g.Duration).Sub(g.began)))
			end.Reset(g.Duration)
			g.recorder.open(now)
		case now := <-tick.C:
			g.recorder.roll(now)
			if g.Progress != nil {
				live := g.recorder.live(now)
				live.Warming, live.Total = !measuring, g.Duration
				g.Progress(live)
			}
		case now := <-end.C:
			finish(now)
			return false
		case <-ctx.Done():
			finish(time.Now())
			return true
		}
	}
}

// client is one client's life.
func (g *generator) client(ctx context.Context, do Operation) {
	for ctx.Err() == nil {
		due := time.Now()
		if g.Rate > 0 {
			var ok bool
			if due, ok = g.await(ctx); !ok {
				return
			}
		} else {
			select {
			case <-g.over:
				return
			default:
			}
		}
		o := do(ctx)
		if o.Err != nil && ctx.Err() != nil && errors.Is(o.Err, ctx.Err()) {
			return // not the operation's fault
		}
		g.recorder.note(due, time.Now(), o, g.Rate > 0)
	}
}

// await waits for the next operation of an open loop; false where there is none any more.
func (g *generator) await(ctx context.Context) (time.Time, bool) {
	k := g.next.Add(1) - 1
	after := time.Duration(float64(k) / g.Rate * float64(time.Second))
	due := g.began.Add(after)
	if int64(after) >= g.last.Load() {
		return due, false
	}
	if wait := time.Until(due); wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-g.over:
			return due, false
		case <-ctx.Done():
			return due, false
		}
	}
	return due, true
}
