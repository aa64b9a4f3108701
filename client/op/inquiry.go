package op

import (
	"bytes"
	"fmt"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/wire"
	"vaultnet/refusal"
)

// inquiry asks the members of an address what became of a request (semantics §1: applied, not applied or, after ten
// minutes, unknown). "Not applied" counts only from members that are clear of its deadline (design §5).
type inquiry struct {
	job
	place    *place
	question *wire.GetOutcome
	until    vaultnet.Time
	doubtAt  vaultnet.Time
	again    repeat
	said     roster[*wire.OutcomeAnswer]
	locating locating
	finish   func(b Became, height vaultnet.Height, err *refusal.Error) // called once
}

func (m Outcome) begin(c *Client, t Ticket) {
	o := c.under(t, "outcome")
	timeout, _, err := m.times()
	if err == nil && m.Address.Kind != vaultnet.KindMutableData && m.Address.Kind != vaultnet.KindAccount {
		err = refusal.Invalid("no request changes a %v", m.Address.Kind)
	}
	if err != nil {
		o.fail(err)
		return
	}
	q := &inquiry{place: c.place(m.Address), until: c.now.Add(timeout), doubtAt: c.now.Add(staleAfter)}
	q.finish = func(b Became, height vaultnet.Height, err *refusal.Error) {
		d := Completion{Identity: m.Identity, Deadline: m.Deadline, Height: height}
		if err != nil {
			o.refuse(d, err, fmt.Sprint(m.Address))
			return
		}
		d.Result = b
		o.complete(d)
	}
	o.cancel = func() { q.end(Became{}, &refusal.Error{Kind: refusal.Unavailable, Cause: Cancelled}) }
	q.place.join(&q.job)
	q.start(c, q.step)
	q.question = &wire.GetOutcome{Call: c.open(q), Address: m.Address, Deadline: m.Deadline, ID: m.Identity}
	q.locating.begin(&q.job, q.place)
}

func (q *inquiry) end(b Became, err *refusal.Error) {
	if q.over {
		return
	}
	q.c.close(q.question.Call)
	q.locating.end()
	q.place.leave(&q.job)
	q.stop()
	q.finish(b, b.Height, err)
}

func (q *inquiry) answer(from vaultnet.PublicKey, m wire.Message) {
	a, ok := m.(*wire.OutcomeAnswer)
	s := q.said.find(from)
	if !ok || s == nil {
		return
	}
	s.heard, s.word = true, a
	q.place.hear(from, a.Set, a.Members, nil)
	q.poke()
}

func (q *inquiry) step() {
	limits := q.place.limits()
	seats := q.said.of(q.place.members())
	clear, forgotten, speaking := 0, 0, 0
	for i, s := range seats {
		if !q.place.speaksFor(s.word.Set) {
			continue
		}
		speaking++
		switch {
		case s.word.Outcome == agreement.Applied:
			n := 0
			for _, o := range seats[i:] {
				if w := o.word; w.Outcome == agreement.Applied && q.place.speaksFor(w.Set) && w.Height == s.word.Height &&
					bytes.Equal(w.Result, s.word.Result) {
					n++
				}
			}
			if n >= limits.applied {
				q.place.reach(s.word.Height)
				q.end(Became{Known: true, Applied: true, Height: s.word.Height, Result: s.word.Result}, nil)
				return
			}
		case s.word.Outcome == agreement.Refused && s.word.Clear:
			clear++
		case s.word.Outcome == 0:
			forgotten++
		}
	}
	known := q.place.set != nil || q.locating.free()
	switch {
	case known && clear > 0 && clear >= limits.withdrawn:
		q.end(Became{Known: true}, nil)
		return
	case known && forgotten > 0 && forgotten >= limits.withdrawn:
		q.end(Became{}, nil)
		return
	case q.c.now >= q.until:
		q.end(Became{}, refusal.New(refusal.Unavailable))
		return
	}
	if q.c.now >= q.doubtAt {
		q.doubtAt = q.c.now.Add(lookupEvery)
		if q.place.known() && speaking < limits.believed {
			q.place.doubt()
		}
	}
	due := q.again.due(q.c.now)
	for _, v := range q.place.audience() {
		s := q.said.admit(v)
		if s != nil && (!s.asked || due && !(s.heard && s.word.Outcome == agreement.Applied)) {
			s.asked = true
			q.c.send(v, q.question)
		}
	}
	q.wake(min(q.again.next, q.doubtAt, q.until, q.locating.step()))
}
