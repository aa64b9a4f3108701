package routing

import (
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"
)

// contactAddrs is how many addresses of a vault are remembered.
const contactAddrs = 8

// contacts remembers where vaults can be reached, for as long as the node lives: libp2p's peerstore forgets the addresses
// of a peer some minutes after its connection ends. At [MaxContacts] the one not met for longest makes room.
type contacts struct {
	mu  sync.Mutex
	all map[peer.ID]contact
}

type contact struct {
	addrs []multiaddr.Multiaddr
	met   time.Time
}

// learn remembers addresses of a vault; none changes nothing.
func (c *contacts) learn(id peer.ID, addrs []multiaddr.Multiaddr, now time.Time) {
	if len(addrs) == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.all[id]; !ok && len(c.all) >= MaxContacts {
		var oldest peer.ID
		var met time.Time
		seen := 0
		for id, k := range c.all { // the oldest of 64 taken at random: near enough, and quick
			if oldest == "" || k.met.Before(met) {
				oldest, met = id, k.met
			}
			if seen++; seen == 64 {
				break
			}
		}
		delete(c.all, oldest)
	}
	if len(addrs) > contactAddrs {
		addrs = addrs[:contactAddrs]
	}
	c.all[id] = contact{addrs: slices.Clone(addrs), met: now}
}

// learnNew is learn for a vault that none is remembered of: hearsay replaces nothing.
func (c *contacts) learnNew(id peer.ID, addrs []multiaddr.Multiaddr, now time.Time) {
	if len(c.addrs(id)) == 0 {
		c.learn(id, addrs, now)
	}
}

func (c *contacts) addrs(id peer.ID) []multiaddr.Multiaddr {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.all[id].addrs
}

func (c *contacts) len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.all)
}

// list returns all, lately met first.
func (c *contacts) list() []peer.AddrInfo {
	c.mu.Lock()
	defer c.mu.Unlock()
	ids := make([]peer.ID, 0, len(c.all))
	for id := range c.all {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b peer.ID) int {
		if d := c.all[b].met.Compare(c.all[a].met); d != 0 {
			return d
		}
		return slices.Compare([]byte(a), []byte(b))
	})
	infos := make([]peer.AddrInfo, len(ids))
	for i, id := range ids {
		infos[i] = peer.AddrInfo{ID: id, Addrs: c.all[id].addrs}
	}
	return infos
}
