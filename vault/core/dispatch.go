package core

import (
	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/wire"
	"vaultnet/refusal"
)

// handlers is the one table of what is done with which message, by [wire.Row.Code]. A type that is missing concerns
// clients only.
var handlers = makeHandlers()

type handler func(v *Vault, from vaultnet.PublicKey, m wire.Message)

// on makes a handler of a method for one type of message.
func on[M wire.Message](f func(v *Vault, from vaultnet.PublicKey, m M)) (code uint8, h handler) {
	var zero M
	return wire.RowOf(zero).Code, func(v *Vault, from vaultnet.PublicKey, m wire.Message) { f(v, from, m.(M)) }
}

func makeHandlers() (all [256]handler) {
	put := func(code uint8, h handler) { all[code] = h }
	put(on((*Vault).hello))
	put(on((*Vault).goodbye))
	put(on((*Vault).submit))
	put(on((*Vault).withdraw))
	put(on((*Vault).read))
	put(on((*Vault).getOutcome))
	put(on((*Vault).getView))
	put(on((*Vault).getSet))
	put(on((*Vault).getStatement))
	put(on((*Vault).putChunk))
	put(on((*Vault).getChunk))
	put(on((*Vault).setAnswer))
	put(on((*Vault).chunkAnswer))
	put(on((*Vault).bundle))
	put(on((*Vault).pointers))
	put(on((*Vault).invite))
	put(on((*Vault).chunkNames))
	put(on((*Vault).hearLeaving))
	return all
}

// take does what an input asks for.
func (v *Vault) take(in *Input) {
	if in.message != nil {
		v.receive(in.from, in.message)
		return
	}
	e := in.event
	if e == nil {
		return
	}
	switch e.kind {
	case peerUp:
		v.peerUp(e.vault)
	case peerDown:
		v.peerDown(e.vault)
	case known:
		v.known(e.vaults)
	case departing:
		v.leave(e.going)
	case groupFound:
		v.groupFound(e.name, e.vaults)
	case loaded:
		v.objectLoaded(e.address, e.records)
	case chunkLoaded:
		v.chunkLoaded(e.name, e.content)
	}
}

// receive dispatches a message.
func (v *Vault) receive(from vaultnet.PublicKey, m wire.Message) {
	if q := v.peers.get(from); q != nil {
		if q.foreign {
			v.ignore(from, "of another network")
			return
		}
		v.alive(q)
	}
	row := wire.RowOf(m)
	if row == nil {
		v.ignore(from, "no message")
		return
	}
	h := handlers[row.Code]
	if h == nil {
		v.ignore(from, row.Name+" is for clients")
		return
	}
	h(v, from, m)
}

func (v *Vault) ignore(from vaultnet.PublicKey, why string) {
	if f := v.cfg.Observer.Ignored; f != nil {
		f(from, why)
	}
}

// refused tells the observer of a refusal and returns it.
func (v *Vault) refused(a vaultnet.Address, e *refusal.Error) *refusal.Error {
	if f := v.cfg.Observer.Refused; f != nil {
		f(a, e)
	}
	return e
}

// bundle hands agreement's traffic to its object. One that begins something at an address where nothing is held has to
// prove that it may ([Vault.founds]).
func (v *Vault) bundle(from vaultnet.PublicKey, m *wire.Bundle) {
	if len(m.Wishes) > 0 {
		v.wishedAway(from, m.Wishes)
	}
	e := v.objects.get(m.Address)
	if e == nil || e.live == nil {
		if v.load(e, from, m) {
			return
		}
		if e != nil && e.damaged || !v.founds(m.Bundle) {
			v.ignore(from, "bundle of an object that is not held")
			return
		}
		v.give(v.create(m.Address), agreement.Input{From: from, Bundle: m.Bundle})
		return
	}
	l := e.live
	if l.mending != nil {
		if b := l.mending.leads(m.Bundle); b != nil {
			v.give(l, agreement.Input{From: from, Bundle: b})
		}
		return
	}
	if l.Height() == 0 && l.Set() == nil && !v.founds(m.Bundle) && e.number == 0 {
		v.ignore(from, "bundle of an object that is not held")
		return
	}
	if b := m.Bundle; l.Height() == 0 && !v.credible(b) {
		v.ignore(from, "proof of a set that is not near")
		return
	}
	if l.Idle() && len(l.held) == 0 && l.change == nil && l.Overdue(m.Bundle) {
		return // the last votes of a block: nothing waits for a step
	}
	v.give(l, agreement.Input{From: from, Bundle: m.Bundle})
}
