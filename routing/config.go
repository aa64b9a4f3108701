package routing

import (
	"fmt"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"
	"github.com/prometheus/client_golang/prometheus"

	"vaultnet"
)

// Bounds and defaults of a [Config].
const (
	DefaultPeers       = 192              // connections above which the least useful are closed
	MinPeers           = 16               // lowest [Config.Peers]
	MaxPeers           = 10_000           // highest
	DefaultQueueFrames = 4096             // frames waiting to be sent to one peer (design §12)
	DefaultQueueBytes  = 16 << 20         // bytes waiting to be sent to one peer (design §12)
	DefaultQueuesBytes = 256 << 20        // bytes waiting to be sent to all peers together
	DefaultWrite       = 10 * time.Second // in which a peer must take the next part of what is written to it
	MaxContacts        = 10_000           // vaults whose addresses are remembered (design §3)
	MaxLatency         = time.Minute      // highest [Config.Latency]
)

// Config says who a node is and where it listens. The zero values of the bounds mean their defaults.
type Config struct {
	Seed       [32]byte            // RFC 8032 seed of the node's identity; a client's is a throw-away
	Network    vaultnet.NetworkID  // in the names of the protocols: other networks are not spoken to
	Parameters vaultnet.Parameters // what Network is made of, told to whoever connects, so that another network's node can say what differs; zero: not told
	Vault      bool                // serves the DHT and is found through it; false: a client, which only asks
	Listen     []string            // multiaddrs: /ip4/…/tcp/…, /ip4/…/udp/…/quic-v1, /memory/N; none: reached by nobody
	Bootstrap  []string            // multiaddrs of vaults, each ending in /p2p/ID; one that is the node itself is skipped

	Peers       int           // connections above which the least useful are closed, members' last; default [DefaultPeers]
	QueueFrames int           // frames waiting for one peer; what comes beyond is dropped; default [DefaultQueueFrames]
	QueueBytes  int           // bytes waiting for one peer, at least [vaultnet.MaxFrame]; default [DefaultQueueBytes]
	QueuesBytes int           // bytes waiting for all peers; default [DefaultQueuesBytes]
	Write       time.Duration // a peer that takes nothing for so long is cut; default [DefaultWrite]

	Latency  time.Duration         // one-way delay added to every frame sent, for experiments; 0: none
	Memory   *Memory               // where /memory/N addresses are; nil: one that the whole process shares
	Shortcut bool                  // TCP addresses of other nodes of Memory that have this set, too, are reached within the process
	Metrics  prometheus.Registerer // receives libp2p's metrics; nil: none are kept
}

// withDefaults returns c with its zero bounds replaced.
func (c Config) withDefaults() Config {
	set := func(v *int, d int) {
		if *v == 0 {
			*v = d
		}
	}
	set(&c.Peers, DefaultPeers)
	set(&c.QueueFrames, DefaultQueueFrames)
	set(&c.QueueBytes, DefaultQueueBytes)
	set(&c.QueuesBytes, DefaultQueuesBytes)
	if c.Write == 0 {
		c.Write = DefaultWrite
	}
	if c.Memory == nil {
		c.Memory = sharedMemory
	}
	return c
}

// Validate names the first field that is out of bounds and says what it may be.
func (c Config) Validate() error {
	c = c.withDefaults()
	switch {
	case c.Peers < MinPeers || c.Peers > MaxPeers:
		return fmt.Errorf("routing: peers: %d, want %d to %d", c.Peers, MinPeers, MaxPeers)
	case c.QueueFrames < 1:
		return fmt.Errorf("routing: queue of a peer: %d frames, want at least 1", c.QueueFrames)
	case c.QueueBytes < vaultnet.MaxFrame:
		return fmt.Errorf("routing: queue of a peer: %d bytes, want at least %d, one frame", c.QueueBytes, vaultnet.MaxFrame)
	case c.QueuesBytes < c.QueueBytes:
		return fmt.Errorf("routing: queues of all peers: %d bytes, want at least the %d of one peer", c.QueuesBytes, c.QueueBytes)
	case c.Write < 10*time.Millisecond:
		return fmt.Errorf("routing: write timeout: %v, want at least 10ms", c.Write)
	case c.Latency < 0 || c.Latency > MaxLatency:
		return fmt.Errorf("routing: latency: %v, want 0 to %v", c.Latency, MaxLatency)
	case c.Parameters != (vaultnet.Parameters{}) && c.Parameters.ID() != c.Network:
		return fmt.Errorf("routing: network %v is not made of its parameters", c.Network)
	case c.Vault && len(c.Listen) == 0:
		return fmt.Errorf("routing: a vault needs an address to listen on, such as /ip4/0.0.0.0/tcp/47000")
	}
	if _, err := c.listen(); err != nil {
		return err
	}
	_, err := c.bootstrap()
	return err
}

// listen parses the addresses to listen on.
func (c Config) listen() ([]multiaddr.Multiaddr, error) {
	all := make([]multiaddr.Multiaddr, 0, len(c.Listen))
	for _, s := range c.Listen {
		a, err := multiaddr.NewMultiaddr(s)
		if err != nil {
			return nil, fmt.Errorf("routing: listen address %q: %w; want one such as /ip4/127.0.0.1/tcp/47000", s, err)
		}
		all = append(all, a)
	}
	return all, nil
}

// bootstrap parses the bootstrap addresses and gathers those of one vault.
func (c Config) bootstrap() ([]peer.AddrInfo, error) {
	all := make([]multiaddr.Multiaddr, 0, len(c.Bootstrap))
	for _, s := range c.Bootstrap {
		a, err := multiaddr.NewMultiaddr(s)
		if err == nil {
			_, err = peer.AddrInfoFromP2pAddr(a)
		}
		if err != nil {
			return nil, fmt.Errorf("routing: bootstrap address %q: %w; want one such as /ip4/127.0.0.1/tcp/47000/p2p/12D3KooW…", s, err)
		}
		all = append(all, a)
	}
	infos, err := peer.AddrInfosFromP2pAddrs(all...)
	if err != nil {
		return nil, fmt.Errorf("routing: bootstrap addresses: %w", err)
	}
	return infos, nil
}
