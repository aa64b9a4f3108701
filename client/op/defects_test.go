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

// Each threshold, lowered, makes something go wrong that does not go wrong with it: two liars of eight, or what is
// still on its way, then suffice to mislead a client.
func TestThresholdsMatter(t *testing.T) {
	set := func(w *world, a vaultnet.Address) wire.SetRef { return refOf(w.at(a).last().set) }
	short := Options{Timeout: 4 * time.Second, NoRetry: true}
	for _, k := range []struct {
		name  string
		lower func(*thresholds)
		wrong func(w *world, alice vaultnet.Signer, a vaultnet.Address) bool
	}{
		{"applied", func(l *thresholds) { l.applied = 2 }, func(w *world, alice vaultnet.Signer, a vaultnet.Address) bool {
			for i, v := range w.members(a) {
				v.silent = i >= 2
				v.lie = func(q wire.Message) ([]wire.Message, bool) {
					s, ok := q.(*wire.Submit)
					if !ok {
						return nil, false
					}
					return []wire.Message{&wire.Reply{Address: a, ID: s.Request.ID, Outcome: agreement.Applied, Height: 9, Result: []byte{0x81, 0x80}, Set: set(w, a)}}, true
				}
			}
			return w.do(Mutate{As: alice, Address: a, Mutation: insert("k", "v"), Options: short}).Err == nil
		}},
		{"shown", func(l *thresholds) { l.shown = 2 }, func(w *world, alice vaultnet.Signer, a vaultnet.Address) bool {
			for i, v := range w.members(a) {
				v.lie = func(q wire.Message) ([]wire.Message, bool) {
					s, ok := q.(*wire.Submit)
					if !ok || i >= 2 {
						return nil, ok && s != nil // the others' answers are slow to come
					}
					return []wire.Message{&wire.Reply{Address: a, ID: s.Request.ID, Outcome: agreement.Refused, Height: 1, Set: set(w, a), Err: refusal.New(refusal.AccessDenied)}}, true
				}
			}
			return errors.Is(w.do(Mutate{As: alice, Address: a, Mutation: insert("k", "v"), Options: short}).Err, refusal.AccessDenied)
		}},
		{"withdrawn", func(l *thresholds) { l.withdrawn = 3 }, func(w *world, alice vaultnet.Signer, a vaultnet.Address) bool {
			m := w.members(a)
			for _, v := range m[:2] {
				v.lie = func(q wire.Message) ([]wire.Message, bool) {
					x, ok := q.(*wire.Withdraw)
					if !ok {
						return nil, false
					}
					return []wire.Message{&wire.Reply{Address: a, ID: x.Withdraw.Identity(w.network), Outcome: agreement.Withdrawn, Height: 1, Set: set(w, a)}}, true
				}
			}
			w.drop = func(from, to vaultnet.PublicKey, x wire.Message) bool { // one honest member hears of the withdrawal, in time
				_, ok := x.(*wire.Withdraw)
				return ok && to != m[0].id && to != m[1].id && to != m[2].id
			}
			ticket := w.c.Start(w.now, Mutate{As: alice, Address: a, Mutation: insert("k", "v"), Options: short})
			w.run(ticket, 5*time.Millisecond)
			w.c.Cancel(w.now, ticket)
			d := w.run(ticket, time.Minute)
			w.run(0, 20*time.Second)
			var e *refusal.Error
			return errors.As(d.Err, &e) && !e.Detail.OutcomeUnknown && w.value(a, "k") == "v"
		}},
		{"final", func(l *thresholds) { l.final = 2 }, func(w *world, alice vaultnet.Signer, a vaultnet.Address) bool {
			d := w.must(Mutate{As: alice, Address: a, Mutation: insert("k", "v")})
			w.run(0, 30*time.Second)
			for i, v := range w.members(a) {
				v.silent = i >= 2
				v.lie = func(q wire.Message) ([]wire.Message, bool) {
					g, ok := q.(*wire.GetOutcome)
					if !ok {
						return nil, false
					}
					return []wire.Message{&wire.OutcomeAnswer{Call: g.Call, Outcome: agreement.Refused, Height: 9, Final: true, Set: set(w, a)}}, true
				}
			}
			b, _ := w.do(Outcome{Address: a, Identity: d.Identity, Deadline: d.Deadline, Options: short}).Result.(Became)
			return b.Known && !b.Applied
		}},
		{"settled", func(l *thresholds) { l.settled = 3 }, func(w *world, alice vaultnet.Signer, a vaultnet.Address) bool {
			w.late(a) // five have a block and three do not; two of the five deny it, and two cannot be reached
			m := w.members(a)
			for _, v := range m[1:3] {
				v.lie = func(q wire.Message) ([]wire.Message, bool) {
					v.height[a] = 1
					defer func() { v.height[a] = 2 }()
					return v.honest(q), true
				}
			}
			m[3].silent, m[4].silent = true, true
			w.drop = func(from, to vaultnet.PublicKey, x wire.Message) bool { _, ok := x.(*wire.Bundle); return ok }
			d := w.do(Read{Address: a, Query: mutabledata.GetVersion{}, Options: short})
			return d.Err == nil && d.Height < 2
		}},
		{"alike", func(l *thresholds) { l.alike = 2 }, func(w *world, alice vaultnet.Signer, a vaultnet.Address) bool {
			for _, v := range w.members(a)[:2] {
				v.lie = func(q wire.Message) ([]wire.Message, bool) {
					r, ok := q.(*wire.Read)
					if !ok {
						return nil, false
					}
					x := *v.read(r).(*wire.ReadAnswer)
					x.Digest, x.Value = vaultnet.DomainAnswer.Hash([]byte{7}), []byte{7}
					return []wire.Message{&x}, true
				}
			}
			d := w.do(Read{Address: a, Query: mutabledata.GetVersion{}, Options: short})
			v, _ := d.Result.(mutabledata.Version)
			return d.Err == nil && v == 7
		}},
		{"confirmed", func(l *thresholds) { l.confirmed = 3 }, func(w *world, alice vaultnet.Signer, a vaultnet.Address) bool {
			w.late(a)
			m := w.members(a)
			w.decideAt(a, m[3], m[4], 1) // only three have the block
			d := w.do(Read{Address: a, Query: mutabledata.GetVersion{}, Options: short})
			have := 0
			for _, v := range m {
				if v.height[a] >= int(d.Height) {
					have++
				}
			}
			return d.Err == nil && have < 5
		}},
		{"absent", func(l *thresholds) { l.absent, l.settled, l.confirmed = 3, 3, 3 }, func(w *world, alice vaultnet.Signer, a vaultnet.Address) bool {
			w.c = w.client()
			w.lower()
			for i, v := range w.members(a) { // three have not heard of it, or say so
				if i < 3 {
					v.height[a] = 0
				} else {
					v.silent = true
				}
			}
			return errors.Is(w.do(Read{Address: a, Query: mutabledata.GetVersion{}, Options: short}).Err, refusal.NoSuchData)
		}},
		{"believed", func(l *thresholds) { l.believed = 1 }, func(w *world, alice vaultnet.Signer, a vaultnet.Address) bool {
			liar := w.members(a)[0]
			forged := agreement.NewSet(2, a, []vaultnet.PublicKey{liar.id})
			liar.lie = func(q wire.Message) ([]wire.Message, bool) {
				r, ok := q.(*wire.Read)
				if !ok {
					return nil, false
				}
				return []wire.Message{&wire.ReadAnswer{Call: r.Call, Height: 5, Set: refOf(forged), Members: forged, Member: true, Err: refusal.New(refusal.NoSuchEntry)}}, true
			}
			return errors.Is(w.do(Read{Address: a, Query: mutabledata.GetVersion{}, Options: short}).Err, refusal.NoSuchEntry)
		}},
	} {
		t.Run(k.name, func(t *testing.T) {
			for _, lowered := range []bool{false, true} {
				w, alice, a := heldObject(t)
				issued := w.must(Operate{As: alice, Operation: &account.IssuePermit{Allowances: []permit.Allowance{{Address: a, Count: 9}}}})
				short.Permit = PermitGiven(issued.Result.(Issued).Permits[0])
				w.lower = func() {
					w.c.place(a).differ = vaultnet.Never // reads ask all, so the liars, too
					if lowered {
						w.c.limits = func(n int) thresholds {
							l := thresholdsOf(n)
							k.lower(&l)
							return l
						}
					}
				}
				w.lower()
				if wrong := k.wrong(w, alice, a); wrong != lowered {
					t.Errorf("lowered: %t, and something goes wrong: %t", lowered, wrong)
				}
			}
		})
	}
}

// late decides a block that has reached five members.
func (w *world) late(a vaultnet.Address) {
	w.t.Helper()
	m := w.members(a)
	for _, v := range m[5:] {
		v.slow = true
	}
	if err := w.decide(a, nil, w.at(a).last().set); err != nil {
		w.t.Fatal(err)
	}
	for _, v := range m[5:] {
		v.slow = false
	}
}

// decideAt has two members be at a height.
func (w *world) decideAt(a vaultnet.Address, x, y *vault, height int) {
	x.height[a], y.height[a] = height, height
}
