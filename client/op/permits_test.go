package op

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"vaultnet"
	"vaultnet/account"
	"vaultnet/internal/wire"
	"vaultnet/mutabledata"
	"vaultnet/permit"
	"vaultnet/refusal"
)

// issues notes the allowances of every permit that is asked for.
func (w *world) issues() *[][]permit.Allowance {
	var list [][]permit.Allowance
	seen := make(map[vaultnet.Digest]bool)
	w.watch = func(to *vault, m wire.Message) {
		s, ok := m.(*wire.Submit)
		if !ok || seen[s.Request.ID] {
			return
		}
		seen[s.Request.ID] = true
		if o, ok := s.Request.Decoded.(*wire.Operation); ok {
			if i, ok := o.Operation.(*account.IssuePermit); ok {
				list = append(list, i.Allowances)
			}
		}
	}
	return &list
}

// Needs that come within 50 ms share one permit with many addresses, where something else is under way as well; one that
// comes alone is not kept waiting.
func TestPermitsShared(t *testing.T) {
	w := newWorld(t, 8)
	alice := w.owner("alice")
	issues := w.issues()
	for i := range 10 {
		w.c.Start(w.now, Mutate{As: alice, Address: w.address(fmt.Sprint(i)), Mutation: put(alice)})
		w.run(0, 4*time.Millisecond)
	}
	w.run(0, 5*time.Second)
	if len(w.done) != 11 || len(*issues) != 2 || len((*issues)[0]) != 1 || len((*issues)[1]) != 9 {
		t.Errorf("%d done, permits %v", len(w.done), *issues)
	}
}

// An allowance of eight or more uses is renewed before it is used up, so that nobody waits for the next.
func TestPermitsAhead(t *testing.T) {
	w, alice, a := heldObject(t)
	issues := w.issues()
	w.must(Mutate{As: alice, Address: a, Mutation: insert("k", "v")})
	var took []time.Duration
	for i := range 200 {
		begun := w.now
		w.must(Mutate{As: alice, Address: a, Mutation: update("k", fmt.Sprint(i), mutabledata.Version(i+1))})
		took = append(took, w.now.Sub(begun))
	}
	usual := slices.Min(took)
	for i, d := range took[8:] {
		if d != usual {
			t.Errorf("update %d took %v, others %v", 8+i, d, usual)
		}
	}
	if len(*issues) < 4 || len(*issues) > 7 {
		t.Errorf("%d permits for 200 updates", len(*issues))
	}
	n := len(*issues)
	w.run(0, time.Minute)
	if len(*issues) != n {
		t.Errorf("%d permits that nobody needed", len(*issues)-n)
	}
}

// Counts grow with use, 1, 8, 64, and shrink back.
func TestPermitCounts(t *testing.T) {
	w, alice, a := heldObject(t)
	issues := w.issues()
	var counts []uint16
	step := func(n int) {
		for range n {
			w.must(Mutate{As: alice, Address: a, Mutation: insert(fmt.Sprint(w.nonce), "v")})
		}
		counts = nil
		for _, i := range *issues {
			counts = append(counts, i[0].Count)
		}
	}
	step(10)
	if !slices.Equal(counts, []uint16{8, 64}) { // the put took the first, of one
		t.Errorf("after ten more: %v", counts)
	}
	w.run(0, 12*time.Second)
	step(1)
	w.run(0, 12*time.Second)
	step(1)
	if !slices.Equal(counts, []uint16{8, 64, 8, 1}) {
		t.Errorf("after little use: %v", counts)
	}
}

// A permit is renewed when less than a sixth of its lifetime is left.
func TestPermitRenewed(t *testing.T) {
	w, alice, a := heldObject(t)
	w.must(Mutate{As: alice, Address: a, Mutation: insert("a", "v")}) // eight more
	issues := w.issues()
	w.run(0, 7*time.Second)
	w.must(Mutate{As: alice, Address: a, Mutation: insert("b", "v")})
	if len(*issues) != 0 {
		t.Fatal("renewed too soon")
	}
	w.run(0, 1500*time.Millisecond)
	w.must(Mutate{As: alice, Address: a, Mutation: insert("c", "v")})
	if len(*issues) != 1 {
		t.Error("not renewed")
	}
}

// A permit that data managers refuse is replaced, and the same mutation is sent with the new one.
func TestPermitInvalidSameMutation(t *testing.T) {
	w, alice, a := heldObject(t)
	w.must(Mutate{As: alice, Address: a, Mutation: insert("a", "v")})
	var first *permit.Body
	for _, v := range w.members(a) {
		v.doubts(a, func(p *permit.Permit) bool {
			if first == nil {
				first = &p.Body
			}
			return p.Body == *first
		})
	}
	ids := make(map[vaultnet.Digest]bool)
	attached := make(map[vaultnet.Digest]bool)
	w.watch = func(to *vault, m wire.Message) {
		if s, ok := m.(*wire.Submit); ok && s.Request.Address == a {
			ids[s.Request.ID], attached[permitOf(s).Body.Digest()] = true, true
		}
	}
	w.must(Mutate{As: alice, Address: a, Mutation: insert("k", "v")})
	if len(ids) != 1 || len(attached) != 2 {
		t.Errorf("%d mutations with %d permits, want 1 with 2", len(ids), len(attached))
	}
}

// What hinders a permit is the answer.
func TestPermitRefused(t *testing.T) {
	w, alice, a := heldObject(t)
	bob := w.person("bob")
	w.refused(Mutate{As: bob, Address: a, Mutation: insert("k", "v")}, refusal.NoSuchAccount)
	if e := w.refused(Mutate{As: bob, Account: alice.Public(), Address: a, Mutation: insert("k", "v")}, refusal.GrantInvalid); e.Detail.Reason != refusal.NeverGranted {
		t.Errorf("%v", e)
	}
	w.must(Operate{As: alice, Operation: &account.InsertGrant{Key: bob.Public(), Version: 1, Terms: account.Terms{Uses: 1}}})
	w.refused(Mutate{As: bob, Account: alice.Public(), Address: a, Mutation: insert("k", "v")}, refusal.AccessDenied)
	if e := w.refused(Mutate{As: alice, Address: a, Mutation: insert("k", "v"), Options: Options{Permit: PermitNone()}}, refusal.PermitInvalid); e.Detail.Reason != refusal.Missing {
		t.Errorf("%v", e)
	}
	w.refused(Mutate{As: alice, Address: w.address("free"), Mutation: insert("k", "v"), Options: Options{Permit: PermitNone()}}, refusal.PermitInvalid)
}

// A permit that was asked for can be given, and is spent where it is given.
func TestPermitGiven(t *testing.T) {
	w, alice, a := heldObject(t)
	d := w.must(Operate{As: alice, Operation: &account.IssuePermit{Allowances: []permit.Allowance{{Address: a, Count: 2}}}})
	p := d.Result.(Issued).Permits[0]
	if p.Allowance.Count != 2 || len(p.Signatures) < 3 {
		t.Fatalf("permit %+v", p)
	}
	given := Options{Permit: PermitGiven(p)}
	w.must(Mutate{As: alice, Address: a, Mutation: insert("a", "v"), Options: given})
	w.must(Mutate{As: alice, Address: a, Mutation: insert("b", "v"), Options: given})
	if e := w.refused(Mutate{As: alice, Address: a, Mutation: insert("c", "v"), Options: given}, refusal.PermitInvalid); e.Detail.Reason != refusal.UsedUp {
		t.Errorf("%v", e)
	}
	if e := w.refused(Mutate{As: w.person("bob"), Address: a, Mutation: insert("c", "v"), Options: given}, refusal.PermitInvalid); e.Detail.Reason != refusal.Requester {
		t.Errorf("%v", e)
	}
	forged := *p
	forged.Body.Total++
	if e := w.refused(Mutate{As: alice, Address: a, Mutation: insert("c", "v"), Options: Options{Permit: PermitGiven(&forged)}}, refusal.PermitInvalid); e.Detail.Reason != refusal.Malformed {
		t.Errorf("%v", e)
	}
}

// Where the balance does not suffice for all addresses at once, fewer are asked for.
func TestPermitLowBalance(t *testing.T) {
	w := newWorld(t, 8)
	w.params.AccountOperations = 5
	w.network = w.params.ID()
	w.c = w.client()
	alice := w.owner("alice")
	for i := range 8 {
		w.c.Start(w.now, Mutate{As: alice, Address: w.address(fmt.Sprint(i)), Mutation: put(alice)})
	}
	w.run(0, 40*time.Second)
	ok, low := 0, 0
	for _, d := range w.done {
		switch e, _ := d.Err.(*refusal.Error); {
		case d.Err == nil:
			ok++
		case e.Kind == refusal.LowBalance:
			low++
		default:
			t.Error(d.Err)
		}
	}
	if ok != 6 || low != 3 { // the account, and five of eight
		t.Errorf("%d done, %d of LowBalance", ok, low)
	}
}

// LowBalance is the last word of all: what lies idle in the client's own permits, at other addresses, is closed and used
// before. So an account's last operation can be done, wherever it is wanted.
func TestPermitReclaimed(t *testing.T) {
	const all, objects = 60, 5
	w := newWorld(t, 8)
	w.params.AccountOperations = all
	w.network = w.params.ID()
	w.c = w.client()
	alice := w.owner("alice")
	for i := range objects {
		w.must(Mutate{As: alice, Address: w.address(fmt.Sprint(i)), Mutation: put(alice)})
	}
	begun := w.now
	for i := objects; i < all; i++ {
		d := w.do(Mutate{As: alice, Address: w.address(fmt.Sprint(i % objects)), Mutation: insert(fmt.Sprint(i), "v")})
		if d.Err != nil {
			t.Fatalf("after %d of %d operations: %v", i, all, d.Err)
		}
	}
	if took := w.now.Sub(begun); took > 30*time.Second {
		t.Errorf("took %v", took)
	}
	w.refused(Mutate{As: alice, Address: w.address("0"), Mutation: insert("more", "v")}, refusal.LowBalance)
	for _, b := range w.c.books.list {
		if b.reclaiming || len(b.customers) > 0 {
			t.Error("a book waits still")
		}
	}
}

// What was not used returns: in the background after the expiry, and at once before the account is read.
func TestSettlement(t *testing.T) {
	for _, wait := range []bool{true, false} {
		w, alice, a := heldObject(t)
		for i := range 3 {
			w.must(Mutate{As: alice, Address: a, Mutation: insert(fmt.Sprint(i), "v")})
		}
		v := w.must(ReadAccount{As: alice, Unsettled: true}).Result.(AccountRead).View
		if v.Reserved != 9 || v.Available != 991 {
			t.Fatalf("before: %+v", v)
		}
		if wait {
			w.run(0, 30*time.Second)
			v = w.must(ReadAccount{As: alice, Unsettled: true}).Result.(AccountRead).View
			// The permit of one was used up; nobody has to show that.
			if v.Reserved != 1 || v.Done != 3 || v.Available != 996 {
				t.Errorf("in the background: %+v", v)
			}
			w.run(0, time.Minute)
			if len(w.c.books.list[0].held) != 0 {
				t.Error("permits are kept that can be settled no more")
			}
			continue
		}
		start := w.now
		v = w.must(ReadAccount{As: alice}).Result.(AccountRead).View
		if v.Reserved != 0 || v.Done != 4 || v.Available != 996 {
			t.Errorf("read: %+v", v)
		}
		if took := w.now.Sub(start); took > time.Second {
			t.Errorf("took %v", took)
		}
		w.must(SettleAll{As: alice})
		w.must(Mutate{As: alice, Address: a, Mutation: insert("more", "v")})
	}
}

// A permit for an address at which nothing came to be is settled after its expiry, by vaults that hold nothing.
func TestSettlementOfNothing(t *testing.T) {
	w := newWorld(t, 8)
	alice := w.owner("alice")
	w.refused(Mutate{As: alice, Address: w.address("free"), Mutation: insert("k", "v")}, refusal.NoSuchData)
	w.run(0, 20*time.Second)
	if v := w.must(ReadAccount{As: alice}).Result.(AccountRead).View; v.Reserved != 0 || v.Done != 0 || v.Available != 1000 {
		t.Errorf("%+v", v)
	}
}

// What is to be settled quickly leaves alone what was used up and what cannot be closed.
func TestSettlementOfTheUnused(t *testing.T) {
	w, alice, a := heldObject(t) // a permit of one is used up
	for i := range 3 {
		w.must(Mutate{As: alice, Address: a, Mutation: insert(fmt.Sprint(i), "v")})
	}
	w.refused(Mutate{As: alice, Address: w.address("free"), Mutation: insert("k", "v")}, refusal.NoSuchData)
	start := w.now
	w.must(SettleAll{As: alice, Unused: true})
	if took := w.now.Sub(start); took > time.Second {
		t.Errorf("took %v", took)
	}
	v := w.must(ReadAccount{As: alice, Unsettled: true}).Result.(AccountRead).View
	if v.Done != 3 || v.Reserved != 2 || v.Available != 995 { // the one used up, and the one that cannot be closed
		t.Errorf("%+v", v)
	}
}

// A permit that was issued, as the managers say when they are asked what became of it, is nothing without their
// signatures: they are asked for these.
func TestPermitSignaturesAskedFor(t *testing.T) {
	for _, kept := range []bool{true, false} { // permits that the client keeps, and those that are asked for
		w, alice, a := heldObject(t)
		account := vaultnet.AccountAddress(alice.Public())
		answered, deaf := 0, w.now.Add(12*time.Second)
		for _, v := range w.members(account) {
			v.lie = func(q wire.Message) ([]wire.Message, bool) { // the replies are lost until the deadline is over
				s, ok := q.(*wire.Submit)
				if !ok || s.Request.Address != account {
					return nil, false
				}
				answered++
				if w.now < deaf {
					v.submit(s.Request)
				}
				return nil, w.now < deaf
			}
		}
		w.drop = func(from, to vaultnet.PublicKey, m wire.Message) bool {
			r, ok := m.(*wire.Reply)
			return ok && r.Address == account && w.now < deaf
		}
		options := Options{Timeout: 30 * time.Second}
		if kept {
			w.must(Mutate{As: alice, Address: a, Mutation: insert("k", "v"), Options: options})
			continue
		}
		d := w.must(Operate{As: alice, Operation: issue(a, 2), Options: options})
		if p := d.Result.(Issued).Permits[0]; !p.Verify(w.network, w.keys) || len(p.Signatures) < 3 {
			t.Fatalf("permit %+v", p)
		}
		if answered == 0 {
			t.Fatal("nobody was asked")
		}
	}
}

// Where no signatures can be had in time, that is said; the outcome can be asked for.
func TestPermitNeverSigned(t *testing.T) {
	w, alice, a := heldObject(t)
	account := vaultnet.AccountAddress(alice.Public())
	w.drop = func(from, to vaultnet.PublicKey, m wire.Message) bool {
		r, ok := m.(*wire.Reply)
		return ok && r.Address == account
	}
	start := w.now
	e := w.refused(Operate{As: alice, Operation: issue(a, 2), Options: Options{Timeout: 20 * time.Second}}, refusal.Unavailable)
	if !e.Detail.OutcomeUnknown || w.now.Sub(start) > 20*time.Second {
		t.Fatalf("%v after %v", e, w.now.Sub(start))
	}
}

func issue(a vaultnet.Address, count uint16) *account.IssuePermit {
	return &account.IssuePermit{Allowances: []permit.Allowance{{Address: a, Count: count}}}
}
