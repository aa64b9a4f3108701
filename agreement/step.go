package agreement

import (
	"time"

	"vaultnet"
	"vaultnet/internal/merkle"
	"vaultnet/internal/writes"
)

// Config is what all objects of one vault share. The caller does not change it once an object was made with it, and takes
// no two steps at a time: its objects share their room for that, too.
type Config struct {
	Network    vaultnet.NetworkID
	Parameters vaultnet.Parameters
	Self       vaultnet.PublicKey
	Observer   Observer // may be zero
	// Open decodes a request from this vault's own store: bytes and what is attached.
	Open func(bytes, attached []byte) (*Request, error)

	// Standby lets members beyond a quorum wait with their votes where nobody fails: see [StandbyLeast].
	Standby bool

	scratch *scratch      // made when it is first needed
	usual   time.Duration // see [Config.learn]
	zeal    zeal
}

// learn notes how long this vault took for a height that was decided in round 0, from when it woke. The mean of some
// sixteen such heights, of whichever objects, says how busy the vaults are: who repairs, or gives a round up, sooner than
// is usual makes them busier still.
func (c *Config) learn(took time.Duration) { c.usual += (min(took, usualCap) - c.usual) / 16 }

// pad is the room that steps and records are made in.
func (c *Config) pad() *scratch {
	if c.scratch == nil {
		c.scratch = new(scratch)
	}
	return c.scratch
}

// scratch is used again for every step and record of the objects of one vault.
type scratch struct {
	turn turn
	out  Output

	list    writes.List // of the records of a turn, whose room is in use until [Config.Reuse]
	encoded []byte

	undecided []*Request // of the object that a request is judged for

	attempts []*attemptRoom // zero, for heights to come
}

// decided takes the room of a list of undecided requests back.
func (p *scratch) decided(list []*Request) {
	clear(list)
	p.undecided = list[:0]
}

const maxScratch = 1 << 20 // bytes of an encoding whose room is kept

// Observer is told of what happens, for logs, metrics and checkers. All fields are optional; a callback must not keep
// or change what it is given beyond reading it, and must not call back.
type Observer struct {
	Vote    func(o *Object, v *Ballot)                           // this member cast a vote
	Lock    func(o *Object, round uint32, block vaultnet.Digest) // this member locked
	Round   func(o *Object, round uint32)                        // this member entered a round
	Decided func(o *Object, d *Decided, before, after *State)    // a block was applied; by catch-up before may lie further back
	Sleep   func(o *Object)                                      // this member went idle
}

// Input is something that happened, for one object. Exactly one field besides From is set, or none: then only time
// passed (an alarm).
type Input struct {
	From     vaultnet.PublicKey // the vault or client connection it came from
	Bundle   *Bundle            // from a vault, or a client that pushes a decided block
	Submit   *Request           // from a client
	Seen     vaultnet.Height    // with Submit: the height the client has seen
	Withdraw *vaultnet.Withdraw // from a client
	Desire   *Change            // this vault's own view of how the set should change; zero keys: not at all
	Believe  *Set               // a set that w vaults named alike
	Return   vaultnet.PublicKey // a vault that can be reached again
}

// Change is a change of a set: whom to add and whom to drop; zero keys for nobody.
type Change struct{ Add, Drop vaultnet.PublicKey }

// none reports whether nothing is to change.
func (c *Change) none() bool { return c.Add.IsNobody() && c.Drop.IsNobody() }

// Output is what one step leads to. Its lists are good until the next step of an object with the same [Config].
type Output struct {
	Sign    []Leaf        // statements to sign with this turn's root
	Send    []Outgoing    // after the turn's writes are durable
	Replies []Reply       // to whoever asked, after the turn's writes are durable
	Record  bool          // something must be durable before Send and Replies leave: ask [Object.Record] once the turn is sealed
	Alarm   vaultnet.Time // when to step again though nothing arrives; [vaultnet.Never]: not at all
}

// Leaf is a statement and where its attestation belongs.
type Leaf struct {
	Digest vaultnet.Digest
	By     *merkle.Attestation
}

// Outgoing is a bundle for one vault, or for members of the object's set.
type Outgoing struct {
	To     vaultnet.PublicKey // zero: every other member of Set that is not spared
	Set    *Set
	Spared uint16 // members that need not get it, by rank
	Bundle *Bundle
}

// Outcome is what became of a request at this member.
type Outcome uint8

// The outcomes.
const (
	Applied   Outcome = 1 // in the block of Reply.Height, with Reply.Result
	Refused   Outcome = 2 // provisional: Reply.Err, as of Reply.Height
	Withdrawn Outcome = 3 // this member will never vote for a fresh block with it
	Moved     Outcome = 4 // it was made for an older set than Reply.Set; not applied
	Stranger  Outcome = 5 // this vault is not a member: ask Reply.Set, where known
)

// Reply is this member's word on a request.
type Reply struct {
	ID      vaultnet.Digest
	To      vaultnet.PublicKey // zero: whoever asked for this request
	Outcome Outcome
	Height  vaultnet.Height // of the block, or the member's
	Result  Result
	Err     error // a *refusal.Error
	Set     *Set
	Request *Request // where the member still knows it; nil otherwise
}
