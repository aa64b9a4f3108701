package op

import (
	"errors"
	"fmt"
	"time"

	"vaultnet"
	"vaultnet/account"
	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

// times are an operation's options with their defaults, or an InvalidRequest.
func (o Options) times() (timeout, deadline time.Duration, err *refusal.Error) {
	timeout, deadline = o.Timeout, o.Deadline
	if timeout == 0 {
		timeout = defaultTimeout
	}
	if deadline == 0 {
		deadline = defaultDeadline
	}
	if timeout < time.Millisecond || deadline < time.Millisecond {
		return 0, 0, refusal.Invalid("timeout %v, deadline %v: want at least 1ms", timeout, deadline)
	}
	if deadline > vaultnet.MaxDeadline {
		return 0, 0, refusal.Invalid("deadline: %v ahead, at most %v", deadline, vaultnet.MaxDeadline)
	}
	return timeout, deadline, nil
}

// invalid makes a refusal of any error, for what is judged before anything is sent.
func invalid(err error) *refusal.Error {
	if e := (*refusal.Error)(nil); errors.As(err, &e) {
		return e
	}
	return refusal.Invalid("%v", err)
}

// signer reports what is wrong with who is to sign, or with keys that are named.
func (c *Client) signer(as vaultnet.Signer, named ...vaultnet.PublicKey) *refusal.Error {
	if as == nil {
		return refusal.Invalid("nobody signs")
	}
	for _, k := range append(named, as.Public()) {
		if !c.cfg.Verifier.ValidKey(k) {
			return refusal.Invalid("key %s is not valid", k.Short())
		}
	}
	return nil
}

// fail completes an operation before anything was sent.
func (o *operation) fail(err *refusal.Error) { o.refuse(Completion{}, err, "") }

// refuse completes an operation with a refusal.
func (o *operation) refuse(d Completion, err *refusal.Error, subject string) {
	e := *err
	e.Op, e.Subject = o.name, subject
	d.Err = &e
	o.complete(d)
}

// payer is the account that pays: the requester's own unless another is named.
func payer(as vaultnet.Signer, named vaultnet.PublicKey) vaultnet.PublicKey {
	if named.IsNobody() && as != nil {
		return as.Public()
	}
	return named
}

func (m Mutate) begin(c *Client, t Ticket) {
	o := c.under(t, "mutate")
	timeout, deadline, err := m.times()
	if err == nil {
		err = m.check(c)
	}
	if err != nil {
		o.fail(err)
		return
	}
	_, founds := m.Mutation.(*mutabledata.Put)
	job := &change{
		place: c.place(m.Address), as: m.As, body: mutabledata.Encode(m.Mutation), founds: founds, absent: refusal.NoSuchData,
		retries: !m.NoRetry, deadline: deadline, permit: m.Permit.given,
	}
	switch p := m.Permit.given; {
	case m.Permit.none:
		job.missing = refusal.Permit(refusal.Missing)
	case p == nil:
		job.wallet = c.book(m.As, payer(m.As, m.Account))
	case !p.Verify(c.network, c.cfg.Verifier):
		o.fail(refusal.Permit(refusal.Malformed)) // no vault would read further
		return
	default:
		if err := p.Check(c.now, m.As.Public(), m.Address); err != nil {
			job.missing = invalid(err)
		}
	}
	o.follow(job, timeout, func(result []byte) (any, error) { return mutabledata.DecodeResult(result) })
}

func (m Mutate) check(c *Client) *refusal.Error {
	if m.Mutation == nil || m.Address.Kind != vaultnet.KindMutableData {
		return refusal.Invalid("a mutation is of a MutableData")
	}
	if err := mutabledata.Validate(m.Mutation); err != nil {
		return invalid(err)
	}
	named := mutabledata.Keys(m.Mutation)
	if !m.Account.IsNobody() {
		named = append(named, m.Account)
	}
	return c.signer(m.As, named...)
}

func (m Operate) begin(c *Client, t Ticket) {
	o := c.under(t, "operate")
	timeout, deadline, err := m.times()
	if err == nil {
		err = m.check(c)
	}
	if err != nil {
		o.fail(err)
		return
	}
	o.name = m.Operation.Code().String()
	_, founds := m.Operation.(*account.CreateAccount)
	job := &change{
		place: c.place(vaultnet.AccountAddress(payer(m.As, m.Owner))), as: m.As, body: account.Encode(m.Operation), founds: founds,
		absent: refusal.NoSuchAccount, retries: !m.NoRetry, deadline: deadline,
	}
	issue, issues := m.Operation.(*account.IssuePermit)
	if !issues {
		o.follow(job, timeout, func(result []byte) (any, error) { return account.DecodeResult(result) })
		return
	}
	job.issues = true
	o.follow(job, timeout, nil)
	job.finish = func(e ending) {
		o.finished(job, e, func(result []byte) (any, error) { return shown(c, job.place, issue, e) })
	}
}

// errUnsigned is why a permit that was issued is not to be had.
var errUnsigned = errors.New("the permit was issued, but too few managers could be reached for their signatures")

// shown makes the permits that were issued to who asked for them itself.
func shown(c *Client, p *place, asked *account.IssuePermit, e ending) (any, error) {
	result, err := account.DecodeResult(e.result)
	if err != nil {
		return nil, err
	}
	issued, ok := result.(*account.Issued)
	if !ok || issued.Body.ID != e.identity {
		return nil, refusal.Invalid("the answer is not a permit")
	}
	h := &held{body: issued.Body}
	allowances, ok := issued.Allowances(asked.Allowances)
	for _, a := range allowances {
		h.uses = append(h.uses, use{allowance: a})
	}
	for _, w := range e.signed {
		if w.attested != nil {
			h.sign(w.attested)
		}
	}
	switch {
	case !ok:
		return nil, refusal.Invalid("the permit is not the one that was asked for")
	case len(h.signatures) < p.limits().signed: // until the time was up
		return nil, &refusal.Error{Kind: refusal.Unavailable, Detail: refusal.Detail{OutcomeUnknown: true},
			Cause: errUnsigned}
	}
	r := Issued{Result: issued}
	for i := range h.uses {
		r.Permits = append(r.Permits, h.permit(i))
	}
	return r, nil
}

func (m Operate) check(c *Client) *refusal.Error {
	if m.Operation == nil {
		return refusal.Invalid("no operation")
	}
	if err := m.Operation.Validate(); err != nil {
		return invalid(err)
	}
	named := account.Keys(m.Operation)
	if !m.Owner.IsNobody() {
		named = append(named, m.Owner)
	}
	return c.signer(m.As, named...)
}

// follow launches a change and completes the operation with its end.
func (o *operation) follow(m *change, timeout time.Duration, decode func([]byte) (any, error)) {
	m.finish = func(e ending) { o.finished(m, e, decode) }
	o.cancel = m.cancel
	m.launch(o.c, timeout)
}

func (o *operation) finished(m *change, e ending, decode func([]byte) (any, error)) {
	d := Completion{Height: e.height, Identity: e.identity, Deadline: e.deadline}
	if e.err != nil {
		o.refuse(d, e.err, fmt.Sprint(m.place.address))
		return
	}
	result, err := decode(e.result)
	if late := (*refusal.Error)(nil); errors.As(err, &late) && late.Kind == refusal.Unavailable {
		o.refuse(d, late, fmt.Sprint(m.place.address))
		return
	}
	if err != nil { // A members report alike what their kind of object cannot answer
		o.refuse(d, &refusal.Error{Kind: refusal.CorruptData, Cause: err}, fmt.Sprint(m.place.address))
		return
	}
	d.Result, d.Phases = result, m.phases.ended(o.c.now)
	o.complete(d)
}
