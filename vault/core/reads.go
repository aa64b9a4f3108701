package core

import (
	"vaultnet"
	"vaultnet/account"
	"vaultnet/internal/canonical"
	"vaultnet/internal/wire"
	"vaultnet/mutabledata"
	"vaultnet/refusal"
)

// read answers a read (design §5) when the turn's blocks are applied, so that it reflects everything this member has
// reported. A member that is behind answers with what it has, by its height.
func (v *Vault) read(from vaultnet.PublicKey, m *wire.Read) {
	if v.load(v.objects.get(m.Address), from, m) {
		return
	}
	v.ask(from, m)
}

func (v *Vault) readAnswer(m *wire.Read) *wire.ReadAnswer {
	answer := &wire.ReadAnswer{Call: m.Call}
	e := v.objects.get(m.Address)
	if e == nil || e.live == nil || e.live.Height() == 0 {
		at := m.Address.Location()
		answer.Members = v.setOf(e)
		answer.Nearer = v.nearer(at)
		switch {
		case answer.Members != nil || !v.responsible(at):
			answer.Err = refusal.New(refusal.NotSettled)
			return v.answerRead(answer, m, nil, answer.Err)
		case !v.settled(m.Address):
			return v.answerRead(answer, m, nil, refusal.New(refusal.NotSettled))
		}
		answer.Member = true
		absent, err := v.Machine(m.Address, nil)
		if err != nil {
			return v.answerRead(answer, m, nil, err)
		}
		return v.answerOf(answer, m, absent)
	}
	l := e.live
	v.used(l)
	s := l.State()
	answer.Height, answer.Header, answer.Time, answer.Set, answer.Member = l.Height(), l.HeaderDigest(), s.Time, v.refOf(l), l.Member()
	if !answer.Member {
		answer.Members, answer.Nearer = v.setOf(e), v.nearer(m.Address.Location())
		return v.answerRead(answer, m, nil, refusal.New(refusal.NotSettled))
	}
	return v.answerOf(answer, m, s.Machine)
}

// maxRoom is how much room is kept for values of which only the digest is told, in bytes.
const maxRoom = 256 << 10

// answerOf answers with what a machine says. Most members are asked for no more than its digest: then the value is made in
// room that is used again.
func (v *Vault) answerOf(answer *wire.ReadAnswer, m *wire.Read, machine any) *wire.ReadAnswer {
	if m.Full {
		value, err := v.query(nil, m, machine)
		return v.answerRead(answer, m, value, err)
	}
	value, err := v.query(v.value[:0], m, machine)
	if c := cap(value); c > cap(v.value) && c <= maxRoom {
		v.value = value
	}
	return v.answerRead(answer, m, value, err)
}

// query asks a machine what a read asks, and appends its answer to b where it is long.
func (v *Vault) query(b []byte, m *wire.Read, machine any) ([]byte, error) {
	switch machine := machine.(type) {
	case *dataMachine:
		q, err := mutabledata.DecodeQuery(m.Query)
		if err != nil {
			return nil, err
		}
		return machine.object.AppendRead(b, q)
	case *accountMachine:
		q, err := account.DecodeQuery(m.Query)
		switch {
		case err != nil:
			return nil, err
		case m.Ask == nil:
			return nil, refusal.Invalid("an account is read by its owner alone, who has to say so")
		case m.Ask.Deadline > v.now.Add(vaultnet.MaxDeadline):
			return nil, refusal.Invalid("the deadline is more than %v ahead", vaultnet.MaxDeadline)
		case m.Ask.Deadline < v.now:
			return nil, refusal.New(refusal.DeadlinePassed)
		case m.Ask.Asker != machine.owner:
			return nil, refusal.New(refusal.AccessDenied)
		}
		return machine.account.Read(q)
	}
	return nil, refusal.Invalid("nothing to read there")
}

// answerRead fills in value or refusal, and the digest by which answers are compared.
func (v *Vault) answerRead(answer *wire.ReadAnswer, m *wire.Read, value []byte, err error) *wire.ReadAnswer {
	if err != nil {
		answer.Err = v.refused(m.Address, asRefusal(err))
		answer.Digest = DigestOfRefusal(answer.Err)
		return answer
	}
	answer.Digest = vaultnet.DomainAnswer.Hash(value)
	if m.Full {
		answer.Value = value
	}
	return answer
}

// DigestOfRefusal is the digest that stands in a read's answer for a refusal: over its encoding without the words for
// people, so that refusals that are alike ([refusal.Same]) have one digest.
func DigestOfRefusal(e *refusal.Error) vaultnet.Digest {
	w := e.Wire()
	w.Detail.What = ""
	return vaultnet.DomainAnswer.Hash(canonical.Marshal(&w))
}
