package sim

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"time"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/merkle"
	"vaultnet/vault/core"
)

// Invariant is one named promise that a run checks (design §9).
type Invariant struct {
	Name  string
	Says  string
	Liars int // the most liars, of eight members, with whom it is promised: 2, as many as a set stands; 3, as long as quorums meet
}

// bears is the most liars in a set of n members with whom the invariant is promised: f, or, for those that rest on nothing
// but that two quorums share an honest member, as many as leave them one.
func (i *Invariant) bears(n int) int {
	if i.Liars > vaultnet.Faults(8) {
		return 2*vaultnet.Quorum(n) - n - 1
	}
	return vaultnet.Faults(n)
}

// The names of the invariants, as violations carry them.
const (
	OneCertificate = "one-certificate"
	OneVote        = "one-vote"
	Locks          = "locks"
	Polkas         = "polkas"
	Heights        = "heights"
	EqualStates    = "equal-states"
	Limits         = "limits"
	Signed         = "signed"
	Permitted      = "permitted"
	Paid           = "paid"
	Once           = "once"
	InTime         = "in-time"
	Withdrawn      = "withdrawn"
	RevokedKeys    = "revoked"
	Balance        = "balance"
	Durable        = "durable"
	Chain          = "chain"
	Silence        = "silence"
	Answered       = "answered"
	Progress       = "progress"
	Truthful       = "truthful"
	Linearizable   = "linearizable"
	OnePlace       = "one-place"
	Kept           = "kept"
	Confined       = "confined"
	Panic          = "panic"
)

// Invariants lists every promise that a run checks.
func Invariants() []Invariant {
	return []Invariant{
		{OneCertificate, "no two certificates for one address, incarnation and height with different digests; every certificate is a quorum of its set", 3},
		{OneVote, "an honest member casts one vote per height, round and type, across restarts", 3},
		{Locks, "a locked member prevotes only that block, nil, or what a newer polka justifies", 3},
		{Polkas, "an honest member precommits only what a quorum has prevoted", 3},
		{Heights, "heights advance by one, each block naming the one before, times increase, and no member goes back", 3},
		{EqualStates, "members at equal height have equal states", 3},
		{Limits, "entries, size, mutations in flight, one per key, in every state and every undecided set", 3},
		{Signed, "every applied mutation was signed by its requester", 3},
		{Permitted, "every applied mutation was permitted by the object and by its rules", 3},
		{Paid, "every applied mutation was paid for by a permit that its account issued, live at block time, within its counts", 2},
		{Once, "no mutation is applied twice", 3},
		{InTime, "no mutation is in a block later than its deadline", 3},
		{Withdrawn, "no mutation is applied after its withdrawal was final", 2},
		{RevokedKeys, "no mutation by a key is in a block later than its revocation's T", 2},
		{Balance, "done + available + reserved = allowance; what is refunded was not used", 2},
		{Durable, "what a vault told it still knows after a crash", 3},
		{Chain, "a naive model that replays the decided blocks gets the members' states", 3},
		{Silence, "a quiet network with a quorum per object has no timers and no messages; with liars at work few", 2},
		{Answered, "once faults stop every request gets a definite answer", 2},
		{Progress, "once faults stop every half-open height is decided within a bounded number of rounds", 2},
		{Truthful, "what a user was told at a height is what the object was at that height", 2},
		{Linearizable, "users' reads and writes of an object have one order that fits their times", 2},
		{OnePlace, "each name of a container is in one place: a sealed node takes no new name, and where a container moves none changes", 2},
		{Kept, "nothing that users of containers were told is done is lost, and a version of a name never comes twice", 2},
		{Confined, "an app changes nothing beyond its rights, after it was revoked, more often than it may, or later", 2},
		{Panic, "nothing panics, whatever arrives", 3},
	}
}

// checker watches all honest vaults and users, and keeps the first violation.
type checker struct {
	network   vaultnet.NetworkID
	params    vaultnet.Parameters
	verifier  vaultnet.Verifier
	stated    merkle.Reviewer // of certificates
	options   *Options
	totals    *Totals
	trace     *trace
	now       *int64
	liars     map[vaultnet.PublicKey]bool
	promises  map[string]Invariant
	objects   map[vaultnet.Address]*watched
	order     []*watched // by first appearance
	accounts  *ledgers
	overran   []*watched // objects some set of which had more liars than it stands
	violation *Violation
}

func newChecker(o *Options, p vaultnet.Parameters, v vaultnet.Verifier, totals *Totals, t *trace, now *int64) *checker {
	c := &checker{network: p.ID(), params: p, verifier: v, options: o, totals: totals, trace: t, now: now,
		liars: map[vaultnet.PublicKey]bool{}, promises: map[string]Invariant{}, objects: map[vaultnet.Address]*watched{}}
	c.stated.Begin(c.network, v)
	c.accounts = newLedgers(c)
	for _, i := range Invariants() {
		c.promises[i.Name] = i
	}
	return c
}

// fail records a violation, unless one is recorded already or there are more liars than the promise allows for.
func (c *checker) fail(invariant string, w *watched, format string, args ...any) {
	if c.violation != nil || !c.promised(invariant, w) {
		return
	}
	c.violation = &Violation{Invariant: invariant, Description: fmt.Sprintf(format, args...),
		At: time.Duration(*c.now) * time.Microsecond, Seed: c.options.Seed, Options: c.options.String()}
	if w != nil {
		c.violation.Object = w.address.String()
	}
	c.trace.line("VIOLATION", "%s: %s: %s", invariant, c.violation.Object, c.violation.Description)
}

// promised reports whether an invariant is promised of an object, or of the whole run: with as many liars as there are, and
// none of the object's sets having had more of them than it stands. That a user is answered, or silence falls, may depend
// on any object.
func (c *checker) promised(invariant string, w *watched) bool {
	i := c.promises[invariant]
	switch {
	case c.options.Byzantine > i.Liars:
		return false
	case invariant == Answered || invariant == Progress || invariant == Silence:
		return len(c.overran) == 0
	}
	return w == nil || !w.overran || w.slack(i) >= 0
}

// watched is what the checker knows of one object.
type watched struct {
	address vaultnet.Address
	number  int
	blocks  []*block // by height − 1; nil where nobody honest has decided it yet
	polls   []poll   // prevotes of honest members at the heights that may still be open somewhere
	ids     map[vaultnet.Digest]vaultnet.Height
	final   map[vaultnet.Digest]vaultnet.Height // withdrawn for good, and the greatest height that was decided then
	replay  replay
	others  []*watched // of the same address, with other first sets
	history history
	overran bool        // some set had more liars than it stands
	crowded map[int]int // where it did: the most liars that a set of so many members had
}

// block is a decided block as the first honest member showed it.
type block struct {
	header *agreement.Header
	digest vaultnet.Digest
	bodies []*agreement.Request // nil until somebody showed them
	after  *agreement.State
	voters *agreement.Set
	set    vaultnet.Digest // of voters
	// certified: a certificate of it was verified.
	certified bool
	// fetched: after is of a member that came by it as a state, not by applying the block.
	fetched bool
}

func (c *checker) watch(a vaultnet.Address) *watched {
	w := c.objects[a]
	if w == nil {
		w = newWatched(a, len(c.order))
		c.objects[a] = w
		c.order = append(c.order, w)
	}
	return w
}

func newWatched(a vaultnet.Address, number int) *watched {
	return &watched{address: a, number: number, ids: map[vaultnet.Digest]vaultnet.Height{},
		final: map[vaultnet.Digest]vaultnet.Height{}}
}

// height is the greatest decided height.
func (w *watched) height() vaultnet.Height { return vaultnet.Height(len(w.blocks)) }

func (w *watched) block(h vaultnet.Height) *block {
	if h == 0 || h > w.height() {
		return nil
	}
	return w.blocks[h-1]
}

// member is what the checker knows of one honest vault's part in one object, for as long as the identity lives.
type member struct {
	votes  []agreement.Ballot // that are durable, at the newest two heights
	lock   lock
	height vaultnet.Height // applied, and durable
	told   vaultnet.Height // that it told anybody
	turn   uint64          // in which it last told
	before vaultnet.Height // that it had told before that turn
	leapt  bool            // it came to a height by its state, without the blocks between: it knows no results from before
}

// tell notes that a height was told in a turn. What one turn says was said at different moments of it.
func (m *member) tell(turn uint64, h vaultnet.Height) {
	if m.turn != turn {
		m.turn, m.before = turn, m.told
	}
	m.told = max(m.told, h)
}

// lock is the newest durable lock.
type lock struct {
	height vaultnet.Height
	at     roundIn
	block  vaultnet.Digest
}

// roundIn is a round of a set: of an address's first sets the rounds are in one order.
type roundIn struct {
	round uint32
	set   vaultnet.Digest
}

func (p roundIn) before(q roundIn) bool {
	return p.round < q.round || p.round == q.round && bytes.Compare(p.set[:], q.set[:]) < 0
}

// seen is something a vault's core did in a turn that is not durable yet.
type seen struct {
	w      *watched
	ballot agreement.Ballot // where decided is 0 and it is no lock
	lock   lock
	set    *agreement.Set  // of the height that is voted on
	height vaultnet.Height // that was decided
	block  *agreement.Decided
}

// witness is the checker's file on one honest identity.
type witness struct {
	name    string
	key     vaultnet.PublicKey
	members map[*watched]*member
	chains  map[vaultnet.Address]*watched // where it follows another than the first
	turn    []seen
}

func newWitness(name string, key vaultnet.PublicKey) *witness {
	return &witness{name: name, key: key, members: map[*watched]*member{}, chains: map[vaultnet.Address]*watched{}}
}

func (s *witness) member(w *watched) *member {
	m := s.members[w]
	if m == nil {
		m = new(member)
		s.members[w] = m
	}
	return m
}

// observer is what the vault's core reports to. Liars are not believed.
func (c *checker) observer(v *vault) core.Observer {
	if v.liar {
		return core.Observer{}
	}
	s := v.witness
	return core.Observer{Loaded: func(vaultnet.Address) { v.w.report.Loads++ }, Agreement: agreement.Observer{
		Vote: func(o *agreement.Object, b *agreement.Ballot) {
			w := c.file(s, o.Address())
			c.trace.mix(uint64(w.number)<<32 | uint64(b.Round)<<8 | uint64(b.Type))
			c.trace.mixDigest(b.Block)
			if c.trace.on() {
				c.trace.line(s.name, "%v: %v %v at height %d round %d", w.address, b.Type, b.Block, b.Height, b.Round)
			}
			s.turn = append(s.turn, seen{w: w, ballot: *b, set: o.Set()})
			c.undecided(s, w, o)
		},
		Lock: func(o *agreement.Object, round uint32, block vaultnet.Digest) {
			w := c.file(s, o.Address())
			if c.trace.on() {
				c.trace.line(s.name, "%v: locks %v at height %d round %d", w.address, block, o.Height()+1, round)
			}
			s.turn = append(s.turn, seen{w: w, lock: lock{o.Height() + 1, roundIn{round, o.SetDigest()}, block}})
		},
		Round: func(o *agreement.Object, round uint32) {
			if c.trace.on() {
				c.trace.line(s.name, "%v: round %d of height %d", o.Address(), round, o.Height()+1)
			}
		},
		Decided: func(o *agreement.Object, d *agreement.Decided, before, after *agreement.State) {
			w := c.chain(s, o.Address(), d)
			c.decided(s, w, d, before, after)
			s.turn = append(s.turn, seen{w: w, height: d.Header.Height, block: d})
		},
		Sleep: func(o *agreement.Object) {
			if c.trace.on() {
				c.trace.line(s.name, "%v: sleeps at height %d", o.Address(), o.Height())
			}
		},
	}}
}

// stored makes what the turn did durable: from now on it must never be taken back.
func (c *checker) stored(s *witness) {
	for i := range s.turn {
		x := &s.turn[i]
		m := s.member(x.w)
		switch {
		case x.height > 0:
			m.height = max(m.height, x.height)
			c.certificate(s, x.w, x.block) // not before: a vote of this turn in it was not signed yet
		case x.lock.height > 0:
			if m.lock.height == x.lock.height && !m.lock.at.before(x.lock.at) {
				c.fail(Locks, x.w, "%s locks in round %d of height %d after round %d", s.name, x.lock.at.round, x.lock.height, m.lock.at.round)
			}
			m.lock = x.lock
		default:
			c.vote(s, x.w, m, &x.ballot, x.set)
		}
	}
	s.forget()
}

// decidedAlone reports whether the turn decided something of which the vault is the only member: the checker took that for
// decided when it saw it.
func (s *witness) decidedAlone() bool {
	return slices.ContainsFunc(s.turn, func(x seen) bool { return x.height > 0 && len(x.block.Voters.Members) == 1 })
}

// forget drops what the turn did: it never happened.
func (s *witness) forget() {
	clear(s.turn)
	s.turn = s.turn[:0]
}

// liarsIn counts the liars of a set.
func (c *checker) liarsIn(s *agreement.Set) int {
	n := 0
	if s != nil && len(c.liars) > 0 {
		for _, k := range s.Members {
			if c.liars[k] {
				n++
			}
		}
	}
	return n
}

// overrun notes whether more of a set are liars than it stands. Where few vaults can be reached an object may begin with a
// set below four, which not one liar may be in.
func (c *checker) overrun(w *watched, s *agreement.Set) {
	n, liars := len(s.Members), c.liarsIn(s)
	if liars <= vaultnet.Faults(n) {
		return
	}
	if !w.overran {
		w.overran, w.crowded = true, map[int]int{}
		c.overran = append(c.overran, w)
		c.totals.Overrun++
		c.trace.line("OVERRUN", "%v: %d of %d members are liars: less is promised of it", w.address, liars, n)
	}
	w.crowded[n] = max(w.crowded[n], liars)
}

// slack is how many liars more the object's sets would have stood as far as an invariant goes; negative: it is not
// promised of this object.
func (w *watched) slack(i Invariant) int {
	least := i.Liars
	for n, liars := range w.crowded { // in any order: the least counts
		least = min(least, i.bears(n)-liars)
	}
	return least
}

// keys lists a map's keys in order: checks must be as deterministic as what they check.
func keys[K cmp.Ordered, V any](m map[K]V) []K {
	list := make([]K, 0, len(m))
	for k := range m { // any order
		list = append(list, k)
	}
	slices.Sort(list)
	return list
}
