package agreement

import (
	"encoding/binary"
	"slices"

	"vaultnet"
	"vaultnet/internal/merkle"
)

// Proposal is a proposer's block for a round. With PolkaRound ≥ 0 it is a re-proposal, and Polka proves that a quorum
// prevoted for the block in that round.
type Proposal struct {
	_          struct{} `cbor:",toarray"`
	Header     Header
	Round      uint32
	PolkaRound int64        // −1: fresh
	Polka      *Certificate // of PolkaRound; nil when fresh
	Proof      *SetProof    // at height 1: where the first set comes from; nil otherwise
	By         *merkle.Attestation
}

// Leaf is what the proposer attests.
func (p *Proposal) Leaf(network vaultnet.NetworkID, a vaultnet.Address) vaultnet.Digest {
	d := p.Header.Digest(network, a)
	b := binary.BigEndian.AppendUint32(d[:], p.Round)
	b = binary.BigEndian.AppendUint64(b, uint64(p.PolkaRound))
	return vaultnet.DomainProposal.Hash(b)
}

// Verify reports whether proposer, polka certificate and proof of set are signed by the keys they name.
func (p *Proposal) Verify(network vaultnet.NetworkID, a vaultnet.Address, v vaultnet.Verifier) bool {
	return p.By != nil && p.By.Verify(network, p.Leaf(network, a), v) &&
		(p.Polka == nil || p.Polka.Verify(network, a, v)) &&
		(p.Proof == nil || p.Proof.Verify(network, a, v))
}

// View is a vault's signed statement of whom it takes for the set of a free address (design §6, genesis).
type View struct {
	_    struct{}      `cbor:",toarray"`
	Time vaultnet.Time // by the vault's clock
	By   *merkle.Attestation
}

// ViewLeaf is what the vault attests: at a settled time t it holds nothing at a and takes members for its set.
func ViewLeaf(network vaultnet.NetworkID, a vaultnet.Address, members []vaultnet.PublicKey, t vaultnet.Time) vaultnet.Digest {
	var buf [768]byte
	b := append(buf[:0], network[:]...)
	b = a.Append(b)
	b = binary.BigEndian.AppendUint64(b, uint64(t))
	for i := range members {
		b = append(b, members[i][:]...)
	}
	return vaultnet.DomainView.Hash(b)
}

// SetProof is q members' views, all naming the same set: what makes an object's first set an objective matter.
type SetProof struct {
	_       struct{}             `cbor:",toarray"`
	Members []vaultnet.PublicKey // in XOR rank order
	Views   []View               // ≤ 16, in strictly increasing XOR rank of their signers
}

// Verify reports whether every view is signed by the key it names.
func (s *SetProof) Verify(network vaultnet.NetworkID, a vaultnet.Address, v vaultnet.Verifier) bool {
	for i := range s.Views {
		w := &s.Views[i]
		if w.By == nil || !w.By.Verify(network, ViewLeaf(network, a, s.Members, w.Time), v) {
			return false
		}
	}
	return true
}

// Set is the first set that s proves, or false: members distinct and in order, at most limit, q of them signed.
func (s *SetProof) Set(a vaultnet.Address, limit int) (*Set, bool) {
	if s == nil {
		return nil, false
	}
	set := &Set{Number: 1, Members: s.Members}
	return set, set.Valid(a, limit) && s.proves(set)
}

// SetOf is [SetProof.Set], which does not look again at members that are known to be distinct and in order: most often it is
// these.
func (s *SetProof) SetOf(known []vaultnet.PublicKey, a vaultnet.Address, limit int) (*Set, bool) {
	if s == nil || len(known) == 0 || len(known) > limit || !slices.Equal(s.Members, known) {
		return s.Set(a, limit)
	}
	set := &Set{Number: 1, Members: s.Members}
	return set, s.proves(set)
}

// proves reports whether q of the members of the set that it names gave views.
func (s *SetProof) proves(set *Set) bool {
	if len(s.Views) < set.Quorum() {
		return false
	}
	last := -1
	for i := range s.Views {
		j := set.Index(s.Views[i].By.Signer)
		if j <= last {
			return false
		}
		last = j
	}
	return true
}

// Near reports whether every view was given at most [ProofAge] from t.
func (s *SetProof) Near(t vaultnet.Time) bool {
	for i := range s.Views {
		if d := t.Sub(s.Views[i].Time); d > ProofAge || d < -ProofAge {
			return false
		}
	}
	return true
}

// Wish is a member's signed wish for another set at a height; w equal ones wake the set.
type Wish struct {
	_           struct{} `cbor:",toarray"`
	Incarnation uint32
	Height      vaultnet.Height // the height to be decided by a set block
	Add, Drop   vaultnet.PublicKey
	By          *merkle.Attestation
}

// Leaf is what the member attests.
func (w *Wish) Leaf(network vaultnet.NetworkID, a vaultnet.Address) vaultnet.Digest {
	var buf [192]byte
	b := append(buf[:0], network[:]...)
	b = a.Append(b)
	b = binary.BigEndian.AppendUint32(b, w.Incarnation)
	b = binary.BigEndian.AppendUint64(b, uint64(w.Height))
	b = append(b, w.Add[:]...)
	b = append(b, w.Drop[:]...)
	return vaultnet.DomainWish.Hash(b)
}

// Verify reports whether the wish is signed by the key it names.
func (w *Wish) Verify(network vaultnet.NetworkID, a vaultnet.Address, v vaultnet.Verifier) bool {
	return w.By != nil && w.By.Verify(network, w.Leaf(network, a), v)
}
