package auth

import (
	"context"
	"errors"
	"io"
	"slices"

	"vaultnet"
	"vaultnet/client/container"
	"vaultnet/internal/canonical"
	"vaultnet/mutabledata"
)

// State is how far an app's access is.
type State uint8

// The states. Their values are stored.
const (
	Never    State = 0 // nothing was ever granted; it was denied
	Changing State = 1 // a change is under way, or was interrupted: repeating it completes it
	Granted  State = 2
	Revoking State = 3 // a revocation is under way, or was interrupted: repeating it completes it
	Ended    State = 4
)

var stateNames = [...]string{"never granted", "changing", "granted", "revoking", "ended"}

// String is the state as programs print it.
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return "unknown"
}

const recordFormat = 1

// record is what the authenticator keeps of an app. Whatever is going to be given is written here before, so that it can
// be taken back whatever happened in between.
type record struct {
	Format        uint64
	Serial        uint64 // changes of access so far
	App           App
	Title         string // what the person calls it; may be empty
	Seed          [32]byte
	State         State
	Access        Access        // what it is to have
	Reach         reach         // where it may have permissions: all of Access, and what is not yet taken back
	Former        []string      // Changing: paths of containers that are being taken back, by which they are found where they are re-keyed meanwhile
	Sweeps        []sweep       // what has to be taken back once more
	Created       vaultnet.Time // of the first grant
	Authenticated vaultnet.Time // the last time that access was given
	Until         vaultnet.Time // Ended: when its last permit expires
	Denied        uint64        // requests since the last grant that were
	Forget        bool          // goes when nothing is left to sweep
}

// reach is places where a key has permissions.
type reach struct {
	Containers []container.Ref
	Objects    []vaultnet.Address
}

// sweep is permissions to be taken back a second time: clients that knew only the old ones may have made new nodes with
// them, until their permits expired.
type sweep struct {
	User  vaultnet.PublicKey
	Reach reach
	Until vaultnet.Time // not before
}

func (r *reach) add(other reach) {
	for _, c := range other.Containers {
		if !slices.Contains(r.Containers, c) {
			r.Containers = append(r.Containers, c)
		}
	}
	for _, o := range other.Objects {
		if !slices.Contains(r.Objects, o) {
			r.Objects = append(r.Objects, o)
		}
	}
}

// without is what of r is not in other.
func (r reach) without(other reach) reach {
	return reach{
		slices.DeleteFunc(slices.Clone(r.Containers), func(c container.Ref) bool { return slices.Contains(other.Containers, c) }),
		slices.DeleteFunc(slices.Clone(r.Objects), func(o vaultnet.Address) bool { return slices.Contains(other.Objects, o) }),
	}
}

// equal reports whether both are the same places.
func (r reach) equal(other reach) bool {
	more, less := r.without(other), other.without(r)
	return more.empty() && less.empty()
}

func (r *reach) empty() bool { return len(r.Containers)+len(r.Objects) == 0 }

// live reports whether the app may have access.
func (r *record) live() bool { return r.State == Changing || r.State == Granted || r.State == Revoking }

// leave notes the paths that another access has no longer.
func (r *record) leave(access *Access) {
	for _, c := range r.Access.all(r.App) {
		if !slices.Contains(r.Former, c.Path) {
			r.Former = append(r.Former, c.Path)
		}
	}
	stays := access.all(r.App)
	r.Former = slices.DeleteFunc(r.Former, func(path string) bool {
		return slices.ContainsFunc(stays, func(c ContainerAccess) bool { return c.Path == path })
	})
}

// former is the access whose paths are being taken back.
func (r *record) former() (a Access) {
	for _, path := range r.Former {
		a.Containers = append(a.Containers, ContainerAccess{path, Read})
	}
	return a
}

// name is the record's in the container of records: neither part has a slash.
func (a App) name() string { return a.ID + "/" + a.Scope }

// maxRecord is how long a record may be, in bytes.
func maxRecord(name string) int { return container.MaxContent - len(name) }

// decodeRecord refuses what is no record of the app of a name.
func decodeRecord(name string, b []byte) (*record, error) {
	var r record
	if err := canonical.Unmarshal(b, &r, container.MaxContent); err != nil {
		return nil, err
	}
	if r.Format != recordFormat || r.App.name() != name || r.App.check("open") != nil || r.State > Ended || checkLabel("open", r.Title) != nil ||
		r.Access.check("open") != nil {
		return nil, refuse("open", "record of an app", Corrupt)
	}
	return &r, nil
}

// apps is the container of records.
func (a *Account) apps() *container.Container {
	return container.Open(a.cfg.containers(a.Actor()), a.now().Apps)
}

// record reads what is kept of an app; nil where nothing is.
func (a *Account) record(ctx context.Context, app App) (*record, mutabledata.Version, error) {
	e, err := a.apps().Get(ctx, app.name())
	if errors.Is(err, container.NotExist) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, err
	}
	r, err := decodeRecord(e.Name, e.Content)
	if err != nil {
		return nil, e.Version, refuse("open", app.String(), Corrupt)
	}
	return r, e.Version, nil
}

// edit changes the record of an app as edit says, which is given the present one, or a new one without a seed, and may be
// called several times. What it returns as an error ends it.
func (a *Account) edit(ctx context.Context, app App, edit func(*record) error) (*record, error) {
	for range maxRounds {
		r, version, err := a.record(ctx, app)
		if err != nil {
			return nil, err
		}
		fresh := r == nil
		if fresh {
			r = &record{Format: recordFormat, App: app}
		}
		if err := edit(r); err != nil {
			return r, err
		}
		b := canonical.Marshal(r)
		if len(b) > maxRecord(app.name()) {
			return nil, refuse("store", app.String(), TooLarge)
		}
		if fresh {
			_, err = a.apps().Insert(ctx, app.name(), b)
		} else {
			_, err = a.apps().Update(ctx, app.name(), b, version)
		}
		if errors.Is(err, container.Exist) || errors.Is(err, container.Conflict) || errors.Is(err, container.NotExist) {
			continue
		}
		return r, err
	}
	return nil, refuse("store", app.String(), Busy)
}

// newSeed is of a key for an app.
func (a *Account) newSeed() (seed [32]byte, err error) {
	_, err = io.ReadFull(a.cfg.Random, seed[:])
	return seed, err
}

func (a *Account) key(r *record) vaultnet.PublicKey { return a.cfg.Signer(r.Seed).Public() }

func (a *Account) credentials(r *record) Credentials {
	key := a.key(r)
	return Credentials{Network: a.cfg.Parameters.ID(), Name: a.cfg.Parameters.Name, App: r.App, Key: r.Seed, Owner: a.Owner(),
		Record: recordAddress(key).Name}
}
