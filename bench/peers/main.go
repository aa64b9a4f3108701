package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"vaultnet/bench"
)

func main() {
	bench.VaultProcess() // where this process is one of the vaults,
	etcdProcess()        // or a member of etcd
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// settings are of the command line.
type settings struct {
	runs             int
	duration, warmup time.Duration
	clients          int
	out, report      string
}

// run is the command: it returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	fs := flag.NewFlagSet("peers", flag.ContinueOnError)
	fs.SetOutput(stderr)
	var s settings
	all := fs.Bool("all", false, "make every comparison")
	only := fs.String("only", "", "make those whose names contain one of `WORDS`, with commas between")
	list := fs.Bool("list", false, "list the comparisons")
	fs.IntVar(&s.runs, "runs", 5, "measure each side `N` times, by turns")
	fs.DurationVar(&s.duration, "duration", 5*time.Second, "each time for `D`")
	fs.DurationVar(&s.warmup, "warmup", 2*time.Second, "load for `D` before the first")
	fs.IntVar(&s.clients, "clients", 0, "`N` clients, whatever the comparison says")
	fs.StringVar(&s.out, "out", "", "keep the results in `FOLDER`, for simnet bench compare")
	fs.StringVar(&s.report, "report", "", "write a page of plots to `FILE`")
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 2
	}
	chosen := choose(*all, *only)
	switch {
	case *list:
		for _, c := range comparisons() {
			fmt.Fprintf(stdout, "%-20s %s beside %s\n", c.name, c.title, c.peer().about())
		}
		return 0
	case fs.NArg() > 0 || s.runs < 1 || s.duration <= 0:
		fmt.Fprintln(stderr, "peers: want flags only, and at least one run of some time; see -h")
		return 2
	case len(chosen) == 0:
		fmt.Fprintln(stderr, "peers: say -all, or -only WORDS; -list lists what there is")
		return 2
	}
	var results []*bench.Result
	code := 0
	for _, c := range chosen {
		ours, theirs, err := c.compare(ctx, s, stderr)
		if ours != nil && theirs != nil {
			write(stdout, c, ours, theirs)
			results = append(results, ours, theirs)
			err = errors.Join(err, keep(s.out, c, ours, theirs))
		}
		if err != nil {
			fmt.Fprintf(stderr, "peers: %s: %v\n", c.name, err)
			code = 1
		}
		if ctx.Err() != nil {
			break
		}
	}
	guarantees(stdout, chosen)
	if s.report != "" && len(results) > 0 {
		if err := bench.SaveReport(s.report, results...); err != nil {
			fmt.Fprintln(stderr, "peers:", err)
			code = 1
		}
	}
	return code
}

func choose(all bool, only string) []comparison {
	words := strings.FieldsFunc(only, func(r rune) bool { return r == ',' || r == ' ' })
	return slices.DeleteFunc(comparisons(), func(c comparison) bool {
		return !all && !slices.ContainsFunc(words, func(w string) bool { return strings.Contains(c.name, w) })
	})
}

func keep(folder string, c comparison, results ...*bench.Result) error {
	if folder == "" {
		return nil
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	var errs []error
	for _, r := range results {
		errs = append(errs, r.Save(filepath.Join(folder, c.name+"-"+r.Subject+".json")))
	}
	return errors.Join(errs...)
}
