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

// read reads a MutableData. All reads are alike but for the query and how its result is told.
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
