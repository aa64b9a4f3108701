package main

import (
	"context"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/peterbourgon/ff/v3/ffcli"

	"vaultnet"
	"vaultnet/client/auth"
	"vaultnet/client/batch"
	"vaultnet/internal/commandline"
	"vaultnet/refusal"
)

// parseApp reads an app's id, with @ and the scope of one of its grants after it.
func parseApp(text string) (auth.App, error) {
	id, scope, _ := strings.Cut(text, "@")
	if id == "" {
		return auth.App{}, usageError("%q: want an app's id, such as org.example.notes, with @SCOPE after it where it has several grants", text)
	}
	return auth.App{ID: id, Scope: scope}, nil
}

func newApps(s streams) *ffcli.Command {
	flags := commandline.NewFlagSet("safe apps")
	p := people{common: common{streams: s}}
	p.flags(flags)
	all := flags.Bool("all", false, "also those that have no access any more")
	return &ffcli.Command{
		Name:       "apps",
		ShortUsage: "safe apps [flags] | safe apps <subcommand> APP",
		ShortHelp:  "The apps that may use your account: what each may do, and when it last did.",
		LongHelp: `EXAMPLES
  safe apps
  safe apps rename org.example.notes 'Notes on my phone'
  safe apps remove org.example.notes              takes its access, if any, and forgets it
  safe apps lift org.example.notes                it asked too often: it may ask again
  safe apps tidy                                  completes what was interrupted, and what was left for later

An app is called by its id, with @SCOPE after it where it has several grants.`,
		FlagSet:   flags,
		UsageFunc: commandline.Usage,
		Subcommands: []*ffcli.Command{
			newAppsChange(s, "rename", "APP TITLE", "Call an app something else, for yourself alone.", 2, renameApp),
			newAppsChange(s, "remove", "APP", "Take an app's access, if it has any, and forget it. Its files stay.", 1, removeApp),
			newAppsChange(s, "lift", "APP", "Let an app ask again that asked too often.", 1, liftApp),
			newAppsChange(s, "tidy", "", "Complete what was interrupted, and what was left for later.", 0, tidyApps),
		},
		Exec: func(ctx context.Context, args []string) error {
			if len(args) > 0 {
				return usageError("safe apps: no subcommand %q", args[0])
			}
			return p.asPerson(ctx, func(a *acting) error { return a.listApps(ctx, *all) })
		},
	}
}

func newAppsChange(s streams, name, arguments, about string, n int, do func(context.Context, *acting, []string) error) *ffcli.Command {
	flags := commandline.NewFlagSet("safe apps " + name)
	p := people{common: common{streams: s}}
	p.flags(flags)
	return &ffcli.Command{
		Name:       name,
		ShortUsage: strings.TrimSpace("safe apps " + name + " [flags] " + arguments),
		ShortHelp:  about,
		FlagSet:    flags,
		UsageFunc:  commandline.Usage,
		Exec: func(ctx context.Context, args []string) error {
			if len(args) != n {
				return usageError("want %s", strings.TrimSpace(arguments+" and flags"))
			}
			return p.asPerson(ctx, func(a *acting) error { return do(ctx, a, args) })
		},
	}
}

func renameApp(ctx context.Context, a *acting, args []string) error {
	app, err := parseApp(args[0])
	if err == nil {
		err = a.account.Rename(ctx, app, args[1])
	}
	if err != nil {
		return err
	}
	return a.say("renamed\n")
}

func removeApp(ctx context.Context, a *acting, args []string) error {
	app, err := parseApp(args[0])
	if err != nil {
		return err
	}
	rev, err := a.account.Remove(ctx, app)
	if err != nil {
		return err
	}
	return a.tellRevocation("removed", rev, nil)
}

func liftApp(ctx context.Context, a *acting, args []string) error {
	app, err := parseApp(args[0])
	if err == nil {
		err = a.account.Lift(ctx, app)
	}
	if err != nil {
		return err
	}
	return a.say("it may ask again\n")
}

func tidyApps(ctx context.Context, a *acting, _ []string) error {
	n, err := a.account.Tidy(ctx)
	if err != nil {
		return err
	}
	if a.json {
		return a.answer(struct {
			Apps int `json:"apps"`
		}{n})
	}
	if n == 0 {
		return a.say("nothing was left\n")
	}
	return a.say("completed for %d apps\n", n)
}

// say prints a line for people; with -json only that it went well.
func (a *acting) say(format string, args ...any) error {
	if a.json {
		return a.answer()
	}
	_, err := fmt.Fprintf(a.out, format, args...)
	return err
}

// appShown is an app in an answer.
type appShown struct {
	App        string            `json:"app"`
	Scope      string            `json:"scope,omitempty"`
	Name       string            `json:"name,omitempty"`
	Vendor     string            `json:"vendor,omitempty"`
	Title      string            `json:"title,omitempty"`
	Key        string            `json:"key,omitempty"`
	State      string            `json:"state"`
	Ended      string            `json:"ended,omitempty"`
	Containers map[string]string `json:"containers,omitempty"`
	Objects    []objectShown     `json:"objects,omitempty"`
	Own        bool              `json:"own,omitempty"`
	Expires    string            `json:"expires,omitempty"`
	Uses       uint64            `json:"uses,omitempty"`
	UsesLeft   *uint64           `json:"uses-left,omitempty"`
	Idle       string            `json:"idle,omitempty"`
	Offline    string            `json:"offline,omitempty"`
	Temporary  bool              `json:"temporary,omitempty"`
	Created    string            `json:"created,omitempty"`
	Given      string            `json:"given,omitempty"`
	LastUsed   string            `json:"last-used,omitempty"`
	Until      string            `json:"until,omitempty"`
	Denied     uint64            `json:"denied,omitempty"`
	Blocked    bool              `json:"blocked,omitempty"`
	Damaged    bool              `json:"damaged,omitempty"`
}

type objectShown struct {
	Object string `json:"object"`
	Tag    uint64 `json:"tag"`
	Rights string `json:"rights"`
	Label  string `json:"label,omitempty"`
}

func showApp(e *auth.Entry) appShown {
	v := appShown{App: e.App.ID, Scope: e.App.Scope, Name: e.App.Name, Vendor: e.App.Vendor, Title: e.Title, State: e.State.String(), Denied: e.Denied, Blocked: e.Blocked}
	if e.Err != nil {
		v.State, v.Damaged = "damaged", true
		return v
	}
	if e.State != auth.Never {
		v.Key = hex.EncodeToString(e.Key[:])
	}
	if e.Ends != refusal.NoReason {
		v.State, v.Ended = "ended", e.Ends.String()
	}
	v.access(&e.Access)
	if e.Access.Terms.Uses > 0 && e.State == auth.Granted {
		v.UsesLeft = &e.UsesLeft
	}
	v.Created, v.Given, v.LastUsed, v.Until = moment(e.Created), moment(e.Authenticated), moment(e.LastUsed), moment(e.Until)
	return v
}

func (v *appShown) access(x *auth.Access) {
	v.Containers = map[string]string{}
	for _, c := range x.Containers {
		v.Containers[c.Path] = c.Rights.String()
	}
	for _, o := range x.Objects {
		v.Objects = append(v.Objects, objectShown{hex.EncodeToString(o.Address.Name[:]), uint64(o.Address.Tag), o.Rights.String(), o.Label})
	}
	t := x.Terms
	v.Own, v.Expires, v.Uses, v.Idle, v.Offline, v.Temporary = x.Own, moment(t.Expires), t.Uses, lasting(t.Idle), lasting(t.Offline), t.Temporary
}

// moment is a time in an answer, "" for none.
func moment(t vaultnet.Time) string {
	if t == 0 {
		return ""
	}
	return batch.TimeText(t)
}

func lasting(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return d.String()
}

// rightsText lists what an access comes to, one thing on each line.
func rightsText(app auth.App, x *auth.Access) []string {
	var lines []string
	for _, c := range x.Containers {
		lines = append(lines, c.Path+": "+spaced(c.Rights))
	}
	if x.Own {
		lines = append(lines, "apps/"+app.ID+": its own")
	}
	for _, o := range x.Objects {
		name := o.Address.String()
		if o.Label != "" {
			name = oneLine(o.Label) + ", " + name
		}
		lines = append(lines, name+": "+spaced(o.Rights))
	}
	if lines == nil {
		lines = []string{"to spend operations"}
	}
	return lines
}

func spaced(r auth.Rights) string { return strings.ReplaceAll(r.String(), ",", ", ") }

// termsText says what ends an access by itself.
func termsText(t *auth.Terms, left *uint64) string {
	var parts []string
	if t.Expires != 0 {
		parts = append(parts, "until "+local(t.Expires))
	}
	switch {
	case left != nil:
		parts = append(parts, fmt.Sprintf("%d of %d uses left", *left, t.Uses))
	case t.Uses > 0:
		parts = append(parts, fmt.Sprintf("%d uses", t.Uses))
	}
	if t.Idle > 0 {
		parts = append(parts, "ends when idle for "+brisk(t.Idle))
	}
	if t.Offline > 0 {
		parts = append(parts, "offline for "+brisk(t.Offline))
	}
	if t.Temporary {
		parts = append(parts, "temporary")
	}
	if parts == nil {
		return "until revoked"
	}
	return strings.Join(parts, ", ")
}

// brisk is a duration without what is zero at its end.
func brisk(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// local is a time as a person reads it, in the zone of the machine.
func local(t vaultnet.Time) string {
	if t == 0 {
		return "never"
	}
	return t.Std().Local().Format("2006-01-02 15:04")
}

func (a *acting) listApps(ctx context.Context, all bool) error {
	entries, err := a.account.List(ctx)
	if err != nil {
		return err
	}
	shown := []appShown{}
	t := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	rows, hidden := 0, 0
	for i := range entries {
		e := &entries[i]
		v := showApp(e)
		over := v.State == "ended" || e.State == auth.Never && !e.Blocked
		if over && !all && !a.json {
			hidden++
			continue
		}
		shown = append(shown, v)
		if a.json {
			continue
		}
		if rows++; rows == 1 {
			fmt.Fprintln(t, "APP\tMAY\tTERMS\tLAST USED")
		}
		a.appRows(t, e, &v)
	}
	if a.json {
		return a.answer(struct {
			Apps []appShown `json:"apps"`
		}{shown})
	}
	if err := t.Flush(); err != nil {
		return err
	}
	switch {
	case rows == 0 && hidden == 0:
		fmt.Fprintln(a.err, "no app has access; safe authorise APP gives some")
	case hidden > 0:
		fmt.Fprintf(a.err, "%d more without access: safe apps -all\n", hidden)
	}
	return nil
}

// appRows prints an app: a row for each thing that it may do.
func (a *acting) appRows(t *tabwriter.Writer, e *auth.Entry, v *appShown) {
	names := []string{oneLine(e.App.String())}
	if title := e.Title; title != "" {
		names = append(names, "  "+oneLine(title))
	} else if e.App.Name != "" {
		names = append(names, "  "+oneLine(e.App.Name))
	}
	var rights []string
	terms, used := "", "never"
	switch {
	case e.Err != nil:
		rights = []string{"its record is damaged: safe apps remove"}
	case e.State == auth.Granted && e.Ends == refusal.NoReason:
		rights, terms, used = rightsText(e.App, &e.Access), termsText(&e.Access.Terms, v.UsesLeft), local(e.LastUsed)
	case e.State == auth.Granted:
		rights, terms, used = []string{"nothing any more"}, v.Ended, local(e.LastUsed)
	case e.State == auth.Changing:
		rights, terms = rightsText(e.App, &e.Access), "being changed: authorise or revoke it again"
	case e.State == auth.Revoking:
		rights, terms = []string{"nothing soon"}, "being revoked: revoke it again"
	case e.State == auth.Ended:
		rights, terms = []string{"nothing any more"}, "revoked"
		if e.Until > vaultnet.Time(time.Now().UnixMilli()) {
			terms += ", for certain at " + local(e.Until)
		}
	default:
		rights, terms = []string{"nothing"}, fmt.Sprintf("denied %d times", e.Denied)
	}
	if e.Blocked {
		terms += ", asks no more: safe apps lift"
	}
	for i := range max(len(names), len(rights)) {
		row := []string{"", "", "", ""}
		if i < len(names) {
			row[0] = names[i]
		}
		if i < len(rights) {
			row[1] = rights[i]
		}
		if i == 0 {
			row[2], row[3] = terms, used
		}
		fmt.Fprintln(t, strings.TrimRight(strings.Join(row, "\t"), "\t"))
	}
}

// accessFlags are what an app is to have.
type accessFlags struct {
	containers []auth.ContainerAccess
	objects    []auth.ObjectAccess
	own        bool
	expires    string
	uses       uint64
	idle       time.Duration
	offline    time.Duration
	temporary  bool
	app        auth.App
}

func (x *accessFlags) flags(f *flag.FlagSet) {
	f.Func("container", "`PATH=RIGHTS` in a container or directory: read, insert, update, delete, manage, all; may be repeated", func(text string) error {
		c, err := parseContainer(text)
		x.containers = append(x.containers, c)
		return err
	})
	f.Func("object", "`NAME/TAG=RIGHTS` in a single object of the account's; may be repeated", func(text string) error {
		o, err := parseObject(text)
		x.objects = append(x.objects, o)
		return err
	})
	f.BoolVar(&x.own, "own", false, "a container of its own, apps/APP, with all rights")
	f.StringVar(&x.expires, "expires", "", "ends after a `DURATION` such as 12h, or at a time such as 2030-01-31T12:00:00Z")
	f.Uint64Var(&x.uses, "uses", 0, "ends after `N` operations")
	f.DurationVar(&x.idle, "idle", 0, "ends when it was not used for `D`, such as 720h")
	f.DurationVar(&x.offline, "offline", 0, "lets it work for `D`, at most 24h, while the account cannot be reached; a revocation then takes as long")
	f.BoolVar(&x.temporary, "temporary", false, "goes with safe revoke -temporary")
	f.StringVar(&x.app.Scope, "scope", "", "one of several grants of the app: `TEXT`, per device or purpose; also APP@SCOPE")
	f.StringVar(&x.app.Name, "name", "", "what the app is called: `TEXT`, for people")
	f.StringVar(&x.app.Vendor, "vendor", "", "who makes it: `TEXT`, for people")
}

func parseContainer(text string) (c auth.ContainerAccess, err error) {
	i := strings.LastIndex(text, "=")
	if i < 0 {
		return c, errors.New("want PATH=RIGHTS, such as _documents=read,insert")
	}
	c.Path = text[:i]
	if c.Path != "/" {
		c.Path = strings.TrimSuffix(c.Path, "/")
	} else {
		c.Path = auth.RootPath
	}
	if c.Rights, err = auth.ParseRights(text[i+1:]); err != nil {
		return c, errors.New("want PATH=RIGHTS, the rights being a list of read, insert, update, delete and manage, or all")
	}
	return c, nil
}

func parseObject(text string) (o auth.ObjectAccess, err error) {
	what, rights, ok := strings.Cut(text, "=")
	if !ok {
		return o, errors.New("want NAME/TAG=RIGHTS, such as notes/15000=read,insert")
	}
	if o.Address, o.Label, err = parseAddress(what); err != nil {
		return o, err
	}
	if o.Rights, err = auth.ParseRights(rights); err != nil {
		return o, errors.New("want NAME/TAG=RIGHTS, the rights being a list of read, insert, update, delete and manage, or all")
	}
	return o, nil
}

// access is what the flags come to, at a time.
func (x *accessFlags) access(now time.Time) (auth.Access, error) {
	access := auth.Access{Containers: x.containers, Objects: x.objects, Own: x.own,
		Terms: auth.Terms{Uses: x.uses, Idle: x.idle, Offline: x.offline, Temporary: x.temporary}}
	if x.expires != "" {
		at, err := time.Parse(time.RFC3339, x.expires)
		if err != nil {
			d, wrong := time.ParseDuration(x.expires)
			if wrong != nil || d <= 0 {
				return access, usageError("-expires %s: want a duration such as 12h or a time such as 2030-01-31T12:00:00Z", x.expires)
			}
			at = now.Add(d)
		}
		access.Terms.Expires = vaultnet.Time(at.UnixMilli())
	}
	access.Sort()
	return access, nil
}

// named is the app that an argument names, with what the flags say of it.
func (x *accessFlags) named(text string) (auth.App, error) {
	app, err := parseApp(text)
	if err != nil {
		return app, err
	}
	if x.app.Scope != "" {
		if app.Scope != "" && app.Scope != x.app.Scope {
			return app, usageError("-scope %s, and %s names another", x.app.Scope, text)
		}
		app.Scope = x.app.Scope
	}
	app.Name, app.Vendor = x.app.Name, x.app.Vendor
	return app, nil
}
