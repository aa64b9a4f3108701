package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path/filepath"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/peterbourgon/ff/v3/ffcli"

	"vaultnet/internal/commandline"
	"vaultnet/network"
)

// notRunningError says that there is no network to talk to.
type notRunningError struct{ error }

// remote is the settings of the subcommands that are about a network that runs.
type remote struct {
	name, file string
	json       bool
	flags      *flag.FlagSet
	stdout     io.Writer
}

func newRemote(command string, stdout io.Writer) *remote {
	r := &remote{flags: commandline.NewFlagSet(command), stdout: stdout}
	r.flags.StringVar(&r.name, "name", network.DefaultName, "the network called `NAME`")
	r.flags.StringVar(&r.file, "network", "", "the network of network file `FILE`, where it was started with -out")
	r.flags.BoolVar(&r.json, "json", false, "write JSON")
	return r
}

// remotes are the subcommands.
func remotes(stdout io.Writer) []*ffcli.Command {
	make := func(name, arguments, help string, exec func(r *remote, ctx context.Context, args []string) error) *ffcli.Command {
		r := newRemote("simnet "+name, stdout)
		return &ffcli.Command{Name: name, ShortUsage: "simnet " + name + " [flags]" + arguments, ShortHelp: help, FlagSet: r.flags,
			UsageFunc: commandline.Usage, Exec: func(ctx context.Context, args []string) error { return exec(r, ctx, args) }}
	}
	return []*ffcli.Command{
		make("status", "", "Show the vaults of a network that runs.", (*remote).status),
		make("stop", " VAULT", "Stop a vault of it, by number; its data is kept.", func(r *remote, ctx context.Context, args []string) error {
			return r.change(ctx, args, "stop")
		}),
		make("start", " VAULT", "Start a vault that was stopped.", func(r *remote, ctx context.Context, args []string) error {
			return r.change(ctx, args, "start")
		}),
		make("down", "", "Stop the network.", (*remote).down),
	}
}

// socket finds where the network listens for commands.
func (r *remote) socket() (string, error) {
	path := r.file
	if path == "" {
		var err error
		if path, err = network.LocalPath(r.name); err != nil {
			return "", usageError{err}
		}
	}
	f, err := network.Read(path)
	switch {
	case isMissing(err) && r.file == "" && answers(socketPath(filepath.Dir(path), r.name)): // started with -out
		return socketPath(filepath.Dir(path), r.name), nil
	case isMissing(err) && r.file == "":
		return "", notRunningError{fmt.Errorf("no network called %q runs on this machine; start it with simnet%s", r.name, nameFlag(r.name))}
	case isMissing(err):
		return "", notRunningError{fmt.Errorf("there is no %s: the network was stopped, or runs elsewhere", r.file)}
	case err != nil:
		return "", err
	case f.Sample == nil || f.Sample.Control == "":
		return "", fmt.Errorf("%s is not the network file of a simnet", path)
	}
	return f.Sample.Control, nil
}

func nameFlag(name string) string {
	if name == network.DefaultName {
		return ""
	}
	return " -name " + name
}

func (r *remote) ask(ctx context.Context, method, path string, into any) error {
	socket, err := r.socket()
	if err != nil {
		return err
	}
	err = ask(ctx, socket, method, path, into)
	if errors.Is(err, errGone) {
		return notRunningError{fmt.Errorf("nothing answers at %s: the network was killed; start it again, which takes its place", socket)}
	}
	return err
}

func (r *remote) status(ctx context.Context, args []string) error {
	if len(args) > 0 {
		return usageError{fmt.Errorf("status takes no arguments: %q", args[0])}
	}
	var s report
	if err := r.ask(ctx, http.MethodGet, "/status", &s); err != nil {
		return err
	}
	if r.json {
		return r.write(s)
	}
	up := 0
	for _, v := range s.Vaults {
		if v.State == "running" {
			up++
		}
	}
	fmt.Fprintf(r.stdout, "Network %q: %d of %d vaults run, since %s (process %d)\nnetwork file %s\n\n", s.Name, up, len(s.Vaults),
		s.Started.Local().Format(time.DateTime), s.PID, s.File)
	return writeVaults(r.stdout, s.Vaults)
}

// change stops or starts a vault.
func (r *remote) change(ctx context.Context, args []string, what string) error {
	if len(args) != 1 {
		return usageError{fmt.Errorf("%s: which vault? give its number, as simnet status shows it", what)}
	}
	i, err := strconv.Atoi(args[0])
	if err != nil || i < 0 {
		return usageError{fmt.Errorf("%s %q: give the vault's number, as simnet status shows it", what, args[0])}
	}
	var v vaultReport
	if err := r.ask(ctx, http.MethodPost, fmt.Sprintf("/vaults/%d/%s", i, what), &v); err != nil {
		return err
	}
	if r.json {
		return r.write(v)
	}
	fmt.Fprintf(r.stdout, "vault %d: %s\n", v.Vault, v.State)
	return nil
}

func (r *remote) down(ctx context.Context, args []string) error {
	if len(args) > 0 {
		return usageError{fmt.Errorf("down takes no arguments: %q", args[0])}
	}
	if err := r.ask(ctx, http.MethodPost, "/down", &struct{}{}); err != nil {
		return err
	}
	if r.json {
		return r.write(struct {
			Stopped bool `json:"stopped"`
		}{true})
	}
	fmt.Fprintln(r.stdout, "stopped")
	return nil
}

func (r *remote) write(v any) error {
	e := json.NewEncoder(r.stdout)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

func writeVaults(w io.Writer, vaults []vaultReport) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "VAULT\tSTATE\tKEY\tPEERS\tOBJECTS\tCHUNKS\tBYTES\tBLOCKS\tADDRESS")
	for _, v := range vaults {
		state := v.State
		switch {
		case v.Liar && v.State == "running":
			state = fmt.Sprintf("lies (%d)", v.Lies)
		case v.Liar:
			state += ", a liar"
		case v.State == "running" && !v.Settled:
			state = "settling"
		}
		fmt.Fprintf(t, "%d\t%s\t%.8s\t%d\t%d\t%d\t%d\t%d\t%s\n", v.Vault, state, v.Key, v.Peers, v.Objects, v.Chunks, v.Bytes, v.Blocks, shortAddress(v.Address))
		if v.Error != "" {
			fmt.Fprintf(t, "\t\t\t\t\t\t\t\t%s\n", v.Error)
		}
	}
	return t.Flush()
}

// shortAddress is where a vault listens, without its identity.
func shortAddress(a string) string {
	var port int
	if _, err := fmt.Sscanf(a, "/ip4/127.0.0.1/tcp/%d", &port); err == nil {
		return fmt.Sprintf("127.0.0.1:%d", port)
	}
	if _, err := fmt.Sscanf(a, "/ip4/127.0.0.1/udp/%d", &port); err == nil {
		return fmt.Sprintf("127.0.0.1:%d, QUIC", port)
	}
	return a
}

// isMissing reports whether a network file is not there.
func isMissing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
