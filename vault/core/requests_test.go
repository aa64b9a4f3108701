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

// A row of the table: a request, and the error that all members give; nil: it is applied.
type row struct {
	name   string
	make   func(*bench) *agreement.Request
	want   error
	reason refusal.Reason
}

// bench is a town with an account, an object and a permit for it.
type bench struct {
	*town
	c      *citizen
	object vaultnet.Address
	permit *permit.Permit
	other  *citizen
}

func newBench(t *testing.T) *bench {
	w := newTown(t, 8)
	w.run(time.Second)
	b := &bench{town: w, c: w.citizen("Alice"), object: address("object"), other: w.citizen("Bob")}
	b.permit = b.c.put(b.object, mutabledata.Entry{Key: "k", Value: mutabledata.Value{Content: []byte("v")}})
	return b
}

func (b *bench) data(m mutabledata.Mutation) *agreement.Request {
	return b.sign(b.c.key, b.object, 1, mutabledata.Encode(m), wire.Attached{Permit: b.permit})
}

func (b *bench) op(by vaultnet.Signer, op account.Operation) *agreement.Request {
	return b.sign(by, b.c.account, 1, account.Encode(op), wire.Attached{})
}

func TestEveryRequestIsAnswered(t *testing.T) {
	small := vaultnet.PublicKey{1} // the neutral element
	app := func(b *bench) vaultnet.PublicKey { return b.person("app").Public() }
	rows := []row{
		{"put of what exists", func(b *bench) *agreement.Request {
			return b.data(&mutabledata.Put{Owner: b.c.key.Public()})
		}, refusal.DataExists, 0},
		{"insert", func(b *bench) *agreement.Request { return b.data(insert("new", "x")) }, nil, 0},
		{"insert of what exists", func(b *bench) *agreement.Request { return b.data(insert("k", "x")) }, refusal.InvalidEntryActions, 0},
		{"nothing to do", func(b *bench) *agreement.Request { return b.data(&mutabledata.MutateEntries{}) }, refusal.EmptyMutation, 0},
		{"permissions", func(b *bench) *agreement.Request {
			return b.data(&mutabledata.SetUserPermissions{User: mutabledata.UserOf(app(b)), Version: 1})
		}, nil, 0},
		{"permissions out of turn", func(b *bench) *agreement.Request {
			return b.data(&mutabledata.SetUserPermissions{User: mutabledata.UserOf(app(b)), Version: 3})
		}, refusal.InvalidSuccessor, 0},
		{"no such user", func(b *bench) *agreement.Request {
			return b.data(&mutabledata.DelUserPermissions{User: mutabledata.UserOf(app(b)), Version: 1})
		}, refusal.NoSuchKey, 0},
		{"change of owner", func(b *bench) *agreement.Request {
			return b.data(&mutabledata.ChangeOwner{Owner: app(b), Version: 1})
		}, nil, 0},
		{"owner of small order", func(b *bench) *agreement.Request {
			return b.data(&mutabledata.ChangeOwner{Owner: small, Version: 1})
		}, errRefusedAtTheDoor, 0},
		{"without a permit", func(b *bench) *agreement.Request {
			return b.sign(b.c.key, b.object, 1, mutabledata.Encode(insert("x", "")), wire.Attached{})
		}, refusal.PermitInvalid, refusal.Missing},
		{"another's permit", func(b *bench) *agreement.Request {
			return b.sign(b.other.key, b.object, 1, mutabledata.Encode(insert("x", "")), wire.Attached{Permit: b.permit})
		}, refusal.PermitInvalid, refusal.Requester},
		{"permit for another address", func(b *bench) *agreement.Request {
			p := b.c.permit(b.c.key, address("elsewhere"), 1)
			return b.sign(b.c.key, b.object, 1, mutabledata.Encode(insert("x", "")), wire.Attached{Permit: p})
		}, refusal.PermitInvalid, refusal.Address},
		{"permit that has expired", func(b *bench) *agreement.Request {
			b.run(15 * time.Second)
			return b.data(insert("x", ""))
		}, refusal.PermitInvalid, refusal.Expired},
		{"permit of too few managers", func(b *bench) *agreement.Request {
			p := *b.permit
			p.Signatures = p.Signatures[:2]
			return b.sign(b.c.key, b.object, 1, mutabledata.Encode(insert("x", "")), wire.Attached{Permit: &p})
		}, refusal.PermitInvalid, refusal.Signers},
		{"closed permit", func(b *bench) *agreement.Request {
			r := b.sign(b.c.key, b.object, 1, (&permit.Close{Permit: b.permit}).Encode(), wire.Attached{})
			b.c.applied(b.c.submit(b.members(b.object), r), 5)
			return b.data(insert("x", ""))
		}, refusal.PermitInvalid, refusal.Closed},
		{"used-up permit", func(b *bench) *agreement.Request {
			p := b.c.permit(b.c.key, b.object, 1)
			b.c.applied(b.c.mutate(b.object, p, insert("one", "")), 5)
			return b.sign(b.c.key, b.object, 1, mutabledata.Encode(insert("two", "")), wire.Attached{Permit: p})
		}, refusal.PermitInvalid, refusal.UsedUp},
		{"no permission", func(b *bench) *agreement.Request {
			p := b.other.permit(b.other.key, b.object, 1)
			return b.sign(b.other.key, b.object, 1, mutabledata.Encode(insert("x", "")), wire.Attached{Permit: p})
		}, refusal.AccessDenied, 0},
		{"no such data", func(b *bench) *agreement.Request {
			a := address("free")
			return b.sign(b.c.key, a, 1, mutabledata.Encode(insert("x", "")), wire.Attached{Permit: b.c.permit(b.c.key, a, 1)})
		}, refusal.NoSuchData, 0},
		{"first without a proof", func(b *bench) *agreement.Request {
			a := address("free")
			return b.sign(b.c.key, a, 1, mutabledata.Encode(&mutabledata.Put{Owner: b.c.key.Public()}),
				wire.Attached{Permit: b.c.permit(b.c.key, a, 1)})
		}, refusal.InvalidRequest, 0},
		{"first with an old proof", func(b *bench) *agreement.Request {
			a := address("free")
			proof := b.c.proof(a)
			b.run(11 * time.Second)
			return b.sign(b.c.key, a, 1, mutabledata.Encode(&mutabledata.Put{Owner: b.c.key.Public()}),
				wire.Attached{Permit: b.c.permit(b.c.key, a, 1), Proof: proof})
		}, refusal.NotSettled, 0},
		{"another's object", func(b *bench) *agreement.Request {
			a := address("free")
			return b.sign(b.c.key, a, 1, mutabledata.Encode(&mutabledata.Put{Owner: app(b)}),
				wire.Attached{Permit: b.c.permit(b.c.key, a, 1), Proof: b.c.proof(a)})
		}, refusal.InvalidOwners, 0},
		{"deadline over", func(b *bench) *agreement.Request {
			r := b.data(insert("x", ""))
			b.run(11 * time.Second)
			return r
		}, refusal.DeadlinePassed, 0},
		{"second account", func(b *bench) *agreement.Request { return b.op(b.c.key, &account.CreateAccount{}) }, refusal.AccountExists, 0},
		{"grant", func(b *bench) *agreement.Request {
			return b.op(b.c.key, &account.InsertGrant{Key: app(b), Version: 1})
		}, nil, 0},
		{"grant by a stranger", func(b *bench) *agreement.Request {
			return b.op(b.other.key, &account.InsertGrant{Key: app(b), Version: 1})
		}, refusal.AccessDenied, 0},
		{"grant to a key of small order", func(b *bench) *agreement.Request {
			return b.op(b.c.key, &account.InsertGrant{Key: small, Version: 1})
		}, errRefusedAtTheDoor, 0},
		{"permit for a stranger", func(b *bench) *agreement.Request {
			return b.op(b.other.key, &account.IssuePermit{Allowances: []permit.Allowance{{Address: b.object, Count: 1}}})
		}, refusal.GrantInvalid, refusal.NeverGranted},
		{"no such account", func(b *bench) *agreement.Request {
			who := b.person("Nobody")
			return b.sign(who, vaultnet.AccountAddress(who.Public()), 1, account.Encode(&account.Verify{}), wire.Attached{})
		}, refusal.NoSuchAccount, 0},
		{"more operations", func(b *bench) *agreement.Request { return b.op(b.c.key, &account.TopUp{Operations: 10}) }, nil, 0},
		{"settled too early", func(b *bench) *agreement.Request {
			return b.op(b.c.key, b.settlement(1, false))
		}, refusal.PermitInvalid, refusal.NotYet},
		{"settled by too few", func(b *bench) *agreement.Request {
			b.run(13 * time.Second)
			s := b.settlement(1, false)
			s.Statements = s.Statements[:4]
			return b.op(b.c.key, s)
		}, refusal.PermitInvalid, refusal.Signers},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			b := newBench(t)
			request := r.make(b)
			members := b.members(request.Address)
			replies := b.c.submit(members, request)
			if r.want == errRefusedAtTheDoor {
				if len(replies) != 0 {
					t.Fatalf("%d answers to what no driver lets in", len(replies))
				}
				return
			}
			if len(replies) != 8 {
				t.Fatalf("%d of 8 answer", len(replies))
			}
			for _, reply := range replies {
				switch {
				case r.want == nil:
					if reply.Outcome != agreement.Applied {
						t.Fatalf("outcome %d, %v", reply.Outcome, reply.Err)
					}
				case reply.Outcome != agreement.Refused || !errors.Is(reply.Err, r.want) || reply.Err.Detail.Reason != r.reason:
					t.Fatalf("outcome %d, %v, want %v", reply.Outcome, reply.Err, r.want)
				}
			}
		})
	}
}

// errRefusedAtTheDoor: wire.Verify refuses it, and no core sees it.
var errRefusedAtTheDoor = errors.New("refused at the door")

// settlement makes up statements of all members about the bench's permit.
func (b *bench) settlement(used uint16, closed bool) *account.Settle {
	s := &account.Settle{Body: b.permit.Body, Allowance: b.permit.Allowance, Path: b.permit.Path, Used: used, Closed: closed}
	statement := s.Statement()
	leaf := statement.Leaf(b.network)
	for _, h := range b.members(b.object) {
		s.Statements = append(s.Statements, *attest(b.town, h, leaf))
	}
	sortAttestations(s.Statements)
	return s
}

func TestTheEarlierAnswerIsGivenAgain(t *testing.T) {
	b := newBench(t)
	r := b.data(insert("x", ""))
	first := b.c.applied(b.c.submit(b.members(b.object), r), 5)
	again := b.c.submit(b.members(b.object), r)
	if a := b.c.applied(again, 8); a.Height != first.Height {
		t.Fatalf("applied at %d and at %d", first.Height, a.Height)
	}
	b.run(time.Minute)
	if a := b.c.applied(b.c.submit(b.members(b.object), r), 8); a.Height != first.Height {
		t.Fatal("forgotten after the deadline, while results are kept")
	}
	for _, o := range answers[*wire.OutcomeAnswer](b.c.ask(b.members(b.object), &wire.GetOutcome{Call: 2, Address: b.object,
		Deadline: r.Deadline, ID: r.ID})) {
		if o.Outcome != agreement.Applied || o.Height != first.Height {
			t.Fatalf("outcome %+v", o)
		}
	}
}

func TestAPermitIsSignedAgainWhenAskedAgain(t *testing.T) {
	b := newBench(t)
	r := b.op(b.c.key, &account.IssuePermit{Allowances: []permit.Allowance{{Address: b.object, Count: 1}}})
	for range 2 {
		for id, reply := range b.c.submit(b.members(r.Address), r) {
			if reply.Outcome != agreement.Applied || reply.Permit == nil || reply.Permit.Signer != id {
				t.Fatalf("reply %+v", reply)
			}
		}
		b.run(time.Second)
	}
}

func TestWithdraw(t *testing.T) {
	b := newBench(t)
	for name, r := range map[string]*agreement.Request{
		"of an object": b.data(insert("x", "")),
		"at a free address": b.sign(b.c.key, address("free"), 1, mutabledata.Encode(&mutabledata.Put{Owner: b.c.key.Public()}),
			wire.Attached{Permit: b.permit}),
	} {
		to := b.members(r.Address)
		w := r.Withdrawal()
		w.Sign(b.network, b.c.key)
		replies := answers[*wire.Reply](b.c.ask(to, &wire.Withdraw{Withdraw: w}))
		for _, reply := range replies {
			if reply.Outcome != agreement.Withdrawn {
				t.Fatalf("%s: %+v", name, reply)
			}
		}
		if len(replies) != 8 {
			t.Fatalf("%s: %d answers", name, len(replies))
		}
		for _, o := range answers[*wire.OutcomeAnswer](b.c.ask(to, &wire.GetOutcome{Call: 1, Address: r.Address, Deadline: r.Deadline, ID: r.ID})) {
			if o.Outcome != agreement.Refused || o.Clear {
				t.Fatalf("%s: before the deadline: %+v", name, o)
			}
		}
	}
	b.run(15 * time.Second)
	op := b.op(b.c.key, &account.IssuePermit{Allowances: []permit.Allowance{{Address: b.object, Count: 1}}})
	question := &wire.GetOutcome{Call: 1, Address: op.Address, Deadline: b.now.Add(-5 * time.Second), ID: vaultnet.Digest{1}}
	for _, o := range answers[*wire.OutcomeAnswer](b.c.ask(b.members(op.Address), question)) {
		if o.Outcome != agreement.Refused || !o.Clear || o.Final {
			t.Fatalf("after the deadline: %+v", o)
		}
	}
	b.c.applied(b.c.submit(b.members(op.Address), op), 5)
	for _, o := range answers[*wire.OutcomeAnswer](b.c.ask(b.members(op.Address), question)) {
		if o.Outcome != agreement.Refused || !o.Final {
			t.Fatalf("after a later block: %+v", o)
		}
	}
}

func TestOldSetIsMoved(t *testing.T) {
	w := newTown(t, 9)
	w.run(time.Second)
	c := w.citizen("Alice")
	a := address("notes")
	p := c.put(a)
	w.stop(w.members(a)[0])
	w.until(time.Minute, "the set changes", func() bool { return w.set(a).Number == 2 })
	w.run(time.Second)
	r := w.sign(c.key, a, 1, mutabledata.Encode(insert("x", "")), wire.Attached{Permit: p})
	for _, reply := range c.submit(w.members(a), r) {
		if reply.Outcome != agreement.Moved || reply.Members == nil || reply.Members.Number != 2 {
			t.Fatalf("%+v", reply)
		}
	}
}

func TestStrangersSayWhomToAsk(t *testing.T) {
	w := newTown(t, 20)
	w.run(time.Second)
	c := w.citizen("Alice")
	a := address("notes")
	p := c.put(a)
	members := w.set(a)
	strangers := 0
	r := w.sign(c.key, a, 1, mutabledata.Encode(insert("x", "")), wire.Attached{Permit: p})
	for _, h := range w.houses {
		if members.Index(h.id) >= 0 {
			continue
		}
		strangers++
		heard := c.ask([]*house{h}, &wire.Submit{Request: r})
		reply := answers[*wire.Reply](heard)[h.id]
		if reply == nil || reply.Outcome != agreement.Stranger || reply.Members == nil && len(reply.Nearer) == 0 {
			t.Fatalf("%+v", reply)
		}
		if reply.Members != nil && !sameSet(reply.Members, members) {
			t.Fatalf("wrong members")
		}
	}
	if strangers != 12 {
		t.Fatalf("%d strangers", strangers)
	}
}
