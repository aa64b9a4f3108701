package routing

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"vaultnet"
	"vaultnet/xor"
)

const (
	settleTime  = 100 * time.Millisecond // of the routing table, before the handler is told
	firstWalk   = 200 * time.Millisecond // after joining; then twice as late each time
	lastWalk    = 5 * time.Minute        // the longest between two
	soonWalk    = time.Second            // after a vault was lost
	refreshTime = 10 * time.Minute       // between refreshes of all buckets
	neighbours  = 16                     // the nearest, whose connections are kept
)

// signal makes whoever waits at c look again.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// table is what the node does about its routing table.
type table struct {
	changed chan struct{} // holds 1
	lost    chan struct{} // holds 1

	mu      sync.Mutex // held while the handler is told
	joined  bool
	keeping bool // in the background
	once    bool // told at least once
	told    []vaultnet.PublicKey
}

// watchTable hears of changes. It is called before there is any.
func (n *Node) watchTable() {
	rt := n.dht.RoutingTable()
	added, removed := rt.PeerAdded, rt.PeerRemoved
	rt.PeerAdded = func(p peer.ID) {
		added(p)
		signal(n.table.changed)
	}
	rt.PeerRemoved = func(p peer.ID) {
		removed(p)
		signal(n.table.changed)
		signal(n.table.lost)
	}
}

// Known returns the vaults of the routing table and those connected, nearest to the node first. (A bucket of the table has
// 20 places: one of the nearest can find that of its half of the space full.)
func (n *Node) Known() []vaultnet.PublicKey {
	ids := n.dht.RoutingTable().ListPeers()
	keys := make([]vaultnet.PublicKey, 0, len(ids))
	seen := make(map[vaultnet.PublicKey]struct{}, len(ids))
	for _, id := range ids {
		if k, err := KeyOf(id); err == nil {
			keys = append(keys, k)
			seen[k] = struct{}{}
		}
	}
	n.mu.RLock()
	for k, r := range n.remotes {
		r.mu.Lock()
		if _, ok := seen[k]; !ok && r.vault {
			keys = append(keys, k)
		}
		r.mu.Unlock()
	}
	n.mu.RUnlock()
	xor.Sort(n.key.Location(), keys)
	return keys
}

// tellKnown tells the handler, if what is known is not as it was last told. The nearest keep their connections.
func (n *Node) tellKnown(joined bool) {
	t := &n.table
	t.mu.Lock()
	defer t.mu.Unlock()
	t.joined = t.joined || joined
	if !t.joined {
		return
	}
	known := n.Known()
	if t.once && slices.Equal(known, t.told) {
		return
	}
	const tag = "neighbour"
	before, now := t.told[:min(neighbours, len(t.told))], known[:min(neighbours, len(known))]
	for _, k := range before {
		if id, err := PeerID(k); err == nil && !slices.Contains(now, k) {
			n.host.ConnManager().Unprotect(id, tag)
		}
	}
	for _, k := range now {
		if id, err := PeerID(k); err == nil && !slices.Contains(before, k) {
			n.host.ConnManager().Protect(id, tag)
		}
	}
	t.once, t.told = true, known
	n.handler.Known(slices.Clone(known))
	n.meet(now)
}

// meet makes a vault connect to its neighbours, to which the table may have lost the connection. One that does not answer
// leaves the table.
func (n *Node) meet(some []vaultnet.PublicKey) {
	if !n.cfg.Vault {
		return
	}
	for _, k := range some {
		r := n.lock(k)
		if r == nil {
			continue
		}
		if !r.connected && r.want == notWanted {
			r.want = wantedOnce
			n.startSender(r)
		}
		r.mu.Unlock()
	}
}

func (n *Node) tellTable() {
	for {
		select {
		case <-n.table.changed:
		case <-n.ctx.Done():
			return
		}
		timer := time.NewTimer(settleTime)
		select {
		case <-timer.C:
			n.tellKnown(false)
		case <-n.ctx.Done():
			timer.Stop()
			return
		}
	}
}

// walkSelf walks the DHT towards the node itself: it meets its neighbours, and they it.
func (n *Node) walkSelf(ctx context.Context) error {
	if err := take(ctx, n.walks); err != nil {
		return err
	}
	defer func() { <-n.walks }()
	n.counts.walks.Add(1)
	if _, err := n.dht.GetClosestPeers(ctx, string(n.host.ID())); err != nil {
		return fmt.Errorf("routing: walk to the node itself: %w", err)
	}
	return nil
}

// keep keeps the table fresh: walks often at first, when others join at the same time, soon after a vault was lost, and
// rarely otherwise. Without any vault it begins again.
func (n *Node) keep() {
	refreshed := time.Now()
	for wait := firstWalk; ; wait = min(2*wait, lastWalk) {
		timer := time.NewTimer(wait/2 + rand.N(wait/2))
		var took time.Duration
		select {
		case <-timer.C:
		case <-n.table.lost:
			timer.Stop()
			wait = min(wait, soonWalk)
			n.sleep(wait/2 + rand.N(wait/2))
		case <-n.ctx.Done():
			timer.Stop()
			return
		}
		ctx, cancel := context.WithTimeout(n.ctx, time.Minute)
		switch {
		case n.dht.RoutingTable().Size() == 0:
			if n.rejoin(ctx) {
				n.tellKnown(true)
			} else {
				wait = min(wait, soonWalk)
			}
		case time.Since(refreshed) > refreshTime:
			refreshed = time.Now()
			select {
			case <-n.dht.RefreshRoutingTable():
			case <-ctx.Done():
			}
		default:
			begin := time.Now()
			n.walkSelf(ctx) // fails where nobody answers: tried again
			took = time.Since(begin)
			known := n.Known()
			n.meet(known[:min(neighbours, len(known))])
		}
		cancel()
		wait = max(wait, 2*took) // a busy machine is not made busier
	}
}

func (n *Node) sleep(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-n.ctx.Done():
	}
}
