package core

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/wire"
	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

// says is what one vault answers to a read of an address, as an error.
func (g *guest) says(h *house, a vaultnet.Address) error {
	r := answers[*wire.ReadAnswer](g.ask([]*house{h}, &wire.Read{Call: 1, Address: a, Query: mutabledata.EncodeQuery(mutabledata.GetVersion{})}))[h.id]
	if r == nil {
		return errors.New("silence")
	}
	if r.Err == nil {
		return nil
	}
	return r.Err
}

func TestSettledNowhereBeforeTheRoutingTableIsKnown(t *testing.T) {
	w := newTown(t, 0)
	h := w.build("alone")
	w.run(time.Second)
	g := w.guest("client")
	if err := g.says(h, address("x")); !errors.Is(err, refusal.NotSettled) {
		t.Fatalf("before: %v", err)
	}
	h.tell(Known(nil))
	if err := g.says(h, address("x")); !errors.Is(err, refusal.NoSuchData) {
		t.Fatalf("the first vault of a network: %v", err)
	}
}

func TestSettledAfterEnoughNeighboursSpoke(t *testing.T) {
	w := newTown(t, 0)
	for i := range 8 {
		w.build(fmt.Sprint("vault ", i))
	}
	silent := map[vaultnet.PublicKey]bool{w.houses[1].id: true, w.houses[2].id: true, w.houses[3].id: true}
	w.drop = func(from, to vaultnet.PublicKey, m wire.Message) bool {
		p, ok := m.(*wire.Pointers)
		return ok && p.Done && silent[from]
	}
	w.introduce(w.houses...)
	g := w.guest("client")
	h := w.houses[0]
	a := address("x")
	w.run(100 * time.Millisecond)
	if err := g.says(h, a); !errors.Is(err, refusal.NotSettled) {
		t.Fatalf("three of eight have not spoken: %v", err)
	}
	delete(silent, w.houses[3].id) // 8 − f = 6, itself included
	w.run(3 * time.Second)
	if err := g.says(h, a); !errors.Is(err, refusal.NoSuchData) {
		t.Fatalf("all but two have spoken: %v", err)
	}
	// A newcomer near the address unsettles, until pointers were exchanged again.
	lost := true
	w.drop = func(_, _ vaultnet.PublicKey, m wire.Message) bool {
		p, ok := m.(*wire.Pointers)
		return ok && p.Done && lost
	}
	w.introduce(w.build("newcomer"))
	if err := g.says(h, a); !errors.Is(err, refusal.NotSettled) {
		t.Fatalf("with a newcomer: %v", err)
	}
	lost = false
	w.run(5 * time.Second)
	if err := g.says(h, a); err != nil && !errors.Is(err, refusal.NoSuchData) && !errors.Is(err, refusal.NotSettled) {
		t.Fatal(err)
	}
	if !h.core.settled(a) {
		t.Fatal("not settled again")
	}
	// One that cannot be reached is not waited for.
	w.stop(w.houses[4])
	w.run(4 * time.Second)
	if !h.core.settled(a) {
		t.Fatal("waits for a dead neighbour")
	}
	w.run(w.params.LeaveAfter)
	if !h.core.settled(a) {
		t.Fatal("not settled after a neighbour left")
	}
}

func TestANewcomerIsToldOfWhatExists(t *testing.T) {
	params := vaultnet.LocalParameters()
	params.JoinAfter = time.Hour
	w := newTownOf(t, 8, params)
	w.run(time.Second)
	c := w.citizen("Alice")
	var all []vaultnet.Address
	for i := range 20 {
		a := address(fmt.Sprint("object ", i))
		c.put(a)
		all = append(all, a)
	}
	h := w.build("newcomer")
	w.introduce(h)
	w.run(100 * time.Millisecond)
	for _, a := range all {
		if s := h.core.setOf(h.core.objects.get(a)); !sameSet(s, w.set(a)) {
			t.Fatalf("%v: knows %v", a, s)
		}
		if err := c.says(h, a); !errors.Is(err, refusal.NotSettled) {
			t.Fatalf("a vault that is no member says %v", err)
		}
		for _, v := range answers[*wire.ViewAnswer](c.ask([]*house{h}, &wire.GetView{Call: 1, Address: a})) {
			if v.View != nil || !errors.Is(v.Err, refusal.DataExists) || !sameSet(v.Set, w.set(a)) {
				t.Fatalf("%+v", v)
			}
		}
	}
	// Nothing is said twice: another question is answered by "that was all".
	var said int
	for _, o := range w.houses[:8] {
		for _, p := range answers[*wire.Pointers]((&guest{town: w, id: h.id}).listen(w, h, func() {
			w.post(h.id, o.id, &wire.Pointers{Ask: true})
		})) {
			said += len(p.List)
			if !p.Done {
				t.Fatal("not all")
			}
		}
	}
	if said != 0 {
		t.Fatalf("%d pointers again", said)
	}
}

// listen hears what is sent to a house while something is done.
func (g *guest) listen(w *town, h *house, do func()) []heard {
	g.heard = nil
	old := w.drop
	w.drop = func(from, to vaultnet.PublicKey, m wire.Message) bool {
		if to == h.id {
			g.heard = append(g.heard, heard{from, m})
		}
		return false
	}
	do()
	w.run(200 * time.Millisecond)
	w.drop = old
	return g.heard
}

func TestAPointerIsBelievedWhenEnoughSayAlike(t *testing.T) {
	w := newTown(t, 9)
	w.run(time.Second)
	a := address("x")
	group := w.group(a)
	var outsider *house
	for _, h := range w.houses {
		if !contains(group, h) {
			outsider = h
		}
	}
	var members []vaultnet.PublicKey
	for _, h := range group {
		members = append(members, h.id)
	}
	set := agreement.NewSet(3, a, members)
	g := w.guest("client")
	for _, h := range group[:2] {
		w.post(h.id, outsider.id, &wire.Pointers{List: []wire.Pointer{{Address: a, Set: set}}})
	}
	w.run(time.Second)
	if outsider.core.setOf(outsider.core.objects.get(a)) != nil {
		t.Fatal("two of eight are believed")
	}
	if outsider.core.settled(a) {
		t.Fatal("settled while a pointer is waited upon")
	}
	w.run(claimsFor)
	outsider.tell(Tick())
	w.run(0)
	if !outsider.core.settled(a) {
		t.Fatal("waits for ever")
	}
	w.post(group[0].id, outsider.id, &wire.Pointers{List: []wire.Pointer{{Address: a, Set: set}}})
	w.run(20 * time.Millisecond)
	if !outsider.core.settled(a) {
		t.Fatal("saying it again begins anew")
	}
	w.post(group[2].id, outsider.id, &wire.Pointers{List: []wire.Pointer{{Address: a, Set: set}}})
	w.run(20 * time.Millisecond)
	if !sameSet(outsider.core.setOf(outsider.core.objects.get(a)), set) {
		t.Fatal("three of eight are not believed")
	}
	if err := g.says(outsider, a); !errors.Is(err, refusal.NotSettled) {
		t.Fatal(err)
	}
}

func TestNearestAgreesWithSorting(t *testing.T) {
	w := newTown(t, 200)
	w.run(time.Millisecond)
	v := w.houses[0].core
	for i := range 50 {
		a := address(fmt.Sprint(i))
		got := keys(v.peers.nearest(a.Location(), near, isPresent))
		want := w.group(a)
		for k, h := range want {
			if got[k] != h.id {
				t.Fatalf("%d nearest to %v differs", k, a)
			}
		}
	}
}

func TestNearToFindsTheSameAsLookingAtAll(t *testing.T) {
	w := newTown(t, 100)
	w.run(time.Millisecond)
	v := w.houses[0].core
	for i := range 2000 {
		v.objects.add(address(fmt.Sprint(i)))
	}
	for _, n := range []int{8, 16} {
		for _, h := range w.houses[:30] {
			q := v.peers.get(h.id)
			found := make(map[*object]bool)
			for _, e := range v.nearTo(q, n) {
				if found[e] {
					t.Fatal("twice")
				}
				found[e] = true
			}
			for _, s := range v.objects.space().spots {
				if v.peers.ranks(s.location, q, n) != found[s.thing] {
					t.Fatalf("object %v, vault %v: found %v", s.thing.address(), h.id.Short(), found[s.thing])
				}
			}
		}
	}
	// Whoever is irrelevant shares no address's neighbourhood with this vault.
	for _, h := range w.houses[1:] {
		q := v.peers.get(h.id)
		if v.relevant(q) {
			continue
		}
		for _, s := range v.objects.space().spots {
			if v.peers.ranks(s.location, q, near) && v.peers.ranks(s.location, v.peers.self, near) {
				t.Fatal("both are near an address")
			}
		}
	}
}

func TestRestart(t *testing.T) {
	for _, frames := range []bool{false, true} {
		w := newTown(t, 8)
		w.frames = frames
		w.run(time.Second)
		c := w.citizen("Alice")
		a := address("notes")
		p := c.put(a)
		c.applied(c.mutate(a, p, insert("one", "1")), 5)
		for _, h := range w.houses {
			w.stop(h)
		}
		for _, h := range w.houses {
			h.start()
		}
		w.introduce(w.houses...)
		w.run(time.Second)
		for _, r := range c.read(a, mutabledata.GetValue{Key: "one"}) {
			if r.Err != nil || r.Height != 2 {
				t.Fatalf("height %d, %v", r.Height, r.Err)
			}
		}
		c.applied(c.mutate(a, p, insert("two", "2")), 5)
	}
}

func TestALiarCannotNameItselfTheHolder(t *testing.T) {
	w := newTown(t, 9)
	w.run(time.Second)
	c := w.citizen("Alice")
	a, free := address("notes"), address("free")
	c.put(a)
	liar := w.members(a)[0]
	for number := range uint64(5) {
		for _, x := range []vaultnet.Address{a, free} {
			set := agreement.NewSet(number+1, x, []vaultnet.PublicKey{liar.id})
			for _, h := range w.houses {
				w.post(liar.id, h.id, &wire.Pointers{List: []wire.Pointer{{Address: x, Set: set}}})
			}
		}
	}
	w.run(claimsFor + time.Second)
	for _, h := range w.houses {
		if s := h.core.setOf(h.core.objects.get(a)); !sameSet(s, w.set(a)) {
			t.Fatalf("believes set %d of %d", s.Number, len(s.Members))
		}
		if h.core.setOf(h.core.objects.get(free)) != nil {
			t.Fatal("believes that a free address is taken")
		}
	}
	c.put(free)
}

func TestANetworkGrowsFromOneVault(t *testing.T) {
	w := newTown(t, 1)
	w.run(time.Second)
	c := w.citizen("Alice")
	a := address("notes")
	c.put(a, mutabledata.Entry{Key: "k"})
	for i := range 12 {
		w.introduce(w.build(fmt.Sprint("new vault ", i)))
		w.run(time.Second)
		for _, h := range w.group(a) {
			if err := c.says(h, a); err != nil && !errors.Is(err, refusal.NotSettled) {
				t.Fatalf("with %d vaults: %v", len(w.houses), err)
			}
		}
		w.run(15 * time.Second)
	}
	w.run(2 * time.Minute)
	if n := len(w.set(a).Members); n != 8 {
		t.Fatalf("%d members", n)
	}
	for id, r := range c.read(a, mutabledata.GetValue{Key: "k"}) {
		if r.Err != nil || !r.Member {
			t.Fatalf("%v: %v", id.Short(), r.Err)
		}
	}
}

// Of two, one alone may be on either side of a split, and what it made by itself nobody would believe later.
func TestAVaultThatIsCutOffIsNotSettled(t *testing.T) {
	for _, n := range []int{2, 12} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			w := newTown(t, n)
			w.run(time.Second)
			h, a := w.houses[0], address("free")
			for _, o := range w.houses[1:] {
				h.tell(PeerDown(o.id))
			}
			g := w.guest("client on the same side")
			for range 10 {
				w.run(10 * time.Second)
				if err := g.says(h, a); !errors.Is(err, refusal.NotSettled) {
					t.Fatalf("alone it says %v", err)
				}
				for _, v := range answers[*wire.ViewAnswer](g.ask([]*house{h}, &wire.GetView{Call: 1, Address: a})) {
					if v.View != nil {
						t.Fatal("a view of a set of itself alone")
					}
				}
			}
			for _, o := range w.houses[1:] {
				h.tell(PeerUp(o.id))
			}
			w.run(time.Second)
			if !h.core.settled(a) {
				t.Fatal("not settled when the others are back")
			}
			// A few that are gone for good are no split.
			for _, o := range w.houses[n-n/3:] {
				w.stop(o)
			}
			w.run(time.Minute)
			if !h.core.settled(a) {
				t.Fatalf("not settled without %d of %d", n/3, n)
			}
		})
	}
}

// Of a new object's members the first A tell those near it, so that w say so where f of those fail.
func TestSomeMembersTellOfANewObject(t *testing.T) {
	w := newTown(t, 12)
	w.run(time.Second)
	c := w.citizen("Alice")
	a := address("x")
	group := w.group(a)
	told := map[vaultnet.PublicKey]bool{}
	w.drop = func(from, to vaultnet.PublicKey, m wire.Message) bool {
		p, ok := m.(*wire.Pointers)
		if !ok || len(p.List) == 0 || p.List[0].Address != a {
			return false
		}
		told[from] = true
		return from == group[0].id || from == group[1].id
	}
	c.put(a)
	w.run(50 * time.Millisecond)
	if want := vaultnet.Answers(8); len(told) != want {
		t.Errorf("%d members told of it, want %d", len(told), want)
	}
	for _, h := range w.houses {
		if h.core.setOf(h.core.objects.get(a)) == nil {
			t.Error("one near it does not know who holds it though three told")
		}
	}
}
