package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"vaultnet/network"
)

// Options are what of a measurement does not change what is measured.
type Options struct {
	Network  *network.File           // a network that runs; nil: one is started and stopped again
	Ask      func() (Telling, error) // what that network tells of itself; nil: nothing, and only this process's cost is known
	Command  string                  // for the result
	Label    string                  // for the result; "": made of the settings
	Unshared bool                    // no CPU profile is taken, so CPU time is not divided into parts
	Profile  func(pprof []byte)      // gets this process's CPU profile after each run, as go tool pprof reads it; nil: it is not kept
	Progress func(text string)
	Live     func(run int, l Live) // a few times a second while a run is under way
}

func (o Options) say(format string, args ...any) {
	if o.Progress != nil {
		o.Progress(fmt.Sprintf(format, args...))
	}
}

// Measure measures. Where the context ends before all runs are done, the result holds what was measured until then, with the
// context's error beside it; it is nil only where nothing was.
func Measure(ctx context.Context, s Settings, o Options) (*Result, error) {
	b, err := Prepare(ctx, s, o)
	if err != nil {
		return nil, err
	}
	for b.Result.Settings.Runs > len(b.Result.Runs) {
		if _, err = b.Run(ctx); err != nil {
			break
		}
	}
	result := b.Result
	if len(result.Runs) == 0 {
		result = nil
	}
	return result, errors.Join(err, b.Close())
}

// Bench is a network with clients and objects, ready to be measured: for whoever measures it in turns with something else.
// Not safe for concurrent use.
type Bench struct {
	Result *Result // of the runs so far

	options Options
	subject subject
	stage   *stage
	clients []Operation
}

// Prepare starts the network, unless it runs, and makes the clients with their accounts and the objects. The context
// bounds that, no longer.
func Prepare(ctx context.Context, s Settings, o Options) (*Bench, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	s = s.withDefaults()
	began := time.Now()
	b := &Bench{Result: NewResult("vaultnet", s), options: o}
	b.Result.Command, b.Result.Network = o.Command, describe(s, o.Network)
	if o.Label != "" {
		b.Result.Label = o.Label
	}
	if o.Network != nil { // what runs is not what the settings would have started
		b.Result.Settings.Vaults, b.Result.Settings.Group = 0, o.Network.Parameters.GroupSize
	}
	var err error
	if b.subject, err = start(ctx, s, o, func(text string) { o.say("%s", text) }); err != nil {
		return nil, err
	}
	b.stage = newStage(s, o)
	if err = b.stage.open(ctx, b.subject.config()); err == nil {
		b.clients, err = workloads[s.Workload].prepare(ctx, b.stage)
	}
	if err != nil {
		return nil, errors.Join(err, b.Close())
	}
	b.Result.Prepared = time.Since(began).Seconds()
	return b, nil
}

// Close ends the clients, and the network where Prepare started it.
func (b *Bench) Close() error { return errors.Join(b.stage.close(), b.subject.close()) }

// moment is all that is read when a run begins and when it ends.
type moment struct {
	readings readings
	own      Spent
	vaults   Spent
	clients  clientCounts
	err      error
}

// moment reads it: CPU time last where a run begins, and first where it ends.
func (b *Bench) moment(end bool) moment {
	m := moment{own: OwnSpent(), clients: b.stage.counts.now()}
	m.readings, m.vaults, m.err = b.subject.measure()
	if !end {
		m.own = OwnSpent()
	}
	return m
}

// Run makes one run more and adds it to the result, also one that the context cut short, beside the context's error.
func (b *Bench) Run(ctx context.Context) (*Run, error) {
	s := b.Result.Settings
	number := len(b.Result.Runs) + 1
	var before, after moment
	var own profiler
	parts := samples{}
	load := Load{Clients: b.clients, Warmup: s.Warmup, Duration: s.Duration, Rate: s.Rate}
	if b.options.Live != nil {
		load.Progress = func(l Live) { b.options.Live(number, l) }
	}
	load.Begin = func() {
		if !b.options.Unshared {
			own.begin()
			b.subject.profile(true)
		}
		before = b.moment(false)
	}
	load.End = func() {
		after = b.moment(true)
		if !b.options.Unshared {
			parts.add(own.end(b.options.Profile))
			parts.add(b.subject.profile(false))
		}
	}
	run, err := load.Run(ctx)
	if run.Seconds == 0 {
		return nil, err
	}
	run.Cut = err != nil
	if failed := errors.Join(before.err, after.err); failed != nil {
		return nil, errors.Join(failed, err)
	}
	run.Usage = UsageOf(after.own.Minus(before.own), after.vaults.Minus(before.vaults), run.Operations-run.Late)
	run.Usage.Parts, run.Usage.Profiled = parts.shares(run.Usage.PerOp)
	run.Memory = after.own.Most + after.vaults.Most
	run.Network = after.readings.since(before.readings)
	run.Network.Vaults = int(after.readings["vaults"])
	after.clients.into(run.Network, before.clients)
	b.Result.Runs = append(b.Result.Runs, *run)
	return run, err
}
