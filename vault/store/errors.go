package store

import (
	"errors"
	"fmt"
)

// ErrReadOnly is what changing a store that was opened for reading returns.
var ErrReadOnly = errors.New("store: opened for reading only")

// LockedError says that another vault, of this process or another, has the folder open.
type LockedError struct{ Folder string }

// Error names the folder and the remedy.
func (e *LockedError) Error() string {
	return fmt.Sprintf("store: the folder %s is in use by another vault: stop that one, or give this one a folder of its own", e.Folder)
}

// FullError says that the disk has no room left. What was written before is kept.
type FullError struct {
	Folder string
	Cause  error
}

// Error names the folder and the remedy.
func (e *FullError) Error() string {
	return fmt.Sprintf("store: the disk of %s is full: make room, or lower the vault's capacity (%v)", e.Folder, e.Cause)
}

// Unwrap returns the cause.
func (e *FullError) Unwrap() error { return e.Cause }

// DamagedError says that what is on the disk is not what was written.
type DamagedError struct {
	What  string // the folder or file
	Cause error
}

// Error names what is damaged.
func (e *DamagedError) Error() string {
	return fmt.Sprintf("store: %s is damaged: %v", e.What, e.Cause)
}

// Unwrap returns the cause.
func (e *DamagedError) Unwrap() error { return e.Cause }
