// Package refusal is the closed list of errors that a vault network answers with (semantics §4). A kind has a code on
// the wire; codes are append-only. An [Error] travels with its [Detail], and errors.Is against a [Kind] works on the
// client's side as it does on the vault's:
//
//	if errors.Is(err, refusal.AccessDenied) { … }
//	var e *refusal.Error
//	if errors.As(err, &e) { fmt.Println(e.Detail.Current) }
package refusal

import (
	"fmt"
	"strings"
)

// Kind is a kind of refusal, and an error by itself so that errors.Is can name it.
type Kind uint8

// The kinds, by code.
const (
	InvalidRequest      Kind = 1  // Detail.What
	AccessDenied        Kind = 2  //
	NoSuchData          Kind = 3  //
	NoSuchEntry         Kind = 4  //
	NoSuchKey           Kind = 5  //
	NoSuchAccount       Kind = 6  //
	DataExists          Kind = 7  //
	AccountExists       Kind = 8  //
	InvalidOwners       Kind = 9  //
	InvalidVersion      Kind = 10 // Detail.Max
	InvalidSuccessor    Kind = 11 // Detail.Current
	InvalidEntryActions Kind = 12 // Detail.Entries
	EmptyMutation       Kind = 13 //
	TooManyEntries      Kind = 14 // Detail.Limit
	DataTooLarge        Kind = 15 // Detail.Size, Detail.Limit
	TooManyMutations    Kind = 16 // retryable
	MutationInProgress  Kind = 17 // retryable; Detail.Keys, Detail.Shell
	DeadlinePassed      Kind = 18 //
	GrantInvalid        Kind = 19 // Detail.Reason
	PermitInvalid       Kind = 20 // Detail.Reason; the client renews
	LowBalance          Kind = 21 //
	TooManyGrants       Kind = 22 //
	TooManyPermits      Kind = 23 // retryable
	NetworkFull         Kind = 24 // retryable
	CorruptData         Kind = 25 //
	NotSettled          Kind = 26 // retryable: the vault does not yet know its neighbourhood
	Unavailable         Kind = 27 // retryable: no quorum within the deadline; Detail.OutcomeUnknown
	// EntryExists is used inside Detail.Entries only: the key is there, with Problem.Version.
	EntryExists Kind = 28
)

var kinds = [...]string{
	1: "InvalidRequest", "AccessDenied", "NoSuchData", "NoSuchEntry", "NoSuchKey", "NoSuchAccount", "DataExists",
	"AccountExists", "InvalidOwners", "InvalidVersion", "InvalidSuccessor", "InvalidEntryActions", "EmptyMutation",
	"TooManyEntries", "DataTooLarge", "TooManyMutations", "MutationInProgress", "DeadlinePassed", "GrantInvalid",
	"PermitInvalid", "LowBalance", "TooManyGrants", "TooManyPermits", "NetworkFull", "CorruptData", "NotSettled",
	"Unavailable", "EntryExists",
}

// String is the kind's name, as semantics §4 and every program's output write it.
func (k Kind) String() string {
	if k.Valid() {
		return kinds[k]
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// Error makes a Kind a sentinel for errors.Is.
func (k Kind) Error() string { return k.String() }

// Valid reports whether k is in the list.
func (k Kind) Valid() bool { return k >= InvalidRequest && k <= EntryExists }

// Retryable reports whether the same request may succeed a little later.
func (k Kind) Retryable() bool {
	switch k {
	case TooManyMutations, MutationInProgress, TooManyPermits, NetworkFull, NotSettled, Unavailable:
		return true
	}
	return false
}

// Reason says why a grant or permit is not good. Values are on the wire and append-only.
type Reason uint8

// Reasons of GrantInvalid and PermitInvalid.
const (
	NoReason     Reason = 0
	NeverGranted Reason = 1  // GrantInvalid
	Revoked      Reason = 2  // GrantInvalid
	Expired      Reason = 3  // both
	UsedUp       Reason = 4  // both
	Idle         Reason = 5  // GrantInvalid
	Pruned       Reason = 6  // GrantInvalid
	Missing      Reason = 7  // PermitInvalid
	Malformed    Reason = 8  // PermitInvalid
	NotYet       Reason = 9  // PermitInvalid
	Requester    Reason = 10 // PermitInvalid: issued to another key
	Address      Reason = 11 // PermitInvalid: for another address
	Signers      Reason = 12 // PermitInvalid: too few that this vault takes for the account's managers
	Closed       Reason = 13 // PermitInvalid
)

var reasons = [...]string{"", "never-granted", "revoked", "expired", "used-up", "idle", "pruned", "missing", "malformed",
	"not-yet", "requester", "address", "signers", "closed"}

// String is the reason as programs print it.
func (r Reason) String() string {
	if int(r) < len(reasons) {
		return reasons[r]
	}
	return fmt.Sprintf("reason-%d", uint8(r))
}

// Valid reports whether r is in the list; [NoReason] is.
func (r Reason) Valid() bool { return int(r) < len(reasons) }

// Problem is what is wrong with one entry action.
type Problem struct {
	_       struct{} `cbor:",toarray"`
	Key     string   // the entry key's bytes
	Kind    Kind     // EntryExists, NoSuchEntry, InvalidSuccessor or InvalidVersion
	Version uint64   // EntryExists: its version; InvalidSuccessor: current; InvalidVersion: the greatest allowed
}

// Detail carries what a kind's row in semantics §4 lists. Fields that do not belong to the kind are zero.
type Detail struct {
	_              struct{}  `cbor:",toarray"`
	What           string    // InvalidRequest, CorruptData: what was wrong, ≤ 256 bytes, not compared between members
	Reason         Reason    // GrantInvalid, PermitInvalid
	Current        uint64    // InvalidSuccessor
	Max            uint64    // InvalidVersion
	Size           int64     // DataTooLarge, bytes
	Limit          int64     // TooManyEntries, DataTooLarge
	Entries        []Problem // InvalidEntryActions, in key order, ≤ 200
	Keys           []string  // MutationInProgress, in key order, ≤ 200
	Shell          bool      // MutationInProgress: the shell is taken
	OutcomeUnknown bool      // Unavailable: the mutation may still be applied
}

// Error is a refusal: what was asked, why not, of what, and with which details.
type Error struct {
	Op      string // the operation, e.g. "mutate"; may be empty
	Kind    Kind
	Subject string // what it was about, for people: an address or key
	Detail  Detail
	Cause   error // may be nil
}

// New returns a refusal of the given kind.
func New(k Kind) *Error { return &Error{Kind: k} }

// Invalid returns an InvalidRequest that says what is wrong.
func Invalid(format string, args ...any) *Error {
	what := fmt.Sprintf(format, args...)
	if len(what) > 256 {
		what = what[:256]
	}
	return &Error{Kind: InvalidRequest, Detail: Detail{What: strings.ToValidUTF8(what, "?")}}
}

// Grant returns a GrantInvalid with its reason.
func Grant(r Reason) *Error { return &Error{Kind: GrantInvalid, Detail: Detail{Reason: r}} }

// Permit returns a PermitInvalid with its reason.
func Permit(r Reason) *Error { return &Error{Kind: PermitInvalid, Detail: Detail{Reason: r}} }

// Successor returns an InvalidSuccessor that names the current version.
func Successor(current uint64) *Error {
	return &Error{Kind: InvalidSuccessor, Detail: Detail{Current: current}}
}

// TooLarge returns a DataTooLarge.
func TooLarge(size, limit int64) *Error {
	return &Error{Kind: DataTooLarge, Detail: Detail{Size: size, Limit: limit}}
}

// Error is one line for people: operation, subject, kind, details, cause.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Op != "" {
		b.WriteString(e.Op + ": ")
	}
	if e.Subject != "" {
		b.WriteString(e.Subject + ": ")
	}
	b.WriteString(e.Kind.String())
	if d := e.Detail.describe(e.Kind); d != "" {
		b.WriteString(" (" + d + ")")
	}
	if e.Cause != nil {
		b.WriteString(": " + e.Cause.Error())
	}
	return b.String()
}

func (d *Detail) describe(k Kind) string {
	switch k {
	case InvalidRequest, CorruptData:
		return d.What
	case InvalidVersion:
		return fmt.Sprintf("at most %d", d.Max)
	case InvalidSuccessor:
		return fmt.Sprintf("current %d", d.Current)
	case InvalidEntryActions:
		var parts []string
		for _, p := range d.Entries {
			parts = append(parts, fmt.Sprintf("%q: %v %d", p.Key, p.Kind, p.Version))
		}
		return strings.Join(parts, ", ")
	case TooManyEntries:
		return fmt.Sprintf("limit %d", d.Limit)
	case DataTooLarge:
		return fmt.Sprintf("%d bytes, limit %d", d.Size, d.Limit)
	case MutationInProgress:
		s := fmt.Sprintf("keys %q", d.Keys)
		if d.Shell {
			s += ", shell"
		}
		return s
	case GrantInvalid, PermitInvalid:
		return d.Reason.String()
	case Unavailable:
		if d.OutcomeUnknown {
			return "outcome unknown"
		}
	}
	return ""
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Is makes errors.Is(err, kind) true.
func (e *Error) Is(target error) bool {
	k, ok := target.(Kind)
	return ok && k == e.Kind
}
