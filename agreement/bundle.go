package agreement

import (
	"vaultnet"
)

// Bundle is everything one vault tells another about one object in one turn: fresh votes, a repair, help, or a
// question. All parts are optional. Signatures in it were verified when it was opened. Immutable once sealed.
type Bundle struct {
	_         struct{} `cbor:",toarray"`
	Address   vaultnet.Address
	Height    vaultnet.Height // decided by the sender
	Proposal  *Proposal       // the one it holds for its round, or is locked on
	Votes     []*Vote         // ≤ 64: its own of the round, and the proof of the round
	Polka     *Certificate    // the newest it holds for the height being decided
	Commit    *Certificate    // a certificate whose block the sender may lack
	Decided   *Decided        // a decided block
	State     *StatePart      // a part of a certified state
	Requests  []*Request      // ≤ 10: relayed, or bodies that were asked for
	Withdraw  []*vaultnet.Withdraw
	Wishes    []*Wish         // ≤ 16: its own, or those that woke it
	Need      []Ref           // ≤ 5: bodies asked for
	Want      *Want           // a question for blocks or state
	Following vaultnet.Height // 0, or: the sender is no member, holds a certified state of this height and follows
}

// says reports whether there is anything in a bundle for all members but how far the sender is.
func (b *Bundle) says() bool {
	return b.Proposal != nil || len(b.Votes) > 0 || b.Polka != nil || b.Commit != nil || len(b.Requests) > 0 || len(b.Withdraw) > 0 ||
		len(b.Wishes) > 0 || len(b.Need) > 0
}

// Decided is a decided block with its proof.
type Decided struct {
	_           struct{} `cbor:",toarray"`
	Header      Header
	Certificate *Certificate
	Proof       *SetProof  // at height 1
	Set         *Set       // the set after the block
	Voters      *Set       // the set that decided it; the certificate names its digest
	Bodies      []*Request // in the header's order, or none
	Links       []Link     // set blocks that led here, oldest first, ≤ 16: for whoever knows an older set only
}

// Link is one step of the chain of sets: a set block, the set it made, and the certificate of the set before.
type Link struct {
	_           struct{} `cbor:",toarray"`
	Header      Header
	Certificate *Certificate
	Set         *Set
}

// Want asks for what is decided above Have. With At zero the answer is the last block, with its bodies where it is the
// next for the asker; an asker that is further behind then asks for the state of that height, part by part.
type Want struct {
	_    struct{}        `cbor:",toarray"`
	Have vaultnet.Height // the asker's
	At   vaultnet.Height // of the state whose part is asked for; 0: the last block is asked for
	From uint32          // index of its first record asked for
}

// StatePart is consecutive records of a certified state. Together they make the state whose digest the header names.
type StatePart struct {
	_       struct{} `cbor:",toarray"`
	Decided *Decided // without bodies
	From    uint32   // index of the first record
	Total   uint32   // records in all, ≤ 2^20
	Records []Record // ≤ 512 KiB together, or one record; none only where Total is 0
}

// Record is one storage record of a state.
type Record struct {
	_          struct{} `cbor:",toarray"`
	Key, Value []byte
}

// Verify reports whether every signature in the bundle is by the key it names, requests excepted: those are verified
// when they are opened.
func (b *Bundle) Verify(network vaultnet.NetworkID, v vaultnet.Verifier) bool {
	a := b.Address
	if b.Proposal != nil && !b.Proposal.Verify(network, a, v) {
		return false
	}
	for _, vote := range b.Votes {
		if !vote.Verify(network, a, v) {
			return false
		}
	}
	if b.Polka != nil && !b.Polka.Verify(network, a, v) || b.Commit != nil && !b.Commit.Verify(network, a, v) {
		return false
	}
	if b.Decided != nil && !b.Decided.Verify(network, a, v) {
		return false
	}
	if b.State != nil && (b.State.Decided == nil || !b.State.Decided.Verify(network, a, v)) {
		return false
	}
	for _, w := range b.Withdraw {
		if w.Address != a || !w.Verify(network, v) {
			return false
		}
	}
	for _, w := range b.Wishes {
		if !w.Verify(network, a, v) {
			return false
		}
	}
	return true
}

// Verify reports whether every signature of a decided block, its proof and its links is good.
func (d *Decided) Verify(network vaultnet.NetworkID, a vaultnet.Address, v vaultnet.Verifier) bool {
	if d.Certificate == nil || !d.Certificate.Verify(network, a, v) || d.Proof != nil && !d.Proof.Verify(network, a, v) {
		return false
	}
	for i := range d.Links {
		if c := d.Links[i].Certificate; c == nil || !c.Verify(network, a, v) {
			return false
		}
	}
	return true
}
