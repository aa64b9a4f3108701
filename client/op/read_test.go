package op

import (
	"errors"
	"testing"
	"time"

	"vaultnet"
	"vaultnet/account"
	"vaultnet/agreement"
	"vaultnet/internal/wire"
	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

var getK = mutabledata.GetValue{Key: "k"}

func content(d Completion) string {
	if v, ok := d.Result.(mutabledata.Value); ok {
		return string(v.Content)
	}
	return ""
}

// half makes an object whose block 3 (k = "two") has reached only the first n members; block 2 (k = "one") all of them.
func half(t *testing.T, n int) (*world, vaultnet.Address, []*vault) {
	w, alice, a := heldObject(t)
	w.must(Mutate{As: alice, Address: a, Mutation: insert("k", "one")})
	m := w.members(a)
	for _, v := range m[n:] {
		v.slow = true
	}
	ticket := w.c.Start(w.now, Mutate{As: alice, Address: a, Mutation: update("k", "two", 1)})
	w.run(ticket, 70*time.Millisecond+2*w.latency)
	if len(w.at(a).states) != 4 {
		w.run(ticket, 60*time.Millisecond)
	}
	if len(w.at(a).states) != 4 || m[n].height[a] != 2 || m[n-1].height[a] != 3 {
		t.Fatalf("not half known: %d states", len(w.at(a).states))
	}
	for _, v := range m {
		v.slow = false
	}
	w.queue = nil
	w.c = w.client()
	return w, a, m
}

// The usual read: q are asked and say alike, one round trip, one value.
func TestReadAllAlike(t *testing.T) {
	w, alice, a := heldObject(t)
	w.must(Mutate{As: alice, Address: a, Mutation: insert("k", "one")})
	full, sent := 0, w.sent
	w.watch = func(to *vault, m wire.Message) {
		if r, ok := m.(*wire.Read); ok && r.Full {
			full++
		}
	}
	start := w.now
	if d := w.must(Read{Address: a, Query: getK}); content(d) != "one" || d.Height != 2 {
		t.Errorf("%q at %d", content(d), d.Height)
	}
	if took := w.now.Sub(start); took != 2*w.latency || full != 1 || w.sent-sent != 6 {
		t.Errorf("took %v, %d values asked for, %d messages", took, full, w.sent-sent)
	}
}

// A silent or lying member that was asked for the value costs a question to another.
func TestReadValueFromAnother(t *testing.T) {
	for i := range 8 {
		w, alice, a := heldObject(t)
		w.must(Mutate{As: alice, Address: a, Mutation: insert("k", "one")})
		m := w.members(a)
		m[i].silent = true
		m[(i+1)%8].lie = func(q wire.Message) ([]wire.Message, bool) {
			if r, ok := q.(*wire.Read); ok {
				x := m[(i+1)%8].read(r).(*wire.ReadAnswer)
				if r.Full {
					x.Value = append([]byte{0}, x.Value...)
				}
				return []wire.Message{x}, true
			}
			return nil, false
		}
		if d := w.must(Read{Address: a, Query: getK}); content(d) != "one" {
			t.Errorf("%q", content(d))
		}
	}
}

// Attack 25: a write is half known. A reader that returns it makes sure that the next one cannot miss it, and one that
// begins after another has ended never reads less.
func TestAttack25TwoReadersInSequence(t *testing.T) {
	for n := 1; n <= 7; n++ {
		for turn := range uint64(12) {
			w, a, _ := half(t, n)
			flight := 2 * turn
			next := func() { // a client that has to find the members, or knows them and asks some of them first
				w.c = w.client()
				if turn > 0 {
					w.c.flight = flight
					flight++
					w.c.place(a).adopt(w.at(a).last().set)
				}
			}
			next()
			first := w.must(Read{Address: a, Query: getK})
			next()
			second := w.must(Read{Address: a, Query: getK})
			if second.Height < first.Height {
				t.Errorf("known to %d: read %d, then %d", n, first.Height, second.Height)
			}
			if n >= 5 && first.Height != 3 {
				t.Errorf("known to %d, so perhaps reported: read %d", n, first.Height)
			}
			have := 0
			for _, v := range w.members(a) {
				if v.height[a] >= int(first.Height) {
					have++
				}
			}
			if have < 5 {
				t.Errorf("known to %d: returned %d when %d have it", n, first.Height, have)
			}
		}
	}
}

// Attack 25: a reader whose set is three changes old.
func TestAttack25OldSet(t *testing.T) {
	w := newWorld(t, 11)
	alice := w.owner("alice")
	a := w.address("object")
	w.must(Mutate{As: alice, Address: a, Mutation: put(alice)})
	w.must(Read{Address: a, Query: mutabledata.GetVersion{}}) // remembers the set
	old := w.at(a).last().set
	for i := range 3 {
		var add vaultnet.PublicKey
		for _, v := range w.vaults {
			if set := w.at(a).last().set; set.Index(v.id) < 0 && old.Index(v.id) < 0 {
				add = v.id
			}
		}
		w.exchange(a, add, old.Members[i])
	}
	writer := w.c
	w.c = w.client()
	w.must(Mutate{As: alice, Address: a, Mutation: insert("k", "new")})
	w.c = writer
	if d := w.must(Read{Address: a, Query: getK}); content(d) != "new" || d.Height != 5 {
		t.Errorf("%q at %d", content(d), d.Height)
	}
	if got := w.c.place(a).set.Number; got != 4 {
		t.Errorf("set %d, want 4", got)
	}
}

// Attack 25: liars that report great heights without proof. No stall: the others suffice.
func TestAttack25GreatHeights(t *testing.T) {
	w, alice, a := heldObject(t)
	w.must(Mutate{As: alice, Address: a, Mutation: insert("k", "one")})
	for _, l := range w.members(a)[6:] {
		l.lie = func(q wire.Message) ([]wire.Message, bool) {
			if r, ok := q.(*wire.Read); ok {
				x := *l.read(r).(*wire.ReadAnswer)
				x.Height, x.Digest = 1<<40, vaultnet.Digest{1}
				return []wire.Message{&x}, true
			}
			return nil, false
		}
	}
	start := w.now
	if d := w.must(Read{Address: a, Query: getK}); content(d) != "one" || d.Height != 2 {
		t.Errorf("%q at %d", content(d), d.Height)
	}
	if took := w.now.Sub(start); took > time.Second {
		t.Errorf("took %v", took)
	}
}

// Attack 33: five answered a write; a reader's six hold one of them, whose certificate comes late. The reader waits;
// never the older height.
func TestAttack33CertificateComesLate(t *testing.T) {
	for turn := range uint64(20) {
		certificateComesLate(t, turn)
	}
}

// certificateComesLate has a client in some turn know the members, and so ask some of them first; none in turn 0.
func certificateComesLate(t *testing.T, turn uint64) {
	w, a, m := half(t, 5)
	if turn > 0 {
		w.c.flight = turn
		w.c.place(a).adopt(w.at(a).last().set)
	}
	for _, l := range m[1:3] { // liars that answered the write and do not know of it any more
		l.lie = func(q wire.Message) ([]wire.Message, bool) {
			l.height[a] = 2
			answers := l.honest(q)
			l.height[a] = 3
			return answers, true
		}
	}
	late := w.now.Add(4 * time.Second)
	w.drop = func(from, to vaultnet.PublicKey, x wire.Message) bool {
		if from == m[3].id || from == m[4].id {
			return w.now < late // two honest ones that cannot be reached yet
		}
		_, ok := x.(*wire.Bundle)
		return ok && from == m[0].id && w.now < late
	}
	ticket := w.c.Start(w.now, Read{Address: a, Query: getK})
	if d := w.run(ticket, 3*time.Second); d.Ticket == ticket {
		t.Fatalf("returned %q at %d with %v before the certificate came", content(d), d.Height, d.Err)
	}
	if d := w.run(ticket, time.Minute); d.Err != nil || content(d) != "two" || d.Height != 3 {
		t.Errorf("%q at %d, %v", content(d), d.Height, d.Err)
	}
}

// Answers of a set that is not the one that is asked do not count, however alike they are, and neither do strangers'.
func TestReadForgedSet(t *testing.T) {
	w := newWorld(t, 16)
	alice := w.owner("alice")
	a := w.address("object")
	w.must(Mutate{As: alice, Address: a, Mutation: put(alice)})
	w.must(Mutate{As: alice, Address: a, Mutation: insert("k", "true")})
	set := w.at(a).last().set
	var puppets []vaultnet.PublicKey
	for _, v := range w.vaults {
		if set.Index(v.id) < 0 {
			puppets = append(puppets, v.id)
		}
	}
	forged := agreement.NewSet(7, a, puppets)
	tell := func(v *vault) {
		v.lie = func(q wire.Message) ([]wire.Message, bool) {
			r, ok := q.(*wire.Read)
			if !ok {
				return nil, false
			}
			value := w.at(a).states[1].object
			b, _ := value.Read(mutabledata.GetVersion{})
			return []wire.Message{&wire.ReadAnswer{Call: r.Call, Height: 99, Set: refOf(forged), Member: true, Digest: vaultnet.DomainAnswer.Hash(b),
				Members: forged, Err: nil}}, true
		}
	}
	for _, id := range puppets {
		tell(w.vault(id))
	}
	tell(w.vault(set.Members[6]))
	tell(w.vault(set.Members[7]))
	w.c = w.client()
	if d := w.must(Read{Address: a, Query: getK}); content(d) != "true" || d.Height != 2 {
		t.Errorf("%q at %d", content(d), d.Height)
	}
}

// A chain of certified set blocks leads to a newer set although too few name it.
func TestSetByLinks(t *testing.T) {
	w := newWorld(t, 9)
	alice := w.owner("alice")
	a := w.address("object")
	w.must(Mutate{As: alice, Address: a, Mutation: put(alice)})
	p := w.c.place(a)
	old := p.set
	w.swap(a)
	link := w.at(a).last().decided
	if err := w.decide(a, nil, w.at(a).last().set); err != nil {
		t.Fatal(err)
	}
	d := *w.at(a).last().decided
	p.learn(&d)
	if p.set != old {
		t.Fatal("believed without the links")
	}
	d.Links = []agreement.Link{{Header: link.Header, Certificate: link.Certificate, Set: link.Set}}
	bad := d
	bad.Links = []agreement.Link{{Header: link.Header, Certificate: d.Certificate, Set: link.Set}}
	if p.learn(&bad); p.set != old {
		t.Fatal("believed a link with another's certificate")
	}
	if p.learn(&d); p.set.Number != 2 || p.proven() != 3 {
		t.Errorf("set %d at height %d, want 2 at 3", p.set.Number, p.proven())
	}
}

// An absent object needs q that are settled. Those that are not are asked again.
func TestReadAbsent(t *testing.T) {
	w := newWorld(t, 12)
	a := w.address("nothing")
	for _, v := range w.near(a)[:3] {
		v.unsettled = true
	}
	ticket := w.c.Start(w.now, Read{Address: a, Query: getK})
	if d := w.run(ticket, time.Second); d.Ticket == ticket {
		t.Fatalf("%v though three of eight are not settled", d.Err)
	}
	w.near(a)[0].unsettled = false
	if d := w.run(ticket, time.Minute); !errors.Is(d.Err, refusal.NoSuchData) {
		t.Errorf("%v", d.Err)
	}
	for _, v := range w.near(a)[:4] {
		v.unsettled = true
	}
	w.refused(Read{Address: a, Query: getK, Options: Options{Timeout: 3 * time.Second}}, refusal.NotSettled)
}

// A client that knows only vaults far away is led to those that are near, and believes no far one that nothing is there.
func TestReadThroughStrangers(t *testing.T) {
	w := newWorld(t, 40)
	alice := w.owner("alice")
	a := w.address("object")
	w.must(Mutate{As: alice, Address: a, Mutation: put(alice)})
	w.must(Mutate{As: alice, Address: a, Mutation: insert("k", "here")})
	c := New(w.c.cfg)
	var in []Input
	for _, v := range w.vaults {
		if w.at(a).last().set.Index(v.id) < 0 && len(in) < 10 {
			in = append(in, PeerUp(v.id))
		}
	}
	c.Step(w.now, in)
	w.c, w.done = c, make(map[Ticket]Completion)
	if d := w.must(Read{Address: a, Query: getK}); content(d) != "here" {
		t.Errorf("%q", content(d))
	}
	w.refused(Read{Address: w.address("nothing"), Query: getK}, refusal.NoSuchData)
}

// An account is read by its owner; the question is signed.
func TestReadAccount(t *testing.T) {
	w := newWorld(t, 9)
	alice := w.owner("alice")
	d := w.must(ReadAccount{As: alice, Query: account.Query{Grants: true}})
	if v := d.Result.(AccountRead).View; v.Available != 1000 || d.Height != 1 {
		t.Errorf("%+v at %d", v, d.Height)
	}
	w.refused(ReadAccount{As: w.person("bob")}, refusal.NoSuchAccount)
}
