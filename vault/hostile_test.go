package vault

import (
	"errors"
	"sync"
	"testing"
	"time"

	"vaultnet"
	"vaultnet/internal/wire"
	"vaultnet/refusal"
	"vaultnet/vault/core"
)

// A frame that is none is refused with the reason, and counted; the vault goes on.
func TestGarbageIsRefused(t *testing.T) {
	var seen []Frame
	w := newTown(t, 1, func(_ int, c *Config) {
		c.Observer.Frame = func(f Frame) { seen = append(seen, f) }
	})
	h := w.houses[0]
	stranger := vaultnet.PublicKey{9}
	good, err := wire.Encode([]wire.Message{&wire.GetSet{Call: 1, Address: addressOf("object")}})
	if err != nil {
		t.Fatal(err)
	}
	for _, frame := range [][]byte{nil, {0}, []byte("GET / HTTP/1.1\r\n\r\n"), good[0][:len(good[0])-1], append([]byte(nil), make([]byte, 5<<20)...)} {
		err := handler{h.Vault}.Frame(stranger, frame)
		if !errors.Is(err, refusal.InvalidRequest) {
			t.Errorf("a frame of %d bytes: %v", len(frame), err)
		}
	}
	if err := (handler{h.Vault}).Frame(stranger, good[0]); err != nil {
		t.Error(err)
	}
	if len(seen) != 6 || seen[5].Err != nil || seen[5].Inputs != 1 || seen[0].Err == nil {
		t.Errorf("observed %+v", seen)
	}
	if got := values(t, h.Vault)["vault_frames_refused_total"]; got != 5 {
		t.Errorf("%v frames counted as refused, want 5", got)
	}
}

// A peer that says more than the vault takes is held back; no other is, and nothing is lost.
func TestBackPressure(t *testing.T) {
	hold := make(chan struct{})
	got := map[vaultnet.PublicKey]int{}
	s := &script{told: func(in []core.Input) {
		<-hold
		for i := range in {
			if from, m := in[i].Heard(); m != nil {
				got[from]++
			}
		}
	}}
	w := newTown(t, 1, func(_ int, c *Config) { c.Wrap = func(core.Stepper) core.Stepper { return s } })
	h := w.houses[0]
	ask := &wire.GetSet{Call: 1, Address: addressOf("object")}
	messages := make([]wire.Message, 1000)
	for i := range messages {
		messages[i] = ask
	}
	frames, err := wire.Encode(messages)
	if err != nil || len(frames) != 1 {
		t.Fatal(len(frames), err)
	}
	loud, quiet := vaultnet.PublicKey{1}, vaultnet.PublicKey{2}
	const rounds = 50
	finished := make(chan error)
	go func() {
		for range rounds {
			if err := (handler{h.Vault}).Frame(loud, frames[0]); err != nil {
				finished <- err
				return
			}
		}
		finished <- nil
	}()
	eventually(t, "the loud peer is held", func() bool { return h.queue().Held == 1 })
	if q := h.queue(); q.Inputs > 2*maxInputs {
		t.Errorf("%d inputs wait", q.Inputs)
	}
	one, err := wire.Encode(messages[:1])
	if err != nil {
		t.Fatal(err)
	}
	if err := (handler{h.Vault}).Frame(quiet, one[0]); err != nil {
		t.Fatal(err)
	}
	close(hold)
	select {
	case err := <-finished:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(time.Minute):
		t.Fatal("the loud peer is held for ever")
	}
	total := func() (n int) {
		if !h.ask(func() { n = got[loud] + got[quiet] }) {
			t.Fatal("stopped")
		}
		return n
	}
	eventually(t, "everything arrived", func() bool { return total() == rounds*1000+1 })
}

// A vault that is closed lets go of whoever waits for it.
func TestClosingFreesThePeers(t *testing.T) {
	hold := make(chan struct{})
	release := sync.OnceFunc(func() { close(hold) })
	s := &script{told: func([]core.Input) { <-hold }}
	w := newTown(t, 1, func(_ int, c *Config) { c.Wrap = func(core.Stepper) core.Stepper { return s } })
	t.Cleanup(release) // before the town closes
	h := w.houses[0]
	fill(t, h.inbox, vaultnet.PublicKey{2}, inputs(vaultnet.PublicKey{2}, 0, 1), 1)
	eventually(t, "a turn is under way", func() bool { return s.steps.Load() > 0 })
	frames, err := wire.Encode([]wire.Message{&wire.PutChunk{Call: 1, Content: make([]byte, vaultnet.MaxSize), Permit: nil}})
	if err == nil {
		t.Fatal("a chunk without a permit was encoded", frames)
	}
	k := vaultnet.PublicKey{1}
	fill(t, h.inbox, k, inputs(k, 0, maxInputs), 1)
	finished := make(chan error, 1)
	go func() { _, err := h.inbox.admit(k); finished <- err }()
	eventually(t, "it waits", func() bool { return h.queue().Held == 1 })
	release()
	h.Close()
	if err := <-finished; err != nil && !errors.Is(err, errStopped) {
		t.Error(err)
	}
}
