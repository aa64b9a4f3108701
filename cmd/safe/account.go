package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"text/tabwriter"

	"github.com/peterbourgon/ff/v3/ffcli"

	"vaultnet/client/auth"
	"vaultnet/client/batch"
	"vaultnet/client/keyring"
	"vaultnet/internal/commandline"
)

// newAccount makes what is done with accounts: those of people, and those of plain keys.
func newAccount(s streams) *ffcli.Command {
	return &ffcli.Command{
		Name:       "account",
		ShortUsage: "safe account <subcommand> [flags]",
		ShortHelp:  "Make, open and read accounts, which pay for changes.",
		LongHelp: `There are two ways to have an account:

  of a person   A name and a password open it from anywhere; it is kept on the network alone, with containers for files and
                the list of apps that have access. Who is logged in on this machine is a profile.
  of a key      A key file is the account: for programs and for trying things. Say which with -as KEY.

EXAMPLES
  safe account create Daily                       asks for a password, and makes the profile daily
  safe account login Daily -profile work          on another machine
  safe account use work                           from now on this one acts; alone it lists the profiles
  safe account password                           asks for the present one and the new one
  SAFE_PASSWORD=… safe account login Daily        where nobody can be asked; or -password-file FILE

  safe key new alice
  safe account create -as alice
  safe account top-up -as alice -operations 10000

Apps get access to a person's account with safe authorise, to a key's with safe data insert-grant.`,
		FlagSet:   commandline.NewFlagSet("safe account"),
		UsageFunc: commandline.Usage,
		Exec:      noSubcommand("safe account"),
		Subcommands: []*ffcli.Command{newAccountCreate(s), newAccountLogin(s), newAccountLogout(s), newAccountUse(s), newAccountPassword(s),
			newAccountLabel(s), newAccountShow(s), newAccountTopUp(s)},
	}
}

// either is a subcommand for a person's account, or with -as for a key's.
type either struct {
	*verb
	people people
}

func newEither(s streams, operation string, flags *flag.FlagSet) *either {
	e := &either{verb: newVerb(s, batch.Find(operation), flags)}
	flags.StringVar(&e.people.profile, "profile", "", "of a person's account: the profile `NAME`")
	return e
}

// ofKey reports whether the account of a key is meant, and carries it out then.
func (e *either) ofKey(ctx context.Context, args []string) (bool, error) {
	if e.given["as"] {
		return true, e.exec(ctx, args)
	}
	e.people.common = e.common
	for name := range e.given {
		switch name {
		case "operations":
		default:
			return true, usageError("-%s goes with -as: a person's account does without", name)
		}
	}
	return false, nil
}

func newAccountCreate(s streams) *ffcli.Command {
	flags := commandline.NewFlagSet("safe account create")
	c := newEither(s, "create-account", flags)
	password := secret{what: "password", flag: "password-file", env: "SAFE_PASSWORD"}
	password.flags(flags)
	var label string
	flags.StringVar(&label, "label", "", "what it is called, to you alone: `TEXT` (default: its name)")
	return &ffcli.Command{
		Name:       "create",
		ShortUsage: "safe account create [flags] NAME | -as KEY",
		ShortHelp:  "Make an account: of a person, with a name and a password, or of a key.",
		LongHelp: `EXAMPLES
  safe account create Daily
  safe account create -label 'for work' -profile work -password-file secret.txt Daily
  safe account create -as alice                   of a key

Several people may choose one name: name and password together are the account. Nobody can tell you a password that you
forgot, or set another one. An account that was made half is completed by making it again, or by logging in.

In a batch: ` + batch.Find("create-account").Example,
		FlagSet:   flags,
		UsageFunc: commandline.Usage,
		Exec: func(ctx context.Context, args []string) error {
			if done, err := c.ofKey(ctx, args); done {
				return err
			}
			if len(args) == 0 {
				return usageError("want the account's NAME, or -as KEY")
			}
			return c.people.enter(ctx, args, "create", &password, func(cfg auth.Config, name, password string) (*auth.Account, error) {
				if label == "" {
					label = name
				}
				return auth.Create(ctx, cfg, name, password, label)
			})
		},
	}
}

func newAccountLogin(s streams) *ffcli.Command {
	flags := commandline.NewFlagSet("safe account login")
	p := people{common: common{streams: s}}
	p.flags(flags)
	password := secret{what: "password", flag: "password-file", env: "SAFE_PASSWORD"}
	password.flags(flags)
	return &ffcli.Command{
		Name:       "login",
		ShortUsage: "safe account login [flags] NAME",
		ShortHelp:  "Open a person's account on this machine, until its password is changed or you log out.",
		LongHelp: `EXAMPLES
  safe account login Daily
  safe account login -profile work -password-file secret.txt Daily

What is kept here is a session, in a file that only you may read (mode 0600): never the password.`,
		FlagSet:   flags,
		UsageFunc: commandline.Usage,
		Exec: func(ctx context.Context, args []string) error {
			return p.enter(ctx, args, "login", &password, func(cfg auth.Config, name, password string) (*auth.Account, error) {
				return auth.Login(ctx, cfg, name, password)
			})
		},
	}
}

// enter opens an account by name and password, and makes a profile of it.
func (p *people) enter(ctx context.Context, args []string, what string, password *secret, open func(cfg auth.Config, name, password string) (*auth.Account, error)) error {
	if err := one(args, "account NAME"); err != nil {
		return err
	}
	name := args[0]
	all, err := openProfiles()
	if err != nil {
		return err
	}
	as := p.profile
	if as == "" {
		as = suggest(name)
	} else if err := keyring.CheckLabel(as); err != nil {
		return usageError("-profile: %w", err)
	}
	if what == "create" {
		if _, err := os.Stat(all.path(as)); err == nil {
			return exit{code: exitUsage, err: fmt.Errorf("there is a profile %s already\nName another: -profile NAME; or log out of it: safe account logout -profile %s", as, as)}
		}
	}
	a := &acting{people: p}
	if err := a.reach(ctx, "", ""); err != nil {
		return p.fault(ctx, nil, err)
	}
	defer a.close()
	text, err := password.get(ctx, p.streams, what == "create")
	if err != nil {
		return p.fault(ctx, nil, err)
	}
	if a.account, err = open(a.client.Accounts(), name, text); err != nil {
		return p.fault(ctx, a, err)
	}
	if old, err := all.read(as); err == nil && old.Owner != a.account.Owner().String() {
		return exit{code: exitUsage, err: fmt.Errorf("profile %s is of another account, %s\nName another: -profile NAME", as, old.Label)}
	}
	path, err := p.networkPath()
	if err == nil {
		path, err = filepath.Abs(path)
	}
	if err != nil {
		return p.fault(ctx, a, err)
	}
	f := &profile{name: as}
	f.fill(a.file.Name(), a.file.ID(), path, name, a.account)
	if err := errors.Join(all.write(f), all.use(as)); err != nil {
		return err
	}
	a.profile = f
	if p.json {
		return a.answer(struct {
			Profile string `json:"profile"`
			Key     string `json:"key"`
		}{as, f.Owner})
	}
	_, err = fmt.Fprintf(p.out, "account  %s\nprofile  %s\n", oneLine(a.label()), as)
	return err
}

func newAccountLogout(s streams) *ffcli.Command {
	flags := commandline.NewFlagSet("safe account logout")
	p := people{common: common{streams: s}}
	flags.StringVar(&p.profile, "profile", "", "of the profile `NAME` (default: the one that acts)")
	flags.BoolVar(&p.json, "json", false, "answer in JSON")
	return &ffcli.Command{
		Name:       "logout",
		ShortUsage: "safe account logout [-profile NAME]",
		ShortHelp:  "Forget an account on this machine. It stays on the network; log in to have it again.",
		FlagSet:    flags,
		UsageFunc:  commandline.Usage,
		Exec: func(ctx context.Context, args []string) error {
			if len(args) > 0 {
				return usageError("%q: no arguments but flags", args[0])
			}
			all, err := openProfiles()
			if err != nil {
				return err
			}
			name, err := all.choose(p.profile)
			if err != nil {
				return p.fault(ctx, nil, err)
			}
			f, err := all.read(name)
			if err != nil {
				return p.fault(ctx, nil, err)
			}
			if err := all.remove(name); err != nil {
				return p.fault(ctx, nil, err)
			}
			if p.json {
				return answerJSON(p.out)
			}
			_, err = fmt.Fprintf(p.out, "logged out of %s, profile %s\n", oneLine(f.Label), name)
			return err
		},
	}
}

func newAccountUse(s streams) *ffcli.Command {
	flags := commandline.NewFlagSet("safe account use")
	p := people{common: common{streams: s}}
	flags.BoolVar(&p.json, "json", false, "answer in JSON")
	return &ffcli.Command{
		Name:       "use",
		ShortUsage: "safe account use [NAME]",
		ShortHelp:  "Choose the profile that acts from now on, or list them.",
		LongHelp: `EXAMPLES
  safe account use              * marks the one that acts
  safe account use work

For one command, or one terminal: -profile NAME, or SAFE_PROFILE=NAME.`,
		FlagSet:   flags,
		UsageFunc: commandline.Usage,
		Exec: func(ctx context.Context, args []string) error {
			all, err := openProfiles()
			if err != nil {
				return err
			}
			if len(args) == 0 {
				return p.listProfiles(all)
			}
			if err := one(args, "profile NAME"); err != nil {
				return err
			}
			if err := keyring.CheckLabel(args[0]); err != nil {
				return usageError("%w", err)
			}
			f, err := all.read(args[0])
			if err != nil {
				return p.fault(ctx, nil, err)
			}
			if err := all.use(f.name); err != nil {
				return p.fault(ctx, nil, err)
			}
			if p.json {
				return answerJSON(p.out)
			}
			_, err = fmt.Fprintf(p.out, "as %s\n", oneLine(f.Label))
			return err
		},
	}
}

// listed is a profile in an answer.
type listed struct {
	Profile string `json:"profile"`
	Label   string `json:"label"`
	Account string `json:"account"`
	Network string `json:"network"`
	Key     string `json:"key"`
	Acts    bool   `json:"acts"`
}

func (p *people) listProfiles(all *profiles) error {
	list := []listed{}
	acts, _ := all.choose(os.Getenv("SAFE_PROFILE"))
	for _, name := range all.names() {
		if f, err := all.read(name); err == nil {
			list = append(list, listed{name, f.Label, f.Account, f.Network, f.Owner, name == acts})
		}
	}
	if p.json {
		return answerJSON(p.out, struct {
			Profiles []listed `json:"profiles"`
		}{list})
	}
	if len(list) == 0 {
		fmt.Fprintln(p.err, "nobody is logged in; safe account create NAME makes an account, safe account login NAME opens one")
		return nil
	}
	t := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "  PROFILE\tLABEL\tACCOUNT\tNETWORK\tKEY")
	for _, f := range list {
		mark := " "
		if f.Acts {
			mark = "*"
		}
		fmt.Fprintf(t, "%s %s\t%s\t%s\t%s\t%s\n", mark, f.Profile, oneLine(f.Label), oneLine(f.Account), f.Network, f.Key[:min(8, len(f.Key))])
	}
	return t.Flush()
}

func newAccountPassword(s streams) *ffcli.Command {
	flags := commandline.NewFlagSet("safe account password")
	p := people{common: common{streams: s}}
	p.flags(flags)
	old := secret{what: "password", flag: "password-file", env: "SAFE_PASSWORD"}
	fresh := secret{what: "new password", flag: "new-password-file", env: "SAFE_NEW_PASSWORD"}
	old.flags(flags)
	fresh.flags(flags)
	var name string
	flags.StringVar(&name, "name", "", "give the account another `NAME`, too")
	return &ffcli.Command{
		Name:       "password",
		ShortUsage: "safe account password [flags]",
		ShortHelp:  "Change the password of a person's account, and its name if you like.",
		LongHelp: `EXAMPLES
  safe account password
  safe account password -name 'Daily 2'

Other machines have to log in again. Who copied what the old password opens before this, has it for ever: if you fear that,
make another account and move your files.`,
		FlagSet:   flags,
		UsageFunc: commandline.Usage,
		Exec: func(ctx context.Context, args []string) error {
			if len(args) > 0 {
				return usageError("%q: no arguments; passwords are never on the command line", args[0])
			}
			return p.asPerson(ctx, func(a *acting) error {
				present, err := old.get(ctx, s, false)
				if err != nil {
					return err
				}
				// A session alone must not be enough to shut out whoever knows the password.
				if _, err := auth.Login(ctx, a.client.Accounts(), a.profile.Account, present); err != nil {
					return err
				}
				text, err := fresh.get(ctx, s, true)
				if err != nil {
					return err
				}
				if name == "" {
					name = a.profile.Account
				}
				if err := a.account.ChangePassword(ctx, name, text); err != nil {
					return err
				}
				all, err := openProfiles()
				if err != nil {
					return err
				}
				a.profile.fill(a.file.Name(), a.file.ID(), a.profile.File, name, a.account)
				if err := all.write(a.profile); err != nil {
					return fmt.Errorf("it is changed, but not noted here: %w; log in again: safe account login %s", err, quoted(name))
				}
				if p.json {
					return a.answer()
				}
				_, err = fmt.Fprintln(p.out, "changed")
				return err
			})
		},
	}
}

func newAccountLabel(s streams) *ffcli.Command {
	flags := commandline.NewFlagSet("safe account label")
	p := people{common: common{streams: s}}
	p.flags(flags)
	return &ffcli.Command{
		Name:       "label",
		ShortUsage: "safe account label [flags] [TEXT]",
		ShortHelp:  "Show what a person's account is called, or call it something else.",
		LongHelp: `EXAMPLES
  safe account label
  safe account label 'for work'`,
		FlagSet:   flags,
		UsageFunc: commandline.Usage,
		Exec: func(ctx context.Context, args []string) error {
			if len(args) > 1 {
				return usageError("want one TEXT: quote it where it has spaces")
			}
			return p.asPerson(ctx, func(a *acting) error {
				if len(args) == 1 {
					if err := a.account.SetLabel(ctx, args[0]); err != nil {
						return err
					}
					all, err := openProfiles()
					if err != nil {
						return err
					}
					a.profile.Label = a.account.Label()
					if err := all.write(a.profile); err != nil {
						return err
					}
				}
				if p.json {
					return a.answer(struct {
						Label string `json:"label"`
					}{a.account.Label()})
				}
				_, err := fmt.Fprintln(p.out, oneLine(a.account.Label()))
				return err
			})
		},
	}
}

func newAccountShow(s streams) *ffcli.Command {
	flags := commandline.NewFlagSet("safe account show")
	c := newEither(s, "account", flags)
	return &ffcli.Command{
		Name:       "show",
		ShortUsage: "safe account show [flags] [-as KEY]",
		ShortHelp:  "Read an account: whose it is, and what it has left. Only its owner may.",
		LongHelp: `EXAMPLES
  safe account show
  safe account show -as alice

In a batch: ` + batch.Find("account").Example,
		FlagSet:   flags,
		UsageFunc: commandline.Usage,
		Exec: func(ctx context.Context, args []string) error {
			if done, err := c.ofKey(ctx, args); done {
				return err
			}
			if len(args) > 0 {
				return usageError("%q: no arguments but flags", args[0])
			}
			return c.people.asPerson(ctx, func(a *acting) error { return a.showAccount(ctx) })
		},
	}
}

// accountShown is an account in an answer.
type accountShown struct {
	Profile   string `json:"profile"`
	Name      string `json:"name"`
	Network   string `json:"network"`
	Key       string `json:"key"`
	Done      int64  `json:"done"`
	Reserved  int64  `json:"reserved"`
	Available int64  `json:"available"`
	Apps      int    `json:"apps"`
}

func (a *acting) showAccount(ctx context.Context) error {
	view, _, err := a.client.Account(ctx, a.actor())
	if err != nil {
		return err
	}
	v := accountShown{a.profile.name, a.profile.Account, a.file.Name(), a.account.Owner().String(), view.Done, view.Reserved, view.Available, len(view.Grants)}
	if a.json {
		return a.answer(v)
	}
	t := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "label\t%s\nprofile\t%s\nname\t%s\nnetwork\t%s\nkey\t%s\ndone\t%d\nreserved\t%d\navailable\t%d\napps\t%d\n",
		oneLine(a.account.Label()), v.Profile, oneLine(v.Name), v.Network, v.Key, v.Done, v.Reserved, v.Available, v.Apps)
	return t.Flush()
}

func newAccountTopUp(s streams) *ffcli.Command {
	flags := commandline.NewFlagSet("safe account top-up")
	c := newEither(s, "top-up", flags)
	operations, _ := flags.Lookup("operations").Value.(*value)
	return &ffcli.Command{
		Name:       "top-up",
		ShortUsage: "safe account top-up [flags] -operations N [-as KEY]",
		ShortHelp:  "Add operations to an account; in local networks only.",
		LongHelp: `EXAMPLES
  safe account top-up -operations 10000
  safe account top-up -as alice -operations 10000

In a batch: ` + batch.Find("top-up").Example,
		FlagSet:   flags,
		UsageFunc: commandline.Usage,
		Exec: func(ctx context.Context, args []string) error {
			if done, err := c.ofKey(ctx, args); done {
				return err
			}
			if len(args) > 0 {
				return usageError("%q: no arguments but flags", args[0])
			}
			n, err := strconv.ParseInt(operations.text, 10, 64)
			if err != nil {
				return usageError("-operations is missing")
			}
			return c.people.asPerson(ctx, func(a *acting) error {
				done, err := a.client.TopUp(ctx, a.actor(), n)
				if err != nil {
					return err
				}
				if a.json {
					return a.answer(struct {
						Available int64 `json:"available"`
					}{done.Available})
				}
				_, err = fmt.Fprintf(a.out, "available  %d\n", done.Available)
				return err
			})
		},
	}
}
