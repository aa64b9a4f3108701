package canonical

import (
	"math"

	"vaultnet/refusal"
)

// Reader reads an encoding item by item, as the functions that begin with Append write it, and takes what [Unmarshal]
// takes. The first failure is kept, and whatever is read after it is zero. Items within one another are the caller's to
// follow, so nothing bounds their depth but what it reads.
type Reader struct {
	rest []byte
	err  *refusal.Error
}

// NewReader returns a reader of b, which may be limit bytes long.
func NewReader(b []byte, limit int) Reader {
	if len(b) > limit {
		return Reader{err: tooLong(b, limit)}
	}
	return Reader{rest: b}
}

// fail keeps a failure, and reads nothing further.
func (r *Reader) fail(err *refusal.Error) { r.rest, r.err = nil, err }

// number reads the head of an item of the given major type, whose number is at most the given one.
func (r *Reader) number(major byte, most uint64) uint64 {
	if r.err != nil {
		return 0
	}
	n, rest, err := expect(r.rest, major)
	if err == nil && n > most {
		err = errRange
	}
	if err != nil {
		r.fail(err)
		return 0
	}
	r.rest = rest
	return n
}

// Uint reads an unsigned integer of at most the given value.
func (r *Reader) Uint(most uint64) uint64 { return r.number(majorUnsigned, most) }

// Natural reads a signed integer that is not negative; Unmarshal would take the others, too.
func (r *Reader) Natural() int64 { return int64(r.Uint(math.MaxInt64)) }

// Int reads a signed integer.
func (r *Reader) Int() int64 {
	if len(r.rest) > 0 && r.rest[0]>>5 == majorNegative {
		return ^int64(r.number(majorNegative, math.MaxInt64))
	}
	return r.Natural()
}

// Elements reads the head of an array of elements that take at least so many bytes each, and are to follow: of no more than
// there can be, and at most [MaxElements].
func (r *Reader) Elements(least int) int {
	n := r.Array(MaxElements)
	if n > len(r.rest)/least {
		r.fail(errEnds)
		return 0
	}
	return n
}

// Array reads the head of an array of at most so many elements, which are to follow.
func (r *Reader) Array(most int) int { return int(r.number(majorArray, uint64(most))) }

// Fields reads the head of an array or struct of exactly n elements, which are to follow.
func (r *Reader) Fields(n int) {
	if r.Array(n) != n && r.err == nil {
		r.fail(refusal.Invalid("encoding: too few fields, want %d", n))
	}
}

// Bytes reads a byte string, which is returned as it lies in what is read.
func (r *Reader) Bytes() []byte {
	if r.err != nil {
		return nil
	}
	s, rest, err := expectBytes(r.rest)
	if err != nil {
		r.fail(err)
		return nil
	}
	r.rest = rest
	return s
}

// Fixed reads a byte string of exactly the length of to into it.
func (r *Reader) Fixed(to []byte) {
	if s := r.Bytes(); len(s) == len(to) {
		copy(to, s)
	} else if r.err == nil {
		r.fail(refusal.Invalid("encoding: %d bytes, want %d", len(s), len(to)))
	}
}

// End returns the first failure, or that something is left to read, as an *[refusal.Error]; or nil.
func (r *Reader) End() error {
	switch {
	case r.err != nil:
		return r.err
	case len(r.rest) > 0:
		return tooMany(r.rest)
	}
	return nil
}
