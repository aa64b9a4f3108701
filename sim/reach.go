package sim

import (
	"context"
	"time"

	"vaultnet"
	"vaultnet/account"
	"vaultnet/client/auth"
	"vaultnet/client/container"
	"vaultnet/client/op"
	"vaultnet/refusal"
)

// reach is the network as packages client/auth and client/container see it, from a user's script: what they want done at
// once the user begins at once, and waits for all of it. Between a step of theirs and the next the user may crash.
type reach struct {
	u     *user
	crash float64 // probability at each batch of steps
}

// Data implements auth.Network.
func (n *reach) Data(by auth.Actor) container.Data { return hand{n, by} }

// hand is a reach on behalf of one key.
type hand struct {
	*reach
	by auth.Actor
}

// Do implements container.Data.
func (h hand) Do(ctx context.Context, steps []container.Step) []container.Answer {
	answers := make([]container.Answer, len(steps))
	if ctx.Err() != nil {
		for i := range answers {
			answers[i].Err = &refusal.Error{Kind: refusal.Unavailable, Cause: ctx.Err()}
		}
		return answers
	}
	acts := make([]*act, len(steps))
	h.around(func() []*act {
		for i, s := range steps {
			switch s := s.(type) {
			case container.Read:
				acts[i] = h.u.begin("container-read", op.Read{Address: s.Address, Query: s.Query})
			case container.Mutate:
				acts[i] = h.u.begin("container-change", op.Mutate{As: h.by.Key, Account: h.by.Account, Address: s.Address, Mutation: s.Mutation})
			case container.PutChunk:
				acts[i] = h.u.begin("container-put-chunk", op.PutChunk{As: h.by.Key, Account: h.by.Account, Content: s.Content})
			case container.GetChunk:
				acts[i] = h.u.begin("container-get-chunk", op.GetChunk{Name: s.Name})
			}
		}
		return acts
	})
	for i, a := range acts {
		answers[i] = container.Answer{Value: a.completion.Result, Height: a.completion.Height, Err: a.completion.Err}
	}
	return answers
}

// Operate implements auth.Network.
func (n *reach) Operate(_ context.Context, by auth.Actor, o account.Operation) (account.Result, error) {
	var a *act
	n.around(func() []*act {
		a = n.u.begin("account-change", op.Operate{As: by.Key, Owner: by.Account, Operation: o})
		return []*act{a}
	})
	if a.completion.Err != nil {
		return nil, a.completion.Err
	}
	r, ok := a.completion.Result.(account.Result)
	if !ok {
		return nil, refusal.New(refusal.CorruptData)
	}
	return r, nil
}

// Account implements auth.Network.
func (n *reach) Account(_ context.Context, by auth.Actor) (*account.View, error) {
	var a *act
	n.around(func() []*act {
		a = n.u.begin("account-read", op.ReadAccount{As: by.Key, Query: account.Query{Grants: true, Permits: true}})
		return []*act{a}
	})
	if a.completion.Err != nil {
		return nil, a.completion.Err
	}
	return a.completion.Result.(op.AccountRead).View, nil
}

// config is what package container needs of the user.
func (n *reach) config(by auth.Actor) container.Config {
	return container.Config{Data: n.Data(by), Payer: by.Account, Random: n.u.source(), Clock: n.u.now, Wait: n.u.wait}
}

// around begins operations and waits for their end, unless the user crashes before, in the middle, or just after.
func (n *reach) around(begin func() []*act) {
	const before, amid, after = 0, 1, 2
	u, when := n.u, -1
	if chance(u.random, n.crash) {
		when = u.random.IntN(3)
	}
	if when == before {
		panic(crashed{})
	}
	acts := begin()
	if when == amid {
		u.sleep(time.Duration(u.random.IntN(400)) * time.Millisecond)
		panic(crashed{})
	}
	u.await(acts...)
	if when == after {
		panic(crashed{})
	}
}

// crashed is what a script panics with when its user does not live on.
type crashed struct{}

// vanish ends a user: nothing it began is answered any more, and it says nothing from now on.
func (u *user) vanish() {
	u.dead = true
	u.w.trace.mix(uint64(u.number)<<8 | 3)
	u.w.trace.line(u.name, "CRASHES")
}

// source is the user's random numbers as a reader.
func (u *user) source() sourceReader { return sourceReader{u} }

type sourceReader struct{ u *user }

func (s sourceReader) Read(b []byte) (int, error) {
	fill(s.u.random, b)
	return len(b), nil
}

// wait lets time pass until the user's clock shows a moment.
func (u *user) wait(_ context.Context, until vaultnet.Time) {
	for {
		left := until.Sub(u.now())
		if left <= 0 {
			return
		}
		u.sleep(left)
	}
}
