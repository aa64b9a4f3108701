package client

import (
	"time"

	"vaultnet"
)

// How long a vault may be without a connection before it counts as unreachable, and when it is called again.
const (
	lostAfter   = 2 * time.Second // suspicion of a vault (design §12)
	recallFirst = time.Second
	recallCap   = time.Minute
	recallSoon  = 5 * time.Second // the cap while the client misses more vaults than it is connected with
	maxMissed   = 256             // vaults that are called again
)

// presence is which vaults the client is connected with, and which it misses. The loop's lock guards it.
type presence struct {
	peers  int // connections above which the least useful are closed
	here   map[vaultnet.PublicKey]bool
	missed map[vaultnet.PublicKey]*missing
}

// missing is a vault whose connection ended.
type missing struct {
	since time.Time
	next  time.Time // when it is called again
	gap   time.Duration
	told  bool // it counts as unreachable
}

func (p *presence) connected() int { return len(p.here) }

func (p *presence) up(v vaultnet.PublicKey) {
	if p.here == nil {
		p.here = make(map[vaultnet.PublicKey]bool)
		p.missed = make(map[vaultnet.PublicKey]*missing)
	}
	p.here[v] = true
	delete(p.missed, v)
}

// down notes that a connection ended. It reports whether it was a vault's. Near the bound on connections it most likely
// ended for want of use, which is no reason to think that the vault is gone.
func (p *presence) down(v vaultnet.PublicKey) bool {
	if !p.here[v] {
		return false
	}
	delete(p.here, v)
	if len(p.here) < p.peers*3/4 {
		if len(p.missed) >= maxMissed {
			p.forget()
		}
		now := time.Now()
		p.missed[v] = &missing{since: now, next: now, gap: recallFirst}
	}
	return true
}

// forget gives up on the vault that is missed for longest.
func (p *presence) forget() {
	var oldest vaultnet.PublicKey
	var since time.Time
	for v, m := range p.missed {
		if since.IsZero() || m.since.Before(since) {
			oldest, since = v, m.since
		}
	}
	delete(p.missed, oldest)
}

// due tells who counts as unreachable from now on, who is to be called again, and when to look again.
func (p *presence) due(now time.Time) (lost, recall []vaultnet.PublicKey, next time.Duration) {
	next = longest
	for v, m := range p.missed {
		if !m.told && now.Sub(m.since) >= lostAfter {
			m.told = true
			lost = append(lost, v)
		}
		if !now.Before(m.next) {
			recall = append(recall, v)
			m.next = now.Add(m.gap)
			m.gap = min(2*m.gap, recallCap)
			if len(p.here) < len(p.missed) { // it may be that all were started anew
				m.gap = min(m.gap, recallSoon)
			}
		}
		if !m.told {
			next = min(next, lostAfter-now.Sub(m.since))
		}
		next = min(next, m.next.Sub(now))
	}
	return lost, recall, max(next, 0)
}

// strangers are those of some vaults that the client is not connected with, as many as it may call: half of its
// connections are left for the vaults that objects lead to.
func (p *presence) strangers(vaults []vaultnet.PublicKey) []vaultnet.PublicKey {
	var list []vaultnet.PublicKey
	for _, v := range vaults {
		if len(p.here)+len(list) >= p.peers/2 {
			break
		}
		if !p.here[v] && p.missed[v] == nil {
			list = append(list, v)
		}
	}
	return list
}
