package agreement

import (
	"cmp"
	"slices"
	"time"

	"vaultnet"
)

// Object is one member's side of one object's agreement. It is driven by [Object.Step] alone and is not safe for
// concurrent use. Idle it holds its state and no timer.
type Object struct {
	// What nearly every step looks at, side by side.

	cfg       *Config
	height    vaultnet.Height
	set       *Set     // decides height+1; nil while unknown
	me        int      // this vault's index in set, −1 for a stranger
	attempt   *attempt // at height+1; nil: nothing seen, nothing voted
	state     *State   // at height; at height 0 what the first block is applied to, nil while the set is unknown
	last      *Decided
	setDigest vaultnet.Digest // of set
	digest    vaultnet.Digest // of the header at height
	address   vaultnet.Address
	pool      []*Request
	heard     []vaultnet.Height      // by rank, the greatest that each member said it has decided; nil: none did
	wishes    *[maxMembers]heardWish // by rank; nil: none
	stray     *[maxMembers]*Vote     // others' votes that came while it slept; nil: none
	relays    []relay                // ≤ maxRelays
	fetch     *fetch
	parted    []parted // at height 0: first sets in which it voted and that it left, ≤ maxParted
	lingers   linger
	decidedAt vaultnet.Time // when height was
	seekAt    vaultnet.Time // when it may ask again what another first set holds
	backAt    vaultnet.Time // when it may go to another because there is nothing to decide in this
	wishAt    vaultnet.Time
	followAt  vaultnet.Time
	following bool
	savedVote bool   // a vote record is in the store
	pace      uint32 // added to the round where timeouts are computed: what the heights before have needed
	behind    behind
	desire    Change

	stored *State    // what the store holds, for diffs
	proof  *SetProof // at height 0: where set comes from
	links  []Link

	withdrawn []withdrawal // by deadline
	confirm   []confirmation
	kept      []kept            // results past their deadlines, by deadline
	lacking   []vaultnet.Digest // requests that the ledger of state is known to lack, ≤ maxLacking; see [Object.lacks]
	forgotten vaultnet.Time     // results of requests with earlier deadlines may be lost: by a restart, or a fetched state
	believed  []*Set            // sets that w vaults named alike, the newest 4

	outvoted  []parted // above height 0: first sets in which it voted, where another decided the first height
	seekGap   time.Duration
	doubts    []seen  // who showed certificates that do not fit what is decided here, ≤ 2 maxMembers
	ahead     []ahead // for the heights after height+1
	pinned    *pinned
	helped    []seen
	followers []follower

	granted  vaultnet.Height // the last that changed the set, or was to; older wishes have had their turn
	wishGap  int             // T_leave's between wishes
	suspects []Ref           // pending requests that were in a fresh block that failed at an earlier height

	unsaved        saves
	savedProposals []vaultnet.Digest // in the store, of the height being decided
}

// maxMembers bounds every array indexed by members.
const maxMembers = 16

// saves is what has to be written at the next [Object.Record].
type saves struct {
	head, vote bool
	outvoted   bool
	step       *held // the one block between the stored state and the present one; nil: they are to be compared
	proposals  []*held
	dropped    []vaultnet.Digest // withdrawals that are over
	withdrawn  []withdrawal
}

// follower is a vault that fetched a certified state and follows, so that a set block may add it.
type follower struct {
	vault  vaultnet.PublicKey
	height vaultnet.Height
	at     vaultnet.Time
}

type seen struct {
	vault vaultnet.PublicKey
	at    vaultnet.Time
}

// kept is a result that members still tell after its deadline, outside the agreed state.
type kept struct {
	deadline vaultnet.Time
	id       vaultnet.Digest
	applied  *AppliedRequest
}

// New returns an object that holds nothing yet: height 0, no set.
func New(cfg *Config, a vaultnet.Address) *Object {
	return &Object{cfg: cfg, address: a, me: -1}
}

// Address is where the object lives.
func (o *Object) Address() vaultnet.Address { return o.address }

// Height is the number of blocks decided here.
func (o *Object) Height() vaultnet.Height { return o.height }

// State is the agreed state at Height, nil at height 0.
func (o *Object) State() *State {
	if o.height == 0 {
		return nil
	}
	return o.state
}

// Decided is the last block with its certificate, nil at height 0.
func (o *Object) Decided() *Decided { return o.last }

// HeaderDigest is of the block at Height, zero at height 0.
func (o *Object) HeaderDigest() vaultnet.Digest { return o.digest }

// Set is the set that decides Height+1, nil while unknown.
func (o *Object) Set() *Set { return o.set }

// SetDigest is the digest of Set, zero while unknown.
func (o *Object) SetDigest() vaultnet.Digest { return o.setDigest }

// Member reports whether this vault is in Set.
func (o *Object) Member() bool { return o.me >= 0 }

// Idle reports whether the object has no timer running.
func (o *Object) Idle() bool {
	return len(o.relays) == 0 && o.owing() < 0 && (o.attempt == nil || !o.attempt.awake) && o.fetch == nil && !o.behind.pending && !o.following && o.desire.none()
}

// HalfOpen reports whether this member has reason to stay awake until Height+1 is decided (design §4.1).
func (o *Object) HalfOpen() bool {
	return o.attempt != nil && o.attempt.halfOpen() || o.owing() >= 0
}

// Round is the round this member is in at Height+1.
func (o *Object) Round() uint32 {
	if o.attempt == nil {
		return 0
	}
	return o.attempt.round
}

// Clear is clear(t): the clock is past t + skew and no height is half-open here, so that no block with a time up to t
// can still be decided with this member's vote.
func (o *Object) Clear(t, now vaultnet.Time) bool {
	return now > t.Add(o.cfg.Parameters.Skew) && !o.HalfOpen()
}

// Applied finds an applied request, also after its deadline for as long as results are kept.
func (o *Object) Applied(deadline vaultnet.Time, id vaultnet.Digest) (*AppliedRequest, bool) {
	if o.state == nil {
		return nil, false
	}
	if !slices.Contains(o.lacking, id) {
		if a, ok := o.state.Ledger.Get(deadline, id); ok {
			return a, true
		}
		o.lacks(id)
	}
	i, _ := slices.BinarySearchFunc(o.kept, deadline, func(k kept, t vaultnet.Time) int { return cmp.Compare(k.deadline, t) })
	for ; i < len(o.kept) && o.kept[i].deadline == deadline; i++ {
		if o.kept[i].id == id {
			return o.kept[i].applied, true
		}
	}
	return nil, false
}

// lacks notes that the ledger of the present state has no request of that identity: one that comes to be decided is looked
// for several times on its way.
func (o *Object) lacks(id vaultnet.Digest) {
	if len(o.lacking) < maxLacking {
		o.lacking = append(o.lacking, id)
	}
}

// maxLacking bounds what is remembered of the requests that a ledger lacks.
const maxLacking = 2 * vaultnet.MaxInFlight

// applies reports whether the ledger of the present state has the request.
func (o *Object) applies(r *Request) bool {
	if slices.Contains(o.lacking, r.ID) {
		return false
	}
	if repeated(o.state.Ledger, r) {
		return true
	}
	o.lacks(r.ID)
	return false
}

// Forgotten is the time before which a deadline may lie of a request that was applied and that [Object.Applied] knows
// nothing of: the state this member was loaded with, or caught up to, had dropped it.
func (o *Object) Forgotten() vaultnet.Time { return o.forgotten }

// Follower reports the certified height that a vault said it holds, and when it said so.
func (o *Object) Follower(vault vaultnet.PublicKey) (vaultnet.Height, vaultnet.Time, bool) {
	for _, f := range o.followers {
		if f.vault == vault {
			return f.height, f.at, true
		}
	}
	return 0, 0, false
}

// Undecided is the requests this member holds undecided: those of the block it last voted for, and its pool. At most 5,
// no two in conflict.
func (o *Object) Undecided() []*Request { return o.AppendUndecided(nil) }

// AppendUndecided appends what [Object.Undecided] lists.
func (o *Object) AppendUndecided(rs []*Request) []*Request {
	if o.attempt != nil && o.attempt.voted != nil {
		rs = append(rs, o.attempt.voted.bodies...)
	}
	for _, r := range o.pool {
		if !slices.ContainsFunc(rs, func(q *Request) bool { return q.ID == r.ID }) {
			rs = append(rs, r)
		}
	}
	return rs
}

func (o *Object) setSet(s *Set) {
	if s == nil {
		o.set, o.me = nil, -1
		return
	}
	o.seat(s, s.Digest())
}

// seat is setSet of a set whose digest is known.
func (o *Object) seat(s *Set, digest vaultnet.Digest) {
	if digest != o.setDigest {
		o.wishes, o.heard = nil, nil // by rank in the set before
	}
	o.set, o.setDigest, o.me = s, digest, s.Index(o.cfg.Self)
}

func (o *Object) limit() int { return o.cfg.Parameters.GroupSize }

// turn is one step being taken.
type turn struct {
	*Object
	now  vaultnet.Time
	host Host
	out  *Output
	cast *Bundle // being gathered for all members
}

// Step takes what happened to the object since the last step, and the time. All inputs of one turn should come in one
// call: they then share a block. Nothing of the output may leave before the turn is sealed and [Object.Record], where
// asked for, is durable.
func (o *Object) Step(now vaultnet.Time, host Host, in ...Input) Output {
	p := o.cfg.pad()
	t, out := &p.turn, &p.out
	*out = Output{Sign: emptied(out.Sign), Send: emptied(out.Send), Replies: emptied(out.Replies), Alarm: vaultnet.Never}
	*t = turn{Object: o, now: now, host: host, out: out}
	for i := range in {
		t.take(&in[i])
	}
	t.run()
	t.flush()
	out.Alarm = t.alarm()
	*t = turn{}
	return *out
}

// emptied is a list to be filled again, which keeps nothing alive.
func emptied[T any](list []T) []T {
	clear(list)
	if cap(list) > 4*maxMembers {
		return nil
	}
	return list[:0]
}

func (t *turn) take(in *Input) {
	switch {
	case in.Bundle != nil:
		t.receive(in.From, in.Bundle)
	case in.Submit != nil:
		t.submit(in.From, in.Submit, in.Seen)
	case in.Withdraw != nil:
		t.withdraw(in.From, in.Withdraw)
	case in.Desire != nil:
		t.wish(*in.Desire)
	case in.Believe != nil:
		t.believe(in.Believe)
	case !in.Return.IsNobody():
		if a := t.attempt; a != nil && a.awake {
			t.news()
		}
	}
}

// alarm is the earliest of all timers.
func (t *turn) alarm() vaultnet.Time {
	at := vaultnet.Never
	if a := t.attempt; a != nil && a.awake {
		if u := t.lingers.until; u > t.now && a.round == 0 && a.phase == proposing && t.proposer(0) == t.cfg.Self {
			at = u
		}
		at = min(at, a.proposeAt, a.prevoteAt, a.precommitAt, a.repairAt, a.earlyAt, a.standbyAt)
	}
	if a := t.attempt; a != nil && !a.awake && a.forgetAt > 0 {
		at = min(at, a.forgetAt)
	}
	for _, r := range t.pool {
		at = min(at, r.Deadline+1)
	}
	if t.owing() >= 0 && (t.attempt == nil || !t.attempt.awake) {
		at = min(at, t.backAt)
	}
	for _, r := range t.relays {
		at = min(at, r.at)
	}
	if t.behind.pending {
		at = min(at, t.behind.askAt)
	}
	if t.fetch != nil {
		at = min(at, t.fetch.until)
	}
	if t.following {
		at = min(at, t.followAt)
	}
	if !t.desire.none() {
		at = min(at, t.wishAt)
	}
	return max(at, t.now+1)
}

// bundle is what this step says to all other members.
func (t *turn) bundle() *Bundle {
	if t.cast == nil {
		own := new(struct {
			Bundle
			votes [1]*Vote
		})
		t.cast = &own.Bundle
		t.cast.Address, t.cast.Height, t.cast.Votes = t.address, t.height, own.votes[:0]
	}
	return t.cast
}

func (t *turn) flush() {
	if t.cast == nil {
		return
	}
	if t.cast.says() && t.set != nil && len(t.set.Members) > 1 {
		t.out.Send = append(t.out.Send, Outgoing{Set: t.set, Spared: t.spare(t.cast), Bundle: t.cast})
	}
	t.cast = nil
}

func (t *turn) send(to vaultnet.PublicKey, b *Bundle) {
	b.Address, b.Height = t.address, t.height
	t.out.Send = append(t.out.Send, Outgoing{To: to, Bundle: b})
}

func (t *turn) reply(r Reply) {
	if r.Height == 0 {
		r.Height = t.height
	}
	t.out.Replies = append(t.out.Replies, r)
}
