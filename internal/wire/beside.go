package wire

import (
	"vaultnet"
	"vaultnet/internal/canonical"
	"vaultnet/internal/merkle"
)

// What a vault states in one turn is signed once, and most of what a frame holds was stated in one turn. So in a frame
// the attestation of a vote, a proposal or a wish is written beside the one before it there, whatever that was of: where
// signer, signature and width of the tree are the same and the upper ends of the two paths are, too, as in one tree, only
// the index and the siblings below the leaves' meeting are written, as an array of two; else all of it, as an array of
// five: signer, signature, index, width, siblings. Siblings are one byte string, bottom up. What can be written beside the
// one before must be, so that there is one encoding.
//
// What was left out takes memory where it is read: no more than twice the bytes that came before it. Beyond that all is
// written.
const sharedMost = 2

// stated is the attestation of a vote, a proposal or a wish.
func stated(c *coder, a *merkle.Attestation) {
	switch {
	case !c.frame:
		attestation(c, a)
	case c.mode == encoding:
		writeStated(c, a)
	default:
		readStated(c, a)
	}
}

// maySkip reports whether so many siblings may be left out at this place.
func (c *coder) maySkip(siblings, position int) bool {
	return (c.shared+siblings)*len(vaultnet.Digest{}) <= sharedMost*position
}

// besideLast returns how many siblings of a are its own, where it is to be written beside the one before.
func (c *coder) besideLast(a *merkle.Attestation, position int) (own int, ok bool) {
	b := c.last
	if b == nil || a.Path.Width != b.Path.Width || a.Signature != b.Signature || a.Signer != b.Signer {
		return 0, false
	}
	own, others, ok := b.Path.Beside(a.Path.Index)
	above := len(b.Path.Siblings) - others
	if !ok || len(a.Path.Siblings)-own != above || !c.maySkip(above, position) {
		return 0, false
	}
	for i := range above {
		if a.Path.Siblings[own+i] != b.Path.Siblings[others+i] {
			return 0, false
		}
	}
	return own, true
}

func writeStated(c *coder, a *merkle.Attestation) {
	if len(a.Path.Siblings) > maxSiblings {
		c.fail("path siblings: %d of them, at most %d", len(a.Path.Siblings), maxSiblings)
		return
	}
	own, ok := c.besideLast(a, c.position())
	if ok {
		c.shared += len(a.Path.Siblings) - own
		c.array(2, "attestation")
		number(c, &a.Path.Index, 0, merkle.MaxWidth-1, "path index")
	} else {
		own = len(a.Path.Siblings)
		c.array(5, "attestation")
		c.fixed(a.Signer[:], "signer")
		c.fixed(a.Signature[:], "signature")
		number(c, &a.Path.Index, 0, merkle.MaxWidth-1, "path index")
		number(c, &a.Path.Width, 1, merkle.MaxWidth, "path width")
	}
	c.buf = canonical.AppendBytesHead(c.buf, own*len(vaultnet.Digest{}))
	for i := range a.Path.Siblings[:own] {
		c.buf = append(c.buf, a.Path.Siblings[i][:]...)
	}
	c.last = a
}

func readStated(c *coder, a *merkle.Attestation) {
	position := c.position()
	n := c.expect(majorArray, "attestation")
	switch {
	case c.err != nil:
	case n == 5:
		c.fixed(a.Signer[:], "signer")
		c.fixed(a.Signature[:], "signature")
		number(c, &a.Path.Index, 0, merkle.MaxWidth-1, "path index")
		number(c, &a.Path.Width, 1, merkle.MaxWidth, "path width")
		readSiblings(c, a, nil)
		if _, ok := c.besideLast(a, position); ok && c.err == nil {
			c.fail("attestation: written in full, though it stands beside one of the same tree")
		}
	case n == 2 && c.last != nil:
		b := c.last
		a.Signer, a.Signature, a.Path.Width = b.Signer, b.Signature, b.Path.Width
		number(c, &a.Path.Index, 0, merkle.MaxWidth-1, "path index")
		if c.err != nil {
			return
		}
		own, others, ok := b.Path.Beside(a.Path.Index)
		if !ok || !c.maySkip(len(b.Path.Siblings)-others, position) {
			c.fail("attestation: cannot be beside the one before")
			return
		}
		c.shared += len(b.Path.Siblings) - others
		if read := readSiblings(c, a, b.Path.Siblings[others:]); c.err == nil && read != own {
			c.fail("attestation: %d siblings of its own, want %d", read, own)
		}
	default:
		c.fail("attestation: %d fields, want 5, or 2 beside another", n)
	}
	c.last = a
}

// readSiblings reads siblings, adds those above them, and returns how many it has read.
func readSiblings(c *coder, a *merkle.Attestation, above []vaultnet.Digest) int {
	const size = len(vaultnet.Digest{})
	n := c.expect(majorBytes, "path siblings")
	if n%uint64(size) != 0 || n > uint64(maxSiblings*size) {
		c.fail("path siblings: %d bytes, want a multiple of %d, at most %d", n, size, maxSiblings*size)
	}
	b := c.take(n, "path siblings")
	own := len(b) / size
	if c.err != nil || own+len(above) == 0 {
		return 0
	}
	if own == 0 {
		a.Path.Siblings = above // siblings are not changed
		return 0
	}
	a.Path.Siblings = make([]vaultnet.Digest, own+len(above))
	for i := range own {
		copy(a.Path.Siblings[i][:], b[i*size:])
	}
	copy(a.Path.Siblings[own:], above)
	return own
}
