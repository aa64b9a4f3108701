package sim

import (
	"slices"

	"vaultnet"
	"vaultnet/internal/signature"
	"vaultnet/internal/wire"
	"vaultnet/sim/adversary"
)

// epoch is the network's time at the beginning of a run.
const epoch vaultnet.Time = 1_750_000_000_000

// A node is a vault or a user's connection.
type node interface {
	// receive takes a parcel that arrived from another node.
	receive(from int32, p *parcel)
	// turn is called when a turn that the node asked for is due, with the moment it was asked for.
	turn(at int64)
	identity() vaultnet.PublicKey
	label() string
	life() uint32 // changes with each start; events of an earlier one are void
	up() bool
}

// parcel is messages on their way, from one turn of their sender. It is used again once all its deliveries are over.
type parcel struct {
	from       vaultnet.PublicKey
	messages   []wire.Message // verified; not changed
	frames     [][]byte       // with real signatures: what travels instead
	deliveries int            // that are still to come
}

// empty makes the parcel one that may be used again.
func (p *parcel) empty() {
	clear(p.messages)
	*p = parcel{messages: p.messages[:0]}
}

// world is a whole simulated network.
type world struct {
	options  *Options
	params   vaultnet.Parameters
	network  vaultnet.NetworkID
	verifier vaultnet.Verifier
	registry *signature.Registry // nil with real signatures
	now      int64               // µs
	events   queue
	net      *network
	trace    *trace
	check    *checker
	report   *Report

	turnEvery int64  // least time between two turns of a node, in µs: what arrives meanwhile shares a turn
	wakeUp    uint32 // most, in µs, that passes from an arrival at an idle node to its turn

	nodes    []node
	byKey    map[vaultnet.PublicKey]int32
	examiner *wire.Examiner
	encoder  wire.Encoder
	framed   framed    // the last messages of the sender's present turn, with real signatures
	sealed   []sealed  // messages of the sender's present turn, as far as they were looked at
	spare    []*parcel // to be used again
	vaults   []*vault  // every identity that ever was, by number
	users    []*user
	quiet    quiet
	cabal    *adversary.Cabal
	play     *play // nil: none
}

func newWorld(o *Options, t *trace, report *Report) *world {
	w := &world{options: o, report: report, byKey: map[vaultnet.PublicKey]int32{}}
	w.params = o.Parameters()
	w.network = w.params.ID()
	w.net = newNetwork(o)
	w.trace = t
	t.now = &w.now
	if o.Crypto {
		w.verifier = signature.NewVerifier(1 << 16)
	} else {
		w.registry = signature.NewRegistry(o.Seed)
		w.verifier = w.registry
	}
	w.examiner = wire.NewExaminer(w.network, w.verifier)
	w.turnEvery = o.Turn.Microseconds()
	w.wakeUp = uint32(w.turnEvery*6/10) + 1
	w.check = newChecker(o, w.params, w.verifier, &report.Totals, t, &w.now)
	return w
}

// Parameters are those of the simulated network: local, so that members are replaced within seconds, with an allowance
// small enough to be used up.
func (o *Options) Parameters() vaultnet.Parameters {
	p := vaultnet.LocalParameters()
	p.Name = "sim"
	p.AccountOperations = 400
	if o.Workload != Mutations {
		p.AccountOperations = 20_000
	}
	return p
}

// signer is the key of a seed.
func (w *world) signer(seed [32]byte) vaultnet.Signer {
	if w.registry != nil {
		return w.registry.Signer(seed)
	}
	return signature.NewKey(seed)
}

// add makes a node reachable and returns its index.
func (w *world) add(n node) int32 {
	i := int32(len(w.nodes))
	w.nodes = append(w.nodes, n)
	w.byKey[n.identity()] = i
	w.net.add()
	return i
}

// at has something done at a moment of virtual time.
func (w *world) at(when int64, do func()) {
	w.events.push(event{at: max(when, w.now), kind: call, load: do})
}

// step handles the earliest event; false when there is none, or it is later than until.
func (w *world) step(until int64) bool {
	at, ok := w.events.peek()
	if !ok || at > until {
		w.now = max(w.now, until)
		return false
	}
	e, _ := w.events.pop()
	w.now = e.at
	w.report.Events++
	switch e.kind {
	case call:
		e.load.(func())()
	case deliver:
		n, p := w.nodes[e.node], e.load.(*parcel)
		if n.up() && n.life() == e.life {
			w.trace.mix(uint64(e.at)<<20 ^ uint64(e.node)<<10 ^ uint64(e.from))
			n.receive(e.from, p)
		}
		if p.deliveries--; p.deliveries == 0 {
			p.empty()
			w.spare = append(w.spare, p)
		}
	case turn:
		n := w.nodes[e.node]
		if n.up() && n.life() == e.life {
			n.turn(e.at)
		}
	}
	return true
}

// dispatch sends messages of a node to whoever has a key, after a delay in µs that is the sender's own.
func (w *world) dispatch(from int32, to vaultnet.PublicKey, messages []wire.Message, after int64) {
	v, _ := w.nodes[from].(*vault)
	good := true
	for _, m := range messages {
		good = w.look(v, m) && good
	}
	i, ok := w.byKey[to]
	if !ok || len(messages) == 0 {
		return
	}
	n := w.nodes[i]
	if !n.up() {
		return
	}
	f := w.net.send(from, i)
	w.report.Messages++
	w.quiet.sent(w, from, i, messages)
	if w.trace.on() {
		w.story(from, i, messages, f, after)
	}
	if !f.arrive {
		return
	}
	p := w.pack(from, messages, good)
	p.deliveries = 1
	w.events.push(event{at: w.now + after + f.delay, kind: deliver, node: i, life: n.life(), from: from, load: p})
	if f.again >= 0 {
		p.deliveries = 2
		w.events.push(event{at: w.now + after + f.again, kind: deliver, node: i, life: n.life(), from: from, load: p})
	}
}

// pack makes a parcel of what a receiver would accept. Verification does not depend on who receives a message, so of the
// copies of one turn one is verified. What honest nodes send has to be good. (With real signatures everything goes
// through the codec and is verified by every receiver.)
func (w *world) pack(from int32, messages []wire.Message, good bool) *parcel {
	var p *parcel
	if n := len(w.spare); n > 0 {
		p, w.spare = w.spare[n-1], w.spare[:n-1]
	} else {
		p = new(parcel)
	}
	p.from = w.nodes[from].identity()
	v, _ := w.nodes[from].(*vault)
	liar := v != nil && v.liar
	switch {
	case w.options.Crypto:
		frames, err := w.encode(messages)
		if err != nil && !liar {
			w.check.fail(Panic, nil, "%s sends what cannot be encoded: %v", w.nodes[from].label(), err)
		}
		p.frames = frames
	case good:
		p.messages = append(p.messages, messages...)
	case liar:
		for _, m := range messages {
			if w.look(v, m) {
				p.messages = append(p.messages, m)
			}
		}
	default:
		w.check.fail(Signed, nil, "%s sends what is not as its signatures say", w.nodes[from].label())
	}
	return p
}

// encode makes the frames of messages; those that several nodes get alike in one turn follow each other, and are made once.
func (w *world) encode(messages []wire.Message) ([][]byte, error) {
	if len(w.framed.messages) > 0 && slices.Equal(w.framed.messages, messages) {
		return w.framed.frames, nil
	}
	frames, err := w.encoder.Encode(messages)
	if err == nil {
		w.framed.messages, w.framed.frames = messages, frames
	}
	return frames, err
}

// framed is messages of a turn with the frames they travel in.
type framed struct {
	messages []wire.Message
	frames   [][]byte
}

// sealed is a message of a turn, and whether it is as its signatures say.
type sealed struct {
	message wire.Message
	good    bool
}

// look checks a message that a node is about to send, once in its turn: whether it is good, and, where an honest vault
// sends it, whether the vault may say so.
func (w *world) look(v *vault, m wire.Message) bool {
	for i := len(w.sealed) - 1; i >= max(0, len(w.sealed)-recent); i-- {
		if w.sealed[i].message == m {
			return w.sealed[i].good
		}
	}
	good := w.options.Crypto || w.examiner.Verify(m) == nil
	if v != nil && !v.liar {
		w.told(v, m)
	}
	w.sealed = append(w.sealed, sealed{m, good})
	return good
}

// recent is how many messages of a turn are known again: those for all members of a set follow each other.
const recent = 16

// sent ends a sender's turn: what was looked at for it is forgotten.
func (w *world) sent() {
	clear(w.sealed)
	w.sealed = w.sealed[:0]
	w.framed = framed{}
}
