package permit

import (
	"encoding/binary"

	"vaultnet"
	"vaultnet/internal/merkle"
	"vaultnet/refusal"
)

// Usage is what one object remembers of the permits spent or closed at it: agreed state, at most [vaultnet.MaxUsage]
// records, each kept until [vaultnet.UsageGrace] after its permit's expiry. The zero Usage is empty. Immutable; each
// change costs O(log n).
type Usage struct {
	records   merkle.Map[record] // by usageKey: the first to expire is the least
	strangers int                // records not of the object's owner's account
}

// record is the use of one permit at this object.
type record struct {
	used   uint16 // mutations it paid for, at most its allowance here
	closed bool   // no further use
	owner  bool   // paid by the account of the object's owner at the time of the first use
}

// usageKey orders records by expiry, so that what can go is found without looking at the rest.
func usageKey(expires vaultnet.Time, body vaultnet.Digest) string {
	var b [usageKeySize]byte
	binary.BigEndian.PutUint64(b[:], uint64(expires))
	copy(b[8:], body[:])
	return string(b[:])
}

const usageKeySize = 8 + 32

func keyExpires(key string) vaultnet.Time {
	var t uint64
	for i := range 8 {
		t = t<<8 | uint64(key[i])
	}
	return vaultnet.Time(t)
}

// leaf stands for the record in the digest. A record is shorter than a digest and is taken as it is: nothing to hash.
func (r record) leaf() (d vaultnet.Digest) {
	v := r.value()
	copy(d[:], v[:])
	return d
}

func (u Usage) put(key string, r record) Usage {
	return Usage{u.records.Put(key, r, r.leaf()), u.strangers}
}

// open returns the record of p and the usage in which it counts: a new one needs room. Beyond [vaultnet.MaxUsage]
// records, or for strangers beyond that less [vaultnet.OwnerReserve], it is TooManyMutations.
func (u Usage) open(key string, owner bool) (record, Usage, error) {
	if r, ok := u.records.Get(key); ok {
		return r, u, nil
	}
	if u.records.Len() >= vaultnet.MaxUsage || !owner && u.strangers >= vaultnet.MaxUsage-vaultnet.OwnerReserve {
		return record{}, u, refusal.New(refusal.TooManyMutations)
	}
	if !owner {
		u.strangers++
	}
	return record{owner: owner}, u, nil
}

// Check judges, beside [Permit.Check], whether one more mutation at block time at may be paid with p: PermitInvalid{
// expired}, {closed} or {used-up}, in this order, or nil.
func (u Usage) Check(p *Permit, at vaultnet.Time) error {
	if p.Body.over(at) {
		return refusal.Permit(refusal.Expired)
	}
	r, _ := u.records.Get(p.usage())
	return r.check(p)
}

func (r record) check(p *Permit) error {
	switch {
	case r.closed:
		return refusal.Permit(refusal.Closed)
	case r.used >= p.Allowance.Count:
		return refusal.Permit(refusal.UsedUp)
	}
	return nil
}

// Use counts one mutation at block time at against p, which passed [Permit.Check]. owner says whether the paying account
// is that of the object's owner, for whom the last [vaultnet.OwnerReserve] records are kept. Errors: those of
// [Usage.Check], then TooManyMutations; the usage is then u.
func (u Usage) Use(p *Permit, at vaultnet.Time, owner bool) (Usage, error) {
	if p.Body.over(at) {
		return u, refusal.Permit(refusal.Expired)
	}
	key := p.usage()
	r, next, err := u.open(key, owner)
	if err != nil {
		return u, err
	}
	if err := r.check(p); err != nil {
		return u, err
	}
	r.used++
	return next.put(key, r), nil
}

// Allows is the error of [Usage.Use], found without counting.
func (u Usage) Allows(p *Permit, at vaultnet.Time, owner bool) error {
	if p.Body.over(at) {
		return refusal.Permit(refusal.Expired)
	}
	r, _, err := u.open(p.usage(), owner)
	if err != nil {
		return err
	}
	return r.check(p)
}

// Close ends the use of p at this object in a block of time at: its statement counts from then on, before its expiry.
// p passed [Close.Check]. Closing what is closed changes nothing. Errors: PermitInvalid{expired}, because what has
// expired is pruned and a record made anew would state less than was used; TooManyMutations where p was never used
// here and there is no room to remember that it is closed.
func (u Usage) Close(p *Permit, at vaultnet.Time, owner bool) (Usage, error) {
	if p.Body.over(at) {
		return u, refusal.Permit(refusal.Expired)
	}
	key := p.usage()
	r, next, err := u.open(key, owner)
	if err != nil {
		return u, err
	}
	if r.closed {
		return u, nil
	}
	r.closed = true
	return next.put(key, r), nil
}

// Prune drops the records whose permits expired more than [vaultnet.UsageGrace] before at, the time of a block about to
// be applied. It costs O(log n) per record dropped and nothing where there is none.
func (u Usage) Prune(at vaultnet.Time) Usage {
	for {
		key, r, ok := u.records.Min()
		if !ok || at <= keyExpires(key).Add(vaultnet.UsageGrace) {
			return u
		}
		u.records = u.records.Delete(key)
		if !r.owner {
			u.strangers--
		}
	}
}

// Used is what is known of a permit, by its body's digest and expiry.
func (u Usage) Used(body vaultnet.Digest, expires vaultnet.Time) (count uint16, closed, known bool) {
	r, known := u.records.Get(usageKey(expires, body))
	return r.used, r.closed, known
}

// Len is the number of records.
func (u Usage) Len() int { return u.records.Len() }

// Digest covers every record; zero where there is none.
func (u Usage) Digest() vaultnet.Digest { return u.records.Digest() }
