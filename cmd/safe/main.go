// Command safe is the command line of a person or an app: keys, accounts, data and chunks on a vault network, one
// operation at a time or, as safe batch, one from each line of its input. What it can do on a network is the table of
// operations in package client/batch.
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
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr}))
}

// streams are what a command reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// Exit codes.
const (
	exitDone        = 0
	exitRefused     = 1
	exitUsage       = 2
	exitNoNetwork   = 3
	exitUnavailable = 4
)

const exitCodes = `EXIT CODES
  0  done; of batch: every line was understood, whatever the network answered
  1  refused, or failed; of batch: a line was not understood
  2  the command line is wrong, or names a key that is not there
  3  no network: no network file, or no vault answers
  4  the network gave no answer in time; what was asked for may still happen where the message says so`

// exit is an error that ends the program with a code. One without an error has been told already.
type exit struct {
	code  int
	err   error
	usage bool // the help text helps
}

func (e exit) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e exit) Unwrap() error { return e.err }

func usageError(format string, args ...any) error {
	return exit{code: exitUsage, err: fmt.Errorf(format, args...), usage: true}
}

// one refuses arguments that are not just one.
func one(args []string, what string) error {
	if len(args) != 1 {
		return usageError("want one %s", what)
	}
	return nil
}

// run is the command: it returns the exit code.
func run(ctx context.Context, args []string, s streams) int {
	root := newRoot(s)
	args = commandline.Arrange(root, args)
	err := root.Parse(args)
	if err == nil {
		err = root.Run(ctx)
	} else if !errors.Is(err, flag.ErrHelp) {
		err = exit{code: exitUsage, err: err, usage: true}
	}
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(s.out, commandline.Usage(commandline.Chosen(root, args)))
		return exitDone
	}
	if err == nil {
		return exitDone
	}
	var e exit
	if !errors.As(err, &e) {
		e = exit{code: exitRefused, err: err}
	}
	if e.err != nil {
		fmt.Fprintf(s.err, "safe: %v\n", err)
	}
	if e.usage {
		fmt.Fprintf(s.err, "Try: %s -h\n", commandline.Chosen(root, args).FlagSet.Name())
	}
	return e.code
}

func newRoot(s streams) *ffcli.Command {
	return &ffcli.Command{
		Name:       "safe",
		ShortUsage: "safe <subcommand> [flags]",
		ShortHelp:  "Keys, accounts, data and chunks on a vault network.",
		LongHelp: strings.TrimSpace(`
EXAMPLES
  safe key new alice
  safe account create -as alice
  safe data put -as alice -name notes -tag 15000 -entry first=hello -allow anyone:insert
  safe data mutate -as alice -name notes -tag 15000 -update first@1='hello again' -insert second=@photo.jpg
  safe data get-entries -name notes -tag 15000
  safe chunk put -as alice photo.jpg
  safe batch < operations.jsonl

` + exitCodes + `

The network is the one on this machine that simnet runs, or -network FILE. Flags may be written -x or --x.
"safe <subcommand> -h" lists those of a subcommand.`),
		FlagSet:   commandline.NewFlagSet("safe"),
		UsageFunc: commandline.Usage,
		Subcommands: []*ffcli.Command{newAccount(s), newApps(s), newAuthorise(s), newRevoke(s),
			newLs(s), newTree(s), newStat(s), newCat(s), newPut(s), newGet(s), newCp(s), newMv(s), newRm(s), newMkdir(s), newSync(s),
			newKey(s), newData(s), newChunk(s), newBatch(s)},
		Exec: noSubcommand("safe"),
	}
}

// noSubcommand is what a command that only has subcommands does: it tells of them.
func noSubcommand(name string) func(context.Context, []string) error {
	return func(_ context.Context, args []string) error {
		if len(args) > 0 {
			return usageError("%s: no subcommand %q", name, args[0])
		}
		return flag.ErrHelp
	}
}
