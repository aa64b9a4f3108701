package core

import (
	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/wire"
)

// getOutcome answers what became of a request (design §5). A member that came by a state, or restarted, does not know
// what was applied with deadlines before that state, and says so. One that knows says more where it can: once the agreed
// block time is past the deadline, no later block may contain the request, so that it was not applied is a fact of the
// chain, and no longer one of who may still vote for what.
func (v *Vault) getOutcome(from vaultnet.PublicKey, m *wire.GetOutcome) {
	if v.load(v.objects.get(m.Address), from, m) {
		return
	}
	v.later = append(v.later, func() { v.send(from, v.outcome(m)) })
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
	v.later = append(v.later, func() {
		e := v.objects.get(m.Address)
		answer := &wire.SetAnswer{Call: m.Call, Address: m.Address, Set: v.setOf(e), Nearer: v.nearer(m.Address.Location())}
		if e != nil && e.live != nil {
			answer.Height = e.live.Height()
		} else if e != nil {
			answer.Height = e.height
		}
		answer.Settled = answer.Set == nil && v.settled(m.Address) // of one that is held it says nothing
		v.send(from, answer)
	})
}
