package op

import (
	"fmt"

	"vaultnet"
	"vaultnet/internal/wire"
	"vaultnet/refusal"
)

// storing puts a chunk (semantics §2): it goes to the vaults nearest to its name, and is stored when A of them say that
// it is, durably. Who says nothing is asked whether it has the chunk, a question that takes the same way behind it: the
// content itself goes again only to whom it did not reach, or who may have room for it by now.
type storing struct {
	job
	place    *place
	content  []byte
	wallet   *book
	spending *spending
	retries  bool
	spread   bool
	closing  vaultnet.Time
	finish   func(err *refusal.Error) // called once

	put      *wire.PutChunk
	probe    *wire.GetChunk
	again    repeat
	said     roster[kept]
	renewals int
	hushed   vaultnet.Time // since when too many refuse; 0: they don't
	enough   vaultnet.Time // since when enough have stored it; 0: they haven't
}

// kept is what a vault was sent and has said.
type kept struct {
	at     vaultnet.Time // when it was sent the content last
	stored bool
	err    *refusal.Error // why it did not store it
	lacks  int            // how often it has said since then that it has no such chunk
}

func (m PutChunk) begin(c *Client, t Ticket) {
	o := c.under(t, "put-chunk")
	timeout, _, err := m.times()
	if err == nil {
		err = c.signer(m.As, payer(m.As, m.Account))
	}
	if err == nil && len(m.Content) > vaultnet.MaxSize {
		err = refusal.TooLarge(int64(len(m.Content)), vaultnet.MaxSize)
	}
	if err == nil && m.Permit.none {
		err = refusal.Permit(refusal.Missing) // a chunk cannot be put without: there is no such message
	}
	if err != nil {
		o.fail(err)
		return
	}
	a := vaultnet.Address{Kind: vaultnet.KindImmutableData, Name: m.Name}
	if m.Name == (vaultnet.Name{}) {
		a = vaultnet.ChunkAddress(m.Content)
	}
	s := &storing{place: c.place(a), content: m.Content, retries: !m.NoRetry, spread: m.Spread, closing: c.now.Add(timeout)}
	if p := m.Permit.given; p != nil {
		s.put = &wire.PutChunk{Content: m.Content, Permit: p}
	} else {
		s.wallet = c.book(m.As, payer(m.As, m.Account))
	}
	s.finish = func(err *refusal.Error) {
		if err != nil {
			o.refuse(Completion{}, err, fmt.Sprint(a))
			return
		}
		o.complete(Completion{Result: a.Name})
	}
	o.cancel = func() { s.end(&refusal.Error{Kind: refusal.Unavailable, Cause: Cancelled}) }
	s.place.join(&s.job)
	s.start(c, s.step)
	if s.put != nil {
		s.open()
	}
}

// open begins to listen for answers, once there is something to send.
func (s *storing) open() {
	s.put.Call = s.c.open(s)
	s.probe = &wire.GetChunk{Call: s.c.open(s), Name: s.place.address.Name}
}

func (s *storing) close() {
	if s.put != nil {
		s.c.close(s.put.Call)
		s.c.close(s.probe.Call)
	}
}

func (s *storing) end(err *refusal.Error) {
	if s.over {
		return
	}
	s.close()
	if s.spending != nil {
		s.spending.done(s.put != nil) // what was shown may have been taken
	}
	s.place.leave(&s.job)
	s.stop()
	s.finish(err)
}

func (s *storing) answer(from vaultnet.PublicKey, m wire.Message) {
	a, ok := m.(*wire.ChunkAnswer)
	w := s.said.find(from)
	if !ok || w == nil || a.Name != s.place.address.Name || w.word.stored {
		return
	}
	switch {
	case a.Stored:
		w.heard, w.word.stored, w.word.err = true, true, nil
		s.c.stored(from)
	case a.Call == s.probe.Call:
		w.word.lacks++
	default:
		w.heard, w.word.err = a.Err != nil, a.Err
	}
	s.place.hear(from, wire.SetRef{}, nil, a.Nearer)
	s.poke()
}

func (s *storing) step() {
	limits := s.place.limits()
	members := s.place.members()
	stored, unpaid := 0, 0
	var why *refusal.Error // what most say that refuse
	refusing, most := 0, 0
	seats := s.said.of(members)
	for i, w := range seats {
		if w.word.stored {
			stored++
			continue
		}
		refusing++
		if w.word.err.Kind == refusal.PermitInvalid {
			unpaid++
		}
		n := 0
		for _, o := range seats[i:] {
			if o.word.err != nil && refusal.Same(o.word.err, w.word.err) {
				n++
			}
		}
		if n > most {
			why, most = w.word.err, n
		}
	}
	next := s.closing
	switch {
	case stored > 0 && stored >= limits.stored && !s.place.vague():
		if s.enough == 0 {
			s.enough = s.c.now
		}
		until := s.c.now
		if s.spread {
			until = min(s.linger(members), s.closing)
		}
		if until <= s.c.now {
			s.end(nil)
			return
		}
		next = min(next, until)
	case s.c.now >= s.closing:
		if why == nil || most < limits.shown {
			why = refusal.New(refusal.Unavailable)
		}
		s.end(why)
		return
	case unpaid >= limits.shown && s.wallet != nil && s.renewals < maxRenewals && s.spending != nil && s.spending.ready():
		s.renewals++
		s.spending.spoil()
		s.spending.done(false)
		s.spending = nil
		s.close()
		s.put, s.said, s.again = nil, roster[kept]{}, repeat{}
	case refusing <= len(members)-limits.stored, most < limits.shown:
		s.hushed = 0
	case !(s.retries && why.Kind.Retryable()):
		if s.hushed == 0 {
			s.hushed = s.c.now
		}
		if s.c.now >= s.hushed.Add(hesitation) || refusing == len(members) {
			s.end(why)
			return
		}
	}
	if s.hushed != 0 {
		next = min(next, s.hushed.Add(hesitation))
	}
	if s.put == nil && !s.pay() {
		s.wake(next)
		return
	}
	if s.place.thin() {
		s.place.lookup()
	}
	due := s.again.due(s.c.now)
	for _, v := range s.place.audience() {
		w := s.said.admit(v)
		switch {
		case w == nil, w.word.stored:
		case !w.asked || due && (w.word.err != nil || w.word.lacks > 1) && s.mayRepeat(w.word.at):
			w.asked, w.word.at, w.word.lacks = true, s.c.now, 0
			s.c.send(v, s.put)
		case due && w.word.err == nil:
			s.c.send(v, s.probe)
		}
	}
	s.wake(min(next, s.again.next))
}

// mayRepeat reports whether content that went out then may go again.
func (s *storing) mayRepeat(then vaultnet.Time) bool {
	return len(s.content) < largeRequest || s.c.now >= then.Add(largeAgain)
}

// linger is until when there is a vault to wait for that is to store the chunk, and has neither done so nor refused; not
// later than now: there is none.
func (s *storing) linger(members []vaultnet.PublicKey) vaultnet.Time {
	next := vaultnet.Never
	for _, v := range members {
		if w := s.said.find(v); w != nil && w.heard {
			continue
		}
		if until := s.c.waitFor(v, s.enough); until > s.c.now {
			next = min(next, until)
		}
	}
	if next == vaultnet.Never {
		return s.c.now
	}
	return next
}

// pay gets the permit that names the chunk. It reports whether there is one.
func (s *storing) pay() bool {
	if s.spending == nil {
		s.spending = s.wallet.spend(s.place.address, &s.job)
	}
	if err := s.spending.err; err != nil {
		s.spending.done(false)
		s.spending = nil
		if !s.retries || !err.Kind.Retryable() {
			s.end(err)
			return false
		}
		s.spending = s.wallet.spend(s.place.address, &s.job)
	}
	if !s.spending.ready() {
		return false
	}
	s.put = &wire.PutChunk{Content: s.content, Permit: s.spending.whole()}
	s.open()
	return true
}
