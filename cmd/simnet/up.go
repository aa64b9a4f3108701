package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/peterbourgon/ff/v3/ffcli"

	"vaultnet"
	"vaultnet/internal/commandline"
	"vaultnet/network"
	"vaultnet/sim/localnet"
)

// up is the subcommand's settings.
type up struct {
	name       string
	vaults     int
	seed       uint64
	port       int
	data       string
	accountOps int64
	capacity   commandline.Size
	latency    time.Duration
	sync       string
	liars      int
	tcp        bool
	quic       bool
	out        string
	quiet      bool

	flags          *flag.FlagSet
	begun          time.Time
	stdout, stderr io.Writer
}

// The samples of a network.
const (
	sampleAccounts = 10
	sampleApps     = 2
	startTime      = 2 * time.Minute
	stopTime       = 20 * time.Second
)

// takenError says that a name or port is in use.
type takenError struct{ error }

// newUp makes the settings, with their flags; the root command has the same.
func newUp(flags string, begun time.Time, stdout, stderr io.Writer) *up {
	u := &up{flags: commandline.NewFlagSet(flags), begun: begun, stdout: stdout, stderr: stderr}
	f := u.flags
	f.StringVar(&u.name, "name", network.DefaultName, "call the network `NAME`; networks of different names run side by side")
	f.IntVar(&u.vaults, "vaults", localnet.DefaultVaults, "run `N` vaults")
	f.Uint64Var(&u.seed, "seed", 1, "make identities and keys from seed `S`: the same each time")
	f.IntVar(&u.port, "port", 0, "vault i listens at 127.0.0.1:`P`+i (default: 47000, and a hundred of its own for each other name)")
	f.StringVar(&u.data, "data", "", "keep everything in folder `DIR` (default: in memory, gone when it stops)")
	f.Int64Var(&u.accountOps, "account-ops", vaultnet.DefaultParameters().AccountOperations, "a new account may do `N` operations; 0: any number")
	f.Var(&u.capacity, "capacity", "each vault holds at most `SIZE` of data, such as 64MiB (default: any amount)")
	f.DurationVar(&u.latency, "latency", 0, "add a one-way delay of `D` to all that vaults send, such as 20ms")
	f.StringVar(&u.sync, "sync", "never", "`always` or never: sync the disk before anything is promised (with -data)")
	f.IntVar(&u.liars, "liars", 0, "the last `N` vaults serve corrupted data and contradict themselves")
	f.BoolVar(&u.tcp, "tcp", false, "vaults speak TCP with one another, too (default: through pipes of the process they share)")
	f.BoolVar(&u.quic, "quic", false, "vaults and clients speak QUIC over UDP instead of TCP")
	f.StringVar(&u.out, "out", "", "write the network file to `FILE` (default: the user's cache folder, where safe and client.Local find it)")
	f.BoolVar(&u.quiet, "quiet", false, "no line for each mutation and refusal")
	return u
}

func (u *up) command() *ffcli.Command {
	return &ffcli.Command{
		Name:       "up",
		ShortUsage: "simnet [up] [flags]",
		ShortHelp:  "Run a network of real vaults on this machine, until Ctrl-C or simnet down. This is what simnet alone does.",
		FlagSet:    u.flags,
		UsageFunc:  commandline.Usage,
		Exec:       u.exec,
	}
}

func (u *up) exec(ctx context.Context, args []string) error {
	if len(args) > 0 {
		return usageError{fmt.Errorf("up takes no arguments: %q", args[0])}
	}
	if !network.ValidName(u.name) {
		return usageError{fmt.Errorf("-name %q: want 1 to 63 of a-z, 0-9 and -, not beginning with -", u.name)}
	}
	if u.sync != "always" && u.sync != "never" {
		return usageError{fmt.Errorf("-sync %q: want always or never", u.sync)}
	}
	if u.accountOps < 0 {
		return usageError{fmt.Errorf("-account-ops %d: want at least 0", u.accountOps)}
	}
	if u.vaults > hundred && u.port == 0 {
		return usageError{fmt.Errorf("-vaults %d: more than %d need a -port of your choice", u.vaults, hundred)}
	}
	if err := (u.config()).Validate(); err != nil {
		return usageError{err}
	}
	file, err := u.file()
	if err != nil {
		return err
	}
	if err := u.recall(filepath.Dir(file)); err != nil {
		return err
	}
	return u.run(ctx, file)
}

// file is where the network file is to be.
func (u *up) file() (string, error) {
	if u.out != "" {
		return filepath.Abs(u.out)
	}
	return network.LocalPath(u.name)
}

// isSet reports whether a flag was given.
func (u *up) isSet(name string) bool {
	set := false
	u.flags.Visit(func(f *flag.Flag) { set = set || f.Name == name })
	return set
}

// recall completes the settings with what the data folder and the name remember.
func (u *up) recall(folder string) error {
	if u.data == "" {
		return u.choosePort(folder)
	}
	data, err := filepath.Abs(u.data)
	if err != nil {
		return err
	}
	u.data = data
	r, err := readRecord(data)
	if err != nil {
		return err
	}
	if r == nil {
		if err := u.choosePort(folder); err != nil {
			return err
		}
		r = &record{Format: recordFormat, Name: u.name, Seed: u.seed, Vaults: u.vaults, Port: u.port, AccountOps: u.accountOps}
		return r.write(data)
	}
	for _, c := range []struct {
		flag       string
		was, wants any
	}{
		{"name", r.Name, u.name}, {"seed", r.Seed, u.seed}, {"vaults", r.Vaults, u.vaults},
		{"port", r.Port, u.port}, {"account-ops", r.AccountOps, u.accountOps},
	} {
		if u.isSet(c.flag) && c.was != c.wants {
			return usageError{fmt.Errorf("-data %s holds a network of -%s %v: leave -%s out, or name another folder", u.data, c.flag, c.was, c.flag)}
		}
	}
	u.name, u.seed, u.vaults, u.port, u.accountOps = r.Name, r.Seed, r.Vaults, r.Port, r.AccountOps
	if !network.ValidName(u.name) {
		return fmt.Errorf("%s is damaged: name %q", filepath.Join(u.data, recordInsides), u.name)
	}
	if err := (u.config()).Validate(); err != nil {
		return fmt.Errorf("%s is damaged: %w", filepath.Join(u.data, recordInsides), err)
	}
	return nil
}

func (u *up) choosePort(folder string) (err error) {
	if u.port == 0 {
		u.port, err = portOf(folder, u.name, u.vaults)
	}
	return err
}

// config is the network to run.
func (u *up) config() localnet.Config {
	p := vaultnet.LocalParameters()
	p.Name, p.AccountOperations = u.name, u.accountOps
	if u.accountOps == 0 {
		p.AccountOperations = math.MaxInt64
	}
	port := u.port
	if port == 0 {
		port = firstPort
	}
	return localnet.Config{Vaults: u.vaults, Seed: u.seed, Parameters: p, TCP: true, Apart: u.tcp, QUIC: u.quic, Port: port, Latency: u.latency, Data: u.data,
		Sync: u.sync == "always", Capacity: int64(u.capacity), Liars: u.liars, Accounts: sampleAccounts, Apps: sampleApps}
}

// run runs the network until the context ends or somebody says down.
func (u *up) run(ctx context.Context, file string) error {
	socket, err := u.socket(file)
	if err != nil {
		return err
	}
	if answers(socket) {
		return takenError{fmt.Errorf("a network called %q runs already: see simnet status%s, stop it with simnet down%s, or choose another -name",
			u.name, u.nameFlag(), u.nameFlag())}
	}
	c, l, err := listen(socket)
	if err != nil {
		return err
	}
	keys, err := u.writeKeys(filepath.Dir(file))
	if err != nil {
		l.Close()
		c.tidy()
		return err
	}
	watch := newLive(u.stdout, u.vaults, keys.names)
	n, err := u.start(ctx, watch)
	if err != nil {
		watch.close()
		l.Close()
		c.tidy()
		if ctx.Err() != nil {
			return errors.New("stopped while it was starting")
		}
		return u.startError(err)
	}
	ctx, down := context.WithCancel(ctx)
	defer down()
	status := func() report { return u.report(n, file) }
	c.serve(l, status, n, down)
	f := n.File()
	f.Sample.Control = c.path
	keys.fill(f.Sample)
	if err = f.Write(file); err == nil {
		u.banner(u.stdout, f, file, keys.folder)
		if !u.quiet {
			watch.begin()
		}
		<-ctx.Done()
	}
	return errors.Join(err, u.stop(n, c, watch, file))
}

// start starts the vaults, and tells how far it has come where that takes long.
func (u *up) start(ctx context.Context, watch *live) (*localnet.Network, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, startTime, fmt.Errorf("not ready after %v: is the machine busy?", startTime))
	defer cancel()
	cfg := u.config()
	tell := newProgress(u.stderr, uint64(cfg.Vaults))
	cfg.Progress = func(up, of int) { tell.starting(up, of) }
	if !u.quiet {
		cfg.Observer, cfg.Wrap = watch.observer, watch.wrap
	}
	n, err := localnet.New(ctx, cfg)
	tell.done()
	return n, err
}

// startError adds the remedy.
func (u *up) startError(err error) error {
	var port *localnet.PortError
	if errors.As(err, &port) {
		return takenError{fmt.Errorf("port %d is in use, which vault %d is to listen at: stop what listens there, or choose another -port or -name",
			port.Port, port.Vault)}
	}
	return err
}

// stop stops everything in good order. Whoever looks for the network does not find it from now on.
func (u *up) stop(n *localnet.Network, c *control, watch *live, file string) error {
	if f, err := network.Read(file); err == nil && f.Sample != nil && f.Sample.Control == c.path {
		_ = os.Remove(file)
	}
	late := time.AfterFunc(stopTime, func() { fmt.Fprintln(u.stderr, "simnet: stopping takes long; Ctrl-C again to give up waiting") })
	err := n.Close()
	late.Stop()
	watch.close()
	if err == nil {
		fmt.Fprintf(u.stdout, "network %q stopped\n", u.name)
	}
	c.close()
	return err
}

// nameFlag is what to add to a command that is about this network.
func (u *up) nameFlag() string {
	if u.name == network.DefaultName {
		return ""
	}
	return " -name " + u.name
}

// socket is where the network is to listen for commands: in the user's cache folder, or where there is none beside the
// network file.
func (u *up) socket(file string) (string, error) {
	path, err := network.LocalPath(u.name)
	if err != nil {
		path = file
	}
	return socketPath(filepath.Dir(path), u.name), nil
}

func (u *up) report(n *localnet.Network, file string) report {
	r := report{Name: u.name, ID: fmt.Sprintf("%x", n.Config().Parameters.ID()), PID: os.Getpid(), Started: u.begun, File: file, Data: u.data}
	for _, s := range n.Status() {
		r.Vaults = append(r.Vaults, reportOf(s))
	}
	return r
}
