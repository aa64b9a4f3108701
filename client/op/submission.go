package op

import (
	"slices"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/wire"
	"vaultnet/permit"
	"vaultnet/refusal"
)

// outcome is how a submission ended.
type outcome uint8

const (
	pending outcome = iota
	applied         // A members report it
	refused         // it will never be applied, and this is why
	never           // it will never be applied
	unknown         // nothing definite could be had
)

// submission is one signed request until its outcome is certain (design §5): it goes to every member, and again to those
// who do not answer; a refusal is provisional until the request is withdrawn; after its deadline the members are asked
// what became of it. It is a part of a change's job.
type submission struct {
	owner   *job
	c       *Client
	place   *place
	locate  *locating
	request *agreement.Request
	signer  vaultnet.Signer
	retries bool // retryable refusals are not final
	permit  *permit.Permit
	renews  bool // another permit can be had
	issues  bool // what it gives is a permit, which is nothing without its managers' signatures

	words    roster[word]
	spoke    []*seat[word] // of words, those that count now: room that is used again
	again    repeat
	since    vaultnet.Time
	closing  vaultnet.Time // withdrawn then, if it is still pending
	until    vaultnet.Time // over then, whatever is known
	doubtAt  vaultnet.Time
	withdraw *vaultnet.Withdraw // once it is being withdrawn
	asking   *wire.GetOutcome   // once its deadline has passed
	hushed   vaultnet.Time      // since when members refuse it without being alike; 0: they don't

	more  bool // a member does not know enough of the permit's signers: show all there are
	renew bool // w members refuse the permit: attach another
	lacks bool // it is applied, but too few members have signed the permit: they are asked again
	end   outcome
	word  word           // applied: what A members report
	err   *refusal.Error // refused: why; never, unknown: what came nearest to a reason, or nil
}

// begin makes ready; nothing is sent before [submission.step].
func (s *submission) begin() {
	s.since = s.c.now
	s.doubtAt = s.c.now.Add(s.c.pace.doubts())
	s.again.first = s.c.pace.patience()
	s.c.requests[s.request.ID] = s
}

// stop forgets the submission.
func (s *submission) stop() {
	delete(s.c.requests, s.request.ID)
	if s.asking != nil {
		s.c.close(s.asking.Call)
	}
}

// attach gives the same request another permit or proof: it is the same mutation still.
func (s *submission) attach(a wire.Attached) {
	s.request = wire.NewSigned(s.c.network, s.request.Request, s.request.ID, a)
	s.permit, s.renew, s.more = a.Permit, false, false
	for _, w := range s.words.seats {
		if r := w.word.refused; r != nil && r.Err.Kind == refusal.PermitInvalid {
			w.word.refused = nil
		} else if w.asked {
			w.word.owes++
		}
		w.asked = false
	}
	s.again = repeat{}
}

// giveUp withdraws the request now, unless it has ended.
func (s *submission) giveUp() { s.closing = min(s.closing, s.c.now) }

func (s *submission) reply(from vaultnet.PublicKey, m *wire.Reply) {
	w := s.words.find(from)
	if w == nil {
		return
	}
	w.heard = true
	w.word.hearReply(m, s.request.Set)
	s.place.hear(from, m.Set, m.Members, m.Nearer)
	s.owner.poke()
}

func (s *submission) answer(from vaultnet.PublicKey, m wire.Message) {
	a, ok := m.(*wire.OutcomeAnswer)
	w := s.words.find(from)
	if !ok || w == nil {
		return
	}
	w.heard = true
	w.word.hearOutcome(a)
	s.place.hear(from, a.Set, a.Members, nil)
	s.owner.poke()
}

func (s *submission) tally() tally {
	members := s.place.members()
	s.spoke = s.words.spoken(slices.Grow(s.spoke[:0], len(members)), members)
	return tally{s.place, s.spoke}
}

// step counts, decides what to do next and does it. It returns when to be called again.
func (s *submission) step() vaultnet.Time {
	t := s.tally()
	if s.judge(t); s.end != pending {
		return vaultnet.Never
	}
	if s.lacks {
		s.send(t)
		return min(s.again.next, s.until)
	}
	if s.withdraw == nil && s.hopeless(t) {
		w := s.request.Withdrawal()
		w.Sign(s.c.network, s.signer)
		s.withdraw = &w
		s.askAfresh()
	}
	if s.asking == nil && s.c.now > s.request.Deadline {
		s.asking = &wire.GetOutcome{Call: s.c.open(s), Address: s.place.address, Deadline: s.request.Deadline, ID: s.request.ID}
		s.askAfresh()
	}
	if s.c.now >= s.doubtAt {
		s.doubt(t)
	}
	if sure := s.request.Deadline.Add(s.c.cfg.Parameters.Skew) + 20; s.asking != nil && s.c.now < sure {
		s.again.next = min(s.again.next, sure) // the first moment at which members can be clear
	}
	s.send(t)
	next := min(s.again.next, s.until, s.doubtAt)
	if s.withdraw == nil {
		next = min(next, s.closing)
		if s.hushed != 0 {
			next = min(next, s.hushed.Add(hesitation))
		}
	}
	if s.asking == nil {
		next = min(next, s.request.Deadline+1)
	}
	return next
}

// doubt looks whether the set that is asked is still one: a member that holds a request says nothing until it is
// decided, so where fewer than w speak they are asked who they are, and given up if fewer than w answer that.
func (s *submission) doubt(t tally) {
	s.doubtAt = s.c.now.Add(s.c.pace.doubts())
	switch {
	case !s.place.known() || t.speakers() >= s.place.limits().believed:
		s.locate.probing = false
	case !s.locate.probing:
		s.locate.probe()
	default:
		s.locate.probing = false
		if len(s.locate.said.of(s.place.members())) < s.place.limits().believed {
			s.place.doubt()
		}
		s.doubtAt = s.c.now.Add(lookupEvery)
	}
}

// judge ends the submission where that can be done.
func (s *submission) judge(t tally) {
	if w := t.applied(); w != nil {
		s.word = *w
		s.place.reach(w.height)
		if s.issues && t.signatures(w) < s.place.limits().signed && s.c.now < s.until {
			if !s.lacks {
				s.lacks = true
				s.askAfresh()
			}
			return
		}
		s.end = applied
		s.c.pace.note(s.c.now.Sub(s.since))
		s.c.window.note(s.c.now, s.c.now.Sub(s.since), true)
		s.c.beckon()
		return
	}
	switch shown := t.shown(); {
	case t.never() && shown != nil:
		s.end, s.err = refused, shown
	case t.never():
		s.end, s.err = never, t.retryable()
	case s.c.now >= s.until:
		s.end, s.err = unknown, t.retryable()
	}
	s.renew = s.renews && s.withdraw == nil && t.refusing(refusal.PermitInvalid) >= s.place.limits().shown
	s.more = s.renews && s.withdraw == nil && s.asking == nil && t.missesSigners()
}

// hopeless reports whether there is nothing to wait for but that the request is withdrawn.
func (s *submission) hopeless(t tally) bool {
	if s.c.now >= s.closing {
		return true
	}
	shown := t.shown()
	switch {
	case shown != nil && s.passing(shown):
		return false // the same request again, later
	case shown != nil:
		return !s.renew
	case s.retries:
		return false
	}
	// Without retries: members that refuse it, each for a reason of its own, may come to agree.
	refusing := 0
	for _, w := range t.seats {
		if w.word.refused != nil {
			refusing++
		}
	}
	if refusing < s.place.limits().shown {
		s.hushed = 0
		return false
	}
	if s.hushed == 0 {
		s.hushed = s.c.now
	}
	return s.c.now >= s.hushed.Add(hesitation)
}

// passing reports whether a refusal is no reason to stop trying.
func (s *submission) passing(e *refusal.Error) bool {
	return s.retries && (e.Kind.Retryable() || e.Kind == refusal.DeadlinePassed)
}

// askAfresh asks everybody at once, for something else than before.
func (s *submission) askAfresh() {
	s.again = repeat{}
	for _, w := range s.words.seats {
		w.asked = false
	}
}

// send sends each member what it is to be sent now, if anything, and helps those that are behind.
func (s *submission) send(t tally) {
	due := s.again.due(s.c.now)
	if due && s.c.now > s.since {
		s.c.window.note(s.c.now, s.c.now.Sub(s.since), false)
	}
	if e := t.retryable(); e != nil && len(s.request.Bytes) <= largeRequest {
		s.again.soon(s.c.now, s.c.pace.retry(e.Kind))
	}
	s.help(t, due)
	members := s.place.members()
	s.words.reserve(len(members))
	var submit, withdraw wire.Message
	for _, v := range members {
		w := s.words.admit(v)
		if w == nil || w.asked && !due || w.word.applied && !(s.lacks && w.word.attested == nil) ||
			w.word.never && s.place.speaksFor(w.word.by) {
			continue
		}
		w.asked = true
		switch {
		case s.lacks: // whoever is sent again what it has applied says so again, and signs again
			s.c.send(v, &wire.Submit{Request: s.request, Seen: s.place.seen})
		case s.asking != nil:
			s.c.send(v, s.asking)
			if s.withdraw == nil {
				continue
			}
			fallthrough
		case s.withdraw != nil:
			if withdraw == nil {
				withdraw = &wire.Withdraw{Withdraw: *s.withdraw}
			}
			s.c.send(v, withdraw)
		default:
			if submit == nil {
				submit = &wire.Submit{Request: s.request, Seen: s.place.seen}
			}
			s.c.send(v, submit)
		}
	}
}

// help fetches the proofs of heights that some members name and others have not reached, where they have been apart for
// a while, and pushes the greatest to those that are behind.
func (s *submission) help(t tally, due bool) {
	if due && s.c.now >= s.since.Add(repeatFirst) {
		least := t.least()
		for _, w := range t.seats {
			if w.word.named > least {
				s.place.want(w.word.named, w.vault)
			}
		}
	}
	for _, w := range t.seats {
		if w.word.named < s.place.proven() && w.word.push < s.place.proven() && !w.word.applied {
			w.word.push = s.place.proven()
			s.place.push(w.vault)
			w.asked = false // and asked again
		}
	}
}
