package routing

import (
	"context"
	"fmt"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/net/swarm"
)

// reachTime is for finding a peer, dialling it and opening a stream.
const reachTime = 15 * time.Second

// reach connects to the peer, if need be, and opens a stream where frames wait for one.
func (n *Node) reach(r *remote, waiting bool) *outgoing {
	ctx, cancel := context.WithTimeout(n.ctx, reachTime)
	defer cancel()
	var dialled bool
	var err error
	if n.host.Network().Connectedness(r.id) != network.Connected {
		dialled = true
		err = n.dial(ctx, r)
	}
	if err == nil && !waiting {
		n.pause(r, firstWait) // until the connection is noted
		return nil
	}
	var stream network.Stream
	if err == nil {
		stream, err = n.host.NewStream(network.WithNoDial(ctx, "dialled"), r.id, framesProtocol(n.cfg.Network))
	}
	if err == nil {
		out := &outgoing{stream: stream, broken: make(chan struct{}), opened: time.Now()}
		if n.spawn(func() { watch(out) }) {
			return out
		}
		stream.Reset()
		return nil
	}
	r.mu.Lock()
	r.failed(time.Now())
	give := dialled || r.failures > 2
	r.mu.Unlock()
	if give {
		n.dropQueue(r)
		if n.ctx.Err() == nil {
			n.dht.RoutingTable().RemovePeer(r.id) // it comes back when it is connected again
		}
	}
	return nil
}

// watch waits for the end of a stream that the peer never writes to.
func watch(out *outgoing) {
	var b [1]byte
	if n, _ := out.stream.Read(b[:]); n > 0 {
		out.stream.ResetWithError(network.StreamProtocolViolation)
	}
	close(out.broken)
}

// dial connects to the peer at the addresses known. Where there is none, or the peer was not there the last time either, it
// asks the DHT, unless the peer is known for a client, which the DHT does not know.
func (n *Node) dial(ctx context.Context, r *remote) error {
	r.mu.Lock()
	client, again := r.client, r.failures > 0
	r.mu.Unlock()
	addrs := n.contacts.addrs(r.id)
	err := fmt.Errorf("no address is known of it")
	if len(addrs) > 0 || len(n.host.Peerstore().Addrs(r.id)) > 0 {
		if err = n.connectInTurn(ctx, peer.AddrInfo{ID: r.id, Addrs: addrs}); err == nil {
			return nil
		}
		if !again {
			return fmt.Errorf("routing: dial %s: %w", r.key.Short(), err)
		}
	}
	if client {
		return fmt.Errorf("routing: dial client %s: %w", r.key.Short(), err)
	}
	if err := take(ctx, n.walks); err != nil {
		return err
	}
	n.counts.walks.Add(1)
	info, err := n.dht.FindPeer(ctx, r.id)
	<-n.walks
	if err == nil {
		err = n.connectInTurn(ctx, info)
	}
	if err != nil {
		return fmt.Errorf("routing: find %s: %w", r.key.Short(), err)
	}
	return nil
}

// connectInTurn is connect, for a bounded number of peers at a time.
func (n *Node) connectInTurn(ctx context.Context, info peer.AddrInfo) error {
	if err := take(ctx, n.dials); err != nil {
		return err
	}
	defer func() { <-n.dials }()
	return n.connect(ctx, info)
}

// connect dials a peer now, whatever became of earlier attempts.
func (n *Node) connect(ctx context.Context, info peer.AddrInfo) error {
	if s, ok := n.host.Network().(*swarm.Swarm); ok {
		s.Backoff().Clear(info.ID)
	}
	n.counts.dials.Add(1)
	err := n.host.Connect(ctx, info)
	if err != nil {
		n.counts.dialsFailed.Add(1)
	}
	return err
}

// take takes one of a bounded number of places.
func take(ctx context.Context, places chan struct{}) error {
	select {
	case places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
