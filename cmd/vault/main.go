// Command vault runs one vault of a network: init makes its data folder, run runs it, status asks it how it is, check goes
// through what a stopped one holds, leave takes it out of its network.
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

	"github.com/peterbourgon/ff/v3/ffcli"

	"vaultnet/internal/commandline"
)

func main() {
	commandline.Collect()
	os.Exit(Main())
}

// Main is the command on the process's own arguments and signals; it returns the exit code.
func Main() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	return run(ctx, os.Args[1:], os.Stdout, os.Stderr)
}

// Exit codes, as the help text lists them.
const (
	exitFailed = 1
	exitUsage  = 2
	exitAbsent = 3
	exitTaken  = 4
)

// codedError is an error with the exit code that it leads to.
type codedError struct {
	code int
	error
}

func (e codedError) Unwrap() error { return e.error }

// wrongUsage is a wrong command line, environment or config file.
func wrongUsage(err error) error { return codedError{exitUsage, err} }

// errSaid is returned by a subcommand that failed and has said so itself.
var errSaid = errors.New("failed")

// run is the command: it returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := &ffcli.Command{
		Name:       "vault",
		ShortUsage: "vault <subcommand> [flags]",
		ShortHelp:  "Run one vault of a vault network.",
		LongHelp: strings.TrimSpace(`
EXAMPLES
  vault init -data a -new -listen /ip4/127.0.0.1/tcp/47000             the first vault of a new network
  vault init -data b -network a/network.json -listen /ip4/127.0.0.1/tcp/47001
  vault run -data a                                                    until Ctrl-C or SIGTERM
  vault status -data a                                                 how it is
  vault check -data a                                                  go through what it holds, while it is stopped
  vault leave -data a                                                  hand over what it holds, and stop

EXIT CODES
  0  fine
  1  it failed, check found damage, or leave could not hand over
  2  the command line, an environment variable or a config file is wrong
  3  status, leave: no vault runs on the data folder
  4  run, check: a vault runs on the data folder already, or a port is in use

Flags may be written -x or --x. Each can be given in the environment, as VAULT_ and its name in capitals with _ for -
(VAULT_LISTEN), and those of run in the config file, a line "name value" each (default vault.conf in the data folder).
The command line counts before the environment, and that before the file. "vault <subcommand> -h" lists the flags.`),
		FlagSet:   commandline.NewFlagSet("vault"),
		UsageFunc: commandline.Usage,
		Subcommands: []*ffcli.Command{
			newInit(stdout), newRun(stdout, stderr), newStatus(stdout), newCheck(stdout, stderr), newLeave(stdout),
		},
		Exec: func(_ context.Context, args []string) error {
			if len(args) > 0 {
				return wrongUsage(fmt.Errorf("no subcommand %q", args[0]))
			}
			return flag.ErrHelp
		},
	}
	err := root.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintln(stdout, commandline.Usage(commandline.Chosen(root, args)))
		return 0
	case err != nil:
		err = wrongUsage(err)
	default:
		err = root.Run(ctx)
	}
	code := exitFailed
	var coded codedError
	switch {
	case err == nil:
		return 0
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintln(stdout, commandline.Usage(root))
		return 0
	case errors.Is(err, errSaid):
		return exitFailed
	case errors.As(err, &coded):
		code = coded.code
	}
	fmt.Fprintf(stderr, "vault: %s\n", strings.TrimPrefix(err.Error(), "vault: "))
	if code == exitUsage {
		fmt.Fprintln(stderr, "Try: vault -h")
	}
	return code
}
