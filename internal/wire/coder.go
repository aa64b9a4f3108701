package wire

import (
	"encoding/binary"
	"math"

	"vaultnet"
	"vaultnet/internal/canonical"
	"vaultnet/internal/merkle"
	"vaultnet/refusal"
)

// A coder walks the fields of a message in one of three ways, so that a type is described once and its encoding, its
// decoding and its bounds cannot drift apart:
//
//   - checking only looks whether the value is within its bounds,
//   - encoding does so too, and appends the value,
//   - decoding reads what encoding wrote, and nothing else.
//
// The encoding is the canonical CBOR of package canonical, without maps: a struct is an array of its fields, a
// pointer that may be nil an array of none or one. What type stands where is known, so each value has exactly one
// encoding: heads in their shortest form, nothing indefinite, nothing left over. Nothing recurses, so depth is bounded
// by the types.
//
// The first failure is kept and everything after it does nothing. Checking and encoding only read what they walk.
type coder struct {
	mode    mode
	alias   bool   // decoding: byte strings are not copied
	whole   int    // decoding: bytes of the frame
	buf     []byte // encoding: what was written; decoding: what is left to read
	network vaultnet.NetworkID
	known   *familiar // decoding: permits found good before; nil: none
	err     *refusal.Error

	// In a frame what is stated is written beside what was stated before it in that frame.
	frame  bool
	behind int                 // decoding: bytes of the frame behind its head
	last   *merkle.Attestation // the one before; nil: none
	shared int                 // siblings that were not written, for they stood before
}

// position is how many bytes of the frame's messages come before what is read or written next.
func (c *coder) position() int {
	if c.mode == decoding {
		return c.behind - len(c.buf)
	}
	return len(c.buf)
}

type mode uint8

const (
	checking mode = iota
	encoding
	decoding
)

// The major types in use (RFC 8949 §3.1), in the high three bits, and the two truth values.
const (
	majorUint  = 0 << 5
	majorNeg   = 1 << 5
	majorBytes = 2 << 5
	majorArray = 4 << 5
	simpleNo   = 7<<5 | 20
	simpleYes  = 7<<5 | 21
)

func (c *coder) fail(format string, args ...any) {
	if c.err == nil {
		c.err = refusal.Invalid(format, args...)
		c.err.Op = "frame"
	}
}

// keep keeps a failure that somebody else found.
func (c *coder) keep(err *refusal.Error) {
	if c.err == nil {
		c.err = err
	}
}

// readHead reads a head and reports false where there is none or it is not in its shortest form.
func (c *coder) readHead() (major byte, n uint64, ok bool) {
	b := c.buf
	if len(b) == 0 {
		return 0, 0, false
	}
	major, low := b[0]&0xe0, b[0]&0x1f
	b = b[1:]
	var least uint64
	switch {
	case low < 24:
		n = uint64(low)
	case low == 24 && len(b) >= 1:
		n, b, least = uint64(b[0]), b[1:], 24
	case low == 25 && len(b) >= 2:
		n, b, least = uint64(binary.BigEndian.Uint16(b)), b[2:], math.MaxUint8+1
	case low == 26 && len(b) >= 4:
		n, b, least = uint64(binary.BigEndian.Uint32(b)), b[4:], math.MaxUint16+1
	case low == 27 && len(b) >= 8:
		n, b, least = binary.BigEndian.Uint64(b), b[8:], math.MaxUint32+1
	default:
		return 0, 0, false
	}
	c.buf = b
	return major, n, n >= least
}

// expect reads a head of the given major type and returns its number.
func (c *coder) expect(major byte, what string) uint64 {
	if c.err != nil {
		return 0
	}
	m, n, ok := c.readHead()
	if !ok || m != major {
		c.fail("%s: not canonical, or of another type", what)
		return 0
	}
	return n
}

// array is the head of a struct with n fields.
func (c *coder) array(n int, what string) {
	switch c.mode {
	case encoding:
		c.buf = canonical.AppendArray(c.buf, n)
	case decoding:
		if m := c.expect(majorArray, what); c.err == nil && m != uint64(n) {
			c.fail("%s: %d fields, want %d", what, m, n)
		}
	}
}

// end refuses what is left to read.
func (c *coder) end(what string) {
	if len(c.buf) > 0 {
		c.fail("%s: %d bytes too many", what, len(c.buf))
	}
}

// take reads n bytes, which are still the frame's.
func (c *coder) take(n uint64, what string) []byte {
	if c.err != nil {
		return nil
	}
	if n > uint64(len(c.buf)) {
		c.fail("%s: cut short", what)
		return nil
	}
	b := c.buf[:n:n]
	c.buf = c.buf[n:]
	return b
}

// fixed is a byte string of exactly len(b) bytes.
func (c *coder) fixed(b []byte, what string) {
	switch c.mode {
	case encoding:
		c.buf = canonical.AppendBytes(c.buf, b)
	case decoding:
		n := c.expect(majorBytes, what)
		if c.err == nil && n != uint64(len(b)) {
			c.fail("%s: %d bytes, want %d", what, n, len(b))
		}
		copy(b, c.take(n, what))
	}
}

// bytes is a byte string of min to max bytes. An empty one leaves *b as it was.
func (c *coder) bytes(b *[]byte, min, max int, what string) {
	var n int
	switch c.mode {
	case decoding:
		m := c.expect(majorBytes, what)
		if m > uint64(max) {
			c.fail("%s: %d bytes, at most %d", what, m, max)
		}
		if read := c.take(m, what); len(read) > 0 && c.alias {
			*b = read
		} else if len(read) > 0 {
			*b = append(make([]byte, 0, len(read)), read...)
		}
		n = len(*b)
	default:
		n = len(*b)
	}
	if n < min || n > max {
		c.fail("%s: %d bytes, want %d to %d", what, n, min, max)
		return
	}
	if c.mode == encoding {
		c.buf = canonical.AppendBytes(c.buf, *b)
	}
}

// content is a chunk's content. One that is large and most of a frame is not copied out of it: what else of the frame is
// kept in memory with it is little.
func (c *coder) content(b *[]byte) {
	const most = 8 // all but an eighth
	alias := c.alias
	if n := len(c.buf); n >= largeContent && c.whole-n <= c.whole/most {
		if major, length, ok := (&coder{buf: c.buf}).readHead(); ok && major == majorBytes && length >= uint64(c.whole-c.whole/most) {
			c.alias = true
		}
	}
	c.bytes(b, 0, vaultnet.MaxSize, "content")
	c.alias = alias
}

// key is a byte string of at most max bytes that the value holds as a string.
func (c *coder) key(s *string, max int, what string) {
	if c.mode == decoding {
		*s = string(c.take(c.expect(majorBytes, what), what))
	}
	if len(*s) > max {
		c.fail("%s: %d bytes, at most %d", what, len(*s), max)
	}
	if c.mode == encoding {
		c.buf = canonical.AppendBytes(c.buf, *s)
	}
}

// bool is a truth value.
func (c *coder) bool(x *bool, what string) {
	switch c.mode {
	case encoding:
		c.buf = canonical.AppendBool(c.buf, *x)
	case decoding:
		b := c.take(1, what)
		if c.err != nil {
			return
		}
		if b[0] != simpleNo && b[0] != simpleYes {
			c.fail("%s: not a truth value", what)
		}
		*x = b[0] == simpleYes
	}
}

// number is an unsigned integer of min to max.
func number[T ~uint8 | ~uint16 | ~uint32 | ~uint64](c *coder, x *T, min, max uint64, what string) {
	n := uint64(*x)
	if c.mode == decoding {
		n = c.expect(majorUint, what)
	}
	if n < min || n > max {
		c.fail("%s: %d, want %d to %d", what, n, min, max)
		return
	}
	switch c.mode {
	case encoding:
		c.buf = canonical.AppendUint(c.buf, n)
	case decoding:
		*x = T(n)
	}
}

// signed is an integer of min to max.
func signed[T ~int | ~int64](c *coder, x *T, min, max int64, what string) {
	n := int64(*x)
	if c.mode == decoding {
		n = c.readSigned(what)
	}
	if n < min || n > max {
		c.fail("%s: %d, want %d to %d", what, n, min, max)
		return
	}
	switch c.mode {
	case encoding:
		c.buf = canonical.AppendInt(c.buf, n)
	case decoding:
		*x = T(n)
	}
}

func (c *coder) readSigned(what string) int64 {
	if c.err != nil {
		return 0
	}
	major, n, ok := c.readHead()
	if !ok || major != majorUint && major != majorNeg || n > math.MaxInt64 {
		c.fail("%s: not an integer, or out of range", what)
		return 0
	}
	if major == majorNeg {
		return -1 - int64(n)
	}
	return int64(n)
}

// list is min to max values, each of which fields describes. An empty one is read as nil.
func list[T any](c *coder, s *[]T, min, max int, fields func(*coder, *T), what string) {
	if c.err != nil {
		return
	}
	if c.mode == decoding {
		n := c.expect(majorArray, what)
		if n > uint64(max) {
			c.fail("%s: %d of them, at most %d", what, n, max)
			return
		}
		if n > uint64(len(c.buf)) { // each takes a byte or more: make no room for what cannot come
			c.fail("%s: cut short", what)
			return
		}
		switch {
		case n == 0:
			*s = nil
		case n <= uint64(cap(*s)): // where whoever calls has made room
			*s = (*s)[:n]
		default:
			*s = make([]T, n)
		}
	}
	if n := len(*s); n < min || n > max {
		c.fail("%s: %d of them, want %d to %d", what, n, min, max)
		return
	}
	if c.mode == encoding {
		c.buf = canonical.AppendArray(c.buf, len(*s))
	}
	for i := range *s {
		if fields(c, &(*s)[i]); c.err != nil {
			return
		}
	}
}

// required is what p points to; nil is refused.
func required[T any](c *coder, p **T, fields func(*coder, *T), what string) {
	if c.err != nil {
		return
	}
	if c.mode == decoding {
		*p = new(T)
	} else if *p == nil {
		c.fail("%s: missing", what)
		return
	}
	fields(c, *p)
}

// optional is what p points to, as an array of none or one.
func optional[T any](c *coder, p **T, fields func(*coder, *T), what string) {
	if c.err != nil {
		return
	}
	n := 0
	switch c.mode {
	case decoding:
		if n = int(min(c.expect(majorArray, what), 2)); n > 1 {
			c.fail("%s: several, at most one", what)
		}
		if c.err == nil && n == 1 {
			*p = new(T)
		}
	default:
		if *p != nil {
			n = 1
		}
		if c.mode == encoding {
			c.buf = canonical.AppendArray(c.buf, n)
		}
	}
	if c.err == nil && *p != nil {
		fields(c, *p)
	}
}
