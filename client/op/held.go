package op

import (
	"bytes"
	"cmp"
	"slices"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/merkle"
	"vaultnet/internal/wire"
	"vaultnet/permit"
	"vaultnet/refusal"
)

// held is a permit that was issued to this client.
type held struct {
	book       *book
	body       permit.Body
	digest     vaultnet.Digest
	result     []byte               // as the managers reported it
	uses       []use                // one for each allowance
	signatures []merkle.Attestation // all there are
	few        []merkle.Attestation // w of them, which are shown as long as nobody wants more
	whole      bool                 // all there are are shown: w were not enough for somebody
}

// use is what became of an allowance.
type use struct {
	allowance permit.Allowance
	used      uint16 // by what was applied, or may have been
	busy      uint16 // by what is under way
	spoiled   bool   // refused: not to be used again
	closed    bool   // not to be used again: it is to be settled, or is being
	wanted    bool   // somebody waits for its settlement
	running   bool   // being settled
	open      bool   // it cannot be closed: only its expiry ends it
	settled   bool   // settled, or given up, or not worth it
	failed    bool   // given up
	tries     int
	made      *permit.Permit
	signed    int            // signatures in made
	brief     *permit.Permit // with few of them
	with      wire.Attached  // what was shown last, ready to travel
}

// usable reports whether something is left of the allowance.
func (u *use) usable() bool { return !u.spoiled && !u.closed && u.used+u.busy < u.allowance.Count }

// low reports whether allowance i is much used and soon used up, or over: three quarters of it are taken, or two thirds of
// the permit's lifetime are past.
func (h *held) low(i int, now vaultnet.Time) bool {
	u := &h.uses[i]
	count, taken := int(u.allowance.Count), int(u.used+u.busy)
	return count >= aheadFrom && taken*8 > count && (taken*4 >= count*3 || now >= h.body.Expires-(h.body.Expires-h.body.Issued)/3)
}

// fresh reports whether the permit can be used for something new: a sixth of its lifetime is left.
func (h *held) fresh(now vaultnet.Time) bool {
	return now < h.body.Expires-(h.body.Expires-h.body.Issued)/6
}

// sign adds a manager's signature.
func (h *held) sign(a *merkle.Attestation) {
	if !slices.ContainsFunc(h.signatures, func(b merkle.Attestation) bool { return b.Signer == a.Signer }) && len(h.signatures) < permit.MaxSigners {
		h.signatures = append(h.signatures, *a)
	}
}

// choose settles which n of the signatures are shown. They stay the same, so that what is attached to the mutations of one
// allowance does, too, and a data manager knows it again. Those with the shortest paths cost least.
func (h *held) choose(n int) {
	few := slices.Clone(h.signatures)
	slices.SortFunc(few, func(a, b merkle.Attestation) int {
		return cmp.Or(cmp.Compare(len(a.Path.Siblings), len(b.Path.Siblings)), bytes.Compare(a.Signer[:], b.Signer[:]))
	})
	h.few = few[:min(n, len(few))]
}

// permit is allowance i with all the signatures there are by now.
func (h *held) permit(i int) *permit.Permit {
	u := &h.uses[i]
	if u.signed != len(h.signatures) {
		if p := h.assemble(i, h.signatures); p != nil {
			u.made, u.signed = p, len(h.signatures)
		}
	}
	return u.made
}

// shown is allowance i as it is shown with a mutation: with as few signatures as it needs, until somebody has refused
// them.
func (h *held) shown(i int) *permit.Permit {
	if h.whole || len(h.few) >= len(h.signatures) {
		return h.permit(i)
	}
	u := &h.uses[i]
	if u.brief == nil {
		u.brief = h.assemble(i, h.few)
	}
	return u.brief
}

func (h *held) assemble(i int, signatures []merkle.Attestation) *permit.Permit {
	all := make([]permit.Allowance, len(h.uses))
	for k := range h.uses {
		all[k] = h.uses[k].allowance
	}
	if p, ok := permit.Assemble(h.body, all, i, signatures); ok {
		return p
	}
	return nil
}

// spending is one use of a permit, from the need to the end of what it was needed for.
type spending struct {
	book    *book
	address vaultnet.Address
	user    *job
	held    *held // nil while waiting
	index   int
	shown   *permit.Permit
	err     *refusal.Error // why none can be had
}

// spend finds a permit for one mutation at an address, or has one issued; then user is poked.
func (b *book) spend(a vaultnet.Address, user *job) *spending {
	s := &spending{book: b, address: a, user: user}
	b.forecast.note(a)
	earlier := slices.ContainsFunc(b.waiting, func(s *spending) bool { return s.address == a }) // those come first
	switch {
	case earlier || !b.serve(s):
		b.waiting = append(b.waiting, s)
		b.poke()
	case s.held.low(s.index, b.c.now):
		b.foresee(a)
	}
	return s
}

func (s *spending) ready() bool { return s.held != nil }

// permit is what to show with a mutation. It stays the same one unless more signatures are wanted, or have come since they
// were.
func (s *spending) permit() *permit.Permit { return s.held.shown(s.index) }

// attached is the permit as it travels.
func (s *spending) attached() wire.Attached {
	u := &s.held.uses[s.index]
	if p := s.permit(); u.with.Permit != p {
		u.with = wire.Attached{Permit: p}.Prepared()
	}
	return u.with
}

// whole is what to show with all the signatures there are.
func (s *spending) whole() *permit.Permit { return s.held.permit(s.index) }

// insist has all signatures be shown from now on. It reports whether those are more than p shows.
func (s *spending) insist(p *permit.Permit) bool {
	if p == nil || len(s.held.signatures) <= len(p.Signatures) {
		return false
	}
	s.held.whole = true
	return true
}

// done gives the place back: used where the mutation was applied, or may have been.
func (s *spending) done(used bool) {
	if s.held == nil {
		if i := slices.Index(s.book.waiting, s); i >= 0 {
			s.book.waiting = slices.Delete(s.book.waiting, i, i+1)
		}
		return
	}
	u := &s.held.uses[s.index]
	u.busy--
	if used {
		u.used++
	}
	s.held = nil
	s.book.poke()
}

// spoil has the allowance not be used again: data managers refuse it.
func (s *spending) spoil() { s.held.uses[s.index].spoiled = true }

// late takes the signature of a manager that reported the permit when it was held already: the more there are, the
// sooner a data manager knows enough of them.
func (h *held) late(from vaultnet.PublicKey, m *wire.Reply) {
	if m.Outcome == agreement.Applied && m.Permit != nil && m.Permit.Signer == from && bytes.Equal(m.Result, h.result) &&
		slices.Contains(h.book.place.members(), from) {
		h.sign(m.Permit)
	}
}
