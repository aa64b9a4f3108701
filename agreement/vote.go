package agreement

import (
	"encoding/binary"

	"vaultnet"
	"vaultnet/internal/merkle"
)

// VoteType tells the two votes of a round apart.
type VoteType uint8

// The two votes of a round.
const (
	Prevote   VoteType = 1 // "I would accept this block"; q of them are a polka
	Precommit VoteType = 2 // "I am locked on this block"; q of them are a certificate
)

// String is the vote type's name.
func (t VoteType) String() string {
	if t == Prevote {
		return "prevote"
	}
	return "precommit"
}

// Ballot is what a vote says. Network and address are known from where it stands and are covered by its leaf.
type Ballot struct {
	_           struct{} `cbor:",toarray"`
	Incarnation uint32
	Height      vaultnet.Height
	Round       uint32
	Type        VoteType
	Block       vaultnet.Digest // header digest; zero: nil, no block
	Set         vaultnet.Digest // of the set that decides this height
	Previous    vaultnet.Digest // header digest of the height before
}

// Leaf is what a member attests when it casts the ballot.
func (b *Ballot) Leaf(network vaultnet.NetworkID, a vaultnet.Address) vaultnet.Digest {
	var buf [256]byte
	p := append(buf[:0], network[:]...)
	p = a.Append(p)
	p = binary.BigEndian.AppendUint32(p, b.Incarnation)
	p = binary.BigEndian.AppendUint64(p, uint64(b.Height))
	p = binary.BigEndian.AppendUint32(p, b.Round)
	p = append(p, byte(b.Type))
	p = append(p, b.Block[:]...)
	p = append(p, b.Set[:]...)
	p = append(p, b.Previous[:]...)
	return vaultnet.DomainVote.Hash(p)
}

// Vote is a signed ballot. By is shared, and filled in once, when the turn that cast the vote is sealed.
type Vote struct {
	_      struct{} `cbor:",toarray"`
	Ballot Ballot
	By     *merkle.Attestation
}

// Verify reports whether the vote was signed by the key it names. Membership is judged by whoever counts it.
func (v *Vote) Verify(network vaultnet.NetworkID, a vaultnet.Address, verifier vaultnet.Verifier) bool {
	return v.By != nil && v.By.Verify(network, v.Ballot.Leaf(network, a), verifier)
}

// Certificate is one ballot signed by many: q prevotes are a polka certificate, q precommits the proof that a block is
// decided. It counts only for the set it names.
type Certificate struct {
	_      struct{} `cbor:",toarray"`
	Ballot Ballot
	By     []*merkle.Attestation // ≤ 16, in strictly increasing order of XOR rank, so that no signer counts twice
}

// Verify reports whether every signature is good. Whose they are is judged by [Certificate.Proves].
func (c *Certificate) Verify(network vaultnet.NetworkID, a vaultnet.Address, verifier vaultnet.Verifier) bool {
	leaf := c.Ballot.Leaf(network, a)
	for _, by := range c.By {
		if by == nil || !by.Verify(network, leaf, verifier) {
			return false
		}
	}
	return true
}

// Proves reports whether c is a quorum of set for a block (never for nil) with votes of type t. Signatures were
// verified when it was opened.
func (c *Certificate) Proves(t VoteType, set *Set, setDigest vaultnet.Digest) bool {
	if c == nil || c.Ballot.Type != t || c.Ballot.Block.IsZero() || c.Ballot.Set != setDigest || len(c.By) < set.Quorum() {
		return false
	}
	last := -1
	for _, by := range c.By {
		i := set.Index(by.Signer)
		if i <= last {
			return false // a stranger, or a signer twice
		}
		last = i
	}
	return true
}
