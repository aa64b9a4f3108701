package vault

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"vaultnet"
	"vaultnet/client/op"
	"vaultnet/internal/wire"
	"vaultnet/vault/core"
	"vaultnet/vault/store"
	"vaultnet/vault/store/memory"
)

// journal is a store that notes the order of what it is told, and can be made to fail.
type journal struct {
	*memory.Store
	mu     sync.Mutex
	said   []string
	broken error
	unread error
}

func (j *journal) say(format string, a ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.said = append(j.said, fmt.Sprintf(format, a...))
}

func (j *journal) isBroken() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.broken
}

func (j *journal) breakWith(err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.broken = err
}

func (j *journal) Apply(batch []vaultnet.Write, sync bool) error {
	if err := j.isBroken(); err != nil {
		return err
	}
	if batch[0].Key[0] != store.Reserved {
		j.say("records %q sync %t", batch[0].Key, sync)
	}
	return j.Store.Apply(batch, sync)
}

func (j *journal) PutChunk(n vaultnet.Name, content []byte, sync bool) error {
	if err := j.isBroken(); err != nil {
		return err
	}
	j.say("chunk %q sync %t", content, sync)
	return j.Store.PutChunk(n, content, sync)
}

// script is a core that says what it is told to.
type script struct {
	out    core.Output
	sealed core.Sealed
	steps  atomic.Int64
	told   func(in []core.Input)
}

func (s *script) Step(now vaultnet.Time, in []core.Input) core.Output {
	s.steps.Add(1)
	if s.told != nil {
		s.told(in)
	}
	out := s.out
	out.Alarm = vaultnet.Never
	s.out = core.Output{}
	return out
}

func (s *script) Seal(vaultnet.Signature) core.Sealed {
	sealed := s.sealed
	s.sealed = core.Sealed{}
	return sealed
}

// Chunks come before the records that speak of them, and both before what is sent.
func TestNothingLeavesBeforeItIsDurable(t *testing.T) {
	j := &journal{Store: memory.New(nil)}
	s := &script{sealed: core.Sealed{
		Chunks: []core.Chunk{{Name: vaultnet.Name{1}, Content: []byte("one")}},
		Writes: []vaultnet.Write{{Key: []byte("record"), Value: []byte("value")}},
		Send:   []wire.Envelope{{To: vaultnet.PublicKey{7}, Messages: []wire.Message{&wire.Pointers{Ask: true}}}},
	}}
	w := newTown(t, 1, func(_ int, c *Config) {
		c.Store, c.Sync = j, true
		c.Wrap = func(core.Stepper) core.Stepper { return s }
	})
	l := w.houses[0].net.(*line)
	_ = l
	eventually(t, "the turn was taken", func() bool { return s.steps.Load() > 0 })
	w.houses[0].Close()
	want := []string{`chunk "one" sync true`, `records "record" sync true`}
	if !slices.Equal(j.said, want) {
		t.Errorf("%q, want %q", j.said, want)
	}
}

// A vault whose store fails stops, says so, and sends nothing of the turn that failed.
func TestAStoreThatFailsStopsTheVault(t *testing.T) {
	full := errors.New("no space left on device")
	for name, sealed := range map[string]core.Sealed{
		"records": {Writes: []vaultnet.Write{{Key: []byte("record"), Value: []byte("value")}}},
		"chunks":  {Chunks: []core.Chunk{{Name: vaultnet.Name{1}, Content: []byte("one")}, {Name: vaultnet.Name{2}, Content: []byte("two")}}},
	} {
		t.Run(name, func(t *testing.T) {
			j := &journal{Store: memory.New(nil)}
			sealed.Send = []wire.Envelope{{To: vaultnet.PublicKey{7}, Messages: []wire.Message{&wire.Pointers{Ask: true}}}}
			var failed atomic.Bool
			var sent atomic.Int64
			hold := make(chan struct{})
			s := &script{sealed: sealed, told: func([]core.Input) { <-hold }}
			w := newTown(t, 1, func(_ int, c *Config) {
				c.Store = j
				c.Wrap = func(core.Stepper) core.Stepper { return s }
				c.Observer.Failed = func(error) { failed.Store(true) }
			})
			h := w.houses[0]
			w.fabric.mu.Lock()
			h.net.(*line).sends = func(vaultnet.PublicKey, [][]byte) { sent.Add(1) }
			w.fabric.mu.Unlock()
			j.breakWith(full)
			close(hold)
			<-h.Done()
			if err := h.Err(); !errors.Is(err, full) {
				t.Errorf("it stopped for %v", err)
			}
			if err := h.Close(); !errors.Is(err, full) {
				t.Errorf("Close returned %v", err)
			}
			if !failed.Load() || sent.Load() > 0 || s.steps.Load() != 1 {
				t.Errorf("told: %t; sent %d envelopes; %d turns", failed.Load(), sent.Load(), s.steps.Load())
			}
			if _, err := h.Status(); !errors.Is(err, ErrStopped) {
				t.Error(err)
			}
		})
	}
}

// The others go on without a vault whose store failed.
func TestTheOthersGoOn(t *testing.T) {
	t.Parallel()
	var j *journal
	w := newTown(t, 5, func(i int, c *Config) {
		if i == 2 {
			j = &journal{Store: memory.New(nil)}
			c.Store = j
		}
	})
	w.settle()
	alice := w.citizen("Alice")
	alice.account()
	j.breakWith(errors.New("no space left on device"))
	alice.put(addressOf("object"))
	<-w.houses[2].Done()
	alice.insert(addressOf("object"), "k", "v")
}

// A store that cannot be read stops the vault; a chunk that cannot be read is fetched from others.
func (j *journal) Chunk(n vaultnet.Name) ([]byte, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.unread != nil {
		return nil, j.unread
	}
	return j.Store.Chunk(n)
}

func TestAnUnreadableChunkIsFetchedAgain(t *testing.T) {
	journals := make([]*journal, 4)
	w := newTown(t, 4, func(i int, c *Config) {
		journals[i] = &journal{Store: memory.New(nil)}
		c.Store = journals[i]
	})
	w.settle()
	alice := w.citizen("Alice")
	alice.account()
	content := bytes.Repeat([]byte("chunk"), 1000)
	d := alice.must(op.PutChunk{As: alice.signer, Account: alice.signer.Public(), Content: content})
	eventually(t, "all hold the chunk", func() bool { // not all have to before it is said to be put
		for _, j := range journals {
			if c, _ := j.Chunk(d.Result.(vaultnet.Name)); c == nil {
				return false
			}
		}
		return true
	})
	for _, j := range journals[:3] {
		j.mu.Lock()
		j.unread = errors.New("input/output error")
		j.mu.Unlock()
	}
	for range 4 {
		got := alice.must(op.GetChunk{Name: d.Result.(vaultnet.Name)})
		if !bytes.Equal(got.Result.([]byte), content) {
			t.Fatal("another chunk")
		}
	}
}
