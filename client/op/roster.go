package op

import (
	"slices"

	"vaultnet"
)

// maxSeats bounds a roster: a group, the vaults that were named as nearer, and those of newer sets.
const maxSeats = 96

// seat is one vault that a question goes to, with what it has said.
type seat[W any] struct {
	vault vaultnet.PublicKey
	asked bool // at least once
	heard bool // word is set
	word  W
}

// roster is the vaults that a question goes to, in the order in which they came in. Whose word counts is judged when it
// is counted.
type roster[W any] struct {
	seats []*seat[W]
	room  []seat[W] // for seats to come
}

// reserve makes room for as many seats as are lacking to n, at once.
func (r *roster[W]) reserve(n int) {
	if lacking := min(n, maxSeats) - len(r.seats); lacking > len(r.room) {
		r.seats = slices.Grow(r.seats, lacking)
		r.room = make([]seat[W], lacking)
	}
}

// find returns the seat of a vault, nil if it has none.
func (r *roster[W]) find(vault vaultnet.PublicKey) *seat[W] {
	for _, s := range r.seats {
		if s.vault == vault {
			return s
		}
	}
	return nil
}

// admit returns the seat of a vault and makes it one if there is room; else nil.
func (r *roster[W]) admit(vault vaultnet.PublicKey) *seat[W] {
	if s := r.find(vault); s != nil {
		return s
	}
	if len(r.seats) >= maxSeats {
		return nil
	}
	var s *seat[W]
	if len(r.room) > 0 {
		s, r.room = &r.room[0], r.room[1:]
	} else {
		s = new(seat[W])
	}
	s.vault = vault
	r.seats = append(r.seats, s)
	return s
}

// of returns the seats of the given vaults that have spoken, in their order.
func (r *roster[W]) of(vaults []vaultnet.PublicKey) []*seat[W] {
	return r.spoken(make([]*seat[W], 0, len(vaults)), vaults)
}

// spoken is of, appended to a list.
func (r *roster[W]) spoken(list []*seat[W], vaults []vaultnet.PublicKey) []*seat[W] {
	for _, v := range vaults {
		if s := r.find(v); s != nil && s.heard {
			list = append(list, s)
		}
	}
	return list
}

// count returns how many of the given vaults have spoken such a word.
func (r *roster[W]) count(vaults []vaultnet.PublicKey, such func(W) bool) int {
	n := 0
	for _, v := range vaults {
		if s := r.find(v); s != nil && s.heard && such(s.word) {
			n++
		}
	}
	return n
}
