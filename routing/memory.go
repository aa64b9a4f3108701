package routing

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/transport"
	"github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// Memory is a network within the process, for tests with many nodes: nodes listen at /memory/N and connect through
// buffered pipes with deadlines. Everything above the wire is the real thing (Noise, yamux, identify, the DHT). Its links
// can be given delay, loss and partitions. Safe for concurrent use.
type Memory struct {
	mu        sync.Mutex
	listeners map[uint64]*memoryListener
	pipes     map[*pipe]struct{}
	shortcuts map[string]*shortcutListener // by the bytes of the TCP address
	last      uint64                       // number given to whoever asked for none

	shape atomic.Pointer[func(from, to uint64) Link]
}

// Link says how bytes get from one node of a [Memory] to another.
type Link struct {
	Delay time.Duration // until what is written can be read
	Loss  float64       // chance that a write takes another 200 ms, as a segment that TCP must send again
	Down  bool          // nothing arrives, and nobody is told; what was written arrives once the link is up again
}

var sharedMemory = NewMemory()

// firstUnasked is the first number given to nodes that listen at /memory/0 or not at all.
const firstUnasked = 1 << 32

// NewMemory returns an empty network with perfect links.
func NewMemory() *Memory {
	return &Memory{listeners: map[uint64]*memoryListener{}, pipes: map[*pipe]struct{}{}, shortcuts: map[string]*shortcutListener{}, last: firstUnasked}
}

// Shape sets how links are from now on, nil for perfect. The function is given the numbers N of two nodes' /memory/N (of
// the first such address a node listens at, or one above 2^32 if it listens at none), is called often and by many
// goroutines, and must be quick.
func (m *Memory) Shape(shape func(from, to uint64) Link) {
	if shape == nil {
		m.shape.Store(nil)
	} else {
		m.shape.Store(&shape)
	}
	m.mu.Lock()
	pipes := make([]*pipe, 0, len(m.pipes))
	for p := range m.pipes {
		pipes = append(pipes, p)
	}
	m.mu.Unlock()
	for _, p := range pipes {
		p.wake()
	}
}

func (m *Memory) link(from, to uint64) Link {
	if shape := m.shape.Load(); shape != nil {
		return (*shape)(from, to)
	}
	return Link{}
}

// wait is how long a write takes to arrive.
func (m *Memory) wait(from, to uint64) time.Duration {
	l := m.link(from, to)
	if l.Loss > 0 && rand.Float64() < l.Loss {
		return l.Delay + resend
	}
	return l.Delay
}

func (m *Memory) number() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last++
	return m.last
}

// memoryAddr is the number of a node.
type memoryAddr uint64

func (memoryAddr) Network() string  { return "memory" }
func (a memoryAddr) String() string { return strconv.FormatUint(uint64(a), 10) }

func (a memoryAddr) multiaddr() multiaddr.Multiaddr {
	return multiaddr.StringCast("/memory/" + a.String())
}

// memoryNumber reads N of /memory/N.
func memoryNumber(a multiaddr.Multiaddr) (uint64, bool) {
	if len(a) != 1 || a[0].Protocol().Code != multiaddr.P_MEMORY {
		return 0, false
	}
	n, err := strconv.ParseUint(a[0].Value(), 10, 64)
	return n, err == nil
}

// memoryConn is one end of a connection.
type memoryConn struct {
	in, out       *pipe
	local, remote memoryAddr
	once          sync.Once
}

var _ manet.Conn = (*memoryConn)(nil)

func (c *memoryConn) Read(b []byte) (int, error)           { return c.in.Read(b) }
func (c *memoryConn) Write(b []byte) (int, error)          { return c.out.Write(b) }
func (c *memoryConn) LocalAddr() net.Addr                  { return c.local }
func (c *memoryConn) RemoteAddr() net.Addr                 { return c.remote }
func (c *memoryConn) LocalMultiaddr() multiaddr.Multiaddr  { return c.local.multiaddr() }
func (c *memoryConn) RemoteMultiaddr() multiaddr.Multiaddr { return c.remote.multiaddr() }
func (c *memoryConn) SetReadDeadline(t time.Time) error {
	c.in.setDeadline(&c.in.readDeadline, t)
	return nil
}
func (c *memoryConn) SetWriteDeadline(t time.Time) error {
	c.out.setDeadline(&c.out.writeDeadline, t)
	return nil
}
func (c *memoryConn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

func (c *memoryConn) Close() error {
	c.once.Do(func() {
		c.in.abandon()
		c.out.end()
		m := c.in.network
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.pipes, c.in)
	})
	return nil
}

// memoryTransport is a node's way to a [Memory].
type memoryTransport struct {
	network  *Memory
	upgrader transport.Upgrader
	limits   network.ResourceManager

	mu   sync.Mutex
	self uint64 // 0: not yet known
}

var _ transport.Transport = (*memoryTransport)(nil)

func (t *memoryTransport) Protocols() []int { return []int{multiaddr.P_MEMORY} }
func (t *memoryTransport) Proxy() bool      { return false }

func (t *memoryTransport) CanDial(a multiaddr.Multiaddr) bool {
	_, ok := memoryNumber(a)
	return ok
}

// number is the node's own, taken the first time that it dials or listens.
func (t *memoryTransport) number(wanted uint64) uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.self == 0 {
		if t.self = wanted; wanted == 0 {
			t.self = t.network.number()
		}
	}
	return t.self
}

func (t *memoryTransport) Dial(ctx context.Context, a multiaddr.Multiaddr, p peer.ID) (transport.CapableConn, error) {
	to, ok := memoryNumber(a)
	if !ok {
		return nil, fmt.Errorf("routing: %s is no address in memory", a)
	}
	scope, err := t.limits.OpenConnection(network.DirOutbound, false, a)
	if err != nil {
		return nil, err
	}
	conn, err := t.connect(ctx, to)
	if err == nil {
		err = scope.SetPeer(p)
	}
	if err != nil {
		if conn != nil {
			conn.Close()
		}
		scope.Done()
		return nil, err
	}
	return t.upgrader.Upgrade(ctx, t, conn, network.DirOutbound, p, scope) // ends the scope if it fails
}

func (t *memoryTransport) connect(ctx context.Context, to uint64) (manet.Conn, error) {
	m, from := t.network, t.number(0)
	if m.link(from, to).Down || m.link(to, from).Down {
		<-ctx.Done() // as a lost SYN
		return nil, ctx.Err()
	}
	there, back := newPipe(m, from, to), newPipe(m, to, from)
	accepted := &memoryConn{in: there, out: back, local: memoryAddr(to), remote: memoryAddr(from)}

	m.mu.Lock()
	defer m.mu.Unlock()
	l := m.listeners[to]
	if l == nil {
		return nil, fmt.Errorf("routing: nobody listens at /memory/%d", to)
	}
	select {
	case l.incoming <- accepted:
	default:
		return nil, fmt.Errorf("routing: too many connections wait at /memory/%d", to)
	}
	m.pipes[there], m.pipes[back] = struct{}{}, struct{}{}
	return &memoryConn{in: back, out: there, local: memoryAddr(from), remote: memoryAddr(to)}, nil
}

func (t *memoryTransport) Listen(a multiaddr.Multiaddr) (transport.Listener, error) {
	wanted, ok := memoryNumber(a)
	if !ok {
		return nil, fmt.Errorf("routing: %s is no address in memory", a)
	}
	if wanted == 0 {
		wanted = t.network.number()
	}
	l := &memoryListener{network: t.network, at: wanted, incoming: make(chan *memoryConn, 128), closed: make(chan struct{})}
	t.network.mu.Lock()
	defer t.network.mu.Unlock()
	if t.network.listeners[wanted] != nil {
		return nil, fmt.Errorf("routing: /memory/%d is in use", wanted)
	}
	t.network.listeners[wanted] = l
	t.mu.Lock()
	if t.self == 0 {
		t.self = wanted
	}
	t.mu.Unlock()
	return t.upgrader.UpgradeGatedMaListener(t, t.upgrader.GateMaListener(l)), nil
}

// memoryListener waits at an address.
type memoryListener struct {
	network  *Memory
	at       uint64
	incoming chan *memoryConn
	closed   chan struct{}
	once     sync.Once
}

var _ manet.Listener = (*memoryListener)(nil)

func (l *memoryListener) Accept() (manet.Conn, error) {
	select {
	case c := <-l.incoming:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *memoryListener) Close() error {
	l.once.Do(func() {
		l.network.mu.Lock()
		delete(l.network.listeners, l.at)
		l.network.mu.Unlock()
		close(l.closed)
		for {
			select {
			case c := <-l.incoming:
				c.Close()
			default:
				return
			}
		}
	})
	return nil
}

func (l *memoryListener) Multiaddr() multiaddr.Multiaddr { return memoryAddr(l.at).multiaddr() }
func (l *memoryListener) Addr() net.Addr                 { return memoryAddr(l.at) }
