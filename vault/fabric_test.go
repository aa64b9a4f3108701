package vault

import (
	"context"
	"crypto/sha256"
	"fmt"
	"sync"
	"testing"
	"time"

	"vaultnet"
	"vaultnet/internal/signature"
	"vaultnet/routing"
	"vaultnet/vault/store/memory"
	"vaultnet/xor"
)

// fabric is a network without libp2p: nodes that hand each other frames, in order, through bounded pipes.
type fabric struct {
	mu    sync.Mutex
	nodes map[vaultnet.PublicKey]*line
}

func newFabric() *fabric { return &fabric{nodes: make(map[vaultnet.PublicKey]*line)} }

// line is one node's connection to a fabric.
type line struct {
	f         *fabric
	key       vaultnet.PublicKey
	handler   routing.Handler
	vault     bool
	joined    bool
	closed    bool
	pipes     map[vaultnet.PublicKey]chan []byte // to each peer
	wait      sync.WaitGroup
	sends     func(to vaultnet.PublicKey, frames [][]byte) // sees what is sent
	protected []vaultnet.PublicKey
	lookups   int
}

// attach makes a node; it hears nothing before Join.
func (f *fabric) attach(key vaultnet.PublicKey, vault bool, h routing.Handler) *line {
	return &line{f: f, key: key, handler: h, vault: vault, pipes: make(map[vaultnet.PublicKey]chan []byte)}
}

// connect is what start makes a vault's network with.
func (f *fabric) connect(cfg routing.Config, h routing.Handler) (network, error) {
	return f.attach(signature.NewKey(cfg.Seed).Public(), true, h), nil
}

func (l *line) Join(ctx context.Context) error {
	l.f.mu.Lock()
	defer l.f.mu.Unlock()
	if l.joined {
		return nil
	}
	l.joined = true
	l.f.nodes[l.key] = l
	var known []vaultnet.PublicKey
	for k, o := range l.f.nodes {
		if o == l {
			continue
		}
		l.pipe(o)
		o.pipe(l)
		if o.vault {
			known = append(known, k)
			l.handler.Up(k)
		}
		if l.vault {
			o.handler.Up(l.key)
		}
	}
	l.handler.Known(known)
	return nil
}

// pipe carries frames from l to o. The caller holds the fabric's lock.
func (l *line) pipe(o *line) {
	c := make(chan []byte, 4096)
	l.pipes[o.key] = c
	l.wait.Go(func() {
		for frame := range c {
			o.handler.Frame(l.key, frame) //nolint: a refused frame is as good as lost
		}
	})
}

func (l *line) Send(to vaultnet.PublicKey, frames ...[]byte) {
	l.f.mu.Lock()
	defer l.f.mu.Unlock()
	if l.sends != nil {
		l.sends(to, frames)
	}
	c := l.pipes[to]
	if c == nil {
		return
	}
	for _, f := range frames {
		select {
		case c <- f:
		default:
		}
	}
}

func (l *line) Protect(members []vaultnet.PublicKey) {
	l.f.mu.Lock()
	defer l.f.mu.Unlock()
	l.protected = members
}

func (l *line) Lookup(_ context.Context, name vaultnet.Name) ([]vaultnet.PublicKey, error) {
	l.f.mu.Lock()
	defer l.f.mu.Unlock()
	l.lookups++
	var all []vaultnet.PublicKey
	for k, o := range l.f.nodes {
		if o.vault && o != l {
			all = append(all, k)
		}
	}
	xor.Sort(vaultnet.Address{Kind: vaultnet.KindMutableData, Name: name}.Location(), all)
	return all, nil
}

func (l *line) Addresses() []string            { return []string{"/test/" + l.key.Short()} }
func (l *line) Met() []string                  { return nil }
func (l *line) Statistics() routing.Statistics { return routing.Statistics{} }

func (l *line) Close() error {
	l.f.mu.Lock()
	if l.closed {
		l.f.mu.Unlock()
		return nil
	}
	l.closed = true
	delete(l.f.nodes, l.key)
	for _, c := range l.pipes {
		close(c)
	}
	clear(l.pipes)
	for _, o := range l.f.nodes {
		if c := o.pipes[l.key]; c != nil {
			close(c)
			delete(o.pipes, l.key)
			o.handler.Down(l.key)
		}
	}
	l.f.mu.Unlock()
	l.wait.Wait()
	return nil
}

// town is vaults on one fabric, each with a store that outlives it.
type town struct {
	t        *testing.T
	fabric   *fabric
	verifier *signature.Verifier
	params   vaultnet.Parameters
	houses   []*house
}

type house struct {
	*Vault
	cfg   Config
	store *memory.Store
}

func seedOf(label string, i int) [32]byte { return sha256.Sum256(fmt.Appendf(nil, "%s %d", label, i)) }

// newTown starts so many vaults; change, where not nil, changes each one's configuration.
func newTown(t *testing.T, n int, change func(i int, c *Config)) *town {
	w := &town{t: t, fabric: newFabric(), verifier: signature.NewVerifier(10_000), params: vaultnet.LocalParameters()}
	for i := range n {
		s := memory.New(nil)
		h := &house{store: s, cfg: Config{Seed: seedOf("vault", i), Parameters: w.params, Listen: []string{"/memory/1"}, Store: s,
			Verifier: w.verifier}}
		if change != nil {
			change(i, &h.cfg)
		}
		w.houses = append(w.houses, h)
		w.start(h)
	}
	t.Cleanup(func() {
		for _, h := range w.houses {
			h.Close()
		}
	})
	return w
}

func (w *town) start(h *house) {
	w.t.Helper()
	v, err := start(context.Background(), h.cfg, w.fabric.connect)
	if err != nil {
		w.t.Fatal(err)
	}
	h.Vault = v
}

// settle waits until all vaults that run are settled.
func (w *town) settle() {
	w.t.Helper()
	eventually(w.t, "all vaults are settled", func() bool {
		for _, h := range w.houses {
			if s, err := h.Status(); err == nil && !s.Settled {
				return false
			}
		}
		return true
	})
}

// eventually waits for a condition, generously.
func eventually(t *testing.T, what string, good func() bool) {
	t.Helper()
	for until := time.Now().Add(60 * time.Second); !good(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("not within a minute: %s", what)
		}
	}
}
