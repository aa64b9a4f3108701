package main

import (
	"context"
	"errors"
	"strings"

	"github.com/peterbourgon/ff/v3/ffcli"

	"vaultnet/client/auth"
	"vaultnet/client/container"
	"vaultnet/internal/commandline"
)

const shareHelp = `
A directory is shared like a container, with all that is below it. A single object, which safe data stores, is NAME/TAG with
-object. A single file cannot be: rights are those of a directory. What is shared is listed by safe apps, and ends with
safe unshare, safe revoke, or when the app's access does.`

func newShare(s streams) *ffcli.Command {
	flags := commandline.NewFlagSet("safe share")
	p := people{common: common{streams: s}}
	p.flags(flags)
	rights := auth.Read
	flags.TextVar(&rights, "rights", auth.Read, "`RIGHTS` of read, insert, update, delete, manage; all")
	object := flags.Bool("object", false, "it is a single object, NAME/TAG, not a directory")
	label := flags.String("label", "", "what an object is called: `TEXT`, for people")
	return &ffcli.Command{
		Name:       "share",
		ShortUsage: "safe share [flags] APP PATH… | -object APP NAME/TAG…",
		ShortHelp:  "Give an app that has access more: directories, or single objects.",
		LongHelp: `EXAMPLES
  safe share org.example.notes _documents/trip -rights read,insert
  safe share org.example.notes -object board/15000 -rights read,update
` + shareHelp,
		FlagSet:   flags,
		UsageFunc: commandline.Usage,
		Exec: func(ctx context.Context, args []string) error {
			app, access, err := shared(args, *object)
			if err != nil {
				return err
			}
			for i := range access.Containers {
				access.Containers[i].Rights = rights
			}
			for i := range access.Objects {
				access.Objects[i].Rights = rights
				if *label != "" {
					access.Objects[i].Label = *label
				}
			}
			return p.asPerson(ctx, func(a *acting) error {
				if err := a.noFiles(ctx, &access); err != nil {
					return err
				}
				var err error
				if len(access.Containers) > 0 {
					err = a.account.Add(ctx, app, access.Containers...)
				} else {
					err = a.account.Share(ctx, app, access.Objects...)
				}
				if err != nil {
					return err
				}
				return a.tellHas(ctx, app)
			})
		},
	}
}

func newUnshare(s streams) *ffcli.Command {
	flags := commandline.NewFlagSet("safe unshare")
	p := people{common: common{streams: s}}
	p.flags(flags)
	object := flags.Bool("object", false, "it is a single object, NAME/TAG, not a directory")
	return &ffcli.Command{
		Name:       "unshare",
		ShortUsage: "safe unshare [flags] APP PATH… | -object APP NAME/TAG…",
		ShortHelp:  "Take directories or single objects from an app; the rest of its access stays.",
		LongHelp: `EXAMPLES
  safe unshare org.example.notes _documents/trip
  safe unshare org.example.notes -object board/15000
` + shareHelp,
		FlagSet:   flags,
		UsageFunc: commandline.Usage,
		Exec: func(ctx context.Context, args []string) error {
			app, access, err := shared(args, *object)
			if err != nil {
				return err
			}
			return p.asPerson(ctx, func(a *acting) error {
				for _, c := range access.Containers {
					if err := a.account.RevokeContainer(ctx, app, c.Path); err != nil {
						return err
					}
				}
				for _, o := range access.Objects {
					if err := a.account.Unshare(ctx, app, o.Address); err != nil {
						return err
					}
				}
				return a.tellHas(ctx, app)
			})
		},
	}
}

// shared reads an app and what is shared with it.
func shared(args []string, objects bool) (auth.App, auth.Access, error) {
	var access auth.Access
	if len(args) < 2 {
		return auth.App{}, access, usageError("want APP and what is shared")
	}
	app, err := parseApp(args[0])
	if err != nil {
		return app, access, err
	}
	for _, text := range args[1:] {
		if !objects {
			access.Containers = append(access.Containers, auth.ContainerAccess{Path: strings.TrimSuffix(text, "/"), Rights: auth.Read})
			continue
		}
		address, label, err := parseAddress(text)
		if err != nil {
			return app, access, usageError("%w", err)
		}
		access.Objects = append(access.Objects, auth.ObjectAccess{Address: address, Label: label, Rights: auth.Read})
	}
	return app, access, nil
}

// noFiles refuses paths of files, which have no rights of their own.
func (a *acting) noFiles(ctx context.Context, access *auth.Access) error {
	for _, c := range access.Containers {
		s, err := a.at(c.Path)
		if err != nil {
			return err
		}
		if info, err := s.stat(ctx); err == nil && info != nil && !info.IsDir() {
			return &auth.Error{Op: "share", Subject: c.Path, Kind: auth.NoContainer,
				Cause: &container.Error{Op: "stat", Name: c.Path, Kind: container.NotDirectory,
					Cause: errors.New("a file has no rights of its own: share the directory that it is in")}}
		}
	}
	return nil
}

// tellHas says what an app has now.
func (a *acting) tellHas(ctx context.Context, app auth.App) error {
	entries, err := a.account.List(ctx)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.App.ID == app.ID && e.App.Scope == app.Scope {
			return a.tellAccess(e.App, &e.Access, &auth.Difference{}, false, "")
		}
	}
	return a.say("")
}
