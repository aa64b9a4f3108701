package routing

import (
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/netip"
	"os"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p"
	dht "github.com/libp2p/go-libp2p-kad-dht"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/libp2p/go-libp2p/core/transport"
	"github.com/libp2p/go-libp2p/gologshim"
	rcmgr "github.com/libp2p/go-libp2p/p2p/host/resource-manager"
	"github.com/libp2p/go-libp2p/p2p/muxer/yamux"
	"github.com/libp2p/go-libp2p/p2p/net/connmgr"
	"github.com/libp2p/go-libp2p/p2p/net/swarm"
	"github.com/libp2p/go-libp2p/p2p/security/noise"
	quic "github.com/libp2p/go-libp2p/p2p/transport/quic"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	"github.com/libp2p/go-libp2p/x/rate"
	muxer "github.com/libp2p/go-yamux/v5"
	"github.com/multiformats/go-multiaddr"

	"vaultnet"
)

// prefix is what all protocols of a network begin with.
func prefix(n vaultnet.NetworkID) protocol.ID {
	return protocol.ID(fmt.Sprintf("/vaultnet/%x", n[:]))
}

// framesProtocol is that of the streams of frames, kademlia that of the DHT: only vaults offer it.
func framesProtocol(n vaultnet.NetworkID) protocol.ID { return prefix(n) + "/frames/1" }
func kademlia(n vaultnet.NetworkID) protocol.ID       { return prefix(n) + "/kad/1.0.0" }

const (
	dialTimeout = 5 * time.Second
	keepAlive   = 5 * time.Second // a connection that answers no ping for twice as long is closed
	streamMost  = 4 << 20         // bytes of a stream that a peer may send before they are read
)

// quiet discards what libp2p logs about itself, of which strangers write most, unless its own variable asks for it.
var quiet = sync.OnceFunc(func() {
	if os.Getenv("GOLOG_LOG_LEVEL") == "" {
		gologshim.SetDefaultHandler(slog.DiscardHandler)
	}
})

// newHost makes the libp2p host, which does not listen yet. What libp2p offers besides connections is turned off.
func newHost(cfg Config, key crypto.PrivKey, door *gate) (host.Host, error) {
	quiet()
	manager, err := connmgr.NewConnManager(cfg.Peers*3/4, cfg.Peers,
		connmgr.WithGracePeriod(5*time.Second), connmgr.WithSilencePeriod(5*time.Second))
	if err != nil {
		return nil, fmt.Errorf("routing: connection manager: %w", err)
	}
	limits, err := resourceManager(cfg)
	if err != nil {
		manager.Close()
		return nil, fmt.Errorf("routing: resource manager: %w", err)
	}
	options := []libp2p.Option{
		libp2p.Identity(key),
		libp2p.UserAgent(agent(cfg.Parameters)),
		libp2p.ProtocolVersion(string(prefix(cfg.Network))),
		libp2p.NoListenAddrs,
		tcpTransport(cfg, key),
		libp2p.Transport(quic.NewTransport),
		libp2p.Transport(func(u transport.Upgrader, rm network.ResourceManager) *memoryTransport {
			return &memoryTransport{network: cfg.Memory, upgrader: u, limits: rm}
		}),
		libp2p.Security(noise.ID, noise.New),
		libp2p.Muxer(yamux.ID, yamuxTransport()),
		libp2p.ConnectionManager(manager),
		libp2p.ResourceManager(limits),
		libp2p.ConnectionGater(door),
		libp2p.DialRanker(memoryFirst),
		libp2p.WithDialTimeout(dialTimeout),
		libp2p.SwarmOpts(swarm.WithDialTimeoutLocal(dialTimeout)),
		libp2p.DisableRelay(),
		libp2p.DisableIdentifyAddressDiscovery(),
		libp2p.Ping(false),
	}
	if cfg.Vault {
		options = append(options, libp2p.ForceReachabilityPublic())
	} else {
		options = append(options, libp2p.ForceReachabilityPrivate())
	}
	if cfg.Metrics != nil {
		options = append(options, libp2p.PrometheusRegisterer(cfg.Metrics))
	} else {
		options = append(options, libp2p.DisableMetrics())
	}
	h, err := libp2p.New(options...)
	if err != nil {
		manager.Close()
		limits.Close()
		return nil, fmt.Errorf("routing: host: %w", err)
	}
	return h, nil
}

// tcpTransport is TCP, with shortcuts to nodes of this process where they are wanted.
func tcpTransport(cfg Config, key crypto.PrivKey) libp2p.Option {
	options := []tcp.Option{tcp.DisableReuseport(), tcp.WithConnectionTimeout(dialTimeout)}
	if !cfg.Shortcut {
		return libp2p.Transport(tcp.NewTCPTransport, options[0], options[1])
	}
	return libp2p.Transport(func(u transport.Upgrader, rm network.ResourceManager) (*shortcut, error) {
		id, err := peer.IDFromPrivateKey(key)
		if err != nil {
			return nil, err
		}
		t, err := tcp.NewTCPTransport(u, rm, nil, options...)
		return &shortcut{TcpTransport: t, process: cfg.Memory, self: id, key: key.GetPublic(), limits: rm}, err
	})
}

// namelessMost is how many connections may have come in that have not said who they are.
func namelessMost(cfg Config) int { return 8 * cfg.Peers }

func yamuxTransport() *yamux.Transport {
	c := muxer.DefaultConfig()
	c.MaxStreamWindowSize = streamMost
	c.LogOutput = io.Discard
	c.ReadBufSize = 0 // Noise buffers
	c.MaxMessageSize = noise.MaxPlaintextLength
	c.MaxIncomingStreams = math.MaxUint32
	c.KeepAliveInterval = keepAlive
	c.ConnectionWriteTimeout = 2 * keepAlive
	return (*yamux.Transport)(c)
}

// memoryFirst dials addresses in memory at once and the others as libp2p does; by its own rules it would keep the former,
// which it does not know, waiting.
func memoryFirst(addrs []multiaddr.Multiaddr) []network.AddrDelay {
	var first []network.AddrDelay
	var others []multiaddr.Multiaddr
	for _, a := range addrs {
		if _, ok := memoryNumber(a); ok {
			first = append(first, network.AddrDelay{Addr: a})
		} else {
			others = append(others, a)
		}
	}
	return append(first, swarm.DefaultDialRanker(others)...)
}

// resourceManager bounds what strangers can make the node hold. Twice as many connections as the connection manager keeps
// may be open until it trims them, a part of them only by the node itself. Eight times as many may come in that have not
// yet said who they are: they cost little, and while these places are taken, no honest newcomer gets in (see gate).
func resourceManager(cfg Config) (network.ResourceManager, error) {
	conns, nameless := 2*cfg.Peers, namelessMost(cfg)
	streams := 16 * conns
	perPeer := rcmgr.ResourceLimits{
		Conns: 8, ConnsInbound: 4, ConnsOutbound: 4, FD: 8,
		Streams: 128, StreamsInbound: 64, StreamsOutbound: 64,
		Memory: 64 << 20,
	}
	limit := rcmgr.PartialLimitConfig{
		System: rcmgr.ResourceLimits{
			Conns: rcmgr.LimitVal(conns + nameless), ConnsInbound: rcmgr.LimitVal(conns*3/4 + nameless), ConnsOutbound: rcmgr.LimitVal(conns),
			FD:      rcmgr.LimitVal(conns + nameless + 64),
			Streams: rcmgr.LimitVal(streams), StreamsInbound: rcmgr.LimitVal(streams), StreamsOutbound: rcmgr.LimitVal(streams),
			Memory: rcmgr.LimitVal64(128<<20 + int64(conns)*(8<<20)), // windows granted, of which few are ever filled
		},
		Transient: rcmgr.ResourceLimits{ // connections that have not said who they are, streams that have not said what for
			Conns: rcmgr.LimitVal(nameless + 128), ConnsInbound: rcmgr.LimitVal(nameless), ConnsOutbound: 128, FD: rcmgr.LimitVal(nameless + 128),
			Streams: 1024, StreamsInbound: 512, StreamsOutbound: 1024,
			Memory: 256 << 20,
		},
		PeerDefault: perPeer,
		ProtocolPeer: map[protocol.ID]rcmgr.ResourceLimits{
			framesProtocol(cfg.Network): {Streams: 12, StreamsInbound: 4, StreamsOutbound: 8, Memory: 48 << 20},
		},
		ProtocolDefault:     rcmgr.ResourceLimits{Streams: rcmgr.Unlimited, StreamsInbound: rcmgr.Unlimited, StreamsOutbound: rcmgr.Unlimited, Memory: rcmgr.Unlimited64},
		ProtocolPeerDefault: rcmgr.ResourceLimits{Streams: 64, StreamsInbound: 32, StreamsOutbound: 64, Memory: 16 << 20},
		ServiceDefault:      rcmgr.ResourceLimits{Streams: rcmgr.Unlimited, StreamsInbound: rcmgr.Unlimited, StreamsOutbound: rcmgr.Unlimited, Memory: rcmgr.Unlimited64},
	}
	defaults := rcmgr.DefaultLimits
	libp2p.SetDefaultServiceLimits(&defaults)
	perIP := max(32, cfg.Peers/4)
	options := []rcmgr.Option{
		rcmgr.WithLimitPerSubnet(
			[]rcmgr.ConnLimitPerSubnet{{PrefixLength: 32, ConnCount: perIP}},
			[]rcmgr.ConnLimitPerSubnet{{PrefixLength: 56, ConnCount: perIP}, {PrefixLength: 48, ConnCount: 4 * perIP}}),
		rcmgr.WithConnRateLimiters(&rate.Limiter{
			NetworkPrefixLimits: []rate.PrefixLimit{{Prefix: netip.MustParsePrefix("127.0.0.0/8")}, {Prefix: netip.MustParsePrefix("::1/128")}},
			SubnetRateLimiter: rate.SubnetLimiter{
				IPv4SubnetLimits: []rate.SubnetLimit{{PrefixLength: 32, Limit: rate.Limit{RPS: 8, Burst: 2 * perIP}}},
				IPv6SubnetLimits: []rate.SubnetLimit{
					{PrefixLength: 56, Limit: rate.Limit{RPS: 8, Burst: 2 * perIP}},
					{PrefixLength: 48, Limit: rate.Limit{RPS: 32, Burst: 8 * perIP}}},
				GracePeriod: time.Minute,
			},
		}),
	}
	if cfg.Metrics == nil {
		options = append(options, rcmgr.WithMetricsDisabled())
	}
	return rcmgr.NewResourceManager(rcmgr.NewFixedLimiter(limit.Build(defaults.AutoScale())), options...)
}

// newDHT makes the Kademlia part: vaults serve, clients ask; no values, no providers. The node refreshes the routing
// table itself, and the queries leave out peers that it could not reach lately.
func newDHT(cfg Config, h host.Host, reachable func(peer.ID) bool) (*dht.IpfsDHT, error) {
	mode := dht.ModeClient
	if cfg.Vault {
		mode = dht.ModeServer
	}
	d, err := dht.New(h,
		dht.ProtocolPrefix(prefix(cfg.Network)),
		dht.Mode(mode),
		dht.DisableProviders(),
		dht.DisableValues(),
		dht.DisableAutoRefresh(),
		dht.RoutingTableRefreshQueryTimeout(dialTimeout),
		dht.QueryFilter(func(_ any, info peer.AddrInfo) bool { return reachable(info.ID) }),
	)
	if err != nil {
		return nil, fmt.Errorf("routing: DHT: %w", err)
	}
	return d, nil
}
