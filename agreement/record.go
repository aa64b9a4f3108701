package agreement

import (
	"bytes"
	"encoding/binary"
	"slices"

	"vaultnet"
	"vaultnet/internal/canonical"
	"vaultnet/internal/merkle"
	"vaultnet/refusal"
)

// Sections of an object's storage records: the first byte of a relative key.
const (
	sectionHead      byte = 'h' // last block's header, certificate, sets
	sectionLedger    byte = 'l' // + deadline, identity: an applied request
	sectionMachine   byte = 'm' // + the machine's own key
	sectionProposal  byte = 'p' // + header digest: a block this member voted for, with bodies
	sectionVote      byte = 'v' // the vote record of the height being decided
	sectionOutvoted  byte = 'o' // votes in first sets where another decided the first height
	sectionWithdrawn byte = 'w' // + identity: a withdrawal
)

const maxRecordSize = 8 << 20

// headRecord is what is stored of the last block.
type headRecord struct {
	_           struct{} `cbor:",toarray"`
	Header      Header
	Certificate *Certificate
	Set, Voters *Set
	Proof       []*SetProof // at most one
	Links       []Link
}

// voteRecord is everything a member must not forget of the height being decided: one record, overwritten.
type voteRecord struct {
	_         struct{} `cbor:",toarray"`
	Height    vaultnet.Height
	Round     uint32
	Prevote   []*Vote // its own of the round, at most one
	Precommit []*Vote // at most one
	Proof     []*Vote // of the round
	Voted     vaultnet.Digest
	Promised  []vaultnet.Digest // requests in blocks it voted for
	Lock      []*Certificate    // at most one
	Valid     []*Certificate    // at most one; none where it is the lock
	Commit    []*Certificate    // at most one
	First     []*SetProof       // at height 1: where the set comes from
	Parted    []partedRecord    // at height 1: first sets in which it voted and that it left
	Called    []*Wish           // for the set block that it voted for, when it did
}

// partedRecord is what was voted in a first set that was left.
type partedRecord struct {
	_         struct{} `cbor:",toarray"`
	First     []byte   // encoded *SetProof: as it is it would lie too deep to be decoded
	Round     uint32
	Prevote   []*Vote // at most one
	Precommit []*Vote // at most one
	Proof     []*Vote
	Voted     vaultnet.Digest
	Bound     bool   // it voted for a block there
	Lock      []byte // encoded *Certificate; empty: it was not locked there
}

// proposalRecord is a block this member voted for, body and all.
type proposalRecord struct {
	_      struct{} `cbor:",toarray"`
	Header Header
	Offers []offerRecord
	Bodies []bodyRecord
}

type offerRecord struct {
	_          struct{} `cbor:",toarray"`
	Round      uint32
	PolkaRound int64
	Polka      []byte // encoded *Certificate; empty for none: as it is it would lie too deep to be decoded
	Proof      []byte // encoded *SetProof; empty for none
	By         *merkle.Attestation
}

// packed is the encoding of what p points to, empty for nil.
func packed[T any](p *T) []byte {
	if p == nil {
		return []byte{}
	}
	return canonical.Marshal(p)
}

// unpack reads what packed wrote.
func unpack[T any](b []byte) (*T, error) {
	if len(b) == 0 {
		return nil, nil
	}
	p := new(T)
	return p, canonical.Unmarshal(b, p, maxRecordSize)
}

type bodyRecord struct {
	_               struct{} `cbor:",toarray"`
	Bytes, Attached []byte
}

// optional is a slice of one, or of none for nil.
func optional[T any](p *T) []*T {
	if p == nil {
		return []*T{}
	}
	return []*T{p}
}

func first[T any](s []*T) *T {
	if len(s) == 0 {
		return nil
	}
	return s[0]
}

// Record is what has to be durable before anything of the turn is sent: [Object.AppendRecord] with relative keys.
func (o *Object) Record() []vaultnet.Write { return o.AppendRecord(nil, nil) }

// AppendRecord appends what has to be durable before anything of the turn is sent, with keys that begin with prefix. It
// is asked for after the turn's attestations were filled in, and only once a turn. What it appends is good until
// [Config.Reuse].
func (o *Object) AppendRecord(w []vaultnet.Write, prefix []byte) []vaultnet.Write {
	p := o.cfg.pad()
	p.list.Writes = w
	outer := p.list.Enter(prefix...)
	u := &o.unsaved
	if u.head {
		p.put(sectionHead, nil, o.appendHead(p.encoded[:0]))
		if h := u.step; h != nil && h.next == o.state {
			p.stepped(o.stored, h)
		} else {
			p.diff(o.stored, o.state)
		}
		o.stored = o.state
		for _, digest := range o.savedProposals {
			p.drop(sectionProposal, digest[:])
		}
		o.savedProposals = o.savedProposals[:0]
	}
	if u.outvoted {
		p.put(sectionOutvoted, nil, canonical.Append(p.encoded[:0], &outvotedRecord{Parted: partedRecords(o.outvoted)}))
	}
	if u.vote {
		o.recordVotes(p, u.proposals)
	}
	for _, id := range u.dropped {
		p.drop(sectionWithdrawn, id[:])
	}
	for _, d := range u.withdrawn {
		p.put(sectionWithdrawn, d.id[:], binary.BigEndian.AppendUint64(p.encoded[:0], uint64(d.deadline)))
	}
	p.list.Leave(outer)
	w, p.list.Writes = p.list.Writes, nil
	o.unsaved = saves{proposals: emptied(u.proposals), dropped: emptied(u.dropped), withdrawn: emptied(u.withdrawn)}
	return w
}

// givenFrom is from which size a block is encoded in memory of its own, which the store may keep.
const givenFrom = 16 << 10

// recordVotes writes what the member must not forget of the height being decided, and the blocks that it newly voted for.
func (o *Object) recordVotes(p *scratch, proposals []*held) {
	if !o.Voted() {
		if o.savedVote {
			p.drop(sectionVote, nil)
		}
		o.savedVote = false
		return
	}
	for _, h := range proposals {
		if slices.Contains(o.savedProposals, h.digest) {
			continue
		}
		o.savedProposals = append(o.savedProposals, h.digest)
		if n := h.size(); n > givenFrom {
			p.list.Give(sectionProposal, h.digest[:], appendProposalRecord(make([]byte, 0, n+n/16), h))
			continue
		}
		p.put(sectionProposal, h.digest[:], appendProposalRecord(p.encoded[:0], h))
	}
	o.savedProposals = slices.DeleteFunc(o.savedProposals, func(digest vaultnet.Digest) bool {
		gone := (o.attempt == nil || o.attempt.find(digest) == nil) && !o.holds(digest)
		if gone {
			p.drop(sectionProposal, digest[:])
		}
		return gone
	})
	p.put(sectionVote, nil, o.appendVoteRecord(p.encoded[:0]))
	o.savedVote = true
}

// put adds a record, whose value was encoded in the room for that.
func (p *scratch) put(section byte, key, encoded []byte) {
	p.list.Put(section, key, encoded)
	if cap(encoded) <= maxScratch {
		p.encoded = encoded
	}
}

// drop adds that a record is gone.
func (p *scratch) drop(section byte, key []byte) { p.list.Put(section, key, nil) }

// Reuse says that what [Object.AppendRecord] appended so far, for objects of this configuration, is used no longer: its room
// is used again. Where it is never said, nothing is.
func (c *Config) Reuse() { c.pad().list.Reuse() }

// diff adds a state's records that changed since old, which may be nil.
func (p *scratch) diff(old, s *State) {
	if old == nil {
		old = new(State)
	}
	merkle.Diff(old.Ledger.applied, s.Ledger.applied, func(own string, _, after **AppliedRequest) {
		if after == nil {
			p.drop(sectionLedger, []byte(own))
			return
		}
		p.put(sectionLedger, []byte(own), (*after).appendTo(p.encoded[:0]))
	})
	p.machine(old.Machine, s.Machine)
}

// stepped adds the records that a block changed: what it did to the ledger is known.
func (p *scratch) stepped(old *State, h *held) {
	for i := range h.dropped {
		k := ledgerKey(h.dropped[i].deadline, h.dropped[i].id)
		p.drop(sectionLedger, k[:])
	}
	for i, r := range h.bodies {
		k := ledgerKey(r.Deadline, r.ID)
		p.put(sectionLedger, k[:], h.applied[i].appendTo(p.encoded[:0]))
	}
	var machine Machine
	if old != nil {
		machine = old.Machine
	}
	p.machine(machine, h.next.Machine)
}

// machine adds the records of a machine that changed since old, which may be nil.
func (p *scratch) machine(old, m Machine) {
	outer := p.list.Enter(sectionMachine)
	m.Diff(old, &p.list)
	p.list.Leave(outer)
}

func proposalKey(digest vaultnet.Digest) []byte { return append([]byte{sectionProposal}, digest[:]...) }

// records is a whole state as storage records, in key order.
func records(s *State) []vaultnet.Write {
	var p scratch
	p.diff(nil, s)
	w := p.list.Writes
	slices.SortFunc(w, func(a, b vaultnet.Write) int { return bytes.Compare(a.Key, b.Key) })
	return w
}

// loadState rebuilds a state from its records; set and time come from the header's side.
func loadState(host Host, a vaultnet.Address, rs []vaultnet.Write) (*State, error) {
	var ledger []merkle.Entry[*AppliedRequest]
	machine := make([]vaultnet.Write, 0, len(rs))
	for _, r := range rs {
		if len(r.Key) == 0 {
			return nil, refusal.Invalid("state record without a key")
		}
		var err error
		switch r.Key[0] {
		case sectionLedger:
			var e merkle.Entry[*AppliedRequest]
			e, err = ledgerEntry(r.Key[1:], r.Value)
			ledger = append(ledger, e)
		case sectionMachine:
			machine = append(machine, vaultnet.Write{Key: r.Key[1:], Value: r.Value})
		default:
			err = refusal.Invalid("state record of section %q", r.Key[0])
		}
		if err != nil {
			return nil, err
		}
	}
	m, err := host.Machine(a, machine)
	return &State{Machine: m, Ledger: loadLedger(ledger)}, err
}

// Load restores an object from its records in a vault's own store. The state's digest and certificate are checked: a
// damaged store is an error, not a lie told to others. A half-open height is awake at the first step.
func Load(cfg *Config, host Host, a vaultnet.Address, rs []vaultnet.Write) (*Object, error) {
	o := New(cfg, a)
	state := make([]vaultnet.Write, 0, len(rs))
	var proposals []vaultnet.Write
	var vote *voteRecord
	var outvoted *outvotedRecord
	for _, r := range rs {
		if len(r.Key) == 0 {
			return nil, refusal.Invalid("record without a key")
		}
		switch r.Key[0] {
		case sectionHead:
			var head headRecord
			if err := readHead(r.Value, &head); err != nil {
				return nil, err
			}
			o.last = &Decided{Header: head.Header, Certificate: head.Certificate, Set: head.Set, Voters: head.Voters, Proof: first(head.Proof), Links: head.Links}
			o.links = head.Links
		case sectionLedger, sectionMachine:
			state = append(state, r)
		case sectionProposal:
			proposals = append(proposals, r)
		case sectionVote:
			vote = new(voteRecord)
			if err := canonical.Unmarshal(r.Value, vote, maxRecordSize); err != nil {
				return nil, err
			}
		case sectionOutvoted:
			outvoted = new(outvotedRecord)
			if err := canonical.Unmarshal(r.Value, outvoted, maxRecordSize); err != nil {
				return nil, err
			}
		case sectionWithdrawn:
			if len(r.Key) != 33 || len(r.Value) != 8 {
				return nil, refusal.Invalid("withdrawal record of %d and %d bytes", len(r.Key), len(r.Value))
			}
			o.withdrawn = append(o.withdrawn, withdrawal{vaultnet.Digest(r.Key[1:]), vaultnet.Time(binary.BigEndian.Uint64(r.Value))})
		default:
			return nil, refusal.Invalid("record of section %q", r.Key[0])
		}
	}
	switch {
	case o.last != nil:
		if err := o.loadHead(host, state); err != nil {
			return nil, err
		}
	case len(state) > 0:
		return nil, refusal.Invalid("a state is stored, and no block that led to it")
	}
	o.savedVote = vote != nil
	t := &turn{Object: o, host: host, out: &Output{}}
	if outvoted != nil {
		if err := t.loadOutvoted(outvoted, vote); err != nil {
			return nil, err
		}
	}
	if vote != nil && vote.Height == o.height+1 {
		if err := t.loadVotes(vote, proposals); err != nil {
			return nil, err
		}
	}
	o.unsaved = saves{}
	return o, nil
}

func (o *Object) loadHead(host Host, rs []vaultnet.Write) error {
	d := o.last
	same := d.Voters == d.Set
	if !d.Set.Valid(o.address, maxMembers) || !same && !d.Voters.Valid(o.address, maxMembers) {
		return refusal.Invalid("the stored sets are none")
	}
	s, err := loadState(host, o.address, rs)
	if err != nil {
		return err
	}
	s.Time, s.Set = d.Header.Time, d.Set
	digest, set := d.Header.Digest(o.cfg.Network, o.address), d.Set.Digest()
	voters := set
	if !same {
		voters = d.Voters.Digest()
	}
	switch {
	case s.digest(set) != d.Header.State:
		return refusal.Invalid("the stored state is not the one its certificate names")
	case set != d.Header.Set, d.Certificate.Ballot.Block != digest, !d.Certificate.Proves(Precommit, d.Voters, voters):
		return refusal.Invalid("the stored certificate does not prove its block")
	}
	o.forgotten = s.Time
	o.height, o.state, o.stored, o.digest = d.Header.Height, s, s, digest
	if d.Header.SetBlock() || d.Header.Empty() {
		o.granted = o.height
	}
	o.seat(d.Set, set)
	return nil
}

// loadVotes restores the attempt at the height being decided: round, votes, proof of the round, lock.
func (t *turn) loadVotes(r *voteRecord, proposals []vaultnet.Write) error {
	if t.height == 0 {
		t.adopt(first(r.First))
	}
	if err := t.checkVotes(r); err != nil {
		return err
	}
	a := newAttempt()
	t.attempt = a
	a.round, a.prevote, a.precommit, a.promised = r.Round, first(r.Prevote), first(r.Precommit), r.Promised
	a.proof = restoreProof(r)
	a.commit, a.called = first(r.Commit), r.Called
	for i := range r.Parted {
		t.parted = append(t.parted, t.restoreParted(&r.Parted[i]))
	}
	for _, p := range proposals {
		var rec proposalRecord
		if err := canonical.Unmarshal(p.Value, &rec, maxRecordSize); err != nil {
			return err
		}
		h, err := t.loadProposal(&rec)
		if err != nil {
			return err
		}
		t.savedProposals = append(t.savedProposals, h.digest)
		if t.partedFrom(r, h) {
			continue // judged when the member is back there
		}
		t.judge(h)
		if h.digest == r.Voted {
			a.voted = h
		}
		a.proposals = append(a.proposals, h)
	}
	for _, c := range slices.Concat(r.Lock, r.Valid) {
		if a.find(c.Ballot.Block) == nil {
			return refusal.Invalid("the block with a stored polka is missing")
		}
	}
	for i := range r.Parted {
		p := &t.parted[i]
		if !r.Parted[i].Voted.IsZero() && (p.voted == nil || p.lock != nil && p.lock.held == nil) {
			return refusal.Invalid("a block voted for in another first set is missing")
		}
	}
	if a.voted == nil && !r.Voted.IsZero() {
		return refusal.Invalid("the block voted for is missing")
	}
	a.lock = restoreLock(a, r)
	if c := first(r.Valid); c == nil {
		a.valid = a.lock
	} else {
		if h := a.find(c.Ballot.Block); h != nil {
			a.valid = &polka{c.Ballot.Round, h, c}
		}
	}
	t.resume(a)
	return nil
}

// checkVotes refuses a vote record that this member cannot have written.
func (t *turn) checkVotes(r *voteRecord) error {
	none := len(r.Prevote)+len(r.Precommit)+len(r.Proof)+len(r.Lock)+len(r.Valid)+len(r.Commit) == 0 && r.Round == 0
	if (t.set == nil || t.me < 0) && !(none && len(r.Parted) > 0 && t.height == 0) {
		return refusal.Invalid("votes are stored, and no set with this member that they were cast in")
	}
	good := r.Round <= maxRound && max(len(r.Prevote), len(r.Precommit), len(r.Lock), len(r.Valid), len(r.Commit), len(r.First)) <= 1
	for _, votes := range [][]*Vote{r.Prevote, r.Precommit} {
		for _, v := range votes {
			good = good && v.By.Signer == t.cfg.Self && v.Ballot.Round == r.Round && t.ours(&v.Ballot)
		}
	}
	good = good && (t.height == 0 || len(r.Parted) == 0) && len(r.Parted) <= maxParted+1 && len(r.Called) <= maxMembers
	for i := range r.Parted {
		good = good && t.castIn(&r.Parted[i])
	}
	for _, v := range r.Proof {
		good = good && (v.Ballot.Type == Prevote || v.Ballot.Type == Precommit)
	}
	for _, c := range slices.Concat(r.Lock, r.Valid) {
		good = good && t.ours(&c.Ballot) && c.Proves(Prevote, t.set, t.setDigest)
	}
	for _, c := range r.Commit {
		good = good && t.ours(&c.Ballot) && c.Proves(Precommit, t.set, t.setDigest)
	}
	if c := first(r.Lock); c != nil {
		good = good && c.Ballot.Round <= r.Round
	}
	if v := first(r.Prevote); v != nil {
		good = good && v.Ballot.Type == Prevote
	}
	if v := first(r.Precommit); v != nil {
		good = good && v.Ballot.Type == Precommit
	}
	if !good {
		return refusal.Invalid("the stored votes are not those of this member at this height")
	}
	return nil
}

// firstOf reads the first set that a record is about.
func (t *turn) firstOf(p *partedRecord) (*SetProof, *Set, bool) {
	proof, err := unpack[SetProof](p.First)
	if err != nil {
		return nil, nil, false
	}
	set, ok := proof.Set(t.address, t.limit())
	return proof, set, ok
}

// castIn reports whether a stored vote of a first set that was left may be this member's.
func (t *turn) castIn(p *partedRecord) bool {
	_, set, ok := t.firstOf(p)
	if !ok || p.Round > maxRound || len(p.Prevote) > 1 || len(p.Precommit) > 1 {
		return false
	}
	digest := set.Digest()
	if digest == t.setDigest {
		return false
	}
	for i, votes := range [][]*Vote{p.Prevote, p.Precommit} {
		for _, v := range votes {
			b := &v.Ballot
			if v.By.Signer != t.cfg.Self || b.Round != p.Round || b.Type != VoteType(i+1) || b.Set != digest || b.Height != 1 {
				return false
			}
		}
	}
	for _, v := range p.Proof {
		if v.Ballot.Type != Prevote && v.Ballot.Type != Precommit {
			return false
		}
	}
	lock, err := unpack[Certificate](p.Lock)
	if err != nil || lock != nil && (!lock.Proves(Prevote, set, digest) || lock.Ballot.Height != 1 || lock.Ballot.Round > p.Round) {
		return false
	}
	return p.Bound || p.Voted.IsZero() && lock == nil
}

// restoreParted is what [turn.castIn] found good; the blocks that it names are to follow.
func (t *turn) restoreParted(r *partedRecord) parted {
	proof, set, _ := t.firstOf(r)
	p := parted{from: proof, set: set.Digest(), round: r.Round, prevote: first(r.Prevote), precommit: first(r.Precommit), proof: r.Proof,
		bound: r.Bound}
	if c, _ := unpack[Certificate](r.Lock); c != nil {
		p.lock = &polka{c.Ballot.Round, nil, c}
	}
	return p
}

// partedFrom gives a stored block to the first sets that were left in which the member voted for it or is locked on it; false
// where there is none.
func (t *turn) partedFrom(r *voteRecord, h *held) bool {
	found := false
	for i := range t.parted {
		p := &t.parted[i]
		if r.Parted[i].Voted == h.digest {
			p.voted, found = h, true
		}
		if p.lock != nil && p.lock.cert.Ballot.Block == h.digest {
			p.lock.held, found = h, true
		}
	}
	return found
}

// restoreLock is the lock the record names.
func restoreLock(a *attempt, r *voteRecord) *polka {
	c := first(r.Lock)
	if c == nil {
		return nil
	}
	h := a.find(c.Ballot.Block)
	if h == nil {
		return nil
	}
	return &polka{c.Ballot.Round, h, c}
}

// restoreProof is the proof of the round.
func restoreProof(r *voteRecord) []*Vote { return r.Proof }

func (t *turn) loadProposal(rec *proposalRecord) (*held, error) {
	h := &held{header: &rec.Header, digest: rec.Header.Digest(t.cfg.Network, t.address), bodies: make([]*Request, 0, len(rec.Bodies))}
	for _, o := range rec.Offers {
		polka, err := unpack[Certificate](o.Polka)
		if err != nil {
			return nil, err
		}
		proof, err := unpack[SetProof](o.Proof)
		if err != nil {
			return nil, err
		}
		h.offers = append(h.offers, &Proposal{Header: rec.Header, Round: o.Round, PolkaRound: o.PolkaRound, Polka: polka, Proof: proof, By: o.By})
	}
	for _, b := range rec.Bodies {
		r, err := t.cfg.Open(b.Bytes, b.Attached)
		if err != nil {
			return nil, err
		}
		if i := len(h.bodies); i >= len(h.header.Mutations) || r == nil || r.Ref != h.header.Mutations[i] {
			return nil, refusal.Invalid("a body of the stored block is not the one that its header names")
		}
		h.bodies = append(h.bodies, r)
	}
	if len(h.bodies) != len(h.header.Mutations) {
		return nil, refusal.Invalid("stored block with %d bodies, its header names %d", len(h.bodies), len(h.header.Mutations))
	}
	return h, nil
}
