package core

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"vaultnet"
	"vaultnet/account"
	"vaultnet/agreement"
	"vaultnet/internal/merkle"
	"vaultnet/internal/wire"
	"vaultnet/mutabledata"
	"vaultnet/permit"
	"vaultnet/refusal"
)

// asleep reports whether no vault has an object awake.
func (w *town) asleep() bool {
	for _, h := range w.houses {
		if !h.down && len(h.core.alarms) > 0 {
			return false
		}
	}
	return true
}

// The numbers are those of the list of attacks and accidents.

func TestAttack7SpamWakesNobody(t *testing.T) {
	b := newBench(t)
	members := b.members(b.object)
	liar := members[0]
	liar.down = true
	b.run(time.Minute)
	if !b.asleep() {
		t.Fatal("awake before the attack")
	}
	o := members[1].object(b.object)
	vote := func(by *house, height vaultnet.Height, round uint32) *agreement.Vote {
		v := &agreement.Vote{Ballot: agreement.Ballot{Height: height, Round: round, Type: agreement.Prevote, Block: vaultnet.Digest{1},
			Set: o.Set().Digest(), Previous: o.HeaderDigest()}}
		v.By = attest(b.town, by, v.Ballot.Leaf(b.network, b.object))
		return v
	}
	for i := range 200 {
		bundle := &agreement.Bundle{Address: b.object, Height: o.Height(), Votes: []*agreement.Vote{
			vote(liar, o.Height()+1, uint32(i)), vote(liar, o.Height()+vaultnet.Height(i), 0)}}
		for _, h := range members[1:] {
			b.post(liar.id, h.id, &wire.Bundle{Bundle: bundle})
		}
	}
	b.run(time.Second)
	if !b.asleep() {
		t.Fatal("one member's votes woke somebody")
	}
	// What was signed for one object is nothing for another.
	elsewhere := &agreement.Bundle{Address: address("other"), Votes: []*agreement.Vote{vote(liar, 1, 0)}}
	if _, err := OpenMessage(&wire.Bundle{Bundle: elsewhere}, liar.id, b.network, b.keys); err == nil {
		t.Fatal("a vote replayed to another object is let in")
	}
	if _, err := OpenMessage(&wire.Bundle{Bundle: &agreement.Bundle{Address: b.object, Votes: []*agreement.Vote{vote(liar, 1, 0)}}},
		liar.id, vaultnet.NetworkID{1}, b.keys); err == nil {
		t.Fatal("a vote replayed to another network is let in")
	}
	b.c.applied(b.c.mutate(b.object, b.c.permit(b.c.key, b.object, 1), insert("x", "")), 5)
}

func TestAttack12TwoPutsAtOnce(t *testing.T) {
	w := newTown(t, 8)
	w.run(time.Second)
	alice, bob := w.citizen("Alice"), w.citizen("Bob")
	a := address("free")
	make := func(c *citizen) *agreement.Request {
		return w.sign(c.key, a, 1, mutabledata.Encode(&mutabledata.Put{Owner: c.key.Public()}),
			wire.Attached{Permit: c.permit(c.key, a, 1), Proof: c.proof(a)})
	}
	first, second := make(alice), make(bob)
	alice.heard, bob.heard = nil, nil
	for i, h := range w.group(a) { // each reaches half of the group first
		one, other := alice, bob
		r, s := first, second
		if i%2 == 0 {
			one, other, r, s = bob, alice, second, first
		}
		w.post(one.id, h.id, &wire.Submit{Request: r})
		w.post(other.id, h.id, &wire.Submit{Request: s})
	}
	w.run(20 * time.Second)
	count := func(g *guest) (applied, exists int) {
		for _, r := range answers[*wire.Reply](g.heard) {
			switch {
			case r.Outcome == agreement.Applied:
				applied++
			case r.Outcome == agreement.Refused:
				exists++
			}
		}
		return
	}
	aa, _ := count(alice.guest)
	ba, _ := count(bob.guest)
	if (aa >= 5) == (ba >= 5) || aa > 0 && ba > 0 {
		t.Fatalf("applied at %d and at %d members", aa, ba)
	}
	for _, r := range []*agreement.Request{first, second} { // asked again, the loser is told
		for _, reply := range alice.submit(w.members(a), r) {
			if reply.Outcome != agreement.Applied && !errors.Is(reply.Err, refusal.DataExists) && !errors.Is(reply.Err, refusal.DeadlinePassed) {
				t.Fatalf("%d, %v", reply.Outcome, reply.Err)
			}
		}
	}
}

// With different views of the group: a ninth vault is known to some of the others only, so that the two who put are given
// views of two sets. At most one of them gets a proof, and there is one object in the end.
func TestAttack12TwoPutsWithDifferentViews(t *testing.T) {
	for known := 1; known <= 7; known++ {
		w := newTown(t, 8)
		w.run(time.Second)
		alice, bob := w.citizen("Alice"), w.citizen("Bob")
		ninth := w.build("ninth")
		a := w.addressWhere(func(a vaultnet.Address) bool { return contains(w.group(a), ninth) })
		group := w.houses[:8] // by the views of those that do not know the ninth
		ninth.tell(Known(nil))
		for i, h := range group {
			if i < known {
				h.tell(PeerUp(ninth.id))
			}
			ninth.tell(PeerUp(h.id))
		}
		w.run(100 * time.Millisecond)
		var proofs, applied int
		for _, c := range []*citizen{alice, bob} {
			proof := c.proof(a)
			if _, ok := proof.Set(a, 8); ok {
				proofs++
			}
			r := w.sign(c.key, a, 1, mutabledata.Encode(&mutabledata.Put{Owner: c.key.Public()}),
				wire.Attached{Permit: c.permit(c.key, a, 1), Proof: proof})
			n := 0
			for _, reply := range c.submit(w.houses, r) {
				switch {
				case reply.Outcome == agreement.Applied:
					n++
				case reply.Err != nil && !errors.Is(reply.Err, refusal.DataExists) && !errors.Is(reply.Err, refusal.NotSettled) &&
					!errors.Is(reply.Err, refusal.InvalidRequest):
					t.Fatalf("known to %d: %v", known, reply.Err)
				}
			}
			if n >= 5 {
				applied++
			} else if n > 0 {
				t.Fatalf("known to %d: applied at %d members", known, n)
			}
		}
		if applied > 1 || proofs == 0 && applied > 0 {
			t.Fatalf("known to %d: %d proofs, %d objects", known, proofs, applied)
		}
		for _, h := range w.houses[known:8] { // once views agree there is one object, or room for one
			h.tell(PeerUp(ninth.id))
			ninth.tell(PeerUp(h.id))
		}
		w.run(12 * time.Second)
		if applied == 0 {
			alice.put(a)
		}
		at := map[vaultnet.Height]vaultnet.Digest{}
		for _, h := range w.houses {
			o := h.object(a)
			if o == nil || o.Height() == 0 {
				continue
			}
			if d, ok := at[o.Height()]; ok && d != o.HeaderDigest() {
				t.Fatalf("known to %d: two objects", known)
			}
			at[o.Height()] = o.HeaderDigest()
		}
		if len(at) == 0 {
			t.Fatalf("known to %d: no object", known)
		}
		t.Logf("known to %d: %d proofs, %d applied", known, proofs, applied)
	}
}

func TestAttack17ALaggardIsToldByItsHeight(t *testing.T) {
	b := newBench(t)
	late := b.members(b.object)[3]
	b.drop = func(from, to vaultnet.PublicKey, m wire.Message) bool {
		_, vault := b.nodes[from].(*house)
		return to == late.id && vault
	}
	b.c.applied(b.c.mutate(b.object, b.permit, insert("new", "x")), 5)
	all := b.c.read(b.object, mutabledata.GetValue{Key: "new"})
	if len(all) != 8 {
		t.Fatalf("%d answers", len(all))
	}
	for id, r := range all {
		switch {
		case id == late.id && (r.Height != 1 || !errors.Is(r.Err, refusal.NoSuchEntry)):
			t.Fatalf("the laggard says %v at height %d", r.Err, r.Height)
		case id != late.id && (r.Height != 2 || r.Err != nil):
			t.Fatalf("height %d, %v", r.Height, r.Err)
		}
	}
	// It neither admits nor refuses what was seen elsewhere, but catches up.
	b.drop = nil
	r := b.data(insert("newer", "y"))
	reply := answers[*wire.Reply](b.c.ask([]*house{late}, &wire.Submit{Request: r, Seen: 2}))[late.id]
	if reply == nil || reply.Outcome != agreement.Applied || reply.Height != 3 {
		t.Fatalf("%+v", reply)
	}
}

func TestAttack19OneNonceManyMutations(t *testing.T) {
	b := newBench(t)
	members := b.members(b.object)
	base := b.data(insert("x", "0"))
	b.c.heard = nil
	for i, h := range members { // each member gets another content under the same nonce
		r := base.Request
		r.Body = mutabledata.Encode(insert("x", fmt.Sprint(i)))
		r.Sign(b.network, b.c.key)
		b.post(b.c.id, h.id, &wire.Submit{Request: wire.NewRequest(b.network, r, wire.Attached{Permit: b.permit})})
	}
	b.run(20 * time.Second)
	applied := make(map[vaultnet.Digest]bool)
	for _, h := range b.c.heard {
		if r, ok := h.m.(*wire.Reply); ok && r.Outcome == agreement.Applied {
			applied[r.ID] = true
		}
	}
	if len(applied) != 1 {
		t.Fatalf("%d mutations of one key applied", len(applied))
	}
	var value string
	for _, r := range b.c.read(b.object, mutabledata.GetValue{Key: "x"}) {
		if value == "" {
			value = string(r.Value)
		}
		if r.Err != nil || string(r.Value) != value {
			t.Fatal("members differ")
		}
	}

	// One honest member is enough.
	b.permit = b.c.permit(b.c.key, b.object, 4)
	r := b.data(insert("y", ""))
	b.c.heard = nil
	b.post(b.c.id, members[5].id, &wire.Submit{Request: r})
	b.run(5 * time.Second)
	if reply := answers[*wire.Reply](b.c.heard)[members[5].id]; reply == nil || reply.Outcome != agreement.Applied {
		t.Fatalf("%+v", reply)
	}

	// A body that does not match, and another's request, are refused at the door.
	forged := r.Request
	forged.Body = mutabledata.Encode(insert("z", ""))
	if _, err := OpenMessage(&wire.Submit{Request: wire.NewRequest(b.network, forged, wire.Attached{Permit: b.permit})}, b.c.id,
		b.network, b.keys); err == nil {
		t.Fatal("a body that was not signed is let in")
	}
	// Replayed, it is applied no second time.
	if again := b.other.applied(b.other.submit(members, r), 8); again.Height != b.set2(t, r) {
		t.Fatal("applied again")
	}
}

// set2 is the height at which a request was applied.
func (b *bench) set2(t *testing.T, r *agreement.Request) vaultnet.Height {
	a, ok := b.members(r.Address)[0].object(r.Address).Applied(r.Deadline, r.ID)
	if !ok {
		t.Fatal("not applied")
	}
	return a.Height
}

func TestAttack24KeysOfSmallOrder(t *testing.T) {
	b := newBench(t)
	nobody, neutral := vaultnet.PublicKey{}, vaultnet.PublicKey{1}
	for _, k := range []vaultnet.PublicKey{nobody, neutral} {
		p := *b.permit
		p.Signatures = append([]merkle.Attestation{{Signer: k, Path: p.Signatures[0].Path}}, p.Signatures...)
		requests := map[string]*agreement.Request{
			"owner":  b.data(&mutabledata.Put{Owner: k}),
			"user":   b.data(&mutabledata.SetUserPermissions{User: mutabledata.UserOf(k), Version: 1}),
			"grant":  b.op(b.c.key, &account.InsertGrant{Key: k, Version: 1}),
			"signer": b.sign(b.c.key, b.object, 1, mutabledata.Encode(insert("x", "")), wire.Attached{Permit: &p}),
		}
		for what, r := range requests {
			if _, err := OpenMessage(&wire.Submit{Request: r}, b.c.id, b.network, b.keys); err == nil {
				t.Errorf("%x as %s is let in", k[:2], what)
			}
		}
	}
	// The owner may be nobody: then nobody can sign.
	b.c.applied(b.c.mutate(b.object, b.permit, &mutabledata.ChangeOwner{Owner: nobody, Version: 1}), 5)
	for _, r := range b.c.mutate(b.object, b.permit, insert("x", "")) {
		if !errors.Is(r.Err, refusal.AccessDenied) {
			t.Fatalf("%+v", r)
		}
	}
}

func TestAttack27NeverSettled(t *testing.T) {
	b := newBench(t)
	before := b.balance(t)
	p := b.c.permit(b.c.key, b.object, 5)
	if now := b.balance(t); now.Reserved != before.Reserved+5 {
		t.Fatalf("%d reserved", now.Reserved)
	}
	b.run(p.Body.Expires.Sub(b.now) + vaultnet.UsageGrace + 5*time.Second)
	b.c.applied(b.c.operate(b.c.key, &account.Verify{}), 5) // time passes with a block
	now := b.balance(t)
	if now.Reserved != 0 || now.Done != before.Done+before.Reserved+5 || now.Available != before.Available-5 {
		t.Fatalf("%+v after %+v", now, before)
	}
	for _, r := range b.c.operate(b.c.key, &account.Settle{Body: p.Body, Allowance: p.Allowance, Path: p.Path,
		Statements: b.statements(&permit.Statement{Address: b.object, Permit: p.Body.Digest(), Expires: p.Body.Expires})}) {
		if !errors.Is(r.Err, refusal.PermitInvalid) {
			t.Fatalf("%+v", r)
		}
	}
}

// statements are all members' signatures of one.
func (b *bench) statements(s *permit.Statement) []merkle.Attestation {
	var all []merkle.Attestation
	for _, h := range b.members(b.object) {
		all = append(all, *attest(b.town, h, s.Leaf(b.network)))
	}
	sortAttestations(all)
	return all
}

// balance reads the bench's account as its owner.
func (b *bench) balance(t *testing.T) *account.View {
	t.Helper()
	m := &wire.Read{Call: 9, Address: b.c.account, Query: account.Query{}.Encode(), Full: true, Ask: &wire.Ask{Deadline: b.now.Add(5 * time.Second)}}
	m.Ask.Sign(b.network, m.Address, m.Query, b.c.key)
	for _, r := range answers[*wire.ReadAnswer](b.c.ask(b.members(b.c.account), m)) {
		view, err := account.DecodeView(r.Value)
		if err != nil || r.Err != nil {
			t.Fatal(err, r.Err)
		}
		return view
	}
	t.Fatal("nobody answers")
	return nil
}

func TestAttack30SignersThatAVaultDoesNotKnow(t *testing.T) {
	w := newTown(t, 24)
	w.run(time.Second)
	c := w.citizen("Alice")
	old := w.set(c.account)
	a := w.addressWhere(func(a vaultnet.Address) bool { // held by others than the account
		for _, h := range w.group(a) {
			if old.Index(h.id) >= 0 {
				return false
			}
		}
		return true
	})
	p := c.put(a)
	c.applied(c.mutate(a, p, insert("one", "")), 5)
	// Six of the eight managers are replaced; the data managers know nothing of it.
	for range 6 {
		var gone *house
		for _, h := range w.members(c.account) {
			if old.Index(h.id) >= 0 {
				gone = h
				break
			}
		}
		n := w.set(c.account).Number
		w.stop(gone)
		w.until(time.Minute, "the managers change", func() bool { return w.set(c.account).Number > n })
		w.run(5 * time.Second)
	}
	p = c.permit(c.key, a, 4)
	if n := permit.Managers(p, old.Members); n >= 3 {
		t.Fatalf("%d of the old managers signed", n)
	}
	c.applied(c.mutate(a, p, insert("two", "")), 5)
	// A permit signed by nobody that counts is refused, again and again, and does no harm.
	forged := *p
	forged.Signatures = nil
	for _, h := range w.houses[:3] {
		forged.Signatures = append(forged.Signatures, *attest(w, &house{signer: w.person("puppet " + h.id.Short())}, p.Body.Leaf(w.network)))
	}
	sortAttestations(forged.Signatures)
	for range 2 {
		for _, r := range c.mutate(a, &forged, insert("three", "")) {
			if r.Err == nil || r.Err.Detail.Reason != refusal.Signers {
				t.Fatalf("%+v", r)
			}
		}
	}
	c.applied(c.mutate(a, p, insert("four", "")), 5)
}

func TestAttack31OtherParameters(t *testing.T) {
	w := newTown(t, 2)
	w.run(time.Second)
	for name, change := range map[string]func(*vaultnet.Parameters){
		"skew": func(p *vaultnet.Parameters) { p.Skew += time.Second }, "name": func(p *vaultnet.Parameters) { p.Name = "x" },
		"account-operations": func(p *vaultnet.Parameters) { p.AccountOperations++ }, "local": func(p *vaultnet.Parameters) { p.Local = !p.Local },
	} {
		p := w.params
		change(&p)
		g := w.guest("stranger " + name)
		bye := answers[*wire.Goodbye](g.ask(w.houses[:1], &wire.Hello{Parameters: p}))[w.houses[0].id]
		want := "parameter " + name + " differs: this is another network"
		if bye == nil || bye.Err.Detail.What != want {
			t.Fatalf("%s: %v", name, bye)
		}
	}
	// What a vault of another network says counts for nothing.
	h, o := w.houses[0], w.houses[1]
	p := w.params
	p.Name = "another"
	h.hear(o.id, &wire.Hello{Parameters: p})
	w.run(time.Second)
	if h.core.suspects(h.core.peers.get(o.id)); !h.core.peers.get(o.id).foreign || len(h.core.closeGroup(vaultnet.Location{})) != 1 {
		t.Fatal("still counted among the vaults")
	}
}

func TestAttack32FourToFour(t *testing.T) {
	w := newTown(t, 8)
	w.run(time.Second)
	c := w.citizen("Alice")
	ninth := w.build("ninth")
	a := w.addressWhere(func(a vaultnet.Address) bool { return contains(w.group(a), ninth) })
	group := w.group(a)
	half := 0
	ninth.tell(Known(nil))
	for _, h := range group {
		if h == ninth {
			continue
		}
		if half++; half <= 4 { // four know it
			h.tell(PeerUp(ninth.id))
		}
		ninth.tell(PeerUp(h.id))
	}
	w.run(10 * time.Millisecond)
	views := make(map[string]int)
	for _, v := range answers[*wire.ViewAnswer](c.ask(w.houses, &wire.GetView{Call: 1, Address: a})) {
		if v.View != nil {
			views[fmt.Sprint(v.Members)]++
		}
	}
	for _, n := range views {
		if n >= 6 {
			t.Fatalf("%d views alike: they do not differ enough", n)
		}
	}
	p := c.permit(c.key, a, 2)
	proof := c.proof(a)
	r := w.sign(c.key, a, 1, mutabledata.Encode(&mutabledata.Put{Owner: c.key.Public()}), wire.Attached{Permit: p})
	for _, reply := range c.submit(group, r) {
		if reply.Outcome == agreement.Applied {
			t.Fatal("applied without a proof")
		}
	}
	if _, ok := proof.Set(a, 8); ok {
		t.Fatal("split views prove a set")
	}
	for _, h := range w.houses {
		if o := h.object(a); o != nil && o.HalfOpen() {
			t.Fatal("something was proposed")
		}
	}
	for _, h := range w.houses { // once views agree the address is as good as any
		if h != ninth {
			h.tell(PeerUp(ninth.id))
			ninth.tell(PeerUp(h.id))
		}
	}
	w.run(time.Second)
	c.put(a)
}

func contains(all []*house, one *house) bool {
	for _, h := range all {
		if h == one {
			return true
		}
	}
	return false
}

func TestAttack42NobodyWakes(t *testing.T) {
	w := newTown(t, 9)
	w.run(time.Second)
	c := w.citizen("Alice")
	var all []vaultnet.Address
	for i := range 20 {
		a := address(fmt.Sprint("object ", i))
		c.put(a)
		all = append(all, a)
	}
	w.run(3 * time.Minute)
	if !w.asleep() {
		t.Fatal("awake before the attack")
	}
	liars := w.houses[:2]
	sent := w.sent
	for _, a := range all {
		set := w.set(a)
		o := w.members(a)[7].object(a)
		puppets := make([]vaultnet.PublicKey, 6)
		for i := range puppets {
			puppets[i] = w.person(fmt.Sprint("puppet ", i)).Public()
		}
		fake := agreement.NewSet(set.Number+5, a, append(puppets, liars[0].id, liars[1].id))
		for _, l := range liars {
			empty := &agreement.Proposal{Header: agreement.Header{Height: o.Height() + 1, Previous: o.HeaderDigest(), Time: w.now,
				Set: set.Digest()}, Round: 1, PolkaRound: -1}
			empty.By = attest(w, l, empty.Leaf(w.network, a))
			wish := &agreement.Wish{Height: o.Height() + 1, Add: puppets[0], Drop: set.Members[3]}
			wish.By = attest(w, l, wish.Leaf(w.network, a))
			for _, h := range w.houses[2:] {
				w.post(l.id, h.id, &wire.Bundle{Bundle: &agreement.Bundle{Address: a, Height: o.Height(), Proposal: empty,
					Wishes: []*agreement.Wish{wish}}})
				w.post(l.id, h.id, &wire.Pointers{List: []wire.Pointer{{Address: a, Set: fake}}, Done: true})
				w.post(l.id, h.id, &wire.Invite{Address: a, Set: fake})
				w.post(l.id, h.id, &wire.Bundle{Bundle: &agreement.Bundle{Address: a, Height: o.Height() + 1000}})
			}
		}
	}
	attack := w.sent - sent
	for _, l := range liars {
		l.down = true
	}
	w.run(time.Second)
	for _, h := range w.houses[2:] {
		for _, a := range all {
			if o := h.object(a); o != nil && (o.HalfOpen() || o.Round() != 0) {
				t.Fatal("an object woke")
			}
		}
	}
	w.run(2 * time.Minute)
	if !w.asleep() {
		t.Fatal("somebody is still awake")
	}
	if answers := w.sent - sent - attack; answers > 40*attack {
		t.Fatalf("%d messages led to %d", attack, answers)
	}
	for _, l := range liars {
		l.down = false
	}
	for _, a := range all {
		if set := w.set(a); set.Number != 1 {
			t.Fatal("the puppets are believed")
		}
	}
}
