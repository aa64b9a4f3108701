package core

import (
	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/wire"
)

// question is a message that is answered once the objects were stepped, so that the answer reflects the state that the turn
// makes durable.
type question struct {
	from vaultnet.PublicKey
	wire.Message
}

// ask has a question answered at the end of the turn.
func (v *Vault) ask(from vaultnet.PublicKey, m wire.Message) {
	v.questions = append(v.questions, question{from, m})
}

// answerAll answers the questions of the turn, and what is asked meanwhile.
func (v *Vault) answerAll() {
	for i := 0; i < len(v.questions); i++ {
		q := v.questions[i]
		switch m := q.Message.(type) {
		case *wire.Read:
			v.send(q.from, v.readAnswer(m))
		case *wire.GetOutcome:
			v.send(q.from, v.outcome(m))
		case *wire.GetSet:
			v.send(q.from, v.holding(m))
		case *wire.GetView:
			v.send(q.from, v.view(m))
		case *wire.GetStatement:
			v.send(q.from, v.statement(m))
		}
	}
	clear(v.questions)
	if v.questions = v.questions[:0]; cap(v.questions) > maxBatch {
		v.questions = nil
	}
}

// getOutcome answers what became of a request (design §5). A member that came by a state, or restarted, does not know
// what was applied with deadlines before that state, and says so. One that knows says more where it can: once the agreed
// block time is past the deadline, no later block may contain the request, so that it was not applied is a fact of the
// chain, and no longer one of who may still vote for what.
func (v *Vault) getOutcome(from vaultnet.PublicKey, m *wire.GetOutcome) {
	if v.load(v.objects.get(m.Address), from, m) {
		return
	}
	v.ask(from, m)
}

func (v *Vault) outcome(m *wire.GetOutcome) *wire.OutcomeAnswer {
	answer := &wire.OutcomeAnswer{Call: m.Call}
	known := v.now <= m.Deadline.Add(vaultnet.ResultsKept) // longer ago, results are forgotten
	e := v.objects.get(m.Address)
	if e == nil || e.live == nil || e.live.Height() == 0 {
		set := v.setOf(e)
		switch {
		case set != nil || !v.responsible(m.Address.Location()):
			answer.Outcome, answer.Members = agreement.Stranger, set
		case known && v.settled(m.Address):
			answer.Outcome = agreement.Refused
			answer.Clear = v.clear(e, m.Deadline)
		}
		return answer
	}
	l := e.live
	answer.Height, answer.Set = l.Height(), v.refOf(l)
	if a, ok := l.Applied(m.Deadline, m.ID); ok {
		answer.Outcome, answer.Height, answer.Result = agreement.Applied, a.Height, a.Result
		return answer
	}
	switch {
	case !l.Member():
		answer.Outcome, answer.Members = agreement.Stranger, v.setOf(e)
	case known && m.Deadline >= l.Forgotten():
		answer.Outcome = agreement.Refused
		answer.Clear = v.clear(e, m.Deadline)
		answer.Final = m.Deadline <= l.State().Time
	}
	return answer
}

// clear is clear(t): nothing with a time up to t can still be decided with this vault's vote (design §5).
func (v *Vault) clear(e *object, t vaultnet.Time) bool {
	if e != nil && e.live != nil {
		return e.live.Clear(t, v.now)
	}
	return v.now > t.Add(v.cfg.Parameters.Skew)
}

// getSet answers who holds an address, as far as this vault knows.
func (v *Vault) getSet(from vaultnet.PublicKey, m *wire.GetSet) {
	v.ask(from, m)
}

func (v *Vault) holding(m *wire.GetSet) *wire.SetAnswer {
	e := v.objects.get(m.Address)
	answer := &wire.SetAnswer{Call: m.Call, Address: m.Address, Set: v.setOf(e), Nearer: v.nearer(m.Address.Location())}
	if e != nil && e.live != nil {
		answer.Height = e.live.Height()
	} else if e != nil {
		answer.Height = e.height
	}
	answer.Settled = answer.Set == nil && v.settled(m.Address) // of one that is held it says nothing
	return answer
}
