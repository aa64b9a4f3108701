package op

import (
	"bytes"
	"errors"
	"time"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/wire"
	"vaultnet/permit"
	"vaultnet/refusal"
)

// maxRenewals is how many permits in a row may be refused before that counts as the answer.
const maxRenewals = 4

// change is a signed change of an object, from the wish to the certain outcome: it learns who holds the address, gets a
// permit, proves a first set where the address is free, submits the request, and signs a new one where the last is
// certain never to be applied.
type change struct {
	job
	place   *place
	as      vaultnet.Signer
	body    []byte
	founds  bool           // may be the first at a free address
	absent  refusal.Kind   // what a change of nothing is refused with
	wallet  *book          // where permits come from; nil: none is fetched
	permit  *permit.Permit // given by the caller, or nil
	missing *refusal.Error // what a change of nothing is refused with before that: for want of a permit
	issues  bool           // issues a permit

	retries  bool
	deadline time.Duration // of one signed request
	closing  vaultnet.Time // from then on nothing new is begun
	until    vaultnet.Time
	giveUp   bool         // cancelled
	admitted bool         // it has its turn in the client's window
	flies    bool         // it has its turn at the place
	finish   func(ending) // called once

	locating locating
	viewing  viewing
	sub      *submission
	spending *spending      // the place in the book's permits; nil without a book
	unpaid   *refusal.Error // why no other permit could be had
	proof    *agreement.SetProof
	renewals int
	signed   int // requests so far
	again    vaultnet.Time
	phases   phases
	last     ending // what is known of the request signed last
}

// ending is how a change ended.
type ending struct {
	err      *refusal.Error
	height   vaultnet.Height
	identity vaultnet.Digest
	deadline vaultnet.Time
	result   []byte
	signed   []*word // applied, and a permit issued: what the members said, for its signatures
}

// launch starts the change; its fields up to finish are set.
func (m *change) launch(c *Client, timeout time.Duration) {
	m.phases.launched, m.phases.began = c.now, c.now
	m.until = c.now.Add(timeout)
	m.closing = m.until.Add(-min(closingTime, timeout/4))
	m.place.join(&m.job)
	m.start(c, m.step)
	m.locating.begin(&m.job, m.place)
}

// cancel ends the change as soon as its outcome is certain.
func (m *change) cancel() {
	m.giveUp = true
	m.closing = m.c.now
	m.until = min(m.until, m.c.now.Add(closingTime))
	if m.sub != nil {
		m.sub.giveUp()
		m.sub.until = m.until
	}
	m.poke()
}

// end completes the change.
func (m *change) end(e ending) {
	if m.over {
		return
	}
	if m.sub != nil {
		m.sub.stop()
	}
	m.locating.end()
	m.viewing.end()
	m.place.leave(&m.job)
	m.place.depart(m)
	m.c.depart(m)
	if m.viewing.made != 0 {
		m.place.drop()
	}
	m.stop()
	m.finish(e)
}

// fail completes the change with a refusal, of which it is certain that nothing was changed.
func (m *change) fail(err *refusal.Error) {
	e := m.last
	e.err = err
	m.end(e)
}

// unavailable is what remains to be said when the time is up: why members could not, or that nobody answered.
func (m *change) unavailable(why *refusal.Error) *refusal.Error {
	if why != nil && !m.giveUp {
		return why
	}
	err := refusal.New(refusal.Unavailable)
	if m.giveUp {
		err.Cause = Cancelled
	}
	return err
}

// step does what comes next.
func (m *change) step() {
	for m.sub != nil {
		if !m.follow() {
			return
		}
	}
	if m.c.now >= m.closing {
		why := m.last.err
		if why == nil && !m.place.known() && m.locating.unsettled() {
			why = refusal.New(refusal.NotSettled)
		}
		m.release(false)
		m.fail(m.unavailable(why))
		return
	}
	if !m.c.admit(m) {
		m.wake(m.closing)
		return
	}
	next := min(m.closing, m.locating.step())
	if m.place.known() || m.locating.free() {
		m.phases.locate(m.c.now)
	}
	if m.c.now < m.again {
		m.wake(min(next, m.again))
		return
	}
	paid, err := m.paid()
	if err != nil {
		m.release(false)
		if !m.retries || !err.Kind.Retryable() {
			m.fail(err)
			return
		}
		m.last.err = err
		m.again = m.c.now.Add(retryCap)
		m.wake(min(next, m.again))
		return
	}
	if paid {
		m.phases.pay(m.c.now)
	}
	switch {
	case m.place.known():
		if paid && m.place.admit(m) {
			m.submit()
		}
	case m.founds && (m.place.tentative || m.locating.free()):
		next = min(next, m.view())
		if paid && m.viewing.proof != nil {
			m.submit()
		}
	case paid && m.locating.free():
		m.release(false)
		if m.missing == nil {
			m.missing = refusal.New(m.absent)
		}
		m.fail(m.missing)
		return
	}
	m.wake(next)
}

// view gathers the proof of the first set. It returns when to be called again.
func (m *change) view() vaultnet.Time {
	if m.viewing.owner == nil {
		m.viewing.begin(&m.job, m.place)
	}
	if m.viewing.proof != nil && m.c.now >= m.viewing.made.Add(viewsRenewed) {
		m.viewing.anew()
	}
	next := m.viewing.step()
	if m.viewing.proof != nil {
		m.proof = m.viewing.proof
		m.place.suppose(&agreement.Set{Number: 1, Members: m.proof.Members})
	}
	return next
}

// paid reports whether a permit is at hand or none is needed, or why none can be had.
func (m *change) paid() (bool, *refusal.Error) {
	if m.wallet == nil {
		return true, nil
	}
	if m.spending == nil {
		m.spending = m.wallet.spend(m.place.address, &m.job)
	}
	return m.spending.ready(), m.spending.err
}

// release gives back what was kept of a permit: used up by the change, or not.
func (m *change) release(used bool) {
	if m.spending != nil {
		m.spending.done(used)
		m.spending = nil
	}
}

// attached is what travels with the request.
func (m *change) attached() wire.Attached {
	a := wire.Attached{Permit: m.permit, Proof: m.proof}
	if m.spending != nil && m.spending.ready() {
		if a.Proof == nil {
			return m.spending.attached()
		}
		a.Permit = m.spending.permit()
	}
	return a
}

// submit signs a request for the set that is believed and sends it.
func (m *change) submit() {
	number := uint64(1)
	if m.place.known() {
		number = m.place.set.Number
		m.proof = nil
	}
	r := vaultnet.Request{
		Address:  m.place.address,
		Deadline: min(m.c.now.Add(m.deadline), m.until),
		Set:      number,
		Nonce:    m.c.cfg.Nonces(),
		Body:     m.body,
	}
	id := r.Sign(m.c.network, m.as)
	m.signed++
	m.phases.sent = m.c.now
	m.renewals = 0
	with := m.attached()
	m.sub = &submission{
		owner: &m.job, c: m.c, place: m.place, locate: &m.locating, signer: m.as, retries: m.retries, renews: m.wallet != nil,
		issues: m.issues, permit: with.Permit,
		request: wire.NewSigned(m.c.network, r, id, with), closing: m.closing, until: m.until,
	}
	m.last = ending{identity: m.sub.request.ID, deadline: r.Deadline, err: m.last.err}
	if m.sub.request.Decoded == nil { // out of bounds: nobody would answer it
		m.release(false)
		m.fail(malformed(m.c, m.sub.request))
		return
	}
	m.sub.begin()
	m.poke()
}

// malformed says what is wrong with a request that cannot be sent.
func malformed(c *Client, r *agreement.Request) *refusal.Error {
	if e := (*refusal.Error)(nil); errors.As(wire.Verify(&wire.Submit{Request: r}, c.network, c.cfg.Verifier), &e) {
		return e
	}
	return refusal.Invalid("the request is out of bounds")
}

// follow moves the submission on. It reports true where the change is to look what comes next.
func (m *change) follow() bool {
	s := m.sub
	next := min(s.step(), m.locating.step())
	switch s.end {
	case pending:
		next = min(next, m.repay(), m.prove())
		m.wake(next)
		return false
	case applied:
		m.release(true)
		e := m.last
		e.err, e.height, e.result = nil, s.word.height, s.word.result
		if m.issues {
			for _, w := range s.words.of(m.place.members()) {
				if w.word.applied && w.word.height == e.height && bytes.Equal(w.word.result, e.result) {
					e.signed = append(e.signed, &w.word)
				}
			}
		}
		m.end(e)
		return false
	case unknown:
		m.release(true)
		err := refusal.New(refusal.Unavailable)
		err.Detail.OutcomeUnknown = true
		if m.giveUp {
			err.Cause = Cancelled
		} else if s.err != nil {
			err.Cause = s.err
		}
		m.fail(err)
		return false
	case refused:
		if !s.passing(s.err) || m.c.now >= m.closing {
			m.release(false)
			m.fail(m.reason(s.err))
			return false
		}
	}
	// It will never be applied, and that was not the object's answer to it: sign anew while there is time.
	m.last.err = s.err
	s.stop()
	m.sub = nil
	if m.c.now >= m.closing || !m.retries && !m.moved(s) {
		m.release(false)
		m.fail(m.unavailable(s.err))
		return false
	}
	m.again = m.c.now
	if m.signed > 1 {
		m.again = m.c.now.Add(retryCap)
	}
	return true
}

// reason is the refusal that is shown. After a cancellation a retryable one says only that the change is unavailable;
// and so does that a permit has to be renewed or a request to be signed anew, where time did not suffice for that.
func (m *change) reason(err *refusal.Error) *refusal.Error {
	switch {
	case m.giveUp && err.Kind.Retryable():
		return m.unavailable(nil)
	case err.Kind == refusal.PermitInvalid && m.unpaid != nil:
		return m.unpaid
	case err.Kind == refusal.PermitInvalid && m.wallet != nil && m.renewals < maxRenewals,
		err.Kind == refusal.DeadlinePassed && m.retries:
		out := m.unavailable(nil)
		if out.Cause == nil {
			out.Cause = err
		}
		return out
	}
	return err
}

// moved reports whether a request was made for another set than the one that is now believed.
func (m *change) moved(s *submission) bool {
	return m.place.set != nil && m.place.set.Number != s.request.Set
}
