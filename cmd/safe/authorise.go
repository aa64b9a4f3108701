package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/peterbourgon/ff/v3/ffcli"

	"vaultnet"
	"vaultnet/client"
	"vaultnet/client/auth"
	"vaultnet/client/batch"
	"vaultnet/client/container"
	"vaultnet/client/keyring"
	"vaultnet/internal/commandline"
)

func newAuthorise(s streams) *ffcli.Command {
	flags := commandline.NewFlagSet("safe authorise")
	p := people{common: common{streams: s}}
	p.flags(flags)
	var x accessFlags
	x.flags(flags)
	var out string
	flags.StringVar(&out, "out", "", "write the app's credentials to `FILE`, which only you may read (mode 0600)")
	return &ffcli.Command{
		Name:       "authorise",
		ShortUsage: "safe authorise [flags] APP",
		ShortHelp:  "Give an app exactly the access that is named: more than it had, less, or both.",
		LongHelp: `EXAMPLES
  safe authorise org.example.notes -container _documents=read,insert,update,delete -own -out notes.json
  safe authorise org.example.notes -container _documents/trip=read -expires 12h -uses 100 -out notes.json
  safe authorise org.example.notes@phone -own -offline 24h -idle 720h -out phone.json
  safe authorise org.example.once -own -temporary -out once.json

Rights are read, insert, update, delete, manage (permissions) and all; each implies read. An app that has access already
keeps its key, and gets what is named now and nothing else; safe share and safe unshare change single things. Without -out
the credentials are not written; run it again with -out to have them: it changes nothing else.`,
		FlagSet:   flags,
		UsageFunc: commandline.Usage,
		Exec: func(ctx context.Context, args []string) error {
			if err := one(args, "APP, such as org.example.notes"); err != nil {
				return err
			}
			app, err := x.named(args[0])
			if err != nil {
				return err
			}
			access, err := x.access(time.Now())
			if err != nil {
				return err
			}
			if err := mayWriteCredentials(out, app); err != nil {
				return err
			}
			return p.asPerson(ctx, func(a *acting) error { return a.authorise(ctx, app, access, out) })
		},
	}
}

func (a *acting) authorise(ctx context.Context, app auth.App, access auth.Access, out string) error {
	j, err := a.account.Judge(ctx, app, access)
	if err != nil {
		return err
	}
	cred, err := a.account.Authorise(ctx, app, access)
	if err != nil {
		return err
	}
	if out != "" {
		if err := writeCredentials(out, &cred, a.file.Name()); err != nil {
			return fmt.Errorf("it has access, but the credentials could not be written: %w", err)
		}
	}
	return a.tellAccess(app, &access, &j.Difference, j.Known, out)
}

// tellAccess says what an app has now, and how that differs from before.
func (a *acting) tellAccess(app auth.App, access *auth.Access, d *auth.Difference, known bool, out string) error {
	if a.json {
		var v appShown
		v.App, v.Scope, v.State = app.ID, app.Scope, auth.Granted.String()
		v.access(access)
		return a.answer(v, struct {
			Out string `json:"credentials,omitempty"`
		}{out})
	}
	t := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "app\t%s\n", oneLine(app.String()))
	for _, line := range rightsText(app, access) {
		fmt.Fprintf(t, "may\t%s\n", line)
	}
	fmt.Fprintf(t, "terms\t%s\n", termsText(&access.Terms, nil))
	if known {
		for _, line := range lessText(d) {
			fmt.Fprintf(t, "no more\t%s\n", line)
		}
	}
	if out != "" {
		fmt.Fprintf(t, "credentials\t%s\n", out)
	}
	return t.Flush()
}

func lessText(d *auth.Difference) []string {
	var lines []string
	for _, c := range d.Less {
		lines = append(lines, c.Path+": "+spaced(c.Rights))
	}
	for _, o := range d.LessOf {
		lines = append(lines, o.Address.String()+": "+spaced(o.Rights))
	}
	return lines
}

// mayWriteCredentials refuses a file that holds something else: credentials are written over those of the same app only.
func mayWriteCredentials(path string, app auth.App) error {
	if path == "" {
		return nil
	}
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return exit{code: exitUsage, err: err}
	}
	var old auth.Credentials
	if old.UnmarshalText(b) != nil || old.App.ID != app.ID || old.App.Scope != app.Scope {
		return exit{code: exitUsage, err: fmt.Errorf("%s is there already, and is not the credentials of %s: name another file", path, app)}
	}
	return nil
}

func writeCredentials(path string, cred *auth.Credentials, network string) error {
	if cred.Name == "" {
		cred.Name = network
	}
	text, err := cred.MarshalText()
	if err != nil {
		return err
	}
	return writeSecret(path, text)
}

func newRevoke(s streams) *ffcli.Command {
	flags := commandline.NewFlagSet("safe revoke")
	p := people{common: common{streams: s}}
	p.flags(flags)
	var scope, path string
	var temporary, all, rekey bool
	var except []auth.App
	flags.StringVar(&scope, "scope", "", "of several grants of the app, the one called `TEXT`; also APP@SCOPE")
	flags.StringVar(&path, "container", "", "one container or directory alone: `PATH`")
	flags.BoolVar(&temporary, "temporary", false, "every app whose access is temporary")
	flags.BoolVar(&all, "all", false, "every app, and every grant that no app is known of")
	flags.Func("except", "of all, not `APP`; may be repeated", func(text string) error {
		app, err := parseApp(text)
		except = append(except, app)
		return err
	})
	flags.BoolVar(&rekey, "rekey", false, "give private containers new keys: what is written from now on stays hidden from whoever lost access")
	return &ffcli.Command{
		Name:       "revoke",
		ShortUsage: "safe revoke [flags] APP | -temporary | -all",
		ShortHelp:  "Take access from an app, for certain: when it returns, nothing of the app's is applied any more.",
		LongHelp: `EXAMPLES
  safe revoke org.example.notes
  safe revoke org.example.notes -container _documents
  safe revoke org.example.notes -rekey
  safe revoke -temporary
  safe revoke -all -except org.example.backup

It waits for permits that are out, some seconds. Of an app with -offline it says until when they last; its permissions are
gone at once all the same. What the app has read it has read; -rekey hides from it what comes. That costs two operations for
every hundred names, and apps that keep access notice nothing.`,
		FlagSet:   flags,
		UsageFunc: commandline.Usage,
		Exec: func(ctx context.Context, args []string) error {
			many := temporary || all
			switch {
			case temporary && all:
				return usageError("-temporary or -all, not both")
			case many && (len(args) > 0 || path != "" || scope != ""):
				return usageError("an APP, or many of them with -temporary or -all, not both")
			case except != nil && !all:
				return usageError("-except goes with -all")
			case !many && len(args) != 1:
				return usageError("want one APP, -temporary or -all")
			}
			var app auth.App
			if !many {
				x := accessFlags{app: auth.App{Scope: scope}}
				var err error
				if app, err = x.named(args[0]); err != nil {
					return err
				}
			}
			return p.asPerson(ctx, func(a *acting) error {
				lost, err := a.losing(ctx, rekey, func(e *auth.Entry) bool {
					switch {
					case temporary:
						return e.Access.Terms.Temporary
					case all:
						return !slices.ContainsFunc(except, func(x auth.App) bool { return x.ID == e.App.ID && x.Scope == e.App.Scope })
					}
					return e.App.ID == app.ID && e.App.Scope == app.Scope
				})
				if err != nil {
					return err
				}
				var rev auth.Revocation
				switch {
				case temporary:
					rev, err = a.account.RevokeTemporary(ctx)
				case all:
					rev, err = a.account.RevokeAll(ctx, except...)
				case path != "":
					path = strings.TrimSuffix(path, "/")
					lost = slices.DeleteFunc(lost, func(l string) bool { return l != path })
					err = a.account.RevokeContainer(ctx, app, path)
				default:
					rev, err = a.account.Revoke(ctx, app)
				}
				if err != nil {
					return err
				}
				for i, l := range lost {
					if err := a.account.Rekey(ctx, l); err != nil {
						return fmt.Errorf("access is gone, but %s has its old key still: %w\nRepeat it: safe container rekey %s", l, err, quoted(lost[i]))
					}
				}
				return a.tellRevocation("revoked", rev, lost)
			})
		},
	}
}

// losing lists the private containers that some apps can open: those to be re-keyed. None where that is not wanted.
func (a *acting) losing(ctx context.Context, wanted bool, loses func(*auth.Entry) bool) ([]string, error) {
	if !wanted {
		return nil, nil
	}
	entries, err := a.account.List(ctx)
	if err != nil {
		return nil, err
	}
	var paths []string
	for i := range entries {
		if e := &entries[i]; e.Err == nil && loses(e) {
			for _, c := range e.Access.Containers {
				paths = append(paths, c.Path)
			}
			if e.Access.Own {
				paths = append(paths, "apps/"+e.App.ID)
			}
		}
	}
	slices.Sort(paths)
	var private []string
	for _, p := range slices.Compact(paths) {
		info, err := a.tree(a.account.Root()).Stat(ctx, p)
		if errors.Is(err, container.NotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		below := slices.ContainsFunc(private, func(q string) bool { return strings.HasPrefix(p, q+"/") })
		if ref, ok := info.Target(); ok && ref.Private() && !ref.Flat && !info.IsLink() && !below {
			private = append(private, p)
		}
	}
	return private, nil
}

func (a *acting) tellRevocation(did string, rev auth.Revocation, rekeyed []string) error {
	if a.json {
		return a.answer(struct {
			Until   string   `json:"until,omitempty"`
			Pending bool     `json:"pending,omitempty"`
			Sweep   string   `json:"sweep,omitempty"`
			Rekeyed []string `json:"rekeyed,omitempty"`
		}{moment(rev.Until), rev.Pending, moment(rev.Sweep), rekeyed})
	}
	fmt.Fprintln(a.out, did)
	if rev.Pending {
		fmt.Fprintf(a.out, "its permits last until %s: until then it can still spend operations, and write where others let it\n", local(rev.Until))
	}
	if rev.Sweep != 0 {
		fmt.Fprintln(a.out, "who wrote there meanwhile may have given it permissions again: some seconds from now, safe apps tidy looks")
	}
	for _, p := range rekeyed {
		fmt.Fprintf(a.out, "new key: %s\n", p)
	}
	return nil
}

// parseAddress reads NAME/TAG of an object, as safe data takes them.
func parseAddress(text string) (vaultnet.Address, string, error) {
	i := strings.LastIndex(text, "/")
	tag, err := uint64(0), error(nil)
	name := text
	if i >= 0 {
		name = text[:i]
		tag, err = strconv.ParseUint(text[i+1:], 10, 64)
	}
	if name == "" || err != nil {
		return vaultnet.Address{}, "", fmt.Errorf("%q: want NAME/TAG of an object, as safe data takes them", text)
	}
	at := client.At(batch.ParseName(name), vaultnet.Tag(tag))
	if keyring.IsHexKey(name) {
		name = "" // it is no name that says anything
	}
	return at, name, nil
}
