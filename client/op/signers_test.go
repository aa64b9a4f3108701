package op

import (
	"fmt"
	"testing"
	"time"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/wire"
	"vaultnet/permit"
	"vaultnet/refusal"
)

// doubts has a data manager refuse, as having signers whom it does not know, the permits of an object that which names.
func (v *vault) doubts(a vaultnet.Address, which func(*permit.Permit) bool) {
	v.lie = func(q wire.Message) ([]wire.Message, bool) {
		s, ok := q.(*wire.Submit)
		if !ok || s.Request.Address != a {
			return nil, false
		}
		d, ok := s.Request.Decoded.(*wire.Mutation)
		if !ok || !which(d.Permit) {
			return nil, false
		}
		return []wire.Message{v.unknownSigners(s)}, true
	}
}

func (v *vault) unknownSigners(s *wire.Submit) *wire.Reply {
	a := s.Request.Address
	return &wire.Reply{Address: a, ID: s.Request.ID, Outcome: agreement.Refused, Height: vaultnet.Height(v.height[a]),
		Set: refOf(v.w.at(a).last().set), Err: refusal.Permit(refusal.Signers)}
}

// few reports whether a permit shows no more signatures than it needs among eight.
func few(p *permit.Permit) bool { return len(p.Signatures) == vaultnet.Weak(8) }

// shownPermits notes the permit of each mutation that goes to a vault.
func (w *world) shownPermits(a vaultnet.Address) *[]*wire.Submit {
	var list []*wire.Submit
	w.watch = func(to *vault, m wire.Message) {
		if s, ok := m.(*wire.Submit); ok && s.Request.Address == a && to == w.members(a)[0] {
			list = append(list, s)
		}
	}
	return &list
}

func permitOf(s *wire.Submit) *permit.Permit { return s.Request.Decoded.(*wire.Mutation).Permit }

// A permit is shown with w signatures, and always with the same ones, although more come in when it is held already.
func TestFewSignaturesAreShown(t *testing.T) {
	w, alice, a := heldObject(t)
	slow := w.near(vaultnet.AccountAddress(alice.Public()))[5:]
	w.drop = func(from, to vaultnet.PublicKey, m wire.Message) bool { // what three managers say comes later
		r, ok := m.(*wire.Reply)
		for _, v := range slow {
			if ok && r.Permit != nil && from == v.id {
				drop := w.drop
				w.drop = nil
				w.post(from, to, m, 45*time.Millisecond)
				w.drop = drop
				return true
			}
		}
		return false
	}
	shown := w.shownPermits(a)
	for i := range 40 {
		w.must(Mutate{As: alice, Address: a, Mutation: insert(fmt.Sprint(i), "v")})
	}
	attached := make(map[vaultnet.Digest]vaultnet.Digest)
	for _, s := range *shown {
		p := permitOf(s)
		if !few(p) {
			t.Fatalf("%d signatures shown", len(p.Signatures))
		}
		id := p.Body.Digest()
		if first, ok := attached[id]; ok && first != s.Request.Ref.Attached {
			t.Fatal("one permit was shown in two ways")
		}
		attached[id] = s.Request.Ref.Attached
	}
	if len(attached) < 2 || len(*shown) < 40 {
		t.Errorf("%d permits shown %d times", len(attached), len(*shown))
	}
}

// A data manager that does not know one of the signers is shown all there are, at once, and with no other permit; from
// then on everybody is.
func TestMoreSignaturesForWhoKnowsTooFew(t *testing.T) {
	w, alice, a := heldObject(t)
	w.must(Mutate{As: alice, Address: a, Mutation: insert("a", "v")})
	m := w.members(a)
	m[0].doubts(a, few)
	m[1].silent, m[2].silent = true, true // so the six others are needed
	shown := w.shownPermits(a)
	began := w.now
	w.must(Mutate{As: alice, Address: a, Mutation: insert("b", "v")})
	if took := w.now.Sub(began); took >= repeatFirst {
		t.Errorf("it took %v: a timeout was waited for", took)
	}
	if s := *shown; len(s) != 2 || !few(permitOf(s[0])) || few(permitOf(s[1])) || s[0].Request.ID != s[1].Request.ID ||
		permitOf(s[0]).Body != permitOf(s[1]).Body {
		t.Fatalf("shown %d times", len(s))
	}
	w.must(Mutate{As: alice, Address: a, Mutation: insert("c", "v")})
	if s := *shown; len(s) != 3 || few(permitOf(s[2])) || s[2].Request.Ref.Attached != s[1].Request.Ref.Attached {
		t.Error("the next mutation shows something else")
	}
}

// A manager of whom the client alone takes it that it is one: all data managers refuse what it signed, each when it comes
// to it. Their late words about the few signatures are not held against all.
func TestLateWordsAboutFewSignatures(t *testing.T) {
	w, alice, a := heldObject(t)
	w.must(Mutate{As: alice, Address: a, Mutation: insert("a", "v")})
	for i, v := range w.members(a) {
		v.lie = func(q wire.Message) ([]wire.Message, bool) {
			s, ok := q.(*wire.Submit)
			if !ok || s.Request.Address != a || !few(permitOf(s)) {
				return nil, false
			}
			w.post(v.id, w.self, v.unknownSigners(s), w.latency+time.Duration(i)*3*time.Millisecond)
			return nil, true
		}
	}
	issues, shown := w.issues(), 0
	count := w.watch
	w.watch = func(to *vault, m wire.Message) {
		if s, ok := m.(*wire.Submit); ok && s.Request.Address == a {
			shown++
		}
		count(to, m)
	}
	w.must(Mutate{As: alice, Address: a, Mutation: insert("b", "v")})
	w.run(0, time.Second)
	if len(*issues) != 0 || shown != 16 {
		t.Errorf("%d permits issued, %d requests sent", len(*issues), shown)
	}
	if w.must(Mutate{As: alice, Address: a, Mutation: insert("c", "v")}); len(*issues) != 0 {
		t.Error("the permit was taken for one that is refused")
	}
}

// Who refuses whatever is shown to it gains nothing, and where w do, there is another permit.
func TestWhoNeverKnowsEnoughSigners(t *testing.T) {
	w, alice, a := heldObject(t)
	w.must(Mutate{As: alice, Address: a, Mutation: insert("a", "v")})
	m := w.members(a)
	for _, v := range m[:2] {
		v.doubts(a, func(*permit.Permit) bool { return true })
	}
	issues := w.issues()
	for i := range 5 {
		w.must(Mutate{As: alice, Address: a, Mutation: insert(fmt.Sprint("b", i), "v")})
	}
	if len(*issues) != 0 {
		t.Errorf("two liars made %d permits be asked for", len(*issues))
	}
	first := w.c.book(alice, alice.Public()).held
	old := first[len(first)-1].body
	for _, v := range m[:3] {
		v.doubts(a, func(p *permit.Permit) bool { return p.Body == old })
	}
	w.must(Mutate{As: alice, Address: a, Mutation: insert("c", "v")})
	if len(*issues) != 1 {
		t.Errorf("%d permits in place of one that three refuse", len(*issues))
	}
}
