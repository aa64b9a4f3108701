package core

import (
	"vaultnet"
	"vaultnet/internal/wire"
	"vaultnet/refusal"
)

// hello is the first message on a connection. A peer of another network is told which parameter differs, and what it
// says from then on counts for nothing. A vault that says hello has, for all this one knows, just started: it is sent
// everything that concerns it, and it stays unless it goes on to say otherwise.
func (v *Vault) hello(from vaultnet.PublicKey, m *wire.Hello) {
	q := v.peers.get(from)
	if name := v.cfg.Parameters.Difference(m.Parameters); name != "" {
		v.send(from, &wire.Goodbye{Err: v.refused(vaultnet.Address{}, refusal.Invalid("parameter %s differs: this is another network", name))})
		if q != nil && q != v.peers.self {
			q.foreign = true
			v.asks = true
		}
		return
	}
	if q != nil && q.up {
		v.setLeaving(q, false)
		q.told = false
		v.tell(q)
	}
}

// goodbye: the peer wants nothing from this vault.
func (v *Vault) goodbye(from vaultnet.PublicKey, m *wire.Goodbye) {
	if q := v.peers.get(from); q != nil && q != v.peers.self {
		q.foreign = true
		v.asks = true
	}
	v.ignore(from, "goodbye: "+m.Err.Error())
}
