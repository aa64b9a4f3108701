package routing_test

import (
	"encoding/binary"
	"testing"
	"time"

	"vaultnet/routing"
)

const tcp, quic, memory = "/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/udp/0/quic-v1", "/memory/0"

func TestFramesArriveInOrderBothWays(t *testing.T) {
	for _, listen := range []string{tcp, quic, memory} {
		t.Run(listen[1:], func(t *testing.T) {
			nodes, handlers := vaults(t, 2, listen, routing.NewMemory())
			const frames = 10_000
			for i := range nodes {
				to := nodes[1-i].Identity()
				handlers[i].wait(t, "the other is up", func() bool { return handlers[i].isUp(to) })
				go func() {
					for j := range frames {
						frame := make([]byte, 8+j%300)
						binary.BigEndian.PutUint64(frame, uint64(j))
						nodes[i].Send(to, frame)
						if j%1000 == 999 { // stay below the bound of the queue
							handlers[1-i].wait(t, "frames", func() bool { return len(handlers[1-i].frames[nodes[i].Identity()]) > j-1000 })
						}
					}
				}()
			}
			for i, h := range handlers {
				from := nodes[1-i].Identity()
				h.wait(t, "all frames", func() bool { return len(h.frames[from]) >= frames })
				for j, f := range h.frames[from] {
					if len(f) != 8+j%300 || binary.BigEndian.Uint64(f) != uint64(j) {
						t.Fatalf("frame %d of node %d is number %d of %d bytes", j, i, binary.BigEndian.Uint64(f), len(f))
					}
				}
			}
			if s := nodes[0].Statistics(); s.FramesSent != frames || s.DroppedFull+s.DroppedUnreachable+s.LostOnBreak != 0 {
				t.Errorf("%+v", s)
			}
		})
	}
}

func TestVaultsStartedTogetherKnowEachOther(t *testing.T) {
	for _, c := range []struct {
		n      int
		listen string
	}{{16, tcp}, {32, memory}} {
		t.Run(c.listen[1:], func(t *testing.T) {
			begin := time.Now()
			nodes, handlers := vaults(t, c.n, c.listen, routing.NewMemory())
			t.Logf("joined after %v", time.Since(begin))
			for i, h := range handlers {
				h.wait(t, "everybody is known", func() bool { return h.knows(c.n - 1) })
				_ = i
			}
			t.Logf("all known after %v", time.Since(begin))
			_ = nodes
		})
	}
}
