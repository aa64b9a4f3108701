package routing

import (
	"context"
	"fmt"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"vaultnet"
	"vaultnet/xor"
)

// Lookup walks the DHT for the vaults nearest to a name, nearest first: up to 20, never the node itself. It fails while
// no other vault is known. It costs some 10 ms of CPU over the network: not for the path of an ordinary operation. What
// it returns is hearsay, as far as a vault in it was not reached.
func (n *Node) Lookup(ctx context.Context, name vaultnet.Name) ([]vaultnet.PublicKey, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(n.ctx, cancel)()
	if err := take(ctx, n.walks); err != nil || n.ctx.Err() != nil {
		if err == nil {
			<-n.walks
		}
		return nil, n.ended(err)
	}
	defer func() { <-n.walks }()
	n.counts.walks.Add(1)
	ids, err := n.dht.GetClosestPeers(ctx, string(name[:]))
	if err != nil {
		return nil, n.ended(fmt.Errorf("routing: lookup of %x: %w", name[:4], err))
	}
	keys := make([]vaultnet.PublicKey, 0, len(ids))
	for _, id := range ids {
		if k, err := KeyOf(id); err == nil && k != n.key {
			keys = append(keys, k)
			n.contacts.learnNew(id, n.host.Peerstore().Addrs(id), time.Now())
		}
	}
	xor.Sort(vaultnet.Address{Name: name}.Location(), keys)
	return keys, nil
}

func (n *Node) ended(err error) error {
	if n.ctx.Err() != nil {
		return ErrClosed
	}
	return err
}

// reachable tells the DHT's queries whom to leave out: peers that could not be reached a moment ago.
func (n *Node) reachable(id peer.ID) bool {
	key, err := KeyOf(id)
	if err != nil {
		return false
	}
	n.mu.RLock()
	r := n.remotes[key]
	n.mu.RUnlock()
	if r == nil {
		return true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.connected || r.failures == 0 || !time.Now().Before(r.notBefore)
}
