package agreement

import (
	"slices"

	"vaultnet"
	"vaultnet/refusal"
)

// Where a network is split, two first sets that share few members may both be proven for one address (genesis.go), and one
// of them decides the first height. The other, if it has not got as far, never will: once w vaults name the set that
// holds the address, whoever knows of it speaks against every first block of another. So its members ask that set what
// is held there, and take the answer for the decision of the address's first height: they are half-open no more, and as
// they are no members there they go on like former ones.
//
// Why that is safe. A certificate is not taken on trust: it proves that a quorum of the set that w vaults named has decided.
// Who takes it over is from then on silent in the first set that it was in, as if it were down: no argument about one set
// rests on anybody's going on to vote there. It asks only while it knows of no polka there and holds no lock, so it has
// precommitted no block: no certificate of that set contains it or will, and to every certificate there it is as any
// silent member. And it asks late if it voted for a block, so that a set which can decide does. If it decides all the same,
// there are two objects at the address, which a split could have made anyway (design §11). What it voted stays on record
// for as long as the store does: where it voted for a block it takes part no more, else it goes on where it stopped.

// heldElsewhere is the set to be asked what is held at an address at which this member takes part in another first set; nil for
// none.
func (t *turn) heldElsewhere() *Set {
	n, a := len(t.believed), t.attempt
	if t.height > 0 || n == 0 || t.set == nil || a != nil && (a.bound() || a.voted != nil && t.now < t.backAt) ||
		slices.ContainsFunc(t.parted, func(p parted) bool { return p.lock != nil }) {
		return nil
	}
	if s := t.believed[n-1]; !slices.Equal(s.Members, t.set.Members) {
		return s
	}
	return nil
}

// bound reports whether somebody may be locked at this height, as far as the member knows: it must not leave.
func (a *attempt) bound() bool {
	return a.lock != nil || a.valid != nil || a.commit != nil || len(a.polkas) > 0
}

// seek asks, while the member is kept awake where nothing may ever be decided, what is held elsewhere: each member there
// twice at most, then after a pause that doubles up to [RepairCap].
func (t *turn) seek() {
	if a := t.attempt; a == nil || !a.awake || t.behind.pending || t.fetch != nil || t.now < t.seekAt || t.heldElsewhere() == nil {
		return
	}
	t.seekGap = min(max(2*t.seekGap, RoundTimeoutCap), RepairCap)
	t.seekAt = t.now.Add(t.seekGap)
	t.suppose(1, vaultnet.PublicKey{})
}

// outvote puts away, as the first height is decided, what the member voted in other first sets than the one that decided.
func (t *turn) outvote(d *Decided) {
	if t.height > 0 {
		return
	}
	voters := d.Voters.Digest()
	var kept []parted
	for _, p := range t.parted {
		if p.set != voters {
			kept = append(kept, p)
		}
	}
	if a := t.attempt; a != nil && a.castAny() && t.proof != nil && t.setDigest != voters {
		kept = append(kept, t.leaving(a))
	}
	for i := range kept {
		p := &kept[i]
		p.voted, p.tallies = nil, nil
		if p.lock != nil {
			p.lock = &polka{p.lock.round, nil, p.lock.cert}
		}
	}
	t.parted, t.seekAt, t.seekGap = nil, 0, 0
	if len(kept) > 0 {
		t.outvoted, t.unsaved.outvoted = kept, true
	}
}

// outvotedRecord is what a member voted in first sets of an address whose first height another decided.
type outvotedRecord struct {
	_      struct{} `cbor:",toarray"`
	Parted []partedRecord
}

func partedRecords(list []parted) []partedRecord {
	records := make([]partedRecord, 0, len(list))
	for _, p := range list {
		v := partedRecord{First: packed(p.from), Round: p.round, Prevote: optional(p.prevote), Precommit: optional(p.precommit),
			Proof: slices.Concat([]*Vote{}, p.proof), Bound: p.bound, Lock: []byte{}}
		if p.voted != nil {
			v.Voted = p.voted.digest
		}
		if p.lock != nil {
			v.Lock = packed(p.lock.cert)
		}
		records = append(records, v)
	}
	return records
}

// loadOutvoted restores them. Where the object was erased since, they are what binds the member at the first height,
// unless a later record of its votes does.
func (t *turn) loadOutvoted(r *outvotedRecord, vote *voteRecord) error {
	var list []parted
	for i := range r.Parted {
		p := &r.Parted[i]
		if !p.Voted.IsZero() || !t.castIn(p) || i > maxParted {
			return refusal.Invalid("the stored votes in other first sets are not those of this member")
		}
		list = append(list, t.restoreParted(p))
	}
	switch {
	case t.height > 0:
		t.outvoted = list
	case vote == nil:
		t.parted = list
	}
	return nil
}

// Outvoted reports whether the member voted in a first set of the address other than the one that decided the first
// height: what it voted there stays in the store when the object is erased.
func (o *Object) Outvoted() bool { return len(o.outvoted) > 0 }
