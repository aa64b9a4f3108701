package batch

import (
	"context"

	"vaultnet"
	"vaultnet/client"
	"vaultnet/mutabledata"
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
