package client

import (
	"context"
	"errors"
	"fmt"

	"vaultnet/refusal"
)

// ErrClosed is wrapped by the error of whatever is asked of a client that was closed, or that Close ended.
var ErrClosed = errors.New("the client is closed")

func closed(operation string) error {
	return &refusal.Error{Op: operation, Kind: refusal.Unavailable, Cause: ErrClosed}
}

// ended is the error of an operation whose context ended before anything was sent.
func ended(operation string, ctx context.Context) error {
	return &refusal.Error{Op: operation, Kind: refusal.Unavailable, Cause: context.Cause(ctx)}
}

// unexpected is the error of an answer that is not what the operation gives.
func unexpected(operation string, result any) error {
	return &refusal.Error{Op: operation, Kind: refusal.CorruptData, Cause: fmt.Errorf("a result of type %T", result)}
}

// currentOf is the version that an InvalidSuccessor names.
func currentOf(err error) (uint64, bool) {
	var e *refusal.Error
	if errors.As(err, &e) && e.Kind == refusal.InvalidSuccessor {
		return e.Detail.Current, true
	}
	return 0, false
}
