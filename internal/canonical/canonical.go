// Package canonical is the one CBOR mode of the project: core deterministic encoding (RFC 8949 §4.2.1), narrowed so that
// a value has exactly one encoding and an encoding is of exactly one value.
//
//	b := canonical.Marshal(&record)
//	err := canonical.Unmarshal(b, &record, 4096) // err is a *refusal.Error of kind InvalidRequest, or nil
//
// What is encoded how:
//
//   - structs as arrays of their fields; a type says so itself with a first field _ struct{} `cbor:",toarray"`
//   - unsigned and signed integers in the shortest form, booleans as such
//   - []byte, arrays of bytes (names, keys, digests, signatures) and strings as byte strings: a Go string holds any
//     bytes, so there are no text strings
//   - slices as arrays, nil like empty; what is optional is a slice of none or one
//   - maps sorted by their encoded keys
//
// There are no tags, floats, null, undefined or other simple values, and no indefinite lengths. A nil pointer or
// interface has no encoding that [Unmarshal] takes.
//
// Everything is safe for concurrent use.
package canonical

import (
	"fmt"

	"github.com/fxamacker/cbor/v2"

	"vaultnet/refusal"
)

// Bounds of what [Unmarshal] takes, besides the caller's limit.
const (
	MaxDepth    = 8       // arrays and maps within one another; what the protocol sends needs 6
	MaxElements = 131_072 // elements of one array, pairs of one map
)

var encoding = func() cbor.EncMode {
	o := cbor.CoreDetEncOptions()
	o.NilContainers = cbor.NilContainerAsEmpty
	o.TagsMd = cbor.TagsForbidden
	o.String = cbor.StringToByteString
	return must(o.EncMode())
}()

var decoding = must(cbor.DecOptions{
	DupMapKey:          cbor.DupMapKeyEnforcedAPF,
	IndefLength:        cbor.IndefLengthForbidden,
	TagsMd:             cbor.TagsForbidden,
	MaxNestedLevels:    MaxDepth,
	MaxArrayElements:   MaxElements,
	MaxMapPairs:        MaxElements,
	ExtraReturnErrors:  cbor.ExtraDecErrorUnknownField,
	ByteStringToString: cbor.ByteStringToStringAllowed,
}.DecMode())

func must[M any](mode M, err error) M {
	if err != nil {
		panic(err) // the options above contradict one another
	}
	return mode
}

// Marshal encodes v, which is best a pointer: what it points to is encoded, without a copy. It panics for a type that
// has no encoding (a channel, a function, a float's NaN), which is a mistake in the program that any call would show.
func Marshal(v any) []byte {
	b, err := encoding.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("canonical: %T cannot be encoded: %v", v, err))
	}
	return b
}

// Unmarshal decodes b into v, a pointer to a zero value. It refuses, as InvalidRequest, input longer than limit bytes or
// anything that [Marshal] would not have written for what it decoded: another encoding of the same value, trailing bytes,
// keys twice, byte strings of a wrong length, too few or many fields; and what is nested deeper than [MaxDepth] or has
// more than [MaxElements] in one array or map. Nothing decoded refers to b. After an error v holds anything.
func Unmarshal(b []byte, v any, limit int) error {
	if len(b) > limit {
		return refusal.Invalid("%d bytes, at most %d", len(b), limit)
	}
	if err := check(b); err != nil {
		return err
	}
	if err := decoding.Unmarshal(b, v); err != nil {
		return refusal.Invalid("encoding: %v", err)
	}
	c := comparison{want: b}
	if err := encoding.NewEncoder(&c).Encode(v); err != nil || c.differs || len(c.want) > 0 {
		return refusal.Invalid("encoding: not canonical")
	}
	return nil
}

// comparison is a writer that takes only the bytes it wants.
type comparison struct {
	want    []byte
	differs bool
}

func (c *comparison) Write(p []byte) (int, error) {
	if len(p) > len(c.want) || string(p) != string(c.want[:len(p)]) {
		c.differs = true
	} else {
		c.want = c.want[len(p):]
	}
	return len(p), nil
}
