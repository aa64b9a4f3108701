package op

import (
	"container/heap"
	"errors"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/wire"
	"vaultnet/refusal"
)

// maxOperations bounds the outstanding operations of a client; one more is refused with TooManyMutations.
const maxOperations = 4096

// firstRoom is for how many envelopes there is room made at once.
const firstRoom = 16

// Config is what a client is given.
type Config struct {
	Parameters vaultnet.Parameters
	Self       vaultnet.PublicKey    // identity of its connection: a throw-away, nothing is signed with it
	Nonces     func() vaultnet.Nonce // where randomness comes from; never the same twice
	Verifier   vaultnet.Verifier     // for what arrives without having been verified: managers' signatures of a permit
}

// Client is the operations under way, and what was learned for the next ones. Not safe for concurrent use.
type Client struct {
	cfg     Config
	network vaultnet.NetworkID
	now     vaultnet.Time
	limits  func(n int) thresholds

	vaults     neighbours
	places     places
	books      books
	operations map[Ticket]*operation
	calls      map[wire.Call]answered
	requests   map[vaultnet.Digest]*submission
	latency    latency
	pace       pace
	holders    holders
	window     window
	queued     int  // changes that wait in [place.behind]
	reads      pace // of those that a read asks at first
	laggards   laggards

	ticket Ticket
	call   wire.Call
	born   uint64
	ready  []*job
	alarms alarms

	out    Output
	flight uint64                     // counts [Client.Output]
	sends  map[vaultnet.PublicKey]int // index in out.Send
	room   int                        // envelopes that went out together last
	first  []wire.Message             // room for the first messages of envelopes to come
}

// Ticket names an operation under way.
type Ticket uint64

// Output is what a driver has to do. Lists are in a fixed order; nothing in them is changed afterwards.
type Output struct {
	Send    []wire.Envelope // at most one for each vault
	Lookups []vaultnet.Name // whose neighbourhoods are to be looked up in the DHT: answer with [GroupFound], also if nothing was found
	Done    []Completion
	Alarm   vaultnet.Time // step again then, though nothing arrives; [vaultnet.Never]: not at all
}

// Completion is how an operation ended.
type Completion struct {
	Ticket   Ticket
	Err      error           // nil or a *refusal.Error
	Height   vaultnet.Height // of the block that applied it, or of what was read; 0 where there is none
	Identity vaultnet.Digest // of the request signed last: with Deadline, for [Outcome]
	Deadline vaultnet.Time   // of that request
	Result   any             // of the operation's own type, named there; nil after an error
	Phases   Phases          // of a change that was applied: where its time went
}

// Cancelled is the cause of the Unavailable with which an operation ends that was cancelled and is certain not to take
// effect, or, with Detail.OutcomeUnknown, may.
var Cancelled = errors.New("cancelled")

// answered is who waits for the answers to a call.
type answered interface {
	answer(from vaultnet.PublicKey, m wire.Message)
}

// New returns a client that has met nobody.
func New(cfg Config) *Client {
	return &Client{
		cfg:        cfg,
		network:    cfg.Parameters.ID(),
		limits:     thresholdsOf,
		operations: make(map[Ticket]*operation),
		calls:      make(map[wire.Call]answered),
		requests:   make(map[vaultnet.Digest]*submission),
		sends:      make(map[vaultnet.PublicKey]int),
		room:       firstRoom,
		window:     window{size: windowFirst},
	}
}

// Start begins an operation and returns its ticket, by which its one [Completion] is known. It never fails: what is
// wrong with the operation is in the completion.
func (c *Client) Start(now vaultnet.Time, o Operation) Ticket {
	c.advance(now)
	c.ticket++
	t := c.ticket
	if len(c.operations) >= maxOperations {
		c.out.Done = append(c.out.Done, Completion{Ticket: t, Err: refusal.New(refusal.TooManyMutations)})
		return t
	}
	if o == nil {
		c.under(t, "").fail(refusal.Invalid("no operation"))
		return t
	}
	o.begin(c, t)
	c.settle()
	return t
}

// Cancel ends an operation whose context has ended. A mutation is withdrawn first, so that its outcome is certain where
// that can be had within [closingTime]. A ticket that is done already is ignored.
func (c *Client) Cancel(now vaultnet.Time, t Ticket) {
	c.advance(now)
	if o := c.operations[t]; o != nil {
		o.cancel()
	}
	c.settle()
}

// Step takes what happened since the last step, and the time.
func (c *Client) Step(now vaultnet.Time, in []Input) {
	c.advance(now)
	for i := range in {
		c.take(&in[i])
	}
	c.settle()
}

// Queued is how many changes wait for others of this client, to the same objects or any, and ask nobody anything meanwhile.
func (c *Client) Queued() int { return c.queued + len(c.window.waiting) }

// Output returns what there is to do since it was last called.
func (c *Client) Output() Output {
	out := c.out
	out.Alarm = vaultnet.Never
	if len(c.alarms) > 0 {
		out.Alarm = max(c.alarms[0].at, c.now+1)
	}
	c.out = Output{}
	if n := len(out.Send); n > 0 {
		c.room = min(n, 4*firstRoom)
	}
	c.flight++
	clear(c.sends)
	return out
}

func (c *Client) advance(now vaultnet.Time) { c.now = max(c.now, now) }

// settle runs the jobs whose alarms have rung and those that were poked, until none is left to run.
func (c *Client) settle() {
	for len(c.alarms) > 0 && c.alarms[0].at <= c.now {
		j := heap.Pop(&c.alarms).(*job)
		j.at = vaultnet.Never
		j.poke()
	}
	for i := 0; i < len(c.ready); i++ {
		j := c.ready[i]
		c.ready[i] = nil
		j.queued = false
		if !j.over {
			j.run()
		}
	}
	c.ready = c.ready[:0]
}

// send adds a message to what goes to a vault.
func (c *Client) send(to vaultnet.PublicKey, m wire.Message) {
	i, ok := c.sends[to]
	if !ok {
		i = len(c.out.Send)
		c.sends[to] = i
		if i == 0 {
			c.out.Send = make([]wire.Envelope, 0, c.room)
		}
		if len(c.first) == 0 {
			c.first = make([]wire.Message, firstRoom)
		}
		c.out.Send = append(c.out.Send, wire.Envelope{To: to, Messages: c.first[:0:1]})
		c.first = c.first[1:]
	}
	c.out.Send[i].Messages = append(c.out.Send[i].Messages, m)
}

// open gives a new call to who waits for its answers, until [Client.close].
func (c *Client) open(a answered) wire.Call {
	c.call++
	c.calls[c.call] = a
	return c.call
}

func (c *Client) close(call wire.Call) { delete(c.calls, call) }

// take hands an input to whom it concerns.
func (c *Client) take(in *Input) {
	switch in.event {
	case groupFound:
		c.places.found(in.name, in.vaults)
		return
	case peerUp:
		c.vaults.meet(in.from)
		return
	case peerDown:
		c.vaults.lose(in.from)
		return
	}
	c.vaults.meet(in.from)
	switch m := in.message.(type) {
	case *wire.Reply:
		if s := c.requests[m.ID]; s != nil && s.place.address == m.Address {
			s.reply(in.from, m)
		} else if h := c.books.byID[m.ID]; s == nil && h != nil {
			h.late(in.from, m)
		}
	case *wire.ReadAnswer:
		c.answered(m.Call, in)
	case *wire.OutcomeAnswer:
		c.answered(m.Call, in)
	case *wire.ViewAnswer:
		c.answered(m.Call, in)
	case *wire.SetAnswer:
		c.answered(m.Call, in)
	case *wire.StatementAnswer:
		c.answered(m.Call, in)
	case *wire.ChunkAnswer:
		c.answered(m.Call, in)
	case *wire.Bundle:
		c.bundle(m.Bundle)
	}
}

func (c *Client) answered(call wire.Call, in *Input) {
	if a := c.calls[call]; a != nil {
		a.answer(in.from, in.message)
	}
}

// bundle takes a certificate from a vault that was asked for one.
func (c *Client) bundle(b *agreement.Bundle) {
	if b == nil {
		return
	}
	p := c.places.find(b.Address)
	if p == nil {
		return
	}
	if b.Decided != nil {
		p.learn(b.Decided)
	}
	if b.State != nil && b.State.Decided != nil {
		p.learn(b.State.Decided)
	}
}
