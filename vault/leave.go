package vault

import (
	"context"
	"errors"
	"fmt"
	"time"

	"vaultnet/vault/core"
)

// Left is what a vault that leaves has handed over.
type Left struct {
	Objects int // from whose sets it was taken
	Chunks  int // that all who are to hold them have
}

// leaveLook is how often a vault that leaves looks how far it is.
const leaveLook = 200 * time.Millisecond

// ErrLeaving is returned by what is asked of a vault that is leaving already.
var ErrLeaving = errors.New("vault: it is leaving already")

// StayedError says that a vault could not leave, and what is left. It goes on as before.
type StayedError struct {
	Departure core.Departure
	Cause     error
}

// Error says why, and what may be done.
func (e *StayedError) Error() string {
	d := e.Departure
	switch {
	case d.Stuck > 0 && d.Stuck == d.Objects:
		return fmt.Sprintf("it did not leave: %s held by too few vaults to miss one; start another vault, or stop this one and let the others go on without it",
			counted(d.Objects, "object is", "objects are"))
	case d.Objects > 0:
		return fmt.Sprintf("it did not leave: for %s no other vault has taken its place yet; it goes on serving", counted(d.Objects, "object", "objects"))
	case d.Chunks == 0:
		return "it did not leave: an object may be founded on it at any moment; it goes on serving"
	}
	return fmt.Sprintf("it did not leave: not all who are to hold them have %s yet; it goes on serving", counted(d.Chunks, "chunk", "chunks"))
}

// Unwrap returns why it was given up.
func (e *StayedError) Unwrap() error { return e.Cause }

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// Leave takes the vault out of its network in good order. It says that it wants to go; the members of what it holds then
// wish for other vaults in its place, while it goes on serving and voting, and the vaults that come to be among the
// nearest fetch its chunks (design §6). When nothing is left, it stops. Until then progress, which may be nil, is called
// with how far it has come, whenever that has changed.
//
// Where the rules let a set lose no member and no other vault is there, it waits. When ctx ends it is a vault like any
// other again, and the error is a [*StayedError]. The store stays as it is: a vault that is started on it once more is a
// member that was away.
func (v *Vault) Leave(ctx context.Context, progress func(core.Departure)) (Left, error) {
	if !v.leaving.CompareAndSwap(false, true) {
		return Left{}, ErrLeaving
	}
	defer v.leaving.Store(false)
	first, ok := v.departure()
	if !ok {
		return Left{}, ErrStopped
	}
	v.inbox.bring(core.Leave(true))
	ticker := time.NewTicker(leaveLook)
	defer ticker.Stop()
	var last core.Departure
	for {
		d, ok := v.departure()
		if !ok {
			return Left{}, ErrStopped
		}
		first.Objects, first.Chunks = max(first.Objects, d.Objects), max(first.Chunks, d.Chunks)
		if d.Going && d != last {
			if last = d; progress != nil {
				progress(d)
			}
		}
		if d.Going && d.Left() {
			return Left{Objects: first.Objects, Chunks: first.Chunks}, v.Close()
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			v.inbox.bring(core.Leave(false))
			return Left{Objects: first.Objects - d.Objects, Chunks: first.Chunks - d.Chunks}, &StayedError{d, context.Cause(ctx)}
		}
	}
}

// departure asks the loop how far leaving has come; false where the vault has stopped.
func (v *Vault) departure() (d core.Departure, ok bool) {
	ok = v.ask(func() { d = v.inner.Departure() })
	return d, ok
}
