package canonical

import (
	"math"
	"reflect"

	"vaultnet/refusal"
)

func encodeBool(b []byte, v reflect.Value) []byte { return AppendBool(b, v.Bool()) }

func decodeBool(b []byte, _ int, v reflect.Value) ([]byte, *refusal.Error) {
	if len(b) == 0 || b[0] != simpleTrue && b[0] != simpleFalse {
		return nil, unexpected(b)
	}
	v.SetBool(b[0] == simpleTrue)
	return b[1:], nil
}

func encodeUint(b []byte, v reflect.Value) []byte { return AppendUint(b, v.Uint()) }

func decodeUint(b []byte, _ int, v reflect.Value) ([]byte, *refusal.Error) {
	n, b, err := expect(b, majorUnsigned)
	if err != nil {
		return nil, err
	}
	if v.OverflowUint(n) {
		return nil, errRange
	}
	v.SetUint(n)
	return b, nil
}

func encodeInt(b []byte, v reflect.Value) []byte { return AppendInt(b, v.Int()) }

func decodeInt(b []byte, _ int, v reflect.Value) ([]byte, *refusal.Error) {
	major, n, b, err := head(b)
	if err != nil {
		return nil, err
	}
	if major != majorUnsigned && major != majorNegative {
		return nil, unexpectedMajor(major)
	}
	if n > math.MaxInt64 {
		return nil, errRange
	}
	i := int64(n)
	if major == majorNegative {
		i = ^i
	}
	if v.OverflowInt(i) {
		return nil, errRange
	}
	v.SetInt(i)
	return b, nil
}

func encodeString(b []byte, v reflect.Value) []byte { return AppendBytes(b, v.String()) }

func decodeString(b []byte, _ int, v reflect.Value) ([]byte, *refusal.Error) {
	s, b, err := expectBytes(b)
	if err != nil {
		return nil, err
	}
	v.SetString(string(s))
	return b, nil
}

// encodeBytes is for slices and arrays of bytes.
func encodeBytes(b []byte, v reflect.Value) []byte { return AppendBytes(b, v.Bytes()) }

func decodeBytes(b []byte, _ int, v reflect.Value) ([]byte, *refusal.Error) {
	s, b, err := expectBytes(b)
	if err != nil {
		return nil, err
	}
	v.SetBytes(append(make([]byte, 0, len(s)), s...))
	return b, nil
}

func decodeByteArray(b []byte, _ int, v reflect.Value) ([]byte, *refusal.Error) {
	s, b, err := expectBytes(b)
	if err != nil {
		return nil, err
	}
	to := v.Bytes()
	if len(s) != len(to) {
		return nil, refusal.Invalid("encoding: %d bytes, want %d", len(s), len(to))
	}
	copy(to, s)
	return b, nil
}
