package core

import (
	"errors"
	"slices"

	"vaultnet"
	"vaultnet/account"
	"vaultnet/agreement"
	"vaultnet/internal/merkle"
	"vaultnet/internal/wire"
	"vaultnet/refusal"
)

// asker is a peer that waits for requests.
type asker struct {
	key  vaultnet.PublicKey
	open int  // requests that it waits for
	gone bool // its connection ended
}

// asking is one peer waiting for one request.
type asking struct {
	id    vaultnet.Digest
	who   *asker
	until vaultnet.Time // its deadline is over everywhere
}

// wait notes that a peer waits for what becomes of a request; false where too many do.
func (v *Vault) wait(l *live, from vaultnet.PublicKey, r *agreement.Request) bool {
	v.forgetAsking(l)
	if slices.ContainsFunc(l.asking, func(a asking) bool { return a.id == r.ID && a.who.key == from }) {
		return true
	}
	who := v.askers[from]
	if len(l.asking) >= maxAsking || who != nil && who.open >= maxWaiting {
		return false
	}
	if who == nil {
		who = &asker{key: from}
		v.askers[from] = who
	}
	who.open++
	until := min(r.Deadline, v.now.Add(vaultnet.MaxDeadline)).Add(v.cfg.Parameters.Skew)
	l.asking = append(l.asking, asking{r.ID, who, until})
	return true
}

// answered ends a peer's waiting.
func (v *Vault) answered(a asking) {
	if a.who.open--; a.who.open == 0 && !a.who.gone {
		delete(v.askers, a.who.key)
	}
}

// forgetAsking drops those whose requests are over, and those that are gone.
func (v *Vault) forgetAsking(l *live) {
	l.asking = slices.DeleteFunc(l.asking, func(a asking) bool {
		if a.until >= v.now && !a.who.gone {
			return false
		}
		v.answered(a)
		return true
	})
	if len(l.asking) == 0 && cap(l.asking) > 4 {
		l.asking = nil
	}
}

// sweepAsking forgets, when their requests are over, those who wait on at an object that sleeps: after a refusal. One look
// then suffices for all that wait now.
func (v *Vault) sweepAsking(l *live) {
	if l.sweeping || len(l.asking) == 0 || !l.Idle() {
		return
	}
	l.sweeping = true
	last := vaultnet.Time(0)
	for _, a := range l.asking {
		last = max(last, a.until)
	}
	v.schedule.at(last+1, func() {
		l.sweeping = false
		if v.forgetAsking(l); l.entry.live == l {
			v.sweepAsking(l)
		}
	})
}

// reply sends agreement's word on a request to whoever waits for it. A refusal is provisional: those who got it wait on.
func (v *Vault) reply(l *live, r *agreement.Reply) {
	m := &wire.Reply{Address: l.entry.address(), ID: r.ID, Outcome: r.Outcome, Height: r.Height, Set: v.refOf(l)}
	switch r.Outcome {
	case agreement.Applied:
		m.Result = r.Result
		m.Permit = v.signIssued(l.entry.address(), r.Result)
	case agreement.Refused:
		m.Err = v.refused(m.Address, asRefusal(r.Err))
	case agreement.Moved:
		m.Members = r.Set
	case agreement.Stranger:
		m.Members, m.Nearer = v.setOf(l.entry), v.nearer(m.Address.Location())
	}
	if !r.To.IsNobody() {
		v.send(r.To, m)
	}
	l.asking = slices.DeleteFunc(l.asking, func(a asking) bool {
		if a.id != r.ID || !r.To.IsNobody() && a.who.key != r.To {
			return false
		}
		if r.To.IsNobody() && !a.who.gone {
			v.send(a.who.key, m)
		}
		if r.Outcome == agreement.Refused {
			return false
		}
		v.answered(a)
		return true
	})
}

// signIssued is this manager's signature of a permit that an operation issued; nil where it did not. Asked again, it
// signs again.
func (v *Vault) signIssued(a vaultnet.Address, result []byte) *merkle.Attestation {
	if a.Kind != vaultnet.KindAccount {
		return nil
	}
	decoded, err := account.DecodeResult(result)
	issued, ok := decoded.(*account.Issued)
	if err != nil || !ok {
		return nil
	}
	return v.out.state(issued.Body.Leaf(v.network), v.cfg.Self)
}

// refOf names the set of an object at its height.
func (v *Vault) refOf(l *live) wire.SetRef {
	if l.Height() == 0 {
		return wire.SetRef{}
	}
	if s := l.Set(); l.refSet != s {
		l.refSet, l.ref = s, wire.SetRef{Number: s.Number, Digest: l.SetDigest()}
	}
	return l.ref
}

// asRefusal is the refusal that an error is; what is none becomes an InvalidRequest that says so.
func asRefusal(err error) *refusal.Error {
	if e, ok := errors.AsType[*refusal.Error](err); ok {
		return e
	}
	return refusal.Invalid("%v", err)
}
