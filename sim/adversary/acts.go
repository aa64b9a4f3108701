package adversary

import (
	"slices"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/merkle"
	"vaultnet/internal/wire"
	"vaultnet/refusal"
	"vaultnet/vault/core"
)

// act spoils a sealed turn in one way.
func (l *Liar) act(a Act, s *core.Sealed) {
	switch a {
	case Mute:
		l.fallSilent(s)
	case Withhold:
		l.withhold(s)
	case Select:
		l.selectReceivers(s)
	case Equivocate:
		l.equivocate(s)
	case HideLock, Bank:
		l.plot(a, s)
	case Forge:
		l.forge(s)
	case FalseBooks:
		l.falsify(s)
	case Spam:
		l.spam(s)
	}
}

func (l *Liar) fallSilent(s *core.Sealed) {
	if l.mute <= l.now && l.cabal.rng.IntN(200) == 0 {
		l.mute = l.now.Add(5e9)
		l.did(Mute)
	}
	if l.mute > l.now {
		s.Send = nil
	}
}

// lags reports whether the core is kept from a member's message. Now and then it hears nothing for a while; in between it
// catches up.
func (l *Liar) lags() bool {
	if l.deaf.Add(2e9) < l.now && l.cabal.rng.IntN(50) == 0 {
		l.deaf = l.now.Add(4e9)
	}
	if l.deaf < l.now {
		return false
	}
	l.did(Lag)
	return true
}

// withhold keeps back votes, bodies and decided blocks, proposals not: others shall wake and wait.
func (l *Liar) withhold(s *core.Sealed) {
	eachBundle(s, func(to vaultnet.PublicKey, b *agreement.Bundle) *agreement.Bundle {
		if len(b.Votes)+len(b.Requests) > 0 || b.Decided != nil || b.State != nil {
			l.did(Withhold)
		}
		if b.Proposal == nil && b.Want == nil && len(b.Need) == 0 {
			return nil
		}
		b = copied(b)
		b.Votes, b.Requests, b.Decided, b.State, b.Polka, b.Commit = nil, nil, nil, nil, nil, nil
		return b
	})
}

// side splits receivers in two by address, stable over time.
func side(to vaultnet.PublicKey, a vaultnet.Address) bool {
	return (to[0]^to[7]^a.Name[0]^a.Name[5]^byte(a.Tag))&1 == 0
}

func (l *Liar) selectReceivers(s *core.Sealed) {
	eachBundle(s, func(to vaultnet.PublicKey, b *agreement.Bundle) *agreement.Bundle {
		if side(to, b.Address) {
			return b
		}
		l.did(Select)
		return nil
	})
}

// equivocate sends one half of the receivers contradicting votes: nil, or another block known at the height.
func (l *Liar) equivocate(s *core.Sealed) {
	eachBundle(s, func(to vaultnet.PublicKey, b *agreement.Bundle) *agreement.Bundle {
		if side(to, b.Address) || len(b.Votes) == 0 {
			return b
		}
		b = copied(b)
		b.Votes = slices.Clone(b.Votes)
		for i, v := range b.Votes {
			if v.By.Signer != l.self() {
				continue
			}
			ballot := v.Ballot
			other := l.cabal.plots.otherBlock(b.Address, ballot)
			if ballot.Block.IsZero() == other.IsZero() && ballot.Block == other {
				continue
			}
			ballot.Block = other
			b.Votes[i] = l.vote(b.Address, ballot)
			l.did(Equivocate)
		}
		return b
	})
}

// forge adds certificates that prove nothing, and damages signatures.
func (l *Liar) forge(s *core.Sealed) {
	rng := l.cabal.rng
	eachBundle(s, func(to vaultnet.PublicKey, b *agreement.Bundle) *agreement.Bundle {
		way := rng.IntN(12)
		if way > 6 {
			return b
		}
		b = copied(b)
		switch way {
		case 0: // votes of its own with a bad signature
			b.Votes = slices.Clone(b.Votes)
			for i, v := range b.Votes {
				by := *v.By
				by.Signature[rng.IntN(64)] ^= 1
				b.Votes[i] = &agreement.Vote{Ballot: v.Ballot, By: &by}
			}
		case 1: // votes in the name of others
			if set := l.set(b.Address); set != nil && len(b.Votes) > 0 {
				by := *b.Votes[0].By
				by.Signer = set.Members[rng.IntN(len(set.Members))]
				b.Votes = append(slices.Clone(b.Votes), &agreement.Vote{Ballot: b.Votes[0].Ballot, By: &by})
			}
		case 2, 3, 4: // a certificate of the liars alone: short, a signer many times, or padded with a stranger
			c := l.shortCertificate(b)
			if c == nil {
				return b
			}
			if c.Ballot.Type == agreement.Precommit {
				b.Commit = c
			} else {
				b.Polka = c
			}
		case 5: // a real certificate without its last signer
			if b.Decided != nil {
				d := *b.Decided
				c := *d.Certificate
				c.By = c.By[:len(c.By)-1]
				d.Certificate = &c
				b.Decided = &d
			}
		case 6: // its votes moved to the next height or another round
			b.Votes = slices.Clone(b.Votes)
			for i, v := range b.Votes {
				moved := v.Ballot
				moved.Round += uint32(rng.IntN(3))
				moved.Height++
				b.Votes[i] = &agreement.Vote{Ballot: moved, By: v.By}
			}
		}
		l.did(Forge)
		return b
	})
}

func (l *Liar) set(a vaultnet.Address) *agreement.Set {
	if o := l.object(a); o != nil {
		return o.Set()
	}
	return nil
}

// shortCertificate is the liars' votes, as many times as a quorum needs.
func (l *Liar) shortCertificate(b *agreement.Bundle) *agreement.Certificate {
	if len(b.Votes) == 0 {
		return nil
	}
	ballot := b.Votes[0].Ballot
	if ballot.Block.IsZero() {
		if b.Proposal == nil {
			return nil
		}
		ballot.Block = b.Proposal.Header.Digest(l.cabal.network, b.Address)
	}
	if l.cabal.rng.IntN(2) == 0 {
		ballot.Type = agreement.Precommit
	}
	c := &agreement.Certificate{Ballot: ballot}
	for len(c.By) < 6 {
		for _, k := range l.cabal.liars {
			c.By = append(c.By, k.attest(ballot.Leaf(l.cabal.network, b.Address)))
		}
	}
	if set := l.set(b.Address); set != nil {
		slices.SortStableFunc(c.By, func(x, y *merkle.Attestation) int { return set.Index(x.Signer) - set.Index(y.Signer) })
	}
	return c
}

// censor answers a request with an invented refusal and keeps it from the core.
func (l *Liar) censor(from vaultnet.PublicKey, m *wire.Submit) bool {
	o := l.object(m.Request.Address)
	if o == nil || o.Set() == nil {
		return true
	}
	l.did(Censor)
	r := &wire.Reply{Address: m.Request.Address, ID: m.Request.ID, Outcome: agreement.Refused, Height: o.Height(),
		Set: wire.SetRef{Number: o.Set().Number, Digest: o.Set().Digest()}}
	switch l.cabal.rng.IntN(4) {
	case 0:
		r.Err = refusal.Grant(refusal.Revoked)
	case 1:
		r.Err = refusal.New(refusal.AccessDenied)
	case 2:
		r.Err = refusal.New(refusal.NoSuchData)
	default:
		r.Err = &refusal.Error{Kind: refusal.InvalidEntryActions, Detail: refusal.Detail{
			Entries: []refusal.Problem{{Key: "key", Kind: refusal.NoSuchEntry}}}}
	}
	l.say(from, r)
	return false
}

// spam says a few useless things to somebody the turn speaks to.
func (l *Liar) spam(s *core.Sealed) {
	rng := l.cabal.rng
	var more []wire.Envelope
	for _, e := range s.Send {
		if rng.IntN(4) != 0 {
			continue
		}
		for _, m := range e.Messages {
			b, ok := m.(*wire.Bundle)
			if !ok {
				continue
			}
			o := l.object(b.Address)
			if o == nil || o.Set() == nil {
				continue
			}
			set := o.Set()
			ballot := agreement.Ballot{Height: o.Height() + 1, Round: rng.Uint32() >> 2, Type: agreement.Prevote, Set: set.Digest(), Previous: o.HeaderDigest()}
			junk := &agreement.Bundle{Address: b.Address, Height: o.Height()}
			switch rng.IntN(6) {
			case 0: // a round far away
				junk.Votes = []*agreement.Vote{l.vote(b.Address, ballot)}
			case 1: // a height far away
				ballot.Height += vaultnet.Height(1 + rng.Uint32())
				junk.Votes = []*agreement.Vote{l.vote(b.Address, ballot)}
				junk.Height = ballot.Height
			case 2: // an empty proposal
				p := &agreement.Proposal{Round: uint32(1 + rng.IntN(16)), PolkaRound: -1, Header: agreement.Header{
					Height: ballot.Height, Previous: ballot.Previous, Time: l.now, Set: ballot.Set, Mutations: []agreement.Ref{}}}
				p.By = l.attest(p.Leaf(l.cabal.network, b.Address))
				junk.Proposal = p
			case 3: // a wish to add a friend and drop an honest member
				w := &agreement.Wish{Height: ballot.Height, Drop: set.Members[rng.IntN(len(set.Members))]}
				if len(l.cabal.liars) > 0 {
					w.Add = l.cabal.liars[rng.IntN(len(l.cabal.liars))].self()
				}
				w.By = l.attest(w.Leaf(l.cabal.network, b.Address))
				junk.Wishes = []*agreement.Wish{w}
			case 4: // a puppet set
				puppets := make([]vaultnet.PublicKey, 0, len(l.cabal.liars))
				for _, k := range l.cabal.liars {
					puppets = append(puppets, k.self())
				}
				more = append(more, wire.Envelope{To: e.To, Messages: []wire.Message{&wire.Pointers{List: []wire.Pointer{{
					Address: b.Address, Set: agreement.NewSet(set.Number+1, b.Address, puppets)}}}}})
				l.did(Spam)
				continue
			case 5: // an old message again
				if old := l.cabal.plots.any(rng); old != nil {
					junk = old
				}
			}
			l.did(Spam)
			more = append(more, wire.Envelope{To: e.To, Messages: []wire.Message{&wire.Bundle{Bundle: junk}}})
		}
	}
	s.Send = append(s.Send, more...)
}
