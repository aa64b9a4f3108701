package core

import (
	"vaultnet"
	"vaultnet/internal/wire"
	"vaultnet/permit"
	"vaultnet/refusal"
)

// getStatement states how often a permit was used at an address (design §8). It is signed where it is certain: the
// permit is closed there, or this vault is clear of its expiry; and refused once the records of that expiry may be gone.
func (v *Vault) getStatement(from vaultnet.PublicKey, m *wire.GetStatement) {
	if v.load(v.objects.get(m.Address), from, m) {
		return
	}
	v.ask(from, m)
}

func (v *Vault) statement(m *wire.GetStatement) *wire.StatementAnswer {
	answer := &wire.StatementAnswer{Call: m.Call}
	refuse := func(e *refusal.Error) *wire.StatementAnswer {
		answer.Err = v.refused(m.Address, e)
		return answer
	}
	if m.Address.Kind != vaultnet.KindMutableData {
		return refuse(refusal.Invalid("permits are not used at a %v", m.Address.Kind))
	}
	e := v.objects.get(m.Address)
	var usage permit.Usage
	at := vaultnet.Time(0) // where nothing was decided, nothing was used
	if e == nil || e.live == nil || e.live.Height() == 0 {
		if answer.Members = v.setOf(e); answer.Members != nil || !v.responsible(m.Address.Location()) || !v.settled(m.Address) {
			return refuse(refusal.New(refusal.NotSettled))
		}
	} else {
		answer.Set = v.refOf(e.live)
		if !e.live.Member() {
			answer.Members = v.setOf(e)
			return refuse(refusal.New(refusal.NotSettled))
		}
		s := e.live.State()
		machine, ok := s.Machine.(*dataMachine)
		if !ok {
			return refuse(refusal.Invalid("permits are not used there"))
		}
		usage, at = machine.usage, s.Time
	}
	statement, ok := usage.State(m.Address, m.Permit, m.Expires, at)
	if !ok || v.now > m.Expires.Add(vaultnet.UsageGrace) {
		return refuse(refusal.Permit(refusal.Expired))
	}
	answer.Statement = statement
	if statement.Closed || v.clear(e, m.Expires) {
		answer.By = v.out.state(statement.Leaf(v.network), v.cfg.Self)
	}
	return answer
}
