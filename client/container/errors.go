package container

import (
	"errors"
	"io/fs"

	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

// Kind is what went wrong, in a few words; errors.Is names it. Kinds that io/fs has a name for are also that.
type Kind uint8

// The kinds.
const (
	NotExist      Kind = iota + 1 // fs.ErrNotExist: no such name or container
	Exist                         // fs.ErrExist: the name is there, with Error.Version
	Invalid                       // fs.ErrInvalid: a name, path or argument that cannot be
	Permission                    // fs.ErrPermission: the network refuses this actor
	Conflict                      // the name has another version by now, Error.Version: read it again
	NotDirectory                  // a part of a path is a file
	IsDirectory                   // it is a directory, or leads to one
	NotEmpty                      // a directory with something in it
	ContainerFull                 // a node has to be made, which only its owner's side can: see [Container.Grow]
	Moved                         // the container was re-keyed or removed: open it anew, by its parent
	Foreign                       // a part of the container belongs to somebody else
	Corrupt                       // what is stored does not open, or is no record
	TooLarge                      // a record's name, metadata and content together, or a list, are above the limit
	Failed                        // anything else that the network answered: errors.As tells its kind
)

var kindNames = [...]string{"", "does not exist", "exists already", "invalid", "permission denied", "changed meanwhile", "not a directory",
	"is a directory", "directory not empty", "container full: its owner has to grow it", "container moved", "a part belongs to another owner",
	"corrupt", "too large", "failed"}

// Error makes a Kind a sentinel for errors.Is.
func (k Kind) Error() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}

var fsErrors = map[Kind]error{NotExist: fs.ErrNotExist, Exist: fs.ErrExist, Invalid: fs.ErrInvalid, Permission: fs.ErrPermission}

// Error is the error of every operation of the package.
type Error struct {
	Op      string // "insert", "open", "rename" …
	Name    string // a name or path; of a container its id
	Kind    Kind
	Version mutabledata.Version // Exist, Conflict: the present one
	Cause   error               // nil, or what the network answered: a *refusal.Error
}

// Error is one line for people.
func (e *Error) Error() string {
	s := e.Op + " " + e.Name + ": " + e.Kind.Error()
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s
}

// Is makes errors.Is true for the kind, and for the error of io/fs that it is.
func (e *Error) Is(target error) bool {
	if k, ok := target.(Kind); ok {
		return e.Kind == k
	}
	same, ok := fsErrors[e.Kind]
	return ok && target == same
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// fail makes an error of what the network answered. An *Error stays what it is.
func fail(op, name string, err error) error {
	var e *Error
	if err == nil || errors.As(err, &e) {
		return err
	}
	var r *refusal.Error
	k := Failed
	if errors.As(err, &r) {
		switch r.Kind {
		case refusal.AccessDenied, refusal.GrantInvalid:
			k = Permission
		case refusal.NoSuchData:
			k = NotExist
		case refusal.CorruptData:
			k = Corrupt
		}
	}
	return &Error{Op: op, Name: name, Kind: k, Cause: err}
}

func refuse(op, name string, k Kind) error { return &Error{Op: op, Name: name, Kind: k} }

// invalid says also why.
func invalid(op, name, why string) error {
	return &Error{Op: op, Name: name, Kind: Invalid, Cause: errors.New(why)}
}
