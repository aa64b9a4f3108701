package routing_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"vaultnet"
	"vaultnet/internal/patient"
	"vaultnet/routing"
)

// patience is how long tests wait for what must happen: far longer than it takes.
const patience = 60 * time.Second

var testNetwork = vaultnet.NetworkID{1, 2, 3}

// seed is the i-th identity of the tests.
func seed(i int) (s [32]byte) {
	binary.BigEndian.PutUint64(s[:], uint64(i)+1)
	return s
}

// recorder is a handler that remembers everything.
type recorder struct {
	mu      sync.Mutex
	changed chan struct{} // closed at every change
	frames  map[vaultnet.PublicKey][][]byte
	events  []event
	known   [][]vaultnet.PublicKey

	// onFrame, if set, is called instead of remembering.
	onFrame func(from vaultnet.PublicKey, frame []byte) error
}

type event struct {
	up   bool
	peer vaultnet.PublicKey
}

func newRecorder() *recorder {
	return &recorder{changed: make(chan struct{}), frames: map[vaultnet.PublicKey][][]byte{}}
}

// change runs f and wakes those that wait.
func (r *recorder) change(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f()
	close(r.changed)
	r.changed = make(chan struct{})
}

func (r *recorder) Frame(from vaultnet.PublicKey, frame []byte) error {
	frame = bytes.Clone(frame)
	if r.onFrame != nil {
		return r.onFrame(from, frame)
	}
	r.change(func() { r.frames[from] = append(r.frames[from], frame) })
	return nil
}

func (r *recorder) Up(k vaultnet.PublicKey) {
	r.change(func() { r.events = append(r.events, event{true, k}) })
}
func (r *recorder) Down(k vaultnet.PublicKey) {
	r.change(func() { r.events = append(r.events, event{false, k}) })
}

func (r *recorder) Known(vaults []vaultnet.PublicKey) {
	r.change(func() { r.known = append(r.known, vaults) })
}

// wait waits until ok, which is called with r.mu held.
func (r *recorder) wait(t testing.TB, what string, ok func() bool) {
	t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for {
		r.mu.Lock()
		if ok() {
			r.mu.Unlock()
			return
		}
		changed := r.changed
		r.mu.Unlock()
		select {
		case <-changed:
		case <-limit.C:
			t.Fatalf("waited %v in vain: %s", patience, what)
		}
	}
}

// knows reports whether the handler has last been told of n vaults. r.mu is held.
func (r *recorder) knows(n int) bool {
	return len(r.known) > 0 && len(r.known[len(r.known)-1]) == n
}

// isUp reports whether the peer's last event was Up. r.mu is held.
func (r *recorder) isUp(k vaultnet.PublicKey) bool {
	for i := len(r.events) - 1; i >= 0; i-- {
		if r.events[i].peer == k {
			return r.events[i].up
		}
	}
	return false
}

// downs counts how often Down was said of a peer. r.mu is held.
func (r *recorder) downs(k vaultnet.PublicKey) (n int) {
	for _, e := range r.events {
		if !e.up && e.peer == k {
			n++
		}
	}
	return n
}

// start makes a node and closes it with the test.
func start(t testing.TB, cfg routing.Config, h routing.Handler) *routing.Node {
	t.Helper()
	if cfg.Network == (vaultnet.NetworkID{}) {
		cfg.Network = testNetwork
	}
	n, err := routing.New(cfg, h)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

// join joins all nodes at the same time.
func join(t testing.TB, nodes ...*routing.Node) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	errs := make([]error, len(nodes))
	var group sync.WaitGroup
	for i, n := range nodes {
		group.Go(func() { errs[i] = n.Join(ctx) })
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// vaults starts and joins n vaults; the first is the bootstrap vault of the others.
func vaults(t testing.TB, n int, listen string, memory *routing.Memory) ([]*routing.Node, []*recorder) {
	t.Helper()
	nodes, handlers := make([]*routing.Node, n), make([]*recorder, n)
	var bootstrap []string
	for i := range n {
		handlers[i] = newRecorder()
		nodes[i] = start(t, routing.Config{
			Seed: seed(i), Vault: true, Listen: []string{listen}, Bootstrap: bootstrap, Memory: memory,
		}, handlers[i])
		if i == 0 {
			bootstrap = nodes[0].Addresses()
		}
	}
	join(t, nodes...)
	return nodes, handlers
}

// waitFor waits until ok.
func waitFor(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for limit := time.Now().Add(patience); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("waited %v in vain: %s", patience, what)
		}
	}
}

// peerID is the libp2p peer ID of the i-th identity.
func peerID(t testing.TB, i int) string {
	t.Helper()
	s := seed(i)
	id, err := routing.PeerID(vaultnet.PublicKey(ed25519.NewKeyFromSeed(s[:]).Public().(ed25519.PublicKey)))
	if err != nil {
		t.Fatal(err)
	}
	return id.String()
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(patient.Tests{M: m}) }
