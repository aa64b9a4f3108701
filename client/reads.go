package client

import (
	"context"

	"vaultnet"
	"vaultnet/client/op"
	"vaultnet/mutabledata"
)

// GetObject reads everything of an object at one height. Like every read it is public and linearizable: it reflects each
// change whose success was reported before it began. NoSuchData where the address holds nothing.
func (c *Client) GetObject(ctx context.Context, at vaultnet.Address) (*mutabledata.Object, vaultnet.Height, error) {
	return read[*mutabledata.Object](ctx, c, at, mutabledata.GetObject{})
}

// GetShell reads everything of an object but its entries.
func (c *Client) GetShell(ctx context.Context, at vaultnet.Address) (mutabledata.Shell, vaultnet.Height, error) {
	return read[mutabledata.Shell](ctx, c, at, mutabledata.GetShell{})
}

// GetVersion reads the version of an object's shell: what changes of permissions and owner name the successor of.
func (c *Client) GetVersion(ctx context.Context, at vaultnet.Address) (mutabledata.Version, vaultnet.Height, error) {
	return read[mutabledata.Version](ctx, c, at, mutabledata.GetVersion{})
}

// GetEntries reads all entries, in order of their keys.
func (c *Client) GetEntries(ctx context.Context, at vaultnet.Address) ([]mutabledata.Entry, vaultnet.Height, error) {
	return read[[]mutabledata.Entry](ctx, c, at, mutabledata.GetEntries{})
}

// GetKeys reads all keys, in order.
func (c *Client) GetKeys(ctx context.Context, at vaultnet.Address) ([]mutabledata.Key, vaultnet.Height, error) {
	return read[[]mutabledata.Key](ctx, c, at, mutabledata.GetKeys{})
}

// GetValues reads all values, in order of their keys.
func (c *Client) GetValues(ctx context.Context, at vaultnet.Address) ([]mutabledata.Value, vaultnet.Height, error) {
	return read[[]mutabledata.Value](ctx, c, at, mutabledata.GetValues{})
}

// GetValue reads the value under one key: NoSuchEntry where the key is absent.
func (c *Client) GetValue(ctx context.Context, at vaultnet.Address, key mutabledata.Key) (mutabledata.Value, vaultnet.Height, error) {
	return read[mutabledata.Value](ctx, c, at, mutabledata.GetValue{Key: key})
}

// GetValuesOf reads the values under up to [vaultnet.MaxReadKeys] keys as they were at one height. A key that is absent
// is not in the answer.
func (c *Client) GetValuesOf(ctx context.Context, at vaultnet.Address, keys ...mutabledata.Key) (map[mutabledata.Key]mutabledata.Value, vaultnet.Height, error) {
	q := mutabledata.GetValuesOf{Keys: sorted(keys)}
	list, height, err := read[[]*mutabledata.Value](ctx, c, at, q)
	if err != nil {
		return nil, height, err
	}
	values := make(map[mutabledata.Key]mutabledata.Value, len(list))
	for i, v := range list {
		if v != nil {
			values[q.Keys[i]] = *v
		}
	}
	return values, height, nil
}

// GetPermissions reads the permission sets of all users: Anyone first, then by key.
func (c *Client) GetPermissions(ctx context.Context, at vaultnet.Address) ([]mutabledata.Permission, vaultnet.Height, error) {
	return read[[]mutabledata.Permission](ctx, c, at, mutabledata.GetPermissions{})
}

// GetUserPermissions reads the permission set of one user: NoSuchKey where it has none.
func (c *Client) GetUserPermissions(ctx context.Context, at vaultnet.Address, user mutabledata.User) (mutabledata.PermissionSet, vaultnet.Height, error) {
	return read[mutabledata.PermissionSet](ctx, c, at, mutabledata.GetUserPermissions{User: user})
}

// Read is the one path of all reads of a MutableData; what it answers is what the query's Decode gives. Of by only
// NoRetry counts; it may be the zero Actor.
func (c *Client) Read(ctx context.Context, by Actor, at vaultnet.Address, q mutabledata.Query) (any, vaultnet.Height, error) {
	d, err := c.do(ctx, "read", func(o op.Options) op.Operation { return op.Read{Address: at, Query: q, Options: o} }, by)
	return d.Result, d.Height, err
}

func read[T any](ctx context.Context, c *Client, at vaultnet.Address, q mutabledata.Query) (t T, height vaultnet.Height, err error) {
	result, height, err := c.Read(ctx, Actor{}, at, q)
	if err != nil {
		return t, height, err
	}
	t, ok := result.(T)
	if !ok {
		return t, height, unexpected("read", result)
	}
	return t, height, nil
}
