package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/peterbourgon/ff/v3/ffcli"

	"vaultnet/client/container"
	"vaultnet/internal/commandline"
)

func newContainer(s streams) *ffcli.Command {
	var names int
	grow := newPathCommand(s, "container grow", "PATH", "Make room for those who may insert there but cannot make room themselves.", `EXAMPLES
  safe container grow _public/guestbook
  safe container grow -names 50 _public/guestbook      before it is full

Who may only insert, on an account of his own, is told that the container is full when a part of it is. Each part that is
grown takes 32 operations.`, func(c *ffcli.Command, _ *people) {
		c.FlagSet.IntVar(&names, "names", 0, "grow parts that hold at least `N` names (default: full ones)")
	}, func(ctx context.Context, a *acting, args []string) error {
		c, s, err := a.containerAt(ctx, args[0])
		if err != nil {
			return err
		}
		made, err := c.Grow(ctx, names)
		if err != nil {
			return s.told(err)
		}
		if a.json {
			return a.answer(struct {
				Made int `json:"made"`
			}{made})
		}
		if made == 0 {
			return a.say("no part of it is full\n")
		}
		return a.say("made %s\n", count(made, "part", "parts"))
	})
	grow.Name = "grow"

	flags := commandline.NewFlagSet("safe container rekey")
	p := people{common: common{streams: s}}
	p.flags(flags)
	rekey := &ffcli.Command{
		Name:       "rekey",
		ShortUsage: "safe container rekey [flags] PATH",
		ShortHelp:  "Give a private container, and the directories below it, new keys.",
		LongHelp: `EXAMPLES
  safe container rekey _documents

Who lost access reads nothing that is written from then on; apps that have access notice nothing. safe revoke -rekey does it
right after a revocation. Interrupted, it can be repeated.`,
		FlagSet:   flags,
		UsageFunc: commandline.Usage,
		Exec: func(ctx context.Context, args []string) error {
			if err := one(args, "PATH"); err != nil {
				return err
			}
			return p.asPerson(ctx, func(a *acting) error {
				path := strings.TrimSuffix(args[0], "/")
				if err := a.account.Rekey(ctx, path); err != nil {
					return err
				}
				return a.say("new key: %s\n", oneLine(path))
			})
		},
	}
	return &ffcli.Command{
		Name:        "container",
		ShortUsage:  "safe container <subcommand> [flags] PATH",
		ShortHelp:   "What is seldom done with a container or directory: make room for others, change its key.",
		FlagSet:     commandline.NewFlagSet("safe container"),
		UsageFunc:   commandline.Usage,
		Exec:        noSubcommand("safe container"),
		Subcommands: []*ffcli.Command{grow, rekey},
	}
}

// containerAt is the container that a path leads to.
func (a *acting) containerAt(ctx context.Context, path string) (*container.Container, *spot, error) {
	s, err := a.place(path)
	if err != nil {
		return nil, nil, err
	}
	if s.name == "." {
		return s.fs.Top(), s, nil
	}
	info, err := s.fs.Stat(ctx, s.name)
	if err != nil {
		return nil, nil, s.told(err)
	}
	ref, ok := info.Target()
	if !ok {
		return nil, nil, &container.Error{Op: "open", Name: s.path, Kind: container.NotDirectory}
	}
	return a.tree(ref).Top(), s, nil
}

func newCheck(s streams) *ffcli.Command {
	var repair, here bool
	return newPathCommand(s, "check", "[PATH]", "Look for what other programs left half done or inconsistent, and repair it.", `EXAMPLES
  safe check                                      everything in the account
  safe check _documents -repair

It ends with code 1 where something is found that is not repaired. With -repair at the root, changes of apps' access that
were interrupted are completed, too.`, func(c *ffcli.Command, _ *people) {
		c.FlagSet.BoolVar(&repair, "repair", false, "repair what can be")
		c.FlagSet.BoolVar(&here, "here", false, "the directory alone, not those below it")
	}, func(ctx context.Context, a *acting, args []string) error {
		path := "."
		if len(args) > 0 {
			path = args[0]
		}
		s, err := a.place(path)
		if err != nil {
			return err
		}
		report, err := s.fs.Check(ctx, s.name, !here, repair)
		if err != nil {
			return s.told(err)
		}
		tidied := 0
		if repair && a.account != nil && s.path == "." {
			if tidied, err = a.account.Tidy(ctx); err != nil {
				return err
			}
		}
		return a.tellReport(report, tidied, repair)
	})
}

// findingShown is a finding in an answer.
type findingShown struct {
	What     string `json:"what"`
	Name     string `json:"name,omitempty"`
	Repaired bool   `json:"repaired"`
}

func (a *acting) tellReport(r *container.Report, tidied int, repair bool) error {
	open := r.More
	list := []findingShown{}
	for _, f := range r.Findings {
		list = append(list, findingShown{f.What, f.Name, f.Repaired})
		if !f.Repaired {
			open++
		}
	}
	if a.json {
		err := a.answer(struct {
			Objects  int            `json:"objects"`
			Names    int            `json:"names"`
			Findings []findingShown `json:"findings"`
			More     int            `json:"more"`
			Apps     int            `json:"apps"`
		}{r.Nodes, r.Names, list, r.More, tidied})
		if err == nil && open > 0 {
			err = exit{code: exitRefused}
		}
		return err
	}
	for _, f := range list {
		text := f.What
		if f.Name != "" {
			text += ": " + f.Name
		}
		if f.Repaired {
			text += " (repaired)"
		}
		fmt.Fprintln(a.out, oneLine(text))
	}
	if r.More > 0 {
		fmt.Fprintf(a.out, "and %d more\n", r.More)
	}
	if tidied > 0 {
		fmt.Fprintf(a.out, "completed what was left of %s\n", count(tidied, "app", "apps"))
	}
	fmt.Fprintf(a.out, "%s in %s: %s\n", count(r.Names, "name", "names"), count(r.Nodes, "object", "objects"), verdictText(len(list)+r.More, open))
	if open == 0 {
		return nil
	}
	if !repair {
		fmt.Fprintln(a.err, "-repair mends what can be")
	}
	return exit{code: exitRefused}
}

func verdictText(found, open int) string {
	switch {
	case found == 0:
		return "all is well"
	case open == 0:
		return fmt.Sprintf("%d found, all repaired", found)
	}
	return fmt.Sprintf("%d found, %d not repaired", found, open)
}
