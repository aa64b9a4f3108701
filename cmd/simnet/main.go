// Command simnet runs whole vault networks on one machine. Alone, or as simnet up, it runs real vaults, at
// loopback TCP addresses, with sample accounts to try things out; status, stop, start and down are about one that runs. Its subcommand explore
// replays networks in a deterministic simulator, one seed after the other, and says whether any promise of the protocol
// was broken; bench measures a network under load.
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
	"syscall"
	"time"

	"github.com/peterbourgon/ff/v3/ffcli"

	"vaultnet/bench"
	"vaultnet/internal/commandline"
)

func main() {
	commandline.Collect()
	bench.VaultProcess() // where this is a vault of a measurement
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// errFailed is returned by a subcommand that ran, and found what it looks for; it has said so itself.
var errFailed = errors.New("failed")

// usageError is a wrong command line.
type usageError struct{ error }

// run is the command: it returns the exit code, as the help text lists them.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	begun := time.Now()
	alone := newUp("simnet", begun, stdout, stderr)
	root := &ffcli.Command{
		Name:       "simnet",
		ShortUsage: "simnet [subcommand] [flags]",
		ShortHelp:  "Run whole vault networks on one machine. Alone it is simnet up.",
		LongHelp: strings.TrimSpace(`
EXAMPLES
  simnet                                      16 real vaults, until Ctrl-C
  simnet -vaults 8 -liars 2                   two of eight lie
  simnet -data ~/net                          everything is kept in a folder
  simnet -name other                          a second network beside the first
  simnet status                               its vaults
  simnet stop 3                               a vault less; simnet start 3 brings it back
  simnet down                                 stop the network
  simnet explore                              replay a hundred simulated networks from seeds
  simnet explore -seed 42 -seeds 1 -v         one of them, with all that happens in it
  simnet bench mutate                         how much a network does, how long it takes, what it costs

EXIT CODES
  0  fine
  1  it failed, or explore found a broken promise
  2  the command line is wrong
  3  status, stop, start, down, bench -network: no such network runs
  4  up: the name or a port is in use

Flags may be written -x or --x. "simnet SUBCOMMAND -h" lists those of a subcommand.`),
		FlagSet:     alone.flags,
		UsageFunc:   commandline.Usage,
		Subcommands: append([]*ffcli.Command{newUp("simnet up", begun, stdout, stderr).command()}, remotes(stdout)...),
	}
	root.Subcommands = append(root.Subcommands, newExplore(stdout, stderr), newBench(args, stdout, stderr))
	root.Exec = func(ctx context.Context, args []string) error {
		if len(args) > 0 {
			return usageError{fmt.Errorf("no subcommand %q", args[0])}
		}
		return alone.exec(ctx, args)
	}
	args = commandline.Arrange(root, args)
	err := root.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(stdout, commandline.Usage(commandline.Chosen(root, args)))
		return 0
	}
	if err != nil {
		err = usageError{err}
	} else {
		err = root.Run(ctx)
	}
	var wrong usageError
	var absent notRunningError
	var taken takenError
	code := 1
	switch {
	case err == nil:
		return 0
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintln(stdout, commandline.Usage(root))
		return 0
	case errors.Is(err, errFailed):
		return 1
	case errors.As(err, &wrong):
		code = 2
		err = fmt.Errorf("%w\nTry: simnet -h", err)
	case errors.As(err, &absent):
		code = 3
	case errors.As(err, &taken):
		code = 4
	}
	fmt.Fprintf(stderr, "simnet: %v\n", err)
	return code
}
