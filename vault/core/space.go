package core

import (
	"bytes"
	"slices"
	"sort"

	"vaultnet"
	"vaultnet/xor"
)

// space is things in the order of their locations, so that the nearest to a point are found in O(log n) each.
type space[T any] struct{ spots []spot[T] }

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
	s.spots = slices.Insert(s.spots, s.find(l), spot[T]{l, thing})
}

// remove takes away what is at l.
func (s *space[T]) remove(l vaultnet.Location) {
	if i := s.find(l); i < len(s.spots) && s.spots[i].location == l {
		s.spots = slices.Delete(s.spots, i, i+1)
	}
}

func bitOf(l *vaultnet.Location, bit int) byte { return l[bit/8] >> (7 - bit%8) & 1 }

// split finds where, among the spots lo…hi that share their first bits, those begin whose next bit is set.
func (s *space[T]) split(lo, hi, bit int) int {
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
	bit := xor.Shared(&s.spots[lo].location, &s.spots[hi-1].location) // the first in which any of them differ
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
