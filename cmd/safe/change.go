package main

import (
	"context"
	"errors"
	"fmt"
	"path"

	"github.com/peterbourgon/ff/v3/ffcli"

	"vaultnet/client/container"
)

func newMkdir(s streams) *ffcli.Command {
	var parents bool
	return newPathCommand(s, "mkdir", "PATH…", "Make directories.", `EXAMPLES
  safe mkdir _documents/trip
  safe mkdir -p _documents/trip/photos            those above it, too; that they are there is no error

A directory is a container of its own, private like the one that it is in, with the same permissions for apps. One at the top
of the account is given to apps by its name like any container.`, func(c *ffcli.Command, _ *people) {
		c.FlagSet.BoolVar(&parents, "p", false, "make those above it, too; that it is there is no error")
	}, func(ctx context.Context, a *acting, args []string) error {
		for _, arg := range args {
			s, err := a.place(arg)
			if err != nil {
				return err
			}
			if parents {
				err = s.fs.MkdirAll(ctx, s.name)
			} else {
				_, err = s.fs.Mkdir(ctx, s.name)
			}
			if errors.Is(err, container.NotExist) && !parents {
				return fmt.Errorf("%w\n-p makes the directories above it, too", s.told(err))
			}
			if err != nil {
				return s.told(err)
			}
		}
		return a.say("")
	})
}

func newRm(s streams) *ffcli.Command {
	var recursive, force bool
	var b bulk
	return newPathCommand(s, "rm", "PATH…", "Remove files, links and directories.", `EXAMPLES
  safe rm _documents/trip/old.md
  safe rm -r _documents/trip                      with all that is in it
  safe rm -r -dry-run _documents/trip             what would go

Of a link, what it leads to stays. Contents are not taken back from the network: what nobody can open any more is lost to
everybody who did not keep its keys.`, func(c *ffcli.Command, _ *people) {
		c.FlagSet.BoolVar(&recursive, "r", false, "directories with all that is in them")
		c.FlagSet.BoolVar(&force, "f", false, "that nothing is there is no error")
		b.flags(c.FlagSet)
	}, func(ctx context.Context, a *acting, args []string) error {
		b.a, b.verb = a, "remove"
		var spots []*spot
		for _, arg := range args {
			s, err := a.place(arg)
			if err != nil {
				return err
			}
			info, err := s.stat(ctx)
			switch {
			case err != nil:
				return err
			case info == nil && force:
				continue
			case info == nil:
				return &container.Error{Op: "remove", Name: s.path, Kind: container.NotExist}
			case s.name == ".":
				return &container.Error{Op: "remove", Name: s.path, Kind: container.Invalid, Cause: errors.New("this stays; its files and directories can be removed")}
			}
			spots = append(spots, s)
			b.add(1, 0)
			if recursive && info.IsDir() && !info.IsLink() {
				if err := b.survey(ctx, s); err != nil {
					return err
				}
			}
		}
		if recursive {
			if goOn, err := b.begin(ctx, false); !goOn || err != nil {
				return err
			}
		}
		removed := 0
		for _, s := range spots {
			if !recursive {
				if err := s.fs.Remove(ctx, s.name); err != nil {
					return s.told(err)
				}
				removed++
				continue
			}
			n, err := s.fs.RemoveAll(ctx, s.name)
			if removed += n; err != nil {
				return fmt.Errorf("%w\n%s removed; repeat it to go on", s.told(err), count(removed, "name", "names"))
			}
		}
		if a.json {
			return a.answer(struct {
				Removed int `json:"removed"`
			}{removed})
		}
		return nil
	})
}

func newMv(s streams) *ffcli.Command {
	return newPathCommand(s, "mv", "FROM… TO", "Give files and directories another name, or move them into a directory.", `EXAMPLES
  safe mv _documents/plan.md _documents/trip/plan.md
  safe mv _documents/a.md _documents/b.md _documents/trip

Where something has the name already it stays, and nothing is moved. A move never loses a file, whoever crashes on the way;
what was begun is completed by the next who writes there.`, nil, func(ctx context.Context, a *acting, args []string) error {
		return a.each(ctx, args, func(from, to *spot) error {
			if from.fs != to.fs {
				return fmt.Errorf("move %s: it would come into another container, which this app was given apart: copy it (safe cp), then remove it (safe rm)", from.path)
			}
			return from.told(to.told(from.fs.Rename(ctx, from.name, to.name)))
		})
	})
}

// each finds where each of FROM… comes, and does it: to TO itself, or into it where it is a directory.
func (a *acting) each(ctx context.Context, args []string, do func(from, to *spot) error) error {
	if len(args) < 2 {
		return usageError("want FROM… TO")
	}
	to, err := a.place(args[len(args)-1])
	if err != nil {
		return err
	}
	into, err := a.into(ctx, to, len(args) > 2)
	if err != nil {
		return err
	}
	for _, arg := range args[:len(args)-1] {
		from, err := a.place(arg)
		if err != nil {
			return err
		}
		if from.path == "." {
			return &container.Error{Op: "move", Name: ".", Kind: container.Invalid, Cause: errors.New("this is the root")}
		}
		target := to
		if into {
			target = to.below(path.Base(from.path))
		}
		if err := do(from, target); err != nil {
			return err
		}
	}
	return a.say("")
}

// into reports whether things come into a directory rather than under its name. Where many come it has to be one.
func (a *acting) into(ctx context.Context, to *spot, many bool) (bool, error) {
	info, err := to.stat(ctx)
	switch {
	case err != nil:
		return false, err
	case info != nil && info.IsDir():
		return true, nil
	case info == nil && (many || to.dir):
		return false, fmt.Errorf("%w\nMake it: safe mkdir -p %s", &container.Error{Op: "open", Name: to.path, Kind: container.NotExist}, quoted(to.path))
	case many || to.dir:
		return false, &container.Error{Op: "open", Name: to.path, Kind: container.NotDirectory}
	}
	return false, nil
}
