package wire

import (
	"math"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/merkle"
)

// Bounds of what everything is made of. Heights, set numbers, rounds and times end far below their types' limits, so
// that a core may add to them and subtract them without a thought of overflow.
const (
	maxHeight   = 1 << 62
	maxRound    = 1 << 30
	maxTime     = 1 << 43 // the year 2248; also what keeps a difference of times a time.Duration
	maxMembers  = 16
	maxSiblings = 16 // of a path in a turn tree of merkle.MaxWidth leaves
)

func address(c *coder, a *vaultnet.Address) {
	var b [vaultnet.AddressSize]byte
	if c.mode != decoding {
		a.Append(b[:0])
	}
	if c.fixed(b[:], "address"); c.err != nil {
		return
	}
	read, ok := vaultnet.ParseAddress(b[:])
	if !ok || read.Kind != vaultnet.KindMutableData && read.Tag != 0 {
		bad := b // b itself stays off the heap
		c.fail("address: not one: %x", bad)
		return
	}
	if c.mode == decoding {
		*a = read
	}
}

// object is the address of something held by agreement.
func object(c *coder, a *vaultnet.Address) {
	if address(c, a); c.err == nil && a.Kind == vaultnet.KindImmutableData {
		c.fail("address: of a chunk")
	}
}

func publicKey(c *coder, k *vaultnet.PublicKey)        { c.fixed(k[:], "key") }
func name(c *coder, n *vaultnet.Name)                  { c.fixed(n[:], "name") }
func digest(c *coder, d *vaultnet.Digest)              { c.fixed(d[:], "digest") }
func height(c *coder, h *vaultnet.Height, what string) { number(c, h, 0, maxHeight, what) }
func timestamp(c *coder, t *vaultnet.Time, what string) {
	signed(c, t, 0, maxTime, what)
}

func attestation(c *coder, a *merkle.Attestation) {
	c.array(3, "attestation")
	c.fixed(a.Signer[:], "signer")
	c.fixed(a.Signature[:], "signature")
	path(c, &a.Path)
}

func path(c *coder, p *merkle.Path) {
	c.array(3, "path")
	number(c, &p.Index, 0, merkle.MaxWidth-1, "path index")
	number(c, &p.Width, 1, merkle.MaxWidth, "path width")
	list(c, &p.Siblings, 0, maxSiblings, digest, "path siblings")
}

func signedBy(c *coder, a **merkle.Attestation) { required(c, a, attestation, "attestation") }
func statedBy(c *coder, a **merkle.Attestation) { required(c, a, stated, "attestation") }

func ballot(c *coder, b *agreement.Ballot) {
	c.array(7, "ballot")
	number(c, &b.Incarnation, 0, math.MaxUint32, "incarnation")
	number(c, &b.Height, 1, maxHeight, "height")
	number(c, &b.Round, 0, maxRound, "round")
	number(c, &b.Type, uint64(agreement.Prevote), uint64(agreement.Precommit), "vote type")
	c.fixed(b.Block[:], "block")
	c.fixed(b.Set[:], "set")
	c.fixed(b.Previous[:], "previous")
}

// requiredVote is a vote and its attestation, which are read into one piece of memory.
func requiredVote(c *coder, v **agreement.Vote) {
	if c.mode != decoding {
		required(c, v, vote, "vote")
		return
	}
	read := new(struct {
		vote agreement.Vote
		by   merkle.Attestation
	})
	*v = &read.vote
	c.array(2, "vote")
	ballot(c, &read.vote.Ballot)
	read.vote.By = &read.by
	stated(c, &read.by)
}

func vote(c *coder, v *agreement.Vote) {
	c.array(2, "vote")
	ballot(c, &v.Ballot)
	statedBy(c, &v.By)
}

func certificate(c *coder, x *agreement.Certificate) {
	c.array(2, "certificate")
	ballot(c, &x.Ballot)
	list(c, &x.By, 1, maxMembers, signedBy, "signers of a certificate")
}

func ref(c *coder, r *agreement.Ref) {
	c.array(2, "reference")
	c.fixed(r.Request[:], "request digest")
	c.fixed(r.Attached[:], "attached digest")
}

func header(c *coder, h *agreement.Header) {
	c.array(9, "header")
	number(c, &h.Incarnation, 0, math.MaxUint32, "incarnation")
	number(c, &h.Height, 1, maxHeight, "height")
	c.fixed(h.Previous[:], "previous")
	timestamp(c, &h.Time, "block time")
	list(c, &h.Mutations, 0, vaultnet.MaxInFlight, ref, "mutations of a block")
	c.fixed(h.Add[:], "add")
	c.fixed(h.Drop[:], "drop")
	c.fixed(h.Set[:], "set")
	c.fixed(h.State[:], "state")
}

func proposal(c *coder, p *agreement.Proposal) {
	c.array(6, "proposal")
	header(c, &p.Header)
	number(c, &p.Round, 0, maxRound, "round")
	signed(c, &p.PolkaRound, -1, maxRound, "polka round")
	optional(c, &p.Polka, certificate, "polka")
	optional(c, &p.Proof, setProof, "proof")
	statedBy(c, &p.By)
	if c.err == nil && (p.PolkaRound >= 0) != (p.Polka != nil) {
		c.fail("proposal: polka round %d and its certificate do not go together", p.PolkaRound)
	}
}

func view(c *coder, v *agreement.View) {
	c.array(2, "view")
	timestamp(c, &v.Time, "view time")
	signedBy(c, &v.By)
}

func setProof(c *coder, s *agreement.SetProof) {
	c.array(2, "proof of set")
	list(c, &s.Members, 1, maxMembers, publicKey, "members")
	list(c, &s.Views, 1, maxMembers, view, "views")
}

func wish(c *coder, w *agreement.Wish) {
	c.array(5, "wish")
	number(c, &w.Incarnation, 0, math.MaxUint32, "incarnation")
	number(c, &w.Height, 1, maxHeight, "height")
	c.fixed(w.Add[:], "add")
	c.fixed(w.Drop[:], "drop")
	statedBy(c, &w.By)
}

func set(c *coder, s *agreement.Set) {
	c.array(2, "set")
	number(c, &s.Number, 1, maxHeight, "set number")
	if list(c, &s.Members, 1, maxMembers, publicKey, "members"); c.err != nil {
		return
	}
	for i := range s.Members {
		for j := range i {
			if s.Members[i] == s.Members[j] {
				c.fail("set: member %v twice", s.Members[i].Short())
				return
			}
		}
	}
}
