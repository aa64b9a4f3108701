package client

import (
	"cmp"
	"crypto/rand"
	"runtime"
	"sync"
	"time"

	"vaultnet"
	"vaultnet/client/op"
	"vaultnet/internal/load"
	"vaultnet/internal/signature"
	"vaultnet/internal/wire"
	"vaultnet/routing"
)

// verified is how many good signatures the client remembers.
const verified = 16_384

// carrier is the network as the loop uses it; a [routing.Node] is one.
type carrier interface {
	finder
	// Send hands frames to the network. It never blocks; what cannot be delivered is lost.
	Send(to vaultnet.PublicKey, frames ...[]byte)
	// Close ends it and waits for its goroutines.
	Close() error
}

// loop is the goroutine that owns the protocol's state, and what goes in and out of it.
type loop struct {
	cfg      Config
	network  vaultnet.NetworkID
	verifier vaultnet.Verifier
	carrier  carrier
	walks    *walks
	checking chan struct{} // holds one for each frame that is being checked
	greet    [][]byte      // the frame that is sent to each vault first

	// Owned by the goroutine.
	core     *op.Client
	calls    map[op.Ticket]*call // under way
	waiting  []*call             // for their turn to begin
	draining bool                // everything was cancelled
	accounts accounts
	encoded  []encoded                 // of the frames that are being sent
	large    map[wire.Message][][]byte // of those, what has one of its own
	encoder  wire.Encoder
	rest     rest

	mu       sync.Mutex
	inbox    inbox
	starts   []*call
	cancels  []*call
	closed   bool          // nothing new is begun
	drained  chan struct{} // where it is not nil, all operations are cancelled, and it is closed when none is left
	ending   bool          // the goroutine ends after its next turn
	presence presence
	ready    ready

	wake    chan struct{}
	closing chan struct{} // closed as soon as Close is called
	over    chan struct{} // closed when the goroutine has ended
	once    sync.Once
	err     error // of Close
}

func newLoop(cfg Config, self vaultnet.PublicKey) *loop {
	l := &loop{
		cfg: cfg, network: cfg.Parameters.ID(), verifier: signature.NewVerifier(verified),
		checking: make(chan struct{}, runtime.GOMAXPROCS(0)),
		calls:    make(map[op.Ticket]*call), wake: make(chan struct{}, 1), closing: make(chan struct{}), over: make(chan struct{}),
	}
	l.inbox.room.L = &l.mu
	l.presence.peers = cmp.Or(cfg.Peers, routing.DefaultPeers)
	l.core = op.New(op.Config{Parameters: cfg.Parameters, Self: self, Nonces: nonce, Verifier: l.verifier})
	l.greet = encode(&wire.Hello{Parameters: cfg.Parameters})
	l.ready.make()
	return l
}

func nonce() (n vaultnet.Nonce) {
	rand.Read(n[:]) // never fails: it ends the program instead
	return n
}

// encode is for messages that are known to be within bounds.
func encode(m wire.Message) [][]byte {
	frames, _ := wire.Encode([]wire.Message{m})
	return frames
}

func (l *loop) poke() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// run turns until the loop is told to end.
func (l *loop) run() {
	defer close(l.over)
	alarm := time.NewTimer(time.Hour)
	defer alarm.Stop()
	for {
		select {
		case <-l.wake:
		case <-alarm.C:
		}
		time.Sleep(l.rest.left(time.Now())) // little, so nobody who closes the client has to end it
		next, end := l.turn()
		if end {
			return
		}
		l.rest.after(time.Now(), l.core.Queued())
		l.rest.follow(time.Now(), &load.Processors)
		alarm.Reset(next)
	}
}

// longest is how long the loop sleeps when nothing arrives.
const longest = time.Minute

// turn takes all that has arrived, steps once, sends and hands over what was completed. It returns how long to sleep.
func (l *loop) turn() (sleep time.Duration, end bool) {
	began := time.Now()
	l.mu.Lock()
	in := l.inbox.take()
	starts, cancels := l.starts, l.cancels
	l.starts, l.cancels = nil, nil
	end = l.ending
	drained := l.drained
	lost, recall, recheck := l.presence.due(began)
	l.mu.Unlock()

	for _, v := range recall {
		l.carrier.Send(v, l.greet...)
	}
	for _, v := range lost {
		in = append(in, op.PeerDown(v))
	}
	now := clock()
	l.core.Step(now, in)
	l.waiting = append(l.waiting, starts...)
	for _, k := range cancels {
		l.abandon(now, k)
	}
	if drained != nil && !l.draining {
		l.draining = true
		l.abandonAll(now)
	}
	l.beginSome(now, began)
	out := l.core.Output()
	t := Turn{Inputs: len(in), Started: len(starts), Completed: len(out.Done)}
	t.Frames, t.Bytes = l.send(out.Send)
	for _, name := range out.Lookups {
		l.walks.want(name)
	}
	l.complete(began, out.Done)
	if drained != nil && len(l.calls) == 0 {
		l.mu.Lock()
		l.drained = nil
		l.mu.Unlock()
		close(drained)
	}
	l.recycle(in)
	if f := l.cfg.Observer.Turn; f != nil {
		t.Took, t.Operations = time.Since(began), len(l.calls)
		f(t)
	}
	sleep = min(longest, recheck)
	if out.Alarm != vaultnet.Never {
		sleep = min(sleep, max(out.Alarm.Sub(clock()), 0))
	}
	return sleep, end
}

func (l *loop) recycle(in []op.Input) {
	clear(in)
	l.mu.Lock()
	l.inbox.recycle(in)
	l.mu.Unlock()
}
