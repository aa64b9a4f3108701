package core

import "vaultnet"

// linger begins the grace in which a vault that is no member any more, or has stopped to follow, keeps what it holds; it
// ends it where the vault is a member or follows. A former member keeps it so that others can still fetch it; one that
// followed because a block that adds it may be undecided still: members have counted on it.
func (v *Vault) linger(l *live) {
	switch {
	case l.Height() == 0 || l.Member() || l.following:
		l.keepUntil = 0
	case l.keepUntil == 0:
		v.keep(l)
	}
}

// keep has an object kept for [leaverGrace] from now on.
func (v *Vault) keep(l *live) {
	until := v.now.Add(leaverGrace)
	l.keepUntil = until
	v.schedule.at(until, func() { v.graceOver(l, until) })
}

// graceOver deletes the data of which the vault is no member, and answers with a pointer from then on. It does not where
// the vault may be a member: where it was told of a set that it is in, or cannot reach a quorum of those that would tell.
func (v *Vault) graceOver(l *live, until vaultnet.Time) {
	switch {
	case l.entry.live != l || l.keepUntil != until:
		return
	case l.dirty || l.record: // this turn first
		v.schedule.at(v.now+1, func() { v.graceOver(l, until) })
		return
	}
	s := v.setOf(l.entry)
	reached := 0
	for _, k := range s.Members {
		if q := v.peers.get(k); q != nil && v.reachable(q) {
			reached++
		}
	}
	if s.Index(v.cfg.Self) >= 0 || reached < s.Quorum() || l.Voted() {
		v.keep(l)
		return
	}
	v.erase(l)
}

// erase forgets an object but for who holds it, in memory and store; what the vault voted in other first sets of the
// address stays in the store. It has nothing to be stepped or recorded.
func (v *Vault) erase(l *live) {
	e := l.entry
	for _, w := range l.Erase() {
		v.out.erased = append(v.out.erased, vaultnet.Write{Key: recordKey(e.address(), w.Key)})
	}
	for _, a := range l.asking {
		v.answered(a)
	}
	l.asking = nil
	v.alarms.set(l, vaultnet.Never)
	v.loaded.remove(l)
	v.bytes -= int64(e.bytes)
	v.count(e, false)
	if s := l.Set(); l.Height() > 0 && s.Number > uint64(e.number) {
		v.objects.note(e, s)
	}
	e.live, e.stored, e.height, e.digest, e.bytes = nil, l.Outvoted(), 0, vaultnet.Digest{}, 0
	if e.number == 0 && !e.stored {
		v.objects.remove(e)
	}
}

// tidy drops, after a while, what never came to be at a free address. What this vault has voted for there it remembers
// for ever: one vote record for each address (design §6).
func (v *Vault) tidy(l *live) {
	if l.tidying {
		return
	}
	l.tidying = true
	wait := forgetAfter
	if l.entry.stored {
		wait = vaultnet.MaxDeadline + 2*v.cfg.Parameters.Skew // withdrawals are over by then
	}
	v.schedule.at(v.now.Add(wait), func() {
		l.tidying = false
		if l.entry.live != l || l.Height() > 0 || l.Voted() || l.following || l.mending != nil {
			return
		}
		if v.forgetAsking(l); !l.Idle() || len(l.asking) > 0 || l.dirty || l.record || l.entry.stored && wait == forgetAfter {
			v.tidy(l)
			return
		}
		v.erase(l)
	})
}
