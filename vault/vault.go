package vault

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"vaultnet"
	"vaultnet/internal/signature"
	"vaultnet/internal/wire"
	"vaultnet/routing"
	"vaultnet/vault/core"
	"vaultnet/vault/store"
)

// Vault is a running vault. Its methods may be called from any goroutine.
type Vault struct {
	cfg       Config
	key       *signature.Key
	networkID vaultnet.NetworkID
	started   time.Time
	inner     *core.Vault  // what core wraps; the loop's alone
	core      core.Stepper // the loop's alone
	net       network
	inbox     *inbox
	errands   errands
	fellows   fellows      // the loop's alone
	encoder   wire.Encoder // the loop's alone
	opener    *wire.Opener
	workers   [2]chan struct{}
	metrics   *metrics
	questions chan func()
	unread    chan error // what could not be read beside the loop
	joined    atomic.Bool
	leaving   atomic.Bool // [Vault.Leave] is under way

	ctx      context.Context // of all that runs beside the loop
	cancel   context.CancelFunc
	leave    chan struct{} // closed: the loop ends
	ended    chan struct{} // closed: the loop has ended
	done     chan struct{} // closed: all has ended
	closing  sync.Once
	running  sync.WaitGroup // all but the loop
	err      error          // why it stopped by itself; read after ended
	closeErr error          // read after done
}

// Start starts a vault and returns when it has joined its network, or has found that it is the first of it. It tries for
// as long as ctx lets it; ctx does not matter after that. A store that this vault must not go on with is a
// [*ForeignStoreError] or a [*PowerLossError]. The store is the caller's, to be closed after Close.
func Start(ctx context.Context, cfg Config) (*Vault, error) {
	return start(ctx, cfg, onRouting)
}

func start(ctx context.Context, cfg Config, connect func(routing.Config, routing.Handler) (network, error)) (*Vault, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	network := cfg.Parameters.ID()
	v := &Vault{cfg: cfg, key: signature.NewKey(cfg.Seed), networkID: network, opener: wire.NewOpener(network, cfg.Verifier),
		started: time.Now(), inbox: newInbox(),
		questions: make(chan func()), unread: make(chan error, 1), leave: make(chan struct{}), ended: make(chan struct{}), done: make(chan struct{})}
	for i := range v.workers {
		v.workers[i] = make(chan struct{}, cfg.Workers)
	}
	v.metrics = newMetrics(v)
	v.fellows.init(v.key.Public())
	v.errands.init(v)
	if err := store.CheckFormat(cfg.Store); err != nil {
		return nil, err
	}
	if err := begin(cfg.Store, v.key.Public(), v.networkID, cfg.Sync); err != nil {
		return nil, err
	}
	var broken error
	inner, err := core.New(core.Config{Self: v.key.Public(), Parameters: cfg.Parameters, Verifier: cfg.Verifier,
		Capacity: cfg.Capacity, Memory: cfg.Memory, Observer: v.observer()}, records(cfg.Store, &broken))
	if err == nil {
		err = broken
	}
	if err != nil {
		return nil, fmt.Errorf("vault: the store cannot be gone on with: %w; \"vault check\" lists what is damaged", err)
	}
	v.inner, v.core = inner, inner
	if cfg.Wrap != nil {
		v.core = cfg.Wrap(inner)
	}
	v.fellows.meet(inner)
	routed := cfg.routing()
	remembered := contacts(cfg.Store)
	alone := !othersNamed(routed.Bootstrap, v.key.Public())
	routed.Bootstrap = slices.Concat(routed.Bootstrap, remembered)
	v.ctx, v.cancel = context.WithCancel(context.Background())
	if v.net, err = connect(routed, handler{v}); err != nil {
		v.cancel()
		return nil, errors.Join(err, finish(cfg.Store))
	}
	v.running.Go(v.remember)
	go v.loop()
	go v.end()
	if err := v.join(ctx, alone && len(remembered) > 0); err != nil {
		return nil, errors.Join(err, v.Close())
	}
	return v, nil
}

// records is all that the store holds for the core; an error of the store goes to broken.
func records(s Store, broken *error) iter.Seq2[[]byte, []byte] {
	return func(yield func([]byte, []byte) bool) {
		for r, err := range s.Scan(nil) {
			if err != nil {
				*broken = err
				return
			}
			if r.Key[0] == store.Reserved {
				continue
			}
			if !yield(r.Key, r.Value) {
				return
			}
		}
	}
}

// Key is the vault's identity.
func (v *Vault) Key() vaultnet.PublicKey { return v.key.Public() }

// Addresses lists where the vault listens, as multiaddrs that end in /p2p/ and its identity: what others bootstrap from.
func (v *Vault) Addresses() []string { return v.net.Addresses() }

// Done is closed when the vault has stopped, after Close or by itself.
func (v *Vault) Done() <-chan struct{} { return v.done }

// Err is why the vault stopped by itself: its store failed. It is nil before Done, and after an orderly Close.
func (v *Vault) Err() error {
	select {
	case <-v.ended:
		return v.err
	default:
		return nil
	}
}

// Close stops the vault in good order: the last turn is stored and sent, everything is waited for, and the store bears
// the mark of a clean stop. It returns why the vault stopped by itself before, or why the mark could not be made. Closing
// twice is no error.
func (v *Vault) Close() error {
	v.closing.Do(func() { close(v.leave) })
	<-v.done
	return v.closeErr
}

// end waits for the loop and ends all else.
func (v *Vault) end() {
	defer close(v.done)
	<-v.ended
	v.cancel()
	v.inbox.stop()
	met := v.net.Met()
	err := v.net.Close()
	v.running.Wait()
	if v.err == nil {
		err = errors.Join(err, remember(v.cfg.Store, met, true), finish(v.cfg.Store))
	}
	v.closeErr = errors.Join(v.err, err)
}
