package routing

import (
	"context"
	"fmt"
	"sync"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/transport"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	"github.com/multiformats/go-multiaddr"
)

// Shortcuts. Where many nodes run in one process, most of what loopback TCP, Noise and yamux cost is spent on bytes that never
// leave it. So a node with [Config.Shortcut] that dials the TCP address of another such node of the same [Memory] gets a
// connection whose streams are pipes: nothing is encrypted, for both ends are one program, and the kernel is not asked.
// Addresses, identify, the DHT and frames are the same, and whoever runs elsewhere comes by TCP.

// shortcut is a node's TCP transport, and its way to the nodes of its process.
type shortcut struct {
	*tcp.TcpTransport
	process *Memory
	self    peer.ID
	key     crypto.PubKey
	limits  network.ResourceManager
}

var _ transport.DialUpdater = (*shortcut)(nil)

// Dial connects to a peer at a TCP address.
func (t *shortcut) Dial(ctx context.Context, a multiaddr.Multiaddr, p peer.ID) (transport.CapableConn, error) {
	return t.DialWithUpdates(ctx, a, p, nil)
}

// DialWithUpdates is Dial, for callers that want to know how far it has come.
func (t *shortcut) DialWithUpdates(ctx context.Context, a multiaddr.Multiaddr, p peer.ID, updates chan<- transport.DialUpdate) (transport.CapableConn, error) {
	if l := t.process.shortcutTo(a); l != nil {
		return t.connect(ctx, l, a, p)
	}
	return t.TcpTransport.DialWithUpdates(ctx, a, p, updates)
}

// connect makes a connection to a node of this process.
func (t *shortcut) connect(ctx context.Context, l *shortcutListener, a multiaddr.Multiaddr, p peer.ID) (transport.CapableConn, error) {
	there := l.transport
	if p != "" && p != there.self {
		return nil, fmt.Errorf("routing: %s is at %s, not %s", there.self, a, p)
	}
	here, err := t.admit(network.DirOutbound, a, there.self)
	if err != nil {
		return nil, err
	}
	their, err := there.admit(network.DirInbound, nowhere, t.self)
	if err != nil {
		here.Done()
		return nil, err
	}
	from, to := newShortcutConns(t, there, a, here, their)
	if err := l.give(ctx, to); err != nil {
		from.Close()
		to.Close()
		return nil, err
	}
	return from, nil
}

// admit asks whether there is room for a connection with a peer.
func (t *shortcut) admit(d network.Direction, a multiaddr.Multiaddr, p peer.ID) (network.ConnManagementScope, error) {
	scope, err := t.limits.OpenConnection(d, false, a)
	if err != nil {
		return nil, err
	}
	if err := scope.SetPeer(p); err != nil {
		scope.Done()
		return nil, err
	}
	return scope, nil
}

// nowhere is the address of who dials: it listens elsewhere, or not at all.
var nowhere = multiaddr.StringCast("/ip4/127.0.0.1/tcp/0")

// Listen listens at a TCP address, for nodes of this process and for others.
func (t *shortcut) Listen(a multiaddr.Multiaddr) (transport.Listener, error) {
	inner, err := t.TcpTransport.Listen(a)
	if err != nil {
		return nil, err
	}
	l := &shortcutListener{Listener: inner, transport: t, come: make(chan transport.CapableConn), closed: make(chan struct{})}
	t.process.open(l)
	go l.follow()
	return l, nil
}

// shortcutListener is a TCP listener that also gets connections from this process.
type shortcutListener struct {
	transport.Listener
	transport *shortcut
	come      chan transport.CapableConn
	closed    chan struct{}
	once      sync.Once
}

// follow passes on what comes by TCP, for as long as anything can.
func (l *shortcutListener) follow() {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			l.Close()
			return
		}
		select {
		case l.come <- c:
		case <-l.closed:
			c.Close()
		}
	}
}

// give hands over a connection from this process.
func (l *shortcutListener) give(ctx context.Context, c *shortcutConn) error {
	select {
	case l.come <- c:
		return nil
	case <-l.closed:
		return fmt.Errorf("routing: nobody listens at %s any more", l.Multiaddr())
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Accept waits for a connection.
func (l *shortcutListener) Accept() (transport.CapableConn, error) {
	select {
	case c := <-l.come:
		return c, nil
	case <-l.closed:
		return nil, transport.ErrListenerClosed
	}
}

// Close ends listening. Connections stay.
func (l *shortcutListener) Close() error {
	var err error
	l.once.Do(func() {
		l.transport.process.shut(l)
		close(l.closed)
		err = l.Listener.Close()
	})
	return err
}

// open makes a listener known in the process.
func (m *Memory) open(l *shortcutListener) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.shortcuts[string(l.Multiaddr().Bytes())] = l
}

// shut forgets a listener.
func (m *Memory) shut(l *shortcutListener) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if at := string(l.Multiaddr().Bytes()); m.shortcuts[at] == l {
		delete(m.shortcuts, at)
	}
}

// shortcutTo is who listens in this process at a TCP address; nil: nobody.
func (m *Memory) shortcutTo(a multiaddr.Multiaddr) *shortcutListener {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.shortcuts[string(a.Bytes())]
}
