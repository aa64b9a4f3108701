package agreement

import (
	"slices"

	"vaultnet"
)

// plot is a cluster in which some members lie: their objects take no step, and the test says what they say. Blocks and
// votes are made after an honest member's state.
type plot struct {
	*cluster
	ref   *solo
	liars []*member
}

// plotted is a cluster of eight at height 1, a minute later, in which the members of the given XOR ranks lie. The
// proposer of round 0 at height 2 is the one of rank 2, then 3, 4, …
func plotted(c *cluster, liars ...int) *plot {
	c.create()
	c.run(60_000)
	p := &plot{cluster: c}
	for _, i := range liars {
		c.members[i].down = true
		p.liars = append(p.liars, c.members[i])
	}
	for _, m := range c.members {
		m.decided, m.votes, m.events, m.replies = nil, nil, nil, nil
	}
	p.ref = c.drive(p.honest()[0], 0)
	return p
}

func (p *plot) honest() []*member {
	return slices.DeleteFunc(slices.Clone(p.members), func(m *member) bool { return slices.Contains(p.liars, m) })
}

// say: one liar tells some members something.
func (p *plot) say(liar *member, b *Bundle, to ...*member) {
	b.Address = p.address
	if b.Height == 0 {
		b.Height = p.ref.m.object.Height()
	}
	for _, m := range to {
		p.post(liar, m.key, b)
	}
}

// vote of a liar.
func (p *plot) vote(liar *member, kind VoteType, round uint32, h *held) *Vote {
	return &Vote{Ballot: p.ref.ballot(kind, round, h), By: p.voteBy(liar.key)}
}

// fresh and anew proposals by the proposer of the round, whoever that is.
func (p *plot) fresh(round uint32, h *held) *Proposal {
	return &Proposal{Header: *h.header, Round: round, PolkaRound: -1, By: p.voteBy((&turn{Object: p.ref.m.object}).proposer(round))}
}

// polka of a block in a round: the votes that honest members cast, and the liars'.
func (p *plot) polka(round uint32, h *held) *Certificate {
	c := &Certificate{Ballot: p.ref.ballot(Prevote, round, h)}
	for _, m := range p.members {
		cast := slices.Contains(p.liars, m) || slices.ContainsFunc(m.votes, func(b Ballot) bool {
			return b.Type == Prevote && b.Round == round && b.Height == c.Ballot.Height && b.Block == h.digest
		})
		if cast && len(c.By) < p.set.Quorum() {
			c.By = append(c.By, p.voteBy(m.key))
		}
	}
	if len(c.By) < p.set.Quorum() {
		return nil
	}
	return c
}

// at demands that all honest members are at a height with equal states, and returns the last block's certificate.
func (p *plot) at(h vaultnet.Height) *Decided {
	p.t.Helper()
	p.height(h)
	return p.honest()[0].object.Decided()
}
