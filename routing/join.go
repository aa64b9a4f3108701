package routing

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/protocol/identify"
)

// joinTime is how long the walks of Join may take together.
const joinTime = 5 * time.Second

// Join connects to the bootstrap vaults, trying until ctx ends, and walks the DHT towards the node itself, which fills
// the routing table and makes the node known. It returns nil once that is done, some seconds later at most; at once where
// no other vault is named: the first of its network. From then on the table is kept fresh in the background. If it fails,
// the node goes on trying to reach its bootstrap vaults, and joins when one answers; Join may also be called again. Where
// all of them answer and are of another network it fails at once, with a [*ForeignError].
func (n *Node) Join(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(n.ctx, cancel)()

	var err error
	if len(n.bootstrap) > 0 {
		err = n.enterNetwork(ctx)
	}
	if n.ctx.Err() != nil {
		return ErrClosed
	}
	if err == nil {
		n.tellKnown(true)
	}
	n.table.mu.Lock()
	first := !n.table.keeping
	n.table.keeping = true
	n.table.mu.Unlock()
	if first {
		n.spawn(n.keep)
	}
	return err
}

// enterNetwork connects to a bootstrap vault and walks towards the node itself until nobody new turns up.
func (n *Node) enterNetwork(ctx context.Context) error {
	for wait := firstWait; ; wait = min(2*wait, 2*time.Second) {
		err := n.reachBootstrap(ctx)
		if err == nil {
			break
		}
		if allForeign(err) {
			return err
		}
		timer := time.NewTimer(wait/2 + rand.N(wait/2))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		}
	}
	enough, cancel := context.WithTimeout(ctx, joinTime)
	defer cancel()
	for range 4 {
		before := n.dht.RoutingTable().Size()
		err := n.walkSelf(enough)
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		case enough.Err() != nil:
			return nil // on a slow machine or network the rest is met in the background
		case err != nil:
			return err
		case n.dht.RoutingTable().Size() == before:
			return nil
		}
	}
	return nil
}

// reachBootstrap connects to as many bootstrap vaults as answer, eight at a time, until one has.
func (n *Node) reachBootstrap(ctx context.Context) error {
	order := rand.Perm(len(n.bootstrap))
	var failures []error
	for len(order) > 0 {
		some := order[:min(8, len(order))]
		order = order[len(some):]
		results := make([]error, len(some))
		var group sync.WaitGroup
		for i, b := range some {
			group.Go(func() { results[i] = n.reachVault(ctx, n.bootstrap[b]) })
		}
		group.Wait()
		if slices.Contains(results, nil) {
			return nil
		}
		failures = append(failures, results...)
	}
	return errors.Join(failures...)
}

// reachVault connects to a vault at known addresses and puts it into the routing table.
func (n *Node) reachVault(ctx context.Context, info peer.AddrInfo) error {
	ctx, cancel := context.WithTimeout(ctx, reachTime)
	defer cancel()
	where := strings.Join(full(info), " ")
	if err := n.connect(ctx, info); err != nil {
		return fmt.Errorf("routing: no vault answers at %s: %w", where, err)
	}
	n.introduced(ctx, info.ID)
	if !n.serves(info.ID) {
		version := n.said(info.ID, "ProtocolVersion")
		if version == "" {
			return fmt.Errorf("routing: %s does not say what it is", where)
		}
		if version != string(prefix(n.cfg.Network)) {
			return n.foreign(where, version, n.said(info.ID, "AgentVersion"))
		}
		return fmt.Errorf("routing: %s is not a vault", where)
	}
	_, err := n.dht.RoutingTable().TryAddPeer(info.ID, true, false)
	if err != nil {
		return fmt.Errorf("routing: %s: %w", where, err)
	}
	return nil
}

// introduced waits until a connected peer has said what it is: where it was the peer that connected, nobody has waited.
func (n *Node) introduced(ctx context.Context, id peer.ID) {
	h, ok := n.host.(interface{ IDService() identify.IDService })
	if !ok {
		return
	}
	for _, c := range n.host.Network().ConnsToPeer(id) {
		select {
		case <-h.IDService().IdentifyWait(c):
		case <-ctx.Done():
			return
		}
	}
}

// said is something that a peer has said of itself.
func (n *Node) said(id peer.ID, what string) string {
	v, _ := n.host.Peerstore().Get(id, what)
	s, _ := v.(string)
	return s
}

// allForeign reports whether every vault that was tried answers, and is of another network: trying again does not help.
func allForeign(err error) bool {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return false
	}
	for _, e := range joined.Unwrap() {
		if f := (*ForeignError)(nil); !errors.As(e, &f) {
			return false
		}
	}
	return true
}

// rejoin looks for anybody: bootstrap vaults and vaults met before.
func (n *Node) rejoin(ctx context.Context) bool {
	for _, id := range n.host.Network().Peers() {
		if n.serves(id) && n.host.Network().Connectedness(id) == network.Connected {
			n.dht.RoutingTable().TryAddPeer(id, true, false)
		}
	}
	if n.dht.RoutingTable().Size() == 0 && (len(n.bootstrap) == 0 || n.reachBootstrap(ctx) != nil) {
		met := n.contacts.list()
		rand.Shuffle(len(met), func(i, j int) { met[i], met[j] = met[j], met[i] })
		for _, c := range met[:min(8, len(met))] {
			if n.reachVault(ctx, c) == nil {
				break
			}
		}
	}
	return n.walkSelf(ctx) == nil
}
