package op

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/wire"
	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

// held makes a world of eight vaults with alice's object.
func heldObject(t testing.TB) (*world, vaultnet.Signer, vaultnet.Address) {
	w := newWorld(t, 8)
	alice := w.owner("alice")
	a := w.address("object")
	w.must(Mutate{As: alice, Address: a, Mutation: put(alice)})
	return w, alice, a
}

func (w *world) value(a vaultnet.Address, key string) string {
	v, ok := w.at(a).last().object.Entry(mutabledata.Key(key))
	if !ok {
		return "(absent)"
	}
	return string(v.Content)
}

// Attack 16: 64 writers on one object, no retry, no liar. The object holds exactly what was answered ok.
func TestAttack16ManyWriters(t *testing.T) {
	w, alice, a := heldObject(t)
	tickets := make(map[Ticket]string)
	for i := range 64 {
		key := fmt.Sprintf("k%02d", i)
		tickets[w.c.Start(w.now, Mutate{As: alice, Address: a, Mutation: insert(key, "v"), Options: Options{NoRetry: true}})] = key
	}
	w.run(0, time.Minute)
	ok := 0
	for ticket, key := range tickets {
		d, completed := w.done[ticket]
		if !completed {
			t.Fatalf("%s: not completed", key)
		}
		_, there := w.at(a).last().object.Entry(mutabledata.Key(key))
		if there != (d.Err == nil) {
			t.Errorf("%s: there %t, answered %v", key, there, d.Err)
		}
		if d.Err == nil {
			ok++
		} else if !errors.Is(d.Err, refusal.TooManyMutations) {
			t.Errorf("%s: %v", key, d.Err)
		}
	}
	if ok == 0 || ok == 64 {
		t.Errorf("%d of 64 applied: nothing was contended", ok)
	}
}

// With retries all of them get through, in the order in which they began, as many at a time as an object takes: none is
// refused. One that is cancelled while it waits is never sent.
func TestManyWritersWithRetries(t *testing.T) {
	w, alice, a := heldObject(t)
	var order []string
	first := make(map[vaultnet.Digest]bool)
	w.watch = func(_ *vault, m wire.Message) {
		if s, ok := m.(*wire.Submit); ok && s.Request.Address == a && !first[s.Request.ID] {
			first[s.Request.ID] = true
			order = append(order, string(s.Request.Decoded.(*wire.Mutation).Mutation.(*mutabledata.MutateEntries).Actions[0].Key))
		}
	}
	w.hear = func(_ vaultnet.PublicKey, m wire.Message) {
		if r, ok := m.(*wire.Reply); ok && r.Err != nil {
			t.Errorf("refused: %v", r.Err)
		}
	}
	var tickets []Ticket
	for i := range 64 {
		tickets = append(tickets, w.c.Start(w.now, Mutate{As: alice, Address: a, Mutation: insert(fmt.Sprintf("%02d", i), "v"), Options: Options{Timeout: time.Minute}}))
	}
	w.c.Cancel(w.now, tickets[40])
	w.run(0, time.Minute)
	if n := w.at(a).last().object.Len(); n != 63 || len(order) != 63 || !slices.IsSorted(order) {
		t.Errorf("%d entries, want 63; sent in the order %v", n, order)
	}
	if _, there := w.at(a).last().object.Entry("40"); there || w.done[tickets[40]].Err == nil {
		t.Error("applied although it was cancelled in time")
	}
}

// Attack 17: one lagging honest member and two liars say NoSuchEntry for an entry just inserted. Never the answer.
func TestAttack17LaggingMemberAndLiars(t *testing.T) {
	w, alice, a := heldObject(t)
	m := w.members(a)
	m[5].slow = true
	w.must(Mutate{As: alice, Address: a, Mutation: insert("k", "one")})
	if m[5].height[a] != 1 {
		t.Fatal("the slow member is not behind")
	}
	old := w.at(a).states[1]
	for _, l := range m[6:] {
		l.lie = func(q wire.Message) ([]wire.Message, bool) { // as if the insert had not been
			if s, ok := q.(*wire.Submit); ok && s.Request.Address == a {
				return []wire.Message{&wire.Reply{Address: a, ID: s.Request.ID, Outcome: agreement.Refused, Height: 1, Set: refOf(old.set),
					Err: noSuchEntry("k")}}, true
			}
			return nil, false
		}
	}
	w.c = w.client() // one that has not seen the insert
	// The five that hold it cannot decide without the slow one, who hears of the insert from them after a second: till
	// then all that the client hears is the three.
	heard := w.now.Add(time.Second)
	m[5].lie = func(q wire.Message) ([]wire.Message, bool) {
		if w.now >= heard {
			m[5].advance(a, 2)
		}
		return nil, false
	}
	d := w.must(Mutate{As: alice, Address: a, Mutation: update("k", "two", 1)})
	if w.value(a, "k") != "two" || d.Height != 3 {
		t.Errorf("%q at %d", w.value(a, "k"), d.Height)
	}
}

func noSuchEntry(key string) *refusal.Error {
	return &refusal.Error{Kind: refusal.InvalidEntryActions, Detail: refusal.Detail{Entries: []refusal.Problem{{Key: key, Kind: refusal.NoSuchEntry}}}}
}

// Attack 17, where the rest is withdrawn in time: then the old refusal is not shown either; the mutation is signed anew.
func TestAttack17OldRefusalAfterWithdrawal(t *testing.T) {
	w, alice, a := heldObject(t)
	m := w.members(a)
	w.must(Mutate{As: alice, Address: a, Mutation: insert("k", "one")})
	w.c = w.client()
	old := w.at(a).states[1]
	lied := 0
	for _, l := range m[5:] {
		l.lie = func(q wire.Message) ([]wire.Message, bool) {
			if s, ok := q.(*wire.Submit); ok && s.Request.Address == a && lied < 3 {
				lied++
				return []wire.Message{&wire.Reply{Address: a, ID: s.Request.ID, Outcome: agreement.Refused, Height: 1, Set: refOf(old.set), Err: noSuchEntry("k")}}, true
			}
			return nil, false
		}
	}
	d := w.do(Mutate{As: alice, Address: a, Mutation: update("k", "two", 1), Options: Options{NoRetry: true}})
	if d.Err != nil && !errors.Is(d.Err, refusal.Unavailable) {
		t.Errorf("answered %v", d.Err)
	}
	if applied := w.value(a, "k") == "two"; applied != (d.Err == nil) {
		t.Errorf("applied %t, answered %v", applied, d.Err)
	}
}

// Attack 18: refusals that differ between members. A definite answer, and the object goes on.
func TestAttack18RefusalsThatDiffer(t *testing.T) {
	for _, retry := range []bool{true, false} {
		w, alice, a := heldObject(t)
		for i, l := range w.members(a) {
			l.lie = func(q wire.Message) ([]wire.Message, bool) {
				s, ok := q.(*wire.Submit)
				if !ok || s.Request.Address != a {
					return nil, false
				}
				kinds := []refusal.Kind{refusal.TooManyMutations, refusal.NetworkFull, refusal.MutationInProgress, refusal.NotSettled}
				e := refusal.New(kinds[i%4])
				if e.Kind == refusal.MutationInProgress {
					e.Detail.Shell = true
				}
				return []wire.Message{&wire.Reply{Address: a, ID: s.Request.ID, Outcome: agreement.Refused, Height: 1, Set: refOf(w.at(a).last().set), Err: e}}, true
			}
		}
		start := w.now
		d := w.do(Mutate{As: alice, Address: a, Mutation: insert("k", "v"), Options: Options{NoRetry: !retry, Timeout: 20 * time.Second}})
		var e *refusal.Error
		if !errors.As(d.Err, &e) || !e.Kind.Retryable() || e.Detail.OutcomeUnknown {
			t.Errorf("retry %t: %v", retry, d.Err)
		}
		if took := w.now.Sub(start); took > 20*time.Second || retry && took < 10*time.Second || !retry && took > 5*time.Second {
			t.Errorf("retry %t: took %v", retry, took)
		}
		for _, l := range w.members(a) {
			l.lie = nil
		}
		w.must(Mutate{As: alice, Address: a, Mutation: insert("k", "v")})
	}
}

// Attack 18: a client that cancels. It learns for certain that nothing happened, or that it did.
func TestAttack18Cancel(t *testing.T) {
	for _, after := range []time.Duration{0, 5 * time.Millisecond, 15 * time.Millisecond, 25 * time.Millisecond, 35 * time.Millisecond} {
		w, alice, a := heldObject(t)
		w.must(Mutate{As: alice, Address: a, Mutation: insert("a", "v")}) // so that a permit is at hand
		w.must(Mutate{As: alice, Address: a, Mutation: insert("b", "v")})
		ticket := w.c.Start(w.now, Mutate{As: alice, Address: a, Mutation: insert("k", "v")})
		w.run(ticket, after)
		w.c.Cancel(w.now, ticket)
		d := w.run(ticket, time.Minute)
		if d.Ticket != ticket {
			t.Fatalf("after %v: never completed", after)
		}
		var e *refusal.Error
		if errors.As(d.Err, &e) && (e.Kind != refusal.Unavailable || e.Detail.OutcomeUnknown || !errors.Is(d.Err, Cancelled)) {
			t.Errorf("after %v: %v", after, d.Err)
		}
		w.run(0, time.Minute)
		if applied := w.value(a, "k") == "v"; applied != (d.Err == nil) {
			t.Errorf("after %v: applied %t, answered %v", after, applied, d.Err)
		}
		w.must(Mutate{As: alice, Address: a, Mutation: insert("k2", "v")})
	}
}

// Attack 18: a withdrawal that reaches three members only is not final. It is repeated until A have confirmed it, and
// until then nothing is reported.
func TestAttack18WithdrawalAtThree(t *testing.T) {
	w, alice, a := heldObject(t)
	m := w.members(a)
	confirmed := 0
	opened := w.now.Add(3 * time.Second)
	w.drop = func(from, to vaultnet.PublicKey, x wire.Message) bool {
		if r, ok := x.(*wire.Reply); ok && r.Outcome == agreement.Withdrawn {
			confirmed++
		}
		_, ok := x.(*wire.Withdraw)
		return ok && w.now < opened && to != m[0].id && to != m[1].id && to != m[2].id
	}
	e := w.refused(Mutate{As: alice, Address: a, Mutation: update("k", "v", 1)}, refusal.InvalidEntryActions)
	if w.now < opened {
		t.Errorf("refused with %v confirmations by three", e)
	}
	if confirmed < 5 {
		t.Errorf("%d confirmations", confirmed)
	}
}

// Attack 38: a single liar holds the newest certificate and says GrantInvalid. Not shown: the certificate is pushed to
// those behind, and they apply it.
func TestAttack38LiarWithNewestCertificate(t *testing.T) {
	w, alice, a := heldObject(t)
	m := w.members(a)
	for _, v := range m[1:] {
		v.slow = true // only m[0] learns of block 2
	}
	if err := w.decide(a, nil, w.at(a).last().set); err != nil {
		t.Fatal(err)
	}
	m[0].lie = func(q wire.Message) ([]wire.Message, bool) {
		if s, ok := q.(*wire.Submit); ok && s.Request.Address == a {
			return []wire.Message{&wire.Reply{Address: a, ID: s.Request.ID, Outcome: agreement.Refused, Height: 2, Set: refOf(w.at(a).last().set),
				Err: refusal.Grant(refusal.Revoked)}}, true
		}
		return nil, false
	}
	w.run(0, time.Second)
	for _, v := range m {
		v.slow = false
	}
	pushed := 0
	w.watch = func(to *vault, x wire.Message) {
		if b, ok := x.(*wire.Bundle); ok && b.Decided != nil {
			pushed++
		}
	}
	for _, v := range m[1:] { // a refusal of theirs, at their height, brings out the difference
		v.lie = func(q wire.Message) ([]wire.Message, bool) {
			if s, ok := q.(*wire.Submit); ok && s.Request.Address == a && v.height[a] == 1 {
				return []wire.Message{&wire.Reply{Address: a, ID: s.Request.ID, Outcome: agreement.Refused, Height: 1, Set: refOf(w.at(a).last().set),
					Err: refusal.New(refusal.TooManyMutations)}}, true
			}
			return nil, false
		}
	}
	w.must(Mutate{As: alice, Address: a, Mutation: insert("k", "v")})
	if pushed == 0 {
		t.Error("nothing was pushed")
	}
}

// Attack 34, the client's part: a mutation is finally withdrawn, then the set changes by one member that never heard of
// it. The next one names the newer set; the old one is not applied.
func TestAttack34SetChangesAfterWithdrawal(t *testing.T) {
	w := newWorld(t, 9)
	alice := w.owner("alice")
	a := w.address("object")
	w.must(Mutate{As: alice, Address: a, Mutation: put(alice)})
	w.refused(Mutate{As: alice, Address: a, Mutation: update("k", "v", 1)}, refusal.InvalidEntryActions)
	w.swap(a)
	var numbers []uint64
	w.watch = func(to *vault, m wire.Message) {
		if s, ok := m.(*wire.Submit); ok && s.Request.Address == a {
			numbers = append(numbers, s.Request.Set)
		}
	}
	d := w.must(Mutate{As: alice, Address: a, Mutation: insert("k", "v"), Options: Options{NoRetry: true}})
	if d.Height != 3 || w.value(a, "k") != "v" {
		t.Errorf("%q at %d", w.value(a, "k"), d.Height)
	}
	if numbers[0] != 1 || numbers[len(numbers)-1] != 2 {
		t.Errorf("made for sets %v, want 1 and then 2", numbers)
	}
}

// swap replaces the farthest member by the vault that is none.
func (w *world) swap(a vaultnet.Address) {
	w.t.Helper()
	set := w.at(a).last().set
	var add vaultnet.PublicKey
	for _, v := range w.vaults {
		if set.Index(v.id) < 0 {
			add = v.id
		}
	}
	w.exchange(a, add, set.Members[len(set.Members)-1])
}

func (w *world) exchange(a vaultnet.Address, add, drop vaultnet.PublicKey) {
	w.t.Helper()
	next, ok := w.at(a).last().set.Next(a, add, drop, w.params.GroupSize)
	if !ok {
		w.t.Fatal("no such change")
	}
	if err := w.decide(a, nil, next); err != nil {
		w.t.Fatal(err)
	}
}

// Two liars that agree are not enough for a refusal, nor for a success.
func TestTwoLiarsAreNotEnough(t *testing.T) {
	w, alice, a := heldObject(t)
	m := w.members(a)
	for _, v := range m[2:] {
		v.silent = true
	}
	for _, v := range m[:2] {
		v.lie = func(q wire.Message) ([]wire.Message, bool) {
			set := refOf(w.at(a).last().set)
			switch q := q.(type) {
			case *wire.Submit:
				return []wire.Message{&wire.Reply{Address: a, ID: q.Request.ID, Outcome: agreement.Refused, Height: 1, Set: set, Err: refusal.New(refusal.AccessDenied)}}, true
			case *wire.Withdraw:
				return []wire.Message{&wire.Reply{Address: a, ID: q.Withdraw.Identity(w.network), Outcome: agreement.Applied, Height: 2, Result: []byte{0x81, 0x80}, Set: set}}, true
			case *wire.Read:
				return []wire.Message{&wire.ReadAnswer{Call: q.Call, Height: 1, Set: set, Member: true, Err: refusal.New(refusal.NoSuchEntry)}}, true
			}
			return nil, false
		}
	}
	options := Options{Timeout: 5 * time.Second}
	w.c.books.list[0].held[0].uses[0].used = 0 // a permit is at hand
	if e := w.refused(Mutate{As: alice, Address: a, Mutation: insert("k", "v"), Options: options}, refusal.Unavailable); !e.Detail.OutcomeUnknown {
		t.Error("the outcome is said to be known")
	}
	w.refused(Read{Address: a, Query: getK, Options: options}, refusal.Unavailable)
}
