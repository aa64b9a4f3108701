package localnet

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"vaultnet"
	"vaultnet/client"
	"vaultnet/internal/signature"
	"vaultnet/vault"
	"vaultnet/vault/store/memory"
	"vaultnet/vault/store/pebble"
)

// Network is a network of vaults in this process.
type Network struct {
	cfg      Config
	verifier vaultnet.Verifier
	shelf    *memory.Shelf
	cache    *pebble.Cache // nil: stores in memory
	places   []*place
	accounts []Person
	apps     []Person

	life     context.Context // ends when the network is closed
	end      context.CancelFunc
	closing  sync.Once
	closeErr error
}

// verified is how many good signatures the vaults of a network remember together.
const verified = 200_000

// atOnce is how many vaults start at a time.
const atOnce = 8

// ErrClosed is returned by what is asked of a network that was closed.
var ErrClosed = errors.New("localnet: the network is closed")

// New starts a network and returns when all its vaults know of each other and the samples are there. The context bounds
// starting, no longer. Where a vault cannot listen the error is a [*PortError].
func New(ctx context.Context, cfg Config) (*Network, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	n := &Network{cfg: cfg.withDefaults(), verifier: signature.NewVerifier(verified), shelf: memory.NewShelf()}
	n.life, n.end = context.WithCancel(context.Background())
	n.accounts, n.apps = People(n.cfg)
	if n.cfg.Data != "" {
		n.cache = pebble.NewCache(0)
	}
	for i := range n.cfg.Vaults {
		n.places = append(n.places, newPlace(n, i))
	}
	err := n.startAll(ctx)
	if err == nil {
		err = n.settle(ctx)
	}
	if err == nil && len(n.accounts) > 0 {
		err = n.makeSamples(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return n, nil
}

// startAll starts every vault: the first alone where the others cannot know its address before, else several at a time.
func (n *Network) startAll(ctx context.Context) error {
	for _, p := range n.places {
		if err := p.checkPort(); err != nil { // before anything runs
			return err
		}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var mu sync.Mutex
	up := 0
	start := func(p *place, bootstrap []string) {
		if err := p.start(ctx, bootstrap); err != nil {
			cancel(err) // the first counts
			return
		}
		mu.Lock()
		defer mu.Unlock()
		if up++; n.cfg.Progress != nil && context.Cause(ctx) == nil {
			n.cfg.Progress(up, len(n.places))
		}
	}
	rest := n.places
	if n.places[0].address == "" {
		start(n.places[0], nil)
		rest = rest[1:]
	}
	room := make(chan struct{}, atOnce)
	var all sync.WaitGroup
	for _, p := range rest {
		room <- struct{}{}
		all.Go(func() {
			defer func() { <-room }()
			if context.Cause(ctx) == nil {
				start(p, n.first(p.index))
			}
		})
	}
	all.Wait()
	return context.Cause(ctx)
}

// first is whom a vault bootstraps from when all start: a few of those before it, so that the first finds that it is.
func (n *Network) first(index int) []string {
	var all []string
	for _, p := range n.places[:min(index, 3)] {
		p.mu.Lock()
		if p.address != "" {
			all = append(all, p.address)
		}
		p.mu.Unlock()
	}
	return all
}

// settle waits until every vault knows who holds what in its neighbourhood, all at the same time: one that has just learnt of
// another vault does not for a moment.
func (n *Network) settle(ctx context.Context) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		waits, err := n.unsettled()
		if err != nil || waits == nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("localnet: vault %d does not know its neighbourhood yet: %w", waits.index, context.Cause(ctx))
		}
	}
}

// unsettled is a vault that does not know who holds what in its neighbourhood; nil: all do.
func (n *Network) unsettled() (*place, error) {
	for _, p := range n.places {
		s := p.status()
		if s.Err != nil {
			return nil, fmt.Errorf("localnet: vault %d: %w", p.index, s.Err)
		}
		if s.Vault == nil || !s.Vault.Settled {
			return p, nil
		}
	}
	return nil, nil
}

// Config is the configuration with its defaults.
func (n *Network) Config() Config { return n.cfg }

// Accounts are the sample accounts.
func (n *Network) Accounts() []Person { return n.accounts }

// Apps are the sample apps.
func (n *Network) Apps() []Person { return n.apps }

// Connect connects a client, which is the caller's to close.
func (n *Network) Connect(ctx context.Context) (*client.Client, error) {
	return n.connect(ctx, n.cfg.Latency)
}

func (n *Network) connect(ctx context.Context, latency time.Duration) (*client.Client, error) {
	return client.Connect(ctx, client.Config{Parameters: n.cfg.Parameters, Bootstrap: n.Bootstrap(), Latency: latency, Fabric: n.cfg.Fabric, Shortcut: !n.cfg.Apart})
}

// Bootstrap lists addresses of a few vaults that run, ending in /p2p/ID.
func (n *Network) Bootstrap() []string { return n.bootstrap(nil) }

func (n *Network) bootstrap(but *place) []string {
	var all []string
	for _, p := range n.places {
		p.mu.Lock()
		if p.vault != nil && p != but && len(all) < bootstraps {
			all = append(all, p.address)
		}
		p.mu.Unlock()
	}
	return all
}

// place finds a vault's place.
func (n *Network) place(i int) (*place, error) {
	if n.life.Err() != nil {
		return nil, ErrClosed
	}
	if i < 0 || i >= len(n.places) {
		return nil, fmt.Errorf("localnet: no vault %d: there are 0 to %d", i, len(n.places)-1)
	}
	return n.places[i], nil
}

// Vault is a vault that runs; nil where it does not, or there is none.
func (n *Network) Vault(i int) *vault.Vault {
	p, err := n.place(i)
	if err != nil {
		return nil
	}
	return p.running()
}

// StopVault stops a vault in good order and keeps its store. Stopping one that does not run is no error.
func (n *Network) StopVault(i int) error {
	p, err := n.place(i)
	if err != nil {
		return err
	}
	p.turn.Lock()
	defer p.turn.Unlock()
	return p.stop()
}

// StartVault starts a vault that was stopped, with its identity, address and store, and returns when it has joined again.
// Starting one that runs is no error.
func (n *Network) StartVault(ctx context.Context, i int) error {
	p, err := n.place(i)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(n.life, cancel)()
	return p.start(ctx, n.bootstrap(p))
}

// Status is all vaults, in order.
func (n *Network) Status() []Status {
	all := make([]Status, len(n.places))
	for i, p := range n.places {
		all[i] = p.status()
	}
	return all
}

// Close stops all vaults in good order and waits for everything. Closing twice is no error.
func (n *Network) Close() error {
	n.closing.Do(func() {
		n.end()
		errs := make([]error, len(n.places))
		var all sync.WaitGroup
		for i, p := range n.places {
			all.Go(func() {
				p.turn.Lock()
				defer p.turn.Unlock()
				errs[i] = p.stop()
			})
		}
		all.Wait()
		if n.cache != nil {
			n.cache.Close()
		}
		n.closeErr = errors.Join(errs...)
	})
	return n.closeErr
}
