package canonical

import (
	"encoding/binary"

	"vaultnet/refusal"
)

// Major types of CBOR (RFC 8949 §3.1): the upper three bits of an item's first byte.
const (
	majorUnsigned = 0
	majorNegative = 1
	majorBytes    = 2
	majorText     = 3
	majorArray    = 4
	majorMap      = 5
	majorTag      = 6
	majorSimple   = 7
)

// The simple values that are written; null is refused.
const (
	simpleFalse = 0xf4
	simpleTrue  = 0xf5
	simpleNull  = 0xf6
)

var (
	errEnds     = refusal.Invalid("encoding: ends too early")
	errDeep     = refusal.Invalid("encoding: nested deeper than %d", MaxDepth)
	errText     = refusal.Invalid("encoding: text string")
	errTag      = refusal.Invalid("encoding: tag")
	errSimple   = refusal.Invalid("encoding: float, null or other simple value")
	errOrder    = refusal.Invalid("encoding: map keys twice or out of order")
	errShortest = refusal.Invalid("encoding: number not in its shortest form, or indefinite length")
	errRange    = refusal.Invalid("encoding: number out of range")
	errOther    = refusal.Invalid("encoding: value of another type")
)

// head reads an item's first byte and its argument, which has to be in its shortest form.
func head(b []byte) (major byte, n uint64, rest []byte, err *refusal.Error) {
	if len(b) == 0 {
		return 0, 0, nil, errEnds
	}
	major, n, rest = b[0]>>5, uint64(b[0]&31), b[1:]
	var least uint64
	switch {
	case n < 24:
		return major, n, rest, nil
	case n > 27:
		return 0, 0, nil, errShortest
	case major == majorSimple:
		return 0, 0, nil, errSimple
	case len(rest) < 1<<(n-24):
		return 0, 0, nil, errEnds
	case n == 24:
		n, rest, least = uint64(rest[0]), rest[1:], 24
	case n == 25:
		n, rest, least = uint64(binary.BigEndian.Uint16(rest)), rest[2:], 1<<8
	case n == 26:
		n, rest, least = uint64(binary.BigEndian.Uint32(rest)), rest[4:], 1<<16
	default:
		n, rest, least = binary.BigEndian.Uint64(rest), rest[8:], 1<<32
	}
	if n < least {
		return 0, 0, nil, errShortest
	}
	return major, n, rest, nil
}

// expect reads the head of an item of the given major type.
func expect(b []byte, want byte) (uint64, []byte, *refusal.Error) {
	major, n, rest, err := head(b)
	if err == nil && major != want {
		err = unexpectedMajor(major)
	}
	return n, rest, err
}

// expectBytes reads a byte string, which is returned as it lies in b.
func expectBytes(b []byte) (s, rest []byte, err *refusal.Error) {
	n, rest, err := expect(b, majorBytes)
	if err != nil {
		return nil, nil, err
	}
	if n > uint64(len(rest)) {
		return nil, nil, errEnds
	}
	return rest[:n], rest[n:], nil
}

// expectMany reads the head of an array or map.
func expectMany(b []byte, want byte, depth int) (int, []byte, *refusal.Error) {
	n, rest, err := expect(b, want)
	switch {
	case err != nil:
	case depth == 0:
		err = errDeep
	case n > MaxElements:
		err = refusal.Invalid("encoding: %d elements, at most %d", n, MaxElements)
	}
	return int(n), rest, err
}

// unexpected says what is wrong with the item at the front of b, where another was expected.
func unexpected(b []byte) *refusal.Error {
	major, _, _, err := head(b)
	if err == nil {
		err = unexpectedMajor(major)
	}
	return err
}

func unexpectedMajor(major byte) *refusal.Error {
	switch major {
	case majorText:
		return errText
	case majorTag:
		return errTag
	case majorSimple:
		return errSimple
	}
	return errOther
}
