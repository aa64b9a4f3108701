package op

import (
	"fmt"

	"vaultnet"
	"vaultnet/internal/wire"
	"vaultnet/refusal"
)

// storing puts a chunk (semantics §2): it goes to the vaults nearest to its name, and is stored when A of them say that
// it is, durably.
type storing struct {
	job
	place    *place
	content  []byte
	wallet   *book
	spending *spending
	without  bool // without a permit
	retries  bool
	closing  vaultnet.Time
	finish   func(err *refusal.Error) // called once

	put      *wire.PutChunk
	again    repeat
	said     roster[*wire.ChunkAnswer]
	renewals int
	hushed   vaultnet.Time // since when too many refuse; 0: they don't
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
	a := vaultnet.ChunkAddress(m.Content)
	s := &storing{place: c.place(a), content: m.Content, retries: !m.NoRetry, closing: c.now.Add(timeout)}
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
		s.put.Call = c.open(s)
	}
}

func (s *storing) end(err *refusal.Error) {
	if s.over {
		return
	}
	if s.put != nil {
		s.c.close(s.put.Call)
	}
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
	if !ok || w == nil || a.Name != s.place.address.Name {
		return
	}
	w.heard, w.word = true, a
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
		if w.word.Stored {
			stored++
			continue
		}
		if w.word.Err == nil {
			continue
		}
		refusing++
		if w.word.Err.Kind == refusal.PermitInvalid {
			unpaid++
		}
		n := 0
		for _, o := range seats[i:] {
			if o.word.Err != nil && refusal.Same(o.word.Err, w.word.Err) {
				n++
			}
		}
		if n > most {
			why, most = w.word.Err, n
		}
	}
	switch {
	case stored > 0 && stored >= limits.stored && !s.place.vague():
		s.end(nil)
		return
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
		s.c.close(s.put.Call)
		s.put, s.said, s.again = nil, roster[*wire.ChunkAnswer]{}, repeat{}
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
	next := s.closing
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
		if w != nil && (!w.asked || due && !(w.heard && w.word.Stored)) {
			w.asked = true
			s.c.send(v, s.put)
		}
	}
	s.wake(min(next, s.again.next))
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
	s.put = &wire.PutChunk{Call: s.c.open(s), Content: s.content, Permit: s.spending.permit()}
	return true
}
