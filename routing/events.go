package routing

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/host/eventbus"
)

// subscribe asks libp2p for what tells who is connected, and who is a vault.
func (n *Node) subscribe() (event.Subscription, error) {
	s, err := n.host.EventBus().Subscribe([]any{
		new(event.EvtPeerConnectednessChanged),
		new(event.EvtPeerIdentificationCompleted),
		new(event.EvtPeerIdentificationFailed),
		new(event.EvtPeerProtocolsUpdated),
	}, eventbus.BufSize(256), eventbus.Name("routing"))
	if err != nil {
		return nil, fmt.Errorf("routing: events: %w", err)
	}
	return s, nil
}

// follow keeps what is known of peers in step with libp2p's events. It never waits for the handler: libp2p waits for it.
func (n *Node) follow(s event.Subscription) {
	defer s.Close()
	for {
		select {
		case <-n.ctx.Done():
			return
		case e := <-s.Out():
			switch e := e.(type) {
			case event.EvtPeerConnectednessChanged:
				if e.Connectedness == network.Connected {
					n.connected(e.Peer)
				} else {
					n.disconnected(e.Peer)
				}
			case event.EvtPeerIdentificationCompleted:
				n.identified(e)
			case event.EvtPeerIdentificationFailed:
				if !n.speaks(e.Peer) { // libp2p does not ask again: a new connection has to
					n.spawn(func() { n.host.Network().ClosePeer(e.Peer) })
				}
			case event.EvtPeerProtocolsUpdated:
				n.connected(e.Peer)
			}
		}
	}
}

// serves reports whether the peer has said that it serves the DHT of this network.
func (n *Node) serves(id peer.ID) bool {
	some, err := n.host.Peerstore().SupportsProtocols(id, kademlia(n.cfg.Network))
	return err == nil && len(some) > 0
}

// connected notes that there is a connection, and what is known of the peer by now.
func (n *Node) connected(id peer.ID) {
	key, err := KeyOf(id)
	if err != nil { // no key that could be a vault's or a client's
		n.spawn(func() { n.host.Network().ClosePeer(id) })
		return
	}
	if n.host.Network().Connectedness(id) != network.Connected {
		return // over again; what says so is on its way
	}
	vault, speaks := n.serves(id), n.speaks(id)
	r := n.lock(key)
	if r == nil {
		return
	}
	defer r.mu.Unlock()
	if !r.connected || !r.vault && vault {
		r.failures, r.notBefore = 0, time.Time{}
	}
	r.connected = true
	r.vault = r.vault || vault
	r.client = !r.vault && (speaks || r.client)
	if r.want == wantedOnce {
		r.want = notWanted
	}
	if r.vault {
		n.host.ConnManager().TagPeer(id, "vault", 10)
		signal(n.table.changed)
	}
	signal(r.wake)
	n.tell(r)
}

// speaks reports whether the peer has said that it takes this network's frames.
func (n *Node) speaks(id peer.ID) bool {
	some, err := n.host.Peerstore().SupportsProtocols(id, framesProtocol(n.cfg.Network))
	return err == nil && len(some) > 0
}

// strangerTime is how long a peer may be connected that does not speak this network's protocols: libp2p says what a host
// speaks a moment late, when it has just started.
const strangerTime = 2 * time.Second

// identified notes what the peer has said of itself. Whoever does not speak this network's protocols is let go.
func (n *Node) identified(e event.EvtPeerIdentificationCompleted) {
	if !n.speaks(e.Peer) {
		time.AfterFunc(strangerTime, func() {
			n.spawn(func() {
				if n.host.Network().Connectedness(e.Peer) == network.Connected && !n.speaks(e.Peer) {
					n.counts.strangers.Add(1)
					n.host.Network().ClosePeer(e.Peer)
				}
			})
		})
		return
	}
	if n.serves(e.Peer) {
		n.contacts.learn(e.Peer, e.ListenAddrs, time.Now())
	}
	n.connected(e.Peer)
}

// disconnected notes that the last connection has ended. A member is reached again; whether another vault lives is tried
// once, unless the node has as many connections as it wants: then it, or the vault, may have closed this one to save it.
func (n *Node) disconnected(id peer.ID) {
	key, err := KeyOf(id)
	if err != nil {
		return
	}
	r := n.lock(key)
	if r == nil {
		return
	}
	defer r.mu.Unlock()
	if r.vault && r.want == notWanted && r.failures == 0 && len(n.host.Network().Peers()) < n.cfg.Peers/2 {
		r.want = wantedOnce
	}
	if r.vault {
		n.contacts.learnNew(id, n.host.Peerstore().Addrs(id), time.Now())
		signal(n.table.changed)
	}
	r.connected, r.vault = false, false
	r.breaks++
	if r.want != notWanted {
		wait := rand.N(firstWait)
		if bytes.Compare(n.key[:], r.key[:]) > 0 { // let one of the two be first
			wait += firstWait
		}
		if at := time.Now().Add(wait); at.After(r.notBefore) {
			r.notBefore = at
		}
		n.startSender(r)
	}
	signal(r.wake)
	n.tell(r)
}

// teller calls the handler's Up and Down, in order, beside the events.
type teller struct {
	mu   sync.Mutex
	list []*remote // that there may be something to tell of; each once
	wake chan struct{}
}

// tell makes the teller look at a peer.
func (n *Node) tell(r *remote) {
	n.teller.mu.Lock()
	defer n.teller.mu.Unlock()
	if r.telling {
		return
	}
	r.telling = true
	n.teller.list = append(n.teller.list, r)
	signal(n.teller.wake)
}

func (n *Node) tellAll() {
	for {
		select {
		case <-n.teller.wake:
		case <-n.ctx.Done():
			return
		}
		n.teller.mu.Lock()
		list := n.teller.list
		n.teller.list = nil
		for _, r := range list {
			r.telling = false
		}
		n.teller.mu.Unlock()
		for _, r := range list {
			r.mu.Lock()
			down := r.toldBreaks != r.breaks
			up := r.connected && r.vault && (down || !r.toldUp)
			r.toldBreaks = r.breaks
			r.toldUp = up || r.toldUp && !down
			r.mu.Unlock()
			if down {
				n.handler.Down(r.key)
			}
			if up {
				n.handler.Up(r.key)
			}
		}
	}
}
