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

func TestIdleObjectsAreEvictedAndReadAgain(t *testing.T) {
	w := newTown(t, 8, func(c *Config) { c.Memory = 5 * overhead })
	w.run(time.Second)
	c := w.citizen("Alice")
	const n = 30
	for i := range n {
		c.put(address(fmt.Sprint("object ", i)), mutabledata.Entry{Key: "k", Value: mutabledata.Value{Content: []byte(fmt.Sprint(i))}})
	}
	w.run(time.Minute)
	for _, h := range w.houses {
		live := 0
		for _, s := range h.core.objects.space().spots {
			if s.thing.live != nil {
				live++
			}
		}
		if live > 5 || h.core.loaded.bytes > 5*overhead {
			t.Fatalf("%d objects loaded, %d bytes", live, h.core.loaded.bytes)
		}
	}
	for i := range n {
		a := address(fmt.Sprint("object ", i))
		all := answers[*wire.ReadAnswer](c.ask(w.group(a), &wire.Read{Call: 1, Address: a, Full: true,
			Query: mutabledata.EncodeQuery(mutabledata.GetValue{Key: "k"})}))
		if len(all) != 8 {
			t.Fatalf("%d answers", len(all))
		}
		for _, r := range all {
			v, err := mutabledata.GetValue{}.Decode(r.Value)
			if r.Err != nil || err != nil || string(v.Content) != fmt.Sprint(i) {
				t.Fatalf("%v %v %q", r.Err, err, v.Content)
			}
		}
	}
	// A mutation of one that is not loaded, and of one whose member has just been read for another reason.
	a := address("object 3")
	w.run(time.Minute)
	p := c.permit(c.key, a, 4)
	r := w.sign(c.key, a, 1, mutabledata.Encode(insert("new", "x")), wire.Attached{Permit: p})
	c.applied(c.submit(w.group(a), r), 8)
	// After a restart of everybody it is all still there.
	for _, h := range w.houses {
		w.stop(h)
	}
	for _, h := range w.houses {
		h.start()
	}
	w.introduce(w.houses...)
	w.run(time.Second)
	for _, h := range w.houses {
		if h.core.loaded.bytes > 5*overhead {
			t.Fatalf("%d bytes loaded after a restart", h.core.loaded.bytes)
		}
	}
	r = w.sign(c.key, a, 1, mutabledata.Encode(insert("newer", "x")), wire.Attached{Permit: p})
	c.applied(c.submit(w.group(a), r), 8)
}

func TestInputsAreHeldWhileAnObjectIsRead(t *testing.T) {
	w := newTown(t, 1, func(c *Config) { c.Memory = 1 })
	w.run(time.Second)
	c := w.citizen("Alice")
	a := address("object")
	c.put(a)
	w.run(time.Minute)
	h := w.houses[0]
	if h.core.Object(a) != nil {
		t.Fatal("still loaded")
	}
	in := []Input{}
	for i := range maxLoading + 4 {
		q, err := OpenMessage(&wire.Read{Call: wire.Call(i), Address: a, Query: mutabledata.EncodeQuery(mutabledata.GetVersion{})}, c.id, w.network, w.keys)
		if err != nil {
			t.Fatal(err)
		}
		in = append(in, q...)
	}
	out := h.core.Step(w.now, in)
	if len(out.Loads) != 1 || out.Loads[0] != a {
		t.Fatalf("loads %v", out.Loads)
	}
	refused := count(h.core.Seal(vaultnet.Signature{}))
	if refused != 4 {
		t.Fatalf("%d answered that it is too much, want 4", refused)
	}
	var records []vaultnet.Write
	for k, v := range h.scan(string(ObjectPrefix(a))) {
		records = append(records, vaultnet.Write{Key: k, Value: v})
	}
	h.core.Step(w.now, []Input{Loaded(a, records)})
	if n := count(h.core.Seal(vaultnet.Signature{})); n != maxLoading {
		t.Fatalf("%d answered", n)
	}
}

// count is how many answers to reads leave.
func count(s Sealed) (n int) {
	for _, e := range s.Send {
		for _, m := range e.Messages {
			if _, ok := m.(*wire.ReadAnswer); ok {
				n++
			}
		}
	}
	return n
}

// What the store gives back changed is told to nobody and fetched from the others; until the height after it is decided the
// vault casts no vote, for the one it may have cast there may be lost.
func TestADamagedObjectIsFetchedAgain(t *testing.T) {
	w := newTown(t, 8, func(c *Config) { c.Memory = 1 })
	w.run(time.Second)
	c := w.citizen("Alice")
	a := address("object")
	c.put(a, mutabledata.Entry{Key: "k", Value: mutabledata.Value{Content: []byte("true")}})
	w.run(time.Minute)
	h := w.group(a)[0]
	var damaged error
	h.core.cfg.Observer.Damaged = func(_ vaultnet.Address, err error) { damaged = err }
	voted := vaultnet.Height(0)
	h.core.agree.Observer.Vote = func(o *agreement.Object, b *agreement.Ballot) {
		if o.Address() == a && (voted == 0 || b.Height < voted) {
			voted = b.Height
		}
	}
	for k, v := range h.store {
		if len(k) > 42 && k[:42] == string(ObjectPrefix(a)) && k[42] == 'm' && len(v) > 4 && string(v[len(v)-5:len(v)-1]) == "true" {
			lie := append([]byte(nil), v...)
			copy(lie[len(v)-5:], "fals")
			h.store[k] = lie
		}
	}
	if err := c.says(h, a); !errors.Is(err, refusal.NotSettled) {
		t.Fatalf("says %v", err)
	}
	if damaged == nil {
		t.Fatal("the damage was not found")
	}
	if _, err := New(h.cfg, h.scan("")); err == nil {
		t.Fatal("the vault starts with a damaged store")
	}
	w.run(time.Minute)
	if o := h.core.Object(a); o == nil || o.Height() != 0 || voted != 0 {
		t.Fatal("it is back before the height after the damage is decided")
	}
	for i := range 3 {
		p := c.permit(c.key, a, 1)
		c.applied(c.submit(w.group(a), w.sign(c.key, a, 1, mutabledata.Encode(insert(fmt.Sprint(i), "")), wire.Attached{Permit: p})), 7)
		w.run(5 * time.Second)
	}
	if voted <= 2 {
		t.Fatalf("its first vote is for height %d", voted)
	}
	all := answers[*wire.ReadAnswer](c.ask([]*house{h}, &wire.Read{Call: 1, Address: a, Full: true,
		Query: mutabledata.EncodeQuery(mutabledata.GetValue{Key: "k"})}))
	if v, err := (mutabledata.GetValue{}).Decode(all[h.id].Value); err != nil || string(v.Content) != "true" || all[h.id].Height != 4 {
		t.Fatalf("%q at height %d, %v", v.Content, all[h.id].Height, err)
	}
	if _, err := New(h.cfg, h.scan("")); err != nil {
		t.Fatalf("the store is not mended: %v", err)
	}
	w.run(time.Minute)
	if !w.quiet() {
		t.Fatal("the town does not sleep")
	}
}

// TestWhatIsIdleIsUnloaded: also within the memory budget an object is not kept loaded for nothing, and nothing need happen
// for that; being read is use. What became of requests is told as before, for as long as before.
func TestWhatIsIdleIsUnloaded(t *testing.T) {
	w := newTown(t, 8)
	w.run(time.Second)
	c := w.citizen("Alice")
	a, b := address("object"), address("busy")
	c.put(b)
	c.put(a, mutabledata.Entry{Key: "k", Value: mutabledata.Value{Content: []byte("1")}})
	group := w.group(a)
	loaded := func(a vaultnet.Address) (n int) {
		for _, h := range group {
			if h.core.objects.get(a).live != nil {
				n++
			}
		}
		return n
	}
	sign := func(key string) *agreement.Request {
		return w.sign(c.key, a, 1, mutabledata.Encode(insert(key, "x")), wire.Attached{Permit: c.permit(c.key, a, 1)})
	}
	first, never, last := sign("first"), sign("never"), sign("last")
	height := c.applied(c.submit(group, first), 8).Height
	w.run(20 * time.Second) // its deadline is over
	last = sign("last")
	c.applied(c.submit(group, last), 8) // and the agreed state forgets it
	told := func(when string, r *agreement.Request, want wire.OutcomeAnswer) {
		t.Helper()
		all := answers[*wire.OutcomeAnswer](c.ask(group, &wire.GetOutcome{Call: 2, Address: a, Deadline: r.Deadline, ID: r.ID}))
		if len(all) != 8 {
			t.Fatalf("%s: %d answers", when, len(all))
		}
		for _, o := range all {
			if o.Outcome != want.Outcome || o.Clear != want.Clear || o.Final != want.Final || o.Outcome == agreement.Applied && o.Height != want.Height {
				t.Fatalf("%s: told outcome %v at height %d, clear %v, final %v", when, o.Outcome, o.Height, o.Clear, o.Final)
			}
		}
	}
	applied, not := wire.OutcomeAnswer{Outcome: agreement.Applied, Height: height}, wire.OutcomeAnswer{Outcome: agreement.Refused, Clear: true, Final: true}
	told("loaded", first, applied)
	told("loaded", never, not)
	for range 3 {
		if n := loaded(a); n != 8 {
			t.Fatalf("loaded at %d of 8 vaults before its time is over", n)
		}
		w.run(DefaultIdle / 2)
		c.read(b, mutabledata.GetVersion{})
		w.run(DefaultIdle/2 + time.Second)
		if n := loaded(a); n != 0 {
			t.Fatalf("still loaded at %d vaults", n)
		}
		if n := loaded(b); n != 8 {
			t.Fatalf("what is read is loaded at %d of 8 vaults", n)
		}
		told("unloaded", first, applied)
		told("unloaded", never, not)
		if a := c.applied(c.submit(group, first), 8); a.Height != height {
			t.Fatalf("submitted again it is applied at %d", a.Height)
		}
	}
	for range 3 {
		w.run(2 * time.Minute)
		told("later", first, applied)
	}
	w.run(vaultnet.ResultsKept - 8*time.Minute)
	told("when results are over", never, wire.OutcomeAnswer{})
	for _, h := range group {
		if n := len(h.core.memories.of); n > 0 {
			t.Fatalf("%d memories are left when results are over", n)
		}
	}
	c.applied(c.submit(group, sign("again")), 8)
}

// TestMemoriesAreInTheBudget: they count, and go last.
func TestMemoriesAreInTheBudget(t *testing.T) {
	w := newTown(t, 1)
	w.run(time.Second)
	c := w.citizen("Alice")
	a := address("object")
	p := c.put(a)
	w.run(20 * time.Second)
	p = c.permit(c.key, a, 1)
	c.applied(c.mutate(a, p, insert("k", "")), 1)
	v := w.houses[0].core
	w.run(DefaultIdle + time.Second)
	if n := len(v.memories.of); n != 2 || v.loaded.bytes <= 0 || v.loaded.oldest != nil {
		t.Fatalf("%d memories, %d bytes", n, v.loaded.bytes)
	}
	v.cfg.Memory = v.loaded.bytes - 1
	v.shrink()
	if n := len(v.memories.of); n != 1 || v.loaded.bytes > v.cfg.Memory {
		t.Fatalf("%d memories, %d bytes", n, v.loaded.bytes)
	}
	w.run(vaultnet.ResultsKept)
	if n := len(v.memories.of); n != 0 || v.loaded.bytes != 0 {
		t.Fatalf("%d memories, %d bytes when results are over", n, v.loaded.bytes)
	}
}

// TestWhatIsWishedOfStaysLoaded: wishes are in no record, and come at long intervals.
func TestWhatIsWishedOfStaysLoaded(t *testing.T) {
	w := newTown(t, 8)
	w.run(time.Second)
	a := address("object")
	w.citizen("Alice").put(a)
	group := w.group(a)
	loaded := func() (n int) {
		for _, h := range group {
			if h.core.objects.get(a).live != nil {
				n++
			}
		}
		return n
	}
	wish := func(c agreement.Change) {
		v := group[0].core
		v.give(v.objects.get(a).live, agreement.Input{Desire: &c})
		group[0].turn()
	}
	wish(agreement.Change{Drop: group[1].id})
	w.run(time.Second)
	wish(agreement.Change{}) // it is given up, and nobody is told
	lapse := 24 * w.params.LeaveAfter
	w.run(lapse - 10*time.Second)
	if n := loaded(); n != 8 {
		t.Fatalf("loaded at %d of 8 vaults while a wish counts", n)
	}
	w.run(DefaultIdle + 20*time.Second)
	if n := loaded(); n != 0 {
		t.Fatalf("loaded at %d vaults when it is over", n)
	}
}
