package core

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/wire"
	"vaultnet/mutabledata"
)

// ATTACKS 13: members die one after another, slower than T_leave: the set follows.
func TestAttack13AMemberThatIsGoneIsReplaced(t *testing.T) {
	w := newTown(t, 12)
	w.run(time.Second)
	c := w.citizen("Alice")
	a := address("notes")
	c.put(a, mutabledata.Entry{Key: "k", Value: mutabledata.Value{Content: []byte("v")}})
	for i := range 4 {
		before := w.set(a)
		dead := w.members(a)[i%8]
		w.stop(dead)
		w.until(2*w.params.LeaveAfter+20*time.Second, "the set changes", func() bool { return w.set(a).Index(dead.id) < 0 })
		if after := w.set(a); after.Number != before.Number+1 || len(after.Members) != 8 {
			t.Fatalf("set %d of %d members after set %d", after.Number, len(after.Members), before.Number)
		}
		w.run(time.Minute)
		got := 0
		for _, r := range c.read(a, mutabledata.GetValue{Key: "k"}) {
			if r.Err == nil && r.Member {
				got++
			}
		}
		if got != 8 {
			t.Fatalf("%d members have the value after %d deaths", got, i+1)
		}
	}
	w.run(time.Minute)
	if !w.quiet() {
		t.Fatal("the town does not sleep")
	}
}

// A vault that starts when another is gone already has never heard of it but as a member, and forgets it once it does not
// answer a question. It is gone all the same: were this vault to speak against every change that drops it, and another
// member were gone as well, the set would have no quorum for any.
func TestAMemberThatWasNeverHeardOfIsGone(t *testing.T) {
	w := newTown(t, 14)
	w.run(time.Second)
	c := w.citizen("Alice")
	a := address("notes")
	c.put(a)
	late, dead := w.members(a)[0], w.members(a)[6:]
	for _, h := range dead {
		w.stop(h)
	}
	w.restart(late)
	w.drop = func(_, _ vaultnet.PublicKey, m wire.Message) bool { _, invites := m.(*wire.Invite); return invites }
	w.run(w.params.LeaveAfter + time.Second)
	v := late.core
	v.schedule.at(w.now, func() { // it asks those nearest to the object who holds another of that name
		v.askHolders(v.holders.get(vaultnet.Address{Kind: a.Kind, Name: a.Name, Tag: a.Tag + 1}))
	})
	late.alarm = w.now
	w.run(2 * askFor)
	for _, h := range dead {
		if v.peers.get(h.id) != nil {
			t.Fatal("the vault still knows whom it never heard")
		}
	}
	w.drop = nil
	w.until(2*time.Minute, "both are replaced", func() bool {
		s := w.set(a)
		return s.Index(dead[0].id) < 0 && s.Index(dead[1].id) < 0 && len(s.Members) == 8
	})
}

// ATTACKS 13: members die one after another, faster than T_leave: two at a time are gone before the first is given up. The
// set follows for as long as vaults are left to take their places, and nothing is lost.
func TestAttack13MembersDieFasterThanTheyAreGivenUp(t *testing.T) {
	w := newTown(t, 16)
	w.run(time.Second)
	c := w.citizen("Alice")
	a := address("notes")
	c.put(a, mutabledata.Entry{Key: "k", Value: mutabledata.Value{Content: []byte("v")}})
	for pair := range 4 {
		number := w.set(a).Number
		dead := []*house{w.members(a)[pair], w.members(a)[7-pair]}
		w.stop(dead[0])
		w.run(w.params.LeaveAfter / 5)
		w.stop(dead[1])
		w.until(time.Minute, "both are replaced", func() bool {
			s := w.set(a)
			return s.Index(dead[0].id) < 0 && s.Index(dead[1].id) < 0 && len(s.Members) == 8
		})
		if n := w.set(a).Number; n != number+2 {
			t.Fatalf("set %d after set %d", n, number)
		}
		w.run(10 * time.Second)
		got := 0
		for _, r := range c.read(a, mutabledata.GetValue{Key: "k"}) {
			if r.Err == nil && r.Member && strings.Contains(string(r.Value), "v") {
				got++
			}
		}
		if got != 8 {
			t.Fatalf("%d members have the value after %d deaths", got, 2*(pair+1))
		}
	}
}

// ATTACKS 13: three at once: the object stops, keeps what it has, and resumes when one returns.
func TestAttack13ThreeMembersGoneAtOnce(t *testing.T) {
	w := newTown(t, 12)
	w.run(time.Second)
	c := w.citizen("Alice")
	a := address("notes")
	p := c.put(a)
	dead := w.members(a)[:3]
	for _, h := range dead {
		w.stop(h)
	}
	w.run(time.Minute)
	if n := w.set(a).Number; n != 1 {
		t.Fatalf("five of eight decided set %d", n)
	}
	w.restart(dead[0])
	w.until(2*time.Minute, "two members are replaced", func() bool { return w.set(a).Number == 3 })
	w.run(10 * time.Second)
	_ = p
	if r := c.read(a, mutabledata.GetVersion{}); len(r) < 8 {
		t.Fatalf("%d answer", len(r))
	}
}

// ATTACKS 11: growth from 8 to 40 within a minute, then a Put at an address that exists, by a client that asks the eight
// nearest: never a second object, never NoSuchData.
func TestAttack11GrowthKeepsWhatExists(t *testing.T) {
	w := newTown(t, 8)
	w.run(time.Second)
	c := w.citizen("Alice")
	a := address("notes")
	c.put(a)
	check := func() {
		group := w.group(a)
		for id, r := range answers[*wire.ReadAnswer](c.ask(group, &wire.Read{Call: 1, Address: a,
			Query: mutabledata.EncodeQuery(mutabledata.GetVersion{})})) {
			if r.Err != nil && r.Err.Kind.String() == "NoSuchData" {
				t.Fatalf("vault %v says NoSuchData with %d vaults", id.Short(), len(w.houses))
			}
		}
		for _, v := range answers[*wire.ViewAnswer](c.ask(group, &wire.GetView{Call: 1, Address: a})) {
			if v.View != nil {
				t.Fatalf("a view of a free address with %d vaults", len(w.houses))
			}
		}
	}
	for i := 8; i < 40; i++ {
		w.introduce(w.build(fmt.Sprint("vault ", i)))
		check()
	}
	for range 30 {
		w.run(10 * time.Second)
		check()
	}
	// The nearest have taken over, and data are where clients look for them.
	group := w.group(a)
	for i, h := range w.members(a) {
		if h != group[i] {
			t.Fatalf("member %d is not the vault nearest to the address after %d sets", i, w.set(a).Number)
		}
	}
	w.run(leaverGrace + time.Minute)
	for _, h := range w.houses {
		o := h.object(a)
		if member := w.set(a).Index(h.id) >= 0; member != (o != nil && o.Height() > 0) {
			t.Fatalf("member %v, holds %v", member, o != nil)
		}
		if w.set(a).Index(h.id) < 0 {
			for k := range h.store {
				if len(k) > 42 && k[:42] == string(ObjectPrefix(a)) {
					t.Fatalf("a leaver keeps %q", k[42:])
				}
			}
		}
	}
	if !w.quiet() {
		t.Fatal("the town does not sleep")
	}
}

// ATTACKS 15: when one vault dies, at most 64 objects wake at once, and all get a new member in time.
func TestAttack15ManyObjectsLoseAMember(t *testing.T) {
	w := newTown(t, 9)
	w.run(time.Second)
	c := w.citizen("Alice")
	const n = 150
	for i := range n {
		if i == n/2 {
			c = w.citizen("Bob")
		}
		c.put(address(fmt.Sprint("object ", i)))
	}
	dead := w.houses[3]
	w.stop(dead)
	most := 0
	deadline := w.now.Add(10 * time.Minute)
	for w.now < deadline {
		if !w.step(deadline) {
			break
		}
		for _, h := range w.houses {
			most = max(most, len(h.core.changes.active))
		}
	}
	if most == 0 || most > maxChanging {
		t.Fatalf("%d objects changing at once", most)
	}
	for i := range n {
		if w.set(address(fmt.Sprint("object ", i))).Index(dead.id) >= 0 {
			t.Fatalf("object %d still has the dead member", i)
		}
	}
	_ = vaultnet.Never
}

// A member that says nothing any more, though its connection stands, is suspected 2 s after it was first missed, and costs
// little from then on. Nobody else is suspected meanwhile.
func TestAMemberThatIsSilentIsSuspected(t *testing.T) {
	params := vaultnet.LocalParameters()
	params.LeaveAfter = 10 * time.Minute
	w := newTownOf(t, 6, params)
	w.run(time.Second)
	c := w.citizen("Alice")
	a := address("notes")
	c.put(a)
	silent := w.members(a)[(int(w.houses[0].object(a).Height())+1)%6] // proposer of the next height
	p := c.permit(c.key, a, 64)
	w.drop = func(from, to vaultnet.PublicKey, m wire.Message) bool { return from == silent.id }
	falsely := func() {
		for _, h := range w.houses {
			for _, o := range w.houses {
				if h != silent && o != h && o != silent && h.core.Suspects(o.id) {
					t.Fatal("a vault that answers is suspected")
				}
			}
		}
	}
	suspected := func() bool {
		falsely()
		for _, h := range w.houses {
			if h != silent && !h.core.Suspects(silent.id) {
				return false
			}
		}
		return true
	}
	change := func(key string) time.Duration {
		begun := w.now
		r := w.sign(c.key, a, 1, mutabledata.Encode(insert(key, "")), wire.Attached{Permit: p})
		height := func() vaultnet.Height { return w.another(silent, a).object(a).Height() }
		before := height()
		for _, h := range w.members(a) {
			w.post(c.id, h.id, &wire.Submit{Request: r})
		}
		w.until(10*time.Second, "the mutation is applied", func() bool { falsely(); return height() > before })
		return w.now.Sub(begun)
	}
	change("first") // misses it
	w.until(2500*time.Millisecond, "it is suspected", suspected)
	for i := range 12 {
		if took := change(fmt.Sprint(i)); took > 150*time.Millisecond { // of messages that take 10 ms each
			t.Errorf("a change took %v with a suspected member", took)
		}
	}
}

// another is a member that is not the one given.
func (w *town) another(but *house, a vaultnet.Address) *house {
	for _, h := range w.members(a) {
		if h != but {
			return h
		}
	}
	return nil
}

// Where a vault has more to change than it may at once, it turns to what comes first in an order that all share, whatever
// it turned to before: or members would each wait for others that are busy elsewhere.
func TestChangesTakeTurnsInOneOrder(t *testing.T) {
	w := newTown(t, 9)
	w.run(time.Second)
	v := w.houses[0].core
	c := &v.changes
	var all []endangered
	for i := range 3 * maxChanging {
		a := address(fmt.Sprint("object ", i))
		e := v.objects.add(a)
		e.live = &live{Object: agreement.New(&v.agree, a), entry: e}
		all = append(all, endangered{a, i % 3})
	}
	for _, x := range all {
		if !v.makeWay(x) {
			c.wait(x)
			continue
		}
		l := v.objects.get(x.address).live
		l.change = &change{danger: x.danger}
		c.active = append(c.active, l)
	}
	slices.SortFunc(all, func(x, y endangered) int {
		if x.before(y) {
			return -1
		}
		return 1
	})
	if len(c.active) != maxChanging || len(c.waiting) != len(all)-maxChanging {
		t.Fatalf("%d have their turn, %d wait", len(c.active), len(c.waiting))
	}
	for _, x := range all[:maxChanging] {
		if v.objects.get(x.address).live.change == nil {
			t.Fatalf("%v, in danger %d, waits", x.address, x.danger)
		}
	}
}
