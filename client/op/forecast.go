package op

import (
	"slices"

	"vaultnet"
	"vaultnet/permit"
)

// maxForecast bounds the addresses of which is remembered what followed.
const maxForecast = 1 << 16

// forecast foresees at which addresses a book is needed next: those that followed the last time. Whoever goes through many
// objects, a day's changes or a whole library, does so in the same order again. It says no more than it was right of late, so
// what it has a permit issued for in vain is not more than what it saved.
type forecast struct {
	after map[vaultnet.Address]vaultnet.Address
	last  vaultnet.Address
	right int // how often it was, ≤ [vaultnet.MaxPermitAddresses]; halved when it was wrong
}

// note takes where the book is needed now.
func (f *forecast) note(a vaultnet.Address) {
	if a == f.last {
		return
	}
	switch next, known := f.after[f.last]; {
	case !known:
	case next == a:
		f.right = min(f.right+1, vaultnet.MaxPermitAddresses)
	default:
		f.right /= 2
	}
	if f.after == nil || len(f.after) >= maxForecast {
		f.after = make(map[vaultnet.Address]vaultnet.Address)
	}
	f.after[f.last], f.last = a, a
}

// ripe appends to the allowances that are to be asked for those where the book will be needed next, as far as it can be
// foreseen, it has nothing there yet and there is room.
func (b *book) ripe(list []permit.Allowance) []permit.Allowance {
	a := b.forecast.last
	for range b.forecast.right {
		next, known := b.forecast.after[a]
		if !known || next == b.forecast.last || len(list) >= b.narrow {
			break
		}
		a = next
		if h, _ := b.find(a, nil); h == nil && a.Kind == vaultnet.KindMutableData &&
			!slices.ContainsFunc(list, func(x permit.Allowance) bool { return x.Address == a }) {
			list = append(list, permit.Allowance{Address: a, Count: b.count(a)})
		}
	}
	return list
}
