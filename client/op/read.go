package op

import (
	"vaultnet"
	"vaultnet/internal/wire"
	"vaultnet/refusal"
)

// reading is a linearizable read (design §5, "Reads"): members are asked, one of them for the value and the rest for its
// digest. The answer is at a height that w members report alike, with q members at or below it, and is returned when A
// members have reached it. With q members alike all of that holds at once, so q are asked at first ([reading.choose]), and
// all as soon as that does not do.
type reading struct {
	job
	place  *place
	query  []byte
	sign   func() *wire.Ask // of accounts: who asks; nil
	until  vaultnet.Time
	hasty  bool // that members are not settled is an answer
	since  vaultnet.Time
	finish func(answered *wire.ReadAnswer, err *refusal.Error) // called once

	call     wire.Call
	ask      *wire.Ask
	askUntil vaultnet.Time // when ask is signed again
	said     roster[answer]
	spoke    []*seat[answer] // of said, those that count now: room that is used again
	wide     bool            // all are asked, and not only those that have a seat
	hedgeAt  vaultnet.Time   // when they are, though nothing speaks against those that were
	set      wire.SetRef     // of which the first were chosen
	again    repeat
	rounds   int
	fuller   vaultnet.PublicKey // who was asked for the value last
	gave     bool               // it has answered since
	fetchAt  vaultnet.Time      // when another is asked, though that one says nothing
	fetches  int
	heard    int // members that have answered
	doubtAt  vaultnet.Time
	locating locating
}

// answer is the newest answer of a vault.
type answer struct {
	*wire.ReadAnswer
	full bool            // it was asked for the value: nobody else's is kept
	push vaultnet.Height // the greatest that was pushed to it
}

// launch starts the read; its fields up to finish are set.
func (r *reading) launch(c *Client) {
	r.since = c.now
	r.again.first = c.reads.patience()
	r.doubtAt = c.now.Add(c.reads.doubts())
	r.place.join(&r.job)
	r.start(c, r.step)
	r.call = c.open(r)
	r.locating.begin(&r.job, r.place)
	r.fetches = r.place.turn() // not always the same member
	r.choose()
}

func (r *reading) end(a *wire.ReadAnswer, err *refusal.Error) {
	if r.over {
		return
	}
	r.c.close(r.call)
	r.locating.end()
	r.place.leave(&r.job)
	r.stop()
	r.absolve()
	r.finish(a, err)
}

func (r *reading) answer(from vaultnet.PublicKey, m wire.Message) {
	a, ok := m.(*wire.ReadAnswer)
	s := r.said.find(from)
	if !ok || s == nil {
		return
	}
	switch old := s.word.ReadAnswer; {
	case a.Value != nil && (!s.word.full || vaultnet.DomainAnswer.Hash(a.Value) != a.Digest):
		without := *a
		without.Value = nil
		a = &without
	case a.Value == nil && old != nil && old.Digest == a.Digest && old.Value != nil:
		with := *a
		with.Value = old.Value
		a = &with
	}
	if !s.heard {
		r.note()
	}
	s.heard, s.word.ReadAnswer = true, a
	r.gave = r.gave || from == r.fuller
	r.place.hear(from, a.Set, a.Members, a.Nearer)
	r.poke()
}

// counts reports whether an answer is one of the set that is asked.
func (r *reading) counts(a answer) bool {
	return r.place.speaksFor(a.Set) && (a.Member || a.Set.Number == 0) && !transient(a.Err)
}

// transient reports whether a vault says that it cannot answer now.
func transient(e *refusal.Error) bool { return e != nil && e.Kind.Retryable() }

// alike reports whether two answers say the same. The words of a refusal are not compared, nor therefore its digest.
func alike(a, b answer) bool {
	if a.Height != b.Height || a.Set != b.Set || a.Header != b.Header || a.Time != b.Time || (a.Err == nil) != (b.Err == nil) {
		return false
	}
	if a.Err != nil {
		return refusal.Same(a.Err, b.Err)
	}
	return a.Digest == b.Digest
}

// chosen is the answer that may be returned as far as the members' word goes: w alike at the greatest height where that
// is so, q at or below it, A at or above it. What falls short of it is in best: the answer that w give alike.
func (r *reading) chosen(seats []*seat[answer]) (best *wire.ReadAnswer, good bool) {
	limits := r.place.limits()
	for i, s := range seats {
		if !r.counts(s.word) || best != nil && s.word.Height <= best.Height {
			continue
		}
		n := 0
		for _, o := range seats[i:] {
			if r.counts(o.word) && alike(s.word, o.word) {
				n++
			}
		}
		if n >= limits.alike {
			best = s.word.ReadAnswer
		}
	}
	if best == nil {
		return nil, false
	}
	below, above := 0, 0
	for _, s := range seats {
		if r.counts(s.word) && s.word.Height <= best.Height {
			below++
		}
		if s.word.Height >= best.Height {
			above++
		}
	}
	need := limits.settled
	if best.Set.Number == 0 {
		need = max(need, limits.absent)
		if r.place.vague() {
			return best, false
		}
	}
	return best, below >= need && above >= limits.confirmed && best.Height >= r.place.proven()
}

func (r *reading) step() {
	r.place.believe()
	r.spoke = r.said.spoken(r.spoke[:0], r.place.members())
	seats := r.spoke
	best, good := r.chosen(seats)
	if good {
		if best.Err != nil {
			r.reached(best)
			r.end(best, best.Err)
			return
		}
		for _, s := range seats {
			if s.word.Value != nil && s.word.Digest == best.Digest {
				r.reached(best)
				full := *best
				full.Value = s.word.Value
				r.end(&full, nil)
				return
			}
		}
	}
	if !r.wide && r.lacks(seats, good) {
		r.widen()
	}
	unsettled := r.hasty && r.unavailable(seats).Kind == refusal.NotSettled
	if r.c.now >= r.until || unsettled && r.c.now >= r.since.Add(hesitation) {
		r.end(nil, r.unavailable(seats))
		return
	}
	if r.c.now >= r.doubtAt {
		r.doubtAt = r.c.now.Add(lookupEvery)
		r.doubt(seats)
	}
	r.send(seats, best, good)
	next := min(r.again.next, r.until, r.doubtAt)
	if unsettled {
		next = min(next, r.since.Add(hesitation))
	}
	if good {
		next = min(next, r.fetchAt)
	}
	if !r.wide && !good {
		next = min(next, r.hedgeAt)
	}
	if r.place.vague() && r.c.now < r.place.unsure {
		next = min(next, r.place.unsure)
	}
	if r.place.lacking() || !r.place.known() && r.c.now >= r.since.Add(repeatFirst) {
		next = min(next, r.locating.step())
	} else if !r.place.known() {
		next = min(next, r.since.Add(repeatFirst))
	}
	r.wake(next)
}

func (r *reading) reached(a *wire.ReadAnswer) {
	if a.Set == r.place.ref {
		r.place.reach(a.Height)
	}
}

// unavailable is the answer when the time is up: what most of the members say hinders them, or that too few answered.
func (r *reading) unavailable(seats []*seat[answer]) *refusal.Error {
	n := 0
	for _, s := range seats {
		if s.word.Err != nil && s.word.Err.Kind == refusal.NotSettled {
			n++
		}
	}
	if n > 0 && n >= r.place.limits().shown {
		return refusal.New(refusal.NotSettled)
	}
	return refusal.New(refusal.Unavailable)
}

// doubt gives up a set of which fewer than w answer as its members.
func (r *reading) doubt(seats []*seat[answer]) {
	n := 0
	for _, s := range seats {
		if r.place.speaksFor(s.word.Set) {
			n++
		}
	}
	switch {
	case n >= r.place.limits().believed:
	case r.place.known():
		r.place.doubt()
	default:
		r.place.lookup()
	}
}

// send asks whoever is to be asked now: at first as many as suffice, one of them for the value; then everybody; later those
// who have not answered and, where the members do not agree, everybody again. Those that are behind are helped.
func (r *reading) send(seats []*seat[answer], best *wire.ReadAnswer, good bool) {
	if r.sign != nil && (r.ask == nil || r.c.now >= r.askUntil) {
		r.ask = r.sign()
		r.askUntil = r.ask.Deadline.Add(-defaultDeadline / 2)
	}
	if good {
		r.fetch(seats, best)
		return
	}
	members := r.place.members()
	all := len(members) > 0 && len(seats) == len(members)
	if all && r.rounds < 10 {
		r.again.soon(r.c.now, gatherFor) // they differ, but perhaps not for long
	}
	due := r.again.due(r.c.now)
	if due {
		r.rounds++
	}
	if all || due && r.rounds > 1 {
		r.wonder(seats)
	}
	r.help(seats)
	if r.fuller.IsNobody() && len(members) > 0 {
		r.fuller = r.valuer(members)
		r.awaitValue()
	}
	var digest, value *wire.Read
	for _, v := range r.place.audience() {
		s := r.seat(v)
		if s == nil || s.asked && !due {
			continue
		}
		s.asked = true
		m := &digest
		if v == r.fuller {
			m, s.word.full = &value, true
		}
		if *m == nil {
			*m = &wire.Read{Call: r.call, Address: r.place.address, Query: r.query, Full: m == &value, Ask: r.ask}
		}
		r.c.send(v, *m)
	}
}

// fetch asks another of those that say alike for the value, where the one that was asked is silent or gave none that
// hashes to the digest.
func (r *reading) fetch(seats []*seat[answer], best *wire.ReadAnswer) {
	if !r.gave && r.c.now < r.fetchAt && !r.c.vaults.unreachable(r.fuller) {
		return
	}
	if !r.gave {
		r.c.laggards.silent(r.fuller, r.c.now)
	}
	var alikes []*seat[answer]
	for _, s := range seats {
		if alike(s.word, answer{ReadAnswer: best}) && s.vault != r.fuller {
			alikes = append(alikes, s)
		}
	}
	if len(alikes) == 0 {
		return
	}
	r.fetches++
	s := alikes[r.fetches%len(alikes)]
	s.word.full = true
	r.fuller, r.gave = s.vault, false
	r.awaitValue()
	r.c.send(r.fuller, &wire.Read{Call: r.call, Address: r.place.address, Query: r.query, Full: true, Ask: r.ask})
}

// wonder asks for the proofs of heights that some members name and others have not reached.
func (r *reading) wonder(seats []*seat[answer]) {
	least := vaultnet.Height(0)
	for i, s := range seats {
		if i == 0 || s.word.Height < least {
			least = s.word.Height
		}
	}
	for i, s := range seats {
		same := 0
		for _, o := range seats[:i] {
			if o.word.Height == s.word.Height {
				same++
			}
		}
		if s.word.Height > least && same < 2 {
			r.place.want(s.word.Height, s.vault)
		}
	}
}

// help pushes the greatest height that is proven to those that are behind it, and has them asked again.
func (r *reading) help(seats []*seat[answer]) {
	for _, s := range seats {
		if s.word.Height < r.place.proven() && s.word.push < r.place.proven() {
			s.word.push = r.place.proven()
			r.place.push(s.vault)
			s.asked = false
		}
	}
}
