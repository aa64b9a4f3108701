package agreement

import (
	"slices"

	"vaultnet"
)

// unfit notes that an answer cannot be reconciled with what is decided here: its sender lies, or follows another object
// at the address (genesis.go). Its word for greater heights counts for nothing during the next [RepairCap], or such a
// vault would have the others asked each second for as long as it resends. If nobody who may know said so as well, there
// is nothing to ask for.
func (t *turn) unfit(from vaultnet.PublicKey, d *Decided) {
	if t.height == 0 || t.doubted(from) {
		return
	}
	if len(t.doubts) >= 2*maxMembers {
		t.doubts = slices.Delete(t.doubts, 0, 1)
	}
	t.doubts = append(t.doubts, seen{from, t.now})
	if k := &t.behind; k.pending && !k.sound && k.from == from && k.height <= d.Header.Height {
		*k = behind{askAt: t.now.Add(AskEvery)}
	}
}

// doubted reports whether a vault showed, not long ago, what does not fit.
func (t *turn) doubted(k vaultnet.PublicKey) bool {
	if len(t.doubts) == 0 {
		return false
	}
	t.doubts = slices.DeleteFunc(t.doubts, func(s seen) bool { return s.at.Add(RepairCap) <= t.now })
	return slices.ContainsFunc(t.doubts, func(s seen) bool { return s.vault == k })
}
