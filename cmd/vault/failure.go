package main

import (
	"errors"
	"fmt"
	"strings"
	"syscall"

	"vaultnet/vault/store"
)

func isLocked(err error) bool { return errors.As(err, new(*store.LockedError)) }

// isTaken reports whether an address to listen on is in use. libp2p gathers what failed as text.
func isTaken(err error) bool {
	return errors.Is(err, syscall.EADDRINUSE) || err != nil && strings.Contains(err.Error(), "address already in use")
}

// taken says that an address is in use, and what to do.
func taken(what, addresses string) error {
	return codedError{exitTaken, fmt.Errorf("%s: %s is in use, perhaps by another vault: stop what uses it, or give -%s another port", what, addresses, what)}
}
