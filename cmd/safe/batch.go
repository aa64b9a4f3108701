package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/peterbourgon/ff/v3/ffcli"

	"vaultnet/client/batch"
	"vaultnet/client/keyring"
	"vaultnet/internal/commandline"
)

// newBatch makes the subcommand that other programs drive; docs/batch.md is its contract.
func newBatch(s streams) *ffcli.Command {
	flags := commandline.NewFlagSet("safe batch")
	c := common{streams: s}
	var keys string
	var parallel int
	var noRetry bool
	var timeout time.Duration
	c.networkFlag(flags)
	flags.StringVar(&keys, "keys", "", "keep the keys of labels in `DIR`, mode 0600 (default: they are made for this run and forgotten)")
	flags.IntVar(&parallel, "parallel", 1, "`N` lines at once, answered in order; nothing runs beside a sleep")
	flags.BoolVar(&noRetry, "no-retry", false, "have retryable refusals be the answer")
	flags.DurationVar(&timeout, "timeout", 30*time.Second, "`D` for each operation that names none")
	flags.BoolVar(&c.json, "json", true, "answers are JSON in any case")
	return &ffcli.Command{
		Name:       "batch",
		ShortUsage: "safe batch [-network FILE] [-keys DIR] [-parallel N] [-no-retry] [-timeout 30s] < ops.jsonl",
		ShortHelp:  "One JSON operation from each line of the input, one JSON result to each line of the output.",
		LongHelp: `EXAMPLE
  safe batch <<'END'
  {"op":"create-account","as":"alice"}
  {"op":"put","as":"alice","address":{"name":"notes","tag":15000},"entries":{"first":"hello"}}
  {"op":"get-entries","address":{"name":"notes","tag":15000}}
  END

OPERATIONS
` + operations() + `
docs/batch.md says what each takes and answers. Labels stand for keys that are made on first use.

` + exitCodes,
		FlagSet:   flags,
		UsageFunc: commandline.Usage,
		Exec: func(ctx context.Context, args []string) error {
			switch {
			case len(args) > 0:
				return usageError("%q: no arguments; operations come from the standard input", args[0])
			case parallel < 1 || parallel > batch.MaxInFlight:
				return usageError("-parallel %d: want 1 to %d", parallel, batch.MaxInFlight)
			case timeout < time.Millisecond:
				return usageError("-timeout %v: want at least 1ms", timeout)
			}
			ring, err := keyring.Open(keys, keyring.MakeMissing)
			if err != nil {
				return exit{code: exitUsage, err: err}
			}
			f, err := c.readNetwork()
			if err != nil {
				return err
			}
			n, err := c.connect(ctx, f)
			if err != nil {
				return err
			}
			defer n.Close()
			runner := batch.Runner{Network: n, Keys: ring, NoRetry: noRetry, Timeout: timeout}
			misunderstood, err := runner.Lines(ctx, s.in, s.out, parallel)
			if errors.Is(err, context.Canceled) {
				return errors.New("interrupted; what was in flight is answered, the rest was not begun")
			}
			if err != nil {
				return err
			}
			if misunderstood {
				return exit{code: exitRefused} // the answers say where
			}
			return nil
		},
	}
}

// operations lists the table: what each operation takes and does.
func operations() string {
	var b strings.Builder
	for _, v := range batch.Verbs() {
		fmt.Fprintf(&b, "  %-20s  %s\n  %-20s    %s\n", v.Name, v.About, "", v.Takes())
	}
	return b.String()
}
