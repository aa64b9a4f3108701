package agreement

import (
	"slices"

	"vaultnet"
)

// liar is a member that knows everything the others ever sent, and says whatever it likes to whomever it likes: two
// things to two members, votes for everything, proposals without bodies or with stale times, polkas and certificates kept
// for later, promises it does not keep. It cannot sign for others.
type liar struct {
	x      *chaos
	m      *member
	banked []*Certificate
	blocks map[vaultnet.Digest]*held
}

// model is an honest member after whose state the liar makes what it says: the furthest.
func (l *liar) model() *member {
	var best *member
	for _, m := range l.x.honest() {
		if o := m.object; o.set != nil && o.state != nil && o.set.Index(l.m.key) >= 0 && (best == nil || o.height > best.object.height) {
			best = m
		}
	}
	return best
}

func (l *liar) act() {
	x, rng := l.x, l.x.rng
	m := l.model()
	if m == nil || rng.IntN(3) == 0 {
		return
	}
	o := m.object
	known := l.gather(o)
	round := o.Round()
	if rng.IntN(4) == 0 {
		round += uint32(rng.IntN(4))
	}
	if rng.IntN(6) == 0 && round > 0 {
		round -= 1
	}
	switch rng.IntN(9) {
	case 0, 1, 2: // another vote to everybody
		for _, to := range x.honest() {
			b := l.ballot(o, VoteType(1+rng.IntN(2)), round)
			if len(known) > 0 && rng.IntN(4) > 0 {
				b.Block = known[rng.IntN(len(known))].digest
			}
			l.tell(to, &Bundle{Votes: []*Vote{{Ballot: b, By: x.voteBy(l.m.key)}}})
		}
	case 3, 4: // other proposals to everybody, in any round it leads
		tr := &turn{Object: o, now: x.now, host: &opinion{}, out: &Output{}}
		for k := range uint32(8) {
			if tr.proposer(round+k) != l.m.key {
				continue
			}
			for _, to := range x.honest() {
				if h := l.block(tr, known); h != nil && rng.IntN(3) > 0 {
					l.propose(to, round+k, h)
				}
			}
		}
	case 5, 6: // a polka or a certificate that it kept, to some
		for _, h := range known {
			for r := range round + 1 {
				l.bank(o, Prevote, r, h)
				l.bank(o, Precommit, r, h)
			}
		}
		if len(l.banked) > 0 {
			c := l.banked[rng.IntN(len(l.banked))]
			to := x.honest()[rng.IntN(len(x.honest()))]
			if c.Ballot.Type == Prevote {
				l.tell(to, &Bundle{Polka: c})
			} else {
				l.tell(to, &Bundle{Commit: c})
			}
		}
	case 7: // nonsense
		to := x.honest()[rng.IntN(len(x.honest()))]
		l.tell(to, &Bundle{Height: o.height + vaultnet.Height(rng.IntN(5)), Following: vaultnet.Height(rng.IntN(3)), Want: &Want{Have: vaultnet.Height(rng.IntN(3)), At: vaultnet.Height(rng.IntN(3))},
			Wishes: []*Wish{{Height: o.height + 1, Drop: o.set.Members[rng.IntN(len(o.set.Members))], By: x.voteBy(l.m.key)}}})
	case 8: // an honest bundle or block, again, to somebody else
		to := x.honest()[rng.IntN(len(x.honest()))]
		if d := o.Decided(); d != nil && rng.IntN(2) == 0 {
			l.tell(to, &Bundle{Height: o.height, Decided: d})
		} else if len(x.wire) > 0 {
			b := *x.wire[rng.IntN(len(x.wire))].bundle
			x.post(l.m, to.key, &b)
		}
	}
}

func (l *liar) tell(to *member, b *Bundle) {
	b.Address = l.x.address
	if b.Height == 0 {
		b.Height = to.object.height
	}
	l.x.post(l.m, to.key, b)
}

func (l *liar) ballot(o *Object, kind VoteType, round uint32) Ballot {
	return Ballot{Incarnation: (&turn{Object: o}).incarnation(), Height: o.height + 1, Round: round, Type: kind, Set: o.setDigest, Previous: o.digest}
}

// gather is the blocks that anybody holds for the height being decided.
func (l *liar) gather(o *Object) []*held {
	for _, m := range l.x.honest() {
		if a := m.object.attempt; a != nil && m.object.height == o.height {
			for _, h := range a.proposals {
				if l.blocks[h.digest] == nil {
					l.blocks[h.digest] = h
				}
			}
		}
	}
	var known []*held
	for _, h := range l.blocks {
		if h.header.Height == o.height+1 {
			known = append(known, h)
		} else {
			delete(l.blocks, h.digest)
		}
	}
	slices.SortFunc(known, func(a, b *held) int { return slices.Compare(a.digest[:], b.digest[:]) })
	return known
}

// block is one of its own making, sound or not, or somebody's.
func (l *liar) block(tr *turn, known []*held) *held {
	x, rng := l.x, l.x.rng
	if len(known) > 0 && rng.IntN(3) == 0 {
		return known[rng.IntN(len(known))]
	}
	var rs []*Request
	for _, r := range x.rs {
		if rng.IntN(3) == 0 && len(rs) < 3 && r.Deadline > x.now-5_000 {
			rs = append(rs, r)
		}
	}
	h := tr.block(Header{Incarnation: tr.incarnation(), Height: tr.height + 1, Previous: tr.digest, Time: max(tr.state.Time+1, x.now-vaultnet.Time(rng.IntN(6_000))+2_000)}, rs)
	if h == nil {
		return nil
	}
	if rng.IntN(8) == 0 {
		h.header.State[0] ^= 1
		h.digest = h.header.Digest(x.cfg.Network, x.address)
		h.sound = false
	}
	l.blocks[h.digest] = h
	return h
}

func (l *liar) propose(to *member, round uint32, h *held) {
	x, rng := l.x, l.x.rng
	p := &Proposal{Header: *h.header, Round: round, PolkaRound: -1, By: x.voteBy(l.m.key)}
	if h.header.Height == 1 {
		p.Proof = x.proof()
	}
	for _, c := range l.banked {
		if c.Ballot.Type == Prevote && c.Ballot.Block == h.digest && c.Ballot.Round < round && rng.IntN(2) == 0 {
			p.PolkaRound, p.Polka = int64(c.Ballot.Round), c
		}
	}
	b := &Bundle{Proposal: p}
	if rng.IntN(2) == 0 && !slices.Contains(h.bodies, nil) {
		b.Requests = h.bodies
	}
	l.tell(to, b)
}

// bank keeps a certificate of a block, if enough members voted for it.
func (l *liar) bank(o *Object, kind VoteType, round uint32, h *held) {
	b := l.ballot(o, kind, round)
	b.Block = h.digest
	c := &Certificate{Ballot: b}
	for _, k := range o.set.Members {
		m := l.x.find(k)
		if m != nil && (l.x.lies(m) || slices.Contains(m.votes, b)) && len(c.By) < o.set.Quorum() {
			c.By = append(c.By, l.x.voteBy(k))
		}
	}
	if len(c.By) >= o.set.Quorum() && !slices.ContainsFunc(l.banked, func(k *Certificate) bool { return k.Ballot == b }) {
		l.banked = append(l.banked, c)
	}
}
