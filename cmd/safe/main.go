// Command safe is the command line of a person or an app. A person has an account that a name and a password open, gives
// apps access to it, and keeps files in it (packages client/auth and client/container). Below that are keys, objects and
// chunks: one operation at a time or, as safe batch, one from each line of its input, from the table of operations in
// package client/batch.
//
//	main.go fault.go refused.go print.go            the command tree, exit codes, what is told and what helps
//	session.go listening.go acting.go profile.go    which network, and for whom: keys, profiles, apps
//	account.go apps.go authorise.go share.go request.go   accounts, and what apps may do with them
//	secret.go                                       what is asked on the terminal
//	list.go change.go transfer.go node.go copy.go   paths and files
//	bulk.go note.go meter.go memory.go              what it costs, where it was interrupted, how far it is
//	container.go doctor.go completion.go            looking after it all
//	key.go data.go chunk.go batch.go                keys, objects and chunks
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
	alone = true
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
  2  the command line is wrong, or names a key, profile or credentials that are not there
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
	if len(args) > 0 && args[0] == completeCommand {
		complete(ctx, root, args[1:], s)
		return exitDone
	}
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
		ShortHelp:  "Accounts, files, apps and data on a vault network.",
		LongHelp: strings.TrimSpace(`
EXAMPLES
  A person's account and files; every command says for whom it acts:
  safe account create Daily
  safe put -r photos _pictures
  safe ls _pictures/photos
  safe authorise org.example.notes -container _documents=read,insert -out notes.json
  safe ls -app notes.json
  safe revoke org.example.notes

  Keys and objects, for programs and for trying things:
  safe key new alice
  safe account create -as alice
  safe data put -as alice -name notes -tag 15000 -entry first=hello -allow anyone:insert
  safe data mutate -as alice -name notes -tag 15000 -update first@1='hello again' -insert second=@photo.jpg
  safe data get-entries -name notes -tag 15000
  safe chunk put -as alice photo.jpg
  safe batch < operations.jsonl

` + exitCodes + `

The network is the one on this machine that simnet runs, the one where the profile is at home, or -network FILE. Flags may
be written -x or --x, before or after other arguments; what comes after -- is none. "safe <subcommand> -h" lists those of a
subcommand. Passwords come from the terminal, a file or the environment, never from the command line.`),
		FlagSet:   commandline.NewFlagSet("safe"),
		UsageFunc: commandline.Usage,
		Subcommands: []*ffcli.Command{newAccount(s), newApps(s), newAuthorise(s), newRevoke(s), newShare(s), newUnshare(s), newRequest(s), newAnswer(s),
			newLs(s), newTree(s), newStat(s), newCat(s), newPut(s), newGet(s), newCp(s), newMv(s), newRm(s), newMkdir(s), newSync(s), newCheck(s), newContainer(s),
			newDoctor(s), newCompletion(s), newKey(s), newData(s), newChunk(s), newBatch(s)},
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
