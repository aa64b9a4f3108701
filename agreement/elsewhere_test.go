package agreement

import (
	"fmt"
	"slices"
	"testing"

	"vaultnet"
)

// Two first sets that share no member (elsewhere.go): one decides while the other is half-open.

// few are the members of the second set that voted for a block, by rank.
var few = []int{1, 3, 5}

// newTwo is two disjoint sets of eight for one address.
func newTwo(t *testing.T) *views {
	v := newViews(t, 0)
	var others []vaultnet.PublicKey
	for i := range 8 {
		m := v.join(vault(200 + i))
		m.host.genesis = v.judge
		others = append(others, m.key)
	}
	v.sets = append(v.sets, NewSet(1, v.address, others))
	return v
}

// newRift is two such sets. The first decided its first height; of the second, three members
// voted for an empty block, and views that have come together since speak against every block of it.
func newRift(t *testing.T) *views {
	v := newTwo(t)
	v.reach(0, v.put("0=there", 0), upTo(8)...)
	v.run(2_000)
	v.decided(0)
	v.now = v.sets[1]
	v.drop = func(p parcel) bool { return !slices.Contains(few, v.sets[1].Index(p.to)) }
	v.reach(1, v.put("0=here", 1), few...)
	v.run(2_000)
	v.drop = nil
	for _, j := range upTo(8) {
		m := v.find(v.sets[1].Members[j])
		m.host.genesis = func(*Set) Verdict { return No }
		if slices.Contains(few, j) && m.object.attempt.voted == nil {
			t.Fatal("no block was voted for: the test says nothing")
		}
	}
	v.run(20_000) // they wake the rest, who vote nil
	for j, k := range v.sets[1].Members {
		if !v.find(k).object.Voted() {
			t.Fatalf("member %d takes no part: the test says nothing", j)
		}
	}
	return v
}

// believe has the members of the second set told who holds the address.
func (v *views) believe(i int) {
	for _, k := range v.sets[1].Members {
		v.step(v.find(k), Input{Believe: v.sets[i]})
	}
}

func TestGenesisWhoCanDecideNothingTakesOverWhatIsHeldElsewhere(t *testing.T) {
	for _, height := range []int{1, 3} {
		t.Run(fmt.Sprint("height ", height), func(t *testing.T) {
			v := newRift(t)
			v.cluster.set = v.sets[0]
			for i := 1; i < height; i++ {
				v.reach(0, v.request(fmt.Sprint(i, "=more"), 1), upTo(8)...)
				v.run(2_000)
			}
			v.believe(0)
			v.run(200_000)
			for j, k := range v.sets[1].Members {
				o := v.find(k).object
				if o.HalfOpen() {
					t.Fatalf("member %d is half-open at height %d, round %d", j, o.Height()+1, o.Round())
				}
				if o.Height() != vaultnet.Height(height) || o.Member() || !o.Outvoted() {
					t.Fatalf("member %d: height %d, member %v, votes kept %v", j, o.Height(), o.Member(), o.Outvoted())
				}
			}
			v.silent()
			v.outvotedSurvive(t)
		})
	}
}

// outvotedSurvive demands that what was voted is known after a restart, and after the object was erased.
func (v *views) outvotedSurvive(t *testing.T) {
	t.Helper()
	m := v.find(v.sets[1].Members[1])
	want := m.object.outvoted[0]
	v.restart(m)
	if !m.object.Outvoted() || m.object.HalfOpen() || m.object.Height() == 0 {
		t.Fatal("lost in a restart")
	}
	for _, w := range m.object.Erase() {
		delete(m.store, string(w.Key))
	}
	if len(m.store) != 1 {
		t.Fatalf("%d records are left", len(m.store))
	}
	v.restart(m)
	o := m.object
	if o.Height() != 0 || len(o.parted) != 1 || !o.Voted() || o.HalfOpen() {
		t.Fatalf("height %d, votes in %d sets, half-open %v", o.Height(), len(o.parted), o.HalfOpen())
	}
	v.step(m, Input{From: client, Submit: v.put("0=again", 1)})
	if a := o.attempt; want.bound {
		if o.SetDigest() == v.sets[1].Digest() {
			t.Fatal("it takes part where it voted for a block that it has forgotten")
		}
	} else if o.SetDigest() != v.sets[1].Digest() || a == nil || a.round < want.round || a.round == want.round && a.prevote.Ballot != want.prevote.Ballot {
		t.Fatal("it does not go on where it stopped")
	}
}

// A member that is locked stays where it is, and asks nobody elsewhere.
func TestGenesisWhoIsLockedAsksNobodyElsewhere(t *testing.T) {
	v := newRift(t)
	m := v.find(v.sets[1].Members[1])
	a := m.object.attempt
	a.lock = &polka{held: a.voted, cert: &Certificate{Ballot: Ballot{Block: a.voted.digest}}}
	v.drop = func(p parcel) bool {
		if p.from == m.key && v.sets[0].Index(p.to) >= 0 {
			t.Error("asks the other set")
		}
		return true
	}
	v.step(m, Input{Believe: v.sets[0]})
	v.run(200_000)
	if m.object.Height() != 0 {
		t.Fatal("it left a lock")
	}
}

// Whose certificates do not fit is asked once a minute at most, however often it speaks of a greater height.
func TestWhoFollowsAnotherObjectIsNotAskedForEver(t *testing.T) {
	v, there := newRift(t), newTwo(t)
	there.now = there.sets[1] // there the second set decides, too
	there.reach(1, there.put("0=own", 1), upTo(8)...)
	there.run(2_000)
	there.cluster.set = there.sets[1]
	there.reach(1, there.request("1=own", 1), upTo(8)...)
	there.run(2_000)
	other := there.find(there.sets[1].Members[0])
	if other.object.Height() != 2 {
		t.Fatal("the other object is not there: the test says nothing")
	}
	m := v.find(v.sets[0].Members[2])
	asked, answer := 0, false
	v.drop = func(p parcel) bool {
		if p.from == m.key && p.bundle.Want != nil {
			asked, answer = asked+1, p.to == other.key
		}
		return true
	}
	for range 600 {
		v.step(m, Input{From: other.key, Bundle: &Bundle{Address: v.address, Height: 2}})
		v.run(1_000)
		if answer {
			v.step(m, Input{From: other.key, Bundle: &Bundle{Address: v.address, Height: 2, Decided: other.object.Decided()}})
			answer = false
		}
	}
	if asked == 0 || asked > 11 {
		t.Fatalf("asked %d times in ten minutes", asked)
	}
	v.run(2_000)
	if !m.object.Idle() {
		t.Fatal("it is awake")
	}
}
