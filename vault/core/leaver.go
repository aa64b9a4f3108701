package core

import "vaultnet"

// leave begins the grace in which a former member keeps what it held, so that others can still fetch it; then it deletes
// the data and answers with a pointer.
func (v *Vault) leave(l *live) {
	if l.following {
		return // not a former member: it is being added
	}
	left := l.Set().Number
	v.schedule.at(v.now.Add(leaverGrace), func() {
		if l.entry.live == l && !l.Member() && !l.following && l.Set().Number >= left {
			v.erase(l)
		}
	})
}

// erase forgets an object but for who holds it, in memory and store.
func (v *Vault) erase(l *live) {
	e := l.entry
	if l.dirty || l.record {
		v.schedule.at(v.now, func() { // once this turn's records are out
			if e.live == l && !l.Member() {
				v.erase(l)
			}
		})
		return
	}
	for _, w := range l.Erase() {
		v.out.erased = append(v.out.erased, vaultnet.Write{Key: append(ObjectPrefix(e.address()), w.Key...)})
	}
	for _, a := range l.asking {
		v.answered(a)
	}
	v.alarms.set(l, vaultnet.Never)
	v.loaded.remove(l)
	v.bytes -= int64(e.bytes)
	v.count(e, false)
	if s := l.Set(); l.Height() > 0 && s.Number > uint64(e.number) {
		v.objects.note(e, s)
	}
	e.live, e.stored, e.height, e.digest, e.bytes = nil, false, 0, vaultnet.Digest{}, 0
	if e.number == 0 {
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
		if l.entry.live != l || l.Height() > 0 || l.Voted() || l.following {
			return
		}
		if v.forgetAsking(l); !l.Idle() || len(l.asking) > 0 || l.dirty || l.record || l.entry.stored && wait == forgetAfter {
			v.tidy(l)
			return
		}
		v.erase(l)
	})
}
