// Command simnet runs whole vault networks on one machine. Its subcommand explore replays networks in a deterministic
// simulator, one seed after the other, and says whether any promise of the protocol was broken.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"github.com/peterbourgon/ff/v3/ffcli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// errFailed is returned by a subcommand that ran, and found what it looks for; it has said so itself.
var errFailed = errors.New("failed")

// usageError is a wrong command line.
type usageError struct{ error }

// run is the command: it returns the exit code. 0: fine. 1: it ran and failed. 2: the command line is wrong.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := &ffcli.Command{
		Name:       "simnet",
		ShortUsage: "simnet <subcommand> [flags]",
		ShortHelp:  "Run whole vault networks on one machine.",
		LongHelp: strings.TrimSpace(`
EXAMPLES
  simnet explore                              a hundred seeds of both modes
  simnet explore -seeds 2000 -mode safety     more of one mode
  simnet explore -seed 42 -seeds 1 -v         one seed, with all that happens in it
  simnet explore -byzantine 2 -vaults 8       two liars among eight

Flags may be written -x or --x. "simnet <subcommand> -h" lists them.`),
		FlagSet:   newFlagSet("simnet"),
		UsageFunc: usage,
		Subcommands: []*ffcli.Command{
			newExplore(stdout, stderr),
		},
		Exec: func(_ context.Context, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("no subcommand %q", args[0])}
			}
			return flag.ErrHelp
		},
	}
	if len(args) == 0 {
		fmt.Fprintln(stdout, usage(root))
		return 0
	}
	if err := root.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(stdout, usage(chosen(root, args)))
			return 0
		}
		fmt.Fprintf(stderr, "simnet: %v\nTry: simnet -h\n", err)
		return 2
	}
	err := root.Run(ctx)
	var wrong usageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &wrong):
		fmt.Fprintf(stderr, "simnet: %v\nTry: simnet -h\n", err)
		return 2
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintln(stdout, usage(root))
		return 0
	case errors.Is(err, errFailed):
	default:
		fmt.Fprintf(stderr, "simnet: %v\n", err)
	}
	return 1
}

// chosen is the subcommand that the arguments name, or the root.
func chosen(root *ffcli.Command, args []string) *ffcli.Command {
	for _, a := range args {
		for _, c := range root.Subcommands {
			if c.Name == a {
				return c
			}
		}
	}
	return root
}

// newFlagSet makes a flag set that leaves all printing to [run].
func newFlagSet(name string) *flag.FlagSet {
	fs := flag.NewFlagSet(name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	return fs
}

// usage is the help text of a command.
func usage(c *ffcli.Command) string {
	var b strings.Builder
	fmt.Fprintf(&b, "USAGE\n  %s\n\n%s\n", c.ShortUsage, c.ShortHelp)
	if len(c.Subcommands) > 0 {
		b.WriteString("\nSUBCOMMANDS\n")
		for _, s := range c.Subcommands {
			fmt.Fprintf(&b, "  %-10s %s\n", s.Name, s.ShortHelp)
		}
	}
	flags := 0
	c.FlagSet.VisitAll(func(*flag.Flag) { flags++ })
	if flags > 0 {
		b.WriteString("\nFLAGS\n")
		c.FlagSet.VisitAll(func(f *flag.Flag) {
			name, text := flag.UnquoteUsage(f)
			if name != "" {
				name = " " + name
			}
			fmt.Fprintf(&b, "  -%-18s %s", f.Name+name, text)
			if f.DefValue != "" && f.DefValue != "false" {
				fmt.Fprintf(&b, " (default %s)", f.DefValue)
			}
			b.WriteByte('\n')
		})
	}
	if c.LongHelp != "" {
		fmt.Fprintf(&b, "\n%s\n", c.LongHelp)
	}
	return strings.TrimRight(b.String(), "\n")
}
