package batch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"vaultnet"
	"vaultnet/account"
	"vaultnet/client"
	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

// Network is what operations are carried out on; [client.Client] is one, and says what each method does. All are bounded
// by the context, and safe for concurrent use.
type Network interface {
	CreateAccount(ctx context.Context, by client.Actor) (client.Receipt, error)
	Account(ctx context.Context, by client.Actor) (*client.Account, vaultnet.Height, error)
	InsertGrant(ctx context.Context, by client.Actor, app vaultnet.PublicKey, terms account.Terms, version uint64) (client.Granted, error)
	DeleteGrant(ctx context.Context, by client.Actor, app vaultnet.PublicKey, version uint64) (client.Revoked, error)
	RevokeAll(ctx context.Context, by client.Actor, temporary bool, except ...vaultnet.PublicKey) (client.Revoked, error)
	Verify(ctx context.Context, by client.Actor) (client.Receipt, error)
	TopUp(ctx context.Context, by client.Actor, operations int64) (client.ToppedUp, error)
	Apply(ctx context.Context, by client.Actor, at vaultnet.Address, m mutabledata.Mutation) (client.Mutated, error)
	Read(ctx context.Context, by client.Actor, at vaultnet.Address, q mutabledata.Query) (any, vaultnet.Height, error)
	PutChunk(ctx context.Context, by client.Actor, content []byte) (vaultnet.Name, error)
	GetChunk(ctx context.Context, name vaultnet.Name) ([]byte, error)
}

var _ Network = (*client.Client)(nil)

// Keys finds the keys of those that operations name; package client/keyring's Ring does. It is safe for concurrent use.
type Keys interface {
	// Key is the private key that a label or the path of a key file stands for.
	Key(name string) (vaultnet.Signer, error)
	// Label is what the owner of a public key is called, if they are called anything.
	Label(key vaultnet.PublicKey) (string, bool)
}

// Runner carries out operations. NoRetry and Timeout are of operations that do not say.
type Runner struct {
	Network Network
	Keys    Keys
	NoRetry bool          // a retryable refusal is the answer
	Timeout time.Duration // of the whole operation; 0: [client.DefaultTimeout]
}

// Do carries out an operation and gives its answer: what the network refuses, and what turns out wrong, too. It blocks
// until the operation is complete; when the context ends, that is soon.
func (r *Runner) Do(ctx context.Context, o *Operation) Answer {
	return r.do(ctx, o, options{timeout: r.Timeout, noRetry: r.NoRetry})
}

func (r *Runner) do(ctx context.Context, o *Operation, outer options) Answer {
	t := &task{runner: r, settings: o.options.or(outer)}
	if o.Verb.Group != Control {
		length := t.settings.timeout
		if length == 0 {
			length = client.DefaultTimeout
		}
		var stop context.CancelFunc
		ctx, stop = context.WithTimeout(ctx, length)
		defer stop()
	}
	fields, err := o.action.run(ctx, t)
	if err == nil {
		return Answer{Fields: fields}
	}
	return refused(err)
}

// task is one operation being carried out.
type task struct {
	runner   *Runner
	settings options
}

func (t *task) network() Network { return t.runner.Network }

// actor is who asks, and the owner of the account that pays: who asks, where none is named.
func (t *task) actor(who string, owner User) (by client.Actor, err error) {
	if by.Key, err = t.runner.Keys.Key(who); err != nil {
		return by, misunderstood("as: %v", err)
	}
	by.Account = by.Key.Public()
	if owner != "" {
		if by.Account, err = t.key(owner); err != nil {
			return by, err
		}
	}
	by.NoRetry, by.Deadline, by.NoPermit = t.settings.noRetry, t.settings.deadline, t.settings.noPermit
	return by, nil
}

// key is the public key of somebody.
func (t *task) key(u User) (k vaultnet.PublicKey, err error) {
	if name, err := parseChunkName(string(u)); err == nil {
		return vaultnet.PublicKey(name), nil
	}
	signer, err := t.runner.Keys.Key(string(u))
	if err != nil {
		return k, misunderstood("user %q: %v", u, err)
	}
	return signer.Public(), nil
}

func (t *task) user(u User) (mutabledata.User, error) {
	if u == anyone {
		return mutabledata.Anyone, nil
	}
	k, err := t.key(u)
	return mutabledata.UserOf(k), err
}

// name is what the owner of a key is called: a label, or the key.
func (t *task) name(k vaultnet.PublicKey) string {
	if label, ok := t.runner.Keys.Label(k); ok {
		return label
	}
	return k.String()
}

func (t *task) permissions(ps []mutabledata.Permission) Permissions {
	all := make(Permissions, len(ps))
	for i, p := range ps {
		all[i] = UserPermissions{string(anyone), PermissionSet(p.Set)}
		if k, ok := p.User.Key(); ok {
			all[i].User = t.name(k)
		}
	}
	slices.SortStableFunc(all, func(a, b UserPermissions) int {
		if (a.User == string(anyone)) != (b.User == string(anyone)) {
			if a.User == string(anyone) {
				return -1
			}
			return 1
		}
		return strings.Compare(a.User, b.User)
	})
	return all
}

func (t *task) grants(gs []account.Grant) Grants {
	all := make(Grants, len(gs))
	for i, g := range gs {
		all[i] = Grant{t.name(g.Key), g}
	}
	slices.SortStableFunc(all, func(a, b Grant) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// receipt is what a change answers: what it gives, and its height.
func receipt(r client.Receipt, err error, gives ...Field) ([]Field, error) {
	if err != nil {
		return nil, err
	}
	return append(gives, Field{"height", uint64(r.Height)}), nil
}

// misunderstanding is an operation that should not have been asked for: what it names cannot be had.
type misunderstanding struct{ refusal *refusal.Error }

func (m misunderstanding) Error() string { return m.refusal.Error() }

func misunderstood(format string, args ...any) error {
	return misunderstanding{&refusal.Error{Kind: refusal.InvalidRequest, Detail: refusal.Detail{What: fmt.Sprintf(format, args...)}}}
}

func (m misunderstanding) Unwrap() error { return m.refusal }

// Misunderstood is the answer to a line that is no operation; err says why.
func Misunderstood(err error) Answer {
	return refused(misunderstood("%v", err))
}

// refused is the answer that tells of an error.
func refused(err error) Answer {
	var e *refusal.Error
	var m misunderstanding
	if !errors.As(err, &e) {
		e = &refusal.Error{Kind: refusal.Unavailable, Detail: refusal.Detail{OutcomeUnknown: true}, Cause: err}
	}
	return Answer{Refusal: e, Misunderstood: errors.As(err, &m)}
}
