package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/libp2p/go-libp2p"
	dht "github.com/libp2p/go-libp2p-kad-dht"
	"github.com/libp2p/go-libp2p/core/host"
	addresses "github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/peerstore"

	"vaultnet/bench"
)

// kad is a network of go-libp2p-kad-dht in this process, over loopback TCP.
type kad struct {
	hosts int
	reads bool

	libp2p []host.Host
	nodes  []*dht.IpfsDHT
}

func (k *kad) about() string {
	return fmt.Sprintf("kad-dht v0.42.1, %d hosts in one process, TCP, records at 20 of them", k.hosts)
}

func (k *kad) guarantees() string {
	return `Each record goes to the 20 hosts nearest to its key, found by a walk of the DHT each time. Nobody agrees on anything: of two
writers at once one is forgotten somewhere, a read may miss what was just written, hosts that lie can hide records, and
only the record itself can say whether it is genuine. Records are in memory, expire, and nobody pays for them.`
}

// newest is a validator of records that begin with a number: the greatest counts.
type newest struct{}

func (newest) Validate(_ string, value []byte) error {
	if len(value) < 8 {
		return errors.New("too short")
	}
	return nil
}

func (newest) Select(_ string, values [][]byte) (int, error) {
	best := -1
	for i, v := range values {
		if len(v) >= 8 && (best < 0 || binary.BigEndian.Uint64(v) > binary.BigEndian.Uint64(values[best])) {
			best = i
		}
	}
	if best < 0 {
		return 0, errors.New("none is valid")
	}
	return best, nil
}

func (k *kad) start(ctx context.Context) error {
	for i := range k.hosts {
		h, err := libp2p.New(libp2p.ListenAddrStrings("/ip4/127.0.0.1/tcp/0"), libp2p.DisableRelay())
		if err != nil {
			return err
		}
		k.libp2p = append(k.libp2p, h)
		d, err := dht.New(h, dht.Mode(dht.ModeServer), dht.ProtocolPrefix("/vaultnet-peers"), dht.DisableAutoRefresh(),
			dht.DisableProviders(), dht.NamespacedValidator("v", newest{}))
		if err != nil {
			return fmt.Errorf("host %d: %w", i, err)
		}
		k.nodes = append(k.nodes, d)
	}
	for i, h := range k.libp2p { // everybody knows everybody, as in a network that has been up for long
		for j, o := range k.libp2p {
			if i == j {
				continue
			}
			h.Peerstore().AddAddrs(o.ID(), o.Addrs(), peerstore.PermanentAddrTTL)
			if i < j {
				if err := h.Connect(ctx, addresses.AddrInfo{ID: o.ID(), Addrs: o.Addrs()}); err != nil {
					return err
				}
			}
		}
	}
	for i, d := range k.nodes {
		for until := time.Now().Add(time.Minute); d.RoutingTable().Size() < min(k.hosts-1, 15); {
			if time.Now().After(until) || ctx.Err() != nil {
				return fmt.Errorf("host %d knows %d others only", i, d.RoutingTable().Size())
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	return nil
}

func (k *kad) clients(ctx context.Context, s bench.Settings) ([]bench.Operation, error) {
	var all []bench.Operation
	name := func(i int) string { return fmt.Sprintf("/v/%032x", i) }
	for i := range s.Clients {
		d := k.nodes[i%len(k.nodes)]
		random := rand.New(rand.NewPCG(1, uint64(i)))
		count := uint64(0)
		put := func(ctx context.Context) error {
			count++
			b := content(random.Int(), max(s.Size, 8))
			binary.BigEndian.PutUint64(b, count)
			return d.PutValue(ctx, name(i), b)
		}
		if !k.reads {
			all = append(all, func(ctx context.Context) bench.Outcome { return bench.Outcome{Bytes: s.Size, Err: put(ctx)} })
			continue
		}
		if err := put(ctx); err != nil {
			return nil, err
		}
		all = append(all, func(ctx context.Context) bench.Outcome {
			b, err := d.GetValue(ctx, name(random.IntN(s.Clients)))
			return bench.Outcome{Bytes: len(b), Err: err}
		})
	}
	return all, nil
}

func (k *kad) spent() (bench.Spent, error) { return bench.Spent{}, nil }

func (k *kad) close() error {
	var errs []error
	for _, d := range k.nodes {
		errs = append(errs, d.Close())
	}
	for _, h := range k.libp2p {
		errs = append(errs, h.Close())
	}
	return errors.Join(errs...)
}
