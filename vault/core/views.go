package core

import (
	"slices"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/wire"
	"vaultnet/refusal"
)

// getView answers whom this vault takes for the set of a free address, signed with the turn; or that the address is
// taken, or that the vault does not know its neighbourhood (design §6, genesis).
func (v *Vault) getView(from vaultnet.PublicKey, m *wire.GetView) {
	v.ask(from, m)
}

func (v *Vault) view(m *wire.GetView) *wire.ViewAnswer {
	answer := &wire.ViewAnswer{Call: m.Call, Address: m.Address}
	if s := v.setOf(v.objects.get(m.Address)); s != nil {
		kind := refusal.DataExists
		if m.Address.Kind == vaultnet.KindAccount {
			kind = refusal.AccountExists
		}
		answer.Set, answer.Err = s, v.refused(m.Address, refusal.New(kind))
		return answer
	}
	members := v.closeGroup(m.Address.Location())
	if !slices.Contains(members, v.cfg.Self) || !v.settled(m.Address) {
		answer.Err = v.refused(m.Address, refusal.New(refusal.NotSettled))
		return answer
	}
	answer.Members = members
	v.viewed.add(v, m.Address)
	leaf := agreement.ViewLeaf(v.network, m.Address, members, v.now)
	answer.View = &agreement.View{Time: v.now, By: v.out.state(leaf, v.cfg.Self)}
	return answer
}

// founds reports whether a bundle may begin an object here: it proves a first set of which this vault is a member, and
// whose members are near.
func (v *Vault) founds(b *agreement.Bundle) bool {
	if v.free >= maxFree || !v.credible(b) {
		return false
	}
	for _, p := range proofs(b) {
		if slices.Contains(p.Members, v.cfg.Self) {
			return true
		}
	}
	return false
}

// credible reports whether the first sets that a bundle proves could be this address's: all but f of their members are
// among the vaults that are nearest as far as this vault knows, or they are the set that w vaults named. Who is a member
// of a first set is otherwise for its signers to say, and anybody can make keys.
func (v *Vault) credible(b *agreement.Bundle) bool {
	var room [near]*peer
	nearby := room[:0]
	e := v.objects.get(b.Address)
	for _, p := range proofs(b) {
		if e != nil && e.number == 1 && slices.Equal(v.objects.roster.unpack(e.members), p.Members) {
			continue
		}
		if len(nearby) == 0 {
			nearby = v.peers.appendNearest(nearby, b.Address.Location(), near, isPresent)
		}
		known := 0
		for _, m := range p.Members {
			if slices.ContainsFunc(nearby, func(q *peer) bool { return q.key == m }) {
				known++
			}
		}
		if known < len(p.Members)-vaultnet.Faults(len(p.Members)) {
			return false
		}
	}
	return true
}

// proofs lists the proofs of a first set in a bundle.
func proofs(b *agreement.Bundle) []*agreement.SetProof {
	var list []*agreement.SetProof
	add := func(p *agreement.SetProof) {
		if p != nil {
			list = append(list, p)
		}
	}
	if b.Proposal != nil {
		add(b.Proposal.Proof)
	}
	if b.Decided != nil {
		add(b.Decided.Proof)
	}
	if b.State != nil && b.State.Decided != nil {
		add(b.State.Decided.Proof)
	}
	for _, r := range b.Requests {
		add(r.Proof)
	}
	return list
}
