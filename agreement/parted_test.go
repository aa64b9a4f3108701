package agreement

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"vaultnet"
)

// First sets while views of the neighbourhood move (genesis.go): a member leaves what it is not locked in, and never
// contradicts what it said there.

// views is vaults of which some moment's first set is a part: 8 that were there first, and newcomers that displaced the
// farthest of them.
type views struct {
	*cluster
	sets []*Set // by age
	now  *Set   // that every member's own view names
}

func newViews(t testing.TB, newcomers int) *views {
	v := &views{cluster: newCluster(t, 8)}
	v.sets = []*Set{v.set}
	for i := range newcomers {
		k := vault(100 + i)
		v.join(k)
		last := v.sets[i]
		v.sets = append(v.sets, NewSet(1, v.address, append(slices.Clone(last.Members[:7:7]), k)))
	}
	for _, m := range v.members {
		m.host.genesis = v.judge
	}
	v.now = v.set
	return v
}

func (v *views) judge(s *Set) Verdict {
	if slices.Equal(s.Members, v.now.Members) {
		return Yes
	}
	return NotYet
}

// put is a request with a proof of the i-th set, given now.
func (v *views) put(body string, i int) *Request {
	v.cluster.set = v.sets[i]
	return v.lasting(60_000, body, 1)
}

// reach hands a request to members of the i-th set, by rank.
func (v *views) reach(i int, r *Request, ranks ...int) {
	for _, j := range ranks {
		v.step(v.find(v.sets[i].Members[j]), Input{From: client, Submit: r})
	}
}

func upTo(n int) []int {
	var all []int
	for i := range n {
		all = append(all, i)
	}
	return all
}

// decided demands that all members of the i-th set have decided the first height in it, and that nobody is awake.
func (v *views) decided(i int) {
	v.t.Helper()
	for j, k := range v.sets[i].Members {
		o := v.find(k).object
		if o.Height() == 0 {
			v.t.Fatalf("member %d of set %d: height 0, round %d, half-open %v", j, i, o.Round(), o.HalfOpen())
		}
		if d := o.Decided(); d.Voters.Digest() != v.sets[i].Digest() {
			v.t.Fatalf("member %d of set %d decided in another set", j, i)
		}
	}
	v.silent()
}

// deciders is the digest of the one first set that has decided, zero where none has.
func (v *views) deciders(where string) (voters vaultnet.Digest) {
	v.t.Helper()
	for _, m := range v.members {
		if d := m.object.Decided(); d != nil {
			if !voters.IsZero() && d.Voters.Digest() != voters {
				v.t.Fatalf("%s: two first sets decided", where)
			}
			voters = d.Voters.Digest()
		}
	}
	return voters
}

// Members whom a request of an older view reached, and that voted nil there because it reached nobody else, take part in
// the set that views name later.
func TestGenesisATimeoutBindsNobody(t *testing.T) {
	v := newViews(t, 1)
	v.watched(t, "views")
	v.drop = func(parcel) bool { return true }
	v.reach(0, v.put("0=old", 0), 0, 1, 2)
	v.run(5_000)
	for _, j := range []int{0, 1, 2} {
		if o := v.find(v.sets[0].Members[j]).object; !o.Voted() {
			t.Fatal("no vote was cast: the test says nothing")
		}
	}
	v.run(60_000) // the request is over
	v.drop, v.now = nil, v.sets[1]
	v.reach(1, v.put("0=new", 1), upTo(8)...)
	v.run(20_000)
	v.decided(1)
}

// Members that prevoted for a block in a set that views have left go over, too: its proposer reached too few.
func TestGenesisAPrevoteBindsNobody(t *testing.T) {
	v := newViews(t, 1)
	v.watched(t, "views")
	few := []int{1, 2, 3, 4}
	v.drop = func(p parcel) bool { return !slices.Contains(few, v.sets[0].Index(p.to)) }
	v.reach(0, v.put("0=old", 0), few...)
	v.run(1_000)
	for _, j := range few {
		if o := v.find(v.sets[0].Members[j]).object; o.attempt.voted == nil {
			t.Fatal("no block was voted for: the test says nothing")
		}
	}
	v.run(4_000)
	v.drop, v.now = nil, v.sets[1]
	r := v.put("0=new", 1)
	v.reach(1, r, upTo(8)...)
	v.run(30_000)
	v.decided(1)
	if v.find(v.sets[1].Members[7]).object.State().Ledger.Len() != 1 {
		t.Fatal("the request was not applied")
	}
}

// Half-open members that went apart, and whom nobody asks for anything any more, come together by themselves.
func TestGenesisHalfOpenMembersComeTogether(t *testing.T) {
	for _, rest := range []int{0, 1, 2} { // the set that views name in the end
		v := newViews(t, 2)
		v.watched(t, "views")
		var reached []int
		var from int
		v.drop = func(p parcel) bool { return !slices.Contains(reached, v.sets[from].Index(p.to)) }
		reached, from = []int{1, 2, 3}, 0
		v.reach(0, v.put("0=old", 0), reached...)
		v.run(2_000)
		v.cluster.now += 1
		v.now = v.sets[1]
		reached, from = []int{0, 1, 4, 5}, 1
		v.reach(1, v.put("0=new", 1), reached...)
		v.run(2_000)
		for j := range 6 {
			if o := v.find(v.sets[0].Members[j]).object; !o.HalfOpen() || (o.setDigest == v.sets[0].Digest()) != (j == 2 || j == 3) {
				t.Fatalf("member %d is not where it should be: half-open %v", j, o.HalfOpen())
			}
		}
		v.drop, v.now = nil, v.sets[rest]
		v.run(200_000)
		for _, m := range v.members {
			if m.object.Height() == 0 { // pointers tell who is a member of another set than the one that decided
				v.step(m, Input{Believe: v.members[1].object.Set()})
			}
		}
		v.run(100_000)
		for _, m := range v.members {
			if m.object.HalfOpen() {
				t.Fatalf("views rest at set %d: a member is half-open for ever: round %d", rest, m.object.Round())
			}
		}
		v.silent()
	}
}

// A locked member stays: somebody may have decided there. And who is shown its polka joins it.
func TestGenesisALockBinds(t *testing.T) {
	s := unborn(t, 8, 3)
	old, other := s.set, NewSet(1, s.address, append(slices.Clone(s.set.Members[:7]), vault(99)))
	view := old
	s.m.host.genesis = func(set *Set) Verdict {
		if set.Digest() == view.Digest() {
			return Yes
		}
		return NotYet
	}
	r := s.request("0=g", 1)
	s.submit(r)
	x := s.block("X", r)
	s.proposes(0, x)
	s.prevotes(0, x, 1, 5)
	s.casts("prevote 0 X", "lock 0 X", "precommit 0 X")
	view, s.cluster.set = other, other
	s.now += 1_000
	q := s.request("0=h", 1)
	s.submit(q)
	if s.m.object.Set().Digest() != old.Digest() {
		t.Fatal("a locked member left")
	}
	s.restarts()
	s.submit(q)
	if s.m.object.Set().Digest() != old.Digest() {
		t.Fatal("a locked member left after a restart")
	}
	s.cluster.set = old
	late := unborn(t, 8, 3)
	late.m.host.genesis = s.m.host.genesis
	late.cluster.set = other
	late.submit(late.request("0=h", 1))
	late.waits(1_000)
	late.cluster.set = old
	late.says(1, &Bundle{Proposal: s.fresh(0, x), Requests: x.bodies})
	if late.m.object.Set().Digest() != other.Digest() {
		t.Fatal("it left the set that its own view names, and nothing showed that it has to")
	}
	late.says(1, &Bundle{Proposal: s.anew(1, x, s.polka(0, x)), Requests: x.bodies})
	if late.m.object.Set().Digest() != old.Digest() {
		t.Fatal("the polka did not bring it over")
	}
}

// Back in a set that it left, also after a restart, a member goes on where it stopped: no second vote in a round.
func TestGenesisBackInAFirstSetNothingIsContradicted(t *testing.T) {
	for _, restart := range []bool{false, true} {
		s := unborn(t, 8, 3)
		old, other := s.set, NewSet(1, s.address, append(slices.Clone(s.set.Members[:7]), vault(99)))
		view := old
		s.m.host.genesis = func(set *Set) Verdict {
			if set.Digest() == view.Digest() {
				return Yes
			}
			return NotYet
		}
		r := s.request("0=g", 1)
		s.submit(r)
		s.until("prevote 0 nil")
		s.casts("prevote 0 nil")
		s.now += 1_000
		view, s.cluster.set = other, other
		s.submit(s.request("0=h", 1))
		if s.m.object.Set().Digest() != other.Digest() {
			t.Fatal("it did not go over")
		}
		s.until("prevote 0 nil")
		s.casts("prevote 0 nil")
		if restart {
			s.restarts()
		}
		s.now += 1_000
		view, s.cluster.set = old, old
		r = s.request("0=i", 1)
		s.submit(r)
		if s.m.object.Set().Digest() != old.Digest() {
			t.Fatal("it did not come back")
		}
		s.proposes(0, s.block("X", r))
		s.casts()
		if p := s.m.object.attempt.prevote; p == nil || !p.Ballot.Block.IsZero() || p.Ballot.Set != old.Digest() {
			t.Fatalf("its vote there is forgotten: %v", p)
		}
	}
}

// What it voted for anywhere it is half-open for: it is not clear, and confirms no withdrawal, before the address's
// first height is decided.
func TestGenesisHalfOpenWhereverItGoes(t *testing.T) {
	s := unborn(t, 8, 3)
	other := NewSet(1, s.address, append(slices.Clone(s.set.Members[:7]), vault(99)))
	moved := false
	s.m.host.genesis = func(set *Set) Verdict {
		if moved == (set.Index(vault(99)) >= 0) {
			return Yes
		}
		return NotYet
	}
	r := s.request("0=g", 1)
	s.submit(r)
	s.proposes(0, s.block("X", r))
	s.casts("prevote 0 X")
	moved, s.cluster.set = true, other
	s.now += 1_000
	s.submit(s.request("0=h", 1))
	if s.m.object.Set().Digest() != other.Digest() {
		t.Fatal("it did not go over")
	}
	for _, restart := range []bool{false, true} {
		if restart {
			s.restarts()
			s.in()
			if s.m.object.Set().Digest() == other.Digest() {
				t.Fatal("the request is lost with the restart, and it does not go back to where there is something to decide")
			}
		}
		if !s.m.object.HalfOpen() || s.m.object.Clear(r.Deadline, s.now+1<<30) {
			t.Fatalf("restart %v: not half-open any more", restart)
		}
		w := r.Withdrawal()
		s.in(Input{From: client, Withdraw: &w})
		s.replied()
	}
	s.awake()
}

// A flood of proven sets is not remembered without bound, nor forgotten: beyond the bound the member stays.
func TestGenesisFirstSetsLeftAreBounded(t *testing.T) {
	s := unborn(t, 8, 3)
	all := []*Set{s.set}
	for i := range 3 * maxParted {
		all = append(all, NewSet(1, s.address, append(slices.Clone(s.set.Members[:7]), vault(100+i))))
	}
	for _, set := range all {
		if set.Index(s.m.key) < 0 {
			continue
		}
		s.cluster.set = set
		s.now += 1_000
		s.submit(s.request("0=g", 1))
		s.waits(700)
		if n := len(s.m.object.parted); n > maxParted {
			t.Fatalf("%d first sets are remembered", n)
		}
		if n := len(s.stored().Parted); n != len(s.m.object.parted) {
			t.Fatalf("%d are stored, of %d", n, len(s.m.object.parted))
		}
	}
	if len(s.m.object.parted) != maxParted {
		t.Fatalf("only %d first sets: the test says nothing", len(s.m.object.parted))
	}
}

// Views move, messages are lost, vaults restart, requests reach whom they reach. No member contradicts itself in any
// set, no two sets that differ in one member decide both; and once views rest, nobody stays half-open.
func TestGenesisWhileViewsMove(t *testing.T) {
	seeds := uint64(150)
	if testing.Short() {
		seeds = 40
	}
	left, back := 0, 0
	for seed := range seeds {
		rng := rand.New(rand.NewPCG(seed, 11))
		v := newViews(t, 1)
		where := fmt.Sprintf("seed %d", seed)
		v.watched(t, where)
		v.delay = func(parcel) vaultnet.Time { return vaultnet.Time(1 + rng.IntN(150)) }
		loss := rng.IntN(60)
		v.drop = func(parcel) bool { return rng.IntN(100) < loss }
		view := make(map[vaultnet.PublicKey]*Set)
		for _, m := range v.members {
			m.host.genesis = func(s *Set) Verdict {
				if at := view[m.key]; at != nil && slices.Equal(s.Members, at.Members) {
					return Yes
				}
				return NotYet
			}
		}
		for range 12 {
			for _, m := range v.members {
				if rng.IntN(3) == 0 {
					view[m.key] = v.sets[rng.IntN(2)]
				}
				if m.down && rng.IntN(2) == 0 {
					v.restart(m)
				} else if !m.down && rng.IntN(15) == 0 {
					m.down = true
				}
			}
			i := rng.IntN(2)
			r := v.put(fmt.Sprintf("0=v%d", rng.IntN(4)), i)
			for _, j := range rng.Perm(8)[:1+rng.IntN(8)] {
				v.reach(i, r, j)
			}
			v.run(vaultnet.Time(rng.IntN(1_500)))
			for _, m := range v.members {
				left += len(m.object.parted)
				if o := m.object; o.attempt != nil && len(o.parted) > 1 {
					back++
				}
			}
		}
		v.drop = nil
		rest := v.sets[rng.IntN(2)]
		for _, m := range v.members {
			view[m.key] = rest
			if m.down {
				v.restart(m)
			}
		}
		v.run(300_000)
		voters := v.deciders(where)
		for i, m := range v.members {
			if o := m.object; o.HalfOpen() && voters.IsZero() {
				t.Fatalf("%s: member %d stays half-open: round %d, set %d, locked %v", where, i, o.Round(),
					slices.IndexFunc(v.sets, func(s *Set) bool { return s.Digest() == o.setDigest }), o.attempt.lock != nil)
			}
		}
	}
	if left == 0 {
		t.Fatal("nobody ever left a set: the test says nothing")
	}
}
