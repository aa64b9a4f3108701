package auth

import (
	"context"
	"errors"

	"vaultnet"
	"vaultnet/client/container"
	"vaultnet/internal/canonical"
	"vaultnet/internal/sealed"
	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

// Given is an app's access record: what it has, sealed with its own key, where it finds it while it runs. Its
// authenticator writes it, after the rights were given or before the app can notice that they were taken.
type Given struct {
	Format     uint64
	Serial     uint64 // grows with each change
	Revoked    bool
	Containers []GivenContainer // by path
	Objects    []ObjectAccess
	Terms      Terms
}

// GivenContainer is a container, what opens it, and what the app may do in it.
type GivenContainer struct {
	Path   string
	Ref    container.Ref
	Rights Rights
}

const (
	givenFormat = 1
	maxGiven    = 64 << 10 // bytes, before it is sealed
)

func decodeGiven(b []byte) (*Given, error) {
	var g Given
	if err := canonical.Unmarshal(b, &g, maxGiven); err != nil {
		return nil, err
	}
	if g.Format != givenFormat || len(g.Containers) > MaxContainers+1 || (&Access{Objects: g.Objects, Terms: g.Terms}).check("open") != nil {
		return nil, refuse("open", "access record", Corrupt)
	}
	for i, c := range g.Containers {
		if checkPath(c.Path) != nil || !c.Rights.valid() || i > 0 && g.Containers[i-1].Path >= c.Path {
			return nil, refuse("open", "access record", Corrupt)
		}
	}
	return &g, nil
}

// Container returns the container of a path; AskAgain where the app has none such.
func (g *Given) Container(path string) (GivenContainer, error) {
	for _, c := range g.Containers {
		if c.Path == path {
			return c, nil
		}
	}
	return GivenContainer{}, refuse("open", path, AskAgain)
}

func givenKey(seed [32]byte) [32]byte { return domainRecordSeal.Hash(seed[:]) }

// readGiven reads an access record; nil where there is none.
func readGiven(ctx context.Context, data container.Data, at vaultnet.Address, seed [32]byte) (*Given, mutabledata.Version, error) {
	v, ok, err := (&cell{data: data, address: at}).read(ctx)
	if err != nil || !ok {
		return nil, 0, err
	}
	if plain, ok := sealed.NewBox(givenKey(seed)).Open(nil, v.Content, at.Append(nil)); ok {
		if g, err := decodeGiven(plain); err == nil {
			return g, v.Version, nil
		}
	}
	return nil, v.Version, refuse("open", "access record", Corrupt)
}

// give writes an app's access record, unless a later one is there.
func (a *Account) give(ctx context.Context, seed [32]byte, g *Given) error {
	by, at := a.Actor(), recordAddress(a.cfg.Signer(seed).Public())
	data := a.cfg.Network.Data(by)
	c := &cell{data: data, address: at, owner: by.Account}
	plain := canonical.Marshal(g)
	for range maxRounds {
		old, version, err := readGiven(ctx, data, at, seed)
		damaged := errors.Is(err, Corrupt)
		if err != nil && !damaged {
			return err
		}
		if old != nil && (old.Serial > g.Serial || string(canonical.Marshal(old)) == string(plain)) {
			return nil
		}
		content, err := sealed.NewBox(givenKey(seed)).Seal(a.cfg.Random, plain, at.Append(nil))
		if err != nil {
			return err
		}
		var o outcome
		if old == nil && !damaged {
			o, err = c.insert(ctx, content)
		} else {
			o, err = c.update(ctx, content, version)
		}
		if err != nil || o == done {
			return err
		}
	}
	return refuse("record", "access", Busy)
}

// Open reads what an app has, on behalf of the app or of nobody. Revoked where it was taken back, AskAgain where there is
// nothing.
func Open(ctx context.Context, data container.Data, c *Credentials) (*Given, error) {
	const op = "open"
	g, _, err := readGiven(ctx, data, c.address(), c.Key)
	switch {
	case err != nil:
		return nil, fail(op, c.App.String(), err)
	case g == nil:
		return nil, refuse(op, c.App.String(), AskAgain)
	case g.Revoked:
		return nil, refuse(op, c.App.String(), Revoked)
	}
	return g, nil
}

// Try does something with what an app has. Where the network refuses it, or something does not open, rights or keys may
// have changed: they are read again, and it is tried once more. Then the error is Revoked, or AskAgain with the cause: the
// app may send its request anew.
func Try(ctx context.Context, data container.Data, c *Credentials, try func(*Given) error) error {
	g, err := Open(ctx, data, c)
	if err != nil {
		return err
	}
	if err = try(g); err == nil || !stale(err) {
		return err
	}
	if g, err = Open(ctx, data, c); err != nil {
		return err
	}
	if err = try(g); err == nil || !stale(err) {
		return err
	}
	k := AskAgain
	var r *refusal.Error
	if errors.As(err, &r) && r.Kind == refusal.GrantInvalid && r.Detail.Reason == refusal.Revoked {
		k = Revoked
	}
	return &Error{Op: "use access", Subject: c.App.String(), Kind: k, Cause: err}
}

// stale are the errors that newer rights or keys may mend.
func stale(err error) bool {
	for _, k := range []error{refusal.AccessDenied, refusal.GrantInvalid, refusal.CorruptData, container.Permission, container.Corrupt,
		container.Moved, AskAgain} {
		if errors.Is(err, k) {
			return true
		}
	}
	return false
}
