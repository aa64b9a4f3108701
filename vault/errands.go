package vault

import (
	"context"
	"fmt"
	"sync"
	"time"

	"vaultnet"
	"vaultnet/vault/core"
)

// Bounds of what is done beside the loop.
const (
	walksAtOnce  = 4
	walksWaiting = 1024
	walkTime     = 10 * time.Second
	loadsAtOnce  = 2
	loadsAhead   = 64 // results that wait for the loop
)

// errands is what the loop has done beside itself: walks of the DHT and reads of the store. A goroutine lives while there
// is something to do.
type errands struct {
	v  *Vault
	mu sync.Mutex

	walking map[vaultnet.Name]bool // asked for and not answered
	names   []vaultnet.Name        // not begun
	walks   int                    // goroutines

	loading []vaultnet.Address // not begun; no more than the core waits for, each once
	loads   int                // goroutines
}

func (e *errands) init(v *Vault) {
	e.v = v
	e.walking = make(map[vaultnet.Name]bool)
}

// send takes a turn's wishes.
func (e *errands) send(lookups []vaultnet.Name, loads []vaultnet.Address) {
	if len(lookups) == 0 && len(loads) == 0 {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, n := range lookups {
		switch {
		case e.walking[n]:
		case len(e.walking) >= walksWaiting:
			e.v.inbox.bring(core.GroupFound(n, nil))
		default:
			e.walking[n] = true
			e.names = append(e.names, n)
		}
	}
	e.loading = append(e.loading, loads...)
	for ; e.walks < walksAtOnce && e.walks < len(e.names); e.walks++ {
		e.v.running.Go(e.walk)
	}
	for ; e.loads < loadsAtOnce && e.loads < len(e.loading); e.loads++ {
		e.v.running.Go(e.load)
	}
}

// waits is how many walks and reads are wanted.
func (e *errands) waits() (walks, loads int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.walking), len(e.loading) + e.loads
}

// walk walks the DHT for one name after the other. Where nothing is found the core is told so, too.
func (e *errands) walk() {
	for {
		e.mu.Lock()
		if len(e.names) == 0 || e.v.ctx.Err() != nil {
			e.walks--
			e.mu.Unlock()
			return
		}
		n := e.names[0]
		e.names = e.names[1:]
		e.mu.Unlock()
		ctx, cancel := context.WithTimeout(e.v.ctx, walkTime)
		found, _ := e.v.net.Lookup(ctx, n) // an empty table is an error: nothing was found
		cancel()
		e.mu.Lock()
		delete(e.walking, n)
		e.mu.Unlock()
		e.v.inbox.bring(core.GroupFound(n, found))
	}
}

// load reads one object or chunk after the other.
func (e *errands) load() {
	for {
		e.mu.Lock()
		if len(e.loading) == 0 || e.v.ctx.Err() != nil {
			e.loads--
			e.mu.Unlock()
			return
		}
		a := e.loading[0]
		e.loading = e.loading[1:]
		e.mu.Unlock()
		in, err := e.read(a)
		if err != nil {
			e.v.fail(err)
			continue
		}
		e.v.inbox.bringLoaded(in)
	}
}

// read reads an object or chunk. A chunk that cannot be read is as good as lost: the core fetches it again.
func (e *errands) read(a vaultnet.Address) (core.Input, error) {
	if a.Kind == vaultnet.KindImmutableData {
		content, err := e.v.cfg.Store.Chunk(a.Name)
		if err != nil {
			e.v.metrics.unread.Inc()
			content = nil
		}
		return core.ChunkLoaded(a.Name, content), nil
	}
	var all []vaultnet.Write
	for r, err := range e.v.cfg.Store.Scan(core.ObjectPrefix(a)) {
		if err != nil {
			return core.Input{}, fmt.Errorf("reading %v: %w", a, err)
		}
		all = append(all, r)
	}
	return core.Loaded(a, all), nil
}
