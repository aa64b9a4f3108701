package bench_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"vaultnet/bench"
	"vaultnet/refusal"
)

// sleeper is a client whose every operation takes so long.
func sleeper(d time.Duration) bench.Operation {
	return func(ctx context.Context) bench.Outcome {
		select {
		case <-time.After(d):
			return bench.Outcome{Bytes: 10}
		case <-ctx.Done():
			return bench.Outcome{Err: ctx.Err()}
		}
	}
}

// A closed loop does as much as its clients can, and takes as long as each operation does.
func TestClosedLoop(t *testing.T) {
	m, err := bench.Load{Clients: []bench.Operation{sleeper(5 * time.Millisecond), sleeper(5 * time.Millisecond)}, Duration: 400 * time.Millisecond}.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if m.Operations < 20 || m.Operations > 160 || m.PerSecond < 50 || m.PerSecond > 400 {
		t.Errorf("%d operations, %.0f per second", m.Operations, m.PerSecond)
	}
	if m.Latency.Min < 5 || m.Latency.P50 < 5 || m.Latency.Max < m.Latency.P99 || m.Bytes != 10*m.Operations || m.Late != 0 {
		t.Errorf("%+v, %d bytes, %d late", m.Latency, m.Bytes, m.Late)
	}
	if len(m.Series) < 2 {
		t.Errorf("%d points", len(m.Series))
	}
}

// In an open loop a stall counts for all operations that were due meanwhile, and not only for the one that stalled.
func TestOpenLoopHidesNoStall(t *testing.T) {
	stalled := false
	client := func(ctx context.Context) bench.Outcome {
		if !stalled {
			stalled = true
			time.Sleep(300 * time.Millisecond)
		}
		return bench.Outcome{}
	}
	m, err := bench.Load{Clients: []bench.Operation{client}, Duration: 600 * time.Millisecond, Rate: 100}.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// 60 operations are due; 30 of them in the first 300 ms, which waited 150 ms on average.
	if m.Operations < 55 || m.Operations > 61 {
		t.Errorf("%d operations, want 60", m.Operations)
	}
	if m.Latency.P90 < 200 || m.Latency.Max < 290 {
		t.Errorf("latency %+v does not show a stall of 300 ms", m.Latency)
	}
	closed := stalled
	stalled = false
	c, err := bench.Load{Clients: []bench.Operation{client}, Duration: 400 * time.Millisecond}.Run(t.Context())
	if err != nil || !closed || c.Latency.P90 > 50 {
		t.Errorf("a closed loop sees the stall once only: %+v, %v", c.Latency, err)
	}
}

// What an open loop cannot do in time is late, and counts in the latency, not in the throughput.
func TestOpenLoopTooFast(t *testing.T) {
	m, err := bench.Load{Clients: []bench.Operation{sleeper(20 * time.Millisecond)}, Duration: 400 * time.Millisecond, Rate: 100}.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if m.Late == 0 || m.PerSecond > 60 || m.Latency.Max < 200 {
		t.Errorf("%d late of %d, %.0f per second, %+v", m.Late, m.Operations, m.PerSecond, m.Latency)
	}
}

func TestFailuresByKind(t *testing.T) {
	n := 0
	client := func(context.Context) bench.Outcome {
		time.Sleep(time.Millisecond)
		switch n++; n % 3 {
		case 0:
			e := refusal.New(refusal.Unavailable)
			e.Detail.OutcomeUnknown = true
			return bench.Outcome{Err: e}
		case 1:
			return bench.Outcome{Err: refusal.New(refusal.LowBalance)}
		}
		return bench.Outcome{Kind: "fine"}
	}
	m, err := bench.Load{Clients: []bench.Operation{client}, Duration: 200 * time.Millisecond}.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if m.Refusals["LowBalance"] == 0 || m.Refusals["Unavailable (outcome unknown)"] == 0 || len(m.Refusals) != 2 ||
		m.Failed != m.Refusals["LowBalance"]+m.Refusals["Unavailable (outcome unknown)"] {
		t.Errorf("%d failed: %v", m.Failed, m.Refusals)
	}
	if len(m.Kinds) != 1 || m.Kinds[0].Name != "fine" || m.Kinds[0].Operations != m.Operations {
		t.Errorf("%+v", m.Kinds)
	}
}

// A load that is cut short has what it measured until then.
func TestCutShort(t *testing.T) {
	ctx, stop := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer stop()
	m, err := bench.Load{Clients: []bench.Operation{sleeper(time.Millisecond)}, Duration: time.Hour}.Run(ctx)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	if m.Operations == 0 || m.Seconds < 0.1 || m.Seconds > 10 || m.Failed != 0 {
		t.Errorf("%d operations in %.2f s, %d failed", m.Operations, m.Seconds, m.Failed)
	}
}

func TestWarmupDoesNotCount(t *testing.T) {
	began := time.Now()
	first := true
	client := func(context.Context) bench.Outcome {
		if time.Since(began) < 150*time.Millisecond {
			time.Sleep(100 * time.Millisecond)
		} else {
			time.Sleep(time.Millisecond)
		}
		first = false
		return bench.Outcome{}
	}
	var opened time.Time
	m, err := bench.Load{Clients: []bench.Operation{client}, Warmup: 300 * time.Millisecond, Duration: 200 * time.Millisecond,
		Begin: func() { opened = time.Now() }}.Run(t.Context())
	if err != nil || first {
		t.Fatal(err)
	}
	if opened.Sub(began) < 300*time.Millisecond || m.Latency.P50 > 50 {
		t.Errorf("measuring began after %v; %+v", opened.Sub(began), m.Latency)
	}
}
