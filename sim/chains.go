package sim

import (
	"slices"

	"vaultnet"
	"vaultnet/agreement"
)

// While a network is split, or views of it move, two different first sets can be proven for an address that nobody held
// (design §11): two objects then live at one address, each with a chain of its own. The checker follows both; within one
// chain every promise holds. What users of such an address are told is not judged: they may see either.

// file is the chain that a member follows at an address, as far as is known.
func (c *checker) file(s *witness, a vaultnet.Address) *watched {
	if w := s.chains[a]; w != nil {
		return w
	}
	return c.watch(a)
}

// chain finds the chain that a decided block belongs to. A first block of another first set begins another chain; one of
// the same set does not: that would be a fork.
func (c *checker) chain(s *witness, a vaultnet.Address, d *agreement.Decided) *watched {
	main := c.watch(a)
	if len(main.others) == 0 && (d.Header.Height > 1 || main.height() == 0 || main.blocks[0] == nil) {
		return main
	}
	digest := d.Header.Digest(c.network, a)
	all := append([]*watched{main}, main.others...)
	for _, w := range all {
		if b := w.block(d.Header.Height); b != nil && b.digest == digest {
			return c.follow(s, a, w)
		}
	}
	if d.Header.Height > 1 {
		for _, w := range all {
			if b := w.block(d.Header.Height - 1); b != nil && b.digest == d.Header.Previous {
				return c.follow(s, a, w)
			}
		}
		return c.file(s, a)
	}
	for _, w := range all {
		if b := w.block(1); b != nil && d.Voters != nil && b.voters != nil && b.voters.Digest() == d.Voters.Digest() {
			return w // a fork, which decided will say
		}
	}
	w := newWatched(a, len(c.order))
	c.order = append(c.order, w)
	main.others = append(main.others, w)
	c.totals.Splits++
	c.trace.line(s.name, "%v: a second first set: another object at the address", a)
	return c.follow(s, a, w)
}

func (c *checker) follow(s *witness, a vaultnet.Address, w *watched) *watched {
	s.chains[a] = w
	return w
}

// split reports whether more than one object lives at the address.
func (w *watched) split() bool { return len(w.others) > 0 }

// stranded reports whether one of several objects at an address cannot be demanded to go on: too few of those that may vote
// on its next height are honest, running, and not bound to another first block of the address. A member whose messages were
// lost in a split may have decided the other object; with liars beside it, a quorum is missing for good. Both together are
// more than a set stands, and no member can tell.
func (w *world) stranded(x *watched) bool {
	b := x.block(x.height())
	if b == nil || b.after == nil || !w.check.watch(x.address).split() {
		return false
	}
	set, counted, bound := b.after.Set, 0, false
	for _, v := range w.vaults {
		if v.liar || !v.running || set.Index(v.key) < 0 {
			continue
		}
		if w.check.elsewhere(v.witness, x) {
			bound = true
			continue
		}
		counted++
	}
	return bound && counted < set.Quorum()
}

// elsewhere reports whether a member has decided another object at the address of this one.
func (c *checker) elsewhere(s *witness, x *watched) bool {
	main := c.watch(x.address)
	for _, o := range append([]*watched{main}, main.others...) {
		if m := s.members[o]; o != x && m != nil && m.height > 0 && c.file(s, x.address) == o {
			return true
		}
	}
	return false
}

// strandedAt reports whether an object that cannot be demanded to go on lives at an address. Its members go on trying.
func (w *world) strandedAt(a vaultnet.Address) bool {
	main := w.check.objects[a]
	return main != nil && main.split() && slices.ContainsFunc(append([]*watched{main}, main.others...), w.stranded)
}
