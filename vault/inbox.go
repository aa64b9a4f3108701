package vault

import (
	"errors"
	"sync"

	"vaultnet"
	"vaultnet/vault/core"
)

// errStopped is what whoever waits for room gets when the vault stops.
var errStopped = errors.New("vault: stopped")

// parcel is what came in one frame, or one event.
type parcel struct {
	inputs []core.Input
	bytes  int
	event  bool // PeerUp or PeerDown
}

// sender is what waits of one peer.
type sender struct {
	key     vaultnet.PublicKey
	vault   bool // it is up, and a vault
	queue   []parcel
	inputs  int
	bytes   int
	listed  bool       // in inbox.turn
	waiting int        // goroutines that wait for room, or are about to add
	room    *sync.Cond // told when something was taken
}

// full reports whether no more is to be read from the peer. The first frame always finds room.
func (s *sender) full() bool { return s.inputs >= maxInputs || s.bytes >= maxBytes }

// inbox is what waits for the loop: of each peer in order, between peers in turns. What the vault's own errands bring
// comes first. Safe for concurrent use.
type inbox struct {
	mu      sync.Mutex
	stopped bool
	senders map[vaultnet.PublicKey]*sender
	turn    []*sender // those of whom something waits, next first
	own     []core.Input
	loaded  int                  // of own, what was read from the store
	ahead   *sync.Cond           // told when it was taken
	known   []vaultnet.PublicKey // the routing table, where it changed
	knows   bool
	inputs  int
	bytes   [2]int // of clients, of vaults
	held    int    // goroutines that wait for room
	opening int    // frames that are being verified, or wait for it
	room    [2]*sync.Cond
	wake    chan struct{} // holds one token where there is something to take
	quiet   chan struct{} // holds one token where the last frame that was being verified is
}

func newInbox() *inbox {
	b := &inbox{senders: make(map[vaultnet.PublicKey]*sender), wake: make(chan struct{}, 1), quiet: make(chan struct{}, 1)}
	b.ahead = sync.NewCond(&b.mu)
	for i := range b.room {
		b.room[i] = sync.NewCond(&b.mu)
	}
	return b
}

// class is the index of what a peer shares bounds with.
func class(vault bool) int {
	if vault {
		return 1
	}
	return 0
}

// sender finds or makes a peer's entry. The caller holds the lock.
func (b *inbox) sender(k vaultnet.PublicKey) *sender {
	s := b.senders[k]
	if s == nil {
		s = &sender{key: k, room: sync.NewCond(&b.mu)}
		b.senders[k] = s
	}
	return s
}

// release forgets a peer of whom nothing waits. The caller holds the lock.
func (b *inbox) release(s *sender) {
	if s.waiting == 0 && !s.listed && !s.vault {
		delete(b.senders, s.key)
	}
}

// admit waits until the peer has room for another frame, and reports whether it is a vault; an error where the vault
// stops. Every admit is followed by one of add or refuse.
func (b *inbox) admit(k vaultnet.PublicKey) (vault bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.sender(k)
	s.waiting++
	b.held++
	for s.full() && !b.stopped {
		s.room.Wait()
	}
	b.held--
	if b.stopped {
		s.waiting--
		b.release(s)
		return false, errStopped
	}
	b.opening++
	return s.vault, nil
}

// opened ends the verification of a frame. The caller holds the lock.
func (b *inbox) opened() {
	if b.opening--; b.opening == 0 {
		select {
		case b.quiet <- struct{}{}:
		default:
		}
	}
}

// verifying reports whether frames are being verified.
func (b *inbox) verifying() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.opening > 0
}

// clear waits until what all vaults, or all clients, have waiting is within bounds.
func (b *inbox) clear(vault bool) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := class(vault)
	b.held++
	for b.bytes[c] >= maxWaiting && !b.stopped {
		b.room[c].Wait()
	}
	b.held--
	if b.stopped {
		return errStopped
	}
	return nil
}

// refuse ends what admit began, for a frame that is none.
func (b *inbox) refuse(k vaultnet.PublicKey) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.opened()
	if s := b.senders[k]; s != nil {
		s.waiting--
		b.release(s)
	}
}

// add leaves what was in a frame to the loop.
func (b *inbox) add(k vaultnet.PublicKey, in []core.Input, bytes int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.opened()
	s := b.sender(k)
	s.waiting--
	if b.stopped {
		return
	}
	s.queue = append(s.queue, parcel{inputs: in, bytes: bytes})
	s.inputs += len(in)
	s.bytes += bytes
	b.inputs += len(in)
	b.bytes[class(s.vault)] += bytes
	b.list(s)
}

// tell leaves an event of a peer to the loop, after all that the peer said before. Of events with nothing between them
// only the last two matter, so that connections that come and go do not fill anything.
func (b *inbox) tell(k vaultnet.PublicKey, up bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stopped {
		return
	}
	s := b.sender(k)
	if up != s.vault { // what waits counts from now on with the others of its kind
		b.bytes[class(s.vault)] -= s.bytes
		b.bytes[class(up)] += s.bytes
		s.vault = up
	}
	in := core.PeerDown(k)
	if up {
		in = core.PeerUp(k)
	}
	if n := len(s.queue); n >= 2 && s.queue[n-1].event && s.queue[n-2].event {
		s.queue[n-2] = s.queue[n-1]
		s.queue = s.queue[:n-1]
		s.inputs--
		b.inputs--
	}
	s.queue = append(s.queue, parcel{inputs: []core.Input{in}, event: true})
	s.inputs++
	b.inputs++
	b.list(s)
}

// list puts a peer where the loop looks. The caller holds the lock.
func (b *inbox) list(s *sender) {
	if !s.listed {
		s.listed = true
		b.turn = append(b.turn, s)
	}
	b.ring()
}

func (b *inbox) ring() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// bring leaves a result of the vault's own errands to the loop.
func (b *inbox) bring(in core.Input) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.stopped {
		b.own = append(b.own, in)
		b.ring()
	}
}

// bringLoaded does so with what was read from the store, once little enough of that waits.
func (b *inbox) bringLoaded(in core.Input) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.loaded >= loadsAhead && !b.stopped {
		b.ahead.Wait()
	}
	if !b.stopped {
		b.own = append(b.own, in)
		b.loaded++
		b.ring()
	}
}

// table leaves the routing table to the loop, in place of one that waits.
func (b *inbox) table(vaults []vaultnet.PublicKey) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.stopped {
		b.known, b.knows = vaults, true
		b.ring()
	}
}

// take moves what waits to in, as much as belongs in one turn: a frame of each peer, then another. It returns the bytes
// of the frames.
func (b *inbox) take(in []core.Input) ([]core.Input, int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.knows {
		in = append(in, core.Known(b.known))
		b.known, b.knows = nil, false
	}
	in = append(in, b.own...)
	clear(b.own)
	b.own = b.own[:0]
	if b.loaded > 0 {
		b.loaded = 0
		b.ahead.Broadcast()
	}
	bytes := 0
	for len(b.turn) > 0 && len(in) < turnInputs && bytes < turnBytes {
		s := b.turn[0]
		b.turn[0] = nil
		b.turn = b.turn[1:]
		p := s.queue[0]
		s.queue[0] = parcel{}
		s.queue = s.queue[1:]
		in = append(in, p.inputs...)
		bytes += p.bytes
		full := s.full()
		s.inputs -= len(p.inputs)
		s.bytes -= p.bytes
		b.inputs -= len(p.inputs)
		c := class(s.vault)
		over := b.bytes[c] >= maxWaiting
		b.bytes[c] -= p.bytes
		if full && !s.full() {
			s.room.Broadcast()
		}
		if over && b.bytes[c] < maxWaiting {
			b.room[c].Broadcast()
		}
		if len(s.queue) > 0 {
			b.turn = append(b.turn, s)
			continue
		}
		s.queue, s.listed = nil, false
		b.release(s)
	}
	if len(b.turn) == 0 {
		b.turn = nil
	} else {
		b.ring() // the rest comes with the next turn
	}
	return in, bytes
}

// waits is how much waits for the loop: inputs, bytes, and goroutines that wait for room.
func (b *inbox) waits() (inputs, bytes, held int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.inputs + len(b.own), b.bytes[0] + b.bytes[1], b.held
}

// stop has everybody who waits go away, and takes nothing more.
func (b *inbox) stop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stopped = true
	for _, s := range b.senders { // in any order: all are told
		s.room.Broadcast()
	}
	for _, r := range b.room {
		r.Broadcast()
	}
	b.ahead.Broadcast()
}
