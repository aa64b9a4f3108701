package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/peterbourgon/ff/v3/ffcli"

	"vaultnet/bench"
	"vaultnet/internal/commandline"
)

// newSweep is the subcommand of bench that measures how cost grows.
func newSweep(args []string, stdout, stderr io.Writer) *ffcli.Command {
	f := commandline.NewFlagSet("simnet bench sweep")
	out := f.String("out", "", "write figures and plots into `FOLDER`, as docs/performance has them")
	runs := f.Int("runs", 1, "measure each value `N` times")
	duration := f.Duration("duration", 4*time.Second, "each time for `D`")
	clients := f.Int("clients", 0, "`N` clients, where they are not what is swept (default 64)")
	quiet := f.Bool("quiet", false, "do not tell how far it has come")
	var names []string
	for _, w := range bench.Sweeps() {
		names = append(names, w.Name)
	}
	return &ffcli.Command{
		Name:       "sweep",
		ShortUsage: "simnet bench sweep [flags] NAME …",
		ShortHelp:  "Measure how throughput, latency and cost grow with a setting, and plot it.",
		LongHelp: "SWEEPS\n  " + strings.Join(names, ", ") + `

EXAMPLES
  simnet bench sweep clients
  simnet bench sweep -runs 3 -out docs/performance vaults group`,
		FlagSet:   f,
		UsageFunc: commandline.Usage,
		Exec: func(ctx context.Context, wanted []string) error {
			if len(wanted) == 0 {
				return usageError{fmt.Errorf("bench sweep: which? %s", strings.Join(names, ", "))}
			}
			var sweeps []bench.Sweep
			for _, name := range wanted {
				w, ok := bench.SweepNamed(name)
				if !ok {
					return usageError{fmt.Errorf("no sweep %q: want %s", name, strings.Join(names, ", "))}
				}
				w.Settings.Runs, w.Settings.Duration = *runs, *duration
				if *clients != 0 {
					w.Settings.Clients = *clients
				}
				if err := w.Settings.Validate(); err != nil {
					return usageError{err}
				}
				sweeps = append(sweeps, w)
			}
			o := bench.Options{Command: "simnet " + strings.Join(args, " ")}
			if !*quiet {
				tell := newTicker(stderr)
				defer tell.done()
				o.Progress = tell.say
				o.Live = func(_ int, l bench.Live) { tell.say(l.String()) }
			}
			for _, w := range sweeps {
				x, err := w.Run(ctx, o)
				if len(x.Points) > 0 {
					x.WriteText(stdout)
					if *out != "" {
						err = errors.Join(err, w.Save(*out, x))
					}
				}
				if err != nil {
					return err
				}
			}
			return nil
		},
	}
}
