package op

import "vaultnet"

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
type roster[W any] struct{ seats []*seat[W] }

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
	s := &seat[W]{vault: vault}
	r.seats = append(r.seats, s)
	return s
}

// of returns the seats of the given vaults that have spoken, in their order.
func (r *roster[W]) of(vaults []vaultnet.PublicKey) []*seat[W] {
	list := make([]*seat[W], 0, len(vaults))
	for _, v := range vaults {
		if s := r.find(v); s != nil && s.heard {
			list = append(list, s)
		}
	}
	return list
}
