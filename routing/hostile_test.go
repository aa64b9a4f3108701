package routing_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"

	"vaultnet"
	"vaultnet/routing"
)

var framesProtocol = protocol.ID(fmt.Sprintf("/vaultnet/%x/frames/1", testNetwork[:]))

// stranger is a bare libp2p host, which may do what it likes.
func stranger(t testing.TB, options ...libp2p.Option) host.Host {
	t.Helper()
	h, err := libp2p.New(append([]libp2p.Option{libp2p.NoListenAddrs, libp2p.DisableMetrics(), libp2p.DisableRelay(),
		libp2p.ResourceManager(&network.NullResourceManager{})}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return h
}

// open connects a stranger to a node and opens a stream for frames.
func open(t testing.TB, h host.Host, n *routing.Node) network.Stream {
	t.Helper()
	info, err := peer.AddrInfoFromString(n.Addresses()[0])
	if err != nil {
		t.Fatal(err)
	}
	if h.Mux() != nil { // a peer that speaks frames, or it would be let go
		h.SetStreamHandler(framesProtocol, func(s network.Stream) { s.Reset() })
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := h.Connect(ctx, *info); err != nil {
		t.Fatal(err)
	}
	s, err := h.NewStream(ctx, info.ID, framesProtocol)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func keyOf(t testing.TB, h host.Host) vaultnet.PublicKey {
	t.Helper()
	k, err := routing.KeyOf(h.ID())
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// talks shows that two nodes still talk to each other.
func talks(t testing.TB, from, to *routing.Node, h *recorder) {
	t.Helper()
	word := fmt.Appendf(nil, "still here %d", rand.Uint64())
	from.Send(to.Identity(), word)
	h.wait(t, "a frame between honest nodes", func() bool {
		f := h.frames[from.Identity()]
		return len(f) > 0 && string(f[len(f)-1]) == string(word)
	})
}

func TestHostileStreamsAreClosedWithAReason(t *testing.T) {
	nodes, handlers := vaults(t, 2, tcp, nil)
	handlers[1].wait(t, "up", func() bool { return handlers[1].isUp(nodes[0].Identity()) })
	header := func(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }
	for name, c := range map[string]struct {
		write []byte
		end   bool // the stranger closes its side
		want  network.StreamErrorCode
		count func(routing.Statistics) uint64
	}{
		"empty frame": {header(0), false, routing.ResetLength, func(s routing.Statistics) uint64 { return s.RefusedLength }},
		"too long":    {header(vaultnet.MaxFrame + 1), false, routing.ResetLength, func(s routing.Statistics) uint64 { return s.RefusedLength }},
		"garbage":     {[]byte("GET / HTTP/1.1\r\n\r\n"), false, routing.ResetLength, func(s routing.Statistics) uint64 { return s.RefusedLength }},
		"truncated":   {append(header(100), 1, 2, 3), true, routing.ResetTruncated, func(s routing.Statistics) uint64 { return s.Truncated }},
		"half length": {[]byte{0, 0}, true, routing.ResetTruncated, func(s routing.Statistics) uint64 { return s.Truncated }},
	} {
		t.Run(name, func(t *testing.T) {
			before := c.count(nodes[0].Statistics())
			s := open(t, stranger(t), nodes[0])
			if _, err := s.Write(c.write); err != nil {
				t.Fatal(err)
			}
			if c.end {
				if err := s.CloseWrite(); err != nil {
					t.Fatal(err)
				}
			}
			s.SetReadDeadline(time.Now().Add(patience))
			_, err := s.Read(make([]byte, 1))
			var reset *network.StreamError
			if !errors.As(err, &reset) || reset.ErrorCode != c.want {
				t.Errorf("the stream ends with %v, want the reason %x", err, c.want)
			}
			if got := c.count(nodes[0].Statistics()); got != before+1 {
				t.Errorf("counted %d, want %d", got, before+1)
			}
		})
	}
	talks(t, nodes[1], nodes[0], handlers[0])
}

func TestRefusedFrameClosesTheStream(t *testing.T) {
	h := newRecorder()
	var handled atomic.Int32
	h.onFrame = func(_ vaultnet.PublicKey, frame []byte) error {
		handled.Add(1)
		if string(frame) == "bad" {
			return errors.New("refused")
		}
		return nil
	}
	n := start(t, routing.Config{Seed: seed(0), Vault: true, Listen: []string{tcp}}, h)
	join(t, n)
	s := open(t, stranger(t), n)
	s.Write([]byte("\x00\x00\x00\x04good\x00\x00\x00\x03bad\x00\x00\x00\x05never"))
	s.SetReadDeadline(time.Now().Add(patience))
	_, err := s.Read(make([]byte, 1))
	var reset *network.StreamError
	if !errors.As(err, &reset) || reset.ErrorCode != routing.ResetRefused {
		t.Errorf("the stream ends with %v", err)
	}
	if handled.Load() != 2 || n.Statistics().RefusedFrames != 1 {
		t.Errorf("%d frames handled, %d refused; want 2 and 1", handled.Load(), n.Statistics().RefusedFrames)
	}
	// An honest node that is refused tries again, more and more rarely, and is heard.
	client := start(t, routing.Config{Seed: seed(1), Bootstrap: n.Addresses()}, newRecorder())
	join(t, client)
	client.Send(n.Identity(), []byte("bad"))
	waitFor(t, "the refusal", func() bool { return n.Statistics().RefusedFrames == 2 })
	before := handled.Load()
	waitFor(t, "a good frame", func() bool {
		client.Send(n.Identity(), []byte("good"))
		time.Sleep(10 * time.Millisecond)
		return handled.Load() > before
	})
}

// A client that never reads costs its own bounded queue, is cut, and keeps nobody else waiting.
func TestPeerThatNeverReadsIsCut(t *testing.T) {
	t.Parallel()
	h := newRecorder()
	n := start(t, routing.Config{Seed: seed(0), Vault: true, Listen: []string{tcp}, Write: 300 * time.Millisecond,
		QueueBytes: 5 << 20}, h)
	join(t, n)
	deaf := stranger(t)
	release := make(chan struct{})
	deaf.SetStreamHandler(framesProtocol, func(s network.Stream) { <-release })
	defer close(release)
	info, err := peer.AddrInfoFromString(n.Addresses()[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := deaf.Connect(t.Context(), *info); err != nil {
		t.Fatal(err)
	}
	key := keyOf(t, deaf)
	for i := range 400 {
		n.Send(key, make([]byte, 100_000))
		if q := n.Statistics().QueueBytes; q > 5<<20 {
			t.Fatalf("%d bytes wait after %d frames", q, i)
		}
	}
	if s := n.Statistics(); s.DroppedFull == 0 {
		t.Errorf("nothing was dropped: %+v", s)
	}
	h.wait(t, "it is cut", func() bool { return h.downs(key) > 0 })
	waitFor(t, "its queue is gone", func() bool { return n.Statistics().QueueBytes == 0 })
	if s := n.Statistics(); s.CutSlow == 0 {
		t.Errorf("%+v", s)
	}
	client := start(t, routing.Config{Seed: seed(1), Bootstrap: n.Addresses()}, newRecorder())
	join(t, client)
	talks(t, client, n, h)
}

// A handler that is busy with one peer's frame holds that peer back, and nobody else.
func TestBackPressure(t *testing.T) {
	network := routing.NewMemory()
	busy, release := make(chan struct{}), make(chan struct{})
	var first sync.Once
	var slow atomic.Pointer[vaultnet.PublicKey]
	handled, others := atomic.Int64{}, atomic.Int64{}
	h := newRecorder()
	h.onFrame = func(from vaultnet.PublicKey, _ []byte) error {
		if from != *slow.Load() {
			others.Add(1)
			return nil
		}
		first.Do(func() { close(busy); <-release })
		handled.Add(1)
		return nil
	}
	n := start(t, routing.Config{Seed: seed(0), Vault: true, Listen: []string{memory}, Memory: network}, h)
	join(t, n)
	sender := start(t, routing.Config{Seed: seed(1), Bootstrap: n.Addresses(), Memory: network, QueueFrames: 100}, newRecorder())
	other := start(t, routing.Config{Seed: seed(2), Bootstrap: n.Addresses(), Memory: network}, newRecorder())
	join(t, sender, other)
	key := sender.Identity()
	slow.Store(&key)

	sender.Send(n.Identity(), []byte("the handler takes its time"))
	<-busy
	for range 500 { // 50 MB: more than the pipe, the window and the queue hold
		sender.Send(n.Identity(), make([]byte, 100_000))
	}
	waitFor(t, "the queue is full", func() bool { return sender.Statistics().DroppedFull > 0 })
	other.Send(n.Identity(), []byte("hello"))
	waitFor(t, "others are heard", func() bool { return others.Load() == 1 })
	if handled.Load() != 0 {
		t.Error("the next frame was handled before the first was done with")
	}
	close(release)
	waitFor(t, "everything that was not dropped arrives", func() bool {
		return uint64(handled.Load()) == 501-sender.Statistics().DroppedFull
	})
}

// Garbage at the port, connections that say nothing, streams that begin and go on slowly, by the hundred: the vault serves
// others, and its memory stays bounded.
func TestHostileCrowd(t *testing.T) {
	nodes, handlers := vaults(t, 2, tcp, nil)
	handlers[1].wait(t, "up", func() bool { return handlers[1].isUp(nodes[0].Identity()) })
	address := strings.Split(nodes[0].Addresses()[0], "/")
	port := net.JoinHostPort(address[2], address[4])
	crowd := 2500
	if testing.Short() {
		crowd = 200
	}
	var conns []net.Conn
	defer func() {
		for _, c := range conns {
			c.Close()
		}
	}()
	for i := range crowd {
		c, err := net.Dial("tcp", port)
		if err != nil {
			continue
		}
		conns = append(conns, c)
		switch i % 4 {
		case 0: // says nothing
		case 1:
			c.Write([]byte("\x13/multistream/1.0.0\n"))
		case 2:
			garbage := make([]byte, 200)
			for j := range garbage {
				garbage[j] = byte(rand.Uint32())
			}
			c.Write(garbage)
		case 3:
			c.Close()
		}
		if i%100 == 0 {
			talks(t, nodes[1], nodes[0], handlers[0])
		}
	}
	var strangers []host.Host
	for i := range 20 {
		h := stranger(t)
		strangers = append(strangers, h)
		for range 3 { // each takes the place of the one before
			s := open(t, h, nodes[0])
			switch i % 3 {
			case 0: // opened, nothing said
			case 1: // a large frame that never ends
				s.Write(binary.BigEndian.AppendUint32(nil, vaultnet.MaxFrame))
				s.Write(make([]byte, 100_000))
			case 2:
				garbage := make([]byte, 1000)
				for j := range garbage {
					garbage[j] = byte(rand.Uint32())
				}
				s.Write(garbage)
			}
		}
	}
	talks(t, nodes[1], nodes[0], handlers[0])
	talks(t, nodes[0], nodes[1], handlers[1])
	handlers[0].mu.Lock()
	if handlers[0].downs(nodes[1].Identity()) != 0 {
		t.Error("the honest connection was closed")
	}
	handlers[0].mu.Unlock()
	if s := nodes[0].Statistics(); s.Nameless == 0 && !testing.Short() {
		t.Errorf("all those that say nothing are still connected: %+v", s)
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if m.HeapAlloc > 200<<20 {
		t.Errorf("%d MiB in use", m.HeapAlloc>>20)
	}
	for _, h := range strangers {
		h.Close()
	}
	waitFor(t, "the strangers are gone", func() bool { return nodes[0].Statistics().Peers == 1 })
}

// Large frames of strangers that are being read hold no more memory than is set aside for them; a member's get through.
func TestMemoryForLargeFramesIsBounded(t *testing.T) {
	block := make(chan struct{})
	h := newRecorder()
	var member atomic.Pointer[vaultnet.PublicKey]
	through := make(chan int, 10)
	h.onFrame = func(from vaultnet.PublicKey, frame []byte) error {
		if from == *member.Load() {
			through <- len(frame)
			return nil
		}
		<-block
		return nil
	}
	defer close(block)
	n := start(t, routing.Config{Seed: seed(0), Vault: true, Listen: []string{tcp}}, h)
	join(t, n)
	friend := start(t, routing.Config{Seed: seed(1), Vault: true, Listen: []string{tcp}, Bootstrap: n.Addresses()}, newRecorder())
	join(t, friend)
	key := friend.Identity()
	member.Store(&key)
	n.Protect([]vaultnet.PublicKey{key})
	frame := binary.BigEndian.AppendUint32(nil, vaultnet.MaxFrame)
	frame = append(frame, make([]byte, vaultnet.MaxFrame)...)
	for range 40 { // 160 MiB, of which 128 may be held
		s := open(t, stranger(t), n)
		go s.Write(frame)
	}
	waitFor(t, "some are refused", func() bool { return n.Statistics().RefusedMemory > 0 })
	friend.Send(n.Identity(), make([]byte, vaultnet.MaxFrame))
	if got := <-through; got != vaultnet.MaxFrame {
		t.Errorf("a member's frame of %d bytes", got)
	}
}
