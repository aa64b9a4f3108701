package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"vaultnet/bench"
)

// peer is something that is measured beside a vault network.
type peer interface {
	// about is what it is, in a few words, with its version.
	about() string
	// guarantees is what it promises and what it does not, beside a vault network.
	guarantees() string
	// start starts it and returns when it can be loaded.
	start(ctx context.Context) error
	// clients are so many clients, over so many connections, with what they work on. It may be called once.
	clients(ctx context.Context, s bench.Settings) ([]bench.Operation, error)
	// spent is what its own processes have used; zero where it runs in this one.
	spent() (bench.Spent, error)
	close() error
}

// comparison is a vault network beside a peer.
type comparison struct {
	name, title string
	ours        bench.Settings
	peer        func() peer
}

// comparisons are all there are.
func comparisons() []comparison {
	var list []comparison
	apart := func(workload string, clients int, sync bool) bench.Settings {
		return bench.Settings{Workload: workload, Clients: clients, Connections: connections(clients), Processes: true, Sync: sync}
	}
	together := func(workload string, clients int) bench.Settings {
		return bench.Settings{Workload: workload, Clients: clients, Connections: connections(clients), TCP: true} // as theirs
	}
	for _, clients := range []int{1, 64, 256} {
		list = append(list, comparison{fmt.Sprint("etcd-sync-", clients), "compare-and-swap of 256 bytes, synced to disk", apart("mutate", clients, true),
			func() peer { return &etcd{members: 7, sync: true} }})
	}
	for _, clients := range []int{1, 64, 256} {
		list = append(list, comparison{fmt.Sprint("etcd-nosync-", clients), "compare-and-swap of 256 bytes, not synced", apart("mutate", clients, false),
			func() peer { return &etcd{members: 7} }})
	}
	list = append(list,
		comparison{"etcd-read-64", "linearizable reads of 256 bytes", apart("read", 64, false), func() peer { return &etcd{members: 7, reads: true} }},
		comparison{"kad-put-64", "writing 256 bytes", together("mutate", 64), func() peer { return &kad{hosts: 16} }},
		comparison{"kad-get-64", "reading 256 bytes", together("read", 64), func() peer { return &kad{hosts: 16, reads: true} }},
		comparison{"comet-1", "a change, by one client that waits for it", together("mutate", 1), func() peer { return &comet{validators: 4} }},
		comparison{"comet-256", "changes, by clients that wait for theirs", together("mutate", 256), func() peer { return &comet{validators: 4} }},
	)
	return list
}

// connections is what simnet bench takes, too.
func connections(clients int) int { return min(clients, max(2, clients/64)) }

// compare measures both by turns. Results are nil where nothing was measured.
func (c comparison) compare(ctx context.Context, s settings, progress io.Writer) (ours, theirs *bench.Result, err error) {
	set := c.ours
	set.Runs, set.Duration, set.Warmup = s.runs, s.duration, s.warmup
	if s.clients > 0 {
		set.Clients, set.Connections = s.clients, connections(s.clients)
	}
	if err := set.Validate(); err != nil {
		return nil, nil, err
	}
	say := func(format string, args ...any) {
		fmt.Fprintf(progress, "%s: "+format+"\n", append([]any{c.name}, args...)...)
	}
	p := c.peer()
	defer func() { err = errors.Join(err, p.close()) }()
	say("starting %s", p.about())
	if err := p.start(ctx); err != nil {
		return nil, nil, err
	}
	other := bench.NewResult(subject(p), set)
	other.Label, other.Network = fmt.Sprintf("%s, %d clients", p.about(), set.Clients), p.about()
	other.Settings.Vaults, other.Settings.Group = 0, 0
	operations, err := p.clients(ctx, other.Settings)
	if err != nil {
		return nil, nil, err
	}
	say("starting a vault network")
	b, err := bench.Prepare(ctx, set, bench.Options{Label: fmt.Sprintf("vaultnet, %d clients", set.Clients)})
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	for i := range s.runs {
		turns := []func() (*bench.Run, error){
			func() (*bench.Run, error) { return b.Run(ctx) },
			func() (*bench.Run, error) { return load(ctx, p, operations, other) },
		}
		if i%2 == 1 { // nobody is always the first
			turns[0], turns[1] = turns[1], turns[0]
		}
		for _, turn := range turns {
			if _, err = turn(); err != nil {
				break
			}
		}
		if err != nil {
			break
		}
		o, t := b.Result.Runs[i], other.Runs[i]
		say("run %d of %d: vaultnet %.0f per second, %s %.0f", i+1, s.runs, o.PerSecond, subject(p), t.PerSecond)
	}
	n := min(len(b.Result.Runs), len(other.Runs)) // both of a pair or none
	if n == 0 {
		return nil, nil, err
	}
	b.Result.Runs, other.Runs = b.Result.Runs[:n], other.Runs[:n]
	return b.Result, other, err
}

// load measures a peer once and adds the run to its result.
func load(ctx context.Context, p peer, operations []bench.Operation, r *bench.Result) (*bench.Run, error) {
	var own, others [2]bench.Spent
	var errs [2]error
	read := func(i int) func() {
		return func() {
			own[i] = bench.OwnSpent()
			others[i], errs[i] = p.spent()
		}
	}
	l := bench.Load{Clients: operations, Warmup: r.Settings.Warmup, Duration: r.Settings.Duration, Begin: read(0), End: read(1)}
	m, err := l.Run(ctx)
	if err = errors.Join(err, errs[0], errs[1]); err != nil {
		return nil, err
	}
	m.Usage = bench.UsageOf(own[1].Minus(own[0]), others[1].Minus(others[0]), m.Operations)
	m.Memory = others[1].Most
	if m.Memory == 0 {
		m.Memory = own[1].Most
	}
	if m.Operations == 0 && m.Failed > 0 {
		return nil, fmt.Errorf("%s did nothing that it was asked for: %v", subject(p), m.Refusals)
	}
	r.Runs = append(r.Runs, *m)
	return m, nil
}
