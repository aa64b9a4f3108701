package auth

import (
	"context"
	"errors"

	"vaultnet/client/container"
	"vaultnet/mutabledata"
)

// containers is what package container needs to work for an actor.
func (c *Config) containers(by Actor) container.Config {
	return container.Config{Data: c.Network.Data(by), Payer: by.Account, Random: c.Random, Clock: c.Clock, Wait: c.Wait}
}

// files is what hangs in the root container.
func (a *Account) files() *container.FileSystem {
	return container.NewFileSystem(a.cfg.containers(a.Actor()), a.Root())
}

// hang makes the container of a reference, and a directory of it. That both are there is no error.
func (a *Account) hang(ctx context.Context, path string, ref container.Ref) error {
	if _, err := container.Create(ctx, a.cfg.containers(a.Actor()), ref, nil); err != nil {
		return err
	}
	_, err := a.files().Adopt(ctx, path, ref)
	if errors.Is(err, container.Exist) {
		if there, err := a.find(ctx, path); err != nil || there == ref {
			return err
		}
	}
	return err
}

// find returns the container that a path leads to: container.NotExist, container.NotDirectory.
func (a *Account) find(ctx context.Context, path string) (container.Ref, error) {
	if path == RootPath {
		return a.Root(), nil
	}
	info, err := a.files().Stat(ctx, path)
	if err != nil {
		return container.Ref{}, err
	}
	if ref, ok := info.Target(); ok {
		return ref, nil
	}
	return container.Ref{}, &container.Error{Op: "find", Name: path, Kind: container.NotDirectory}
}

// permit gives a user exactly this set in all of a container and the directories below it, the zero set being none.
func (a *Account) permit(ctx context.Context, ref container.Ref, user mutabledata.User, set mutabledata.PermissionSet) error {
	files := container.NewFileSystem(a.cfg.containers(a.Actor()), ref)
	if set == 0 {
		return files.Forbid(ctx, ".", user, true)
	}
	return files.Permit(ctx, ".", user, set, true)
}
