package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"vaultnet"
	"vaultnet/internal/signature"
	"vaultnet/internal/wire"
	"vaultnet/routing"
	"vaultnet/vault/core"
	"vaultnet/xor"
)

// town is vaults in one process, each the real core with a goroutine and a map for a store, connected by function calls.
// It stands in for package routing on the client's side too: frames are real, and so are time and signatures.
type town struct {
	t        testing.TB
	params   vaultnet.Parameters
	network  vaultnet.NetworkID
	verifier vaultnet.Verifier
	houses   []*house // in a fixed order

	mu    sync.Mutex
	lines map[vaultnet.PublicKey]*line // clients' connections
}

func newTown(t testing.TB, vaults int) *town {
	return newTownOf(t, vaults, vaultnet.LocalParameters())
}

func newTownOf(t testing.TB, vaults int, params vaultnet.Parameters) *town {
	w := &town{t: t, params: params, network: params.ID(), verifier: signature.NewVerifier(100_000), lines: make(map[vaultnet.PublicKey]*line)}
	for i := range vaults {
		key := signature.NewKey(vaultnet.DomainBody.Hash([]byte(fmt.Sprint("vault ", i))))
		w.houses = append(w.houses, &house{town: w, key: key, id: key.Public(), store: make(map[string][]byte), chunks: make(map[vaultnet.Name][]byte),
			opener: wire.NewOpener(w.network, w.verifier)})
	}
	for _, h := range w.houses {
		h.start()
	}
	for _, h := range w.houses {
		h.introduce()
	}
	t.Cleanup(w.close)
	return w
}

func (w *town) close() {
	for _, h := range w.houses {
		h.stop()
	}
}

func (w *town) running() []*house {
	return slices.DeleteFunc(slices.Clone(w.houses), func(h *house) bool { return !h.up() })
}

func (w *town) house(id vaultnet.PublicKey) *house {
	for _, h := range w.houses {
		if h.id == id {
			return h
		}
	}
	return nil
}

func (w *town) line(id vaultnet.PublicKey) *line {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.lines[id]
}

// nearest are the vaults nearest to a name of those that run.
func (w *town) nearest(name vaultnet.Name, n int) []vaultnet.PublicKey {
	var all []vaultnet.PublicKey
	for _, h := range w.running() {
		all = append(all, h.id)
	}
	return xor.Nearest(vaultnet.Address{Name: name}.Location(), all, n)
}

// house is a vault.
type house struct {
	town   *town
	key    vaultnet.Signer
	id     vaultnet.PublicKey
	store  map[string][]byte
	chunks map[vaultnet.Name][]byte
	opener *wire.Opener

	mu    sync.Mutex
	inbox []core.Input
	runs  bool
	deaf  bool // takes frames and answers none
	wake  chan struct{}
	quit  chan struct{}
	over  chan struct{}
	core  *core.Vault
}

func (h *house) up() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.runs
}

func (h *house) start() {
	v, err := core.New(core.Config{Self: h.id, Parameters: h.town.params, Verifier: h.town.verifier}, h.scan(""))
	if err != nil {
		h.town.t.Error(err)
		return
	}
	h.mu.Lock()
	h.core, h.inbox, h.runs = v, nil, true
	h.wake, h.quit, h.over = make(chan struct{}, 1), make(chan struct{}), make(chan struct{})
	h.mu.Unlock()
	go h.run()
}

// introduce connects the vault with all others that run.
func (h *house) introduce() {
	var table []vaultnet.PublicKey
	for _, o := range h.town.running() {
		if o == h {
			continue
		}
		table = append(table, o.id)
		h.tell(core.PeerUp(o.id))
		o.tell(core.PeerUp(h.id))
	}
	h.tell(core.Known(table))
}

// stop ends the vault; whoever is connected notices.
func (h *house) stop() {
	h.mu.Lock()
	runs := h.runs
	h.runs = false
	h.mu.Unlock()
	if !runs {
		return
	}
	close(h.quit)
	<-h.over
	for _, o := range h.town.running() {
		o.tell(core.PeerDown(h.id))
	}
	h.town.mu.Lock()
	lines := slices.Collect(maps.Values(h.town.lines))
	h.town.mu.Unlock()
	for _, l := range lines {
		l.lost(h)
	}
}

func (h *house) restart() {
	h.start()
	h.introduce()
}

func (h *house) tell(in ...core.Input) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.runs {
		return
	}
	h.inbox = append(h.inbox, in...)
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// receive takes frames from a vault or client.
func (h *house) receive(from vaultnet.PublicKey, frames ...[]byte) {
	for _, f := range frames {
		in, err := core.Open(f, from, h.opener)
		if err != nil {
			h.town.t.Errorf("a vault was sent what is malformed: %v", err)
			return
		}
		h.tell(in...)
	}
}

func (h *house) scan(prefix string) iter.Seq2[[]byte, []byte] {
	return func(yield func([]byte, []byte) bool) {
		for _, k := range slices.Sorted(maps.Keys(h.store)) {
			if bytes.HasPrefix([]byte(k), []byte(prefix)) && !yield([]byte(k), h.store[k]) {
				return
			}
		}
	}
}

func (h *house) run() {
	defer close(h.over)
	alarm := time.NewTimer(time.Hour)
	defer alarm.Stop()
	for {
		select {
		case <-h.wake:
		case <-alarm.C:
		case <-h.quit:
			return
		}
		next := h.turn()
		alarm.Reset(time.Duration(max(0, min(int64(next-clock()), 60_000))) * time.Millisecond)
	}
}

func (h *house) turn() vaultnet.Time {
	w := h.town
	h.mu.Lock()
	in, deaf := h.inbox, h.deaf
	h.inbox = nil
	h.mu.Unlock()
	if deaf {
		in = nil
	}
	out := h.core.Step(clock(), in)
	var sig vaultnet.Signature
	if !out.Root.IsZero() {
		sig = h.key.Sign(vaultnet.TurnMessage(w.network, out.Root))
	}
	sealed := h.core.Seal(sig)
	for _, c := range sealed.Chunks {
		if c.Content == nil {
			delete(h.chunks, c.Name)
		} else {
			h.chunks[c.Name] = c.Content
		}
	}
	for _, r := range sealed.Writes {
		if r.Value == nil {
			delete(h.store, string(r.Key))
		} else {
			h.store[string(r.Key)] = slices.Clone(r.Value)
		}
	}
	for _, e := range sealed.Send {
		frames, err := wire.Encode(e.Messages)
		if err != nil {
			w.t.Error(err)
		}
		if deaf {
			continue
		}
		if o := w.house(e.To); o != nil {
			o.receive(h.id, frames...)
		} else if l := w.line(e.To); l != nil {
			l.deliver(h, frames)
		}
	}
	for _, a := range out.Loads {
		if a.Kind == vaultnet.KindImmutableData {
			h.tell(core.ChunkLoaded(a.Name, h.chunks[a.Name]))
			continue
		}
		var records []vaultnet.Write
		for k, v := range h.scan(string(core.ObjectPrefix(a))) {
			records = append(records, vaultnet.Write{Key: k, Value: v})
		}
		h.tell(core.Loaded(a, records))
	}
	for _, name := range out.Lookups {
		h.tell(core.GroupFound(name, w.nearest(name, 16)))
	}
	return out.Alarm
}

// line is a client's connections to the town's vaults: the network as a client sees it.
type line struct {
	town    *town
	self    vaultnet.PublicKey
	handler routing.Handler
	refuse  error // of Join

	mu      sync.Mutex
	streams map[*house]chan []byte // frames from a vault on their way, in order
	closed  bool
	group   sync.WaitGroup
	quit    chan struct{}
}

var errNobody = errors.New("nobody there")

func (l *line) Join(context.Context) error {
	if l.refuse != nil {
		return l.refuse
	}
	running := l.town.running()
	if len(running) == 0 {
		return errNobody
	}
	var known []vaultnet.PublicKey
	for _, h := range running {
		known = append(known, h.id)
	}
	l.connect(running[0])
	l.handler.Known(known)
	return nil
}

// connect has frames of a vault reach the client, one by one.
func (l *line) connect(h *house) {
	l.mu.Lock()
	if l.closed || l.streams[h] != nil {
		l.mu.Unlock()
		return
	}
	stream := make(chan []byte, 1024)
	l.streams[h] = stream
	l.group.Go(func() {
		for {
			select {
			case f := <-stream:
				if err := l.handler.Frame(h.id, f); err != nil && !errors.Is(err, ErrClosed) {
					l.town.t.Errorf("a client was sent what it refuses: %v", err)
				}
			case <-l.quit:
				return
			}
		}
	})
	l.mu.Unlock()
	l.handler.Up(h.id)
}

func (l *line) deliver(h *house, frames [][]byte) {
	l.mu.Lock()
	stream := l.streams[h]
	l.mu.Unlock()
	if stream == nil {
		return
	}
	for _, f := range frames {
		select {
		case stream <- f:
		default: // a queue that is full drops, as routing's does
		}
	}
}

func (l *line) lost(h *house) {
	l.mu.Lock()
	there := l.streams[h] != nil
	delete(l.streams, h)
	closed := l.closed
	l.mu.Unlock()
	if there && !closed {
		l.handler.Down(h.id)
	}
}

func (l *line) Send(to vaultnet.PublicKey, frames ...[]byte) {
	h := l.town.house(to)
	if h == nil || !h.up() {
		return
	}
	l.mu.Lock()
	fresh := !l.closed && l.streams[h] == nil
	if fresh {
		l.group.Go(func() { l.connect(h) })
	}
	l.mu.Unlock()
	h.receive(l.self, frames...)
}

func (l *line) Lookup(_ context.Context, name vaultnet.Name) ([]vaultnet.PublicKey, error) {
	return l.town.nearest(name, 16), nil
}

func (l *line) Close() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return nil
	}
	l.closed = true
	l.mu.Unlock()
	close(l.quit)
	l.group.Wait()
	l.town.mu.Lock()
	delete(l.town.lines, l.self)
	l.town.mu.Unlock()
	for _, h := range l.town.running() {
		h.tell(core.PeerDown(l.self))
	}
	return nil
}

// dial connects a client to the town.
func (w *town) dial(ctx context.Context, cfg Config) (*Client, error) {
	if cfg.Parameters == (vaultnet.Parameters{}) {
		cfg.Parameters = w.params
	}
	cfg.Bootstrap = []string{"/memory/1/p2p/vault"}
	return connect(ctx, cfg, func(_ Config, seed [32]byte, h routing.Handler) (joiner, error) {
		self := signature.NewKey(seed).Public()
		l := &line{town: w, self: self, handler: h, streams: make(map[*house]chan []byte), quit: make(chan struct{})}
		w.mu.Lock()
		w.lines[self] = l
		w.mu.Unlock()
		return l, nil
	})
}

// client connects a client that is closed with the test.
func (w *town) client(change ...func(*Config)) *Client {
	w.t.Helper()
	var cfg Config
	for _, f := range change {
		f(&cfg)
	}
	c, err := w.dial(w.t.Context(), cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { c.Close() })
	return c
}
