package routing_test

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"vaultnet"
	"vaultnet/routing"
)

// Above the high-water mark the least useful connections are closed; a member's is not.
func TestConnectionsAreTrimmedButForMembers(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for the connection manager")
	}
	t.Parallel()
	network := routing.NewMemory()
	h := newRecorder()
	n := start(t, routing.Config{Seed: seed(0), Vault: true, Listen: []string{memory}, Memory: network, Peers: routing.MinPeers}, h)
	join(t, n)
	member := start(t, routing.Config{Seed: seed(1), Memory: network, Bootstrap: n.Addresses()}, newRecorder())
	n.Protect([]vaultnet.PublicKey{member.Identity()})
	join(t, member)
	clients := make([]*routing.Node, 20)
	for i := range clients {
		clients[i] = start(t, routing.Config{Seed: seed(10 + i), Memory: network, Bootstrap: n.Addresses()}, newRecorder())
	}
	join(t, clients...)
	h.wait(t, "some are trimmed", func() bool {
		downs := 0
		for _, c := range clients {
			downs += h.downs(c.Identity())
		}
		return downs >= len(clients)+1-routing.MinPeers
	})
	if h.downs(member.Identity()) != 0 {
		t.Error("the member's connection was closed")
	}
	talks(t, member, n, h)
	// Whoever was cut comes back when it has something to say.
	for _, c := range clients[:5] {
		talks(t, c, n, h)
	}
}

func TestMetrics(t *testing.T) {
	registry := prometheus.NewRegistry()
	network := routing.NewMemory()
	first := start(t, routing.Config{Seed: seed(0), Vault: true, Listen: []string{tcp}, Memory: network, Metrics: registry}, newRecorder())
	second := start(t, routing.Config{Seed: seed(1), Vault: true, Listen: []string{memory, quic}, Bootstrap: first.Addresses(), Memory: network, Metrics: registry}, newRecorder())
	join(t, first, second)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, f := range families {
		names[f.GetName()] = true
	}
	for _, want := range []string{"libp2p_swarm_connections_opened_total", "libp2p_rcmgr_limit"} {
		if !names[want] {
			t.Errorf("no %s among %d metrics", want, len(names))
		}
	}
}

// What all queues hold together is bounded, and still every peer is sent a little.
func TestQueuesTogetherAreBounded(t *testing.T) {
	t.Parallel()
	network := routing.NewMemory()
	n := start(t, routing.Config{Seed: seed(0), Vault: true, Listen: []string{"/memory/1"}, Memory: network,
		QueueBytes: vaultnet.MaxFrame, QueuesBytes: vaultnet.MaxFrame, Write: time.Second}, newRecorder())
	join(t, n)
	var peers []vaultnet.PublicKey
	for i := range 12 {
		other := start(t, routing.Config{Seed: seed(i + 1), Memory: network, Bootstrap: n.Addresses()}, newRecorder())
		join(t, other)
		peers = append(peers, other.Identity())
	}
	network.Shape(func(from, to uint64) routing.Link { return routing.Link{Down: true} })
	const fairShare = 64 << 10
	for range 100 {
		for _, k := range peers {
			n.Send(k, make([]byte, 30_000))
			if q := n.Statistics().QueueBytes; q > vaultnet.MaxFrame+int64(len(peers))*fairShare {
				t.Fatalf("%d bytes wait", q)
			}
		}
	}
	if n.Statistics().DroppedFull == 0 {
		t.Error("nothing was dropped")
	}
	waitFor(t, "what waits is dropped", func() bool { return n.Statistics().QueueBytes == 0 })
}
