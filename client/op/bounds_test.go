package op

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"vaultnet"
	"vaultnet/account"
	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

// One operation more than a client can have outstanding is refused, and makes no difference to the others.
func TestOperationsAreBounded(t *testing.T) {
	w := newWorld(t, 8)
	for i := range maxOperations {
		w.c.Start(w.now, GetChunk{Name: vaultnet.Name{byte(i), byte(i >> 8)}})
	}
	d := w.do(GetChunk{Name: vaultnet.Name{1}})
	if !errors.Is(d.Err, refusal.TooManyMutations) {
		t.Errorf("%v", d.Err)
	}
	w.run(0, 5*time.Second)
	if len(w.c.operations) != 0 || len(w.done) != maxOperations+1 {
		t.Errorf("%d operations are left", len(w.c.operations))
	}
}

// What is remembered of addresses nobody uses is bounded.
func TestPlacesAreBounded(t *testing.T) {
	c := New(Config{Parameters: vaultnet.LocalParameters()})
	kept := c.place(vaultnet.Address{Tag: 1 << 40})
	kept.join(new(job))
	for i := range 3 * maxPlaces {
		c.place(vaultnet.Address{Tag: vaultnet.Tag(i)})
	}
	if n := len(c.places.list); n > maxPlaces || n != len(c.places.at) {
		t.Errorf("%d places, %d by address", n, len(c.places.at))
	}
	if c.places.find(kept.address) != kept {
		t.Error("a place in use was forgotten")
	}
}

// So are the vaults that were met.
func TestNeighboursAreBounded(t *testing.T) {
	var n neighbours
	for i := range maxVaults + 500 {
		n.meet(vaultnet.PublicKey{1, byte(i), byte(i >> 8)})
	}
	if len(n.list) != maxVaults || len(n.at) != maxVaults {
		t.Errorf("%d vaults, %d by key", len(n.list), len(n.at))
	}
	for key, i := range n.at {
		if n.list[i].vault != key {
			t.Fatal("index out of step")
		}
	}
	if n.meet(vaultnet.PublicKey{}) {
		t.Error("met nobody")
	}
}

// What is wrong with an operation is its answer, before anything is sent.
func TestInvalidOperations(t *testing.T) {
	w, alice, a := heldObject(t)
	sent := w.sent
	small := &keyOnly{} // the neutral element: of order one
	small.key[0] = 1
	for i, o := range []Operation{
		nil,
		Mutate{As: alice, Address: a},
		Mutate{As: alice, Address: vaultnet.AccountAddress(alice.Public()), Mutation: put(alice)},
		Mutate{As: alice, Address: a, Mutation: &mutabledata.MutateEntries{Actions: []mutabledata.EntryAction{{Key: "b", Do: 9}}}},
		Mutate{As: nil, Address: a, Mutation: put(alice)},
		Mutate{As: small, Address: a, Mutation: put(alice)},
		Mutate{As: alice, Account: small.key, Address: a, Mutation: put(alice)},
		Mutate{As: alice, Address: a, Mutation: &mutabledata.Put{Owner: small.key}},
		Mutate{As: alice, Address: a, Mutation: put(alice), Options: Options{Deadline: 3 * time.Minute}},
		Mutate{As: alice, Address: a, Mutation: put(alice), Options: Options{Timeout: -1}},
		Operate{As: alice},
		Operate{As: alice, Operation: &account.TopUp{Operations: -1}},
		Operate{As: alice, Operation: &account.InsertGrant{Key: small.key, Version: 1}},
		Read{Address: a},
		Read{Address: a, Query: mutabledata.GetValuesOf{Keys: []mutabledata.Key{"b", "a"}}},
		Read{Query: mutabledata.GetObject{}},
		ReadAccount{},
		PutChunk{Content: []byte("x")},
		GetChunk{Options: Options{Timeout: -time.Second}},
		SettleAll{},
	} {
		if d := w.do(o); !errors.Is(d.Err, refusal.InvalidRequest) {
			t.Errorf("operation %d: %v", i, d.Err)
		}
	}
	if w.sent != sent {
		t.Errorf("%d messages were sent", w.sent-sent)
	}
}

type keyOnly struct{ key vaultnet.PublicKey }

func (k *keyOnly) Public() vaultnet.PublicKey             { return k.key }
func (k *keyOnly) Sign(message []byte) vaultnet.Signature { return vaultnet.Signature{} }

// Equal inputs give equal outputs, to the byte.
func TestDeterministic(t *testing.T) {
	run := func() string {
		w := newWorld(t, 12)
		alice := w.owner("alice")
		var log string
		for i := range 20 {
			w.c.Start(w.now, Mutate{As: alice, Address: w.address(fmt.Sprint(i % 5)), Mutation: put(alice)})
			w.c.Start(w.now, Read{Address: w.address(fmt.Sprint(i % 7)), Query: mutabledata.GetObject{}})
		}
		out := w.c.Output()
		for _, e := range out.Send {
			log += fmt.Sprint(e.To.Short(), len(e.Messages), ";")
			for _, m := range e.Messages {
				w.post(w.self, e.To, m, w.latency)
			}
		}
		w.run(0, 30*time.Second)
		for i := range Ticket(41) {
			log += fmt.Sprint(w.done[i+1].Height, w.done[i+1].Identity, w.ended[i+1], ";")
		}
		return log + fmt.Sprint(w.sent)
	}
	first := run()
	for range 3 {
		if again := run(); again != first {
			t.Fatalf("another run:\n%s\n%s", first, again)
		}
	}
}
