// Command notes is an example of an app: it keeps short notes in a container of its own in somebody's account, and shares
// single ones by links. It knows no password. The owner gives it access once,
//
//	safe authorise org.example.notes -own -out notes.json
//
// and takes that back when he likes. The credentials in notes.json are all that it keeps on this machine. docs/tutorial.md
// goes through it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"vaultnet/client/auth"
	"vaultnet/client/container"
	"vaultnet/refusal"
)

const usage = `notes keeps short notes in your account on a vault network.

  notes add TITLE        keep the standard input under a title, or replace what is there
  notes list
  notes show TITLE
  notes remove TITLE
  notes share TITLE      print a link with which anybody can read this note, also when it changes
  notes unshare TITLE
  notes read LINK        somebody else's note; that needs no account
  notes edit LINK        try to replace somebody else's note by the standard input
  notes request          print what the app asks its owner for

Its credentials are in notes.json, or where -credentials FILE or $NOTES_CREDENTIALS says.
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the program: it returns the exit code, 1 where it failed and 2 where the command line is wrong.
func run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
	flags := flag.NewFlagSet("notes", flag.ContinueOnError)
	flags.SetOutput(errs)
	flags.Usage = func() { fmt.Fprint(errs, usage) }
	credentials := os.Getenv("NOTES_CREDENTIALS")
	if credentials == "" {
		credentials = "notes.json"
	}
	flags.StringVar(&credentials, "credentials", credentials, "`FILE`")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	command, rest := flags.Arg(0), flags.Args()
	verb, ok := verbs[command]
	if !ok || len(rest)-1 != verb.arguments {
		flags.Usage()
		return 2
	}
	if err := verb.run(ctx, &call{credentials, append(rest, ""), in, out}); err != nil {
		fmt.Fprintf(errs, "notes: %s\n", explain(err))
		return 1
	}
	return 0
}

// call is one run of a command.
type call struct {
	credentials string
	args        []string // the command, its argument
	in          io.Reader
	out         io.Writer
}

type verb struct {
	arguments int
	run       func(context.Context, *call) error
}

var verbs = map[string]verb{
	"request": {0, func(_ context.Context, c *call) error { return request(c.out) }},
	"list":    {0, with((*notes).list)},
	"add":     {1, with((*notes).add)},
	"show":    {1, with((*notes).show)},
	"remove":  {1, with((*notes).remove)},
	"share":   {1, with((*notes).share)},
	"unshare": {1, with((*notes).unshare)},
	"read":    {1, readLink},
	"edit":    {1, editLink},
}

// with opens the notes of the owner whose credentials are there, for a command.
func with(do func(*notes, context.Context, *call) error) func(context.Context, *call) error {
	return func(ctx context.Context, c *call) error {
		n, err := openNotes(ctx, c.credentials)
		if err != nil {
			return err
		}
		defer n.client.Close()
		return do(n, ctx, c)
	}
}

// request prints the URI that asks an authenticator for what the app needs.
func request(out io.Writer) error {
	uri, err := (&auth.Message{Action: auth.AskAuth, App: app.ID, Payload: &auth.AuthRequest{App: app, Access: access}}).Request()
	if err == nil {
		_, err = fmt.Fprintln(out, uri)
	}
	return err
}

// explain says what a person can do about an error.
func explain(err error) string {
	switch {
	case errors.Is(err, auth.Revoked):
		return "your access was taken back: its owner can give it again, with safe authorise " + app.ID + " -own"
	case errors.Is(err, auth.AskAgain):
		return err.Error() + "\nIts owner can give it: safe authorise " + app.ID + " -own"
	case errors.Is(err, refusal.AccessDenied), errors.Is(err, refusal.NoSuchAccount):
		return "the vaults refused it: it is not yours to change"
	case errors.Is(err, container.NotExist):
		return "there is no such note"
	case errors.Is(err, refusal.LowBalance):
		return "the account that pays has no operations left"
	}
	return err.Error()
}
