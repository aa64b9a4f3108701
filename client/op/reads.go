package op

import (
	"fmt"

	"vaultnet"
	"vaultnet/account"
	"vaultnet/internal/wire"
	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

func (m Read) begin(c *Client, t Ticket) {
	o := c.under(t, "read")
	timeout, _, err := m.times()
	if err == nil && (m.Query == nil || m.Address.Kind != vaultnet.KindMutableData) {
		err = refusal.Invalid("a read is of a MutableData")
	}
	var query []byte
	if err == nil {
		query = mutabledata.EncodeQuery(m.Query)
		if _, e := mutabledata.DecodeQuery(query); e != nil {
			err = invalid(e)
		}
	}
	if err != nil {
		o.fail(err)
		return
	}
	r := &reading{place: c.place(m.Address), query: query, until: c.now.Add(timeout), hasty: m.NoRetry}
	o.read(r, func(a *wire.ReadAnswer) (any, error) { return decode(m.Query, a.Value) })
}

// decode reads the answer to a query.
func decode(q mutabledata.Query, value []byte) (any, error) {
	switch q := q.(type) {
	case mutabledata.GetObject:
		return q.Decode(value)
	case mutabledata.GetShell:
		return q.Decode(value)
	case mutabledata.GetVersion:
		return q.Decode(value)
	case mutabledata.GetEntries:
		return q.Decode(value)
	case mutabledata.GetKeys:
		return q.Decode(value)
	case mutabledata.GetValues:
		return q.Decode(value)
	case mutabledata.GetValue:
		return q.Decode(value)
	case mutabledata.GetValuesOf:
		return q.Decode(value)
	case mutabledata.GetPermissions:
		return q.Decode(value)
	case mutabledata.GetUserPermissions:
		return q.Decode(value)
	}
	return nil, refusal.Invalid("a query of no kind")
}

func (m ReadAccount) begin(c *Client, t Ticket) {
	o := c.under(t, "account")
	timeout, _, err := m.times()
	if err == nil {
		err = c.signer(m.As)
	}
	if err != nil {
		o.fail(err)
		return
	}
	owner := m.As.Public()
	at := vaultnet.AccountAddress(owner)
	query := m.Query.Encode()
	r := &reading{place: c.place(at), query: query, until: c.now.Add(timeout), hasty: m.NoRetry}
	r.sign = func() *wire.Ask {
		ask := &wire.Ask{Deadline: c.now.Add(defaultDeadline), Nonce: c.cfg.Nonces()}
		ask.Sign(c.network, at, query, m.As)
		return ask
	}
	decode := func(a *wire.ReadAnswer) (any, error) {
		v, err := account.DecodeView(a.Value)
		if err != nil {
			return nil, err
		}
		return AccountRead{View: v, Time: a.Time}, nil
	}
	if m.Unsettled || !c.unsettled(owner) {
		o.read(r, decode)
		return
	}
	s := c.settleAll(owner, false, c.now.Add(min(timeout/2, settleBeforeRead)), func(bool) { o.read(r, decode) })
	o.cancel = func() {
		o.fail(&refusal.Error{Kind: refusal.Unavailable, Cause: Cancelled})
		s.end(false)
	}
}

// read launches a read and completes the operation with its end.
func (o *operation) read(r *reading, decode func(*wire.ReadAnswer) (any, error)) {
	r.finish = func(a *wire.ReadAnswer, err *refusal.Error) {
		var d Completion
		if a != nil {
			d.Height = a.Height
		}
		if err != nil {
			o.refuse(d, err, fmt.Sprint(r.place.address))
			return
		}
		result, bad := decode(a)
		if bad != nil { // what w members report alike is no answer to the query
			o.refuse(d, &refusal.Error{Kind: refusal.CorruptData, Cause: bad}, fmt.Sprint(r.place.address))
			return
		}
		d.Result = result
		o.complete(d)
	}
	if o.c.operations[o.ticket] != o {
		return // cancelled before it began
	}
	o.cancel = func() { r.end(nil, &refusal.Error{Kind: refusal.Unavailable, Cause: Cancelled}) }
	r.launch(o.c)
}
