package routing

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	dht "github.com/libp2p/go-libp2p-kad-dht"
	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/host/eventbus"
	"github.com/multiformats/go-multiaddr"

	"vaultnet"
)

// ErrClosed is returned by what is asked of a closed node.
var ErrClosed = errors.New("routing: the node is closed")

const (
	maxRemotes   = 16_384    // peers that something is known of
	maxDials     = 16        // peers being dialled at once
	maxWalks     = 8         // walks of the DHT at once
	readingBytes = 128 << 20 // of large frames being read and handled, of all peers but members
	fairShare    = 64 << 10  // bytes that may wait for any peer even when all the queues together are full
)

// Node is a vault or a client on the network. Make it with [New]; all methods are safe for concurrent use.
type Node struct {
	cfg       Config
	handler   Handler
	key       vaultnet.PublicKey
	bootstrap []peer.AddrInfo // without the node itself

	door *gate
	host host.Host
	dht  *dht.IpfsDHT

	ctx    context.Context
	cancel context.CancelFunc
	group  sync.WaitGroup
	once   sync.Once

	gate   sync.RWMutex // of the group
	closed bool

	mu      sync.RWMutex // taken before a remote's, never while one is held
	remotes map[vaultnet.PublicKey]*remote
	members map[vaultnet.PublicKey]struct{}

	contacts contacts
	dials    chan struct{}
	walks    chan struct{}
	queued   atomic.Int64 // bytes in all queues
	reading  atomic.Int64 // bytes of large frames being read and handled
	buffers  sync.Pool    // of *[]byte, writeBuffer long
	frames   sync.Pool    // of *[]byte: what frames that were read were in

	teller teller
	table  table
	counts counts
}

// New makes a node that listens at the addresses of the configuration. Peers may reach it, and the handler be called,
// from then on; it does nothing of its own accord until [Node.Join]. Close it when it is no longer needed.
func New(cfg Config, h Handler) (*Node, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	private, key, err := identity(cfg.Seed)
	if err != nil {
		return nil, err
	}
	listen, err := cfg.listen()
	if err != nil {
		return nil, err
	}
	n := &Node{
		cfg: cfg, handler: h, key: key,
		door:     newGate(namelessMost(cfg) * 3 / 4),
		remotes:  map[vaultnet.PublicKey]*remote{},
		members:  map[vaultnet.PublicKey]struct{}{},
		contacts: contacts{all: map[peer.ID]contact{}},
		dials:    make(chan struct{}, maxDials),
		walks:    make(chan struct{}, maxWalks),
		buffers:  sync.Pool{New: func() any { b := make([]byte, 0, writeBuffer); return &b }},
		teller:   teller{wake: make(chan struct{}, 1)},
		table:    table{changed: make(chan struct{}, 1), lost: make(chan struct{}, 1)},
	}
	n.ctx, n.cancel = context.WithCancel(context.Background())
	if n.host, err = newHost(cfg, private, n.door); err != nil {
		n.cancel()
		return nil, err
	}
	if n.bootstrap, err = n.cfg.bootstrap(); err == nil {
		err = n.start(listen)
	}
	if err != nil {
		n.Close()
		return nil, err
	}
	return n, nil
}

// start sets up everything that must be there before the first peer comes, then listens.
func (n *Node) start(listen []multiaddr.Multiaddr) error {
	others := n.bootstrap[:0]
	for _, b := range n.bootstrap {
		if b.ID != n.host.ID() {
			others = append(others, b)
		}
	}
	n.bootstrap = others

	events, err := n.subscribe()
	if err != nil {
		return err
	}
	n.spawn(func() { n.follow(events) })
	n.spawn(n.tellAll)
	n.host.SetStreamHandler(framesProtocol(n.cfg.Network), n.accept)
	if n.dht, err = newDHT(n.cfg, n.host, n.reachable); err != nil {
		return err
	}
	n.watchTable()
	n.spawn(n.tellTable)
	n.spawn(n.sweep)
	return n.listen(listen)
}

// listen listens, and waits until libp2p has noticed: only then does it tell others where.
func (n *Node) listen(all []multiaddr.Multiaddr) error {
	if len(all) == 0 {
		return nil
	}
	noticed, err := n.host.EventBus().Subscribe(new(event.EvtLocalAddressesUpdated), eventbus.Name("routing: addresses"))
	if err != nil {
		return fmt.Errorf("routing: events: %w", err)
	}
	defer noticed.Close()
	for _, a := range all {
		if err := n.host.Network().Listen(a); err != nil {
			return fmt.Errorf("routing: listen at %s: %w; is it in use? choose another address", a, err)
		}
	}
	limit := time.NewTimer(time.Second)
	defer limit.Stop()
	for {
		select {
		case e := <-noticed.Out():
			if e, ok := e.(event.EvtLocalAddressesUpdated); ok && len(e.Current) > 0 {
				return nil
			}
		case <-limit.C: // it will notice later: others then learn of it a little later
			return nil
		}
	}
}

// spawn runs f in a goroutine that Close waits for. It reports false when the node is closed.
func (n *Node) spawn(f func()) bool {
	if !n.enter() {
		return false
	}
	go func() {
		defer n.group.Done()
		f()
	}()
	return true
}

// enter makes Close wait for a group.Done, unless the node is closed already.
func (n *Node) enter() bool {
	n.gate.RLock()
	defer n.gate.RUnlock()
	if n.closed {
		return false
	}
	n.group.Add(1)
	return true
}

// Close ends all connections and waits for every goroutine, and so for calls of the handler that are under way. Frames
// that wait are dropped. It is safe to call it again.
func (n *Node) Close() error {
	var err error
	n.once.Do(func() {
		n.gate.Lock()
		n.closed = true
		n.gate.Unlock()
		n.cancel()
		if n.dht != nil {
			err = n.dht.Close()
		}
		err = errors.Join(err, n.host.Close())
		n.group.Wait()
	})
	return err
}

// Identity is the node's own key.
func (n *Node) Identity() vaultnet.PublicKey { return n.key }

// Addresses returns where the node listens, as multiaddrs ending in /p2p/ID.
func (n *Node) Addresses() []string {
	addrs, err := n.host.Network().InterfaceListenAddresses()
	if err != nil { // the interfaces cannot be listed
		addrs = n.host.Addrs()
	}
	return full(peer.AddrInfo{ID: n.host.ID(), Addrs: addrs})
}

// Met returns addresses, ending in /p2p/ID, of up to [MaxContacts] vaults met, lately met first: what a later
// [Config.Bootstrap] may name.
func (n *Node) Met() []string {
	var all []string
	for _, c := range n.contacts.list() {
		all = append(all, full(c)...)
	}
	return all
}

func full(info peer.AddrInfo) []string {
	all := make([]string, 0, len(info.Addrs))
	for _, a := range info.Addrs {
		all = append(all, a.String()+"/p2p/"+info.ID.String())
	}
	return all
}

// remote returns what is known of a peer, nil for the node itself, for nobody, and where too many are known.
func (n *Node) remote(key vaultnet.PublicKey) *remote {
	n.mu.RLock()
	r := n.remotes[key]
	n.mu.RUnlock()
	if r != nil {
		return r
	}
	id, err := PeerID(key)
	if err != nil || key == n.key {
		return nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if r := n.remotes[key]; r != nil {
		return r
	}
	if n.ctx.Err() != nil || len(n.remotes) >= maxRemotes {
		return nil
	}
	r = &remote{key: key, id: id, wake: make(chan struct{}, 1)}
	if _, ok := n.members[key]; ok {
		r.want = wanted
	}
	n.remotes[key] = r
	return r
}

// lock returns what is known of a peer, locked, or nil.
func (n *Node) lock(key vaultnet.PublicKey) *remote {
	for {
		r := n.remote(key)
		if r == nil {
			return nil
		}
		r.mu.Lock()
		if !r.gone {
			return r
		}
		r.mu.Unlock()
	}
}

// sweep forgets peers that nothing need be known of.
func (n *Node) sweep() {
	ticker := time.NewTicker(10 * time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-n.ctx.Done():
			return
		}
		now := time.Now().Add(-time.Minute) // remember for a while who is a client, and who was not reached
		n.mu.Lock()
		for key, r := range n.remotes {
			r.mu.Lock()
			if r.idle(now) {
				r.gone = true
				delete(n.remotes, key)
			}
			r.mu.Unlock()
		}
		n.mu.Unlock()
	}
}

// Protect replaces the list of fellow members: their connections are never trimmed, and made again when they break.
func (n *Node) Protect(members []vaultnet.PublicKey) {
	const tag = "member"
	next := make(map[vaultnet.PublicKey]struct{}, len(members))
	for _, k := range members {
		if k != n.key && !k.IsNobody() {
			next[k] = struct{}{}
		}
	}
	n.mu.Lock()
	before := n.members
	n.members = next
	n.mu.Unlock()
	for k := range before {
		if _, ok := next[k]; ok {
			continue
		}
		if r := n.lock(k); r != nil {
			r.want = notWanted
			n.host.ConnManager().Unprotect(r.id, tag)
			r.mu.Unlock()
		}
	}
	for k := range next {
		if _, ok := before[k]; ok {
			continue
		}
		if r := n.lock(k); r != nil {
			r.want = wanted
			n.host.ConnManager().Protect(r.id, tag)
			if !r.connected {
				n.startSender(r)
			}
			r.mu.Unlock()
		}
	}
}

func (n *Node) isMember(key vaultnet.PublicKey) bool {
	n.mu.RLock()
	defer n.mu.RUnlock()
	_, ok := n.members[key]
	return ok
}
