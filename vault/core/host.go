package core

import (
	"slices"

	"vaultnet"
	"vaultnet/account"
	"vaultnet/agreement"
	"vaultnet/internal/wire"
	"vaultnet/permit"
)

var _ agreement.Host = (*Vault)(nil)

// Machine implements [agreement.Host].
func (v *Vault) Machine(a vaultnet.Address, records []vaultnet.Write) (agreement.Machine, error) {
	if a.Kind == vaultnet.KindAccount {
		return loadAccount(a, &v.cfg.Parameters, records)
	}
	return loadData(a, records)
}

// Suspects implements [agreement.Host].
func (v *Vault) Suspects(member vaultnet.PublicKey) bool {
	q := v.peers.get(member)
	return q != nil && v.suspects(q)
}

// Fresh implements [agreement.Host]: is the permit's time not over on this vault's clock, are its signers, or those of a
// shown statement, the right ones to this vault, is there room.
func (v *Vault) Fresh(r *agreement.Request, now vaultnet.Time) agreement.Verdict {
	if p := permitOf(r); p != nil && p.Body.Expires.Add(v.cfg.Parameters.Skew) < now || !v.room(r) {
		return agreement.No
	}
	n := v.needs(r)
	if n.none() {
		return agreement.Yes
	}
	verdict := v.vouches(&n)
	if verdict == agreement.NotYet {
		v.holders.notify(n.address, r.Address)
	}
	return verdict
}

// permitOf is the permit that a request is paid with or closes; nil where there is none.
func permitOf(r *agreement.Request) *permit.Permit {
	switch d := r.Decoded.(type) {
	case *wire.Mutation:
		return d.Permit
	case *wire.Close:
		return d.Close.Permit
	}
	return nil
}

// need is what a vault must know of an address elsewhere to judge a request's signers: that w of those who hold it have
// signed a permit, or enough of them what a statement shows. The zero need is none.
type need struct {
	address vaultnet.Address
	permit  *permit.Permit
	settle  *account.Settle
}

// none reports whether nobody's signatures are needed.
func (n *need) none() bool { return n.permit == nil && n.settle == nil }

// enough reports whether those who signed suffice, with the given members.
func (n *need) enough(members []vaultnet.PublicKey) bool {
	if n.settle != nil {
		return n.settle.Shown(members)
	}
	return len(members) > 0 && permit.Managers(n.permit, members) >= vaultnet.Weak(len(members))
}

// needs says whose members have to have signed what r shows.
func (v *Vault) needs(r *agreement.Request) need {
	if p := permitOf(r); p != nil {
		return needOf(p)
	}
	if d, ok := r.Decoded.(*wire.Operation); ok {
		if s, ok := d.Operation.(*account.Settle); ok {
			return need{address: s.Allowance.Address, settle: s}
		}
	}
	return need{}
}

// needOf says that w of the account's managers have to have signed a permit.
func needOf(p *permit.Permit) need {
	return need{address: vaultnet.AccountAddress(p.Body.Account), permit: p}
}

// room reports whether the vault has room for what a request adds. What changes nothing but an existing object is let
// through: its size is bounded.
func (v *Vault) room(r *agreement.Request) bool {
	if v.cfg.Capacity == 0 || !founding(r) {
		return true
	}
	return v.bytes+int64(len(r.Body)) <= v.cfg.Capacity
}

// Genesis implements [agreement.Host]: this vault's own view, settled, names the set.
func (v *Vault) Genesis(a vaultnet.Address, set *agreement.Set, _ vaultnet.Time) agreement.Verdict {
	l := a.Location()
	if s := v.objects.noted(v.objects.get(a)); s != nil && !sameSet(s, set) {
		return agreement.No // pointers say that it exists elsewhere
	}
	var room [near]vaultnet.PublicKey
	if slices.Equal(v.appendCloseGroup(room[:0], l), set.Members) && v.settled(a) {
		return agreement.Yes
	}
	return agreement.NotYet // views move
}

// Change implements [agreement.Host].
func (v *Vault) Change(o *agreement.Object, add, drop vaultnet.PublicKey, now vaultnet.Time) agreement.Verdict {
	return v.judgeChange(o, agreement.Change{Add: add, Drop: drop})
}
