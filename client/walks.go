package client

import (
	"context"
	"sync"
	"time"

	"vaultnet"
)

// Bounds of the walks of the DHT.
const (
	walksAtOnce = 8
	walksWanted = 4096
	walkFor     = 10 * time.Second // one walk, at most
)

// finder walks the DHT.
type finder interface {
	Lookup(ctx context.Context, name vaultnet.Name) ([]vaultnet.PublicKey, error)
}

// walks looks names up beside the loop, some at once.
type walks struct {
	finder finder
	found  func(name vaultnet.Name, vaults []vaultnet.PublicKey) // called once for each name wanted, nobody where nothing was found
	ctx    context.Context
	stop   context.CancelFunc

	mu      sync.Mutex
	queue   []vaultnet.Name
	walkers int
	group   sync.WaitGroup
}

func newWalks(f finder, found func(vaultnet.Name, []vaultnet.PublicKey)) *walks {
	w := &walks{finder: f, found: found}
	w.ctx, w.stop = context.WithCancel(context.Background())
	return w
}

// want has a name looked up. What is too much is answered with nobody.
func (w *walks) want(name vaultnet.Name) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.ctx.Err() != nil:
		return
	case len(w.queue) >= walksWanted:
		w.group.Go(func() { w.found(name, nil) })
		return
	}
	w.queue = append(w.queue, name)
	if w.walkers < walksAtOnce {
		w.walkers++
		w.group.Go(w.walk)
	}
}

// walk looks up what is wanted until nothing is.
func (w *walks) walk() {
	for {
		w.mu.Lock()
		if len(w.queue) == 0 || w.ctx.Err() != nil {
			w.walkers--
			w.mu.Unlock()
			return
		}
		name := w.queue[0]
		w.queue = w.queue[1:]
		w.mu.Unlock()
		ctx, stop := context.WithTimeout(w.ctx, walkFor)
		vaults, _ := w.finder.Lookup(ctx, name) // an error finds nobody, and the client asks again later
		stop()
		w.found(name, vaults)
	}
}

// close ends all walks and waits.
func (w *walks) close() {
	w.mu.Lock()
	w.stop()
	w.mu.Unlock()
	w.group.Wait()
}
