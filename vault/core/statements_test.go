package core

import (
	"errors"
	"testing"
	"time"

	"vaultnet"
	"vaultnet/account"
	"vaultnet/agreement"
	"vaultnet/internal/wire"
	"vaultnet/mutabledata"
	"vaultnet/permit"
	"vaultnet/refusal"
)

// states asks the members of an address for statements about a permit.
func (c *citizen) states(a vaultnet.Address, p *permit.Permit) map[vaultnet.PublicKey]*wire.StatementAnswer {
	return answers[*wire.StatementAnswer](c.ask(c.members(a), &wire.GetStatement{Call: 3, Address: a, Permit: p.Body.Digest(), Expires: p.Body.Expires}))
}

// settlement shows what the members state.
func settlement(p *permit.Permit, all map[vaultnet.PublicKey]*wire.StatementAnswer) *account.Settle {
	s := &account.Settle{Body: p.Body, Allowance: p.Allowance, Path: p.Path}
	for _, st := range all {
		if st.By != nil {
			s.Used, s.Closed = st.Statement.Used, st.Statement.Closed
			s.Statements = append(s.Statements, *st.By)
		}
	}
	sortAttestations(s.Statements)
	return s
}

func TestStatementsAreSignedWhenTheyAreCertain(t *testing.T) {
	b := newBench(t)
	p := b.c.permit(b.c.key, b.object, 5)
	b.c.applied(b.c.mutate(b.object, p, insert("one", "")), 5)
	each := func(want bool, used uint16, closed bool) {
		t.Helper()
		all := b.c.states(b.object, p)
		if len(all) != 8 {
			t.Fatalf("%d answers", len(all))
		}
		for _, s := range all {
			if s.Err != nil || s.Statement.Used != used || s.Statement.Closed != closed || (s.By != nil) != want {
				t.Fatalf("%+v", s)
			}
		}
	}
	each(false, 1, false)
	b.run(p.Body.Expires.Sub(b.now) + b.params.Skew + time.Millisecond)
	each(true, 1, false)
	b.run(vaultnet.UsageGrace)
	for _, s := range b.c.states(b.object, p) {
		if s.By != nil || s.Err == nil || s.Err.Detail.Reason != refusal.Expired {
			t.Fatalf("after the grace: %+v", s)
		}
	}
}

func TestAClosedPermitIsSettledAtOnce(t *testing.T) {
	b := newBench(t)
	before := b.balance(t)
	p := b.c.permit(b.c.key, b.object, 5)
	b.c.applied(b.c.mutate(b.object, p, insert("one", "")), 5)
	r := b.sign(b.c.key, b.object, 1, (&permit.Close{Permit: p}).Encode(), wire.Attached{})
	b.c.applied(b.c.submit(b.members(b.object), r), 5)
	all := b.c.states(b.object, p)
	for _, s := range all {
		if s.By == nil || !s.Statement.Closed || s.Statement.Used != 1 {
			t.Fatalf("%+v", s)
		}
	}
	b.c.applied(b.c.operate(b.c.key, settlement(p, all)), 5)
	if now := b.balance(t); now.Done != before.Done+1 || now.Reserved != before.Reserved || now.Available != before.Available-1 {
		t.Fatalf("%+v after %+v", now, before)
	}
}

func TestNothingWasUsedWhereThereIsNothing(t *testing.T) {
	w := newTown(t, 20)
	w.run(time.Second)
	c := w.citizen("Alice")
	a := address("never made")
	p := c.permit(c.key, a, 7)
	for _, s := range c.states(a, p) {
		if s.By != nil {
			t.Fatal("signed before the expiry")
		}
	}
	w.run(13 * time.Second)
	all := c.states(a, p)
	c.applied(c.operate(c.key, settlement(p, all)), 5)
	w.run(10 * time.Second)
	for _, h := range w.houses { // an outsider neither states nor stays silent
		if !contains(w.group(a), h) {
			s := answers[*wire.StatementAnswer](c.ask([]*house{h}, &wire.GetStatement{Call: 1, Address: a, Permit: p.Body.Digest(), Expires: p.Body.Expires}))[h.id]
			if s == nil || s.By != nil || !errors.Is(s.Err, refusal.NotSettled) {
				t.Fatalf("%+v", s)
			}
		}
	}
}

func TestAPermitWaitsUntilItsSignersAreKnown(t *testing.T) {
	w := newTown(t, 24)
	w.run(time.Second)
	c := w.citizen("Alice")
	managers := w.set(c.account)
	a := w.addressWhere(func(a vaultnet.Address) bool {
		for _, h := range w.group(a) {
			if managers.Index(h.id) >= 0 {
				return false
			}
		}
		return true
	})
	w.run(time.Minute)
	p := c.permit(c.key, a, 2)
	proof := c.proof(a)
	r := w.sign(c.key, a, 1, mutabledata.Encode(&mutabledata.Put{Owner: c.key.Public()}), wire.Attached{Permit: p, Proof: proof})
	silent := true
	w.drop = func(_, _ vaultnet.PublicKey, m wire.Message) bool {
		_, ok := m.(*wire.SetAnswer)
		return ok && silent
	}
	c.heard = nil
	for _, h := range w.group(a) {
		w.post(c.id, h.id, &wire.Submit{Request: r})
	}
	w.run(askFor / 2)
	if len(c.heard) != 0 {
		t.Fatal("answered before the signers are known")
	}
	w.run(askFor)
	replies, far := answers[*wire.Reply](c.heard), 0
	for _, h := range w.group(a) {
		if h.core.setOf(h.core.objects.get(c.account)) == nil { // those near the account know its managers anyway
			far++
		}
	}
	if len(replies) != far || far < 3 {
		t.Fatalf("%d answers, %d vaults did not know the managers", len(replies), far)
	}
	for _, reply := range replies {
		if reply.Err == nil || reply.Err.Detail.Reason != refusal.Signers {
			t.Fatalf("%+v", reply)
		}
	}
	silent = false
	w.run(askAgain)
	for _, reply := range c.submit(w.group(a), r) {
		if reply.Outcome != agreement.Applied {
			t.Fatalf("%d %v", reply.Outcome, reply.Err)
		}
	}
	for _, h := range w.houses {
		if h.core.holders.n != 0 {
			t.Fatalf("%d requests still wait", h.core.holders.n)
		}
	}
}

// A permit that managers with faster clocks issued is good for a first mutation, too.
func TestAPermitOfFasterClocksFounds(t *testing.T) {
	w := newTown(t, 8)
	w.run(time.Second)
	c := w.citizen("Alice")
	a := address("notes")
	p := c.permit(c.key, a, 2)
	for _, ahead := range []time.Duration{w.params.Skew + time.Second, w.params.Skew - 100*time.Millisecond} {
		q := *p
		q.Body.Issued = w.now.Add(time.Second + ahead) // a proof of set takes a second
		q.Body.Expires = q.Body.Issued.Add(10 * time.Second)
		q.Signatures = nil
		for _, h := range w.members(c.account) {
			q.Signatures = append(q.Signatures, *attest(w, h, q.Body.Leaf(w.network)))
		}
		sortAttestations(q.Signatures)
		r := w.sign(c.key, a, 1, mutabledata.Encode(&mutabledata.Put{Owner: c.key.Public()}), wire.Attached{Permit: &q, Proof: c.proof(a)})
		for _, h := range w.group(a) {
			w.post(c.id, h.id, &wire.Submit{Request: r})
		}
		c.heard = nil
		w.run(5 * time.Second)
		replies := answers[*wire.Reply](c.heard)
		if ahead < w.params.Skew {
			c.applied(replies, 5)
			continue
		}
		for _, reply := range replies {
			if reply.Err == nil || reply.Err.Detail.Reason != refusal.NotYet {
				t.Fatalf("%+v", reply)
			}
		}
	}
}
