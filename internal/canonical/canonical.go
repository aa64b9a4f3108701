// Package canonical is the one encoding of the project: CBOR, core deterministic (RFC 8949 §4.2.1), narrowed so that a
// value has exactly one encoding and an encoding is of exactly one value.
//
//	b := canonical.Marshal(&record)
//	err := canonical.Unmarshal(b, &record, 4096) // a *refusal.Error of kind InvalidRequest, or nil
//
// What is encoded how:
//
//   - a struct as the array of its fields, in their order; the blank field _ is none, and others have to be exported
//   - unsigned and signed integers in the shortest form, booleans as such
//   - []byte, arrays of bytes (names, keys, digests, signatures) and strings as byte strings: a Go string holds any
//     bytes, so there are no text strings
//   - slices and arrays of other things as arrays, a nil slice like an empty one
//   - maps sorted by their encoded keys
//   - a pointer as what it points to; what is optional is a slice of none or one
//
// There are no tags, floats, null, undefined or other simple values, and no indefinite lengths. Types that would need
// them cannot be encoded; a nil pointer is written as null, which [Unmarshal] refuses.
//
// For hot paths the types' shapes are worked out once; the functions that begin with Append write the same by hand, and a
// [Reader] reads it.
// github.com/fxamacker/cbor/v2 is the judge in the tests that all this is CBOR. Everything is safe for concurrent use.
package canonical

import (
	"reflect"
	"slices"
	"sync"

	"vaultnet/refusal"
)

// Bounds of what [Unmarshal] takes, besides the caller's limit.
const (
	MaxDepth    = 8       // arrays and maps within one another; what the protocol keeps and sends needs 6
	MaxElements = 131_072 // elements of one array, pairs of one map
)

// scratch are the buffers in which encodings grow before they are copied to their size. One that has grown beyond
// maxScratch is not copied but returned.
var scratch = sync.Pool{New: func() any { return new([]byte) }}

const maxScratch = 1 << 20

// Marshal encodes v, best a pointer: what it points to is encoded without a copy of the value. It panics for a type that
// has no encoding (a channel, a float, a struct with a field that is not exported): a mistake in the program, which any
// call shows.
func Marshal(v any) []byte {
	buf := scratch.Get().(*[]byte)
	*buf = Append((*buf)[:0], v)
	if cap(*buf) > maxScratch {
		return slices.Clip(*buf)
	}
	b := append(make([]byte, 0, len(*buf)), *buf...)
	scratch.Put(buf)
	return b
}

// Append appends what [Marshal] returns to b.
func Append(b []byte, v any) []byte {
	value := reflect.ValueOf(v)
	if value.Kind() == reflect.Pointer && !value.IsNil() {
		value = value.Elem()
	} else { // only what can be addressed can be read without a copy
		copied := reflect.New(value.Type()).Elem()
		copied.Set(value)
		value = copied
	}
	return planOf(value.Type()).encode(b, value)
}

// Unmarshal decodes b into v, a pointer to a zero value; anything else panics. It refuses, as InvalidRequest, input longer
// than limit bytes and whatever [Marshal] would not have written: another encoding of the same value, trailing bytes, keys
// twice, byte strings of a wrong length, too few or many fields; also what is nested deeper than [MaxDepth] or has more
// than [MaxElements] in one array or map. It allocates no more than some tens of times the length of b, and nothing
// decoded refers to b. Empty slices are not nil. After an error v holds anything.
func Unmarshal(b []byte, v any, limit int) error {
	if len(b) > limit {
		return tooLong(b, limit)
	}
	value := reflect.ValueOf(v).Elem()
	rest, err := planOf(value.Type()).decode(b, MaxDepth, value)
	switch {
	case err != nil:
		return err
	case len(rest) > 0:
		return tooMany(rest)
	}
	return nil
}

func tooLong(b []byte, limit int) *refusal.Error {
	return refusal.Invalid("%d bytes, at most %d", len(b), limit)
}

func tooMany(rest []byte) *refusal.Error {
	return refusal.Invalid("encoding: %d bytes after the end", len(rest))
}
