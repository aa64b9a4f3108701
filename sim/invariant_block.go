package sim

import (
	"bytes"
	"math/bits"
	"slices"

	"vaultnet"
	"vaultnet/agreement"
)

// decided checks a block that an honest member applied: its certificate, that all members decided the same, that it
// follows from the block before, and that the member's state is everybody's.
func (c *checker) decided(s *witness, w *watched, d *agreement.Decided, before, after *agreement.State) {
	h := &d.Header
	digest := h.Digest(c.network, w.address)
	c.trace.mix(uint64(w.number)<<32 | uint64(h.Height))
	c.trace.mixDigest(digest)
	if c.trace.on() {
		c.trace.line(s.name, "%v: DECIDED height %d: %v in round %d, %d mutations", w.address, h.Height, digest,
			d.Certificate.Ballot.Round, len(h.Mutations))
	}
	if h.State != after.Digest() {
		c.fail(EqualStates, w, "%s holds a state at height %d that its block's header does not name", s.name, h.Height)
	}
	if before != nil && after.Time <= before.Time {
		c.fail(Heights, w, "%s goes from block time %d to %d", s.name, before.Time, after.Time)
	}
	m := s.member(w)
	if after.Set.Index(s.key) < 0 && h.Height <= m.height {
		*m = member{} // it left or follows, and may have given up before and begun again
	}
	if h.Height > m.height+1 {
		m.leapt = true
	} else if h.Height <= m.height && (d.Voters.Index(s.key) >= 0 || d.Set.Index(s.key) >= 0) { // who only follows may begin anew
		c.fail(Heights, w, "%s decides height %d and had decided %d", s.name, h.Height, m.height)
	}
	fetched := h.Height > m.height+1
	for h.Height > w.height() {
		w.blocks = append(w.blocks, nil)
	}
	b := w.blocks[h.Height-1]
	if b == nil {
		b = &block{header: h, digest: digest, after: after, voters: d.Voters, set: d.Voters.Digest(), fetched: fetched}
		w.blocks[h.Height-1] = b
		c.overrun(w, d.Voters)
		c.overrun(w, d.Set)
		c.totals.Blocks++
		c.totals.Rounds += uint64(d.Certificate.Ballot.Round) + 1
		c.totals.Mutations += uint64(len(h.Mutations))
		switch {
		case h.SetBlock():
			c.totals.SetBlocks++
		case h.Empty():
			c.totals.Empty++
		}
		c.linked(s, w, b)
		w.prunePolls()
	} else if b.digest != digest {
		c.fail(OneCertificate, w, "%s decides %v at height %d, which was decided as %v", s.name, digest, h.Height, b.digest)
		return
	} else if fetched || b.fetched { // what a digest does not cover would be believed
		b.fetched = b.fetched && fetched
		if !sameRecords(b.after.Machine.Records(), after.Machine.Records()) {
			c.fail(EqualStates, w, "%s came by another state at height %d, with the same digest", s.name, h.Height)
		}
	}
	if b.bodies == nil && (len(d.Bodies) == len(h.Mutations)) {
		b.bodies = d.Bodies
		if b.bodies == nil {
			b.bodies = []*agreement.Request{}
		}
		c.requests(w, b)
		c.replay(w)
	}
}

// sameRecords reports whether two states are the same, record by record.
func sameRecords(a, b []vaultnet.Write) bool {
	byKey := func(x, y vaultnet.Write) int { return bytes.Compare(x.Key, y.Key) }
	slices.SortFunc(a, byKey)
	slices.SortFunc(b, byKey)
	return slices.EqualFunc(a, b, func(x, y vaultnet.Write) bool {
		return bytes.Equal(x.Key, y.Key) && bytes.Equal(x.Value, y.Value)
	})
}

// digestOf is a set's digest; most often it is that of the set that decided the block.
func (b *block) digestOf(s *agreement.Set) vaultnet.Digest {
	if s == b.voters || s.Number == b.voters.Number && slices.Equal(s.Members, b.voters.Members) {
		return b.set
	}
	return s.Digest()
}

// certificate checks that a quorum of the set that decides precommitted the block. Signatures are verified of the first
// certificate of a height; those of the others were verified when they arrived.
func (c *checker) certificate(s *witness, w *watched, d *agreement.Decided) {
	cert, set := d.Certificate, d.Voters
	b := w.block(d.Header.Height)
	if cert == nil || set == nil || b == nil || cert.Ballot.Block != b.digest || cert.Ballot.Type != agreement.Precommit ||
		cert.Ballot.Height != d.Header.Height || cert.Ballot.Set != b.digestOf(set) {
		c.fail(OneCertificate, w, "%s decides height %d with a certificate of something else", s.name, d.Header.Height)
		return
	}
	first := !b.certified
	b.certified = true
	var leaf vaultnet.Digest
	if first {
		leaf = cert.Ballot.Leaf(c.network, w.address)
	}
	var signers uint64
	for _, by := range cert.By {
		if i := set.Index(by.Signer); i >= 0 && (!first || c.stated.Verify(by, leaf)) {
			signers |= 1 << i
		}
	}
	if n := len(set.Members); bits.OnesCount64(signers) < (n+(n-1)/3)/2+1 {
		c.fail(OneCertificate, w, "%s decides height %d with %d good signatures of %d members", s.name, d.Header.Height,
			bits.OnesCount64(signers), n)
	}
}

// linked checks a block against its neighbours, whichever was seen first.
func (c *checker) linked(s *witness, w *watched, b *block) {
	h := b.header.Height
	if prev := w.block(h - 1); prev != nil {
		c.follows(s, w, prev, b)
	} else if h == 1 && !b.header.Previous.IsZero() {
		c.fail(Heights, w, "%s decides a first block that names one before it", s.name)
	}
	if next := w.block(h + 1); next != nil {
		c.follows(s, w, b, next)
	}
}

func (c *checker) follows(s *witness, w *watched, prev, b *block) {
	h := b.header
	switch {
	case h.Previous != prev.digest:
		c.fail(Heights, w, "%s decides height %d after %v, where %v was decided", s.name, h.Height, h.Previous, prev.digest)
	case h.Time <= prev.header.Time:
		c.fail(Heights, w, "%s decides height %d with time %d, not after %d", s.name, h.Height, h.Time, prev.header.Time)
	case b.voters != nil && b.voters.Digest() != prev.header.Set:
		c.fail(OneCertificate, w, "%s: height %d was decided by another set than height %d made", s.name, h.Height, h.Height-1)
	case h.SetBlock() && len(h.Mutations) > 0:
		c.fail(Limits, w, "%s: the set block of height %d carries mutations", s.name, h.Height)
	}
}
