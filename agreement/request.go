package agreement

import (
	"vaultnet"
	"vaultnet/internal/writes"
)

// Request is a signed request as it was opened: bytes, digests, and what the machine's owner decoded. Its signatures
// were verified when it was opened. Immutable.
type Request struct {
	vaultnet.Request
	ID       vaultnet.Digest // [vaultnet.Request.Identity]
	Ref      Ref
	Bytes    []byte    // canonical encoding of the vaultnet.Request
	Attached []byte    // canonical encoding of what travels with it; empty for nothing
	Proof    *SetProof // from Attached, of a first request at a free address; nil otherwise
	Decoded  any       // the body and the rest of Attached, as the machine wants them
	// NotBefore is the earliest block time at which it can be applied: what it shows was issued then, by clocks that may
	// be ahead of this vault's. 0: any.
	NotBefore vaultnet.Time
}

// Result is what an applied request gave, canonically encoded by its machine. At most ~2 KiB.
type Result []byte

// Machine is the replicated state machine of one object, as an immutable value. agreement knows nothing else of it.
type Machine interface {
	// Check is admission (semantics §1 steps 5 to 7): whether r could be applied to this state at about the given time,
	// beside the pending ones. It returns nil or a *refusal.Error.
	Check(pending []*Request, r *Request, at vaultnet.Time) error
	// Apply applies the requests in order at block time at, which is also how time passes for the machine (rs may be
	// empty). All are applied or none: the error says which rule the first bad one broke; two that may not be in flight
	// together may not be in one block. Applying a and then b at one time gives what applying both gives.
	Apply(rs []*Request, at vaultnet.Time) (Machine, []Result, error)
	// Digest covers the whole state of the machine.
	Digest() vaultnet.Digest
	// Diff puts the storage records that changed since old, which may be nil.
	Diff(old Machine, to *writes.List)
	// Records is all storage records: what a joiner is sent and a restart reads.
	Records() []vaultnet.Write
}

// Reserver is a Machine that keeps a part of the ledger for some requesters: the last [vaultnet.OwnerReserve] places are
// theirs. Without it every request may use all of it.
type Reserver interface{ Reserved(r *Request) bool }

// Verdict is a judgement of a vault's own, which other members need not share.
type Verdict uint8

// The verdicts. NotYet asks to be asked again at the next news or alarm.
const (
	No Verdict = iota
	Yes
	NotYet
)

// Host is what a vault knows beyond one object. It is asked only about fresh proposals (design §4.7): what has a polka
// is never judged by it. Implementations answer from the state they have; they don't block.
type Host interface {
	// Fresh judges a request: who the signers of its permit or statements are to this vault, room in the store, an
	// expiry that is over by more than the skew on this vault's clock.
	Fresh(r *Request, now vaultnet.Time) Verdict
	// Change judges a set block: whether drop is gone or displaced, and add is up and holds a certified state.
	Change(o *Object, add, drop vaultnet.PublicKey, now vaultnet.Time) Verdict
	// Genesis judges a first set: Yes where this vault's own view names it, settled; No where it has reason to believe
	// that the object exists elsewhere. An empty first block, which nobody is woken by, needs no more than not No.
	Genesis(a vaultnet.Address, set *Set, now vaultnet.Time) Verdict
	// Suspects reports whether a member has not answered for a while.
	Suspects(member vaultnet.PublicKey) bool
	// Machine makes the machine of an address: an absent object, or the one with the given records.
	Machine(a vaultnet.Address, records []vaultnet.Write) (Machine, error)
}
