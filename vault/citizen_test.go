package vault

import (
	"crypto/rand"
	"sync"
	"testing"
	"time"

	"vaultnet"
	"vaultnet/client/op"
	"vaultnet/internal/signature"
	"vaultnet/internal/wire"
)

// citizen is a client: op.Client with a loop around it.
type citizen struct {
	t        *testing.T
	signer   *signature.Key // its own account's key
	net      *line
	network  vaultnet.NetworkID
	verifier vaultnet.Verifier

	mu      sync.Mutex
	client  *op.Client
	waiting map[op.Ticket]chan op.Completion
	wake    chan struct{}
	leave   chan struct{}
	done    sync.WaitGroup
}

func (w *town) citizen(name string) *citizen {
	c := &citizen{t: w.t, signer: signature.NewKey(seedOf(name, 0)), network: w.params.ID(), verifier: w.verifier,
		waiting: make(map[op.Ticket]chan op.Completion), wake: make(chan struct{}, 1), leave: make(chan struct{})}
	self := signature.NewKey(seedOf(name, 1)).Public()
	c.client = op.New(op.Config{Parameters: w.params, Self: self, Verifier: w.verifier, Nonces: func() (n vaultnet.Nonce) {
		rand.Read(n[:])
		return n
	}})
	c.net = w.fabric.attach(self, false, c)
	c.net.Join(w.t.Context())
	c.done.Go(c.loop)
	w.t.Cleanup(c.close)
	return c
}

func (c *citizen) close() {
	c.net.Close()
	close(c.leave)
	c.done.Wait()
}

func (c *citizen) Frame(from vaultnet.PublicKey, frame []byte) error {
	messages, err := wire.Open(frame, c.network, c.verifier)
	if err != nil {
		c.t.Errorf("a vault sent what is refused: %v", err)
		return err
	}
	in := make([]op.Input, len(messages))
	for i, m := range messages {
		in[i] = op.Message(from, m)
	}
	c.tell(in...)
	return nil
}

func (c *citizen) Up(k vaultnet.PublicKey)      { c.tell(op.PeerUp(k)) }
func (c *citizen) Down(k vaultnet.PublicKey)    { c.tell(op.PeerDown(k)) }
func (c *citizen) Known(_ []vaultnet.PublicKey) {}

func (c *citizen) tell(in ...op.Input) {
	c.mu.Lock()
	c.client.Step(now(), in)
	c.mu.Unlock()
	c.ring()
}

func (c *citizen) ring() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *citizen) loop() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-c.leave:
			return
		case <-c.wake:
		case <-timer.C:
			c.mu.Lock()
			c.client.Step(now(), nil)
			c.mu.Unlock()
		}
		c.mu.Lock()
		out := c.client.Output()
		for _, d := range out.Done {
			if w := c.waiting[d.Ticket]; w != nil {
				w <- d
				delete(c.waiting, d.Ticket)
			}
		}
		c.mu.Unlock()
		for _, e := range out.Send {
			frames, err := wire.Encode(e.Messages)
			if err != nil {
				c.t.Error(err)
			}
			c.net.Send(e.To, frames...)
		}
		for _, n := range out.Lookups {
			found, _ := c.net.Lookup(c.t.Context(), n)
			c.tell(op.GroupFound(n, found))
		}
		timer.Reset(until(out.Alarm))
	}
}

// do runs an operation to its end.
func (c *citizen) do(o op.Operation) op.Completion {
	c.mu.Lock()
	w := make(chan op.Completion, 1)
	c.waiting[c.client.Start(now(), o)] = w
	c.mu.Unlock()
	c.ring()
	return <-w
}

// must runs an operation that is to succeed.
func (c *citizen) must(o op.Operation) op.Completion {
	c.t.Helper()
	d := c.do(o)
	if d.Err != nil {
		c.t.Fatalf("%T: %v", o, d.Err)
	}
	return d
}
