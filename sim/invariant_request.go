package sim

import (
	"fmt"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/wire"
	"vaultnet/vault/core"
)

// requests checks what a decided block applied: signed, in time, once, not withdrawn, at most five, no two on one key.
func (c *checker) requests(w *watched, b *block) {
	if len(b.bodies) > vaultnet.MaxInFlight {
		c.fail(Limits, w, "height %d applies %d mutations", b.header.Height, len(b.bodies))
	}
	c.conflicts(w, b.bodies, func() string { return fmt.Sprintf("the block of height %d", b.header.Height) })
	for i, r := range b.bodies {
		if r == nil || r.Ref != b.header.Mutations[i] {
			c.fail(Chain, w, "mutation %d of height %d is not what the header names", i, b.header.Height)
			continue
		}
		h := b.header.Height
		if id := r.Identity(c.network); r.Address != w.address || r.ID != id || !c.verifier.Verify(r.Requester, id[:], r.Signature) {
			c.fail(Signed, w, "mutation %v of height %d was not signed by %s for this object", r.ID, h, r.Requester.Short())
		}
		if b.header.Time > r.Deadline {
			c.fail(InTime, w, "height %d at %d applies mutation %v, whose deadline was %d", h, b.header.Time, r.ID, r.Deadline)
		}
		if at, ok := w.ids[r.ID]; ok {
			c.fail(Once, w, "height %d applies mutation %v, which height %d applied", h, r.ID, at)
		}
		w.ids[r.ID] = h
		if at, ok := w.final[r.ID]; ok {
			c.fail(Withdrawn, w, "height %d applies mutation %v, withdrawn for good when height %d was decided", h, r.ID, at)
		}
		if b.voters != nil && r.Set != b.voters.Number {
			c.fail(Withdrawn, w, "height %d of set %d applies mutation %v, made for set %d", h, b.voters.Number, r.ID, r.Set)
		}
	}
}

// withdrawn notes that a user was told, for good, that a request will never be applied.
func (c *checker) withdrawn(a vaultnet.Address, id vaultnet.Digest) {
	w := c.watch(a)
	if w.split() {
		return
	}
	if at, ok := w.ids[id]; ok {
		c.fail(Withdrawn, w, "a user is told that mutation %v will never be applied; height %d has applied it", id, at)
	}
	w.final[id] = w.height()
}

// admitted checks the pools that a turn's requests went to.
func (c *checker) admitted(v *vault, in []core.Input) {
	if v.liar {
		return
	}
	for i := range in {
		if _, m := in[i].Heard(); m != nil {
			if s, ok := m.(*wire.Submit); ok {
				if o := v.inner.Object(s.Request.Address); o != nil {
					c.undecided(v.witness, c.file(v.witness, s.Request.Address), o)
				}
			}
		}
	}
}

// undecided checks what a member holds undecided: at most five, no two on one key.
func (c *checker) undecided(s *witness, w *watched, o *agreement.Object) {
	var buf [2 * vaultnet.MaxInFlight]*agreement.Request
	all := o.AppendUndecided(buf[:0])
	if len(all) > vaultnet.MaxInFlight {
		c.fail(Limits, w, "%s holds %d undecided mutations", s.name, len(all))
	}
	c.conflicts(w, all, func() string { return "what " + s.name + " holds undecided" })
}

// conflicts checks that no two requests change one key, or both the shell.
func (c *checker) conflicts(w *watched, all []*agreement.Request, where func() string) {
	if len(all) < 2 || w.address.Kind != vaultnet.KindMutableData {
		return
	}
	touched := make([]touch, len(all))
	for i, r := range all {
		if r != nil {
			touched[i] = touches(r)
		}
		for j := range i {
			if k, ok := touched[i].meets(&touched[j]); ok {
				c.fail(Limits, w, "%s: two mutations on %s", where(), k)
			}
		}
	}
}
