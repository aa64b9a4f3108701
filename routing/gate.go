package routing

import (
	"container/list"
	"sync"

	"github.com/libp2p/go-libp2p/core/connmgr"
	"github.com/libp2p/go-libp2p/core/control"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// gate bounds the connections that have come in and not yet said who they are. Where libp2p would turn newcomers away
// until the old ones time out, it closes the oldest: an honest peer says who it is within milliseconds, so those that wait
// longest are those that never will.
type gate struct {
	limit int

	mu      sync.Mutex
	waiting list.List                                // of manet.Conn, oldest first
	places  map[network.ConnMultiaddrs]*list.Element // in waiting
	evicted uint64
}

var _ connmgr.ConnectionGater = (*gate)(nil)

func newGate(limit int) *gate {
	return &gate{limit: limit, places: map[network.ConnMultiaddrs]*list.Element{}}
}

// InterceptAccept is told of a connection that has come in.
func (g *gate) InterceptAccept(c network.ConnMultiaddrs) bool {
	conn, ok := c.(manet.Conn)
	if !ok { // QUIC says who is there as soon as it says that somebody is
		return true
	}
	g.mu.Lock()
	var oldest manet.Conn
	if g.waiting.Len() >= g.limit {
		oldest = g.waiting.Remove(g.waiting.Front()).(manet.Conn)
		delete(g.places, oldest)
		g.evicted++
	}
	g.places[c] = g.waiting.PushBack(conn)
	g.mu.Unlock()
	if oldest != nil {
		oldest.Close()
	}
	return true
}

// InterceptSecured is told of a connection that has proved whose it is.
func (g *gate) InterceptSecured(_ network.Direction, _ peer.ID, c network.ConnMultiaddrs) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if e := g.places[c]; e != nil {
		g.waiting.Remove(e)
		delete(g.places, c)
	}
	return true
}

// evictions is how many connections were closed for newer ones.
func (g *gate) evictions() uint64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.evicted
}

func (g *gate) InterceptPeerDial(peer.ID) bool                                  { return true }
func (g *gate) InterceptAddrDial(peer.ID, multiaddr.Multiaddr) bool             { return true }
func (g *gate) InterceptUpgraded(network.Conn) (bool, control.DisconnectReason) { return true, 0 }
