package account

import (
	"math"
	"slices"

	"vaultnet"
	"vaultnet/internal/canonical"
	"vaultnet/permit"
	"vaultnet/refusal"
)

// Result is what an applied operation answers: one of the types below.
type Result interface{ result() uint8 }

// Created is the result of CreateAccount.
type Created struct{}

// Granted is the result of InsertGrant.
type Granted struct {
	Version uint64 // the account's now
}

// Revoked is the result of DeleteGrant and RevokeAll. No block with a time after Until contains a mutation, by a key
// that was revoked, paid by this account.
type Revoked struct {
	Version uint64
	Until   vaultnet.Time // T: when the last permit already out expires; the block's time where none is
}

// ToppedUp is the result of TopUp.
type ToppedUp struct {
	Available int64
}

// Verified is the result of Verify.
type Verified struct {
	At vaultnet.Time // last verified, now
}

// Issued is the result of IssuePermit: what the managers sign, and the counts of its allowances, one byte each, in the
// order of the operation's; fewer than asked for where less was left.
type Issued struct {
	Body   permit.Body
	Counts []byte
}

// Settled is the result of Settle.
type Settled struct {
	Returned uint16 // operations available again
}

func (*Created) result() uint8  { return 1 }
func (*Granted) result() uint8  { return 2 }
func (*Revoked) result() uint8  { return 3 }
func (*ToppedUp) result() uint8 { return 4 }
func (*Verified) result() uint8 { return 5 }
func (*Issued) result() uint8   { return 6 }
func (*Settled) result() uint8  { return 7 }

// Allowances are the permit's, for [permit.Assemble]; asked is the operation's list. False where they are not what the
// body's root was made of: the answer belongs to another request or is false.
func (r *Issued) Allowances(asked []permit.Allowance) ([]permit.Allowance, bool) {
	if len(asked) != len(r.Counts) || uint32(len(asked)) != r.Body.Width {
		return nil, false
	}
	granted := make([]permit.Allowance, len(asked))
	for i := range asked {
		granted[i] = permit.Allowance{Address: asked[i].Address, Count: uint16(r.Counts[i])}
	}
	return granted, permit.Tree(granted).Root() == r.Body.Root
}

// MaxResult is the longest encoding of a result, in bytes.
const MaxResult = 512

// A result is encoded as [code, numbers, bodies (of Issued: one), counts].
const resultFields = 4

// EncodeResult gives the canonical encoding, at most [MaxResult] bytes.
func EncodeResult(r Result) []byte {
	var numbers []uint64
	var bodies int
	switch r := r.(type) {
	case *Granted:
		numbers = []uint64{r.Version}
	case *Revoked:
		numbers = []uint64{r.Version, uint64(r.Until)}
	case *ToppedUp:
		numbers = []uint64{uint64(r.Available)}
	case *Verified:
		numbers = []uint64{uint64(r.At)}
	case *Issued:
		bodies = 1
	case *Settled:
		numbers = []uint64{uint64(r.Returned)}
	}
	var room [MaxResult]byte
	b := canonical.AppendUint(canonical.AppendArray(room[:0], resultFields), uint64(r.result()))
	b = canonical.AppendArray(b, len(numbers))
	for _, n := range numbers {
		b = canonical.AppendUint(b, n)
	}
	b = canonical.AppendArray(b, bodies)
	var counts []byte
	if r, ok := r.(*Issued); ok {
		b, counts = r.Body.Append(b), r.Counts
	}
	return slices.Clone(canonical.AppendBytes(b, counts))
}

// numbersOf is how many numbers a result has, by its code.
var numbersOf = [...]int{1: 0, 2: 1, 3: 2, 4: 1, 5: 1, 6: 0, 7: 1}

// DecodeResult reads what [EncodeResult] gives; anything else is InvalidRequest. It keeps no reference to b.
func DecodeResult(b []byte) (Result, error) {
	in := canonical.NewReader(b, MaxResult)
	in.Fields(resultFields)
	code := in.Uint(math.MaxUint8)
	var n [2]uint64
	numbers := in.Array(len(n))
	for i := range numbers {
		n[i] = in.Uint(math.MaxUint64)
	}
	var body permit.Body
	bodies := in.Array(1)
	if bodies == 1 {
		body.Read(&in)
	}
	counts := in.Bytes()
	if err := in.End(); err != nil {
		return nil, err
	}
	bad := func() (Result, error) { return nil, refusal.Invalid("result of an account operation") }
	if code == 0 || code >= uint64(len(numbersOf)) || numbers != numbersOf[code] || (code == 6) != (bodies == 1) ||
		code != 6 && len(counts) > 0 {
		return bad()
	}
	switch code {
	case 2:
		return &Granted{Version: n[0]}, nil
	case 3:
		if n[1] <= uint64(vaultnet.Never) {
			return &Revoked{Version: n[0], Until: vaultnet.Time(n[1])}, nil
		}
	case 4:
		if n[0] <= 1<<63-1 {
			return &ToppedUp{Available: int64(n[0])}, nil
		}
	case 5:
		if n[0] <= uint64(vaultnet.Never) {
			return &Verified{At: vaultnet.Time(n[0])}, nil
		}
	case 6:
		if body.Valid() && uint32(len(counts)) == body.Width {
			return &Issued{Body: body, Counts: slices.Clone(counts)}, nil
		}
	case 7:
		if n[0] <= vaultnet.MaxPermitCount {
			return &Settled{Returned: uint16(n[0])}, nil
		}
	default:
		return &Created{}, nil
	}
	return bad()
}
