package sim

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Latency is a model of how long a message travels.
type Latency uint8

// The latency models.
const (
	LAN  Latency = iota // 100 to 500 µs
	WAN                 // 1 to 90 ms by region, and up to 1 ms of jitter
	Tail                // as WAN, but one in fifty takes up to 2 s
)

// String is the model's name in options.
func (l Latency) String() string { return [...]string{"lan", "wan", "tail"}[l] }

// ParseLatency reads what [Latency.String] wrote.
func ParseLatency(s string) (Latency, error) {
	for l := LAN; l <= Tail; l++ {
		if l.String() == s {
			return l, nil
		}
	}
	return 0, fmt.Errorf("want lan, wan or tail")
}

// regions is how many places WAN nodes are spread over; travel is how long, in µs, a message travels between two.
const regions = 5

var travel = [regions][regions]int64{
	{1_000, 12_000, 38_000, 71_000, 90_000},
	{12_000, 1_000, 30_000, 63_000, 80_000},
	{38_000, 30_000, 1_000, 52_000, 64_000},
	{71_000, 63_000, 52_000, 1_000, 35_000},
	{90_000, 80_000, 64_000, 35_000, 1_000},
}

// network decides what becomes of a message: when it arrives, how often, or never.
type network struct {
	options  *Options
	random   *rand.Rand
	place    []uint8 // region of each node, for WAN distances
	cuts     []*cut  // in force
	past     []*cut  // no more in force
	lag      []int64 // µs more for messages to and from each node
	steady   bool    // stabilised: nothing is lost, repeated or held back any more
	messages uint64  // sent
	lost     uint64
	twice    uint64
	held     uint64
}

// A cut blocks messages from one side to another. A side is a bit of each node's number in the cut's own lists.
type cut struct {
	from, to []bool // by node; a node beyond the end belongs to no side
	both     bool
	until    int64 // µs, when it was healed; 0: in force
}

func (c *cut) blocks(from, to int32) bool {
	in := func(side []bool, n int32) bool { return int(n) < len(side) && side[n] }
	return in(c.from, from) && in(c.to, to) || c.both && in(c.to, from) && in(c.from, to)
}

func newNetwork(o *Options) *network {
	return &network{options: o, random: stream(o.Seed, "network")}
}

// add makes room for one more node.
func (n *network) add() {
	n.place = append(n.place, uint8(n.random.Uint32N(regions)))
	n.lag = append(n.lag, 0)
}

// open reports whether messages of from reach to at all.
func (n *network) open(from, to int32) bool {
	for _, c := range n.cuts {
		if c.blocks(from, to) {
			return false
		}
	}
	return true
}

// flight is what becomes of one message.
type flight struct {
	delay  int64 // µs
	again  int64 // µs after which it arrives a second time; −1: it does not
	arrive bool
}

// send decides what becomes of a message of from for to that is sent now.
func (n *network) send(from, to int32) flight {
	n.messages++
	if !n.open(from, to) || !n.steady && chance(n.random, n.options.Loss) {
		n.lost++
		return flight{}
	}
	f := flight{delay: n.delay(from, to), again: -1, arrive: true}
	if n.steady {
		return f
	}
	if chance(n.random, n.options.Reorder) {
		n.held++
		f.delay += between(n.random, time.Millisecond, time.Second)
	}
	if chance(n.random, n.options.Twice) {
		n.twice++
		f.again = f.delay + between(n.random, 0, time.Second)
	}
	return f
}

// delay draws how long a message travels, in µs.
func (n *network) delay(from, to int32) int64 {
	d := n.lag[from] + n.lag[to]
	if n.options.Latency == LAN {
		return d + 100 + int64(n.random.Uint32N(400))
	}
	d += travel[n.place[from]][n.place[to]] + int64(n.random.Uint32N(1000))
	if n.options.Latency == Tail && !n.steady && n.random.Uint32N(50) == 0 {
		d += between(n.random, 100*time.Millisecond, 2*time.Second)
	}
	return d
}

func (n *network) cut(c *cut) { n.cuts = append(n.cuts, c) }

func (n *network) heal(c *cut, now int64) {
	for i, x := range n.cuts {
		if x == c {
			n.cuts = append(n.cuts[:i], n.cuts[i+1:]...)
			c.until = max(now, 1)
			n.past = append(n.past, c)
			return
		}
	}
}

// healAll ends all cuts.
func (n *network) healAll(now int64) {
	for len(n.cuts) > 0 {
		n.heal(n.cuts[0], now)
	}
}

// wasCut reports whether two nodes were cut off from each other, one way or both, at any time since a moment.
func (n *network) wasCut(a, b int32, since int64) bool {
	for _, c := range n.cuts {
		if c.blocks(a, b) || c.blocks(b, a) {
			return true
		}
	}
	for _, c := range n.past {
		if c.until >= since && (c.blocks(a, b) || c.blocks(b, a)) {
			return true
		}
	}
	return false
}
