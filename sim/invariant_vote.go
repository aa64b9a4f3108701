package sim

import (
	"slices"

	"vaultnet"
	"vaultnet/agreement"
)

// poll is the honest prevotes for one block of one round.
type poll struct {
	height vaultnet.Height
	round  uint32
	block  vaultnet.Digest
	set    vaultnet.Digest
	voters []vaultnet.PublicKey
}

// heightsKept is for how many decided heights polls are kept: a member that is behind may still vote there.
const heightsKept = 5

// vote checks a vote that has become durable: one per round and type, the lock rule, and a polka behind a precommit.
func (c *checker) vote(s *witness, w *watched, m *member, b *agreement.Ballot, set *agreement.Set) {
	for i := range m.votes {
		if v := &m.votes[i]; v.Height == b.Height && v.Round == b.Round && v.Type == b.Type && v.Incarnation == b.Incarnation && v.Set == b.Set {
			if *v != *b {
				c.fail(OneVote, w, "%s casts a second %v at height %d round %d: %v after %v", s.name, b.Type, b.Height, b.Round,
					b.Block, v.Block)
			}
			return
		}
	}
	if b.Height <= m.height {
		c.fail(Heights, w, "%s votes at height %d, which it has decided (%d)", s.name, b.Height, m.height)
	}
	m.votes = slices.DeleteFunc(m.votes, func(v agreement.Ballot) bool { return v.Height+1 < b.Height })
	m.votes = append(m.votes, *b)
	if b.Block.IsZero() || b.Height+heightsKept <= w.height() { // of what is decided long since nothing is known any more
		return
	}
	if b.Type == agreement.Precommit {
		if n := c.prevotes(w, b); set != nil && n+c.liarsIn(set) < vaultnet.Quorum(len(set.Members)) {
			c.fail(Polkas, w, "%s precommits %v at height %d round %d, for which %d honest members prevoted", s.name, b.Block,
				b.Height, b.Round, n)
		}
		return
	}
	if l := &m.lock; l.height == b.Height && l.at != (roundIn{b.Round, b.Set}) && l.block != b.Block && !c.justified(w, b, l.at, set) {
		c.fail(Locks, w, "%s is locked on %v of round %d and prevotes %v in round %d of height %d", s.name, l.block, l.at.round,
			b.Block, b.Round, b.Height)
	}
	c.poll(w, s.key, b)
}

// poll counts an honest prevote.
func (c *checker) poll(w *watched, key vaultnet.PublicKey, b *agreement.Ballot) {
	for i := range w.polls {
		if p := &w.polls[i]; p.height == b.Height && p.round == b.Round && p.block == b.Block && p.set == b.Set {
			if !slices.Contains(p.voters, key) {
				p.voters = append(p.voters, key)
			}
			return
		}
	}
	w.polls = append(w.polls, poll{b.Height, b.Round, b.Block, b.Set, append(make([]vaultnet.PublicKey, 0, 8), key)})
}

// prevotes counts the honest prevotes for a precommit's block in its round.
func (c *checker) prevotes(w *watched, b *agreement.Ballot) int {
	for i := range w.polls {
		if p := &w.polls[i]; p.height == b.Height && p.round == b.Round && p.block == b.Block && p.set == b.Set {
			return len(p.voters)
		}
	}
	return 0
}

// justified reports whether a polka for the ballot's block, later than the lock, can exist.
func (c *checker) justified(w *watched, b *agreement.Ballot, lock roundIn, set *agreement.Set) bool {
	if set == nil {
		return true
	}
	for i := range w.polls {
		if p := &w.polls[i]; p.height == b.Height && p.block == b.Block && p.set == b.Set && lock.before(roundIn{p.round, p.set}) && p.round < b.Round &&
			len(p.voters)+c.liarsIn(set) >= vaultnet.Quorum(len(set.Members)) {
			return true
		}
	}
	return false
}

// prunePolls forgets what nobody can vote on any more.
func (w *watched) prunePolls() {
	w.polls = slices.DeleteFunc(w.polls, func(p poll) bool { return p.height+heightsKept <= w.height() })
}
