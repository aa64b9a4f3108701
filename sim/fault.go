package sim

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// FaultKind is a kind of fault.
type FaultKind uint8

// The kinds of fault.
const (
	Crash     FaultKind = iota // a vault stops at a boundary of its turn and starts again
	Stall                      // a vault does nothing for a while
	Partition                  // no message passes between two sides
	OneWay                     // no message passes from one side to the other
	Flap                       // a vault's connections come and go
	Slow                       // a vault's disk takes long
	Delay                      // a vault's messages arrive late
	Jump                       // a vault's clock is set
	Join                       // a new vault
	Leave                      // a vault stops for good
	Wipe                       // a vault loses its store and comes back under a new identity
	Depart                     // a vault hands over what it holds, and stops for good; or it stays after all, when its time is over
	faultKinds
)

var faultNames = [faultKinds]string{"crash", "stall", "partition", "one-way", "flap", "slow-disk", "delay", "clock-jump", "join",
	"leave", "wipe", "depart"}

// String is the kind's name in reports.
func (k FaultKind) String() string { return faultNames[k] }

// Boundary is where in its turn a crash meets a vault.
type Boundary uint8

// The boundaries at which a vault may crash.
const (
	Idle        Boundary = iota // between two turns
	BeforeStore                 // decided, nothing stored
	Unsynced                    // stored, not synced: the store forgets the turn
	BeforeSend                  // stored, nothing sent
	HalfSent                    // some of the turn's messages are out
	boundaries
)

// String is the boundary's name in traces.
func (b Boundary) String() string {
	return [...]string{"idle", "before store", "before sync", "before send", "half sent"}[b]
}

// Fault is one fault of a run's schedule. All of it is drawn beforehand, so that a fault can be left out without
// changing the others.
type Fault struct {
	Kind   FaultKind
	At     time.Duration // of virtual time
	For    time.Duration // how long; 0 for what has no end
	Vault  int           // whom it hits, by number; of a partition nobody in particular
	Bound  Boundary      // Crash, Wipe
	Amount time.Duration // Slow: of a sync; Delay: of a message; Jump: the clock's offset from now on
	Sides  uint64        // Partition, OneWay, Flap: seed of who is on which side
	Share  float64       // Partition, OneWay: part of the nodes on the first side
}

// String is one line for people.
func (f Fault) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-10s at %7.3fs", f.Kind, f.At.Seconds())
	if f.For > 0 {
		fmt.Fprintf(&b, " for %.3fs", f.For.Seconds())
	}
	switch f.Kind {
	case Partition, OneWay:
		fmt.Fprintf(&b, ", %.0f %% of the nodes", f.Share*100)
	case Join:
	default:
		fmt.Fprintf(&b, ", vault %d", f.Vault)
	}
	switch f.Kind {
	case Crash, Wipe:
		fmt.Fprintf(&b, ", %v", f.Bound)
	case Slow, Delay, Jump:
		fmt.Fprintf(&b, ", %v", f.Amount)
	}
	return b.String()
}

// Schedule is the run's faults in the order of their beginning, before [Options.Keep] is applied. A fault's number is
// its index.
func (o Options) Schedule(skew time.Duration) []Fault {
	var all []Fault
	draw := func(kind FaultKind, n int, fill func(r *rand.Rand, f *Fault)) {
		r := stream(o.Seed, "fault "+kind.String())
		for range n {
			f := Fault{Kind: kind, Vault: r.IntN(o.Vaults), At: time.Duration(between(r, 0, o.Duration)) * time.Microsecond}
			fill(r, &f)
			all = append(all, f)
		}
	}
	last := func(r *rand.Rand, low, high time.Duration) time.Duration {
		return time.Duration(between(r, low, high)) * time.Microsecond
	}
	draw(Crash, o.Crashes, func(r *rand.Rand, f *Fault) {
		f.Bound = Boundary(r.IntN(int(boundaries)))
		f.For = pick(r, last(r, time.Millisecond, 100*time.Millisecond), last(r, 100*time.Millisecond, 10*time.Second))
	})
	draw(Stall, o.Stalls, func(r *rand.Rand, f *Fault) { f.For = last(r, 50*time.Millisecond, 5*time.Second) })
	sides := func(r *rand.Rand, f *Fault) {
		f.Sides, f.Share = r.Uint64(), pick(r, 0.05, 0.15, 0.3, 0.5)
		f.For = pick(r, last(r, 100*time.Millisecond, 2*time.Second), last(r, time.Second, 12*time.Second))
	}
	draw(Partition, o.Partitions, sides)
	draw(OneWay, o.OneWays, sides)
	draw(Flap, o.Flaps, func(r *rand.Rand, f *Fault) {
		f.Sides, f.For = r.Uint64(), last(r, time.Second, 10*time.Second)
	})
	draw(Slow, o.Slows, func(r *rand.Rand, f *Fault) {
		f.For, f.Amount = last(r, time.Second, 20*time.Second), last(r, 10*time.Millisecond, time.Second)
	})
	draw(Delay, o.Delays, func(r *rand.Rand, f *Fault) {
		f.For, f.Amount = last(r, time.Second, 20*time.Second), last(r, 200*time.Millisecond, 5*time.Second)
	})
	draw(Jump, o.Jumps, func(r *rand.Rand, f *Fault) {
		f.Amount = last(r, 0, skew) - skew/2
		f.Amount = time.Duration(float64(f.Amount) * 0.9)
	})
	draw(Join, o.Joins, func(r *rand.Rand, f *Fault) {})
	draw(Leave, o.Leaves, func(r *rand.Rand, f *Fault) {})
	draw(Wipe, o.Wipes, func(r *rand.Rand, f *Fault) {
		f.Bound, f.For = Boundary(r.IntN(int(boundaries))), last(r, 10*time.Millisecond, 5*time.Second)
	})
	draw(Depart, o.Departs, func(r *rand.Rand, f *Fault) { f.For = last(r, time.Second, time.Minute) })
	slices.SortStableFunc(all, func(a, b Fault) int { return cmp.Compare(a.At, b.At) })
	return all
}
