package vault

import (
	"errors"
	"sync"
	"testing"
	"time"

	"vaultnet"
	"vaultnet/internal/wire"
	"vaultnet/vault/core"
)

// inputs makes messages that can be told apart.
func inputs(from vaultnet.PublicKey, first, n int) []core.Input {
	in := make([]core.Input, n)
	for i := range in {
		in[i] = core.Verified(&wire.GetSet{Call: wire.Call(first + i)}, from)
	}
	return in
}

func fill(t *testing.T, b *inbox, k vaultnet.PublicKey, in []core.Input, bytes int) {
	t.Helper()
	if _, err := b.admit(k); err != nil {
		t.Fatal(err)
	}
	b.add(k, in, bytes)
}

// What one peer says stays in order; many peers take turns.
func TestPeersTakeTurns(t *testing.T) {
	b := newInbox()
	loud, quiet := vaultnet.PublicKey{1}, vaultnet.PublicKey{2}
	for i := range 10 {
		fill(t, b, loud, inputs(loud, 10*i, 10), 100)
	}
	fill(t, b, quiet, inputs(quiet, 0, 1), 10)
	b.tell(loud, false)
	b.bring(core.GroupFound(vaultnet.Name{}, nil))
	b.table([]vaultnet.PublicKey{quiet})
	b.table([]vaultnet.PublicKey{loud})
	if n, bytes, held := b.waits(); n != 103 || bytes != 1010 || held != 0 {
		t.Errorf("%d inputs, %d bytes, %d held wait", n, bytes, held)
	}
	in, bytes := b.take(nil)
	if len(in) != 104 || bytes != 1010 {
		t.Fatalf("%d inputs, %d bytes", len(in), bytes)
	}
	next, quietAt := wire.Call(0), 0
	for i := range in {
		from, m := in[i].Heard()
		switch {
		case m == nil:
		case from == quiet:
			quietAt = i
		default:
			if call := m.(*wire.GetSet).Call; call != next {
				t.Fatalf("call %d comes where %d is next", call, next)
			}
			next++
		}
	}
	if quietAt == 0 || quietAt > 2+10 {
		t.Errorf("the quiet peer's only input is at %d", quietAt)
	}
	if _, m := in[len(in)-1].Heard(); m != nil {
		t.Error("the event does not come after what the peer said before")
	}
	if len(b.senders) != 0 {
		t.Errorf("%d peers are remembered of whom nothing waits", len(b.senders))
	}
	select {
	case <-b.wake:
	default:
		t.Error("the loop was not woken")
	}
}

// A peer of whom enough waits is not heard until some was taken; others are.
func TestAPeerWithEnoughWaits(t *testing.T) {
	for name, parcel := range map[string]struct{ inputs, bytes int }{"inputs": {maxInputs, 1}, "bytes": {1, maxBytes}} {
		t.Run(name, func(t *testing.T) {
			b := newInbox()
			k := vaultnet.PublicKey{1}
			fill(t, b, k, inputs(k, 0, parcel.inputs), parcel.bytes)
			admitted := make(chan error)
			go func() {
				_, err := b.admit(k)
				admitted <- err
			}()
			eventually(t, "the peer is held", func() bool { _, _, held := b.waits(); return held == 1 })
			fill(t, b, vaultnet.PublicKey{2}, inputs(k, 0, 1), 1)
			select {
			case <-admitted:
				t.Fatal("a peer with enough waiting was admitted")
			default:
			}
			b.take(nil)
			if err := <-admitted; err != nil {
				t.Fatal(err)
			}
			b.refuse(k)
		})
	}
}

// All clients together have bounds, which vaults do not share.
func TestClientsShareABound(t *testing.T) {
	b := newInbox()
	vault := vaultnet.PublicKey{0xff}
	b.tell(vault, true)
	for i := range maxWaiting / maxBytes {
		k := vaultnet.PublicKey{byte(i + 1)}
		fill(t, b, k, inputs(k, 0, 1), maxBytes)
	}
	cleared := make(chan error)
	go func() { cleared <- b.clear(false) }()
	eventually(t, "clients are held", func() bool { _, _, held := b.waits(); return held == 1 })
	if isVault, err := b.admit(vault); err != nil || !isVault || b.clear(true) != nil {
		t.Error("a vault is held with the clients")
	}
	b.add(vault, inputs(vault, 0, 1), 1)
	b.take(nil)
	if err := <-cleared; err != nil {
		t.Fatal(err)
	}
	for {
		if _, bytes, _ := b.waits(); bytes == 0 {
			break
		}
		b.take(nil)
	}
	if b.bytes != [2]int{} {
		t.Errorf("%v bytes are counted of nothing", b.bytes)
	}
}

// A turn takes no more than belongs in one.
func TestATurnIsBounded(t *testing.T) {
	b := newInbox()
	for i := range 4 {
		k := vaultnet.PublicKey{byte(i + 1)}
		fill(t, b, k, inputs(k, 0, maxInputs), 1)
	}
	in, _ := b.take(nil)
	if len(in) != turnInputs {
		t.Errorf("%d inputs in one turn, want %d", len(in), turnInputs)
	}
	<-b.wake
	if in, _ = b.take(in[:0]); len(in) != turnInputs {
		t.Errorf("%d inputs in the next turn, want %d", len(in), turnInputs)
	}
}

// Connections that come and go do not fill the inbox.
func TestEventsAreBounded(t *testing.T) {
	b := newInbox()
	k := vaultnet.PublicKey{1}
	for range 1000 {
		b.tell(k, true)
		b.tell(k, false)
	}
	if n, _, _ := b.waits(); n > 2 {
		t.Errorf("%d events wait", n)
	}
	b.take(nil)
	if len(b.senders) != 0 {
		t.Error("a peer that is gone is remembered")
	}
}

// Whoever waits when the vault stops goes away.
func TestNobodyWaitsAfterTheEnd(t *testing.T) {
	b := newInbox()
	k := vaultnet.PublicKey{1}
	fill(t, b, k, inputs(k, 0, 1), maxWaiting)
	for range loadsAhead {
		b.bringLoaded(core.ChunkLoaded(vaultnet.Name{}, nil))
	}
	var wait sync.WaitGroup
	for range 3 {
		wait.Go(func() {
			if _, err := b.admit(k); !errors.Is(err, errStopped) {
				t.Error(err)
			}
		})
	}
	wait.Go(func() {
		if err := b.clear(false); !errors.Is(err, errStopped) {
			t.Error(err)
		}
	})
	wait.Go(func() { b.bringLoaded(core.ChunkLoaded(vaultnet.Name{}, nil)) })
	eventually(t, "four wait", func() bool { _, _, held := b.waits(); return held == 4 })
	b.stop()
	wait.Wait()
}

func BenchmarkInbox(b *testing.B) {
	box := newInbox()
	k := vaultnet.PublicKey{1}
	in := inputs(k, 0, 1)
	var out []core.Input
	b.ReportAllocs()
	for b.Loop() {
		for range 8 {
			box.admit(k)
			box.add(k, in, 100)
		}
		out, _ = box.take(out[:0])
	}
	b.ReportMetric(float64(b.Elapsed()/time.Nanosecond)/float64(8*b.N), "ns/frame")
}
