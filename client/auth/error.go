package auth

import (
	"errors"
	"io/fs"

	"vaultnet/client/container"
	"vaultnet/refusal"
)

// Kind is what went wrong; errors.Is names it. Kinds that io/fs has a name for are also that.
type Kind uint8

// The kinds.
const (
	WrongCredentials Kind = iota + 1 // fs.ErrPermission: no account of that name and password
	Exists                           // fs.ErrExist: there is an account of that name and password
	Invalid                          // fs.ErrInvalid: an argument that cannot be, Error.Cause says why
	Changed                          // the password was changed by another device: log in again
	NoContainer                      // fs.ErrNotExist: no container of that name
	NoObject                         // fs.ErrNotExist: no such object, or not one that this account may share
	NoApp                            // fs.ErrNotExist: no app of that id and scope was ever authorised
	TooLarge                         // more containers and objects than one grant holds: use several scopes
	Denied                           // fs.ErrPermission: the person, or the policy, said no
	Revoked                          // fs.ErrPermission: the app's access was taken back
	AskAgain                         // fs.ErrPermission: the app's access ended by itself, or does not reach so far: ask again
	Corrupt                          // what is stored does not open, or is none of ours
	Busy                             // others changed the same thing all the time: repeat it
	Failed                           // anything else that the network answered: errors.As tells its kind
)

var kindNames = [...]string{"", "unknown account name or wrong password", "there is already an account of this name and password",
	"invalid", "the password was changed meanwhile: log in again", "no such container", "no such object, or not one to be shared",
	"no such app", "too much for one grant: use several scopes", "denied", "access was revoked",
	"access has ended or does not reach so far: ask again", "corrupt", "others changed it all the time: repeat it", "failed"}

// Error makes a Kind a sentinel for errors.Is.
func (k Kind) Error() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}

var fsErrors = map[Kind]error{WrongCredentials: fs.ErrPermission, Exists: fs.ErrExist, Invalid: fs.ErrInvalid, NoContainer: fs.ErrNotExist,
	NoObject: fs.ErrNotExist, NoApp: fs.ErrNotExist, Denied: fs.ErrPermission, Revoked: fs.ErrPermission, AskAgain: fs.ErrPermission}

// Error is the error of every operation of the package. It never contains a secret.
type Error struct {
	Op      string // "create", "log in", "authorise" …
	Subject string // a container, an app, an object; may be empty
	Kind    Kind
	Cause   error // nil, or what lies below: a *refusal.Error of the network, a *container.Error
}

// Error is one line for people.
func (e *Error) Error() string {
	s := e.Op
	if e.Subject != "" {
		s += " " + e.Subject
	}
	s += ": " + e.Kind.Error()
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

func refuse(op, subject string, k Kind) error { return &Error{Op: op, Subject: subject, Kind: k} }

// invalid says also why.
func invalid(op, subject, why string) error {
	return &Error{Op: op, Subject: subject, Kind: Invalid, Cause: errors.New(why)}
}

// fail makes an error of what lies below. An *Error stays what it is; nil stays nil.
func fail(op, subject string, err error) error {
	var e *Error
	if err == nil || errors.As(err, &e) {
		return err
	}
	k := Failed
	switch {
	case errors.Is(err, container.Corrupt), errors.Is(err, refusal.CorruptData):
		k = Corrupt
	case errors.Is(err, refusal.GrantInvalid), errors.Is(err, refusal.AccessDenied), errors.Is(err, container.Permission):
		k = AskAgain
	}
	return &Error{Op: op, Subject: subject, Kind: k, Cause: err}
}
