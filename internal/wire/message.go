// Package wire is what travels between nodes: frames of messages, requests and answers, with their bounds and their
// strict codec.
//
//	frames, err := wire.Encode(messages)                // as few frames as keep the order
//	messages, err := wire.Open(frame, network, verifier) // from a stranger: bounds and every signature
//	err := wire.Verify(message, network, verifier)      // the same of a message that came as a value
//	request := wire.NewRequest(network, signed, wire.Attached{Permit: p})
//
// Nothing else makes a message that a core may act upon. What is judged here is objective: it needs neither a clock nor
// the object nor to know who anybody is, so all honest nodes refuse alike. Who may vote, whether a permit is for this
// address and still good, whose certificate it is: that is for whoever gets the message.
//
// One table ([Table]) lists every type with its code, its persona and its limits; docs/wire.md is made of it. Everything
// is safe for concurrent use; messages are immutable once made.
package wire

import (
	"encoding/binary"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/merkle"
	"vaultnet/permit"
	"vaultnet/refusal"
)

// Message is one of the types below. Immutable once sent: the simulator passes the same value to many receivers.
type Message interface{ message() }

// Envelope is messages for one node, coalesced into one frame of at most [vaultnet.MaxFrame] bytes by the driver (which
// splits where they don't fit). Messages keep their order.
type Envelope struct {
	To       vaultnet.PublicKey // a vault's identity, or a client's connection
	Messages []Message
}

// Call is a number the asker chose, unique among its open questions, which the answer repeats.
type Call uint64

// From clients to vaults.
type (
	// Submit asks for a request to be applied. Its answers are [Reply] messages: a provisional refusal may be followed
	// by Applied.
	Submit struct {
		Request *agreement.Request // bytes + attached on the wire; decoded and verified by Open
		Seen    vaultnet.Height    // the greatest height of the object that the client has proof of
	}
	// Withdraw asks for a request never to be applied. Answered by [Reply]: Withdrawn, or Applied.
	Withdraw struct{ Withdraw vaultnet.Withdraw }
	// Read asks for a part of an object (Query: canonical, of the object's kind). Answered by [ReadAnswer].
	Read struct {
		Call    Call
		Address vaultnet.Address
		Query   []byte // canonical, ≤ 512 KiB; not decoded here
		Full    bool   // send the value and not only its digest
		Ask     *Ask   // of accounts, always: who asks; nil otherwise
	}
	// GetOutcome asks what became of a request. Answered by [OutcomeAnswer].
	GetOutcome struct {
		Call     Call
		Address  vaultnet.Address
		Deadline vaultnet.Time
		ID       vaultnet.Digest
	}
	// GetView asks for the vault's signed view of a free address's set. Answered by [ViewAnswer].
	GetView struct {
		Call    Call
		Address vaultnet.Address
	}
	// GetSet asks who holds an address. Answered by [SetAnswer]. Vaults ask it too, of an account's neighbourhood.
	GetSet struct {
		Call    Call
		Address vaultnet.Address
	}
	// GetStatement asks for a signed statement of the use of a permit. Answered by [StatementAnswer].
	GetStatement struct {
		Call    Call
		Address vaultnet.Address
		Permit  vaultnet.Digest // body digest
		Expires vaultnet.Time
	}
	// PutChunk stores content. Answered by [ChunkAnswer].
	PutChunk struct {
		Call    Call
		Content []byte         // ≤ 1 MiB
		Permit  *permit.Permit // names the chunk
		hashed
	}
	// GetChunk asks for a chunk, or only whether it is held. Answered by [ChunkAnswer].
	GetChunk struct {
		Call Call
		Name vaultnet.Name
		Full bool
	}
)

// Ask identifies the asker of an account read: a signature over network, address, deadline, nonce and query.
type Ask struct {
	_         struct{} `cbor:",toarray"`
	Asker     vaultnet.PublicKey
	Deadline  vaultnet.Time
	Nonce     vaultnet.Nonce
	Signature vaultnet.Signature
}

// SetRef names a set in an answer: answers count only for the set they name.
type SetRef struct {
	_      struct{}        `cbor:",toarray"`
	Number uint64          // 0: the vault knows of no object there
	Digest vaultnet.Digest // zero with Number 0
}

// From vaults to clients (and to vaults that asked).
type (
	// Reply is a member's word on a request (agreement.Reply). At most one Applied; any number of Refused.
	Reply struct {
		Address vaultnet.Address
		ID      vaultnet.Digest
		Outcome agreement.Outcome
		Height  vaultnet.Height
		Set     SetRef               // of the member at Height
		Result  []byte               // Applied
		Err     *refusal.Error       // Refused
		Members *agreement.Set       // Moved, Stranger: whom to ask instead; may be nil
		Permit  *merkle.Attestation  // Applied, of an issued permit: this manager's signature of the permit's leaf
		Nearer  []vaultnet.PublicKey // Stranger: vaults it knows near the address, ≤ 16
	}
	// ReadAnswer is a member's answer to a read. A member that is behind answers what it has, by its height.
	ReadAnswer struct {
		Call    Call
		Height  vaultnet.Height
		Set     SetRef
		Header  vaultnet.Digest // of the block at Height; zero at 0
		Time    vaultnet.Time   // of the block at Height
		Err     *refusal.Error  // NoSuchData, NoSuchEntry, NoSuchKey, AccessDenied, NotSettled …
		Digest  vaultnet.Digest // DomainAnswer over the value (also where Err is set: over the refusal's encoding)
		Value   []byte          // where Full was asked; nil otherwise
		Members *agreement.Set  // where the vault is no member: whom to ask instead
		Nearer  []vaultnet.PublicKey
		Member  bool // the vault is a member of Set
	}
	// OutcomeAnswer: Applied with height and result; Refused with no Err: not applied as far as it knows, and Clear or
	// Final say whether it never will be; Stranger.
	OutcomeAnswer struct {
		Call    Call
		Outcome agreement.Outcome // 0: the member does not know any more
		Height  vaultnet.Height   // of the block that applied it; else the member's
		Set     SetRef
		Result  []byte
		Clear   bool // clear(Deadline): no block with it can still be decided with this member's vote (design §5)
		Final   bool // the block at Height has a time past Deadline, and none up to it applied the request
		Members *agreement.Set
	}
	// ViewAnswer is a view of a free address's set, or why there is none (DataExists with Set, NotSettled). The address
	// is repeated, for the view's signature covers it.
	ViewAnswer struct {
		Call    Call
		Address vaultnet.Address
		Members []vaultnet.PublicKey // the view's set; or nil
		View    *agreement.View
		Err     *refusal.Error
		Set     *agreement.Set // of the object that exists, with DataExists
	}
	// SetAnswer: Set is nil where the vault knows of no object at the address.
	SetAnswer struct {
		Call    Call
		Address vaultnet.Address
		Height  vaultnet.Height
		Set     *agreement.Set
		Settled bool
		Nearer  []vaultnet.PublicKey
	}
	// StatementAnswer is a signed statement of use, or why there is none. A vault signs none unless the permit is closed
	// there, or its own clock is past the expiry and nothing is half-open (clear): By is nil then.
	StatementAnswer struct {
		Call      Call
		Set       SetRef
		Statement permit.Statement
		By        *merkle.Attestation
		Members   *agreement.Set // where the vault is no member
		Err       *refusal.Error // NotSettled
	}
	// ChunkAnswer: Err NoSuchData, NetworkFull, PermitInvalid …; Stored after a put is durable; Content of a full get.
	ChunkAnswer struct {
		Call    Call
		Name    vaultnet.Name
		Stored  bool
		Content []byte
		Err     *refusal.Error
		Nearer  []vaultnet.PublicKey
		hashed
	}
	// Hello is the first message on a connection: the sender's network parameters. A mismatch is answered by Goodbye.
	Hello struct{ Parameters vaultnet.Parameters }
	// Goodbye says why the sender wants nothing more from this peer.
	Goodbye struct{ Err *refusal.Error }
)

// Between vaults.
type (
	// Bundle is agreement's traffic about one object.
	Bundle struct{ *agreement.Bundle }
	// Pointers tell who holds what near the receiver.
	Pointers struct {
		List []Pointer // ≤ 1,024
		// Done: that was all of the sender's pointers for the receiver's neighbourhood (settled rule).
		Done bool
		// Ask: please send yours.
		Ask bool
	}
	// Invite asks a vault to fetch an object and to follow it, since a set block is to add it; w alike are believed.
	Invite struct {
		Address vaultnet.Address
		Set     *agreement.Set
	}
	// Leaving says that its signer, who alone may send it, wants to go, or that it stays after all: of two, what was said
	// last counts. It gives nobody a right; whoever believes it wishes for sets without the signer.
	Leaving struct {
		Time  vaultnet.Time // on the signer's clock
		Going bool
		By    *merkle.Attestation
	}
	// Chunks lists names of chunks the sender holds near the receiver, so that the receiver asks for what it misses.
	Chunks struct {
		Names []vaultnet.Name // ≤ 4,096
		Held  bool            // answer: the sender holds these durably
	}
)

// Pointer says who holds an address.
type Pointer struct {
	_       struct{} `cbor:",toarray"`
	Address vaultnet.Address
	Set     *agreement.Set
}

func (*Submit) message()          {}
func (*Withdraw) message()        {}
func (*Read) message()            {}
func (*GetOutcome) message()      {}
func (*GetView) message()         {}
func (*GetSet) message()          {}
func (*GetStatement) message()    {}
func (*PutChunk) message()        {}
func (*GetChunk) message()        {}
func (*Reply) message()           {}
func (*ReadAnswer) message()      {}
func (*OutcomeAnswer) message()   {}
func (*ViewAnswer) message()      {}
func (*SetAnswer) message()       {}
func (*StatementAnswer) message() {}
func (*ChunkAnswer) message()     {}
func (*Hello) message()           {}
func (*Goodbye) message()         {}
func (*Bundle) message()          {}
func (*Pointers) message()        {}
func (*Invite) message()          {}
func (*Chunks) message()          {}
func (*Leaving) message()         {}

// Leaf is what the signer states in its turn ([vaultnet.DomainLeaving]).
func (m *Leaving) Leaf(network vaultnet.NetworkID) vaultnet.Digest {
	var buf [80]byte
	b := append(buf[:0], network[:]...)
	b = append(b, m.By.Signer[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(m.Time))
	if m.Going {
		b = append(b, 1)
	} else {
		b = append(b, 0)
	}
	return vaultnet.DomainLeaving.Hash(b)
}
