package op

import (
	"testing"
	"time"

	"vaultnet"
	"vaultnet/internal/wire"
)

// told makes a client that knows the members of an object with k = "one" and how long they take to answer, and counts
// what it asks them.
func told(t *testing.T) (*world, vaultnet.Address, []*vault, *asked) {
	w, alice, a := heldObject(t)
	w.must(Mutate{As: alice, Address: a, Mutation: insert("k", "one")})
	w.must(Read{Address: a, Query: getK})
	n := new(asked)
	w.watch = n.see
	return w, a, w.members(a), n
}

// asked counts the questions of reads.
type asked struct {
	reads, values int
	of, valued    map[*vault]int
}

func (n *asked) see(to *vault, m wire.Message) {
	r, ok := m.(*wire.Read)
	if !ok {
		return
	}
	if n.of == nil {
		n.of, n.valued = make(map[*vault]int), make(map[*vault]int)
	}
	n.reads++
	n.of[to]++
	if r.Full {
		n.values++
		n.valued[to]++
	}
}

// reads reads k again and again; it returns the longest that one took.
func (w *world) reads(a vaultnet.Address, times int) (longest time.Duration) {
	w.t.Helper()
	for range times {
		start := w.now
		if d := w.must(Read{Address: a, Query: getK}); content(d) != "one" || d.Height != 2 {
			w.t.Fatalf("read %q at %d", content(d), d.Height)
		}
		longest = max(longest, w.now.Sub(start))
	}
	return longest
}

// Where all say alike a read asks a quorum and nobody else, and all take their turn.
func TestReadAsksQuorum(t *testing.T) {
	w, a, members, n := told(t)
	const times = 400
	if took := w.reads(a, times); took != 2*w.latency {
		t.Errorf("took %v", took)
	}
	if n.reads != 6*times || n.values != times {
		t.Errorf("%d questions, %d for the value, in %d reads", n.reads, n.values, times)
	}
	for i, m := range members {
		if n.of[m] < times*6/8/2 || n.valued[m] < times/8/2 {
			t.Errorf("member %d was asked %d times, for the value %d times", i, n.of[m], n.valued[m])
		}
	}
}

// All reads of one turn leave out the same vaults, as far as their members allow.
func TestReadsOfOneTurn(t *testing.T) {
	w, a, _, n := told(t)
	for range 10 {
		w.c.Start(w.now, Read{Address: a, Query: getK})
	}
	w.pump()
	if n.reads != 60 || len(n.of) != 6 || len(n.valued) < 2 {
		t.Errorf("%d questions to %d members, %d for a value", n.reads, len(n.of), len(n.valued))
	}
}

// A silent member lets one read wait, and that not for long; a second later it may be another. If it
// is who was asked for the value, that is asked of another when the rest has answered.
func TestReadSilentMember(t *testing.T) {
	for i := range 8 {
		w, a, members, n := told(t)
		members[i].silent = true
		if took := w.reads(a, 20); took > 4*2*w.latency+2*2*w.latency {
			t.Errorf("took %v", took)
		}
		if n.of[members[i]] != 1 {
			t.Errorf("asked %d times in 400 ms", n.of[members[i]])
		}
		*n = asked{}
		w.run(0, time.Second)
		w.reads(a, 200) // 4 s
		if n.of[members[i]] > 2 || n.reads > 200*6+2*3 {
			t.Errorf("asked %d times in 4 s, of %d questions", n.of[members[i]], n.reads)
		}
		members[i].silent = false
		*n = asked{}
		w.run(0, 4*time.Second)
		w.reads(a, 200)
		if n.reads != 200*6 || n.of[members[i]] < 50 {
			t.Errorf("answers again: %d questions, %d to it", n.reads, n.of[members[i]])
		}
	}
}

// A member that cannot be reached is not asked first; when it is lost on the way nobody waits for it.
func TestReadUnreachableMember(t *testing.T) {
	w, a, members, n := told(t)
	members[3].silent = true
	w.c.Step(w.now, []Input{PeerDown(members[3].id)})
	if took := w.reads(a, 100); took != 2*w.latency || n.of[members[3]] > 0 {
		t.Errorf("took %v, asked %d times", took, n.of[members[3]])
	}
	for i := range 5 {
		w.c.Step(w.now, []Input{PeerDown(members[i].id)})
	}
	*n = asked{}
	ticket := w.c.Start(w.now, Read{Address: a, Query: getK})
	w.pump()
	if n.reads != 8 {
		t.Errorf("with too few that can be reached, %d were asked", n.reads)
	}
	if d := w.run(ticket, time.Minute); content(d) != "one" {
		t.Errorf("%q, %v", content(d), d.Err)
	}
}

// Two members that lie in the same way have all be asked, at once and for the next second.
func TestReadLyingMembers(t *testing.T) {
	for i := range 8 {
		w, a, members, n := told(t)
		for _, l := range []*vault{members[i], members[(i+3)%8]} {
			l.lie = func(q wire.Message) ([]wire.Message, bool) {
				r, ok := q.(*wire.Read)
				if !ok {
					return nil, false
				}
				x := *l.read(r).(*wire.ReadAnswer)
				x.Value = []byte{0x82, 0x43, 't', 'w', 'o', 1}
				x.Digest = vaultnet.DomainAnswer.Hash(x.Value)
				if !r.Full {
					x.Value = nil
				}
				return []wire.Message{&x}, true
			}
		}
		if took := w.reads(a, 100); took > 3*2*w.latency {
			t.Errorf("took %v", took)
		}
		if w.c.laggards != nil {
			t.Error("who answers is no laggard")
		}
		if n.reads > 100*8+100 {
			t.Errorf("%d questions", n.reads)
		}
	}
}

// A lie about the value alone costs one question to another.
func TestReadValueForged(t *testing.T) {
	for i := range 8 {
		w, a, members, n := told(t)
		members[i].lie = func(q wire.Message) ([]wire.Message, bool) {
			r, ok := q.(*wire.Read)
			if !ok {
				return nil, false
			}
			x := *members[i].read(r).(*wire.ReadAnswer)
			if r.Full {
				x.Value = []byte{7}
			}
			return []wire.Message{&x}, true
		}
		if took := w.reads(a, 60); took > 2*2*w.latency {
			t.Errorf("took %v", took)
		}
		if lies := n.valued[members[i]]; lies == 0 || n.values != 60+lies || n.reads != 60*6+lies {
			t.Errorf("%d questions, %d for a value, %d of them to the liar", n.reads, n.values, lies)
		}
	}
}

// A member that is behind, or ahead without a proof, has all be asked; what it says decides nothing.
func TestReadMemberBehind(t *testing.T) {
	for i := range 8 {
		w, a, members, n := told(t)
		members[i].lie = func(q wire.Message) ([]wire.Message, bool) {
			if _, ok := q.(*wire.Read); !ok {
				return nil, false
			}
			members[i].height[a] = 1
			defer func() { members[i].height[a] = 2 }()
			return members[i].honest(q), true
		}
		if took := w.reads(a, 100); took > 2*2*w.latency {
			t.Errorf("took %v", took)
		}
		if n.reads > 100*8 {
			t.Errorf("%d questions", n.reads)
		}
	}
}

// A read that has little time asks all in good time.
func TestReadShortTime(t *testing.T) {
	w, a, members, _ := told(t)
	members[0].silent, members[1].silent = true, true
	for range 10 {
		w.c.laggards = nil
		if d := w.do(Read{Address: a, Query: getK, Options: Options{Timeout: 60 * time.Millisecond}}); d.Err != nil {
			t.Errorf("%v", d.Err)
		}
	}
}

// How long is waited follows what honest members take, whatever two silent or slow ones do.
func TestReadHedge(t *testing.T) {
	w, a, members, _ := told(t)
	c := New(Config{})
	if got := c.hedge(); got != hedgeMost {
		t.Errorf("of a client that knows nothing: %v", got)
	}
	members[0].silent, members[5].silent = true, true
	w.reads(a, 100)
	if got := w.c.hedge(); got != 4*2*w.latency {
		t.Errorf("%v with two silent members", got)
	}
	w.latency = time.Millisecond
	w.reads(a, 100)
	if got := w.c.hedge(); got != hedgeLeast {
		t.Errorf("%v with a round trip of 2 ms", got)
	}
}

// Where answers take long nobody is asked again, nor are others, as long as they come as usual.
func TestReadsTakeLong(t *testing.T) {
	w, a, _, n := told(t)
	w.latency = 400 * time.Millisecond
	w.reads(a, 40)
	*n = asked{}
	w.reads(a, 10)
	if n.reads != 60 {
		t.Errorf("%d questions in 10 reads", n.reads)
	}
}

// While a value is waited for that all say alike of, the clock does not turn the read round and round.
func TestReadWaitsForValueAsleep(t *testing.T) {
	w, a, members, _ := told(t)
	for _, m := range members {
		m.lie = func(q wire.Message) ([]wire.Message, bool) {
			r, ok := q.(*wire.Read)
			if !ok {
				return nil, false
			}
			x := *m.read(r).(*wire.ReadAnswer)
			x.Value = nil
			return []wire.Message{&x}, true
		}
	}
	start := w.now
	w.drop = func(from, to vaultnet.PublicKey, m wire.Message) bool { return to != w.self && w.now > start } // whom it asks next
	ticket := w.c.Start(w.now, Read{Address: a, Query: getK})
	w.run(ticket, w.c.hedge()+time.Millisecond)
	if next := w.c.Output().Alarm; next < w.now.Add(5*time.Millisecond) {
		t.Errorf("steps again after %v", next.Sub(w.now))
	}
}
