package core

import (
	"slices"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/wire"
)

// invitations is the objects that members ask this vault to fetch and follow, because a set block is to add it. It does
// so when w of the members named alike ask alike.
type invitations struct {
	at        map[vaultnet.Address]*invitation
	following int
}

type invitation struct {
	set   *agreement.Set
	by    []vaultnet.PublicKey
	until vaultnet.Time
}

func (i *invitations) init() { i.at = make(map[vaultnet.Address]*invitation) }

// invite takes one member's invitation.
func (v *Vault) invite(from vaultnet.PublicKey, m *wire.Invite) {
	e := v.objects.get(m.Address)
	if v.peers.self.leaving {
		v.ignore(from, "invitation of a vault that leaves")
		return
	}
	if m.Set.Index(from) < 0 || m.Set.Index(v.cfg.Self) >= 0 {
		v.ignore(from, "invitation to a set that it is not of")
		return
	}
	if known := v.setOf(e); known != nil && (known.Number > m.Set.Number || known.Number == m.Set.Number && !sameSet(known, m.Set)) {
		v.ignore(from, "invitation to a set that is not believed")
		if p, ok := v.pointer(e); ok {
			v.send(from, &wire.Pointers{List: []wire.Pointer{p}}) // it cannot come: see [Vault.declined]
		}
		return
	}
	i := v.invited.at[m.Address]
	if e != nil && e.live != nil && e.live.following {
		e.live.followUntil = v.now.Add(followFor)
		return
	}
	if i == nil || i.until <= v.now || !sameSet(i.set, m.Set) && (m.Set.Number > i.set.Number || len(i.by) == 1) {
		if i == nil && len(v.invited.at) >= maxInvitations {
			v.dropInvitations()
		}
		i = &invitation{set: m.Set, until: v.now.Add(6 * inviteEvery)}
		v.invited.at[m.Address] = i
	}
	if !sameSet(i.set, m.Set) || slices.Contains(i.by, from) {
		return
	}
	i.by = append(i.by, from)
	if len(i.by) < m.Set.Weak() {
		return
	}
	delete(v.invited.at, m.Address)
	v.follow(m.Address, m.Set)
}

// dropInvitations forgets those whose time is over; all, where none is: members ask again.
func (v *Vault) dropInvitations() {
	for a, i := range v.invited.at { // in any order
		if i.until <= v.now {
			delete(v.invited.at, a)
		}
	}
	if len(v.invited.at) >= maxInvitations {
		clear(v.invited.at)
	}
}

// follow fetches an object and follows it, for [followFor].
func (v *Vault) follow(a vaultnet.Address, s *agreement.Set) {
	e := v.objects.add(a)
	if v.invited.following >= maxFollowing || e.damaged {
		return
	}
	begin := func(l *live) {
		if l.Member() || l.following {
			return
		}
		v.invited.following++
		l.following = true
		l.Follow(true)
		v.give(l, agreement.Input{Believe: s})
		l.followUntil = v.now.Add(followFor)
		v.followOn(l)
	}
	switch {
	case e.live != nil:
		begin(e.live)
	case e.stored:
		v.loadFor(e, begin)
	default:
		begin(v.adopt(e, agreement.New(&v.agree, a)))
	}
}

// followOn ends following when its time is over.
func (v *Vault) followOn(l *live) {
	v.schedule.at(l.followUntil, func() {
		switch {
		case !l.following:
		case l.followUntil > v.now:
			v.followOn(l)
		default:
			v.unfollow(l)
		}
	})
}

// unfollow ends following: as a member, or to keep what was fetched for the grace.
func (v *Vault) unfollow(l *live) {
	if !l.following {
		return
	}
	l.following = false
	v.invited.following--
	l.Follow(false)
	if l.entry.live == l {
		v.touch(l)
	}
}
