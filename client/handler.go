package client

import (
	"errors"

	"vaultnet"
	"vaultnet/client/op"
	"vaultnet/internal/wire"
	"vaultnet/refusal"
)

// Frame implements [routing.Handler]: the frame's signatures are checked by the goroutine that reads from that peer, as
// many at once as there are processors, so frames of one peer keep their order. It blocks while the peer has too much
// waiting.
func (l *loop) Frame(from vaultnet.PublicKey, frame []byte) error {
	select {
	case l.checking <- struct{}{}:
	case <-l.over:
		return ErrClosed
	}
	messages, err := wire.Open(frame, l.network, l.verifier)
	<-l.checking
	if err != nil {
		if f := l.cfg.Observer.Bad; f != nil {
			var e *refusal.Error
			if !errors.As(err, &e) {
				e = refusal.Invalid("%v", err)
			}
			f(from, e)
		}
		return err
	}
	l.mu.Lock()
	for !l.ending && !l.inbox.fits(from, len(messages), len(frame)) {
		l.inbox.room.Wait()
	}
	if l.ending {
		l.mu.Unlock()
		return ErrClosed
	}
	added := 0
	for _, m := range messages {
		if l.ready.sees(from, m) {
			continue
		}
		l.inbox.list = append(l.inbox.list, op.Message(from, m))
		added++
	}
	l.inbox.count(from, added, len(frame))
	l.mu.Unlock()
	l.poke()
	return nil
}

// Up implements [routing.Handler].
func (l *loop) Up(vault vaultnet.PublicKey) {
	l.carrier.Send(vault, l.greet...)
	l.mu.Lock()
	l.presence.up(vault)
	l.inbox.list = append(l.inbox.list, op.PeerUp(vault))
	probe := l.ready.probe
	l.mu.Unlock()
	if probe != nil {
		l.carrier.Send(vault, probe...)
	}
	l.poke()
	if f := l.cfg.Observer.Peer; f != nil {
		f(vault, true)
	}
}

// Down implements [routing.Handler].
func (l *loop) Down(peer vaultnet.PublicKey) {
	l.mu.Lock()
	was := l.presence.down(peer)
	l.mu.Unlock()
	l.poke()
	if f := l.cfg.Observer.Peer; f != nil && was {
		f(peer, false)
	}
}

// Known implements [routing.Handler]: the vaults that the client will most likely need are greeted, which connects them.
func (l *loop) Known(vaults []vaultnet.PublicKey) {
	l.mu.Lock()
	strangers := l.presence.strangers(vaults)
	l.mu.Unlock()
	for _, v := range strangers {
		l.carrier.Send(v, l.greet...)
	}
}

func (l *loop) vaults() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.presence.connected()
}
