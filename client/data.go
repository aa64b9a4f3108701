package client

import (
	"bytes"
	"context"
	"maps"
	"slices"

	"crypto/sha256"

	"vaultnet"
	"vaultnet/client/op"
	"vaultnet/mutabledata"
)

// Address is the address of the MutableData whose name is the SHA-256 of a text.
func Address(name string, tag vaultnet.Tag) vaultnet.Address {
	return At(sha256.Sum256([]byte(name)), tag)
}

// At is the address of the MutableData with a name of 32 bytes.
func At(name vaultnet.Name, tag vaultnet.Tag) vaultnet.Address {
	return vaultnet.Address{Kind: vaultnet.KindMutableData, Name: name, Tag: tag}
}

// Object is what [Client.Put] stores: entries of version 0, owned by the account that pays. Nil maps are empty ones.
type Object struct {
	Entries     map[mutabledata.Key][]byte
	Permissions map[mutabledata.User]mutabledata.PermissionSet
}

// Allow is a permission set that allows the actions and says nothing of others.
func Allow(actions ...mutabledata.Action) mutabledata.PermissionSet {
	return mutabledata.PermissionSet(0).Allow(actions...)
}

// Put stores a new object at an address that holds none: DataExists where it does.
func (c *Client) Put(ctx context.Context, by Actor, at vaultnet.Address, o Object) (Receipt, error) {
	put := &mutabledata.Put{Owner: by.Owner()}
	for _, k := range slices.Sorted(maps.Keys(o.Entries)) {
		put.Entries = append(put.Entries, mutabledata.Entry{Key: k, Value: mutabledata.Value{Content: o.Entries[k]}})
	}
	for _, u := range slices.Sorted(maps.Keys(o.Permissions)) {
		put.Permissions = append(put.Permissions, mutabledata.Permission{User: u, Set: o.Permissions[u]})
	}
	m, err := c.Apply(ctx, by, at, put)
	return m.Receipt, err
}

// Mutated is the answer to a mutation.
type Mutated struct {
	Receipt
	Versions map[mutabledata.Key]mutabledata.Version // of the entries that were inserted or updated
}

// Mutate changes entries of an object, all of the changes or none:
//
//	c.Mutate(ctx, alice, notes,
//		client.Insert("new", []byte("…")),
//		client.Update("title", []byte("…"), 4),
//		client.Delete("old", 2))
//
// InvalidEntryActions tells, per key, what did not fit the object.
func (c *Client) Mutate(ctx context.Context, by Actor, at vaultnet.Address, changes ...Change) (Mutated, error) {
	return c.Apply(ctx, by, at, Entries(changes...))
}

// SetPermissions replaces the whole permission set of a user. The version is the object's + 1 (InvalidSuccessor tells the
// current one).
func (c *Client) SetPermissions(ctx context.Context, by Actor, at vaultnet.Address, user mutabledata.User, set mutabledata.PermissionSet,
	version mutabledata.Version) (Receipt, error) {
	m, err := c.Apply(ctx, by, at, &mutabledata.SetUserPermissions{User: user, Set: set, Version: version})
	return m.Receipt, err
}

// DeletePermissions removes the permission set of a user: NoSuchKey where it has none. The version is the object's + 1.
func (c *Client) DeletePermissions(ctx context.Context, by Actor, at vaultnet.Address, user mutabledata.User, version mutabledata.Version) (Receipt, error) {
	m, err := c.Apply(ctx, by, at, &mutabledata.DelUserPermissions{User: user, Version: version})
	return m.Receipt, err
}

// ChangeOwner gives an object away; permissions stay. What is given to nobody, the zero key, can never be taken back. The
// version is the object's + 1.
func (c *Client) ChangeOwner(ctx context.Context, by Actor, at vaultnet.Address, owner vaultnet.PublicKey, version mutabledata.Version) (Receipt, error) {
	m, err := c.Apply(ctx, by, at, &mutabledata.ChangeOwner{Owner: owner, Version: version})
	return m.Receipt, err
}

// Apply is the one path of all changes of a MutableData. The mutation is not changed afterwards. Permits are fetched,
// renewed and given back in the background.
func (c *Client) Apply(ctx context.Context, by Actor, at vaultnet.Address, m mutabledata.Mutation) (Mutated, error) {
	d, err := c.do(ctx, "mutate", func(o op.Options) op.Operation {
		return op.Mutate{As: by.Key, Account: by.Account, Address: at, Mutation: m, Options: o}
	}, by)
	done := Mutated{Receipt: receipt(at, &d)}
	if err != nil {
		return done, err
	}
	result, ok := d.Result.(mutabledata.Result)
	if !ok {
		return done, unexpected("mutate", d.Result)
	}
	done.Versions = versions(m, result.Versions)
	return done, nil
}

// versions gives the keys that were inserted or updated, which are in order, their versions.
func versions(m mutabledata.Mutation, list []mutabledata.Version) map[mutabledata.Key]mutabledata.Version {
	e, ok := m.(*mutabledata.MutateEntries)
	if !ok || len(list) == 0 {
		return nil
	}
	all := make(map[mutabledata.Key]mutabledata.Version, len(list))
	for i := range e.Actions {
		a := &e.Actions[i]
		if (a.Do == mutabledata.InsertEntry || a.Do == mutabledata.UpdateEntry) && len(list) > 0 {
			all[a.Key], list = list[0], list[1:]
		}
	}
	return all
}

func sortedKeys(keys []vaultnet.PublicKey) []vaultnet.PublicKey {
	keys = slices.Clone(keys)
	slices.SortFunc(keys, func(x, y vaultnet.PublicKey) int { return bytes.Compare(x[:], y[:]) })
	return slices.Compact(keys)
}
