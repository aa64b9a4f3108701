package agreement

import (
	"slices"
	"testing"

	"vaultnet"
)

// A lying proposer shows a block to four honest members; the liars keep their own prevotes to themselves and re-propose
// it with its polka an hour later.
func TestAttack02BankedPolka(t *testing.T) {
	p := plotted(newCluster(t, 8), 2, 3)
	h := p.honest()
	r := p.request("1=a", 1)
	x := p.ref.block("X", r)
	start := p.now
	p.drop = func(q parcel) bool { // the other two are out of reach for a while
		return p.now < start+1_000 && (q.to == h[4].key || q.to == h[5].key)
	}
	p.say(p.liars[0], &Bundle{Proposal: p.fresh(0, x), Requests: x.bodies}, h[:4]...)
	p.run(100)
	banked := p.polka(0, x)
	if banked == nil {
		t.Fatal("no polka to bank")
	}
	anew := p.fresh(8, x) // the same proposer's turn, a turn of all later
	anew.PolkaRound, anew.Polka = 0, banked
	for _, m := range h[:4] {
		if !m.object.HalfOpen() {
			t.Fatal("who saw the block went to sleep")
		}
	}
	p.run(60_000)
	d := p.at(2)
	for _, m := range p.honest() {
		if !m.object.Idle() {
			t.Fatal("awake")
		}
	}
	applied := len(d.Header.Mutations) > 0
	p.run(3_600_000)
	p.say(p.liars[0], &Bundle{Height: 1, Proposal: anew, Requests: x.bodies, Polka: banked}, h...)
	p.say(p.liars[1], &Bundle{Height: 1, Votes: []*Vote{p.vote(p.liars[1], Prevote, 8, x)}, Polka: banked}, h...)
	p.run(60_000)
	p.at(2)
	if _, ok := h[0].object.Applied(r.Deadline, r.ID); ok != applied || applied && d.Header.Time > start+10_000 {
		t.Fatal("what had expired was revived")
	}
}

// A liar completes the polka towards one member only, which locks alone.
func TestAttack03HiddenLock(t *testing.T) {
	p := plotted(newCluster(t, 8), 2, 3)
	h := p.honest()
	x := p.ref.block("X", p.request("1=a", 1))
	for _, m := range h[1:] { // who has their own reasons against it: but for the lock it would not be decided
		m.host.fresh = func(r *Request) Verdict { return No }
	}
	for _, m := range h[1:4] {
		m.host.fresh = nil
	}
	p.drop = func(q parcel) bool {
		return q.bundle.Proposal != nil && slices.Contains(h[4:], p.find(q.to)) && q.bundle.Polka == nil
	}
	p.say(p.liars[0], &Bundle{Proposal: p.fresh(0, x), Requests: x.bodies}, h[:4]...)
	for _, l := range p.liars {
		p.say(l, &Bundle{Votes: []*Vote{p.vote(l, Prevote, 0, x)}}, h[0])
	}
	p.run(100)
	if len(h[0].locks) == 0 || h[0].object.attempt == nil || h[0].object.attempt.lock == nil {
		t.Fatal("no lock")
	}
	for _, m := range h[1:] {
		if m.object.attempt != nil && m.object.attempt.lock != nil {
			t.Fatal("the lock is not hidden")
		}
	}
	p.run(120_000)
	d := p.at(2)
	if d.Certificate.Ballot.Round > 4 || d.Header.Digest(p.cfg.Network, p.address) != x.digest {
		t.Fatalf("decided %d mutations in round %d", len(d.Header.Mutations), d.Certificate.Ballot.Round)
	}
	for _, m := range h {
		if !m.object.Idle() {
			t.Fatal("awake")
		}
	}
}

// An equivocating proposer; bodies withheld; a proposal to some. At worst a round is lost.
func TestAttack04EquivocatingProposer(t *testing.T) {
	for split := 0; split <= 6; split++ {
		p := plotted(newCluster(t, 8), 2, 7)
		h := p.honest()
		x, y := p.ref.block("X", p.request("1=a", 1)), p.ref.block("Y", p.request("1=b", 1))
		p.say(p.liars[0], &Bundle{Proposal: p.fresh(0, x), Requests: x.bodies, Votes: []*Vote{p.vote(p.liars[0], Prevote, 0, x)}}, h[:split]...)
		p.say(p.liars[0], &Bundle{Proposal: p.fresh(0, y), Requests: y.bodies, Votes: []*Vote{p.vote(p.liars[0], Prevote, 0, y)}}, h[split:]...)
		for i, m := range h { // and its accomplice votes both ways
			k := x
			if i%2 == 0 {
				k = y
			}
			p.say(p.liars[1], &Bundle{Votes: []*Vote{p.vote(p.liars[1], Prevote, 0, k), p.vote(p.liars[1], Precommit, 0, k)}}, m)
		}
		p.run(30_000)
		if d := p.at(2); d.Certificate.Ballot.Round > 2 {
			t.Fatalf("split %d: round %d", split, d.Certificate.Ballot.Round)
		}
	}
}

func TestAttack04WithheldBodies(t *testing.T) {
	p := plotted(newCluster(t, 8), 2, 7)
	h := p.honest()
	good := p.request("5=good", 1)
	p.all(good)
	x := p.ref.block("X", p.request("1=a", 1), good)
	p.say(p.liars[0], &Bundle{Proposal: p.fresh(0, x)}, h...)
	p.run(10_000)
	a, ok := h[0].object.Applied(good.Deadline, good.ID)
	if !ok {
		t.Fatal("the others' request was not applied")
	}
	if d := h[0].object.Decided(); a.Height > 3 || d.Certificate.Ballot.Round > 2 {
		t.Fatalf("height %d, round %d", a.Height, d.Certificate.Ballot.Round)
	}
	p.run(120_000)
	p.at(h[0].object.Height())
}

func TestAttack04AProposalToSome(t *testing.T) {
	for some := 1; some < 6; some++ {
		p := plotted(newCluster(t, 8), 2, 7)
		x := p.ref.block("X", p.request("1=a", 1))
		p.say(p.liars[0], &Bundle{Proposal: p.fresh(0, x), Requests: x.bodies}, p.honest()[:some]...)
		p.run(60_000)
		if d := p.at(2); d.Certificate.Ballot.Round > 3 {
			t.Fatalf("%d: round %d", some, d.Certificate.Ballot.Round)
		}
	}
}

// A stale-time proposer on an idle object obtains no polka.
func TestAttack08StaleTime(t *testing.T) {
	p := plotted(newCluster(t, 8), 2, 3)
	old := p.request("1=a", 1)
	x := p.ref.blockAt("X", p.now, old)
	p.run(3_600_000)
	live := p.request("2=b", 1)
	y := p.ref.blockAt("Y", p.now-5_000, live)
	p.say(p.liars[0], &Bundle{Proposal: p.fresh(0, x), Requests: x.bodies}, p.honest()...)
	p.say(p.liars[1], &Bundle{Proposal: p.fresh(1, y), Requests: y.bodies}, p.honest()...)
	for _, l := range p.liars {
		p.say(l, &Bundle{Votes: []*Vote{p.vote(l, Prevote, 0, x), p.vote(l, Prevote, 1, y)}}, p.honest()...)
	}
	p.run(60_000)
	d := p.at(2)
	if len(d.Header.Mutations) != 0 {
		t.Fatal("a stale block was decided")
	}
	for _, m := range p.honest() {
		if m.object.HalfOpen() || !m.object.Idle() {
			t.Fatal("awake")
		}
		for _, v := range m.votes {
			if v.Block == x.digest || v.Block == y.digest && v.Type == Precommit {
				t.Fatal("voted for a stale block")
			}
		}
	}
}

// slowed is the requests applied, of one a minute on keys of their own, and the heights decided in 20 minutes, where
// three honest members hear and are heard so much later and the two liars are silent.
func slowed(t *testing.T, delay vaultnet.Time) (applied int, heights vaultnet.Height) {
	p := plotted(newCluster(t, 8), 3, 4)
	slow := p.honest()[3:]
	p.delay = func(q parcel) vaultnet.Time {
		if slices.Contains(slow, p.find(q.from)) || slices.Contains(slow, p.find(q.to)) {
			return delay
		}
		return 20
	}
	var rs []*Request
	for i := range 20 {
		r := p.lasting(110_000, itoa(uint32(i%10))+"=a", 1)
		p.all(r)
		rs = append(rs, r)
		p.run(60_000)
	}
	h := p.honest()[0].object
	for _, d := range p.honest()[0].decided {
		applied += len(d.Header.Mutations)
	}
	heights = h.Height() - 1
	p.delay = nil
	p.run(120_000)
	p.at(h.Height())
	return applied, heights
}

// Delays at three honest members: timeliness stretches, and there is progress.
func TestAttack09SlowMembers(t *testing.T) {
	for _, x := range []struct {
		delay   vaultnet.Time
		applied int
		heights vaultnet.Height
	}{{300, 20, 20}, {2_000, 18, 18}, {5_000, 8, 8}} {
		if applied, heights := slowed(t, x.delay); applied < x.applied || heights < x.heights {
			t.Errorf("delays of %d ms: %d applied, %d heights", x.delay, applied, heights)
		}
	}
}

// A liar shows a valid proposal to one honest member only, or to two, or to three, and falls silent with its accomplice.
// Nobody else ever heard of the mutation.
func TestAttack35ShownToOneTwoOrThree(t *testing.T) {
	for some := 1; some <= 3; some++ {
		for withBodies := range 2 {
			p := plotted(newCluster(t, 8), 2, 7)
			h := p.honest()
			x := p.ref.block("X", p.request("1=a", 1))
			b := &Bundle{Proposal: p.fresh(0, x)}
			if withBodies == 1 {
				b.Requests = x.bodies
			}
			p.say(p.liars[0], b, h[6-some:]...)
			p.run(50)
			if withBodies == 0 { // it answers the question for the bodies, and only that
				p.say(p.liars[0], &Bundle{Requests: x.bodies}, h[6-some:]...)
			}
			p.run(60_000)
			d := p.at(2)
			if d.Certificate.Ballot.Round > 4 {
				t.Fatalf("%d: round %d", some, d.Certificate.Ballot.Round)
			}
			for i, m := range h {
				if !m.object.Idle() || m.alarm != vaultnet.Never {
					t.Fatalf("shown to %d: member %d stays awake", some, i)
				}
			}
		}
	}
}

// And without bodies at all: nobody can judge it, nobody stays awake.
func TestAttack35ShownWithoutBodies(t *testing.T) {
	p := plotted(newCluster(t, 8), 2, 7)
	x := p.ref.block("X", p.request("1=a", 1))
	p.say(p.liars[0], &Bundle{Proposal: p.fresh(0, x)}, p.honest()[:3]...)
	p.run(60_000)
	p.at(1)
	for _, m := range p.honest() {
		if m.alarm != vaultnet.Never {
			t.Fatal("awake")
		}
	}
}

// One member restarts in round 1 while both liars are silent: its record proves the round.
func TestAttack36RestartInRoundOne(t *testing.T) {
	for who := range 6 {
		for at := vaultnet.Time(900); at < 2_000; at += 100 {
			p := plotted(newCluster(t, 8), 2, 4) // the proposer of round 0 is silent, that of round 2 too
			h := p.honest()
			p.all(p.request("1=a", 1))
			p.run(at)
			if h[who].object.Height() == 1 {
				p.wire = nil // what was under way is lost with it
				p.restart(h[who])
			}
			p.run(9_000)
			if h[0].object.Height() < 2 {
				t.Fatalf("member %d at %d ms: height %d", who, at, h[0].object.Height())
			}
			if d := h[0].object.Decided(); d.Certificate.Ballot.Round > 4 {
				t.Fatalf("member %d at %d ms: round %d", who, at, d.Certificate.Ballot.Round)
			}
			p.run(20_000)
			p.at(h[0].object.Height())
		}
	}
}

// A proposal names a copy of a request with a damaged signature while some members hold the good one. Requests are named
// by full bytes: all judge alike, none takes its own copy for the one that is named.
func TestAttack37ADamagedCopy(t *testing.T) {
	p := plotted(newCluster(t, 8), 2, 7)
	h := p.honest()
	good := p.request("1=a", 1)
	for _, m := range h[:3] {
		p.step(m, Input{From: client, Submit: good})
	}
	bad := *good
	bad.Signature[5] ^= 1
	bad.Ref.Request[0] ^= 1
	x := p.ref.block("X", &bad) // nobody can open the copy it names
	p.say(p.liars[0], &Bundle{Proposal: p.fresh(0, x)}, h...)
	p.run(9_000)
	for _, m := range h {
		for _, v := range m.votes {
			if v.Block == x.digest {
				t.Fatal("a member took its good copy for the damaged one")
			}
		}
	}
	if _, ok := h[0].object.Applied(good.Deadline, good.ID); !ok {
		t.Fatal("the good copy was not applied")
	}
	p.run(60_000)
	p.at(h[0].object.Height())
}

// One honest member's own reasons speak against a mutation while two members are silent. Others' mutations go on.
func TestAttack39OneMembersReasons(t *testing.T) {
	for who := range 6 {
		p := plotted(newCluster(t, 8), 3, 5)
		h := p.honest()
		mine, others := p.request("1=a", 1), p.request("2=b", 1)
		h[who].host.fresh = func(r *Request) Verdict {
			if r.ID == mine.ID {
				return No
			}
			return Yes
		}
		p.all(mine, others)
		p.run(10_000)
		if _, ok := h[0].object.Applied(others.Deadline, others.ID); !ok {
			t.Errorf("member %d: the other mutation waits: height %d", who, h[0].object.Height())
		}
	}
}
