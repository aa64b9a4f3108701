package core

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
	"sort"

	"vaultnet"
	"vaultnet/xor"
)

// space is things in the order of their locations, so that the nearest to a point are found in O(log n) each.
type space[T any] struct {
	spots []spot[T]
	heads []uint64 // of their locations, which most often tell them apart: a few lines of the cache
}

type spot[T any] struct {
	location vaultnet.Location
	thing    T
}

// find is the index of the first spot at or after l.
func (s *space[T]) find(l vaultnet.Location) int {
	return sort.Search(len(s.spots), func(i int) bool { return bytes.Compare(s.spots[i].location[:], l[:]) >= 0 })
}

// add puts a thing at a location where nothing is yet.
func (s *space[T]) add(l vaultnet.Location, thing T) {
	i := s.find(l)
	s.spots = slices.Insert(s.spots, i, spot[T]{l, thing})
	s.heads = slices.Insert(s.heads, i, headOf(&l))
}

// remove takes away what is at l.
func (s *space[T]) remove(l vaultnet.Location) {
	if i := s.find(l); i < len(s.spots) && s.spots[i].location == l {
		s.spots, s.heads = slices.Delete(s.spots, i, i+1), slices.Delete(s.heads, i, i+1)
	}
}

func bitOf(l *vaultnet.Location, bit int) byte { return l[bit/8] >> (7 - bit%8) & 1 }

// headOf is the first 64 bits.
func headOf(l *vaultnet.Location) uint64 { return binary.BigEndian.Uint64(l[:8]) }

// shared is how many leading bits the spots lo…hi, at least one, have in common.
func (s *space[T]) shared(lo, hi int) int {
	if x := s.heads[lo] ^ s.heads[hi-1]; x != 0 {
		return bits.LeadingZeros64(x)
	}
	return xor.Shared(&s.spots[lo].location, &s.spots[hi-1].location)
}

// split finds where, among the spots lo…hi that share their first bits, those begin whose next bit is set.
func (s *space[T]) split(lo, hi, bit int) int {
	if bit < 64 {
		for lo < hi {
			if mid := (lo + hi) / 2; s.heads[mid]>>(63-bit)&1 == 1 {
				hi = mid
			} else {
				lo = mid + 1
			}
		}
		return lo
	}
	return lo + sort.Search(hi-lo, func(i int) bool { return bitOf(&s.spots[lo+i].location, bit) == 1 })
}

// nearest goes through the things by their distance to l, nearest first, until visit reports false.
func (s *space[T]) nearest(l vaultnet.Location, visit func(T) bool) {
	s.approach(&l, 0, len(s.spots), visit)
}

func (s *space[T]) approach(l *vaultnet.Location, lo, hi int, visit func(T) bool) bool {
	if hi-lo <= 1 {
		return lo == hi || visit(s.spots[lo].thing)
	}
	bit := s.shared(lo, hi) // the first in which any of them differ
	if bit == 8*len(l) {
		for ; lo < hi; lo++ {
			if !visit(s.spots[lo].thing) {
				return false
			}
		}
		return true
	}
	mid := s.split(lo, hi, bit)
	if bitOf(l, bit) == 0 {
		return s.approach(l, lo, mid, visit) && s.approach(l, mid, hi, visit)
	}
	return s.approach(l, mid, hi, visit) && s.approach(l, lo, mid, visit)
}
