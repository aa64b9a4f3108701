package core

import (
	"slices"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/merkle"
	"vaultnet/internal/wire"
)

// outbox gathers the effects of a turn.
type outbox struct {
	leaves  []agreement.Leaf
	tree    merkle.Tree
	records []*live // whose record is to be asked
	writes  []vaultnet.Write
	erased  []vaultnet.Write // after the records
	chunks  []Chunk
	lookups []vaultnet.Name
	loads   []vaultnet.Address
	to      map[vaultnet.PublicKey]int // index in mail; nil while that is short
	mail    []wire.Envelope            // in the order in which each first got something
	sent    []wire.Envelope            // of the turn before: the driver's until the next step
	blank   []wire.Bundle              // for bundles to be sent
}

// empty makes it the outbox of the next turn, in which the room of this one is used again.
func (o *outbox) empty(writes []vaultnet.Write) {
	clear(o.leaves)
	clear(o.records)
	if o.leaves = o.leaves[:0]; cap(o.leaves) > maxBatch {
		o.leaves, o.tree = nil, merkle.Tree{}
	}
	if o.records = o.records[:0]; cap(o.records) > maxBatch {
		o.records = nil
	}
	if o.writes = writes[:0]; cap(writes) > 8*maxBatch {
		o.writes = nil
	}
	o.erased, o.chunks, o.lookups, o.loads = nil, nil, nil, nil
	o.to, o.mail, o.sent = nil, nil, o.mail
}

// begin makes the room of what was sent with the turn before that of this turn's mail.
func (o *outbox) begin() {
	for i := range o.sent {
		e := &o.sent[i]
		clear(e.Messages)
		if e.Messages = e.Messages[:0]; cap(e.Messages) > maxBatch {
			e.Messages = nil
		}
	}
	if cap(o.sent) <= maxBatch {
		o.mail = o.sent[:0]
	}
	o.sent = nil
}

// root makes the tree over everything stated in the turn.
func (o *outbox) root() vaultnet.Digest {
	if len(o.leaves) == 0 {
		return vaultnet.Digest{} // nothing is stated
	}
	var few [16]vaultnet.Digest
	digests := few[:0]
	for i := range o.leaves {
		digests = append(digests, o.leaves[i].Digest)
	}
	o.tree.Build(digests)
	return o.tree.Root()
}

// state adds a statement and returns where its attestation will be, which is filled in when the turn is sealed.
func (o *outbox) state(leaf vaultnet.Digest, self vaultnet.PublicKey) *merkle.Attestation {
	by := &merkle.Attestation{Signer: self}
	o.leaves = append(o.leaves, agreement.Leaf{Digest: leaf, By: by})
	return by
}

// wrap makes a message of a bundle. The messages of several bundles, which are short-lived, are made at once.
func (o *outbox) wrap(b *agreement.Bundle) *wire.Bundle {
	if len(o.blank) == 0 {
		o.blank = make([]wire.Bundle, 16)
	}
	m := &o.blank[0]
	o.blank = o.blank[1:]
	m.Bundle = b
	return m
}

// envelopes is the turn's mail, to which somebody may append without that it is in the room of the next turn's.
func (o *outbox) envelopes() []wire.Envelope { return slices.Clip(o.mail) }

// send puts a message into the turn's envelope for a node.
func (v *Vault) send(to vaultnet.PublicKey, m wire.Message) {
	if to.IsNobody() || to == v.cfg.Self {
		return
	}
	e := v.out.envelope(to)
	e.Messages = append(e.Messages, m)
}

// fewNodes is up to how many nodes it is quicker to look through all envelopes than to keep a map of them.
const fewNodes = 24

// envelope is the turn's envelope for a node.
func (o *outbox) envelope(to vaultnet.PublicKey) *wire.Envelope {
	if o.to == nil {
		for i := range o.mail {
			if o.mail[i].To == to {
				return &o.mail[i]
			}
		}
	} else if i, ok := o.to[to]; ok {
		return &o.mail[i]
	}
	last := len(o.mail)
	o.mail = slices.Grow(o.mail, 1)[:last+1]
	o.mail[last].To = to
	switch {
	case o.to != nil:
		o.to[to] = last
	case last >= fewNodes:
		o.to = make(map[vaultnet.PublicKey]int, 4*fewNodes)
		for i := range o.mail {
			o.to[o.mail[i].To] = i
		}
	}
	return &o.mail[last]
}

// sendBundles sends what an object's step led to: to each vault one bundle, where what there is fits together. Votes that
// only the clock led to are a repair, or are nil since somebody said nothing in time: a sign of life is due of all members,
// for which of them that was is not to be seen here.
func (v *Vault) sendBundles(out []agreement.Outgoing, clock bool) {
	first := slices.IndexFunc(out, func(s agreement.Outgoing) bool { return s.To.IsNobody() })
	for i := range out {
		s := &out[i]
		switch {
		case i == first:
			v.broadcast(s, out)
		case s.To.IsNobody():
			v.broadcast(s, nil)
		case first < 0 || out[first].Set.Index(s.To) < 0:
			v.send(s.To, v.out.wrap(s.Bundle))
		}
	}
	if clock && first >= 0 && len(out[first].Bundle.Votes) > 0 {
		for _, m := range out[first].Set.Members {
			v.expect(v.peers.get(m))
		}
	}
}

// broadcast sends a bundle to the members of its set that it is for, together with what is in addition for one of them.
func (v *Vault) broadcast(s *agreement.Outgoing, addition []agreement.Outgoing) {
	common := v.out.wrap(s.Bundle)
	for rank, m := range s.Set.Members {
		if m == v.cfg.Self {
			continue
		}
		if s.Spared>>rank&1 == 1 {
			for i := range addition {
				if addition[i].To == m {
					v.send(m, v.out.wrap(addition[i].Bundle))
				}
			}
			continue
		}
		whole, mixed := s.Bundle, false
		for i := range addition {
			if addition[i].To != m {
				continue
			}
			if b, ok := merge(whole, addition[i].Bundle); ok {
				whole, mixed = b, true
			} else {
				v.send(m, v.out.wrap(addition[i].Bundle))
			}
		}
		if mixed {
			v.send(m, v.out.wrap(whole))
		} else {
			v.send(m, common)
		}
	}
}

// Bounds of the lists in a bundle, as package wire has them.
const (
	bundleVotes    = 64
	bundleRequests = 10
	bundleOthers   = 5
)

// merge makes one bundle of two for the same vault about one object; false where they do not fit together.
func merge(a, b *agreement.Bundle) (*agreement.Bundle, bool) {
	if a.Proposal != nil && b.Proposal != nil || a.Polka != nil && b.Polka != nil || a.Commit != nil && b.Commit != nil ||
		a.Decided != nil && b.Decided != nil || a.State != nil && b.State != nil || a.Want != nil && b.Want != nil ||
		a.Height != b.Height || len(a.Votes)+len(b.Votes) > bundleVotes || len(a.Requests)+len(b.Requests) > bundleRequests ||
		len(a.Need)+len(b.Need) > bundleOthers || len(a.Withdraw)+len(b.Withdraw) > bundleOthers ||
		len(a.Wishes)+len(b.Wishes) > bundleOthers {
		return nil, false
	}
	c := *a
	c.Proposal, c.Polka, c.Commit = either(a.Proposal, b.Proposal), either(a.Polka, b.Polka), either(a.Commit, b.Commit)
	c.Decided, c.State, c.Want = either(a.Decided, b.Decided), either(a.State, b.State), either(a.Want, b.Want)
	c.Votes, c.Requests, c.Need = both(a.Votes, b.Votes), both(a.Requests, b.Requests), both(a.Need, b.Need)
	c.Withdraw, c.Wishes = both(a.Withdraw, b.Withdraw), both(a.Wishes, b.Wishes)
	c.Following = max(a.Following, b.Following)
	return &c, true
}

func either[T any](a, b *T) *T {
	if a != nil {
		return a
	}
	return b
}

// both joins two lists and leaves them as they are.
func both[T any](a, b []T) []T {
	if len(b) == 0 {
		return a
	}
	return append(a[:len(a):len(a)], b...)
}
