package main

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"vaultnet/bench"
)

func TestMain(m *testing.M) {
	bench.VaultProcess()
	etcdProcess()
	os.Exit(m.Run())
}

// Each peer can be loaded, and what it is asked for is done.
func TestPeers(t *testing.T) {
	for name, p := range map[string]peer{
		"etcd": &etcd{members: 3}, "etcd read": &etcd{members: 1, sync: true, reads: true},
		"kad": &kad{hosts: 4}, "kad read": &kad{hosts: 4, reads: true}, "comet": &comet{validators: 4},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, stop := context.WithTimeout(t.Context(), time.Minute)
			defer stop()
			defer func() {
				if err := p.close(); err != nil {
					t.Error(err)
				}
			}()
			if err := p.start(ctx); err != nil {
				t.Fatal(err)
			}
			s := bench.Settings{Workload: "mutate", Clients: 4, Connections: 2, Size: 256}
			clients, err := p.clients(ctx, s)
			if err != nil {
				t.Fatal(err)
			}
			s.Duration = 500 * time.Millisecond
			r := bench.NewResult(subject(p), s)
			m, err := load(ctx, p, clients, r)
			if err != nil {
				t.Fatal(err)
			}
			if m.Operations == 0 || m.Failed > 0 || len(r.Runs) != 1 || m.Usage.Seconds <= 0 {
				t.Errorf("%d operations, %v, usage %+v", m.Operations, m.Refusals, m.Usage)
			}
		})
	}
}

// A ratio is of runs that followed one another, not of medians.
func TestRatios(t *testing.T) {
	ours, theirs := &bench.Result{Subject: "vaultnet"}, &bench.Result{Subject: "etcd"}
	for _, x := range [][2]float64{{10, 100}, {60, 200}, {90, 300}} {
		ours.Runs = append(ours.Runs, bench.Run{PerSecond: x[0], Usage: &bench.Usage{PerOp: 1}})
		theirs.Runs = append(theirs.Runs, bench.Run{PerSecond: x[1], Usage: &bench.Usage{PerOp: 2}, Refusals: map[string]int64{"other": 1}})
	}
	got := ratios(ours, theirs, figures[0].of)
	if got != (bench.Spread{Median: 0.3, Least: 0.1, Most: 0.3}) {
		t.Errorf("%+v", got)
	}
	var out bytes.Buffer
	write(&out, comparisons()[0], ours, theirs)
	for _, want := range []string{"etcd-sync-1", "60 (10 to 90)", "× 0.30 (0.10 to 0.30)", "failed at etcd: map[other:3]"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
}

func TestCommandLine(t *testing.T) {
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"-list"}, 0, "etcd-sync-256"},
		{nil, 2, "say -all"},
		{[]string{"-only", "nothing"}, 2, "say -all"},
		{[]string{"-all", "-runs", "0"}, 2, "at least one run"},
		{[]string{"-x"}, 2, "not defined"},
	} {
		var out bytes.Buffer
		if code := run(t.Context(), c.args, &out, &out); code != c.code || !strings.Contains(out.String(), c.says) {
			t.Errorf("%v: exit %d: %s", c.args, code, &out)
		}
	}
	if n := len(choose(false, "kad,comet-1")); n != 3 {
		t.Errorf("%d chosen", n)
	}
	for _, c := range comparisons() {
		if err := c.ours.Validate(); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if p := c.peer(); p.guarantees() == "" || subject(p) == "" {
			t.Errorf("%s says nothing of its peer", c.name)
		}
	}
}
