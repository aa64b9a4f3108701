package agreement

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"

	"vaultnet"
)

var (
	chaosSeeds = flag.Int("chaos.seeds", 60, "how many seeds of TestChaos to run")
	chaosSeed  = flag.Uint64("chaos.seed", 0, "run this seed of TestChaos alone")
)

// TestChaos drives a set through loss, delay, reordering, crashes at every boundary, skewed clocks, requests, withdrawals,
// changes of the set, and as many liars as the set bears, or three of eight; the invariants are checked after every turn. Then the network
// heals, and there has to be progress, then silence. To run one seed again:
//
//	go test ./agreement -run TestChaos -chaos.seed N -v
func TestChaos(t *testing.T) {
	if *chaosSeed != 0 {
		newChaos(t, *chaosSeed).run()
		return
	}
	n := *chaosSeeds
	if testing.Short() {
		n /= 4
	}
	for seed := range uint64(n) {
		newChaos(t, seed+1).run()
		if t.Failed() {
			return
		}
	}
}

// chaos is one run.
type chaos struct {
	*cluster
	rng   *rand.Rand
	liars []*liar
	rs    []*Request
	loss  float64
	slow  int // ms a message takes at most, most often
	moves int // changes of the set still to come
	next  int // number of the next newcomer
	seed  uint64
}

func newChaos(t *testing.T, seed uint64) *chaos {
	rng := rand.New(rand.NewPCG(seed, 7))
	n := []int{8, 8, 4, 7, 5, 8}[rng.IntN(6)]
	liars := vaultnet.Faults(n)
	if seed%6 == 0 { // one more than a set of eight bears: progress is not promised, one block for each height is
		n, liars = 8, 3
	}
	x := &chaos{cluster: newCluster(t, n), rng: rng, next: 60, seed: seed}
	x.watched(t, fmt.Sprintf("seed %d", seed))
	x.loss, x.slow, x.moves = float64(rng.IntN(4))*0.1, 20<<rng.IntN(6), rng.IntN(3)*rng.IntN(2)
	for _, i := range rng.Perm(n)[:liars] {
		m := x.members[i]
		m.down = true
		x.liars = append(x.liars, &liar{x, m, nil, map[vaultnet.Digest]*held{}})
	}
	for _, m := range x.members {
		m.object.cfg.Standby = seed%2 == 0 || rng.IntN(2) == 0 // and where only some do
		m.slow = vaultnet.Time(rng.IntN(1_900) - 950)
	}
	return x
}

func (x *chaos) honest() []*member {
	var ms []*member
	for _, m := range x.members {
		if !x.lies(m) {
			ms = append(ms, m)
		}
	}
	return ms
}

func (x *chaos) lies(m *member) bool {
	for _, l := range x.liars {
		if l.m == m {
			return true
		}
	}
	return false
}

func (x *chaos) run() {
	x.delay = func(p parcel) vaultnet.Time {
		if x.rng.IntN(20) == 0 {
			return vaultnet.Time(x.rng.IntN(4_000)) // late, out of order
		}
		return vaultnet.Time(1 + x.rng.IntN(x.slow))
	}
	x.drop = func(p parcel) bool { return x.rng.Float64() < x.loss }
	x.crash = func(m *member) crash {
		if x.rng.IntN(150) == 0 {
			return unsaved + crash(x.rng.IntN(2))
		}
		return alive
	}
	start := x.now
	for x.now < start+25_000 {
		x.cluster.run(vaultnet.Time(1 + x.rng.IntN(200)))
		x.disturb()
		for _, l := range x.liars {
			l.act()
		}
	}
	if len(x.liars) <= vaultnet.Faults(len(x.cluster.set.Members)) {
		x.heal()
	}
}

// disturb: what clients, operators and the world do.
func (x *chaos) disturb() {
	ms := x.honest()
	for _, m := range ms {
		if m.down && x.rng.IntN(5) == 0 {
			x.restart(m)
		}
	}
	some := func() *member { return ms[x.rng.IntN(len(ms))] }
	if x.rng.IntN(3) == 0 {
		r := x.lasting(vaultnet.Time(2_000+x.rng.IntN(20_000)), fmt.Sprintf("%d=v%d", x.rng.IntN(8), x.nonce), x.number())
		x.rs = append(x.rs, r)
		for range 1 + x.rng.IntN(len(ms)) {
			x.step(some(), Input{From: client, Submit: r, Seen: vaultnet.Height(x.rng.IntN(3))})
		}
	}
	if len(x.rs) > 0 && x.rng.IntN(8) == 0 {
		r := x.rs[x.rng.IntN(len(x.rs))]
		w := r.Withdrawal()
		for range 1 + x.rng.IntN(4) {
			x.step(some(), Input{From: client, Withdraw: &w})
		}
	}
	if x.rng.IntN(10) == 0 {
		some().host.suspect = map[vaultnet.PublicKey]bool{x.members[x.rng.IntN(len(x.members))].key: true}
	}
	if x.rng.IntN(40) == 0 { // an opinion of its own for a while
		m, no := some(), x.rng.IntN(8)
		m.host.fresh = func(r *Request) Verdict {
			if int(r.Body[0]-'0') == no {
				return Verdict(x.now % 3)
			}
			return Yes
		}
	}
	if x.moves > 0 && x.rng.IntN(30) == 0 {
		x.move()
	}
	x.point(10)
}

// number is of the newest set that an honest member knows.
func (x *chaos) number() uint64 {
	if s := x.newest(); s != nil {
		return s.Number
	}
	return 1
}

func (x *chaos) newest() *Set {
	var newest *Set
	for _, m := range x.honest() {
		if s := m.object.Set(); s != nil && m.object.Height() > 0 && (newest == nil || s.Number > newest.Number) {
			newest = s
		}
	}
	return newest
}

// move has honest members wish that a newcomer takes the place of one of them, or joins.
func (x *chaos) move() {
	s := x.newest()
	if s == nil {
		return
	}
	x.moves--
	c := Change{Add: vault(x.next)}
	if len(s.Members) == 8 {
		for _, i := range x.rng.Perm(8) {
			if m := x.find(s.Members[i]); m != nil && !x.lies(m) {
				c.Drop = m.key
				break
			}
		}
	}
	x.next++
	m := x.join(c.Add)
	m.object.Follow(true)
	for _, m := range x.honest() {
		if s.Index(m.key) >= 0 {
			x.step(m, Input{Desire: &c})
		}
	}
}

// point tells vaults that lack it which set is the newest, as pointers do, one time in so many; and ends desires that came
// true.
func (x *chaos) point(seldom int) {
	s := x.newest()
	if s == nil {
		return
	}
	x.cluster.set = s
	for _, m := range x.honest() {
		if m.down {
			continue
		}
		if s.Index(m.key) >= 0 && (m.object.Set() == nil || m.object.Set().Number < s.Number) && x.rng.IntN(seldom) == 0 {
			x.step(m, Input{Believe: s})
		}
		if s.Index(m.key) < 0 && m.object.Height() == 0 && m.object.Set() == nil && x.rng.IntN(seldom) == 0 {
			x.step(m, Input{Believe: s})
		}
		if d := m.object.desire; d != (Change{}) && (s.Index(d.Add) >= 0 || m.object.me < 0) {
			x.step(m, Input{Desire: &Change{}})
		}
	}
}

// heal: everybody is up and nothing is lost. A request is applied although the liars, every other time, go on for a
// minute. Then they are silent, and nothing moves.
func (x *chaos) heal() {
	t := x.t
	t.Helper()
	x.crash, x.drop = nil, nil
	x.delay = func(parcel) vaultnet.Time { return 10 }
	for _, m := range x.honest() {
		m.host.fresh, m.host.suspect = nil, nil
		if m.down {
			x.restart(m)
		}
		m.object.Follow(false)
		x.step(m, Input{Desire: &Change{}})
		for _, k := range x.honest() {
			x.step(m, Input{Return: k.key})
		}
	}
	for range 3 {
		x.cluster.run(10_000)
		x.point(1)
	}
	where := fmt.Sprintf("seed %d: n = %d, %d liars", x.seed, len(x.cluster.set.Members), len(x.liars))
	var r *Request
	for range 2 { // the set may have been about to change
		x.point(1)
		r = x.lasting(60_000, "9=healed", x.number())
		for _, m := range x.honest() {
			x.step(m, Input{From: client, Submit: r})
		}
		for range 130 {
			x.cluster.run(500)
			if x.seed%2 == 0 && x.now < r.Deadline {
				for _, l := range x.liars {
					l.act()
				}
			}
		}
		x.point(1)
		if n := x.appliedAt(r); n >= x.cluster.set.Quorum() {
			break
		}
	}
	if n := x.appliedAt(r); n < x.cluster.set.Quorum() {
		for _, m := range x.honest() {
			t.Logf("height %d, round %d, member %v, half-open %v, set %v, idle %v, alarm in %d", m.object.Height(), m.object.Round(), m.object.Member(), m.object.HalfOpen(), m.object.Set() != nil, m.object.Idle(), m.alarm-x.now)
		}
		t.Fatalf("%s: no progress: applied at %d members", where, n)
	}
	x.cluster.run(400_000)
	for _, m := range x.honest() {
		if m.alarm != vaultnet.Never || !m.object.Idle() {
			t.Fatalf("%s: a member is awake: height %d, round %d, half-open %v", where, m.object.Height(), m.object.Round(), m.object.HalfOpen())
		}
	}
	if len(x.wire) > 0 {
		t.Fatalf("%s: messages under way", where)
	}
}

func (x *chaos) appliedAt(r *Request) int {
	n := 0
	for _, m := range x.honest() {
		if _, ok := m.object.Applied(r.Deadline, r.ID); ok && m.object.Member() {
			n++
		}
	}
	return n
}
