package canonical

import "encoding/binary"

// HeadSize is the length of an item's head: that of a whole integer n, of what precedes n bytes, n elements or n pairs.
// With it sizes of encodings are kept without encoding.
func HeadSize(n uint64) int {
	switch {
	case n < 24:
		return 1
	case n < 1<<8:
		return 2
	case n < 1<<16:
		return 3
	case n < 1<<32:
		return 5
	}
	return 9
}

// AppendUint appends the encoding of n: what [Marshal] gives for an unsigned integer.
func AppendUint(b []byte, n uint64) []byte { return appendHead(b, majorUnsigned, n) }

// AppendInt appends the encoding of n: what [Marshal] gives for a signed integer.
func AppendInt(b []byte, n int64) []byte {
	if n < 0 {
		return appendHead(b, majorNegative, uint64(^n))
	}
	return appendHead(b, majorUnsigned, uint64(n))
}

// AppendBool appends the encoding of v.
func AppendBool(b []byte, v bool) []byte {
	if v {
		return append(b, simpleTrue)
	}
	return append(b, simpleFalse)
}

// AppendBytes appends the encoding of a byte string, which strings and arrays of bytes share.
func AppendBytes[B []byte | string](b []byte, s B) []byte {
	return append(appendHead(b, majorBytes, uint64(len(s))), s...)
}

// AppendBytesHead appends the head of a byte string of n bytes, which are to follow.
func AppendBytesHead(b []byte, n int) []byte { return appendHead(b, majorBytes, uint64(n)) }

// AppendArray appends the head of an array or struct of n elements, which are to follow.
func AppendArray(b []byte, n int) []byte { return appendHead(b, majorArray, uint64(n)) }

// AppendMap appends the head of a map of n pairs, which are to follow in the order of their encoded keys.
func AppendMap(b []byte, n int) []byte { return appendHead(b, majorMap, uint64(n)) }

func appendHead(b []byte, major byte, n uint64) []byte {
	major <<= 5
	switch {
	case n < 24:
		return append(b, major|byte(n))
	case n < 1<<8:
		return append(b, major|24, byte(n))
	case n < 1<<16:
		return binary.BigEndian.AppendUint16(append(b, major|25), uint16(n))
	case n < 1<<32:
		return binary.BigEndian.AppendUint32(append(b, major|26), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(b, major|27), n)
}
