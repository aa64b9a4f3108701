package client

import (
	"context"
	"errors"
	"testing"
	"time"

	"vaultnet"
	"vaultnet/internal/wire"
	"vaultnet/refusal"
)

// nowhere is a network on which nobody is.
type nowhere struct{}

func (nowhere) Send(vaultnet.PublicKey, ...[]byte) {}
func (nowhere) Close() error                       { return nil }
func (nowhere) Lookup(context.Context, vaultnet.Name) ([]vaultnet.PublicKey, error) {
	return nil, errNobody
}

// A vault that sends more than the loop takes is not read from any more; other vaults are, and when the loop goes on, so
// does everything.
func TestAFloodIsHeldBack(t *testing.T) {
	l := newLoop(Config{Parameters: vaultnet.LocalParameters()}.withDefaults(), vaultnet.PublicKey{9})
	l.carrier, l.walks = nowhere{}, newWalks(nowhere{}, nil) // its goroutine is this test's
	flood, other := vaultnet.PublicKey{1}, vaultnet.PublicKey{2}
	var many []wire.Message
	for i := range wire.MaxMessages {
		many = append(many, &wire.SetAnswer{Call: wire.Call(i + 1), Address: Address("a", 1)})
	}
	frames, err := wire.Encode(many)
	if err != nil || len(frames) != 1 {
		t.Fatal(len(frames), err)
	}
	for range 3 {
		if err := l.Frame(flood, frames[0]); err != nil {
			t.Fatal(err)
		}
		second := make(chan error, 1)
		go func() { second <- l.Frame(flood, frames[0]) }()
		if err := l.Frame(other, frames[0]); err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-second:
			t.Fatalf("more than its share was taken: %v", err)
		case <-time.After(20 * time.Millisecond):
		}
		l.turn()
		if err := <-second; err != nil {
			t.Error(err)
		}
		l.turn()
	}
	close(l.over) // no goroutine ends it
	go func() {
		l.mu.Lock()
		l.ending = true
		l.inbox.room.Broadcast()
		l.mu.Unlock()
	}()
	for {
		if err := l.Frame(flood, frames[0]); errors.Is(err, ErrClosed) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// What no honest vault sends is an error, which closes that vault's stream.
func TestMalformedFrames(t *testing.T) {
	bad := 0
	cfg := Config{Parameters: vaultnet.LocalParameters()}
	cfg.Observer.Bad = func(vaultnet.PublicKey, *refusal.Error) { bad++ }
	l := newLoop(cfg.withDefaults(), vaultnet.PublicKey{9})
	l.start(nowhere{})
	for _, frame := range [][]byte{{}, {0x80}, {0xff}, make([]byte, 1000), make([]byte, vaultnet.MaxFrame+1)} {
		if err := l.Frame(vaultnet.PublicKey{1}, frame); err == nil {
			t.Errorf("%.10x is taken", frame)
		}
	}
	if bad != 5 {
		t.Errorf("told of %d", bad)
	}
	if err := l.close(); err != nil {
		t.Error(err)
	}
}

// A client that misses most vaults calls them every few seconds, however long they are away.
func TestPresenceOfNobody(t *testing.T) {
	p := presence{peers: 8}
	for i := range byte(3) {
		p.up(vaultnet.PublicKey{1 + i})
	}
	for i := range byte(3) {
		p.down(vaultnet.PublicKey{1 + i})
	}
	now := time.Now()
	last := time.Duration(0)
	for at := time.Duration(0); at < 10*time.Minute; at += 100 * time.Millisecond {
		if _, r, _ := p.due(now.Add(at)); len(r) > 0 {
			last = at
		}
		if at-last > recallSoon {
			t.Fatalf("nobody is called from %v to %v", last, at)
		}
	}
}

// A vault whose connection ends counts as gone after a while, and is called again, more and more rarely; near the bound
// on connections it is left in peace.
func TestPresence(t *testing.T) {
	p := presence{peers: 8}
	v, w := vaultnet.PublicKey{1}, vaultnet.PublicKey{2}
	if p.down(v) {
		t.Error("a stranger went")
	}
	p.up(v)
	p.up(w)
	if !p.down(v) || p.connected() != 1 {
		t.Error("it did not go")
	}
	now := time.Now()
	var calls, lost int
	for at := time.Duration(0); at < 5*time.Minute; at += 100 * time.Millisecond {
		l, r, next := p.due(now.Add(at))
		lost += len(l)
		calls += len(r)
		if len(l) > 0 && at < lostAfter {
			t.Errorf("gone after %v", at)
		}
		if next > longest {
			t.Errorf("looks again after %v", next)
		}
	}
	if lost != 1 || calls < 8 || calls > 13 {
		t.Errorf("gone %d times, called %d times", lost, calls)
	}
	if s := p.strangers([]vaultnet.PublicKey{v, w, {3}, {4}, {5}, {6}}); len(s) != 3 {
		t.Errorf("%d strangers are called", len(s)) // half of the connections
	}
	p.up(v)
	if _, r, _ := p.due(now.Add(time.Hour)); len(r) != 0 {
		t.Error("one that is here is called")
	}
	for i := range 2 * maxMissed { // what is missed is bounded, and what was lost last is called
		p.up(vaultnet.PublicKey{99, byte(i), byte(i >> 8)})
		p.down(vaultnet.PublicKey{99, byte(i), byte(i >> 8)})
	}
	if _, r, _ := p.due(time.Now()); len(r) != maxMissed || len(p.missed) != maxMissed {
		t.Errorf("%d called of %d missed", len(r), len(p.missed))
	}
	clear(p.missed)
	for i := range byte(8) {
		p.up(vaultnet.PublicKey{10 + i})
	}
	p.down(v)
	if l, r, _ := p.due(now.Add(time.Hour)); len(l)+len(r) != 0 {
		t.Error("one that went for want of room is called")
	}
}
