package op

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/wire"
	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

// What two liars may have agreed upon.
const (
	asDrawn   = iota // each says what rapid draws
	stale            // the object is as it was a block ago
	obliging         // all is withdrawn, nothing is
	applauded        // all is applied
	forging          // another value at the true height
	usurping         // the object has moved to a set of the two alone
	plots
)

// liar makes a vault answer with what rapid draws: the truth, a changed truth, something old, something made up, twice,
// or nothing; or follow a plot with another.
func (v *vault) liar(t *rapid.T, object vaultnet.Address, plot int) {
	w := v.w
	v.lie = func(m wire.Message) ([]wire.Message, bool) {
		if plot != asDrawn && rapid.IntRange(0, 9).Draw(t, "follows") > 0 {
			return v.plot(m, object, plot), true
		}
		var answers []wire.Message
		old := v.height[object]
		if rapid.IntRange(0, 3).Draw(t, "old") == 0 && old > 0 {
			v.height[object] = rapid.IntRange(0, old).Draw(t, "height")
			answers = v.honest(m)
			v.height[object] = old
		} else {
			answers = v.honest(m)
		}
		var list []wire.Message
		for _, a := range answers {
			list = append(list, w.distort(t, object, a))
		}
		if s, ok := m.(*wire.Submit); ok && rapid.Bool().Draw(t, "make up") {
			list = append(list, w.distort(t, object, &wire.Reply{Address: s.Request.Address, ID: s.Request.ID, Outcome: agreement.Applied,
				Height: vaultnet.Height(len(w.at(object).states)), Result: []byte{0x81, 0x80}, Set: refOf(w.at(object).last().set)}))
		}
		if x, ok := m.(*wire.Withdraw); ok && rapid.Bool().Draw(t, "make up") {
			list = append(list, w.distort(t, object, &wire.Reply{Address: x.Withdraw.Address, ID: x.Withdraw.Identity(w.network), Outcome: agreement.Withdrawn,
				Height: vaultnet.Height(len(w.at(object).states)), Set: refOf(w.at(object).last().set)}))
		}
		switch rapid.IntRange(0, 5).Draw(t, "how often") {
		case 0:
			return nil, true
		case 1:
			return append(list, list...), true
		}
		return list, true
	}
}

// plot is what a liar answers that follows one.
func (v *vault) plot(m wire.Message, object vaultnet.Address, plot int) []wire.Message {
	w := v.w
	s, x := (*wire.Submit)(nil), (*wire.Withdraw)(nil)
	switch m := m.(type) {
	case *wire.Submit:
		s = m
	case *wire.Withdraw:
		x = m
	}
	top := w.at(object).last()
	newest := vaultnet.Height(len(w.at(object).states) - 1)
	switch {
	case plot == stale && newest > 1:
		old := v.height[object]
		v.height[object] = int(newest) - 1
		defer func() { v.height[object] = old }()
		return v.honest(m)
	case plot == obliging && x != nil:
		return []wire.Message{&wire.Reply{Address: object, ID: x.Withdraw.Identity(w.network), Outcome: agreement.Withdrawn, Height: newest, Set: refOf(top.set)}}
	case plot == obliging && s != nil && s.Request.Address == object:
		return append(v.honest(m), &wire.Reply{Address: object, ID: s.Request.ID, Outcome: agreement.Withdrawn, Height: newest, Set: refOf(top.set)})
	case plot == applauded && s != nil && s.Request.Address == object:
		return []wire.Message{&wire.Reply{Address: object, ID: s.Request.ID, Outcome: agreement.Applied, Height: newest + 1, Result: []byte{0x81, 0x80}, Set: refOf(top.set)}}
	case plot == usurping:
		var liars []vaultnet.PublicKey
		for _, o := range w.vaults {
			if o.lie != nil {
				liars = append(liars, o.id)
			}
		}
		forged := agreement.NewSet(top.set.Number+1, object, liars)
		switch m := m.(type) {
		case *wire.Submit:
			if m.Request.Address == object {
				return []wire.Message{&wire.Reply{Address: object, ID: m.Request.ID, Outcome: agreement.Moved, Height: newest, Set: refOf(forged), Members: forged},
					&wire.Reply{Address: object, ID: m.Request.ID, Outcome: agreement.Applied, Height: newest + 1, Result: []byte{0x81, 0x80}, Set: refOf(forged)}}
			}
		case *wire.Read:
			if m.Address == object {
				return []wire.Message{&wire.ReadAnswer{Call: m.Call, Height: newest + 1, Set: refOf(forged), Members: forged, Member: true, Err: refusal.New(refusal.NoSuchEntry)}}
			}
		}
	case plot == forging:
		list := v.honest(m)
		for i, a := range list {
			if r, ok := a.(*wire.ReadAnswer); ok && r.Set.Number > 0 {
				forged := *r
				forged.Err, forged.Value = nil, []byte{0x82, 0x41, 'x', 0}
				forged.Digest = vaultnet.DomainAnswer.Hash(forged.Value)
				list[i] = &forged
			}
			if r, ok := a.(*wire.Reply); ok && r.Address == object && r.Set.Number > 0 {
				list[i] = &wire.Reply{Address: object, ID: r.ID, Outcome: agreement.Refused, Height: newest, Set: refOf(top.set), Err: noSuchEntry("k0")}
			}
		}
		if s != nil && s.Request.Address == object && len(list) == 0 {
			list = append(list, &wire.Reply{Address: object, ID: s.Request.ID, Outcome: agreement.Refused, Height: newest, Set: refOf(top.set), Err: noSuchEntry("k0")})
		}
		return list
	}
	return v.honest(m)
}

var lies = []*refusal.Error{refusal.New(refusal.NoSuchData), refusal.New(refusal.AccessDenied), refusal.New(refusal.DataExists), refusal.New(refusal.TooManyMutations),
	refusal.New(refusal.NotSettled), refusal.Grant(refusal.Revoked), refusal.Permit(refusal.Expired), noSuchEntry("k0"), noSuchEntry("k1"), refusal.New(refusal.NoSuchEntry)}

// distort changes one thing about an answer. Both liars draw from the same few lies, so that they often agree.
func (w *world) distort(t *rapid.T, object vaultnet.Address, m wire.Message) wire.Message {
	height := func(h vaultnet.Height) vaultnet.Height {
		switch rapid.IntRange(0, 5).Draw(t, "height") {
		case 0:
			return h + 1
		case 1:
			return h + 1<<30
		case 2:
			return h - min(h, 1)
		}
		return h
	}
	ref := func(r wire.SetRef) wire.SetRef {
		switch rapid.IntRange(0, 7).Draw(t, "set") {
		case 0:
			return wire.SetRef{}
		case 1:
			return wire.SetRef{Number: r.Number + 1, Digest: vaultnet.Digest{7}}
		}
		return r
	}
	lie := func() *refusal.Error { return rapid.SampledFrom(lies).Draw(t, "lie") }
	switch m := m.(type) {
	case *wire.Reply:
		if m.Address != object {
			return m
		}
		x := *m
		x.Height, x.Set = height(x.Height), ref(x.Set)
		switch rapid.IntRange(0, 5).Draw(t, "reply") {
		case 0:
			x.Outcome, x.Err, x.Result, x.Permit = agreement.Refused, lie(), nil, nil
		case 1:
			x.Outcome, x.Err, x.Result, x.Permit = agreement.Withdrawn, nil, nil, nil
		case 2:
			x.Outcome, x.Err, x.Result, x.Permit = agreement.Moved, nil, nil, nil
			x.Set.Number++
		case 3:
			x.Outcome, x.Err, x.Result = agreement.Applied, nil, []byte{0x81, 0x80}
		}
		return &x
	case *wire.ReadAnswer:
		x := *m
		x.Height, x.Set = height(x.Height), ref(x.Set)
		switch rapid.IntRange(0, 5).Draw(t, "read") {
		case 0:
			x.Err, x.Value = lie(), nil
		case 1:
			x.Err, x.Value, x.Digest = nil, []byte{0x82, 0x41, 'x', 0}, vaultnet.DomainAnswer.Hash([]byte{0x82, 0x41, 'x', 0})
		case 2:
			x.Value = append([]byte(nil), x.Value...)
			if len(x.Value) > 0 {
				x.Value[0] ^= 1
			}
		case 3:
			x.Header = vaultnet.Digest{3}
		}
		return &x
	case *wire.SetAnswer:
		x := *m
		if rapid.Bool().Draw(t, "none") {
			x.Set = nil
		}
		return &x
	case *wire.OutcomeAnswer:
		x := *m
		x.Clear = rapid.Bool().Draw(t, "clear")
		x.Height = height(x.Height)
		return &x
	}
	return m
}

// With at most two liars of eight, and up to one more that is slow or silent for a while, no operation ends wrong: what
// is reported applied is applied, what is reported otherwise never will be, a refusal is the object's own at a height it
// had during the operation, and a read is of a height that is no older than what had been reported before it began.
func TestLiarsNeverWin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t, 9)
		alice := w.owner("alice")
		a := w.address("object")
		w.must(Mutate{As: alice, Address: a, Mutation: put(alice)})
		plot := rapid.IntRange(0, plots-1).Draw(t, "plot")
		for _, i := range []int{0, 1} {
			w.vaults[rapid.IntRange(0, 3).Draw(t, "liar")+4*i].liar(t, a, plot)
		}
		if loss := rapid.IntRange(0, 4).Draw(t, "loss"); loss > 0 {
			w.drop = func(from, to vaultnet.PublicKey, m wire.Message) bool {
				return rapid.IntRange(0, 9).Draw(t, "lost") < loss
			}
		}
		if rapid.Bool().Draw(t, "loses withdrawals") {
			other := w.drop
			w.drop = func(from, to vaultnet.PublicKey, m wire.Message) bool {
				_, ok := m.(*wire.Withdraw)
				return ok && rapid.IntRange(0, 9).Draw(t, "lost") < 7 || other != nil && other(from, to, m)
			}
		}
		if rapid.Bool().Draw(t, "spreads") {
			w.spread = func(to *vault) time.Duration {
				return time.Duration(rapid.IntRange(0, 30).Draw(t, "after")) * 20 * time.Millisecond
			}
		}
		var open []*attempt
		reported := vaultnet.Height(1)
		var unknown []*attempt
		finish := func(x *attempt) {
			d := w.done[x.ticket]
			x.d = d
			if d.Err == nil && d.Height == 0 {
				t.Fatalf("%v: no height", x.what)
			}
			if d.Err == nil || x.reads {
				reported = max(reported, d.Height)
			}
			x.judge(t, w, a)
			unknown = append(unknown, x)
		}
		for range rapid.IntRange(2, 6).Draw(t, "operations") {
			x := &attempt{from: reported}
			options := Options{Timeout: 12 * time.Second, Deadline: 4 * time.Second, NoRetry: rapid.Bool().Draw(t, "no retry")}
			k := mutabledata.Key(fmt.Sprint("k", rapid.IntRange(0, 2).Draw(t, "key")))
			switch rapid.IntRange(0, 4).Draw(t, "operation") {
			case 0:
				x.mutation = insert(string(k), fmt.Sprint(w.nonce))
			case 1:
				x.mutation = update(string(k), fmt.Sprint(w.nonce), mutabledata.Version(rapid.IntRange(1, 3).Draw(t, "version")))
			case 2:
				x.reads, x.query = true, mutabledata.GetValue{Key: k}
			case 3:
				if len(open) > 0 {
					w.c.Cancel(w.now, open[len(open)-1].ticket)
				}
				continue
			default:
				if slow := w.vaults[8]; rapid.Bool().Draw(t, "slow") {
					slow.slow = !slow.slow
				} else if w.at(a).last().set.Index(w.vaults[8].id) >= 0 && w.at(a).last().set.Number == 1 {
					w.swap(a)
				}
				continue
			}
			x.what = fmt.Sprintf("%+v%+v", x.mutation, x.query)
			if x.reads {
				x.ticket = w.c.Start(w.now, Read{Address: a, Query: x.query, Options: options})
			} else {
				x.ticket = w.c.Start(w.now, Mutate{As: alice, Address: a, Mutation: x.mutation, Options: options})
			}
			open = append(open, x)
			if rapid.Bool().Draw(t, "wait") {
				w.run(x.ticket, 13*time.Second)
			} else {
				w.run(x.ticket, time.Duration(rapid.SampledFrom([]int{0, 5, 15, 25, 60, 150, 400}).Draw(t, "ms"))*time.Millisecond)
			}
			rest := open[:0]
			for _, y := range open {
				if _, ok := w.done[y.ticket]; ok {
					finish(y)
				} else {
					rest = append(rest, y)
				}
			}
			open = rest
		}
		w.run(0, 13*time.Second)
		for _, y := range open {
			if _, ok := w.done[y.ticket]; !ok {
				t.Fatalf("%v: not completed by its timeout", y.what)
			}
			finish(y)
		}
		w.drop, w.spread = nil, nil
		w.run(0, 3*time.Minute)
		for _, y := range unknown { // what was reported holds for ever
			y.judge(t, w, a)
		}
	})
}

// attempt is an operation with what was known when it began.
type attempt struct {
	ticket   Ticket
	what     string
	mutation *mutabledata.MutateEntries
	query    mutabledata.GetValue
	reads    bool
	from     vaultnet.Height // reported before it began
	d        Completion
}

func (x *attempt) judge(t *rapid.T, w *world, a vaultnet.Address) {
	h := w.at(a)
	var e *refusal.Error
	errors.As(x.d.Err, &e)
	if x.reads {
		if e != nil && (e.Kind == refusal.Unavailable || e.Kind == refusal.NotSettled) {
			return
		}
		if x.d.Height < x.from || int(x.d.Height) >= len(h.states) {
			t.Fatalf("%v: height %d, reported before %d, decided %d", x.what, x.d.Height, x.from, len(h.states)-1)
		}
		v, there := h.states[x.d.Height].object.Entry(x.query.Key)
		if there != (e == nil) || there && string(v.Content) != content(x.d) || !there && e.Kind != refusal.NoSuchEntry {
			t.Fatalf("%v: read %q, %v; it is %q, %t", x.what, content(x.d), x.d.Err, v.Content, there)
		}
		return
	}
	found, at := false, vaultnet.Height(0)
	for _, s := range h.states {
		if d, ok := s.applied[x.d.Identity]; ok {
			found, at = true, d.height
		}
	}
	switch {
	case e == nil && (!found || at != x.d.Height):
		t.Fatalf("%v: reported applied at %d, is applied: %t, at %d", x.what, x.d.Height, found, at)
	case e != nil && e.Kind == refusal.Unavailable && e.Detail.OutcomeUnknown:
	case e != nil && found:
		t.Fatalf("%v: reported %v, is applied at %d", x.what, e, at)
	case e != nil && e.Kind == refusal.InvalidEntryActions: // the object's own, at a height it had meanwhile
		for i := int(x.from); i < len(h.states); i++ {
			trial := h.states[i]
			_, _, err := trial.object.Apply(x.mutation, mutabledata.Context{Requester: trial.object.Owner(), Payer: trial.object.Owner()})
			if err != nil && refusal.Same(invalid(err), e) {
				return
			}
		}
		t.Fatalf("%v: reported %v, which it never was from %d to %d", x.what, e, x.from, len(h.states)-1)
	case e != nil && !e.Kind.Retryable() && e.Kind != refusal.DeadlinePassed:
		t.Fatalf("%v: reported %v, a lie", x.what, e)
	}
}
