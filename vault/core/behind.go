package core

import (
	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/wire"
	"vaultnet/refusal"
)

// heldSubmit is a request whose sender has seen a height, or a set, that this member lacks.
type heldSubmit struct {
	from  vaultnet.PublicKey
	m     *wire.Submit
	until vaultnet.Time
}

// early holds a request while the member catches up, for [catchUpFor] at most: a member that is behind neither admits nor
// refuses (design §4.12). The height a client speaks of may be a lie.
func (v *Vault) early(l *live, from vaultnet.PublicKey, m *wire.Submit) bool {
	if !v.lacks(l, m) {
		return false
	}
	if len(l.held) >= maxHeld {
		v.refuse(from, l.entry, m.Request, refusal.New(refusal.TooManyMutations))
		return true
	}
	until := v.now.Add(catchUpFor)
	l.held = append(l.held, heldSubmit{from, m, until})
	v.give(l, agreement.Input{Bundle: &agreement.Bundle{Address: l.entry.address(), Height: max(m.Seen, l.Height()+1)}})
	v.schedule.at(until, func() { v.resume(l) })
	return true
}

// lacks reports whether the sender of a request has seen more than the member has.
func (v *Vault) lacks(l *live, m *wire.Submit) bool {
	return m.Seen > l.Height() || m.Request.Set > l.Set().Number
}

// resume goes on with the requests that were held and are no longer early, or have waited long enough.
func (v *Vault) resume(l *live) {
	held := l.held
	if len(held) == 0 {
		return
	}
	l.held = nil
	for _, h := range held {
		switch {
		case l.entry.live == l && l.Member() && h.until > v.now && v.lacks(l, h.m):
			l.held = append(l.held, h)
		case l.entry.live == l && l.Member() && h.m.Request.Set > l.Set().Number:
			v.refuse(h.from, l.entry, h.m.Request, refusal.New(refusal.NotSettled))
		default:
			v.submitted(h.from, &wire.Submit{Request: h.m.Request, Seen: min(h.m.Seen, l.Height())}, false)
		}
	}
}

// recover makes the vault fetch an object of which it is a member by a set that it believes, and holds nothing.
func (v *Vault) recover(e *object) {
	if e.live == nil && !e.stored && !e.damaged {
		v.adopt(e, agreement.New(&v.agree, e.address()))
	}
	if s := v.objects.noted(e); e.live != nil && s != nil {
		v.give(e.live, agreement.Input{Believe: s})
	}
}
