package adversary

import (
	"math/rand/v2"
	"slices"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/merkle"
	"vaultnet/internal/wire"
	"vaultnet/vault/core"
)

// Act is one way of lying. A liar may combine several.
type Act string

// The acts.
const (
	Mute       Act = "mute"        // falls silent now and then, for seconds
	Withhold   Act = "withhold"    // keeps its votes, bodies and decided blocks to itself
	Select     Act = "select"      // speaks of an object to some of its members only
	Equivocate Act = "equivocate"  // votes one thing to one half and another to the other
	HideLock   Act = "hide-lock"   // completes a polka towards one honest member only
	Bank       Act = "bank"        // completes a polka in secret and re-proposes the block much later
	Forge      Act = "forge"       // short, doubled and forged certificates, damaged signatures
	FalseBooks Act = "false-books" // serves false states, reads, statements, outcomes and sets
	Spam       Act = "spam"        // future rounds and heights, empty proposals, wishes, puppet sets
	Backdate   Act = "backdate"    // proposes with an old clock
	Censor     Act = "censor"      // refuses every request with invented reasons and proposes none
	Lag        Act = "lag"         // learns of nothing for seconds, and answers with what was
	Betray     Act = "betray"      // confirms withdrawals and goes on voting for what was withdrawn
)

// Acts is all acts, in a fixed order.
var Acts = []Act{Mute, Withhold, Select, Equivocate, HideLock, Bank, Forge, FalseBooks, Spam, Backdate, Censor, Lag, Betray}

// Cabal is liars that conspire.
type Cabal struct {
	network    vaultnet.NetworkID
	parameters vaultnet.Parameters
	rng        *rand.Rand
	liars      []*Liar
	plots      plots
	counts     map[Act]int
}

// NewCabal makes a cabal without liars. All its choices come from rng.
func NewCabal(network vaultnet.NetworkID, p vaultnet.Parameters, rng *rand.Rand) *Cabal {
	return &Cabal{network: network, parameters: p, rng: rng, counts: map[Act]int{}}
}

// Count is how often an act spoiled something.
func (c *Cabal) Count(a Act) int { return c.counts[a] }

// Liar is a lying vault.
type Liar struct {
	cabal  *Cabal
	inner  core.Stepper
	signer vaultnet.Signer
	acts   []Act
	now    vaultnet.Time
	late   int64 // Backdate: how far its clock is behind, ms
	mute   vaultnet.Time
	deaf   vaultnet.Time   // Lag: until then its core hears nothing of other members
	extra  []wire.Envelope // to be sent with the next turn

	heard []core.Input    // room for what the core is to see of a turn
	sent  []wire.Envelope // room for what is sent with one
}

// Wrap makes a liar of a vault. A vault that restarts is wrapped again with the same signer and takes its old place.
func (c *Cabal) Wrap(signer vaultnet.Signer, inner core.Stepper, acts ...Act) *Liar {
	l := &Liar{cabal: c, inner: inner, signer: signer, acts: acts}
	if l.does(Backdate) {
		l.late = 3_000 + c.rng.Int64N(3_600_000)
	}
	for i, old := range c.liars {
		if old.signer.Public() == signer.Public() {
			c.liars[i] = l
			return l
		}
	}
	c.liars = append(c.liars, l)
	return l
}

// liar is the liar with a key, nil where there is none.
func (c *Cabal) liar(k vaultnet.PublicKey) *Liar {
	for _, l := range c.liars {
		if l.self() == k {
			return l
		}
	}
	return nil
}

func (l *Liar) does(a Act) bool { return slices.Contains(l.acts, a) }

func (l *Liar) did(a Act) { l.cabal.counts[a]++ }

func (l *Liar) self() vaultnet.PublicKey { return l.signer.Public() }

// Step lets the core see what the liar wants it to see.
func (l *Liar) Step(now vaultnet.Time, in []core.Input) core.Output {
	l.now = now
	kept := l.heard[:0]
	for i := range in {
		from, m := in[i].Heard()
		if m == nil || l.hear(from, m) {
			kept = append(kept, in[i])
		}
	}
	out := l.inner.Step(now-vaultnet.Time(l.late), kept)
	clear(kept)
	l.heard = kept
	if out.Alarm != vaultnet.Never {
		out.Alarm += vaultnet.Time(l.late)
	}
	if len(l.extra) > 0 || l.does(Bank) || l.does(HideLock) {
		out.Alarm = min(out.Alarm, now+1_000)
	}
	return out
}

// hear takes note of a message and reports whether the core may see it, too.
func (l *Liar) hear(from vaultnet.PublicKey, m wire.Message) bool {
	switch m := m.(type) {
	case *wire.Bundle:
		l.cabal.plots.hear(m.Bundle)
		if l.does(Lag) {
			return !l.lags()
		}
	case *wire.Submit:
		if l.does(Censor) {
			return l.censor(from, m)
		}
	case *wire.Withdraw:
		if l.does(Betray) {
			l.did(Betray)
			w := &m.Withdraw
			o := l.object(w.Address)
			if o == nil || o.Set() == nil {
				return true
			}
			l.say(from, &wire.Reply{Address: w.Address, ID: w.Identity(l.cabal.network), Outcome: agreement.Withdrawn,
				Height: o.Height(), Set: wire.SetRef{Number: o.Set().Number, Digest: o.Set().Digest()}})
			return false
		}
	}
	return true
}

// Seal spoils what the core wants to send.
func (l *Liar) Seal(s vaultnet.Signature) core.Sealed {
	sealed := l.inner.Seal(s)
	for _, e := range sealed.Send {
		for _, m := range e.Messages {
			if b, ok := m.(*wire.Bundle); ok {
				l.cabal.plots.hear(b.Bundle)
			}
		}
	}
	sealed.Send = append(l.sent[:0], sealed.Send...) // the list is the liar's own, in which acts drop what they like
	for _, a := range l.acts {
		l.act(a, &sealed)
	}
	sealed.Send = append(sealed.Send, l.extra...)
	l.extra = nil
	clear(l.sent[min(len(sealed.Send), len(l.sent)):])
	l.sent = sealed.Send
	return sealed
}

// Object gives a look into the core, for the simulator's checkers, which skip liars, and for plots.
func (l *Liar) object(a vaultnet.Address) *agreement.Object {
	if v, ok := l.inner.(interface {
		Object(vaultnet.Address) *agreement.Object
	}); ok {
		return v.Object(a)
	}
	return nil
}

// say sends a message of the liar's own with its next turn.
func (l *Liar) say(to vaultnet.PublicKey, m ...wire.Message) {
	if len(l.extra) < 1024 {
		l.extra = append(l.extra, wire.Envelope{To: to, Messages: m})
	}
}

// attest signs one statement by itself.
func (l *Liar) attest(leaf vaultnet.Digest) *merkle.Attestation {
	tree := merkle.NewTree([]vaultnet.Digest{leaf})
	return &merkle.Attestation{Signer: l.self(), Signature: l.signer.Sign(vaultnet.TurnMessage(l.cabal.network, tree.Root())), Path: tree.Path(0)}
}

// vote signs a ballot.
func (l *Liar) vote(a vaultnet.Address, b agreement.Ballot) *agreement.Vote {
	return &agreement.Vote{Ballot: b, By: l.attest(b.Leaf(l.cabal.network, a))}
}

// each replaces every message to every receiver: nil drops it. Messages are shared, so f returns a copy of what it
// changes.
func each(s *core.Sealed, f func(to vaultnet.PublicKey, m wire.Message) wire.Message) {
	send := s.Send[:0]
	for _, e := range s.Send {
		ms := e.Messages[:0]
		for _, m := range e.Messages {
			if m = f(e.To, m); m != nil {
				ms = append(ms, m)
			}
		}
		if len(ms) > 0 {
			send = append(send, wire.Envelope{To: e.To, Messages: ms})
		}
	}
	s.Send = send
}

// eachBundle is each for bundles: f returns the bundle as it is, a copy that it changed, or nil to drop it.
func eachBundle(s *core.Sealed, f func(to vaultnet.PublicKey, b *agreement.Bundle) *agreement.Bundle) {
	each(s, func(to vaultnet.PublicKey, m wire.Message) wire.Message {
		b, ok := m.(*wire.Bundle)
		if !ok {
			return m
		}
		switch c := f(to, b.Bundle); c {
		case nil:
			return nil
		case b.Bundle:
			return m
		default:
			return &wire.Bundle{Bundle: c}
		}
	})
}

// copied is a copy of what p points to.
func copied[T any](p *T) *T {
	c := *p
	return &c
}
