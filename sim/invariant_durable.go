package sim

import (
	"slices"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/wire"
)

// told checks what an honest vault is about to send: it speaks of nothing that is not on its disk, and of nothing less
// than it had told before.
func (w *world) told(v *vault, m wire.Message) {
	switch m := m.(type) {
	case *wire.Bundle:
		w.check.toldBundle(v.witness, m.Bundle)
	case *wire.Reply:
		if m.Outcome == agreement.Applied {
			w.check.toldHeight(v.witness, m.Address, m.Height)
		}
	}
}

func (c *checker) toldBundle(s *witness, b *agreement.Bundle) {
	w := c.file(s, b.Address)
	m := s.member(w)
	if b.Height > m.height {
		c.fail(Durable, w, "%s speaks of height %d and has %d on its disk", s.name, b.Height, m.height)
	}
	seats := w.seats(s.key)
	if seats { // who only follows promises nothing
		m.tell(c.totals.Turns, b.Height)
	}
	if b.Height < m.before && seats {
		c.fail(Durable, w, "%s says that it is at height %d and was at %d before", s.name, b.Height, m.before)
	}
	for _, vote := range b.Votes {
		if vote.By.Signer == s.key && vote.Ballot.Height > m.height && !slices.Contains(m.votes, vote.Ballot) {
			c.fail(Durable, w, "%s sends a %v at height %d round %d that is not on its disk", s.name, vote.Ballot.Type,
				vote.Ballot.Height, vote.Ballot.Round)
		}
	}
}

func (c *checker) toldHeight(s *witness, a vaultnet.Address, h vaultnet.Height) {
	w := c.file(s, a)
	m := s.member(w)
	if h > m.height {
		c.fail(Durable, w, "%s says that height %d applied a mutation and has height %d on its disk", s.name, h, m.height)
	}
	if w.seats(s.key) {
		m.tell(c.totals.Turns, h)
	}
}

// seats reports whether a vault is in the newest set of the object.
func (w *watched) seats(k vaultnet.PublicKey) bool {
	b := w.block(w.height())
	return b != nil && b.after.Set.Index(k) >= 0
}
