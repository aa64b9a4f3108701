package bench_test

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vaultnet/bench"
)

// small is a measurement that takes no time.
func small(workload string) bench.Settings {
	return bench.Settings{Workload: workload, Clients: 4, Vaults: 4, Duration: 400 * time.Millisecond, Warmup: -1, Objects: 8, Size: 100}
}

func soon(t *testing.T) context.Context {
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(stop)
	return ctx
}

// Every workload does something, and nothing fails.
func TestWorkloads(t *testing.T) {
	for _, name := range bench.Workloads() {
		t.Run(name, func(t *testing.T) {
			if testing.Short() && name != "mutate" && name != "mixed" {
				t.Skip("a network each")
			}
			s := small(name)
			if name == "stream" {
				s.Size, s.Clients, s.Duration = 300<<10, 1, 2*time.Second
			}
			r, err := bench.Measure(soon(t), s, bench.Options{Unshared: true})
			if err != nil {
				t.Fatal(err)
			}
			m := r.Runs[0]
			if m.Operations == 0 || m.Failed != 0 && name != "mixed" || m.Bytes == 0 {
				t.Errorf("%d operations, failed %v", m.Operations, m.Refusals)
			}
			if m.Network.Vaults != 4 || m.Network.Frames == 0 || m.Network.Turns == 0 || m.Network.ClientTurns == 0 {
				t.Errorf("counted %+v", m.Network)
			}
			if w := name != "read" && name != "stream"; w && (m.Network.Blocks == 0 || m.Network.Requests < m.Network.Blocks) {
				t.Errorf("%v blocks of %v requests", m.Network.Blocks, m.Network.Requests)
			}
		})
	}
}

// Vaults in processes of their own are measured and ended like those in this one; their CPU time is counted apart.
func TestProcesses(t *testing.T) {
	s := small("mutate")
	s.Processes, s.Sync, s.Runs, s.Duration = true, true, 2, 600*time.Millisecond
	r, err := bench.Measure(soon(t), s, bench.Options{Label: "apart"})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Runs) != 2 {
		t.Fatalf("%d runs", len(r.Runs))
	}
	for _, m := range r.Runs {
		u := m.Usage
		if m.Operations == 0 || m.Failed > 0 || m.Network.Stored == 0 {
			t.Errorf("%d operations, %d failed, %v", m.Operations, m.Failed, m.Refusals)
		}
		if u.Vaults <= 0 || u.Clients <= 0 || u.PerOp <= 0 {
			t.Errorf("usage %+v", u)
		}
	}
	var out bytes.Buffer
	r.WriteText(&out)
	for _, want := range []string{"apart: 4 clients over 2 connections, 8 objects with 1 entry of 100 B", "4 vaults, groups of 8, each a process, TCP, Pebble, sync always", "median of 2 runs", "per second", "CPU by part"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
	path := filepath.Join(t.TempDir(), "r.json")
	if err := r.Save(path); err != nil {
		t.Fatal(err)
	}
	again, err := bench.ReadResult(path)
	if err != nil || again.Label != "apart" || len(again.Runs) != 2 || again.Runs[1].Latency.P99 != r.Runs[1].Latency.P99 {
		t.Errorf("%+v, %v", again, err)
	}
}

func TestEndedWhileItStarts(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	atFirst := bench.Options{Progress: func(string) { stop() }} // however fast the machine is, nothing is measured yet
	if r, err := bench.Measure(ctx, small("mutate"), atFirst); r != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("%+v, %v", r, err)
	}
	apart := small("mutate")
	apart.Processes, apart.TCP = true, true
	if r, err := bench.Measure(ctx, apart, bench.Options{}); r != nil || err == nil { // it has ended
		t.Errorf("%+v, %v", r, err)
	}
}

// A process whose vault still looks for its network ends when it is told to, and is not killed after its patience.
func TestProcessesEndWhileTheyStart(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	apart := small("mutate")
	apart.Processes, apart.TCP = true, true
	r, err := bench.Measure(ctx, apart, bench.Options{Progress: func(said string) {
		if strings.HasPrefix(said, "starting: ") {
			stop()
		}
	}})
	if r != nil || !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "killed") {
		t.Errorf("%+v, %v", r, err)
	}
}
