package op

import (
	"slices"

	"vaultnet"
	"vaultnet/refusal"
)

// settling settles all that a client holds under an account, as far as that can be done in time.
type settling struct {
	job
	books  []*book
	until  vaultnet.Time
	unused bool
	finish func(all bool) // called once
}

// settleAll begins it; nothing is waited for that is still in use. Where only what is unused counts, nor is what was used
// up, nor a permit that cannot be closed because there is nothing at its address.
func (c *Client) settleAll(owner vaultnet.PublicKey, unused bool, until vaultnet.Time, finish func(all bool)) *settling {
	s := &settling{until: until, unused: unused, finish: finish}
	for _, b := range c.books.list {
		if b.account == owner {
			s.books = append(s.books, b)
		}
	}
	s.start(c, s.step)
	for _, b := range s.books {
		b.customers = append(b.customers, &s.job)
		for _, h := range b.held {
			for i := range h.uses {
				if u := &h.uses[i]; u.busy == 0 && (!unused || u.used < u.allowance.Count) {
					u.wanted, u.closed = true, true
				}
			}
		}
		b.poke()
	}
	return s
}

// unsettled reports whether the client holds permits under an account that are not settled.
func (c *Client) unsettled(owner vaultnet.PublicKey) bool {
	for _, b := range c.books.list {
		if b.account == owner && slices.ContainsFunc(b.held, func(h *held) bool {
			return slices.ContainsFunc(h.uses, func(u use) bool { return !u.settled })
		}) {
			return true
		}
	}
	return false
}

func (s *settling) step() {
	left, failed := 0, 0
	for _, b := range s.books {
		for _, h := range b.held {
			for i := range h.uses {
				u := &h.uses[i]
				left += b2i(u.wanted && !u.settled && !(s.unused && u.open))
				failed += b2i(u.wanted && u.failed)
			}
		}
	}
	switch {
	case left == 0:
		s.end(failed == 0)
	case s.c.now >= s.until:
		s.end(false)
	default:
		s.wake(s.until)
	}
}

func (s *settling) end(all bool) {
	if s.over {
		return
	}
	for _, b := range s.books {
		b.customers = slices.DeleteFunc(b.customers, func(j *job) bool { return j == &s.job })
	}
	s.stop()
	s.finish(all)
}

func (m SettleAll) begin(c *Client, t Ticket) {
	o := c.under(t, "settle")
	timeout, _, err := m.times()
	if err == nil {
		err = c.signer(m.As, payer(m.As, m.Account))
	}
	if err != nil {
		o.fail(err)
		return
	}
	s := c.settleAll(payer(m.As, m.Account), m.Unused, c.now.Add(timeout), func(all bool) {
		if !all {
			o.fail(refusal.New(refusal.Unavailable))
			return
		}
		o.complete(Completion{})
	})
	o.cancel = func() { s.end(false) }
}
