package batch

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"vaultnet"
	"vaultnet/client"
	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

type put struct {
	as          string
	payer       User
	address     vaultnet.Address
	entries     []mutabledata.Entry
	permissions []permission
	owner       User
	version     uint64
}

func (o *put) members() []*member {
	return []*member{
		as(&o.as), payer(&o.payer), address(&o.address), entries(&o.entries), permissions(&o.permissions),
		optional(key("owner", "the object's owner (default: the owner of the account that pays; nobody else is accepted)", &o.owner)),
		optional(integer("version", "version of the shell (default: 0; no other is accepted)", 0, &o.version)),
	}
}

func (o *put) run(ctx context.Context, t *task) ([]Field, error) {
	by, err := t.actor(o.as, o.payer)
	if err != nil {
		return nil, err
	}
	m := &mutabledata.Put{Owner: by.Owner(), Version: mutabledata.Version(o.version), Entries: o.entries}
	if o.owner != "" {
		if m.Owner, err = t.key(o.owner); err != nil {
			return nil, err
		}
	}
	seen := map[mutabledata.User]bool{}
	for _, p := range o.permissions {
		u, err := t.user(p.user)
		if err != nil {
			return nil, err
		}
		if seen[u] { // once by label, once by key
			return nil, misunderstood("permissions: user %q twice", p.user)
		}
		seen[u] = true
		m.Permissions = append(m.Permissions, mutabledata.Permission{User: u, Set: p.set})
	}
	return change(ctx, t, by, o.address, m)
}

type mutate struct {
	as      string
	payer   User
	address vaultnet.Address
	actions []mutabledata.EntryAction
	max     uint64
}

func (o *mutate) members() []*member {
	return []*member{
		as(&o.as), payer(&o.payer), address(&o.address), entryActions(&o.actions),
		optional(integer("max-entries", "how many entries the object may have afterwards (default 100)", 1, &o.max)),
	}
}

func (o *mutate) run(ctx context.Context, t *task) ([]Field, error) {
	by, err := t.actor(o.as, o.payer)
	if err != nil {
		return nil, err
	}
	// Beyond what a mutation may ask for, the rules say what is wrong, as of any other number that is too great.
	m := &mutabledata.MutateEntries{Actions: o.actions, MaxEntries: int(min(o.max, vaultnet.MaxEntries+1))}
	mutabledata.Sort(m)
	r, err := t.network().Apply(ctx, by, o.address, m)
	var versions Versions
	for _, a := range m.Actions {
		if v, ok := r.Versions[a.Key]; ok {
			versions = append(versions, EntryVersion{a.Key, v})
		}
	}
	return receipt(r.Receipt, err, Field{"versions", versions})
}

type setPermissions struct {
	as      string
	payer   User
	address vaultnet.Address
	user    User
	set     mutabledata.PermissionSet
	version uint64
}

func (o *setPermissions) members() []*member {
	return []*member{as(&o.as), payer(&o.payer), address(&o.address), user(&o.user), permissionSet(&o.set), version("the shell", &o.version)}
}

func (o *setPermissions) run(ctx context.Context, t *task) ([]Field, error) {
	u, err := t.user(o.user)
	if err != nil {
		return nil, err
	}
	return changeShell(ctx, t, o.as, o.payer, o.address, &mutabledata.SetUserPermissions{User: u, Set: o.set, Version: mutabledata.Version(o.version)})
}

type delPermissions struct {
	as      string
	payer   User
	address vaultnet.Address
	user    User
	version uint64
}

func (o *delPermissions) members() []*member {
	return []*member{as(&o.as), payer(&o.payer), address(&o.address), user(&o.user), version("the shell", &o.version)}
}

func (o *delPermissions) run(ctx context.Context, t *task) ([]Field, error) {
	u, err := t.user(o.user)
	if err != nil {
		return nil, err
	}
	return changeShell(ctx, t, o.as, o.payer, o.address, &mutabledata.DelUserPermissions{User: u, Version: mutabledata.Version(o.version)})
}

type changeOwner struct {
	as      string
	address vaultnet.Address
	new     User
	version uint64
}

func (o *changeOwner) members() []*member {
	return []*member{as(&o.as), address(&o.address), key("new", "the new owner", &o.new), version("the shell", &o.version)}
}

func (o *changeOwner) run(ctx context.Context, t *task) ([]Field, error) {
	k, err := t.key(o.new)
	if err != nil {
		return nil, err
	}
	return changeShell(ctx, t, o.as, "", o.address, &mutabledata.ChangeOwner{Owner: k, Version: mutabledata.Version(o.version)})
}

func changeShell(ctx context.Context, t *task, as string, owner User, a vaultnet.Address, m mutabledata.Mutation) ([]Field, error) {
	by, err := t.actor(as, owner)
	if err != nil {
		return nil, err
	}
	return change(ctx, t, by, a, m)
}

// change has a MutableData be changed by a mutation that gives nothing back.
func change(ctx context.Context, t *task, by client.Actor, a vaultnet.Address, m mutabledata.Mutation) ([]Field, error) {
	mutabledata.Sort(m)
	r, err := t.network().Apply(ctx, by, a, m)
	return receipt(r.Receipt, err)
}

// reads of a MutableData are all alike but for the query and how its result is told.

func read[R any](ctx context.Context, t *task, a vaultnet.Address, q mutabledata.Query, tell func(R) []Field) ([]Field, error) {
	result, height, err := t.network().Read(ctx, client.Actor{NoRetry: t.settings.noRetry}, a, q)
	if err != nil {
		return nil, err
	}
	r, ok := result.(R)
	if !ok {
		return nil, &refusal.Error{Kind: refusal.CorruptData, Cause: fmt.Errorf("the client answered a %T", result)}
	}
	return append(tell(r), Field{"height", uint64(height)}), nil
}

type getEntry struct {
	address vaultnet.Address
	key     mutabledata.Key
}

func (o *getEntry) members() []*member {
	return []*member{address(&o.address), scalar("key", "KEY", "the entry's key: text, or hex:DIGITS", &o.key, parseKey)}
}

func (o *getEntry) run(ctx context.Context, t *task) ([]Field, error) {
	return read(ctx, t, o.address, mutabledata.GetValue{Key: o.key}, func(v mutabledata.Value) []Field { return []Field{{"value", Value(v)}} })
}

type getEntries struct {
	address vaultnet.Address
	keys    []mutabledata.Key // nil: all
}

func (o *getEntries) members() []*member { return []*member{address(&o.address), keys(&o.keys)} }

func (o *getEntries) run(ctx context.Context, t *task) ([]Field, error) {
	if o.keys == nil {
		return read(ctx, t, o.address, mutabledata.GetEntries{}, func(es []mutabledata.Entry) []Field { return []Field{{"entries", Entries(es)}} })
	}
	slices.SortFunc(o.keys, func(a, b mutabledata.Key) int { return strings.Compare(string(a), string(b)) })
	return read(ctx, t, o.address, mutabledata.GetValuesOf{Keys: o.keys}, func(vs []*mutabledata.Value) []Field {
		var there Entries
		for i, v := range vs {
			if v != nil && i < len(o.keys) {
				there = append(there, mutabledata.Entry{Key: o.keys[i], Value: *v})
			}
		}
		return []Field{{"entries", there}}
	})
}

type getKeys struct{ address vaultnet.Address }

func (o *getKeys) members() []*member { return []*member{address(&o.address)} }

func (o *getKeys) run(ctx context.Context, t *task) ([]Field, error) {
	return read(ctx, t, o.address, mutabledata.GetKeys{}, func(ks []mutabledata.Key) []Field { return []Field{{"keys", KeyList(ks)}} })
}

type getValues struct{ address vaultnet.Address }

func (o *getValues) members() []*member { return []*member{address(&o.address)} }

func (o *getValues) run(ctx context.Context, t *task) ([]Field, error) {
	return read(ctx, t, o.address, mutabledata.GetValues{}, func(vs []mutabledata.Value) []Field { return []Field{{"values", Values(vs)}} })
}

type getShell struct{ address vaultnet.Address }

func (o *getShell) members() []*member { return []*member{address(&o.address)} }

func (o *getShell) run(ctx context.Context, t *task) ([]Field, error) {
	return read(ctx, t, o.address, mutabledata.GetShell{}, func(s mutabledata.Shell) []Field {
		return []Field{
			{"version", uint64(s.Version)}, {"owner", t.name(s.Owner)}, {"entries", uint64(s.Entries)}, {"size", uint64(s.Size)},
			{"permissions", t.permissions(s.Permissions)},
		}
	})
}

type getObject struct{ address vaultnet.Address }

func (o *getObject) members() []*member { return []*member{address(&o.address)} }

func (o *getObject) run(ctx context.Context, t *task) ([]Field, error) {
	return read(ctx, t, o.address, mutabledata.GetObject{}, func(x *mutabledata.Object) []Field {
		var entries Entries
		for k, v := range x.Entries() {
			entries = append(entries, mutabledata.Entry{Key: k, Value: v})
		}
		var permissions []mutabledata.Permission
		for u, set := range x.Permissions() {
			permissions = append(permissions, mutabledata.Permission{User: u, Set: set})
		}
		return []Field{
			{"version", uint64(x.Version())}, {"owner", t.name(x.Owner())}, {"count", uint64(x.Len())}, {"size", uint64(x.Size())},
			{"permissions", t.permissions(permissions)}, {"entries", entries},
		}
	})
}

type getVersion struct{ address vaultnet.Address }

func (o *getVersion) members() []*member { return []*member{address(&o.address)} }

func (o *getVersion) run(ctx context.Context, t *task) ([]Field, error) {
	return read(ctx, t, o.address, mutabledata.GetVersion{}, func(v mutabledata.Version) []Field { return []Field{{"version", uint64(v)}} })
}

type getPermissions struct{ address vaultnet.Address }

func (o *getPermissions) members() []*member { return []*member{address(&o.address)} }

func (o *getPermissions) run(ctx context.Context, t *task) ([]Field, error) {
	return read(ctx, t, o.address, mutabledata.GetPermissions{}, func(ps []mutabledata.Permission) []Field {
		return []Field{{"permissions", t.permissions(ps)}}
	})
}

type getUserPermissions struct {
	address vaultnet.Address
	user    User
}

func (o *getUserPermissions) members() []*member {
	return []*member{address(&o.address), user(&o.user)}
}

func (o *getUserPermissions) run(ctx context.Context, t *task) ([]Field, error) {
	u, err := t.user(o.user)
	if err != nil {
		return nil, err
	}
	return read(ctx, t, o.address, mutabledata.GetUserPermissions{User: u}, func(s mutabledata.PermissionSet) []Field {
		return []Field{{"permissions", PermissionSet(s)}}
	})
}
