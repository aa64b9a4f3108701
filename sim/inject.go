package sim

import (
	"math/rand/v2"
	"time"

	"vaultnet"
	"vaultnet/agreement"
)

// inject puts the run's faults into the queue.
func (w *world) inject() {
	for i, f := range w.options.Faults() {
		if !w.options.Keep.Has(i) {
			continue
		}
		w.report.Faults = append(w.report.Faults, f)
		w.at(f.At.Microseconds(), func() { w.strike(&f) })
	}
}

// Faults is the run's schedule, before [Options.Keep] is applied.
func (o Options) Faults() []Fault { return o.Schedule(o.Parameters().Skew) }

// strike begins a fault.
func (w *world) strike(f *Fault) {
	if w.net.steady {
		return
	}
	w.report.Injected[f.Kind.String()]++
	w.trace.mix(uint64(f.Kind)<<56 | uint64(f.At))
	w.trace.line("FAULT", "%v", f)
	v := w.vaults[f.Vault]
	after := func(do func()) {
		w.at(w.now+f.For.Microseconds(), func() {
			if !w.net.steady { // healing has ended it already
				do()
			}
		})
	}
	switch f.Kind {
	case Crash, Wipe, Leave:
		if !v.running || v.doom != nil {
			return
		}
		if f.Kind != Crash && !w.spares(v) {
			w.report.Injected[f.Kind.String()]--
			w.report.Injected[Spared]++
			w.trace.line("FAULT", "left out: more stores would be lost than some object's set stands")
			return
		}
		v.doom = f
		if f.Kind == Leave || f.Bound == Idle {
			v.crash(Idle)
		}
	case Stall:
		v.busy = max(v.busy, w.now+f.For.Microseconds())
	case Partition, OneWay, Flap:
		w.sever(f)
	case Slow:
		v.disk += f.Amount.Microseconds()
		after(func() { v.disk -= f.Amount.Microseconds() })
	case Delay:
		w.net.lag[v.index] += f.Amount.Microseconds()
		after(func() { w.net.lag[v.index] -= f.Amount.Microseconds() })
	case Jump:
		v.clock.offset = f.Amount.Microseconds()
		v.clock.drift = 0
	case Join:
		w.newVault().start()
	case Depart:
		v.depart(w.now + f.For.Microseconds())
	}
}

// sever cuts the network as a fault says, and heals it when its time is over.
func (w *world) sever(f *Fault) {
	r := rand.New(rand.NewPCG(f.Sides, 0))
	c := &cut{from: make([]bool, len(w.nodes)), to: make([]bool, len(w.nodes)), both: f.Kind != OneWay}
	for i := range w.nodes {
		first := r.Float64() < f.Share
		if f.Kind == Flap {
			first = int32(i) == w.vaults[f.Vault].index
		}
		c.from[i], c.to[i] = first, !first
	}
	if f.Kind != Flap {
		w.net.cut(c)
		w.noticed()
		w.at(w.now+f.For.Microseconds(), func() { w.net.heal(c, w.now); w.noticed() })
		return
	}
	end := w.now + f.For.Microseconds()
	var flip func()
	cutNow := false
	flip = func() {
		cutNow = !cutNow && w.now < end && !w.net.steady
		if cutNow {
			w.net.cut(c)
		} else {
			w.net.heal(c, w.now)
		}
		w.noticed()
		if w.now < end {
			w.at(w.now+between(r, 50*time.Millisecond, 2*time.Second), flip)
		}
	}
	flip()
}

// Spared counts, among the faults, stores that were to be lost and were not ([world.spares]).
const Spared = "spared"

// spares reports whether every object can spare a vault's store: f members of its set may fail in any way, and who lies and
// whose store was lost before are among them. Beyond that, what users were told may really be lost (design §11). Nothing
// that needs stores is promised with three liars.
func (w *world) spares(v *vault) bool {
	if w.options.Byzantine > 2 {
		return true
	}
	lost := func(s *agreement.Set) bool {
		if s == nil || s.Index(v.key) < 0 {
			return false
		}
		n := 1
		for _, k := range s.Members {
			i, ok := w.byKey[k]
			if x, is := w.nodes[i].(*vault); k != v.key && (!ok || !is || x.liar || x.gone || x.doom != nil && x.doom.Kind != Crash) {
				n++
			}
		}
		return n > vaultnet.Faults(len(s.Members))
	}
	for _, x := range w.check.order {
		if b := x.block(x.height()); b != nil && (lost(b.voters) || lost(b.after.Set)) {
			return false
		}
		for _, u := range w.vaults { // first sets in which nothing is decided yet
			if !u.running || x.height() > 0 {
				continue
			}
			if o := u.inner.Object(x.address); o != nil && o.Height() == 0 && lost(o.Set()) {
				return false
			}
		}
	}
	return true
}
