package agreement

import (
	"bytes"
	"slices"

	"vaultnet"
)

// behind is what a member knows of heights it lacks.
type behind struct {
	pending bool
	height  vaultnet.Height    // the greatest that somebody spoke of
	from    vaultnet.PublicKey // who did; zero: a client
	askAt   vaultnet.Time      // not asked before
	asked   int
	sound   bool // one that may well know spoke of it: a member of the same set, a client, a certificate
}

// ahead is what a member said about one of the heights after the one being decided here.
type ahead struct {
	from   vaultnet.PublicKey
	bundle *Bundle // votes, proposal and certificates of it
}

// fetch is a certified state being gathered part by part.
type fetch struct {
	from    vaultnet.PublicKey
	decided *Decided
	digest  vaultnet.Digest
	records []Record
	total   uint32
	size    int // bytes of records
	until   vaultnet.Time
}

// pinned is a state kept for whoever fetches it in parts.
type pinned struct {
	decided *Decided
	records []vaultnet.Write
	until   vaultnet.Time
}

// receive takes in what another vault (or a client that pushes a decided block) said.
func (t *turn) receive(from vaultnet.PublicKey, b *Bundle) {
	if b.Address != t.address {
		return
	}
	if b.Want != nil {
		t.answer(from, b.Want)
	}
	if b.Decided != nil {
		t.learn(from, b.Decided)
	}
	if b.State != nil {
		t.gather(from, b.State)
	}
	if b.Following > 0 {
		t.note(from, b.Following)
		t.help(from, b.Following)
	}
	t.votes(from, b)
	for i := range b.Withdraw {
		t.withdraw(vaultnet.PublicKey{}, b.Withdraw[i])
	}
	for _, r := range b.Requests {
		if !t.fill(r) {
			t.relayed(r)
		}
	}
	if len(b.Need) > 0 {
		var bodies []*Request
		for _, ref := range b.Need {
			if r := t.body(ref); r != nil && len(bodies) < vaultnet.MaxInFlight {
				bodies = append(bodies, r)
			}
		}
		if len(bodies) > 0 {
			t.send(from, &Bundle{Requests: bodies})
		}
	}
	if b.Height >= t.height {
		t.outdated(from, b.Height)
	}
	speaks := b.Proposal != nil || len(b.Votes) > 0 || len(b.Wishes) > 0 || b.Commit != nil
	switch {
	case b.Height > t.height:
		t.suppose(b.Height, from)
	case b.Height < t.height && speaks && !t.deciding(b) && !t.outdated(from, b.Height):
		t.help(from, b.Height)
	}
}

// outdated notes how far a member says it is, and reports whether it is known to be further: then the message was long
// under way.
func (t *turn) outdated(from vaultnet.PublicKey, height vaultnet.Height) bool {
	if t.set == nil {
		return false
	}
	i := t.set.Index(from)
	if i < 0 {
		return false
	}
	if t.heard == nil {
		t.heard = make([]vaultnet.Height, len(t.set.Members))
	}
	if height < t.heard[i] {
		return true
	}
	t.heard[i] = height
	return false
}

// deciding reports whether who sent b is about to decide the last block as well: it votes for that, and does not repair
// (a repair brings a proposal), or not since the others' votes were sent. So the last votes of every block are not
// answered with the block, bodies and all.
func (t *turn) deciding(b *Bundle) bool {
	for _, v := range b.Votes {
		if v.Ballot.Height != t.height || v.Ballot.Block != t.digest {
			return false
		}
	}
	return len(b.Votes) > 0 && (b.Proposal == nil && len(b.Wishes) == 0 || t.now < t.decidedAt.Add(RepairFirst)) && b.Commit == nil
}

// Overdue reports whether a bundle says no more than votes for the block that is decided here, as the last of every block
// do: a step with it changes nothing, and leads to nothing.
func (o *Object) Overdue(b *Bundle) bool {
	if b.Height >= o.height || len(b.Votes) == 0 || b.Proposal != nil || b.Polka != nil || b.Commit != nil || b.Decided != nil ||
		b.State != nil || b.Want != nil || b.Following > 0 || len(b.Requests)+len(b.Withdraw)+len(b.Wishes)+len(b.Need) > 0 {
		return false
	}
	for _, v := range b.Votes {
		if v.Ballot.Height != o.height || v.Ballot.Block != o.digest {
			return false
		}
	}
	return true
}

// relayed takes a request that a member passed on: as from a client, but nobody is answered.
func (t *turn) relayed(r *Request) {
	if r.Address != t.address {
		return
	}
	if t.height == 0 {
		t.adopt(r.Proof)
	}
	if t.set == nil || t.me < 0 || r.Set != t.set.Number || t.fetch != nil || t.isWithdrawn(r.ID) || repeated(t.state.Ledger, r) {
		return
	}
	if err := t.admit(r); err == nil && t.attempt != nil && !slices.Contains(t.attempt.relayed, r.ID) {
		t.attempt.relay(r.ID) // once, by whom the client reached
	}
}

// votes takes in proposal, votes and certificates. What is for the heights after the next is kept until those come, a
// little of it from each member, so that one that lags behind for a moment needs no help; what is older is ignored here and helped elsewhere.
func (t *turn) votes(from vaultnet.PublicKey, b *Bundle) {
	next := t.height + 1
	early, lags := false, false
	if t.calls(b) {
		t.wake()
		t.attempt.summoned = true
	}
	if p := b.Proposal; p != nil {
		switch h := p.Header.Height; {
		case h == next:
			if t.height == 0 {
				t.adopt(p.Proof, p.Polka, b.Polka)
			}
			t.proposal(from, p)
		case h > next && h <= next+heightsAhead:
			early = true
		}
	}
	for _, v := range b.Votes {
		switch h := v.Ballot.Height; {
		case h == next:
			if t.set != nil && t.ours(&v.Ballot) {
				if i := t.set.Index(v.By.Signer); i >= 0 && i != t.me {
					lags = lags || v.By.Signer == from && t.lags(i, v)
					t.count(i, v)
				}
			}
		case h > next && h <= next+heightsAhead:
			early = true
		}
	}
	if c := b.Polka; c != nil && t.set != nil {
		t.polka(c)
	}
	if lags && t.attempt != nil && t.attempt.awake && t.mayHelp(from) {
		help := &Bundle{}
		t.defend(help)
		t.send(from, help)
	}
	if c := b.Commit; c != nil && t.set != nil && t.ours(&c.Ballot) && c.Proves(Precommit, t.set, t.setDigest) {
		t.certified(from, c)
	}
	for _, w := range b.Wishes {
		t.wished(from, w)
	}
	if early && t.set != nil {
		if t.set.Index(from) >= 0 && t.aheadOf(from) < maxAhead {
			t.ahead = append(t.ahead, ahead{from, &Bundle{Proposal: b.Proposal, Votes: b.Votes, Polka: b.Polka, Commit: b.Commit}})
		}
	}
}

// aheadOf counts what is kept of a member for the heights after the next.
func (o *Object) aheadOf(member vaultnet.PublicKey) int {
	n := 0
	for i := range o.ahead {
		if o.ahead[i].from == member {
			n++
		}
	}
	return n
}

// certified takes in a certificate. Where its block is lacking it is asked for: also a member that sleeps has been told
// that the height is decided.
func (t *turn) certified(from vaultnet.PublicKey, c *Certificate) {
	if t.attempt == nil {
		t.attempt = newAttempt()
	}
	if t.attempt.commit == nil {
		t.attempt.commit = c
	}
	if h := t.attempt.find(c.Ballot.Block); h == nil || h.missing > 0 {
		t.suppose(c.Ballot.Height, from)
	}
}

// count takes a verified vote of member i for the height being decided.
func (t *turn) count(i int, v *Vote) {
	a := t.attempt
	round := v.Ballot.Round
	if a == nil || !a.awake {
		if a != nil && a.counted(i, v) && v.Ballot.Block.IsZero() {
			return // what it voted with the others before it slept: or those that voted nil would wake each other for ever
		}
		if t.stray == nil {
			t.stray = new([maxMembers]*Vote)
		}
		if s := t.stray[i]; s == nil || s.Ballot.Round < round || s.Ballot.Round == round && s.Ballot.Type < v.Ballot.Type {
			t.stray[i] = v
		}
		return
	}
	if round > a.round {
		if a.future == nil {
			a.future = new([maxMembers]later)
		}
		f := &a.future[i]
		if f.round < round || f.votes == [2]*Vote{} {
			*f = later{round: round}
		}
		if f.round == round && f.votes[v.Ballot.Type-1] == nil {
			f.votes[v.Ballot.Type-1] = v
			t.news()
		}
		return
	}
	if y := a.tally(round); y != nil && y.add(i, v) {
		t.news()
		t.recall(i)
	}
}

// lags reports whether member i repeats what it voted in an earlier round than this member's, and is in none as late as
// that: it repairs, and lacks the proof of the round.
func (t *turn) lags(i int, v *Vote) bool {
	a := t.attempt
	if a == nil || !a.awake || v.Ballot.Round >= a.round || a.future != nil && a.future[i].votes != [2]*Vote{} {
		return false
	}
	y := a.tally(a.round)
	return voices(y.votes[0][i], y.votes[1][i]) == 0 && (v.Ballot.Round+roundsKept < a.round || a.counted(i, v))
}

// counted reports whether the member has counted a vote of the member i.
func (a *attempt) counted(i int, v *Vote) bool {
	y := a.tally(v.Ballot.Round)
	return y != nil && y.votes[v.Ballot.Type-1][i] != nil
}

// suppose notes that somebody spoke of a height this member lacks. It asks a little later, for most often the block is
// under way.
func (t *turn) suppose(height vaultnet.Height, from vaultnet.PublicKey) {
	k := &t.behind
	if height <= t.height || t.doubted(from) {
		return
	}
	if !k.pending {
		*k = behind{pending: true, askAt: max(k.askAt, t.now.Add(min(max(askSoonest, 3*t.cfg.usual), RepairFirst/2)))}
	}
	k.height, k.from = max(k.height, height), from
	k.sound = k.sound || from.IsNobody() || t.set != nil && t.set.Index(from) >= 0
}

// catchUp asks for blocks and states that are lacking, at most once in [AskEvery], and gives up after asking everybody
// twice: what was spoken of then counts as a lie until spoken of again.
func (t *turn) catchUp() {
	if t.fetch != nil && t.fetch.until <= t.now {
		t.fetch = nil
	}
	if t.following && t.followAt <= t.now {
		t.follow()
	}
	k := &t.behind
	if !k.pending || k.askAt > t.now || t.fetch != nil {
		if k.pending && t.fetch != nil && k.askAt <= t.now {
			k.askAt = t.fetch.until
		}
		return
	}
	members := t.members()
	if k.height <= t.height || k.asked >= 2*max(1, len(members)) {
		*k = behind{askAt: t.now.Add(AskEvery)}
		return
	}
	to := k.from
	if len(members) > 0 && (to.IsNobody() || k.asked > 0) {
		to = members[(int(t.height)+k.asked)%len(members)]
	}
	k.asked++
	k.askAt = t.now.Add(AskEvery)
	if !to.IsNobody() && to != t.cfg.Self {
		t.send(to, &Bundle{Want: &Want{Have: t.height}})
	}
}

// members is the newest set known.
func (t *turn) members() []vaultnet.PublicKey {
	s := t.set
	if other := t.heldElsewhere(); other != nil {
		return other.Members
	}
	if n := len(t.believed); n > 0 && (s == nil || t.believed[n-1].Number > s.Number) {
		s = t.believed[n-1]
	}
	if s == nil {
		return nil
	}
	return s.Members
}

// answer answers a question for blocks or state.
func (t *turn) answer(to vaultnet.PublicKey, w *Want) {
	if t.last == nil || w.Have >= t.height {
		return
	}
	if w.At == 0 {
		t.send(to, &Bundle{Decided: t.tell(w.Have)})
		return
	}
	if p := t.pinned; p == nil || p.until <= t.now || w.From == 0 && p.decided != t.last {
		if w.From > 0 {
			return // gone: the asker begins anew
		}
		t.pinned = &pinned{decided: t.last, records: records(t.state)}
	}
	p := t.pinned
	p.until = t.now.Add(StatePinned)
	if w.From > 0 && (p.decided.Header.Height != w.At || int(w.From) >= len(p.records)) {
		return
	}
	d := *p.decided
	d.Bodies = nil
	part := &StatePart{Decided: &d, From: w.From, Total: uint32(len(p.records))}
	size := 0
	for _, r := range p.records[w.From:] {
		if size += len(r.Key) + len(r.Value); size > PartSize && len(part.Records) > 0 {
			break
		}
		part.Records = append(part.Records, Record{Key: r.Key, Value: r.Value})
	}
	t.send(to, &Bundle{State: part})
}

// learn takes in a decided block: applies it where it is the next, else asks for the state it leads to.
func (t *turn) learn(from vaultnet.PublicKey, d *Decided) {
	if d.Header.Height <= t.height {
		return
	}
	if t.height == 0 && d.Header.Height == 1 {
		t.adopt(d.Proof, d.Certificate)
	}
	if !t.proven(d) {
		t.unfit(from, d)
		return
	}
	digest := d.Header.Digest(t.cfg.Network, t.address)
	if d.Header.Height == t.height+1 && t.set != nil && t.state != nil && d.Header.Previous == t.digest && d.Certificate.Ballot.Set == t.setDigest {
		h := (*held)(nil)
		if t.attempt != nil {
			h = t.attempt.find(digest)
		}
		if h == nil {
			h = newHeld(&d.Header, digest, t.now)
		}
		for _, r := range d.Bodies {
			for i, ref := range h.header.Mutations {
				if h.bodies[i] == nil && r.Ref == ref {
					h.bodies[i] = r
					h.missing--
				}
			}
		}
		t.supply(h)
		if t.judge(h) {
			t.decide(h, d.Certificate)
			return
		}
	}
	if f := t.fetch; f == nil || f.decided.Header.Height < d.Header.Height && len(f.records) == 0 {
		t.suppose(d.Header.Height, vaultnet.PublicKey{}) // proven to be: to be asked for elsewhere if from falls silent
		t.fetch = &fetch{from: from, decided: d, digest: digest, until: t.now.Add(2 * AskEvery)}
		t.send(from, &Bundle{Want: &Want{Have: t.height, At: d.Header.Height}})
	}
}

// proven reports whether d's certificate is of a set this member has reason to believe: its own, one to which a chain
// of set blocks leads from its own, one that w vaults named alike, or the one its proof of set names.
func (t *turn) proven(d *Decided) bool {
	if d.Voters == nil || d.Set == nil || d.Certificate == nil || !d.Voters.Valid(t.address, maxMembers) || !d.Set.Valid(t.address, maxMembers) {
		return false
	}
	digest := d.Header.Digest(t.cfg.Network, t.address)
	voters := d.Voters.Digest()
	c := d.Certificate
	if set := d.Header.Set; set != voters && d.Set.Digest() != set || set == voters && !d.Set.equal(d.Voters) || c.Ballot.Block != digest || c.Ballot.Height != d.Header.Height ||
		!c.Proves(Precommit, d.Voters, voters) {
		return false
	}
	if t.set != nil && voters == t.setDigest {
		return true
	}
	for _, s := range t.believed {
		if s.Digest() == voters || t.made(d, s) {
			return true
		}
	}
	_, ok := t.chain(d, voters)
	return ok
}

// made reports whether d is the block that made the set s out of one that differs by d's change alone. A quorum of such
// voters is, but for one, of members of s: no puppets can pose as the set before.
func (t *turn) made(d *Decided, s *Set) bool {
	if !d.Header.SetBlock() || d.Header.Set != s.Digest() {
		return false
	}
	next, ok := d.Voters.Next(t.address, d.Header.Add, d.Header.Drop, t.limit())
	return ok && next.Digest() == d.Header.Set
}

// chain is the set blocks among d's links that lead from this vault's own set to the one that decided d, or false. Each
// is certified by the set before it.
func (t *turn) chain(d *Decided, voters vaultnet.Digest) ([]Link, bool) {
	if t.set == nil {
		return nil, false
	}
	var led []Link
	known, knownDigest := t.set, t.setDigest
	for i := range d.Links {
		l := &d.Links[i]
		if l.Header.Height <= t.height || l.Set == nil {
			continue
		}
		if l.Certificate.Ballot.Block != l.Header.Digest(t.cfg.Network, t.address) || l.Certificate.Ballot.Height != l.Header.Height ||
			!l.Certificate.Proves(Precommit, known, knownDigest) || l.Set.Digest() != l.Header.Set || !l.Set.Valid(t.address, maxMembers) {
			return nil, false
		}
		known, knownDigest = l.Set, l.Header.Set
		led = append(led, *l)
		if knownDigest == voters {
			return led, true
		}
	}
	return nil, false
}

// led is the set blocks that lead others to the set that decided d: what this vault has, and what it was led by itself.
// Nothing unchecked is passed on.
func (t *turn) led(d *Decided) []Link {
	voters := d.Voters.Digest()
	if t.set != nil && voters == t.setDigest {
		return t.links
	}
	by, _ := t.chain(d, voters)
	if len(by) == 0 {
		return nil // a believed set: what lies between is unknown
	}
	all := slices.Concat(t.links, by)
	return all[max(0, len(all)-maxLinks):]
}

// gather takes in a part of a state and, when it is whole and its digest is the certified one, makes it the object's.
// A state that does not match is thrown away and asked for elsewhere.
func (t *turn) gather(from vaultnet.PublicKey, p *StatePart) {
	f := t.fetch
	if f == nil || from != f.from || p.Decided == nil || p.Decided.Header.Height <= t.height || p.Total > maxRecords {
		return
	}
	digest := p.Decided.Header.Digest(t.cfg.Network, t.address)
	if digest != f.digest {
		if !t.proven(p.Decided) || p.Decided.Header.Height < f.decided.Header.Height || p.From != 0 {
			return // the giver has gone on: begin with what it has now
		}
		f.decided, f.digest, f.records, f.total, f.size = p.Decided, digest, nil, 0, 0
	}
	if int(p.From) != len(f.records) || f.total != 0 && p.Total != f.total || len(p.Records) == 0 && p.Total > 0 || len(f.records)+len(p.Records) > int(p.Total) {
		return
	}
	f.total = p.Total
	f.records = append(f.records, p.Records...)
	for _, r := range p.Records {
		f.size += len(r.Key) + len(r.Value)
	}
	if f.size > maxStateSize {
		t.elsewhere() // no state is so large
		return
	}
	f.until = t.now.Add(2 * AskEvery)
	if len(f.records) < int(f.total) {
		t.send(from, &Bundle{Want: &Want{Have: t.height, At: f.decided.Header.Height, From: uint32(len(f.records))}})
		return
	}
	state, ok := t.verified(f)
	if !ok {
		t.elsewhere()
		return
	}
	t.fetch = nil
	d := *f.decided // the message is others', too
	d.Bodies, d.Links = nil, nil
	t.links = t.led(f.decided)
	t.leap(state.Time)
	t.advance(&d, f.digest, state)
}

// elsewhere gives up a fetch whose giver gave nonsense, and has another member asked.
func (t *turn) elsewhere() {
	height := t.fetch.decided.Header.Height
	t.fetch, t.behind.askAt = nil, t.now
	t.suppose(height, vaultnet.PublicKey{})
}

// verified rebuilds a fetched state and compares its digest with the certified one.
func (t *turn) verified(f *fetch) (*State, bool) {
	writes := make([]vaultnet.Write, len(f.records))
	for i, r := range f.records {
		if i > 0 && bytes.Compare(f.records[i-1].Key, r.Key) >= 0 {
			return nil, false
		}
		writes[i] = vaultnet.Write{Key: r.Key, Value: r.Value}
	}
	s, err := loadState(t.host, t.address, writes)
	if err != nil {
		return nil, false
	}
	s.Time, s.Set = f.decided.Header.Time, f.decided.Set
	return s, genuine(s, &f.decided.Header)
}

// genuine reports whether a state is the one that a certified header names.
func genuine(s *State, h *Header) bool { return s.Digest() == h.State }

// believe takes a set that w vaults named alike. An object this vault holds nothing of is then fetched and followed.
func (t *turn) believe(s *Set) {
	if !s.Valid(t.address, maxMembers) || t.set != nil && s.Number <= t.set.Number && t.height > 0 {
		return
	}
	i := slices.IndexFunc(t.believed, func(b *Set) bool { return b.Number >= s.Number })
	switch {
	case i >= 0 && t.believed[i].Number == s.Number:
		t.believed[i] = s
	case i >= 0:
		t.believed = slices.Insert(t.believed, i, s)
	default:
		t.believed = append(t.believed, s)
	}
	if len(t.believed) > 4 {
		t.believed = t.believed[1:]
	}
	t.suppose(t.height+1, vaultnet.PublicKey{})
}

// Follow makes the object fetch and follow what the believed set holds, so that a set block can add this vault; off, it
// no longer asks. The caller steps the object afterwards.
func (o *Object) Follow(on bool) {
	o.following, o.followAt = on, 0
}

// follow tells the members what height this vault holds.
func (t *turn) follow() {
	t.followAt = t.now.Add(2 * AskEvery)
	if t.me >= 0 {
		t.following = false
		return
	}
	for _, m := range t.members() {
		if t.height > 0 {
			t.send(m, &Bundle{Following: t.height})
		}
	}
	if t.height == 0 {
		t.suppose(1, vaultnet.PublicKey{})
	}
}

// note remembers a follower.
func (t *turn) note(vault vaultnet.PublicKey, height vaultnet.Height) {
	if t.set == nil || t.set.Index(vault) >= 0 || height > t.height {
		return
	}
	t.followers = slices.DeleteFunc(t.followers, func(f follower) bool {
		return f.vault == vault || f.at.Add(10*AskEvery) < t.now
	})
	if len(t.followers) < maxMembers {
		t.followers = append(t.followers, follower{vault, height, t.now})
	}
}
