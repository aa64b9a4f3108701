package routing

import (
	"math/rand/v2"
	"sync"
	"time"

	libp2p "github.com/libp2p/go-libp2p/core/peer"

	"vaultnet"
)

// Waiting before an unreachable peer is tried again: doubled with every failure, half of it random.
const (
	firstWait = 100 * time.Millisecond
	lastWait  = 15 * time.Second
)

// wish says whether a connection to a peer is wanted although no frame waits for it.
type wish uint8

const (
	notWanted  wish = iota
	wantedOnce      // it was a vault's, and broke: one attempt tells whether the vault lives
	wanted          // of a fellow member: until there is one
)

// remote is what a node knows of a peer that it is connected to, has frames for, or failed to reach.
type remote struct {
	key vaultnet.PublicKey
	id  libp2p.ID

	wake chan struct{} // to the sender; holds 1

	mu        sync.Mutex
	gone      bool // no longer in the node's table: look there again
	queue     queue
	sending   bool // the sender's goroutine runs
	want      wish
	failures  int       // attempts since it was last connected
	notBefore time.Time // of the next attempt
	connected bool
	vault     bool    // while connected: it serves the DHT
	client    bool    // when last connected it was no vault: the DHT will not know where it is
	breaks    int     // how often its connection ended
	reader    *reader // of its stream

	// What the handler has been told; the teller's alone.
	toldUp     bool
	toldBreaks int
	telling    bool // waits for the teller; the node's lock
}

// failed notes that the peer could not be reached, or cut the stream at once. r.mu is held.
func (r *remote) failed(now time.Time) {
	wait := lastWait
	if r.failures < 8 {
		wait = min(lastWait, firstWait<<r.failures)
	}
	r.failures++
	r.notBefore = now.Add(wait/2 + rand.N(wait/2))
	if r.want == wantedOnce {
		r.want = notWanted
	}
}

// idle reports whether nothing is known of the peer that would be missed. r.mu is held.
func (r *remote) idle(now time.Time) bool {
	return !r.connected && !r.sending && r.want == notWanted && r.queue.len() == 0 && r.reader == nil &&
		r.notBefore.Before(now) && r.toldBreaks == r.breaks
}
