package refusal

import (
	"slices"
	"unicode/utf8"

	"vaultnet"
)

// Bounds of what a refusal carries over the wire.
const (
	MaxWhat     = 256                 // bytes of Detail.What
	MaxProblems = vaultnet.MaxActions // of Detail.Entries and of Detail.Keys
)

// Wire is how an [Error] travels: the kind and its details. Operation, subject and cause stay where they are; the client
// knows what it asked, and fills them in.
type Wire struct {
	_      struct{} `cbor:",toarray"`
	Kind   Kind
	Detail Detail
}

// Wire returns what of e travels. It shares the slices of e's details.
func (e *Error) Wire() Wire { return Wire{Kind: e.Kind, Detail: e.Detail} }

// Refusal returns the error that w stands for. It shares the slices of w's details.
func (w *Wire) Refusal() *Error { return &Error{Kind: w.Kind, Detail: w.Detail} }

// Validate refuses, as InvalidRequest, a refusal that no honest vault sends: an unknown kind, details that are not the
// kind's, a reason of another kind, lists out of order or too long.
func (w *Wire) Validate() error {
	if !w.Kind.Valid() || w.Kind == EntryExists {
		return Invalid("refusal of unknown kind %d", w.Kind)
	}
	rest := w.Detail // what the kind does not explain
	switch w.Kind {
	case InvalidRequest, CorruptData:
		if len(rest.What) > MaxWhat || !utf8.ValidString(rest.What) {
			return Invalid("%v: explanation of %d bytes", w.Kind, len(rest.What))
		}
		rest.What = ""
	case InvalidVersion:
		rest.Max = 0
	case InvalidSuccessor:
		rest.Current = 0
	case InvalidEntryActions:
		if err := validProblems(rest.Entries); err != nil {
			return err
		}
		rest.Entries = nil
	case TooManyEntries: // what is negative explains nothing and stays
		rest.Limit = min(rest.Limit, 0)
	case DataTooLarge:
		rest.Size, rest.Limit = min(rest.Size, 0), min(rest.Limit, 0)
	case MutationInProgress:
		if err := validKeys(rest.Keys); err != nil {
			return err
		}
		rest.Keys, rest.Shell = nil, false
	case GrantInvalid, PermitInvalid:
		if !rest.Reason.of(w.Kind) {
			return Invalid("%v for reason %d", w.Kind, rest.Reason)
		}
		rest.Reason = NoReason
	case Unavailable:
		rest.OutcomeUnknown = false
	}
	if !rest.empty() {
		return Invalid("%v with details that are not its own", w.Kind)
	}
	return nil
}

// of reports whether r is a reason of the given kind.
func (r Reason) of(k Kind) bool {
	switch r {
	case Expired, UsedUp:
		return true
	case NeverGranted, Revoked, Idle, Pruned:
		return k == GrantInvalid
	case Missing, Malformed, NotYet, Requester, Address, Signers, Closed:
		return k == PermitInvalid
	}
	return false
}

func (d *Detail) empty() bool {
	return d.What == "" && d.Reason == NoReason && d.Current == 0 && d.Max == 0 && d.Size == 0 && d.Limit == 0 &&
		len(d.Entries) == 0 && len(d.Keys) == 0 && !d.Shell && !d.OutcomeUnknown
}

func validProblems(all []Problem) error {
	if len(all) > MaxProblems {
		return Invalid("%d entries, at most %d", len(all), MaxProblems)
	}
	for i, p := range all {
		switch {
		case len(p.Key) > vaultnet.MaxKeySize:
			return Invalid("entry key of %d bytes", len(p.Key))
		case i > 0 && all[i-1].Key >= p.Key:
			return Invalid("entries out of order")
		}
		switch p.Kind {
		case EntryExists, InvalidSuccessor, InvalidVersion:
		case NoSuchEntry:
			if p.Version != 0 {
				return Invalid("NoSuchEntry with a version")
			}
		default:
			return Invalid("%v is no entry's problem", p.Kind)
		}
	}
	return nil
}

func validKeys(keys []string) error {
	if len(keys) > MaxProblems {
		return Invalid("%d keys, at most %d", len(keys), MaxProblems)
	}
	for i, k := range keys {
		switch {
		case len(k) > vaultnet.MaxKeySize:
			return Invalid("entry key of %d bytes", len(k))
		case i > 0 && keys[i-1] >= k:
			return Invalid("keys out of order")
		}
	}
	return nil
}

// Same reports whether two refusals count as alike (design §5): one kind with equal details. What explains a refusal to
// people is not compared, nor are operation, subject and cause. Nil, no refusal, is alike to nil only.
func Same(a, b *Error) bool {
	if a == nil || b == nil {
		return a == b
	}
	c, d := &a.Detail, &b.Detail
	return a.Kind == b.Kind && c.Reason == d.Reason && c.Current == d.Current && c.Max == d.Max && c.Size == d.Size &&
		c.Limit == d.Limit && c.Shell == d.Shell && c.OutcomeUnknown == d.OutcomeUnknown &&
		slices.Equal(c.Entries, d.Entries) && slices.Equal(c.Keys, d.Keys)
}
