package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/peterbourgon/ff/v3/ffcli"

	"vaultnet/internal/commandline"
	"vaultnet/sim"
)

// explore is the subcommand's settings.
type explore struct {
	seeds, seed uint64
	mode        string
	failures    int
	workers     int
	shrink      int
	json, story bool
	about       string
	settings    settings
	stdout      io.Writer
	stderr      io.Writer
}

// settings are options of the simulator that the command line fixes, as sim.Draw takes them.
type settings []string

func (s *settings) String() string { return "" }

// Set takes one or more name=value, separated by spaces.
func (s *settings) Set(v string) error {
	*s = append(*s, strings.Fields(v)...)
	return nil
}

func newExplore(stdout, stderr io.Writer) *ffcli.Command {
	e := &explore{stdout: stdout, stderr: stderr}
	fs := commandline.NewFlagSet("simnet explore")
	fs.Uint64Var(&e.seeds, "seeds", 100, "run `N` seeds")
	fs.Uint64Var(&e.seed, "seed", 1, "begin with seed `S`")
	fs.StringVar(&e.mode, "mode", "both", "`safety`, liveness or both")
	fs.IntVar(&e.failures, "failures", 1, "stop after `N` failing seeds")
	fs.IntVar(&e.workers, "workers", runtime.GOMAXPROCS(0), "run `N` seeds at a time")
	fs.IntVar(&e.shrink, "shrink", 60, "make at most `N` runs to shrink a failure's faults")
	fs.BoolVar(&e.json, "json", false, "write the summary as JSON")
	fs.BoolVar(&e.story, "v", false, "write all that happens; of a single seed and mode")
	fs.StringVar(&e.about, "about", "", "of the story only what names `TEXT` (an object's address, a vault), and all faults")
	fs.Var(&e.settings, "set", "fix other options of the simulator: `name=value`, repeatable")
	for _, o := range []struct{ name, usage string }{
		{"vaults", "`N` vaults (default 16)"},
		{"objects", "`N` objects (default 20)"},
		{"ops", "`N` operations (default 300)"},
		{"workload", "`mutations` of objects and accounts, which the speed is measured by (default); containers: files and apps; or both"},
		{"byzantine", "`N` vaults that lie, 0 to 3 (default: by seed, 0 to 2)"},
	} {
		fs.Func(o.name, o.usage, func(v string) error {
			e.settings = append(e.settings, o.name+"="+v)
			return nil
		})
	}
	fs.BoolFunc("crypto", "real signatures, everything through the codec (default: every tenth seed)", func(v string) error {
		e.settings = append(e.settings, "crypto="+v)
		return nil
	})
	return &ffcli.Command{
		Name:       "explore",
		ShortUsage: "simnet explore [flags]",
		ShortHelp:  "Replay networks from seeds, with faults and liars, and check every promise.",
		LongHelp: "OPTIONS OF THE SIMULATOR (-set)\n" + sim.Usage() +
			"\nIt exits 0 if no promise was broken, 1 if one was, 2 if the command line is wrong.",
		FlagSet:   fs,
		UsageFunc: commandline.Usage,
		Exec:      e.exec,
	}
}

// job is one run to be made.
type job struct {
	seed uint64
	mode sim.Mode
}

func (e *explore) exec(ctx context.Context, args []string) error {
	if len(args) > 0 {
		return usageError{fmt.Errorf("explore takes no arguments, only flags: %q", args[0])}
	}
	modes := []sim.Mode{sim.Safety, sim.Liveness}
	if e.mode != "both" {
		m, err := sim.ParseMode(e.mode)
		if err != nil {
			return usageError{fmt.Errorf("mode %q: want safety, liveness or both", e.mode)}
		}
		modes = []sim.Mode{m}
	}
	switch {
	case e.seeds < 1 || e.seeds > 1<<40:
		return usageError{fmt.Errorf("-seeds %d: want at least 1", e.seeds)}
	case e.workers < 1 || e.workers > 1024:
		return usageError{fmt.Errorf("-workers %d: want 1 to 1024", e.workers)}
	case e.failures < 1:
		return usageError{fmt.Errorf("-failures %d: want at least 1", e.failures)}
	case e.shrink < 0:
		return usageError{fmt.Errorf("-shrink %d: want at least 0", e.shrink)}
	case e.about != "" && !e.story:
		return usageError{errors.New("-about is for the story of a run: add -v")}
	case e.story && (e.seeds > 1 || len(modes) > 1):
		return usageError{errors.New("-v is for a single seed and mode: add -seeds 1 -mode safety (or liveness)")}
	}
	for _, s := range e.settings {
		if name, _, _ := strings.Cut(s, "="); name == "seed" || name == "mode" {
			return usageError{fmt.Errorf("-set %s: use -%s", s, name)}
		}
	}
	for _, m := range modes { // a wrong option is wrong for every seed: say so before anything runs
		o, err := sim.Draw(e.seed, m, e.settings...)
		if err != nil {
			return usageError{err}
		}
		if o.Vaults <= 64 {
			debug.SetGCPercent(400) // small runs are short: memory is cheaper than collecting it
		}
		debug.SetMemoryLimit(3 << 30) // beyond, it is not
	}
	if e.story {
		return e.one(ctx, job{e.seed, modes[0]})
	}
	s, err := e.all(ctx, modes)
	if err != nil {
		return err
	}
	for i := range s.Failures {
		e.explain(ctx, &s.Failures[i])
	}
	if e.json {
		enc := json.NewEncoder(e.stdout)
		enc.SetIndent("", "  ")
		if err := enc.Encode(s); err != nil {
			return err
		}
	} else {
		s.write(e.stdout)
	}
	if len(s.Failures) > 0 {
		return errFailed
	}
	return ctx.Err()
}

// one runs a single seed and tells its story.
func (e *explore) one(ctx context.Context, j job) error {
	o, err := sim.Draw(j.seed, j.mode, e.settings...)
	if err != nil {
		return usageError{err}
	}
	begun := time.Now()
	var story io.Writer = e.stdout
	if e.about != "" {
		story = &about{e.stdout, []byte(e.about)}
	}
	r, err := sim.Run(ctx, o, story)
	if r == nil {
		return err
	}
	s := newSummary()
	s.add(r)
	s.Elapsed = time.Since(begun)
	fmt.Fprintf(e.stdout, "\noptions     %s\ntrace hash  %016x\n", r.Options, r.Hash)
	for i, f := range r.Faults {
		fmt.Fprintf(e.stdout, "fault %-3d   %v\n", i, f)
	}
	fmt.Fprintln(e.stdout)
	s.write(e.stdout)
	var v *sim.Violation
	if errors.As(err, &v) {
		fmt.Fprintf(e.stdout, "\nVIOLATION of %s at %.6fs\n  %s\n  %s\n", v.Invariant, v.At.Seconds(), v.Object, v.Description)
		return errFailed
	}
	return err
}

// all runs the seeds side by side.
func (e *explore) all(ctx context.Context, modes []sim.Mode) (*summary, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	jobs := make(chan job)
	type result struct {
		r   *sim.Report
		err error
	}
	results := make(chan result)
	var workers sync.WaitGroup
	for range e.workers {
		workers.Go(func() {
			for j := range jobs {
				o, err := sim.Draw(j.seed, j.mode, e.settings...)
				if err != nil {
					results <- result{nil, usageError{err}}
					continue
				}
				r, err := sim.Run(ctx, o, nil)
				results <- result{r, err}
			}
		})
	}
	go func() {
		defer close(results)
		defer workers.Wait()
		defer close(jobs)
		for i := range e.seeds {
			for _, m := range modes {
				select {
				case jobs <- job{e.seed + i, m}:
				case <-ctx.Done():
					return
				}
			}
		}
	}()
	s := newSummary()
	total := e.seeds * uint64(len(modes))
	show := newProgress(e.stderr, total)
	var failed error
	for x := range results {
		var v *sim.Violation
		switch {
		case errors.As(x.err, &v):
			s.add(x.r)
			s.Failures = append(s.Failures, failure{Violation: v, report: x.r})
			show.note(v.Error())
			if len(s.Failures) >= e.failures {
				stop()
			}
		case errors.Is(x.err, context.Canceled):
		case x.err != nil:
			failed = x.err
			stop()
		default:
			s.add(x.r)
		}
		show.update(s)
	}
	show.done()
	s.Elapsed = show.elapsed()
	slices.SortFunc(s.Failures, func(a, b failure) int {
		if a.Violation.Seed != b.Violation.Seed {
			if a.Violation.Seed < b.Violation.Seed {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Violation.Options, b.Violation.Options)
	})
	return s, failed
}

// explain shrinks a failure's faults and writes how to see it again.
func (e *explore) explain(ctx context.Context, f *failure) {
	o, err := sim.Parse(f.Violation.Options)
	if err != nil {
		return
	}
	small, v, runs := sim.Shrink(o, f.Violation, len(o.Faults()), e.shrink, func(o sim.Options) *sim.Violation {
		_, err := sim.Run(ctx, o, nil)
		var v *sim.Violation
		errors.As(err, &v)
		return v
	})
	f.Violation, f.ShrinkRuns = v, runs
	for i, x := range small.Faults() {
		if small.Keep.Has(i) {
			f.Faults = append(f.Faults, x.String())
		}
	}
	f.Replay = e.replay(small, v)
}

// replay is the command that shows the run again, as far as it concerns the object: what the seed says need not be
// repeated.
func (e *explore) replay(o sim.Options, v *sim.Violation) string {
	var b strings.Builder
	fmt.Fprintf(&b, "go run ./cmd/simnet explore -seed %d -seeds 1 -mode %v -v", o.Seed, o.Mode)
	if _, place, ok := strings.Cut(v.Object, " "); ok {
		fmt.Fprintf(&b, " -about %s", place)
	}
	set := slices.Clone(e.settings)
	if k := o.Keep.String(); k != "all" {
		set = append(slices.DeleteFunc(set, func(s string) bool { return strings.HasPrefix(s, "keep=") }), "keep="+k)
	}
	for _, s := range set {
		fmt.Fprintf(&b, " -set %s", s)
	}
	return b.String()
}

var _ flag.Value = (*settings)(nil)
