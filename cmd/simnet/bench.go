package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/peterbourgon/ff/v3/ffcli"

	"vaultnet/bench"
	"vaultnet/internal/commandline"
	"vaultnet/network"
)

// benchmark is the subcommand's settings.
type benchmark struct {
	settings bench.Settings
	size     commandline.Size
	sync     string
	network  string
	json     bool
	out      string
	report   string
	label    string
	profile  bool
	keep     string
	quiet    bool

	flags          *flag.FlagSet
	args           []string // the whole command line
	stdout, stderr io.Writer
}

func newBench(args []string, stdout, stderr io.Writer) *ffcli.Command {
	root := &ffcli.Command{
		Name:       "bench",
		ShortUsage: "simnet bench WORKLOAD [flags]",
		ShortHelp:  "Measure how much a network does, how long that takes and what it costs.",
		LongHelp:   benchHelp(),
		FlagSet:    commandline.NewFlagSet("simnet bench"),
		UsageFunc:  commandline.Usage,
	}
	for _, name := range bench.Workloads() {
		root.Subcommands = append(root.Subcommands, newWorkload(name, args, stdout, stderr))
	}
	root.Subcommands = append(root.Subcommands, newCompare(stdout), newSweep(args, stdout, stderr))
	root.Exec = func(_ context.Context, args []string) error {
		if len(args) > 0 {
			return usageError{fmt.Errorf("no workload %q: want %s", args[0], strings.Join(bench.Workloads(), ", "))}
		}
		return usageError{fmt.Errorf("bench: which workload? %s", strings.Join(bench.Workloads(), ", "))}
	}
	return root
}

func benchHelp() string {
	return strings.TrimSpace(`
EXAMPLES
  simnet bench mutate                                       16 vaults in this process, 64 clients, 10 s
  simnet bench mutate -clients 256 -report now.html         with a page of plots
  simnet bench mutate -processes -sync always               8 vaults, each a process with Pebble, one sync each turn
  simnet bench mutate -rate 500                             open loop: latency from when each operation was due
  simnet bench read -network local                          the network that simnet runs, by name or network file
  simnet bench hot -runs 5 -out hot.json                    five runs, kept
  simnet bench compare -report x.html before.json after.json

A client is a requester with a key, an account and permits of its own, which does one thing after the other. Clients share
a few connections. Ctrl-C ends a measurement with what was measured so far.`)
}

func newWorkload(name string, args []string, stdout, stderr io.Writer) *ffcli.Command {
	b := &benchmark{flags: commandline.NewFlagSet("simnet bench " + name), args: args, stdout: stdout, stderr: stderr}
	s := &b.settings
	s.Workload = name
	d := bench.DefaultsOf(name)
	b.size = commandline.Size(d.Size)
	f := b.flags
	f.IntVar(&s.Clients, "clients", d.Clients, "`N` clients, each with a key and an account")
	f.IntVar(&s.Connections, "connections", 0, "`N` connections that the clients share (default: one for each 64 clients, at least 2)")
	f.DurationVar(&s.Duration, "duration", d.Duration, "measure for `D`")
	f.DurationVar(&s.Warmup, "warmup", d.Warmup, "load for `D` before that; 0s: not")
	f.Float64Var(&s.Rate, "rate", 0, "have `R` operations due each second (default: each client begins the next when one has ended)")
	f.Var(&b.size, "size", "`BYTES` of an entry, or of a file, such as 4KiB")
	f.IntVar(&s.Entries, "entries", d.Entries, "`N` entries in each object")
	f.IntVar(&s.Objects, "objects", 0, objectsHelp(name))
	f.IntVar(&s.Runs, "runs", d.Runs, "measure `N` times, one after the other")
	f.StringVar(&b.network, "network", "", "load the network of this name or network `FILE`, instead of starting one")
	f.IntVar(&s.Vaults, "vaults", 0, "start `N` vaults (default 16, 8 with -processes)")
	f.IntVar(&s.Group, "group", d.Group, "`N` of them hold an object")
	f.BoolVar(&s.Processes, "processes", false, "a process for each vault, with its store on disk")
	f.BoolVar(&s.TCP, "tcp", false, "loopback TCP among all in one process, too, as between processes (default: pipes)")
	f.StringVar(&b.sync, "sync", "never", "`always` or never: sync the disk before anything is promised")
	f.DurationVar(&s.Latency, "latency", 0, "add a one-way delay of `D` to all that is sent, such as 20ms")
	f.BoolVar(&b.json, "json", false, "write JSON")
	f.StringVar(&b.out, "out", "", "keep the result in `FILE`, for compare")
	f.StringVar(&b.report, "report", "", "write a page of plots to `FILE`")
	f.StringVar(&b.label, "label", "", "call the result `TEXT` in reports and comparisons")
	f.BoolVar(&b.profile, "profile", true, "divide CPU time into parts, by a profile")
	f.StringVar(&b.keep, "cpuprofile", "", "keep that profile of the last run, of this process, in `FILE`, for go tool pprof")
	f.BoolVar(&b.quiet, "quiet", false, "do not tell how far it has come")
	return &ffcli.Command{
		Name:       name,
		ShortUsage: "simnet bench " + name + " [flags]",
		ShortHelp:  strings.ToUpper(bench.About(name)[:1]) + bench.About(name)[1:] + ".",
		FlagSet:    f,
		UsageFunc:  commandline.Usage,
		Exec:       b.exec,
	}
}

func objectsHelp(workload string) string {
	if d := bench.DefaultsOf(workload); d.Objects != d.Clients {
		return fmt.Sprintf("`N` objects (default %d)", d.Objects)
	}
	return "`N` objects (default: as many as clients)"
}

func (b *benchmark) exec(ctx context.Context, args []string) error {
	if len(args) > 0 {
		return usageError{fmt.Errorf("bench %s takes no arguments: %q", b.settings.Workload, args[0])}
	}
	s := b.settings
	s.Size = int(b.size)
	if s.Warmup == 0 {
		s.Warmup = -1
	}
	switch b.sync {
	case "always":
		s.Sync = true
	case "never":
	default:
		return usageError{fmt.Errorf("-sync %q: want always or never", b.sync)}
	}
	if err := s.Validate(); err != nil {
		return usageError{err}
	}
	o := bench.Options{Command: "simnet " + strings.Join(b.args, " "), Label: b.label, Unshared: !b.profile}
	var profile []byte
	if b.keep != "" {
		if !b.profile {
			return usageError{errors.New("-cpuprofile keeps a profile, -profile=false takes none")}
		}
		o.Profile = func(pprof []byte) { profile = pprof }
	}
	if b.network != "" {
		for _, name := range []string{"vaults", "group", "processes", "tcp", "sync"} {
			if isSet(b.flags, name) {
				return usageError{fmt.Errorf("-%s is for a network that is started, -network for one that runs", name)}
			}
		}
		var err error
		if o.Network, err = readNetwork(b.network); err != nil {
			return err
		}
		if p := o.Network.Sample; p != nil && p.Control != "" && answers(p.Control) {
			o.Ask = func() (t bench.Telling, err error) {
				ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second) // it is asked after a Ctrl-C, too
				defer stop()
				err = ask(ctx, p.Control, http.MethodGet, "/telling", &t)
				return t, err
			}
		}
	}
	if !b.quiet {
		tell := newTicker(b.stderr)
		defer tell.done()
		o.Progress = tell.say
		o.Live = func(run int, l bench.Live) {
			text := l.String()
			if s.Runs > 1 {
				text = fmt.Sprintf("run %d of %d, %s", run, s.Runs, text)
			}
			tell.say(text)
		}
	}
	result, err := bench.Measure(ctx, s, o)
	if result == nil {
		if ctx.Err() != nil {
			return errors.New("ended before anything was measured")
		}
		return err
	}
	if errors.Is(err, context.Canceled) {
		err = nil // what was measured says so
	}
	if b.keep != "" {
		err = errors.Join(err, os.WriteFile(b.keep, profile, 0o644))
	}
	return errors.Join(err, b.write(result))
}

// write writes the result where it is wanted.
func (b *benchmark) write(r *bench.Result) error {
	if b.out != "" {
		if err := r.Save(b.out); err != nil {
			return err
		}
	}
	if b.report != "" {
		if err := bench.SaveReport(b.report, r); err != nil {
			return err
		}
	}
	if b.json {
		e := json.NewEncoder(b.stdout)
		e.SetIndent("", " ")
		return e.Encode(r)
	}
	r.WriteText(b.stdout)
	return nil
}

func isSet(fs *flag.FlagSet, name string) bool {
	set := false
	fs.Visit(func(f *flag.Flag) { set = set || f.Name == name })
	return set
}

// readNetwork reads the network file of a name, or at a path.
func readNetwork(which string) (*network.File, error) {
	path := which
	if network.ValidName(which) {
		if _, err := os.Stat(which); err != nil {
			if path, err = network.LocalPath(which); err != nil {
				return nil, err
			}
		}
	}
	f, err := network.Read(path)
	if isMissing(err) {
		return nil, notRunningError{fmt.Errorf("no network %q: there is no %s; start one with simnet", which, path)}
	}
	return f, err
}

// ticker tells how far something long has come: in one line that is written over on a terminal, else in a line now and then.
// Safe for concurrent use.
type ticker struct {
	mu sync.Mutex
	*progress
}

func newTicker(w io.Writer) *ticker { return &ticker{progress: newProgress(w, 0)} }

func (t *ticker) say(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	if now.Sub(t.last) < t.every {
		return
	}
	t.last = now
	if t.terminal {
		fmt.Fprintf(t.w, "\r\x1b[K%s", text)
		t.wrote = true
		return
	}
	fmt.Fprintln(t.w, text)
}
