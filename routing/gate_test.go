package routing

import (
	"net"
	"testing"

	"github.com/libp2p/go-libp2p/core/network"
)

// Of connections that never say who they are the oldest make room; one that has said so is left alone.
func TestGateClosesTheOldestNameless(t *testing.T) {
	g := newGate(3)
	m := NewMemory()
	conns := make([]*memoryConn, 10)
	for i := range conns {
		conns[i] = &memoryConn{in: newPipe(m, 1, 2), out: newPipe(m, 2, 1)}
		if !g.InterceptAccept(conns[i]) {
			t.Fatal("turned away")
		}
		if i == 4 {
			g.InterceptSecured(network.DirInbound, "", conns[i])
		}
	}
	for i, c := range conns {
		_, err := c.Write([]byte("x"))
		if open, want := err != net.ErrClosed, i == 4 || i >= 7; open != want {
			t.Errorf("connection %d is open: %v, want %v", i, open, want)
		}
	}
	if g.evicted != 6 || len(g.places) != 3 || g.waiting.Len() != 3 {
		t.Errorf("%d evicted, %d and %d wait", g.evicted, len(g.places), g.waiting.Len())
	}
}
