package routing_test

import (
	"fmt"
	"testing"

	"vaultnet"
	"vaultnet/routing"
)

// A vault that falls silent without closing anything, as by power loss or a partition, is down within seconds, and up
// again when the partition heals.
func TestSilentPeerGoesDownAndComesBack(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for keep-alives")
	}
	t.Parallel()
	network := routing.NewMemory()
	nodes, handlers := make([]*routing.Node, 3), make([]*recorder, 3)
	for i := range nodes {
		handlers[i] = newRecorder()
		cfg := routing.Config{Seed: seed(i), Vault: true, Listen: []string{fmt.Sprintf("/memory/%d", i+1)}, Memory: network}
		if i > 0 {
			cfg.Bootstrap = nodes[0].Addresses()
		}
		nodes[i] = start(t, cfg, handlers[i])
	}
	join(t, nodes...)
	silent := nodes[2].Identity()
	for i := range 2 {
		handlers[i].wait(t, "up", func() bool { return handlers[i].isUp(silent) })
	}
	nodes[0].Protect([]vaultnet.PublicKey{silent, nodes[1].Identity()})
	network.Shape(func(from, to uint64) routing.Link { return routing.Link{Down: from == 3 || to == 3} })
	for i := range 2 {
		handlers[i].wait(t, "down", func() bool { return handlers[i].downs(silent) > 0 })
		handlers[i].wait(t, "no longer known", func() bool { return handlers[i].knows(1) })
	}
	talks(t, nodes[0], nodes[1], handlers[1])
	network.Shape(nil)
	handlers[0].wait(t, "up again", func() bool { return handlers[0].isUp(silent) })
	handlers[0].wait(t, "known again", func() bool { return handlers[0].knows(2) })
	talks(t, nodes[0], nodes[2], handlers[2])
	talks(t, nodes[2], nodes[0], handlers[0])
}
