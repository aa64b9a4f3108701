package routing_test

import (
	"bytes"
	"fmt"
	"testing"

	"vaultnet"
	"vaultnet/routing"
)

// echo answers every frame with itself.
type echo struct {
	node  *routing.Node
	ready chan struct{}
}

func (e *echo) Frame(from vaultnet.PublicKey, frame []byte) error {
	<-e.ready
	e.node.Send(from, bytes.Clone(frame))
	return nil
}
func (*echo) Up(vaultnet.PublicKey)      {}
func (*echo) Down(vaultnet.PublicKey)    {}
func (*echo) Known([]vaultnet.PublicKey) {}

// counter counts answers.
type counter chan struct{}

func (c counter) Frame(vaultnet.PublicKey, []byte) error { c <- struct{}{}; return nil }
func (counter) Up(vaultnet.PublicKey)                    {}
func (counter) Down(vaultnet.PublicKey)                  {}
func (counter) Known([]vaultnet.PublicKey)               {}

// BenchmarkRoundTrip is a frame of 200 bytes there and back, with so many outstanding.
func BenchmarkRoundTrip(b *testing.B) {
	for _, transport := range []struct{ name, listen string }{{"tcp", tcp}, {"quic", quic}, {"memory", memory}} {
		for _, outstanding := range []int{1, 64} {
			b.Run(fmt.Sprintf("%s/outstanding=%d", transport.name, outstanding), func(b *testing.B) {
				network := routing.NewMemory()
				e := &echo{ready: make(chan struct{})}
				e.node = start(b, routing.Config{Seed: seed(0), Vault: true, Listen: []string{transport.listen}, Memory: network}, e)
				close(e.ready)
				join(b, e.node)
				answers := make(counter, 64)
				n := start(b, routing.Config{Seed: seed(1), Bootstrap: e.node.Addresses(), Memory: network}, answers)
				join(b, n)
				to, frame := e.node.Identity(), make([]byte, 200)
				n.Send(to, frame)
				<-answers
				for range outstanding - 1 {
					n.Send(to, frame)
				}
				b.ReportAllocs()
				for b.Loop() {
					n.Send(to, frame)
					<-answers
				}
				for range outstanding - 1 {
					<-answers
				}
				s := n.Statistics()
				b.ReportMetric(float64(s.FramesSent)/float64(s.Writes), "frames/write")
			})
		}
	}
}

// BenchmarkStart is n vaults started at once until each is told of its 16 nearest, and closed.
func BenchmarkStart(b *testing.B) {
	for _, transport := range []struct{ name, listen string }{{"tcp", tcp}, {"memory", memory}} {
		for _, n := range []int{16, 32} {
			b.Run(fmt.Sprintf("%s/vaults=%d", transport.name, n), func(b *testing.B) {
				for b.Loop() {
					nodes, handlers := vaults(b, n, transport.listen, routing.NewMemory())
					for _, h := range handlers {
						h.wait(b, "the nearest are known", func() bool {
							return len(h.known) > 0 && len(h.known[len(h.known)-1]) >= min(n-1, 16)
						})
					}
					for _, n := range nodes {
						n.Close()
					}
				}
			})
		}
	}
}
