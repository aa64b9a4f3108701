package merkle

import "math/bits"

// A key is read as a string of bits: nine per byte, of which the first says that there is a byte and the others are the
// byte's, highest first. A key that ends has zeros from there on. So the bits order as the keys do, and a key that is
// another's beginning differs from it in a bit.

// bitAt is bit number pos of key.
func bitAt[K ~string | ~[]byte](key K, pos uint32) int {
	i, off := pos/9, pos%9
	if uint64(i) >= uint64(len(key)) {
		return 0
	}
	if off == 0 {
		return 1
	}
	return int(key[i]>>(8-off)) & 1
}

// equal stands for "the keys do not differ" and, as the bit of a leaf, for "after every bit".
const equal = ^uint32(0)

// diffBit is the number of the first bit in which a and b differ, or equal.
func diffBit(a, b string) uint32 {
	n := min(len(a), len(b))
	i := 0
	for i < n && a[i] == b[i] {
		i++
	}
	switch {
	case i < n:
		return uint32(i)*9 + 1 + uint32(bits.LeadingZeros8(a[i]^b[i]))
	case len(a) == len(b):
		return equal
	}
	return uint32(i) * 9
}
