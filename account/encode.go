package account

import (
	"fmt"
	"time"

	"vaultnet"
	"vaultnet/internal/canonical"
	"vaultnet/internal/merkle"
	"vaultnet/permit"
	"vaultnet/refusal"
)

// MaxBody is the longest encoding of an operation, in bytes: RevokeAll excepting [vaultnet.MaxGrants] keys.
const MaxBody = 40 << 10

// The operations as they are encoded: arrays that begin with the code. Durations are in milliseconds, addresses are
// byte strings of [vaultnet.AddressSize].
type (
	wireBare struct { // CreateAccount, Verify
		_    struct{} `cbor:",toarray"`
		Code Code
	}
	wireTerms struct {
		_          struct{} `cbor:",toarray"`
		Label      string
		Expires    vaultnet.Time
		Uses       uint64
		Idle       int64
		Temporary  bool
		Permit     int64
		Unverified int64
	}
	wireInsert struct {
		_       struct{} `cbor:",toarray"`
		Code    Code
		Key     vaultnet.PublicKey
		Terms   wireTerms
		Version uint64
	}
	wireDelete struct {
		_       struct{} `cbor:",toarray"`
		Code    Code
		Key     vaultnet.PublicKey
		Version uint64
	}
	wireRevoke struct {
		_         struct{} `cbor:",toarray"`
		Code      Code
		Temporary bool
		Except    []vaultnet.PublicKey
	}
	wireTopUp struct {
		_          struct{} `cbor:",toarray"`
		Code       Code
		Operations int64
	}
	wireAllowance struct {
		_       struct{} `cbor:",toarray"`
		Address [vaultnet.AddressSize]byte
		Count   uint16
	}
	wireIssue struct {
		_          struct{} `cbor:",toarray"`
		Code       Code
		Allowances []wireAllowance
		Lifetime   int64
	}
	wireSettle struct {
		_          struct{} `cbor:",toarray"`
		Code       Code
		Body       permit.Body
		Allowance  wireAllowance
		Path       merkle.Path
		Used       uint16
		Closed     bool
		Statements []merkle.Attestation
	}
)

// Encode gives the canonical encoding of an operation that is valid; one that is not encodes to something that [Decode]
// refuses.
func Encode(op Operation) []byte {
	switch o := op.(type) {
	case *InsertGrant:
		return canonical.Marshal(&wireInsert{Code: o.Code(), Key: o.Key, Terms: termsToWire(&o.Terms), Version: o.Version})
	case *DeleteGrant:
		return canonical.Marshal(&wireDelete{Code: o.Code(), Key: o.Key, Version: o.Version})
	case *RevokeAll:
		return canonical.Marshal(&wireRevoke{Code: o.Code(), Temporary: o.Temporary, Except: o.Except})
	case *TopUp:
		return canonical.Marshal(&wireTopUp{Code: o.Code(), Operations: o.Operations})
	case *IssuePermit:
		w := wireIssue{Code: o.Code(), Allowances: make([]wireAllowance, len(o.Allowances)), Lifetime: o.Lifetime.Milliseconds()}
		for i := range o.Allowances {
			w.Allowances[i] = allowanceToWire(o.Allowances[i])
		}
		return canonical.Marshal(&w)
	case *Settle:
		return canonical.Marshal(&wireSettle{Code: o.Code(), Body: o.Body, Allowance: allowanceToWire(o.Allowance), Path: o.Path,
			Used: o.Used, Closed: o.Closed, Statements: o.Statements})
	}
	return canonical.Marshal(&wireBare{Code: op.Code()})
}

// Decode reads what [Encode] gives for a valid operation. Anything else is InvalidRequest. It keeps no reference to b.
func Decode(b []byte) (Operation, error) {
	op, err := decode(b)
	if err == nil {
		err = op.Validate()
	}
	if err != nil {
		return nil, err
	}
	return op, nil
}

func decode(b []byte) (Operation, error) {
	if len(b) < 2 {
		return nil, refusal.Invalid("operation: %d bytes", len(b))
	}
	switch code := Code(b[1]); code { // a code is one byte, behind the one-byte head of a short array
	case CodeCreateAccount:
		return &CreateAccount{}, canonical.Unmarshal(b, new(wireBare), MaxBody)
	case CodeVerify:
		return &Verify{}, canonical.Unmarshal(b, new(wireBare), MaxBody)
	case CodeInsertGrant:
		var w wireInsert
		if err := canonical.Unmarshal(b, &w, MaxBody); err != nil {
			return nil, err
		}
		terms, err := w.Terms.terms()
		return &InsertGrant{Key: w.Key, Terms: terms, Version: w.Version}, err
	case CodeDeleteGrant:
		var w wireDelete
		err := canonical.Unmarshal(b, &w, MaxBody)
		return &DeleteGrant{Key: w.Key, Version: w.Version}, err
	case CodeRevokeAll:
		var w wireRevoke
		err := canonical.Unmarshal(b, &w, MaxBody)
		return &RevokeAll{Temporary: w.Temporary, Except: w.Except}, err
	case CodeTopUp:
		var w wireTopUp
		err := canonical.Unmarshal(b, &w, MaxBody)
		return &TopUp{Operations: w.Operations}, err
	case CodeIssuePermit:
		return decodeIssue(b)
	case CodeSettle:
		return decodeSettle(b)
	default:
		return nil, refusal.Invalid("operation: unknown code %d", code)
	}
}

func decodeIssue(b []byte) (Operation, error) {
	var w wireIssue
	if err := canonical.Unmarshal(b, &w, MaxBody); err != nil {
		return nil, err
	}
	o := &IssuePermit{Allowances: make([]permit.Allowance, len(w.Allowances))}
	for i := range w.Allowances {
		var err error
		if o.Allowances[i], err = w.Allowances[i].allowance(); err != nil {
			return nil, err
		}
	}
	var err error
	o.Lifetime, err = fromMillis(w.Lifetime)
	return o, err
}

func decodeSettle(b []byte) (Operation, error) {
	var w wireSettle
	if err := canonical.Unmarshal(b, &w, MaxBody); err != nil {
		return nil, err
	}
	allowance, err := w.Allowance.allowance()
	return &Settle{Body: w.Body, Allowance: allowance, Path: w.Path, Used: w.Used, Closed: w.Closed,
		Statements: w.Statements}, err
}

func allowanceToWire(a permit.Allowance) wireAllowance {
	w := wireAllowance{Count: a.Count}
	a.Address.Append(w.Address[:0])
	return w
}

func (w *wireAllowance) allowance() (permit.Allowance, error) {
	a, ok := vaultnet.ParseAddress(w.Address[:])
	if !ok {
		return permit.Allowance{}, refusal.Invalid("permit: not an address")
	}
	return permit.Allowance{Address: a, Count: w.Count}, nil
}

func termsToWire(t *Terms) wireTerms {
	return wireTerms{Label: t.Label, Expires: t.Expires, Uses: t.Uses, Idle: t.Idle.Milliseconds(), Temporary: t.Temporary,
		Permit: t.PermitLifetime.Milliseconds(), Unverified: t.Unverified.Milliseconds()}
}

func (w *wireTerms) terms() (Terms, error) {
	t := Terms{Label: w.Label, Expires: w.Expires, Uses: w.Uses, Temporary: w.Temporary}
	var err error
	for _, d := range []struct {
		to *time.Duration
		ms int64
	}{{&t.Idle, w.Idle}, {&t.PermitLifetime, w.Permit}, {&t.Unverified, w.Unverified}} {
		if *d.to, err = fromMillis(d.ms); err != nil {
			return Terms{}, err
		}
	}
	return t, nil
}

func fromMillis(ms int64) (time.Duration, error) {
	if ms < 0 || ms > MaxTerm.Milliseconds() {
		return 0, refusal.Invalid("duration: %d ms, at most %d", ms, MaxTerm.Milliseconds())
	}
	return time.Duration(ms) * time.Millisecond, nil
}

// String names the code as people know the operation.
func (c Code) String() string {
	names := [...]string{1: "create-account", "insert-grant", "delete-grant", "revoke-all", "top-up", "verify", "issue-permit",
		"settle"}
	if c >= 1 && int(c) < len(names) {
		return names[c]
	}
	return fmt.Sprintf("operation-%d", uint8(c))
}
