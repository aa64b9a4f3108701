package sim

import (
	"errors"
	"slices"
	"sort"

	"vaultnet"
	"vaultnet/client/op"
	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

// act is one operation of a user, from its beginning to its end.
type act struct {
	user       *user
	kind       string
	operation  op.Operation
	address    vaultnet.Address
	ticket     op.Ticket
	begin, end int64 // µs; end 0 while it is under way
	over       bool
	apart      bool // a read of nothing by somebody cut off from those who would know
	mutation   mutabledata.Mutation
	query      mutabledata.Query
	requester  vaultnet.PublicKey
	payer      vaultnet.PublicKey
	completion op.Completion
}

func newAct(u *user, kind string, o op.Operation) *act {
	a := &act{user: u, kind: kind, operation: o, begin: u.w.now}
	switch o := o.(type) {
	case op.Mutate:
		a.address, a.mutation, a.requester, a.payer = o.Address, o.Mutation, o.As.Public(), o.Account
		if a.payer.IsNobody() {
			a.payer = a.requester
		}
	case op.Read:
		a.address, a.query = o.Address, o.Query
	case op.Operate:
		owner := o.Owner
		if owner.IsNobody() {
			owner = o.As.Public()
		}
		a.address, a.requester = vaultnet.AccountAddress(owner), o.As.Public()
	case op.ReadAccount:
		a.address, a.requester = vaultnet.AccountAddress(o.As.Public()), o.As.Public()
	case op.Outcome:
		a.address = o.Address
	case op.GetChunk:
		a.address = vaultnet.Address{Kind: vaultnet.KindImmutableData, Name: o.Name}
	case op.PutChunk:
		a.address = vaultnet.ChunkAddress(o.Content)
	}
	return a
}

// refused is why the operation was refused; nil where it was not.
func (a *act) refused() *refusal.Error {
	e, _ := errors.AsType[*refusal.Error](a.completion.Err)
	return e
}

// is reports whether the operation was refused for a reason.
func (a *act) is(k refusal.Kind) bool { return errors.Is(a.completion.Err, k) }

// unknown reports whether the operation may still take effect.
func (a *act) unknown() bool {
	e := a.refused()
	return e != nil && e.Detail.OutcomeUnknown
}

// changes reports whether the operation would change something.
func (a *act) changes() bool {
	switch a.operation.(type) {
	case op.Mutate, op.Operate:
		return true
	}
	return false
}

// outcome is the operation's, as reports count it.
func (a *act) outcome() string {
	switch {
	case a.completion.Err == nil:
		return Done
	case a.unknown(), a.is(refusal.Unavailable):
		return Unknown
	}
	return Refused
}

// history is the operations on one object, and how high they have come.
type history struct {
	acts  []*act // over, by end
	open  []*act // under way
	marks []mark
}

// mark: by then somebody had been told of that height.
type mark struct {
	at     int64
	height vaultnet.Height
}

// seenBefore is the greatest height that anybody was told of before a moment.
func (h *history) seenBefore(at int64) vaultnet.Height {
	i := sort.Search(len(h.marks), func(i int) bool { return h.marks[i].at >= at })
	if i == 0 {
		return 0
	}
	return h.marks[i-1].height
}

func (h *history) told(at int64, height vaultnet.Height) {
	if n := len(h.marks); n == 0 || height > h.marks[n-1].height {
		h.marks = append(h.marks, mark{at, height})
	}
}

// began is called when a user begins an operation.
func (c *checker) began(a *act) {
	c.totals.Kinds[a.kind]++
	c.trace.mix(uint64(a.user.number)<<32 | uint64(a.ticket))
	if c.trace.on() {
		c.trace.line(a.user.name, "BEGINS #%d %s of %v: %s", a.ticket, a.kind, a.address, describe(a))
	}
	if a.address.Kind == vaultnet.KindMutableData {
		w := c.watch(a.address)
		w.history.open = append(w.history.open, a)
	}
}

// ended checks what a user is told at the end of an operation.
func (c *checker) ended(a *act) {
	c.totals.Operations[a.outcome()]++
	if e := a.refused(); e != nil {
		c.totals.refusal(e.Kind)
		c.trace.mix(uint64(e.Kind))
	} else if a.completion.Err != nil {
		c.fail(Answered, nil, "%s is told %v, which is no refusal", a.user.name, a.completion.Err)
	}
	c.trace.mix(uint64(a.completion.Height))
	if c.trace.on() {
		c.trace.line(a.user.name, "ENDS #%d %s of %v: %v at height %d", a.ticket, a.kind, a.address, a.completion.Err,
			a.completion.Height)
	}
	if a.address.Kind != vaultnet.KindMutableData && a.address.Kind != vaultnet.KindAccount {
		return
	}
	w := c.watch(a.address)
	w.history.acts = append(w.history.acts, a)
	w.history.open = slices.DeleteFunc(w.history.open, func(x *act) bool { return x == a })
	if w.split() || a.user.misled {
		return
	}
	d := &a.completion
	switch a.operation.(type) {
	case op.Mutate, op.Operate:
		switch {
		case d.Err == nil:
			c.toldApplied(w, a)
			w.history.told(a.end, d.Height)
		case !a.unknown() && !d.Identity.IsZero() && !a.is(refusal.CorruptData): // an answer that makes no sense is none
			c.withdrawn(a.address, d.Identity)
			c.toldRefused(w, a)
		}
	case op.Read, op.ReadAccount:
		if d.Err == nil || d.Height > 0 || absent(a) {
			c.toldRead(w, a)
			w.history.told(a.end, d.Height)
		}
	}
}

// absent reports whether a read said that there is nothing at the address.
func absent(a *act) bool { return a.is(refusal.NoSuchData) || a.is(refusal.NoSuchAccount) }

// describe says what an operation wants.
func describe(a *act) string {
	switch o := a.operation.(type) {
	case op.Mutate:
		return mutationText(o.Mutation)
	case op.Operate:
		return o.Operation.Code().String()
	case op.Read:
		return queryText(o.Query)
	}
	return ""
}
