package agreement

import (
	"fmt"
	"testing"

	"vaultnet"
)

// BenchmarkBlock is one block from a request at all eight members to decided at all eight: 8 objects' CPU, messages as
// values, signatures not included (a vault signs once a turn for all its objects).
func BenchmarkBlock(b *testing.B) {
	for _, n := range []int{4, 8} {
		b.Run(fmt.Sprintf("members=%d", n), func(b *testing.B) {
			c := newCluster(b, n)
			c.create()
			b.ReportAllocs()
			sent := c.sent
			for i := range b.N {
				c.now += 20_000 // what the ledger remembers stays small
				c.all(c.request(fmt.Sprintf("%d=%d", i%10, i), 1))
				c.deliver()
				for _, m := range c.members {
					m.votes, m.decided, m.replies, m.events, m.locks = nil, nil, nil, nil, nil
				}
				clear(c.opened)
			}
			b.ReportMetric(float64(c.sent-sent)/float64(b.N), "bundles/op")
			c.height(vaultnet.Height(1 + b.N))
		})
	}
}

// BenchmarkCountVote is a vote of another member taken in, in a bundle of its own.
func BenchmarkCountVote(b *testing.B) {
	s := alone(b, 8, 7)
	x := s.block("X", s.lasting(100_000, "1=a", 1))
	s.proposes(0, x)
	in := make([]Input, 4)
	for i := range in {
		in[i] = Input{From: s.crew[i+1].key, Bundle: &Bundle{Address: s.address, Height: 1, Votes: []*Vote{s.voteOf(i+1, Prevote, 0, x)}}}
	}
	y := s.m.object.attempt.tally(0)
	own := *y
	b.ReportAllocs()
	for i := range b.N {
		if i%4 == 0 {
			*y = own
		}
		s.m.object.Step(s.now, s.m.host, in[i%4])
	}
}

// BenchmarkProves judges a certificate of six of eight, signatures not included.
func BenchmarkProves(b *testing.B) {
	s := alone(b, 8, 7)
	c := s.proves(0, s.block("X", s.request("1=a", 1)))
	o := s.m.object
	b.ReportAllocs()
	for range b.N {
		if !c.Proves(Precommit, o.set, o.setDigest) {
			b.Fatal("no")
		}
	}
}

// BenchmarkRecord encodes the vote record of a member that is locked in round 1.
func BenchmarkRecord(b *testing.B) {
	s := alone(b, 8, 7)
	x := s.block("X", s.lasting(100_000, "1=a", 1))
	s.proposes(0, x)
	s.prevotes(0, x, 1, 5)
	s.reach(1)
	o := s.m.object
	b.ReportAllocs()
	size := 0
	for range b.N {
		o.unsaved.vote = true
		size = 0
		for _, w := range o.Record() {
			size += len(w.Value)
		}
	}
	b.ReportMetric(float64(size), "bytes/op")
}

// BenchmarkLoad restores that member.
func BenchmarkLoad(b *testing.B) {
	s := alone(b, 8, 7)
	x := s.block("X", s.lasting(100_000, "1=a", 1))
	s.proposes(0, x)
	s.prevotes(0, x, 1, 5)
	s.reach(1)
	rs, cfg := s.stores(s.m), s.config(s.m)
	b.ReportAllocs()
	for range b.N {
		if _, err := Load(cfg, s.m.host, s.address, rs); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkIdleStep is a step in which nothing happened.
func BenchmarkIdleStep(b *testing.B) {
	s := alone(b, 8, 7)
	b.ReportAllocs()
	for range b.N {
		s.m.object.Step(s.now, s.m.host)
	}
}
