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
	"vaultnet/permit"
	"vaultnet/refusal"
)

// Where no quorum can be reached the outcome is unknown, and Outcome settles it later.
func TestOutcome(t *testing.T) {
	for _, apply := range []bool{true, false} {
		w, alice, a := heldObject(t)
		w.must(Mutate{As: alice, Address: a, Mutation: insert("a", "v")})
		m := w.members(a)
		w.drop = func(from, to vaultnet.PublicKey, x wire.Message) bool { // answers of half the members are lost
			return from == m[0].id || from == m[1].id || from == m[2].id || from == m[3].id ||
				!apply && (to == m[0].id || to == m[1].id || to == m[2].id || to == m[3].id)
		}
		start := w.now
		d := w.do(Mutate{As: alice, Address: a, Mutation: insert("k", "v"), Options: Options{Timeout: 8 * time.Second}})
		var e *refusal.Error
		if !errors.As(d.Err, &e) || e.Kind != refusal.Unavailable || !e.Detail.OutcomeUnknown {
			t.Fatalf("%v", d.Err)
		}
		if took := w.now.Sub(start); took > 8*time.Second {
			t.Errorf("took %v", took)
		}
		w.drop = nil
		ask := Outcome{Address: a, Identity: d.Identity, Deadline: d.Deadline}
		b := w.must(ask).Result.(Became)
		if !b.Known || b.Applied != apply || apply && b.Height != 3 {
			t.Errorf("applied %t: %+v", apply, b)
		}
		if apply != (w.value(a, "k") == "v") {
			t.Errorf("applied %t, %q", apply, w.value(a, "k"))
		}
	}
}

// "Not applied" before the deadline, or from too few that are clear of it, counts for nothing.
func TestOutcomeNeedsClear(t *testing.T) {
	w, alice, a := heldObject(t)
	_ = alice
	id := vaultnet.Digest{1}
	ticket := w.c.Start(w.now, Outcome{Address: a, Identity: id, Deadline: w.now.Add(5 * time.Second)})
	start := w.now
	d := w.run(ticket, time.Minute)
	if b, ok := d.Result.(Became); !ok || !b.Known || b.Applied || w.now.Sub(start) < 7*time.Second {
		t.Errorf("%+v after %v", d, w.now.Sub(start))
	}
	for _, v := range w.members(a)[:4] {
		v.lie = func(q wire.Message) ([]wire.Message, bool) {
			g, ok := q.(*wire.GetOutcome)
			return []wire.Message{&wire.OutcomeAnswer{Call: 0, Height: 1, Outcome: agreement.Refused, Set: refOf(w.at(a).last().set)}}, ok && g != nil
		}
	}
	w.refused(Outcome{Address: a, Identity: id, Deadline: w.now.Add(-3 * time.Second), Options: Options{Timeout: 3 * time.Second}}, refusal.Unavailable)
	w.refused(Outcome{Address: vaultnet.Address{Kind: vaultnet.KindImmutableData}}, refusal.InvalidRequest)
}

// Where members came by a state, too few know to be alike in A: then w that know it as a fact of the chain suffice, and
// where not even they are left, the answer is that it is forgotten, not that nobody can be reached.
func TestOutcomeOfWhatFewRemember(t *testing.T) {
	for _, k := range []struct {
		applied bool
		forget  int // members that do not know any more
		silent  int
		liars   int // members that say the opposite
		want    Became
	}{
		{false, 4, 1, 0, Became{Known: true}},
		{false, 3, 0, 2, Became{Known: true}},
		{true, 5, 0, 0, Became{Known: true, Applied: true, Height: 2}},
		{true, 4, 1, 0, Became{Known: true, Applied: true, Height: 2}},
		{true, 3, 0, 2, Became{Known: true, Applied: true, Height: 2}},
		{false, 6, 0, 0, Became{}},
		{true, 6, 0, 2, Became{}},
		{true, 4, 2, 2, Became{}},
		{false, 4, 2, 2, Became{}},
	} {
		w, alice, a := heldObject(t)
		id, deadline := vaultnet.Digest{1}, w.now.Add(5*time.Second)
		if k.applied {
			d := w.must(Mutate{As: alice, Address: a, Mutation: insert("k", "v")})
			id, deadline = d.Identity, d.Deadline
		}
		w.run(0, deadline.Sub(w.now)+30*time.Second)
		w.must(Mutate{As: alice, Address: a, Mutation: insert("later", "v")})
		for i, v := range w.members(a) {
			v.silent = i < k.silent
			v.lie = func(q wire.Message) ([]wire.Message, bool) {
				g, ok := q.(*wire.GetOutcome)
				if !ok {
					return nil, false
				}
				m := v.outcome(g).(*wire.OutcomeAnswer)
				switch {
				case i < k.silent+k.liars && k.applied:
					m.Outcome, m.Result, m.Clear, m.Final = agreement.Refused, nil, true, true
				case i < k.silent+k.liars:
					m.Outcome, m.Height, m.Result = agreement.Applied, 2, []byte{0x81, 0x80}
				case i < k.silent+k.liars+k.forget:
					m.Outcome, m.Result, m.Clear, m.Final = 0, nil, false, false
					_, m.Height = v.state(a)
				}
				return []wire.Message{m}, true
			}
		}
		d := w.do(Outcome{Address: a, Identity: id, Deadline: deadline, Options: Options{Timeout: 10 * time.Second}})
		b, ok := d.Result.(Became)
		if !ok || b.Known != k.want.Known || b.Applied != k.want.Applied || b.Height != k.want.Height {
			t.Errorf("%+v: %+v", k, d)
		}
	}
}

// A change learns in the same way that its request will never be applied.
func TestFewRememberThatItFailed(t *testing.T) {
	w, alice, a := heldObject(t)
	permits := w.must(Operate{As: alice, Operation: &account.IssuePermit{Allowances: []permit.Allowance{{Address: a, Count: 9}}}})
	for i, v := range w.members(a) {
		v.lie = func(q wire.Message) ([]wire.Message, bool) {
			switch q := q.(type) {
			case *wire.Submit:
				return nil, q.Request.Set == 1 && string(q.Request.Body) == string(mutabledata.Encode(insert("k", "v")))
			case *wire.Withdraw:
				return nil, true
			case *wire.GetOutcome:
				m := v.outcome(q).(*wire.OutcomeAnswer)
				if m.Clear = false; i < 5 {
					m.Outcome, m.Final = 0, false
				}
				return []wire.Message{m}, true
			}
			return nil, false
		}
	}
	ticket := w.c.Start(w.now, Mutate{As: alice, Address: a, Mutation: insert("k", "v"), Options: Options{Deadline: 2 * time.Second,
		Timeout: 20 * time.Second, NoRetry: true, Permit: PermitGiven(permits.Result.(Issued).Permits[0])}})
	w.run(ticket, 5*time.Second)
	if err := w.decide(a, nil, w.at(a).last().set); err != nil {
		t.Fatal(err)
	}
	d := w.run(ticket, 30*time.Second)
	var e *refusal.Error
	if !errors.As(d.Err, &e) || e.Detail.OutcomeUnknown {
		t.Errorf("%+v", d)
	}
}

// A request whose deadline has passed without being applied is signed anew, once A members are clear of it.
func TestSignedAnew(t *testing.T) {
	w, alice, a := heldObject(t)
	ids := make(map[vaultnet.Digest]bool)
	w.watch = func(to *vault, m wire.Message) {
		if s, ok := m.(*wire.Submit); ok && s.Request.Address == a {
			ids[s.Request.ID] = true
		}
	}
	busy := w.now.Add(14 * time.Second)
	for _, v := range w.vaults {
		v.lie = func(q wire.Message) ([]wire.Message, bool) {
			s, ok := q.(*wire.Submit)
			if !ok || s.Request.Address != a || w.now > busy {
				return nil, false
			}
			return []wire.Message{&wire.Reply{Address: a, ID: s.Request.ID, Outcome: agreement.Refused, Height: 1, Set: refOf(w.at(a).last().set),
				Err: refusal.New(refusal.TooManyMutations)}}, true
		}
	}
	w.must(Mutate{As: alice, Address: a, Mutation: insert("k", "v"), Options: Options{Deadline: 5 * time.Second}})
	if len(ids) < 2 || len(ids) > 3 {
		t.Errorf("signed %d times", len(ids))
	}
}

// Whatever the vaults do, every operation has completed by its timeout.
func TestTimeouts(t *testing.T) {
	for name, quiet := range map[string]func(w *world){
		"silent": func(w *world) { w.drop = func(from, to vaultnet.PublicKey, m wire.Message) bool { return true } },
		"half silent": func(w *world) {
			w.drop = func(from, to vaultnet.PublicKey, m wire.Message) bool {
				return w.vaults[0].id == from || w.vaults[1].id == from || w.vaults[2].id == from || w.vaults[3].id == from
			}
		},
		"unsettled": func(w *world) {
			for _, v := range w.vaults {
				v.unsettled = true
			}
		},
		"strangers": func(w *world) {
			for _, v := range w.vaults {
				v.lie = v.stranger
			}
		},
	} {
		for _, known := range []bool{true, false} {
			w, alice, a := heldObject(t)
			quiet(w)
			if !known {
				w.c = w.client()
				a = w.address("another")
			}
			options := Options{Timeout: 6 * time.Second}
			var tickets []Ticket
			for _, o := range []Operation{
				Mutate{As: alice, Address: a, Mutation: put(alice), Options: options},
				Mutate{As: alice, Address: a, Mutation: insert("k", "v"), Options: options},
				Operate{As: alice, Operation: &account.Verify{}, Options: options},
				Operate{As: w.person("bob"), Operation: &account.CreateAccount{}, Options: options},
				Read{Address: a, Query: mutabledata.GetObject{}, Options: options},
				ReadAccount{As: alice, Options: options},
				PutChunk{As: alice, Content: []byte("x"), Options: options},
				GetChunk{Name: vaultnet.Name{1}, Options: options},
				Outcome{Address: a, Identity: vaultnet.Digest{1}, Deadline: w.now, Options: options},
				SettleAll{As: alice, Options: options},
			} {
				tickets = append(tickets, w.c.Start(w.now, o))
			}
			end := w.now.Add(options.Timeout)
			w.run(0, 7*time.Second)
			for i, ticket := range tickets {
				d, ok := w.done[ticket]
				if !ok || w.ended[ticket] > end {
					t.Errorf("%s, known %t: operation %d: completed %t, %v late", name, known, i, ok, w.ended[ticket].Sub(end))
				}
				if e, isRefusal := d.Err.(*refusal.Error); d.Err != nil && !isRefusal {
					t.Errorf("%s: operation %d: %v (%v)", name, i, d.Err, e)
				}
			}
			w.run(0, 2*time.Minute)
			if n := len(w.c.calls) + len(w.c.requests) + len(w.c.operations); n != 0 {
				t.Errorf("%s, known %t: %d calls, %d requests, %d operations are left", name, known, len(w.c.calls), len(w.c.requests), len(w.c.operations))
			}
			for _, p := range w.c.places.list {
				if n := len(p.users); n != 0 && p != w.c.place(vaultnet.AccountAddress(alice.Public())) {
					t.Errorf("%s, known %t: %v has %d users", name, known, p.address, n)
				}
			}
		}
	}
}

// stranger answers everything as a vault that is no member.
func (v *vault) stranger(m wire.Message) ([]wire.Message, bool) {
	switch m := m.(type) {
	case *wire.Submit:
		return []wire.Message{&wire.Reply{Address: m.Request.Address, ID: m.Request.ID, Outcome: agreement.Stranger}}, true
	case *wire.Withdraw:
		return []wire.Message{&wire.Reply{Address: m.Withdraw.Address, ID: m.Withdraw.Identity(v.w.network), Outcome: agreement.Stranger}}, true
	case *wire.Read:
		return []wire.Message{&wire.ReadAnswer{Call: m.Call, Err: refusal.New(refusal.NotSettled)}}, true
	case *wire.GetSet:
		return []wire.Message{&wire.SetAnswer{Call: m.Call, Address: m.Address}}, true
	case *wire.GetOutcome:
		return []wire.Message{&wire.OutcomeAnswer{Call: m.Call, Outcome: agreement.Stranger}}, true
	}
	return nil, true
}
