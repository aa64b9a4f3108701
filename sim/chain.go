package sim

import (
	"vaultnet"
	"vaultnet/account"
	"vaultnet/agreement"
	"vaultnet/internal/wire"
	"vaultnet/permit"
	"vaultnet/refusal"
	"vaultnet/vault/core"
)

// replay is how far the naive model of one object has come along its chain of blocks.
type replay struct {
	height vaultnet.Height
	data   []*naive // by height − 1, of MutableData
	purse  *purse   // of an account
	pages  []page   // by height − 1, of it
	broken bool     // the model and the chain parted: reported once
}

// ledgers are the permits that accounts issued and what was paid with them: what binds objects to accounts.
type ledgers struct {
	checker *checker
	papers  map[vaultnet.Digest]*paper // by body digest
}

func newLedgers(c *checker) *ledgers {
	return &ledgers{checker: c, papers: map[vaultnet.Digest]*paper{}}
}

// replay has the naive model follow the chain as far as its blocks are known whole.
func (c *checker) replay(w *watched) {
	r := &w.replay
	for !r.broken {
		b := w.block(r.height + 1)
		if b == nil || b.bodies == nil {
			return
		}
		r.height++
		var wrong string
		invariant := Chain
		switch w.address.Kind {
		case vaultnet.KindMutableData:
			invariant, wrong = c.replayData(w, b)
		case vaultnet.KindAccount:
			invariant, wrong = c.replayAccount(w, b)
		}
		if wrong != "" {
			r.broken = true
			c.fail(invariant, w, "height %d: %s", r.height, wrong)
		}
	}
}

// replayData applies a block to the naive object, pays for it, and compares.
func (c *checker) replayData(w *watched, b *block) (invariant, wrong string) {
	var o *naive
	if n := len(w.replay.data); n > 0 {
		o = w.replay.data[n-1]
	}
	invariant = Chain
	for _, r := range b.bodies {
		switch d := r.Decoded.(type) {
		case *wire.Mutation:
			if inv, s := c.pay(w, b, r, d.Permit); s != "" && wrong == "" {
				invariant, wrong = inv, s
			}
			var payer vaultnet.PublicKey
			if d.Permit != nil {
				payer = d.Permit.Body.Account
			}
			next, err := o.mutate(d.Mutation, r.Requester, payer)
			if err != nil {
				if wrong == "" {
					invariant, wrong = kindOf(err), "mutation "+r.ID.String()+" is applied, and is to be refused: "+err.Error()
				}
				break
			}
			o = next
		case *wire.Close:
		default:
			return Chain, "mutation " + r.ID.String() + " is none"
		}
	}
	w.replay.data = append(w.replay.data, o)
	if wrong == "" {
		if d := o.differs(core.DataIn(b.after.Machine)); d != "" {
			return Chain, "the members' state differs from the replayed one in its " + d
		}
	}
	if o != nil && (len(o.entries) > 100 || o.size() > 1<<20) && wrong == "" {
		return Limits, "the object has grown beyond its limits"
	}
	return invariant, wrong
}

// kindOf is the invariant that is broken by applying what is to be refused for that reason.
func kindOf(err *refusal.Error) string {
	switch err.Kind {
	case refusal.AccessDenied, refusal.InvalidOwners:
		return Permitted
	case refusal.TooManyEntries, refusal.DataTooLarge:
		return Limits
	}
	return Permitted
}

// pay checks the permit of an applied mutation: issued by its account, to its requester, for this address, live at block
// time, not used up, not refunded, not of a grant revoked before.
func (c *checker) pay(w *watched, b *block, r *agreement.Request, p *permit.Permit) (invariant, wrong string) {
	id := "mutation " + r.ID.String()
	if p == nil {
		return Paid, id + " has no permit"
	}
	if issuer := c.objects[vaultnet.AccountAddress(p.Body.Account)]; issuer != nil && issuer.overran {
		return "", "" // w of its managers may have lied, and data managers believe w
	}
	x := c.accounts.papers[p.Body.Digest()]
	if x == nil {
		return Paid, id + " is paid by a permit that no account issued"
	}
	count := uint16(0)
	for _, a := range x.allowances {
		if a.Address == w.address {
			count = a.Count
		}
	}
	at := b.header.Time
	x.used[w.address]++
	shown, settled := x.shown[w.address]
	switch {
	case x.body.Requester != r.Requester:
		return Paid, id + " is paid by another's permit"
	case at < x.body.Issued || at > x.body.Expires:
		return Paid, id + " is paid by a permit that is not live at block time"
	case c.watch(w.address).split():
		return "", "" // two objects, of which each counts for itself
	case x.used[w.address] > count:
		return Paid, id + " is one more than its permit allows for here"
	case settled && x.used[w.address] > shown:
		return Balance, id + " is paid by a permit whose use here was settled with less"
	case at > x.revoked:
		return RevokedKeys, id + " is by a key whose grant was revoked, later than the revocation's T"
	}
	return "", ""
}

// replayAccount applies a block to the naive account and compares.
func (c *checker) replayAccount(w *watched, b *block) (invariant, wrong string) {
	if w.replay.purse == nil {
		w.replay.purse = &purse{owner: vaultnet.PublicKey(w.address.Name)}
	}
	a := w.replay.purse
	a.pass(b.header.Time, c.params)
	for _, r := range b.bodies {
		d, ok := r.Decoded.(*wire.Operation)
		if !ok {
			return Chain, "operation " + r.ID.String() + " is none"
		}
		applied, ok := b.after.Ledger.Get(r.Deadline, r.ID)
		if !ok {
			return Once, "operation " + r.ID.String() + " is applied and not remembered"
		}
		result, err := account.DecodeResult(applied.Result)
		if err != nil {
			return Chain, "operation " + r.ID.String() + " has a result that cannot be read"
		}
		if s := a.step(d.Operation, r.Requester, r.ID, result, b.header.Time, c.params, c.accounts); s != "" {
			return Permitted, "operation " + r.ID.String() + ": " + s
		}
		if s, ok := d.Operation.(*account.Settle); ok {
			x := c.accounts.papers[s.Body.Digest()]
			if x != nil && x.used[s.Allowance.Address] > s.Used && !c.watch(s.Allowance.Address).split() {
				return Balance, "a permit is settled with a use of " + s.Allowance.Address.String() + " that is less than its blocks show"
			}
		}
	}
	w.replay.pages = append(w.replay.pages, a.page())
	if d := a.differs(core.AccountIn(b.after.Machine)); d != "" {
		return Chain, "the members' account differs from the replayed one in its " + d
	}
	if a.exists && (a.done+a.reserved+a.available != a.allowance || a.done < 0 || a.reserved < 0 || a.available < 0) {
		return Balance, "done + reserved + available is not the allowance"
	}
	return "", ""
}
