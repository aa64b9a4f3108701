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
// minutes, unknown). "Not applied" counts only from members that are clear of its deadline, or that know it from the chain
// (design §5). Members that came by a state do not know what was applied before it: they are not in the way of those that do.
type inquiry struct {
	job
	place    *place
	question *wire.GetOutcome
	until    vaultnet.Time
	patience vaultnet.Time // from then on nobody is waited for that may remember
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
	q := &inquiry{place: c.place(m.Address), until: c.now.Add(timeout), doubtAt: c.now.Add(staleAfter), patience: c.now.Add(staleAfter)}
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
	seats := q.said.of(q.place.members())
	n := q.count(seats)
	if w := n.applied; w != nil {
		q.place.reach(w.Height)
		q.end(Became{Known: true, Applied: true, Height: w.Height, Result: w.Result}, nil)
		return
	}
	known := q.place.set != nil || q.locating.free()
	switch {
	case known && n.never(q.place.limits()):
		q.end(Became{Known: true}, nil)
		return
	case known && q.lost(&n):
		q.end(Became{}, nil)
		return
	case q.c.now >= q.until:
		q.end(Became{}, refusal.New(refusal.Unavailable))
		return
	}
	if q.c.now >= q.doubtAt {
		q.doubtAt = q.c.now.Add(lookupEvery)
		if q.place.known() && n.speaking < q.place.limits().believed {
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
	next := min(q.again.next, q.doubtAt, q.until, q.locating.step())
	if q.c.now < q.patience {
		next = min(next, q.patience)
	}
	q.wake(next)
}

// answers is what the members of the set that is asked have said, counted.
type answers struct {
	applied   *wire.OutcomeAnswer // what counts as certain; nil: nothing yet
	speaking  int                 // of that set
	clear     int                 // clear of the deadline, or final
	final     int                 // a block later than the deadline is decided, and none applied it
	forgotten int
	alike     int // the most that know it alike, whether that is certain or not
}

// never reports whether it is certain that the request will never be applied. A members that are clear of its deadline
// leave no quorum to decide a block with it. Where such blocks are ruled out by what is decided already, one honest member
// that knows the chain is enough, so w that say so (design §5).
func (n *answers) never(l thresholds) bool {
	return n.final > 0 && n.final >= l.final || n.clear > 0 && n.clear >= l.withdrawn
}

func (q *inquiry) count(seats []*seat[*wire.OutcomeAnswer]) (n answers) {
	refused := 0
	for i, s := range seats {
		if !q.place.speaksFor(s.word.Set) {
			continue
		}
		n.speaking++
		switch s.word.Outcome {
		case agreement.Applied:
			alike, reached := 0, 0 // reached: at that height, and remembering no more what it applied
			for k, o := range seats {
				switch w := o.word; {
				case !q.place.speaksFor(w.Set) || w.Height < s.word.Height:
				case w.Outcome == 0:
					reached++
				case k >= i && w.Outcome == agreement.Applied && w.Height == s.word.Height && bytes.Equal(w.Result, s.word.Result):
					alike++
				}
			}
			if n.alike = max(n.alike, alike); certain(alike, reached, q.place.limits()) {
				n.applied = s.word
			}
		case agreement.Refused:
			refused++
			if s.word.Final {
				n.final++
			}
			if s.word.Final || s.word.Clear {
				n.clear++
			}
		case 0:
			n.forgotten++
		}
	}
	n.alike = max(n.alike, refused)
	return n
}

// certain reports whether a request is applied: w members say alike where and with what result, so an honest one does,
// and A members are at that height, so that whoever reads next meets one of them. reached counts those that are there and
// know no more what was applied, because they came by a later state.
func certain(alike, reached int, l thresholds) bool {
	return alike > 0 && (alike >= l.applied || alike >= l.final && alike+reached >= l.applied)
}

// lost reports whether too few members remember: more than n − w do not; or, when all had time to answer and n − f did,
// fewer than w know something alike. And when time is up, it is no lack of answers, if so many do not know that the rest
// could not have settled it by their votes.
func (q *inquiry) lost(n *answers) bool {
	members, l := len(q.place.members()), q.place.limits()
	answered := n.speaking >= members-vaultnet.Faults(members)
	switch {
	case n.forgotten == 0:
		return false
	case n.forgotten > members-l.final:
		return true
	case q.c.now >= q.until:
		return answered && members-n.forgotten < l.withdrawn
	}
	return answered && n.alike < l.final && (n.speaking == members || q.c.now >= q.patience)
}
