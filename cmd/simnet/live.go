package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"vaultnet"
	"vaultnet/agreement"
	"vaultnet/internal/wire"
	"vaultnet/refusal"
	"vaultnet/vault"
	"vaultnet/vault/core"
)

// live writes one line for each change that a network makes, and each that it refuses, whatever the number of vaults
// that see it. It stands around the vaults' cores and is told what they decide; what it cannot write in time it drops,
// and says so. Safe for concurrent use.
type live struct {
	weak, answers int // vaults that must say a refusal alike, and that must hold a chunk, before it is told
	names         map[vaultnet.PublicKey]string

	mu     sync.Mutex
	on     bool // off while the samples are made
	recent map[vaultnet.Digest]*sight
	order  []vaultnet.Digest // of recent, oldest first

	lines   chan string
	dropped int // lines, since the last that was written
	done    sync.WaitGroup
}

// sight is what was seen of one request or chunk.
type sight struct {
	first   time.Time
	who     vaultnet.PublicKey
	what    string
	kind    string
	routine bool // permits are fetched and given back all the time: told only where that is refused
	told    bool // applied, or stored
	refused map[refusal.Kind]*spoken
	holders map[int]bool
}

// spoken is a refusal: who said it, and whether it was told.
type spoken struct {
	by   map[int]bool
	told bool
}

const (
	maxSights = 16_384
	maxLines  = 4_096
	maxWhat   = 100 // characters
)

func newLive(w io.Writer, vaults int, names map[vaultnet.PublicKey]string) *live {
	n := min(vaults, 8)
	l := &live{weak: vaultnet.Weak(n), answers: vaultnet.Answers(n), names: names,
		recent: map[vaultnet.Digest]*sight{}, lines: make(chan string, maxLines)}
	l.done.Go(func() {
		for line := range l.lines {
			io.WriteString(w, line)
		}
	})
	return l
}

// begin has lines written from now on.
func (l *live) begin() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.on = true
}

// close writes what waits. No vault may run any more.
func (l *live) close() {
	close(l.lines)
	l.done.Wait()
}

// observer is told what one vault decides.
func (l *live) observer(i int) vault.Observer {
	return vault.Observer{Failed: func(err error) { l.failed(i, err) }, Core: core.Observer{Agreement: agreement.Observer{
		Decided: func(o *agreement.Object, d *agreement.Decided, _, _ *agreement.State) {
			for _, r := range d.Bodies {
				l.applied(r, d.Header.Height)
			}
		},
	}}}
}

// wrap stands around one vault's core.
func (l *live) wrap(i int, _ vaultnet.PublicKey, s core.Stepper) core.Stepper {
	return &watched{live: l, vault: i, core: s}
}

// watched is a core whose traffic with clients is seen.
type watched struct {
	live  *live
	vault int
	core  core.Stepper
}

func (w *watched) Step(now vaultnet.Time, in []core.Input) core.Output {
	for i := range in {
		switch _, m := in[i].Heard(); m := m.(type) {
		case *wire.Submit:
			w.live.submitted(m.Request)
		case *wire.PutChunk:
			w.live.offered(m)
		}
	}
	return w.core.Step(now, in)
}

func (w *watched) Seal(s vaultnet.Signature) core.Sealed {
	sealed := w.core.Seal(s)
	for _, c := range sealed.Chunks {
		if c.Content != nil {
			w.live.stored(w.vault, c.Name, len(c.Content))
		}
	}
	for _, e := range sealed.Send {
		for _, m := range e.Messages {
			if r, ok := m.(*wire.Reply); ok && r.Outcome == agreement.Refused {
				w.live.refused(w.vault, r)
			}
		}
	}
	return sealed
}

// see finds or makes what is known of a request or chunk. The caller holds the lock.
func (l *live) see(id vaultnet.Digest) (s *sight, fresh bool) {
	if s = l.recent[id]; s != nil {
		return s, false
	}
	if len(l.order) >= maxSights {
		delete(l.recent, l.order[0])
		l.order = l.order[1:]
	}
	s = &sight{first: time.Now()}
	l.recent[id] = s
	l.order = append(l.order, id)
	return s, true
}

func (l *live) submitted(r *agreement.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s, fresh := l.see(r.ID); fresh {
		s.request(r)
	}
}

// request notes what a request asks for.
func (s *sight) request(r *agreement.Request) {
	s.who, s.kind, s.what, s.routine = r.Requester, kindOf(r), whatOf(r), isRoutine(r)
}

func (l *live) applied(r *agreement.Request, h vaultnet.Height) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s, fresh := l.see(r.ID)
	if fresh {
		s.request(r)
	}
	if s.told {
		return
	}
	s.told = true
	if !s.routine {
		l.tell(s, r.Address, s.what, fmt.Sprintf("h %d", h))
	}
}

func (l *live) refused(vault int, r *wire.Reply) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.recent[r.ID]
	if s == nil || s.told {
		return
	}
	if s.refused == nil {
		s.refused = map[refusal.Kind]*spoken{}
	}
	k := s.refused[r.Err.Kind]
	if k == nil {
		k = &spoken{by: map[int]bool{}}
		s.refused[r.Err.Kind] = k
	}
	k.by[vault] = true
	if k.told || len(k.by) < l.weak {
		return
	}
	k.told = true
	e := *r.Err
	e.Op, e.Subject = "", ""
	l.tell(s, r.Address, "refused: "+e.Error(), fmt.Sprintf("h %d", r.Height))
}

func (l *live) offered(m *wire.PutChunk) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if m.Permit == nil {
		return
	}
	if s, fresh := l.see(vaultnet.Digest(m.Permit.Allowance.Address.Name)); fresh {
		s.who, s.kind = m.Permit.Body.Requester, "put-chunk"
	}
}

func (l *live) stored(vault int, name vaultnet.Name, size int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.recent[vaultnet.Digest(name)]
	if s == nil || s.told {
		return
	}
	if s.holders == nil {
		s.holders = map[int]bool{}
	}
	if s.holders[vault] = true; len(s.holders) < l.answers {
		return
	}
	s.told = true
	l.tell(s, vaultnet.Address{Kind: vaultnet.KindImmutableData, Name: name}, fmt.Sprintf("%d bytes", size), "")
}

// tell hands a line over to be written. The caller holds the lock.
func (l *live) tell(s *sight, a vaultnet.Address, what, height string) {
	if !l.on {
		return
	}
	now := time.Now()
	line := fmt.Sprintf("%s  %-15s %-15s %-12s %-6s %5d ms  %s\n", now.Format("15:04:05.000"), s.kind, l.object(a), l.name(s.who),
		height, now.Sub(s.first).Milliseconds(), printable(what, maxWhat))
	if l.dropped > 0 {
		line = fmt.Sprintf("%s  … %d lines left out: they came too fast\n%s", now.Format("15:04:05.000"), l.dropped, line)
	}
	select {
	case l.lines <- line:
		l.dropped = 0
	default:
		l.dropped++
	}
}

// failed tells of a vault that stopped by itself.
func (l *live) failed(vault int, err error) {
	select {
	case l.lines <- fmt.Sprintf("%s  vault %d has stopped: %s\n", time.Now().Format("15:04:05.000"), vault, printable(err.Error(), 400)):
	default:
	}
}

func (l *live) name(k vaultnet.PublicKey) string {
	if n := l.names[k]; n != "" {
		return n
	}
	return k.Short()
}

// object is an address for people.
func (l *live) object(a vaultnet.Address) string {
	switch a.Kind {
	case vaultnet.KindAccount:
		return "@" + l.name(vaultnet.PublicKey(a.Name))
	case vaultnet.KindImmutableData:
		return fmt.Sprintf("#%x", a.Name[:4])
	}
	return fmt.Sprintf("%x/%d", a.Name[:4], a.Tag)
}
