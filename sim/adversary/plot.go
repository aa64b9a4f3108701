package adversary

import (
	"math/rand/v2"
	"slices"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/wire"
	"vaultnet/vault/core"
)

// plots is what a cabal knows together: proposals, votes, polkas it keeps secret. Everything is bounded.
type plots struct {
	known  []heard // the newest proposals, oldest first
	banked []banked
	old    []*agreement.Bundle // samples to be replayed
}

// heard is a block and the prevotes for it that reached any of the liars.
type heard struct {
	address  vaultnet.Address
	proposal *agreement.Proposal
	digest   vaultnet.Digest
	ballot   agreement.Ballot // of the round with most prevotes
	votes    []*agreement.Vote
	used     bool
}

// banked is a polka that only liars know.
type banked struct {
	address  vaultnet.Address
	proposal *agreement.Proposal
	polka    *agreement.Certificate
	due      vaultnet.Time
}

const maxKnown = 64

// hear notes what a bundle tells of blocks and votes.
func (p *plots) hear(b *agreement.Bundle) {
	if len(p.old) < maxKnown {
		p.old = append(p.old, b)
	} else {
		p.old[int(b.Height)%maxKnown] = b
	}
	if b.Proposal != nil {
		known := false
		for i := range p.known {
			if p.known[i].proposal.Header.State == b.Proposal.Header.State && p.known[i].address == b.Address {
				known = true
			}
		}
		if !known {
			if len(p.known) >= maxKnown {
				p.known = p.known[1:]
			}
			p.known = append(p.known, heard{address: b.Address, proposal: b.Proposal})
		}
	}
	for _, v := range b.Votes {
		if v.Ballot.Type != agreement.Prevote || v.Ballot.Block.IsZero() {
			continue
		}
		for i := range p.known {
			h := &p.known[i]
			if h.address != b.Address || h.proposal.Header.Height != v.Ballot.Height {
				continue
			}
			if len(h.votes) == 0 {
				h.digest, h.ballot = v.Ballot.Block, v.Ballot
			}
			if v.Ballot == h.ballot && h.vote(v.By.Signer) == nil && len(h.votes) < 16 {
				h.votes = append(h.votes, v)
			}
		}
	}
}

// vote is the prevote of a vault, nil where none was heard.
func (h *heard) vote(k vaultnet.PublicKey) *agreement.Vote {
	for _, v := range h.votes {
		if v.By.Signer == k {
			return v
		}
	}
	return nil
}

// otherBlock is a block at the ballot's height other than the ballot's; zero (nil) where none is known.
func (p *plots) otherBlock(a vaultnet.Address, b agreement.Ballot) vaultnet.Digest {
	for i := range p.known {
		h := &p.known[i]
		if h.address == a && h.proposal.Header.Height == b.Height && !h.digest.IsZero() && h.digest != b.Block {
			return h.digest
		}
	}
	return vaultnet.Digest{}
}

// any is one of the bundles heard before.
func (p *plots) any(rng *rand.Rand) *agreement.Bundle {
	if len(p.old) == 0 {
		return nil
	}
	return p.old[rng.IntN(len(p.old))]
}

// plot works on hidden locks and banked polkas: the liars keep their own prevotes secret; once theirs and those of the
// honest members that fell for a block make a polka, it is shown to one honest member only (HideLock), or kept for an
// hour and then re-proposed by a liar whose turn it is (Bank).
func (l *Liar) plot(a Act, s *core.Sealed) {
	self := l.self()
	secret := func(v *agreement.Vote) bool {
		return v.By.Signer == self && v.Ballot.Type == agreement.Prevote && !v.Ballot.Block.IsZero()
	}
	eachBundle(s, func(to vaultnet.PublicKey, b *agreement.Bundle) *agreement.Bundle {
		// not everybody is to see a fresh proposal
		hides := b.Proposal != nil && b.Proposal.By.Signer == self && b.Proposal.PolkaRound < 0 && !side(to, b.Address) && l.cabal.rng.IntN(3) > 0
		if !hides && b.Polka == nil && !slices.ContainsFunc(b.Votes, secret) {
			return b
		}
		b = copied(b)
		b.Votes, b.Polka = slices.DeleteFunc(slices.Clone(b.Votes), secret), nil
		if hides {
			b.Proposal = nil
		}
		return b
	})
	p := &l.cabal.plots
	for i := range p.known {
		h := &p.known[i]
		if h.used || len(h.votes) == 0 {
			continue
		}
		o := l.object(h.address)
		if o == nil || o.Set() == nil || o.Height()+1 != h.ballot.Height {
			continue
		}
		if polka := l.complete(o.Set(), h); polka != nil {
			h.used = true
			l.did(a)
			if a == HideLock {
				victim := o.Set().Members[l.cabal.rng.IntN(len(o.Set().Members))]
				s.Send = append(s.Send, wire.Envelope{To: victim, Messages: []wire.Message{&wire.Bundle{Bundle: &agreement.Bundle{
					Address: h.address, Height: o.Height(), Polka: polka, Proposal: h.proposal}}}})
				continue
			}
			due := l.now + vaultnet.Time(5_000+l.cabal.rng.Int64N(60_000))
			if len(p.banked) < maxKnown {
				p.banked = append(p.banked, banked{h.address, h.proposal, polka, due})
			}
		}
	}
	for i := 0; i < len(p.banked); i++ {
		if k := p.banked[i]; k.due <= l.now {
			p.banked = append(p.banked[:i:i], p.banked[i+1:]...)
			i--
			l.cash(k, s)
		}
	}
}

// complete is the polka of the votes heard and the liars' own, nil if they are too few.
func (l *Liar) complete(set *agreement.Set, h *heard) *agreement.Certificate {
	n := 0
	for _, m := range set.Members {
		if l.cabal.liar(m) != nil || h.vote(m) != nil {
			n++
		}
	}
	if n < set.Quorum() {
		return nil
	}
	c := &agreement.Certificate{Ballot: h.ballot}
	for _, m := range set.Members {
		if v := h.vote(m); v != nil {
			c.By = append(c.By, v.By)
		} else if k := l.cabal.liar(m); k != nil {
			c.By = append(c.By, k.attest(h.ballot.Leaf(l.cabal.network, h.address)))
		}
	}
	return c
}

// cash re-proposes a banked block in every round whose proposer is a liar, and votes for it with all liars.
func (l *Liar) cash(k banked, s *core.Sealed) {
	o := l.object(k.address)
	if o == nil || o.Set() == nil {
		return
	}
	set := o.Set()
	height := k.proposal.Header.Height
	for r := k.polka.Ballot.Round + 1; r < k.polka.Ballot.Round+1+uint32(len(set.Members)); r++ {
		proposer := set.Members[(uint64(height)+uint64(r))%uint64(len(set.Members))]
		for _, liar := range l.cabal.liars {
			if liar.self() != proposer {
				continue
			}
			p := &agreement.Proposal{Header: k.proposal.Header, Round: r, PolkaRound: int64(k.polka.Ballot.Round), Polka: k.polka, Proof: k.proposal.Proof}
			p.By = liar.attest(p.Leaf(l.cabal.network, k.address))
			b := &agreement.Bundle{Address: k.address, Height: height - 1, Proposal: p}
			for _, voter := range l.cabal.liars {
				for _, t := range []agreement.VoteType{agreement.Prevote, agreement.Precommit} {
					ballot := k.polka.Ballot
					ballot.Round, ballot.Type = r, t
					b.Votes = append(b.Votes, voter.vote(k.address, ballot))
				}
			}
			for _, m := range set.Members {
				s.Send = append(s.Send, wire.Envelope{To: m, Messages: []wire.Message{&wire.Bundle{Bundle: b}}})
			}
		}
	}
}
