package op

import (
	"vaultnet"
)

// repay shows all signatures of the permit where a member knows too few of those that were shown, and attaches a fresh one
// where w members refuse the one that was attached (PermitInvalid, design §8).
func (m *change) repay() vaultnet.Time {
	s := m.sub
	if s.more && m.spending != nil && m.spending.ready() && m.spending.insist(s.permit) {
		s.attach(m.attached())
		m.poke()
		return vaultnet.Never
	}
	if !s.renew {
		return vaultnet.Never
	}
	if m.renewals >= maxRenewals {
		s.renews = false
		m.poke()
		return vaultnet.Never
	}
	if m.spending != nil && m.spending.ready() && m.spending.permit() == s.permit {
		m.spending.spoil()
		m.release(false)
	}
	paid, err := m.paid()
	switch {
	case err != nil && err.Kind.Retryable():
		m.release(false)
		return m.c.now.Add(retryCap)
	case err != nil: // so the refusal stands; but this says why
		m.release(false)
		m.unpaid, s.renews = err, false
		m.poke()
	case paid:
		m.renewals++
		m.unpaid = nil
		s.attach(m.attached())
		m.poke()
	}
	return vaultnet.Never
}

// prove gathers the proof of a first set again before it is too old to be decided upon.
func (m *change) prove() vaultnet.Time {
	if m.sub.request.Proof == nil || m.place.known() || m.sub.withdraw != nil {
		return vaultnet.Never
	}
	if renew := m.viewing.made.Add(viewsRenewed); m.viewing.proof != nil && m.c.now < renew {
		return renew
	}
	before := m.proof
	next := m.view()
	if m.proof != before {
		m.sub.attach(m.attached())
		m.poke()
	}
	return next
}
