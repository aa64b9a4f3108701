package sim

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"time"

	"vaultnet"
	"vaultnet/internal/wire"
	"vaultnet/vault/core"
	"vaultnet/vault/store/memory"
)

// vault is one identity's whole life: its store and clock outlast crashes, what decides in it does not.
type vault struct {
	w        *world
	number   int
	index    int32
	name     string
	signer   vaultnet.Signer
	key      vaultnet.PublicKey
	location vaultnet.Location
	liar     bool
	eager    bool // it never stands by
	witness  *witness
	random   *rand.Rand // of its adversary
	clock    clock
	store    *memory.Store
	opener   *wire.Opener
	core     core.Stepper
	inner    *core.Vault  // what core wraps
	inbox    []core.Input // since the last turn
	spare    []core.Input // the inbox of the last turn, to be used again
	message  []byte       // room for what is signed

	lives   uint32
	running bool
	gone    bool // for good
	next    int64
	last    int64
	busy    int64  // the disk is syncing, or the vault stalled, until then
	disk    int64  // µs of a sync
	doom    *Fault // a crash that waits for its boundary
	routes  routes
}

func (v *vault) identity() vaultnet.PublicKey { return v.key }
func (v *vault) label() string                { return v.name }
func (v *vault) life() uint32                 { return v.lives }
func (v *vault) up() bool                     { return v.running }

// newVault makes an identity with an empty store. It is not started.
func (w *world) newVault() *vault {
	n := len(w.vaults)
	var seed [32]byte
	fill(stream(w.options.Seed, fmt.Sprintf("vault key %d", n)), seed[:])
	v := &vault{w: w, number: n, name: fmt.Sprintf("vault %d", n), signer: w.signer(seed), store: memory.NewCrashing(nil), next: -1,
		random: stream(w.options.Seed, fmt.Sprintf("adversary %d", n)), disk: w.options.Disk.Microseconds(),
		opener: wire.NewOpener(w.network, w.verifier)}
	v.key = v.signer.Public()
	v.location = v.key.Location()
	r := stream(w.options.Seed, fmt.Sprintf("clock %d", n))
	most := w.params.Skew.Microseconds() / 2 * 9 / 10
	v.clock.offset = int64((r.Float64()*2 - 1) * w.options.Skew * float64(most))
	if w.options.Skew > 0 {
		v.clock.drift = r.Int64N(101) - 50
	}
	v.eager = chance(stream(w.options.Seed, fmt.Sprintf("eager %d", n)), w.options.Eager)
	v.witness = newWitness(v.name, v.key)
	v.index = w.add(v)
	w.vaults = append(w.vaults, v)
	return v
}

// start begins a life and connects to the others.
func (v *vault) start() {
	if v.wake(); v.running {
		v.w.connect(v)
	}
}

// wake begins a life: the core is made from what the store holds.
func (v *vault) wake() {
	if err := v.revive(); err != nil {
		v.w.check.fail(Durable, nil, "%s does not start from its own store: %v", v.name, err)
		return
	}
	v.lives++
	v.running, v.doom = true, nil
	v.next, v.last, v.busy = -1, v.w.now-v.w.turnEvery, 0
	v.w.trace.mix(uint64(v.number)<<8 | 1)
	v.w.trace.line(v.name, "starts as %s", v.key.Short())
	v.ask(v.w.now)
}

// crash ends a life: the unread inbox and what is not synced are lost.
func (v *vault) crash(at Boundary) {
	v.w.trace.mix(uint64(v.number)<<8 | 2)
	v.w.trace.line(v.name, "CRASHES, %v", at)
	v.running, v.core, v.inner, v.inbox, v.spare = false, nil, nil, nil, nil
	v.lives++
	v.store.Crash(0, 0)
	v.witness.forget()
	v.w.disconnect(v)
	f := v.doom
	v.doom = nil
	switch {
	case f == nil || f.Kind == Leave:
		v.gone = true
	case f.Kind == Wipe:
		v.gone = true
		v.w.at(v.w.now+f.For.Microseconds(), func() {
			fresh := v.w.newVault()
			v.w.trace.line(v.name, "lost its store and comes back as %s", fresh.name)
			fresh.start()
		})
	default:
		life := v.lives
		v.w.at(v.w.now+f.For.Microseconds(), func() {
			if !v.running && !v.gone && v.lives == life {
				v.start()
			}
		})
	}
}

func (v *vault) receive(from int32, p *parcel) {
	v.routes.heard(v, from)
	if p.frames != nil {
		for _, f := range p.frames {
			in, err := core.Open(f, p.from, v.opener)
			if err != nil {
				v.w.trace.line(v.name, "refuses a frame of %s: %v", v.w.nodes[from].label(), err)
				continue
			}
			v.inbox = append(v.inbox, in...)
		}
	}
	for _, m := range p.messages {
		v.inbox = append(v.inbox, core.Verified(m, p.from))
	}
	if v.next < 0 || v.next > v.w.now+int64(v.w.wakeUp) {
		v.ask(v.w.now + int64(v.w.net.random.Uint32N(v.w.wakeUp)))
	}
}

// ask asks for a turn at a moment, or as soon after as the vault is able to take one.
func (v *vault) ask(at int64) {
	at = max(at, v.last+v.w.turnEvery, v.busy, v.w.now)
	if v.next >= 0 && v.next <= at {
		return
	}
	v.next = at
	v.w.events.push(event{at: at, kind: turn, node: v.index, life: v.lives})
}

// turn is one turn of the vault's loop: step, sign, seal, store, send. A crash may come between any two of them.
func (v *vault) turn(at int64) {
	if at != v.next {
		return
	}
	w := v.w
	v.next = -1
	if w.now < v.busy {
		v.ask(v.busy)
		return
	}
	v.last = w.now
	w.report.Turns++
	in := v.inbox
	v.inbox = v.spare[:0]
	out := v.core.Step(v.clock.read(w.now), in)
	w.check.admitted(v, in)
	clear(in)
	v.spare = in
	if v.witness.decidedAlone() && (v.doomed(BeforeStore) || v.doomed(Unsynced)) {
		later := *v.doom // what its own votes of this turn decide is not decided before they are stored: nobody has them yet
		later.Bound = BeforeSend
		v.doom = &later
	}
	if v.dies(BeforeStore) {
		return
	}
	var sig vaultnet.Signature
	if !out.Root.IsZero() {
		v.message = vaultnet.AppendTurnMessage(v.message[:0], w.network, out.Root)
		sig = v.signer.Sign(v.message)
	}
	sealed := v.core.Seal(sig)
	if v.doomed(Unsynced) {
		v.store.Apply(sealed.Writes, false)
		v.dies(Unsynced)
		return
	}
	delay := v.keep(&sealed)
	w.check.stored(v.witness)
	if v.dies(BeforeSend) {
		return
	}
	send := sealed.Send
	half := v.doomed(HalfSent)
	if half {
		send = send[:v.doomRandom(len(send)+1)]
	}
	for i := range send {
		w.dispatch(v.index, send[i].To, send[i].Messages, delay)
	}
	w.sent()
	if half {
		v.dies(HalfSent)
		return
	}
	if delay > 0 {
		v.busy = max(v.busy, w.now+delay)
	}
	for _, name := range out.Lookups {
		w.lookup(v, name)
	}
	for _, a := range out.Loads {
		v.load(a)
	}
	if when := v.clock.when(out.Alarm, w.now); when >= 0 {
		v.ask(when)
	}
}

// keep makes a turn's effects durable and returns how long that takes, in µs.
func (v *vault) keep(s *core.Sealed) int64 {
	for _, c := range s.Chunks {
		if c.Content == nil {
			v.store.DeleteChunk(c.Name)
			continue
		}
		v.store.PutChunk(c.Name, c.Content, true)
	}
	if len(s.Writes) == 0 && len(s.Chunks) == 0 {
		return 0
	}
	if len(s.Writes) > 0 {
		v.store.Apply(s.Writes, true)
	}
	return v.disk
}

// load answers the core's wish to have something read from the store, a little later.
func (v *vault) load(a vaultnet.Address) {
	v.w.soon(v, 100+v.disk, func() {
		if a.Kind == vaultnet.KindImmutableData {
			content, _ := v.store.Chunk(a.Name)
			v.tell(core.ChunkLoaded(a.Name, content))
			return
		}
		v.tell(core.Loaded(a, v.records(core.ObjectPrefix(a))))
	})
}

// records is what the store holds under a prefix.
func (v *vault) records(prefix []byte) []vaultnet.Write {
	var all []vaultnet.Write
	for r := range v.store.Scan(prefix) {
		all = append(all, r)
	}
	return all
}

// scan is all that the store holds, as a core that starts reads it.
func (v *vault) scan() iter.Seq2[[]byte, []byte] {
	return func(yield func([]byte, []byte) bool) {
		for r := range v.store.Scan(nil) {
			if !yield(r.Key, r.Value) {
				return
			}
		}
	}
}

// tell gives the core an input of the driver's own.
func (v *vault) tell(in core.Input) {
	v.inbox = append(v.inbox, in)
	v.ask(v.w.now)
}

// revive makes the core from what the store holds.
func (v *vault) revive() error {
	inner, err := core.New(core.Config{Self: v.key, Parameters: v.w.params, Verifier: v.w.verifier,
		Eager: v.eager, Idle: v.w.options.Idle, Observer: v.w.check.observer(v)}, v.scan())
	if err != nil {
		return err
	}
	v.inner, v.core = inner, inner
	if v.liar {
		v.core = v.w.corrupt(v, inner)
	}
	return nil
}

// depart has the vault leave, stop when nothing is left to hand over, and stay where that takes too long or it crashes.
func (v *vault) depart(until int64) {
	if !v.running || v.inner.Departure().Going {
		return
	}
	v.w.trace.line(v.name, "wants to go")
	v.tell(core.Leave(true))
	life := v.lives
	var look func()
	look = func() {
		if !v.running || v.lives != life {
			return
		}
		d := v.inner.Departure()
		switch {
		case d.Going && d.Left() && v.doom == nil && v.w.spares(v):
			v.w.report.Departed++
			v.w.trace.line(v.name, "has handed over everything")
			v.crash(Idle)
			v.w.noticed()
		case v.w.now >= until:
			v.w.trace.line(v.name, "stays, with %d objects and %d chunks left", d.Objects, d.Chunks)
			v.tell(core.Leave(false))
		default:
			v.w.at(v.w.now+time.Second.Microseconds(), look)
		}
	}
	v.w.at(v.w.now+time.Second.Microseconds(), look)
}

// doomed reports whether a crash waits for this boundary.
func (v *vault) doomed(at Boundary) bool { return v.doom != nil && v.doom.Bound == at }

// dies crashes the vault if a crash waits for this boundary.
func (v *vault) dies(at Boundary) bool {
	if !v.doomed(at) {
		return false
	}
	v.w.sent()
	v.crash(at)
	return true
}

// doomRandom draws a number below n for the crash that waits.
func (v *vault) doomRandom(n int) int {
	return stream(uint64(v.doom.At), "half sent").IntN(n)
}
