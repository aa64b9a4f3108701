package sim

import (
	"vaultnet"
	"vaultnet/internal/signature"
	"vaultnet/internal/wire"
	"vaultnet/sim/adversary"
	"vaultnet/vault/core"
)

// epoch is the network's time at the beginning of a run.
const epoch vaultnet.Time = 1_750_000_000_000

// turnEvery is the least time between two turns of a node, in µs: what arrives meanwhile shares a turn.
const turnEvery = 1_000

// wakeUp is the most, in µs, that passes from an arrival at an idle node to its turn.
const wakeUp = 600

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

// parcel is messages on their way, from one turn of their sender. Shared by its deliveries and not changed.
type parcel struct {
	from     vaultnet.PublicKey
	one      [1]core.Input  // room for inputs where there is one
	messages []wire.Message // verified
	inputs   []core.Input   // the same, as a vault takes them
	frames   [][]byte       // with real signatures: what travels instead of both
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

	nodes  []node
	byKey  map[vaultnet.PublicKey]int32
	judged map[wire.Message]bool // of the sender's present turn: whether it is as its signatures say
	vaults []*vault              // every identity that ever was, by number
	users  []*user
	quiet  quiet
	cabal  *adversary.Cabal
}

func newWorld(o *Options, t *trace, report *Report) *world {
	w := &world{options: o, report: report, byKey: map[vaultnet.PublicKey]int32{}, judged: map[wire.Message]bool{}}
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
	w.check = newChecker(o, w.params, w.verifier, &report.Totals, t, &w.now)
	return w
}

// Parameters are those of the simulated network: local, so that members are replaced within seconds, with an allowance
// small enough to be used up.
func (o *Options) Parameters() vaultnet.Parameters {
	p := vaultnet.LocalParameters()
	p.Name = "sim"
	p.AccountOperations = 400
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
		n := w.nodes[e.node]
		if n.up() && n.life() == e.life {
			p := e.load.(*parcel)
			w.trace.mix(uint64(e.at)<<20 ^ uint64(e.node)<<10 ^ uint64(e.from))
			n.receive(e.from, p)
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
	p := &parcel{from: w.nodes[from].identity()}
	if w.options.Crypto {
		frames, err := wire.Encode(messages)
		if v, ok := w.nodes[from].(*vault); err != nil && (!ok || !v.liar) {
			w.check.fail(Panic, nil, "%s sends what cannot be encoded: %v", w.nodes[from].label(), err)
		}
		p.frames = frames
	} else {
		w.open(p, from, messages)
	}
	w.events.push(event{at: w.now + after + f.delay, kind: deliver, node: i, life: n.life(), from: from, load: p})
	if f.again >= 0 {
		w.events.push(event{at: w.now + after + f.again, kind: deliver, node: i, life: n.life(), from: from, load: p})
	}
}

// open fills a parcel with what a receiver would accept. Verification does not depend on who receives a message, so of
// many copies one is verified. What liars send is always verified. Honest nodes send nothing but what they signed or had
// verified; a sample of it is verified all the same, and has to be good. (With real signatures everything goes through
// the codec and is verified by every receiver.)
func (w *world) open(p *parcel, from int32, messages []wire.Message) {
	p.inputs = p.one[:0]
	p.messages = messages
	if v, ok := w.nodes[from].(*vault); ok && v.liar {
		p.messages = make([]wire.Message, 0, len(messages))
		for _, m := range messages {
			if w.good(m) {
				p.messages = append(p.messages, m)
			}
		}
	} else if w.report.Messages%sample == 0 {
		for _, m := range messages {
			if !w.good(m) {
				w.check.fail(Signed, nil, "%s sends what is not as its signatures say: %s", w.nodes[from].label(), brief(m))
			}
		}
	}
	for _, m := range p.messages {
		p.inputs = append(p.inputs, core.Verified(m, p.from))
	}
}

// sample: of so many parcels of honest nodes one is verified.
const sample = 16

// good reports whether a message is as its signatures say.
func (w *world) good(m wire.Message) bool {
	ok, known := w.judged[m]
	if !known {
		ok = wire.Verify(m, w.network, w.verifier) == nil
		w.judged[m] = ok
	}
	return ok
}

// sealed ends a sender's turn: what was judged for it is forgotten.
func (w *world) sealed() { clear(w.judged) }
