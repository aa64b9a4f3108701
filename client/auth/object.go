package auth

import (
	"context"
	"errors"

	"vaultnet"
	"vaultnet/client/container"
	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

// permitObject gives a user exactly this set in one object, the zero set being none.
func permitObject(ctx context.Context, data container.Data, at vaultnet.Address, user mutabledata.User, set mutabledata.PermissionSet) error {
	c := &cell{data: data, address: at}
	for range maxRounds {
		a := c.do(ctx, container.Read{Address: at, Query: mutabledata.GetShell{}})
		if a.Err != nil {
			return a.Err
		}
		shell, ok := a.Value.(mutabledata.Shell)
		if !ok {
			return refusal.New(refusal.CorruptData)
		}
		m := permission(shell, user, set)
		if m == nil {
			return nil
		}
		err := c.do(ctx, container.Mutate{Address: at, Mutation: m}).Err
		if !errors.Is(err, refusal.InvalidSuccessor) && !errors.Is(err, refusal.NoSuchKey) {
			return err
		}
	}
	return refuse("permit", at.String(), Busy)
}

// permission is the mutation that gives the user the set; nil where it has it.
func permission(shell mutabledata.Shell, user mutabledata.User, set mutabledata.PermissionSet) mutabledata.Mutation {
	has, some := mutabledata.PermissionSet(0), false
	for _, p := range shell.Permissions {
		if p.User == user {
			has, some = p.Set, true
		}
	}
	switch {
	case set == 0 && !some, set != 0 && some && has == set:
		return nil
	case set == 0:
		return &mutabledata.DelUserPermissions{User: user, Version: shell.Version + 1}
	}
	return &mutabledata.SetUserPermissions{User: user, Set: set, Version: shell.Version + 1}
}
