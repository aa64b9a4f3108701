package localnet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"sync"

	"vaultnet"
	"vaultnet/internal/signature"
	"vaultnet/network"
	"vaultnet/routing"
	"vaultnet/vault"
	"vaultnet/vault/core"
	"vaultnet/vault/store"
	"vaultnet/vault/store/memory"
	"vaultnet/vault/store/pebble"
)

// place is where one vault of the network runs, or does not at the moment.
type place struct {
	network *Network
	index   int
	seed    [32]byte
	signer  *signature.Key
	memory  *memory.Store // nil: on disk

	turn sync.Mutex // held while starting or stopping

	mu      sync.Mutex
	vault   *vault.Vault // nil: stopped
	disk    *pebble.Store
	liar    *liar
	port    int    // 0: not known yet
	address string // with /p2p/; "": not known yet
}

func newPlace(n *Network, i int) *place {
	p := &place{network: n, index: i, seed: VaultSeed(n.cfg.Seed, i)}
	p.signer = signature.NewKey(p.seed)
	if n.cfg.Data == "" {
		p.memory = memory.New(n.shelf)
	}
	if n.cfg.TCP && n.cfg.Port != 0 {
		p.port = n.cfg.Port + i
	}
	if id, err := routing.PeerID(p.signer.Public()); err == nil && (!n.cfg.TCP || p.port != 0) {
		p.address = fmt.Sprintf("%s/p2p/%s", p.listen(), id)
	}
	return p
}

// listen is where the vault is to listen.
func (p *place) listen() string {
	switch {
	case p.network.cfg.QUIC:
		return fmt.Sprintf("/ip4/127.0.0.1/udp/%d/quic-v1", p.port)
	case p.network.cfg.TCP:
		return fmt.Sprintf("/ip4/127.0.0.1/tcp/%d", p.port)
	}
	return fmt.Sprintf("/memory/%d", p.index+1)
}

func (p *place) lies() bool { return p.index >= p.network.cfg.Vaults-p.network.cfg.Liars }

func (p *place) running() *vault.Vault {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.vault
}

// start starts the vault, unless it runs.
func (p *place) start(ctx context.Context, bootstrap []string) error {
	p.turn.Lock()
	defer p.turn.Unlock()
	if p.network.life.Err() != nil {
		return ErrClosed
	}
	if v := p.running(); v != nil {
		select {
		case <-v.Done():
			if err := p.stop(); err != nil {
				return err
			}
		default:
			return nil
		}
	}
	if err := p.checkPort(); err != nil {
		return err
	}
	s, err := p.open()
	if err != nil {
		return fmt.Errorf("localnet: vault %d: %w", p.index, err)
	}
	n := p.network
	cfg := vault.Config{Seed: p.seed, Parameters: n.cfg.Parameters, Listen: []string{p.listen()}, Bootstrap: bootstrap,
		Latency: n.cfg.Latency, Fabric: n.cfg.Fabric, Shortcut: !n.cfg.Apart, Store: s, Sync: n.cfg.Sync, Capacity: n.cfg.Capacity,
		Memory: max(n.cfg.Memory/int64(n.cfg.Vaults), 1), Verifier: n.verifier, Wrap: p.wrap}
	if n.cfg.Observer != nil {
		cfg.Observer = n.cfg.Observer(p.index)
	}
	v, err := vault.Start(ctx, cfg)
	if err != nil {
		return errors.Join(fmt.Errorf("localnet: vault %d: %w", p.index, err), p.close())
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.vault = v
	if all := v.Addresses(); len(all) > 0 {
		p.address = all[0]
		p.port = portOf(p.address)
	}
	return nil
}

// wrap makes the core a liar's, where the vault is one, and puts the network's own wrapping around it.
func (p *place) wrap(s core.Stepper) core.Stepper {
	cfg := &p.network.cfg
	if p.lies() {
		l := newLiar(cfg.Parameters, p.seed, p.signer, s, cfg.Acts)
		p.mu.Lock()
		p.liar = l
		p.mu.Unlock()
		s = l
	}
	if cfg.Wrap != nil {
		s = cfg.Wrap(p.index, p.signer.Public(), s)
	}
	return s
}

// storeBuffer is small: there are many stores in this process.
const storeBuffer = 1 << 20

// open opens the vault's store.
func (p *place) open() (vault.Store, error) {
	if p.memory != nil {
		p.memory.Reopen()
		return p.memory, nil
	}
	if err := p.describe(); err != nil {
		return nil, err
	}
	s, err := pebble.Open(filepath.Join(p.folder(), "store"), pebble.Config{Cache: p.network.cache, Buffer: storeBuffer})
	if err != nil {
		return nil, err
	}
	if err := store.CheckFormat(s); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.disk = s
	return s, nil
}

// describe makes the vault's folder one that the vault command reads: with its network file and its key. So vault check
// tells what it holds, and vault run runs it.
func (p *place) describe() error {
	f := &network.File{Parameters: p.network.cfg.Parameters}
	if p.network.cfg.TCP {
		f.Bootstrap = p.network.first(p.network.cfg.Vaults)
	}
	if err := network.WriteKey(filepath.Join(p.folder(), "vault.key"), p.seed, "of a local network, for testing only"); err != nil {
		return err
	}
	return f.Write(filepath.Join(p.folder(), "network.json"))
}

// folder is the vault's data folder: network.json, vault.key and store.
func (p *place) folder() string {
	return filepath.Join(p.network.cfg.Data, fmt.Sprintf("vault-%03d", p.index))
}

// close closes the vault's store.
func (p *place) close() error {
	p.mu.Lock()
	s := p.disk
	p.disk = nil
	p.mu.Unlock()
	if s != nil {
		return s.Close()
	}
	return p.memory.Close()
}

// stop stops the vault in good order, if it runs. The caller holds the turn.
func (p *place) stop() error {
	v := p.running()
	if v == nil {
		return nil
	}
	err := v.Close()
	p.mu.Lock()
	p.vault = nil
	p.mu.Unlock()
	return errors.Join(err, p.close())
}

// checkPort tells a port that somebody else listens at: a second listener would be let in silently, and get a part of the
// connections.
func (p *place) checkPort() error {
	if p.port == 0 {
		return nil
	}
	address := fmt.Sprintf("127.0.0.1:%d", p.port)
	var l io.Closer
	var err error
	if p.network.cfg.QUIC {
		l, err = net.ListenPacket("udp", address)
	} else {
		l, err = net.Listen("tcp", address)
	}
	if err != nil {
		return &PortError{Vault: p.index, Port: p.port, Cause: bare(err)}
	}
	return l.Close()
}

// bare is what the operating system said.
func bare(err error) error {
	var o *net.OpError
	if errors.As(err, &o) {
		return o.Err
	}
	return err
}

// portOf is the port of an address /ip4/127.0.0.1/tcp/N/… or /ip4/127.0.0.1/udp/N/…; 0: it has none.
func portOf(address string) int {
	var port int
	for _, format := range []string{"/ip4/127.0.0.1/tcp/%d", "/ip4/127.0.0.1/udp/%d"} {
		if _, err := fmt.Sscanf(address, format, &port); err == nil {
			return port
		}
	}
	return 0
}

// Status is one vault of the network at a moment.
type Status struct {
	Index   int
	Key     vaultnet.PublicKey
	Address string // with /p2p/; "": it never ran
	Running bool
	Liar    bool
	Lies    int           // told since it was started
	Folder  string        // of its store; "": in memory
	Err     error         // why it stopped by itself
	Vault   *vault.Status // nil: it does not run
}

func (p *place) status() Status {
	p.mu.Lock()
	v, l := p.vault, p.liar
	s := Status{Index: p.index, Key: p.signer.Public(), Address: p.address, Liar: p.lies()}
	p.mu.Unlock()
	if p.memory == nil {
		s.Folder = p.folder()
	}
	if l != nil {
		s.Lies = l.lies()
	}
	if v == nil {
		return s
	}
	inner, err := v.Status()
	if err != nil {
		s.Err = v.Err()
		return s
	}
	s.Running, s.Vault = true, &inner
	return s
}
