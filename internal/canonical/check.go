package canonical

import (
	"bytes"

	"vaultnet/refusal"
)

// Major types of CBOR (RFC 8949 §3.1), as the upper three bits of an item's first byte.
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

// check refuses whatever is not one item of the mode, whatever type it is to be decoded into. It allocates nothing but
// its error.
func check(b []byte) *refusal.Error {
	rest, err := checkItem(b, MaxDepth)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return refusal.Invalid("encoding: %d bytes after the end", len(rest))
	}
	return nil
}

// checkItem reads one item from the front of b, in which arrays and maps may lie depth deep, and returns what follows.
func checkItem(b []byte, depth int) ([]byte, *refusal.Error) {
	major, n, rest, err := head(b)
	if err != nil {
		return nil, err
	}
	switch major {
	case majorUnsigned, majorNegative:
		return rest, nil
	case majorBytes:
		if n > uint64(len(rest)) {
			return nil, errEnds
		}
		return rest[n:], nil
	case majorArray, majorMap:
		if depth == 0 {
			return nil, errDeep
		}
		if n > MaxElements {
			return nil, refusal.Invalid("encoding: %d elements, at most %d", n, MaxElements)
		}
	case majorText:
		return nil, errText
	case majorTag:
		return nil, errTag
	default:
		if b[0] == 0xf4 || b[0] == 0xf5 {
			return rest, nil
		}
		return nil, errSimple
	}
	if major == majorArray {
		for ; n > 0; n-- {
			if rest, err = checkItem(rest, depth-1); err != nil {
				return nil, err
			}
		}
		return rest, nil
	}
	var last []byte
	for ; n > 0; n-- {
		after, err := checkItem(rest, depth-1)
		if err != nil {
			return nil, err
		}
		key := rest[:len(rest)-len(after)]
		if last != nil && bytes.Compare(last, key) >= 0 {
			return nil, errOrder
		}
		last = key
		if rest, err = checkItem(after, depth-1); err != nil {
			return nil, err
		}
	}
	return rest, nil
}

var (
	errEnds     = refusal.Invalid("encoding: ends too early")
	errDeep     = refusal.Invalid("encoding: nested deeper than %d", MaxDepth)
	errText     = refusal.Invalid("encoding: text string")
	errTag      = refusal.Invalid("encoding: tag")
	errSimple   = refusal.Invalid("encoding: float, null or other simple value")
	errOrder    = refusal.Invalid("encoding: map keys twice or out of order")
	errShortest = refusal.Invalid("encoding: number not in its shortest form, or indefinite length")
)

// head reads an item's first byte and its argument, which has to be in its shortest form.
func head(b []byte) (major byte, n uint64, rest []byte, err *refusal.Error) {
	if len(b) == 0 {
		return 0, 0, nil, errEnds
	}
	major, info := b[0]>>5, b[0]&31
	rest = b[1:]
	if info < 24 {
		return major, uint64(info), rest, nil
	}
	if info > 27 {
		return 0, 0, nil, errShortest
	}
	size := 1 << (info - 24)
	if len(rest) < size {
		return 0, 0, nil, errEnds
	}
	for _, c := range rest[:size] {
		n = n<<8 | uint64(c)
	}
	if major != majorSimple && HeadSize(n) != 1+size {
		return 0, 0, nil, errShortest
	}
	return major, n, rest[size:], nil
}
