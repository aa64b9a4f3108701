package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/peterbourgon/ff/v3/ffcli"

	"vaultnet"
	"vaultnet/client"
	"vaultnet/client/auth"
	"vaultnet/client/container"
	"vaultnet/internal/commandline"
	"vaultnet/network"
	"vaultnet/refusal"
	"vaultnet/routing"
)

func newDoctor(s streams) *ffcli.Command {
	flags := commandline.NewFlagSet("safe doctor")
	p := people{common: common{streams: s}}
	p.flags(flags)
	return &ffcli.Command{
		Name:       "doctor",
		ShortUsage: "safe doctor [flags]",
		ShortHelp:  "Why can I not reach the network? Look, step by step, and say what helps.",
		LongHelp: `It looks at the network file, at the vaults' addresses, at parameters and versions, at the answers of vaults, at this
machine's clock, and at the account of the profile. It changes nothing and costs no operations.

EXAMPLES
  safe doctor
  safe doctor -network other -json

It ends with code 0 where all is well, 3 where the network cannot be reached, 1 where something else is wrong.`,
		FlagSet:   flags,
		UsageFunc: commandline.Usage,
		Exec: func(ctx context.Context, args []string) error {
			if len(args) > 0 {
				return usageError("%q: no arguments but flags", args[0])
			}
			d := &doctor{people: &p}
			code := d.examine(ctx)
			if err := d.tell(); err != nil {
				return err
			}
			if code != exitDone {
				return exit{code: code}
			}
			return nil
		},
	}
}

// doctor looks why a network cannot be reached. It goes on after what is wrong as far as that makes sense.
type doctor struct {
	*people
	findings []symptom
}

// symptom is what one step found.
type symptom struct {
	What   string `json:"what"`
	State  string `json:"state"` // ok, warning, wrong or skipped
	Text   string `json:"text"`
	Remedy string `json:"remedy,omitempty"`
}

func (d *doctor) note(state, what, text, remedy string) {
	d.findings = append(d.findings, symptom{what, state, oneLine(text), remedy})
}

func (d *doctor) ok(what, format string, args ...any) {
	d.note("ok", what, fmt.Sprintf(format, args...), "")
}

func (d *doctor) wrong(what string, text any, remedy string) {
	d.note("wrong", what, fmt.Sprint(text), remedy)
}

// doctorTime is how long one step may take.
const doctorTime = 10 * time.Second

func (d *doctor) examine(ctx context.Context) int {
	d.program()
	prof := d.whom()
	f := d.networkFile(prof)
	if f == nil {
		return exitNoNetwork
	}
	d.addresses(ctx, f)
	c := d.connection(ctx, f)
	if c == nil {
		return exitNoNetwork
	}
	defer c.Close()
	code := exitDone
	if !d.answers(ctx, c, f) {
		code = exitNoNetwork
	}
	d.account(ctx, c, f, prof)
	for _, s := range d.findings {
		if s.State == "wrong" && code == exitDone {
			code = exitRefused
		}
	}
	return code
}

func (d *doctor) program() {
	version := "built without version control"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				version = "revision " + s.Value[:min(12, len(s.Value))]
			}
			if s.Key == "vcs.modified" && s.Value == "true" {
				version += ", changed since"
			}
		}
	}
	d.ok("program", "%s, %s %s/%s", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// whom finds the profile that would act; nil where there is none.
func (d *doctor) whom() *profile {
	all, err := openProfiles()
	if err != nil {
		d.wrong("profile", err, "Set $HOME or $XDG_CONFIG_HOME.")
		return nil
	}
	if info, err := os.Stat(all.dir); err == nil && info.Mode().Perm()&0o077 != 0 {
		d.wrong("profile", all.dir+" can be opened by others", "chmod 700 "+quoted(all.dir))
	}
	named := d.profile
	if named == "" {
		named = os.Getenv("SAFE_PROFILE")
	}
	name, err := all.choose(named)
	var f *profile
	if err == nil {
		f, err = all.read(name)
	}
	if err != nil {
		text, remedy, _ := strings.Cut(err.Error(), "\n")
		d.note("skipped", "profile", text, remedy)
		return nil
	}
	if info, err := os.Stat(all.path(name)); err == nil && info.Mode().Perm()&0o077 != 0 {
		d.wrong("profile", all.path(name)+" can be read by others", "chmod 600 "+quoted(all.path(name))+", then change the password: safe account password")
	}
	d.ok("profile", "%s, account %s", name, f.Label)
	return f
}

func (d *doctor) networkFile(prof *profile) *network.File {
	if d.network == "" && prof != nil {
		a := &acting{people: d.people, profile: prof}
		d.network = a.home(prof.Network)
	}
	f, err := d.readNetwork()
	if err != nil {
		text, remedy, _ := strings.Cut(err.Error(), "\n")
		var wrong *network.Error
		if errors.As(err, &wrong) && !errors.Is(err, fs.ErrNotExist) {
			remedy = "The file is damaged, or of another version: get it again from who runs the network."
		}
		d.wrong("network file", text, remedy)
		return nil
	}
	path, _ := d.networkPath()
	d.ok("network file", "%s: network %q, %v", path, f.Name(), f.ID())
	if len(f.Bootstrap) == 0 {
		d.wrong("network file", "it names no vault", "Get a network file with bootstrap addresses from who runs the network.")
		return nil
	}
	return f
}

// addresses tries whether anything listens where the vaults are said to be.
func (d *doctor) addresses(ctx context.Context, f *network.File) {
	var listening, refused, silent, unknown []string
	for _, a := range f.Bootstrap {
		address, ok := tcpAddress(a)
		if !ok {
			unknown = append(unknown, a)
			continue
		}
		try, stop := context.WithTimeout(ctx, 2*time.Second)
		c, err := new(net.Dialer).DialContext(try, "tcp", address)
		stop()
		switch {
		case err == nil:
			c.Close()
			listening = append(listening, address)
		case errors.Is(err, syscall.ECONNREFUSED):
			refused = append(refused, address)
		default:
			silent = append(silent, address)
		}
	}
	some := func(list []string) string {
		if len(list) > 3 {
			return fmt.Sprintf("%s and %d more", strings.Join(list[:3], ", "), len(list)-3)
		}
		return strings.Join(list, ", ")
	}
	state := func() string { // one that listens is enough
		if len(listening)+len(unknown) > 0 {
			return "warning"
		}
		return "wrong"
	}()
	if len(listening) > 0 {
		d.ok("addresses", "%d of %d listen: %s", len(listening), len(f.Bootstrap), some(listening))
	}
	if len(refused) > 0 {
		d.note(state, "addresses", "nothing listens at "+some(refused), "The machine answers, no vault runs there. Is the network running? On this machine: simnet status. Was it started anew at other ports? Then get its present network file.")
	}
	if len(silent) > 0 {
		d.note(state, "addresses", "no answer from "+some(silent), "The machine is off, or a firewall or missing network connection is in between: can you reach anything else?")
	}
	if len(unknown) > 0 {
		d.note("skipped", "addresses", some(unknown)+" cannot be tried without connecting", "")
	}
}

func (d *doctor) connection(ctx context.Context, f *network.File) *client.Client {
	ctx, stop := context.WithTimeout(ctx, doctorTime)
	defer stop()
	began := time.Now()
	c, err := client.Connect(ctx, client.ConfigOf(f))
	var foreign *routing.ForeignError
	var away *refusal.Error
	switch {
	case err == nil:
		d.ok("connection", "a vault answered after %v; its parameters and version are ours", time.Since(began).Round(time.Millisecond))
		return c
	case errors.As(err, &foreign) && foreign.Parameter != "":
		d.wrong("parameters", foreign, "The network file has other parameters than the network: get the one that its vaults were started with.")
	case errors.As(err, &foreign):
		d.wrong("version", foreign, "The vaults are of another network, or speak another version: get their network file, and a program of their version.")
	case errors.As(err, &away):
		d.wrong("connection", err, "Take the network file that the vaults were started with, and a program of their version.")
	default:
		d.wrong("connection", err, "Something may listen there that is no vault. Is the network running? Is this its present network file?")
	}
	return nil
}

// answers asks for something that is not there: a group of vaults has to agree on that.
func (d *doctor) answers(ctx context.Context, c *client.Client, f *network.File) bool {
	ctx, stop := context.WithTimeout(ctx, doctorTime)
	defer stop()
	ref, err := container.NewRef(nil, false, false)
	if err != nil {
		d.wrong("answers", err, "")
		return false
	}
	began := time.Now()
	_, _, err = c.GetVersion(ctx, ref.Address())
	if errors.Is(err, refusal.NoSuchData) {
		d.ok("answers", "enough vaults agreed on an answer within %v; connected with %d", time.Since(began).Round(time.Millisecond), c.Vaults())
		return true
	}
	if errors.Is(err, refusal.NotSettled) {
		d.wrong("answers", err, "The vaults do not know each other yet: they have just started, or too few of them run. Try again in a few seconds.")
		return false
	}
	d.wrong("answers", fmt.Sprintf("connected with %d vaults, and too few of them answer: %v", c.Vaults(), err),
		fmt.Sprintf("A group is %d vaults, of which two may be missing. On this machine: simnet status.", f.Parameters.GroupSize))
	return false
}

// account opens the profile's account, and compares this machine's clock with the network's.
func (d *doctor) account(ctx context.Context, c *client.Client, f *network.File, prof *profile) {
	if prof == nil {
		d.note("skipped", "clock", "the network tells its time to who has an account", "")
		return
	}
	ctx, stop := context.WithTimeout(ctx, 2*doctorTime)
	defer stop()
	session, err := auth.ParseSession(prof.Session)
	if err != nil {
		d.wrong("account", err, "Log in again: safe account login -profile "+prof.name+" "+quoted(prof.Account))
		return
	}
	a, err := auth.Resume(ctx, c.Accounts(), session)
	if errors.Is(err, auth.WrongCredentials) {
		d.wrong("account", "it does not open any more: its password was changed, or the network was made anew", "Log in again: safe account login -profile "+prof.name+" "+quoted(prof.Account))
		return
	}
	if err != nil {
		d.wrong("account", err, "")
		return
	}
	by := client.Actor{Key: a.Actor().Key, Account: a.Actor().Account}
	before := time.Now()
	_, err = c.Verify(ctx, by) // costs nothing, and makes a block, which has the vaults' time
	after := time.Now()
	if err != nil {
		d.clockWrong(err)
		return
	}
	view, _, err := c.Account(ctx, by)
	if err != nil {
		d.wrong("account", err, "")
		return
	}
	d.clock(view.Time, before, after, f.Parameters.Skew)
	d.ok("account", "%s: %d operations left, %d apps", a.Label(), view.Available, len(view.Grants))
	if view.Available < free {
		d.note("warning", "account", fmt.Sprintf("only %d operations are left", view.Available), "In a local network: safe account top-up -operations N")
	}
}

// clock judges by a block that was made between two moments of this machine.
func (d *doctor) clock(block vaultnet.Time, before, after time.Time, skew time.Duration) {
	at := block.Std()
	off := time.Duration(0)
	switch {
	case at.Before(before):
		off = at.Sub(before)
	case at.After(after):
		off = at.Sub(after)
	}
	off = off.Round(time.Millisecond)
	way := "behind"
	if off < 0 {
		way = "ahead of"
	}
	switch {
	case off == 0:
		d.ok("clock", "agrees with the vaults'")
	case off.Abs() <= skew:
		d.ok("clock", "%v %s the vaults', which is near enough", off.Abs(), way)
	default:
		d.wrong("clock", fmt.Sprintf("this machine's clock is %v %s the vaults'; they allow for %v", off.Abs(), way, skew), "Set it, best by NTP: timedatectl set-ntp true")
	}
}

// clockWrong judges by how a change was refused: what is signed has a deadline by this machine's clock.
func (d *doctor) clockWrong(err error) {
	var r *refusal.Error
	switch {
	case errors.Is(err, refusal.DeadlinePassed):
		d.wrong("clock", "changes come too late: this machine's clock is behind the vaults'", "Set it, best by NTP: timedatectl set-ntp true")
	case errors.As(err, &r) && r.Kind == refusal.InvalidRequest && strings.Contains(r.Detail.What, "deadline"):
		d.wrong("clock", "changes have deadlines too far ahead: this machine's clock is minutes ahead of the vaults'", "Set it, best by NTP: timedatectl set-ntp true")
	default:
		d.wrong("account", err, remedies[kindOfRefusal(err)])
	}
}

func kindOfRefusal(err error) refusal.Kind {
	var r *refusal.Error
	if errors.As(err, &r) {
		return r.Kind
	}
	return 0
}

func (d *doctor) tell() error {
	if d.json {
		well := true
		for _, s := range d.findings {
			well = well && s.State != "wrong"
		}
		text, err := marshal(struct {
			OK       bool      `json:"ok"`
			Findings []symptom `json:"findings"`
		}{well, d.findings})
		if err == nil {
			_, err = fmt.Fprintln(d.out, text)
		}
		return err
	}
	t := tabwriter.NewWriter(d.out, 0, 0, 2, ' ', 0)
	for _, s := range d.findings {
		fmt.Fprintf(t, "%s\t%s\t%s\n", s.State, s.What, s.Text)
		if s.Remedy != "" {
			fmt.Fprintf(t, "\t\t→ %s\n", s.Remedy)
		}
	}
	return t.Flush()
}
