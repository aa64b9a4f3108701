package vaultnet

import (
	"crypto/sha256"
	"encoding/binary"
)

// Domain separates the uses of a key and of SHA-256: what is signed or hashed for one use never stands for another.
type Domain string

// The domains. Append-only; a changed meaning takes a new name.
const (
	DomainNetwork   Domain = "vaultnet/network/1"   // parameters → network id
	DomainRequest   Domain = "vaultnet/request/1"   // a request's identity, signed by its requester
	DomainRest      Domain = "vaultnet/rest/1"      // the part of a request that a withdrawal needs not know
	DomainWithdraw  Domain = "vaultnet/withdraw/1"  // a withdrawal, signed by the requester
	DomainAsk       Domain = "vaultnet/ask/1"       // a read that needs an identity (of an account)
	DomainTurn      Domain = "vaultnet/turn/1"      // the root of all a vault states in one turn, signed by it
	DomainNode      Domain = "vaultnet/node/1"      // inner node of a turn's tree
	DomainVote      Domain = "vaultnet/vote/1"      // leaf: a vote
	DomainProposal  Domain = "vaultnet/proposal/1"  // leaf: a proposal
	DomainWish      Domain = "vaultnet/wish/1"      // leaf: a wish for another set
	DomainView      Domain = "vaultnet/view/1"      // leaf: a member's view of a free address's set
	DomainLeaving   Domain = "vaultnet/leaving/1"   // leaf: that a vault wants to go, or stays
	DomainPermit    Domain = "vaultnet/permit/1"    // leaf: a permit's body
	DomainAllowance Domain = "vaultnet/allowance/1" // leaf of a permit: address and count
	DomainStatement Domain = "vaultnet/statement/1" // leaf: use of a permit at an address
	DomainHeader    Domain = "vaultnet/header/1"    // a block's header
	DomainSet       Domain = "vaultnet/set/1"       // the members of an object
	DomainState     Domain = "vaultnet/state/1"     // the agreed state after a block
	DomainObject    Domain = "vaultnet/object/1"    // a MutableData
	DomainAccount   Domain = "vaultnet/account/1"   // an Account
	DomainBody      Domain = "vaultnet/body/1"      // full bytes of a request or what is attached to it
	DomainAnswer    Domain = "vaultnet/answer/1"    // the value of a read, for the answers that carry only its digest
)

// Hash is SHA-256 over the domain and the parts, each with its length before it, so that no two lists of parts collide.
func (d Domain) Hash(parts ...[]byte) Digest {
	n := 8 + len(d)
	for _, p := range parts {
		n += 8 + len(p)
	}
	var small [512]byte
	if n > len(small) {
		return d.stream(parts)
	}
	b := binary.BigEndian.AppendUint64(small[:0], uint64(len(d)))
	b = append(b, d...)
	for _, p := range parts {
		b = binary.BigEndian.AppendUint64(b, uint64(len(p)))
		b = append(b, p...)
	}
	return sha256.Sum256(b)
}

// stream is Hash of what is long, without a copy of it.
func (d Domain) stream(parts [][]byte) (digest Digest) {
	h := sha256.New()
	var b [8 + 64]byte
	h.Write(append(binary.BigEndian.AppendUint64(b[:0], uint64(len(d))), d...))
	for _, p := range parts {
		h.Write(binary.BigEndian.AppendUint64(b[:0], uint64(len(p))))
		h.Write(p)
	}
	h.Sum(digest[:0])
	return digest
}

// TurnMessage is what a vault signs once per turn: the root of the tree over everything it states in it.
func TurnMessage(network NetworkID, root Digest) []byte {
	return AppendTurnMessage(make([]byte, 0, len(DomainTurn)+64), network, root)
}

// AppendTurnMessage appends [TurnMessage] to b.
func AppendTurnMessage(b []byte, network NetworkID, root Digest) []byte {
	b = append(b, DomainTurn...)
	b = append(b, network[:]...)
	return append(b, root[:]...)
}
